mod approve;
mod balance;
mod check;
mod history;
mod issues;
mod plan;
mod plan_file;
mod serve;
mod tell;

use std::path::Path;

use miette::{LabeledSpan, MietteDiagnostic, NamedSource};
use zygos_core::settings::Problem;
use zygos_engine::Watcher;

use crate::{
    arguments::{Arguments, Command},
    assemble::{Assembled, assemble},
    clock::machine_clock,
    config, demo,
    failure::Failure,
    sandbox,
    show::{Form, progress_watcher},
};

/// Carries out one command.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let form = if arguments.json { Form::Json } else { Form::Words };
    let path = arguments.config.as_path();
    match arguments.command {
        Command::Demo(demo) => demo::run(&demo, form).await,
        Command::Sandbox { vendor } => sandbox::run(vendor).await,
        Command::Check => check::check(&open(path, form, quiet()).await?, form).await,
        Command::Plan(wanted) => {
            plan::plan(&open(path, form, progress_watcher()).await?, &wanted, form).await
        }
        Command::Sync { plan, most } => {
            let assembled = open_limited(path, form, most).await?;
            match plan {
                Some(file) => plan::carry_out(&assembled, &file, form).await,
                None => balance::sync(&assembled, form).await,
            }
        }
        Command::Verify { store, most } => {
            balance::verify(&open_limited(path, form, most).await?, store.as_deref(), form).await
        }
        Command::Explain { what } => tell::explain(&open(path, form, quiet()).await?, &what, form).await,
        Command::History(wanted) => history::history(&open(path, form, quiet()).await?, &wanted, form).await,
        Command::Issues { all } => issues::issues(&open(path, form, quiet()).await?, all, form).await,
        Command::Approve { what, choice } => {
            approve::approve(&open(path, form, quiet()).await?, what.as_deref(), choice.as_deref(), form)
                .await
        }
        Command::Pause { connection, reason } => {
            approve::pause(&open(path, form, quiet()).await?, connection.as_deref(), reason, form).await
        }
        Command::Replay { what } => tell::replay(&open(path, form, quiet()).await?, &what, form).await,
        Command::Serve => serve::serve(path).await,
    }
}

fn quiet() -> Watcher {
    Box::new(|_| {})
}

async fn open(path: &Path, form: Form, watcher: Watcher) -> Result<Assembled, Failure> {
    let config = load(path, form)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    assemble(config, folder, machine_clock(), watcher).await
}

/// With at most so many writes in a run, whatever the configuration says.
async fn open_limited(path: &Path, form: Form, most: Option<u32>) -> Result<Assembled, Failure> {
    let mut config = load(path, form)?;
    config.guard.writes_per_run = most.or(config.guard.writes_per_run);
    let folder = path.parent().unwrap_or(Path::new("."));
    assemble(config, folder, machine_clock(), progress_watcher()).await
}

/// Reads the configuration; all its problems come in one report.
pub(crate) fn load(path: &Path, form: Form) -> Result<config::Config, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::Configuration(format!(
            "the configuration {} cannot be read: {error}. `--config` names another file; README.md shows an example",
            path.display()
        ))
    })?;
    config::read(&text).map_err(|problems| report(path, &text, &problems, form))
}

fn report(path: &Path, text: &str, problems: &[Problem], form: Form) -> Failure {
    if form == Form::Json {
        return match serde_json::to_string(problems) {
            Ok(json) => Failure::Configuration(json),
            Err(error) => Failure::Configuration(error.to_string()),
        };
    }
    let mut lines = Vec::new();
    for problem in problems {
        let place = if problem.path.is_empty() { "syntax" } else { &problem.path };
        let diagnostic = MietteDiagnostic::new(format!("{place}: {}", problem.message))
            .with_label(LabeledSpan::new_with_span(None, problem.span.clone()));
        let source = NamedSource::new(path.display().to_string(), text.to_owned());
        lines.push(format!("{:?}", miette::Report::new(diagnostic).with_source_code(source)));
    }
    let count = problems.len();
    let things = if count == 1 { "one thing" } else { "these things" };
    Failure::Configuration(format!("{}\n{count} to mend: correct {things} and run again", lines.join("\n")))
}
