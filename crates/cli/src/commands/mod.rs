mod approve;
mod balance;
mod check;
mod history;
pub mod init;
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
        Command::Init(flags) => init::init(&flags, path, form).await,
        Command::Check => check::check(&open(path, quiet()).await?, form).await,
        Command::Plan(wanted) => plan::plan(&open(path, progress_watcher()).await?, &wanted, form).await,
        Command::Sync { plan, most } => {
            let assembled = open_limited(path, most).await?;
            match plan {
                Some(file) => plan::carry_out(&assembled, &file, form).await,
                None => balance::sync(&assembled, form).await,
            }
        }
        Command::Verify { store, most } => {
            balance::verify(&open_limited(path, most).await?, store.as_deref(), form).await
        }
        Command::Explain { what } => tell::explain(&open(path, quiet()).await?, &what, form).await,
        Command::History(wanted) => history::history(&open(path, quiet()).await?, &wanted, form).await,
        Command::Issues { all, each } => issues::issues(&open(path, quiet()).await?, all, each, form).await,
        Command::Approve { what, choice } => {
            approve::approve(&open(path, quiet()).await?, what.as_deref(), choice.as_deref(), form).await
        }
        Command::Pause { connection, reason } => {
            approve::pause(&open(path, quiet()).await?, connection.as_deref(), reason, form).await
        }
        Command::Replay { what } => tell::replay(&open(path, quiet()).await?, &what, form).await,
        Command::Serve => serve::serve(path).await,
    }
}

fn quiet() -> Watcher {
    Box::new(|_| {})
}

async fn open(path: &Path, watcher: Watcher) -> Result<Assembled, Failure> {
    let config = load(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    assemble(config, folder, machine_clock(), watcher).await
}

/// With at most so many writes in a run, whatever the configuration says.
async fn open_limited(path: &Path, most: Option<u32>) -> Result<Assembled, Failure> {
    let mut config = load(path)?;
    config.guard.writes_per_run = most.or(config.guard.writes_per_run);
    let folder = path.parent().unwrap_or(Path::new("."));
    assemble(config, folder, machine_clock(), progress_watcher()).await
}

/// Reads the configuration; all its problems come in one report.
pub(crate) fn load(path: &Path) -> Result<config::Config, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::Configuration(format!(
            "the configuration {} cannot be read: {error}. `--config` names another file; README.md shows an example",
            path.display()
        ))
    })?;
    config::read(&text)
        .map_err(|problems| Failure::Problems { text: report(path, &text, &problems), problems })
}

fn report(path: &Path, text: &str, problems: &[Problem]) -> String {
    let text = without_secrets(text);
    let mut lines = Vec::new();
    for problem in problems {
        let place = if problem.path.is_empty() { "syntax" } else { &problem.path };
        let diagnostic = MietteDiagnostic::new(format!("{place}: {}", problem.message))
            .with_label(LabeledSpan::new_with_span(None, problem.span.clone()));
        let source = NamedSource::new(path.display().to_string(), text.clone());
        lines.push(format!("{:?}", miette::Report::new(diagnostic).with_source_code(source)));
    }
    let count = problems.len();
    let things = if count == 1 { "one thing" } else { "these things" };
    format!("{}\n{count} to mend: correct {things} and run again", lines.join("\n"))
}

/// The text as it may be shown: a secret that was written into it by mistake is blotted out, byte for byte, so that
/// every place stays where it was.
fn without_secrets(text: &str) -> String {
    let blotted = |line: &str| -> Option<String> {
        let (key, value) = line.split_once('=')?;
        let key = key.trim().trim_matches('"').to_lowercase();
        let is_secret = ["password", "secret", "key", "token"].iter().any(|word| key.contains(word));
        let begin = value.find(['"', '\'']).filter(|_| is_secret && !value.trim_start().starts_with('{'))?;
        let quote = value.get(begin..=begin)?;
        let end = value.rfind(quote).filter(|end| *end > begin)?;
        let stars = "*".repeat(end - begin - 1);
        Some(format!("{}={}{stars}{}", line.split_once('=')?.0, value.get(..=begin)?, value.get(end..)?))
    };
    text.split_inclusive('\n').map(|line| blotted(line).unwrap_or_else(|| line.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_written_into_the_configuration_is_not_shown() {
        let text = "[erp]\npassword = \"plain-sécret\" # mine\nkey = { env = \"NAME\" }\nuser = \"sync\"\n";
        let shown = without_secrets(text);
        assert_eq!(shown.len(), text.len());
        assert_eq!(
            shown,
            format!(
                "[erp]\npassword = \"{}\" # mine\nkey = {{ env = \"NAME\" }}\nuser = \"sync\"\n",
                "*".repeat(13)
            )
        );
    }
}
