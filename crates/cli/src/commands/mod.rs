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

use std::path::{Path, PathBuf};

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
    state::StatePlace,
};

/// Carries out one command.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let form = if arguments.json { Form::Json } else { Form::Words };
    let home = &Home::of(&arguments)?;
    match arguments.command {
        Command::Demo(demo) => demo::run(&demo, home.database.as_ref(), form).await,
        Command::Sandbox { vendor } => sandbox::run(vendor).await,
        Command::Init(flags) => init::init(&flags, home, form).await,
        Command::Check => check::check(&open(home, quiet()).await?, form).await,
        Command::Plan(wanted) => plan::plan(&open(home, progress_watcher()).await?, &wanted, form).await,
        Command::Sync { plan, most } => {
            let assembled = open_limited(home, most).await?;
            match plan {
                Some(file) => plan::carry_out(&assembled, &file, form).await,
                None => balance::sync(&assembled, form).await,
            }
        }
        Command::Verify { store, most } => {
            balance::verify(&open_limited(home, most).await?, store.as_deref(), form).await
        }
        Command::Explain { what } => tell::explain(&open(home, quiet()).await?, &what, form).await,
        Command::History(wanted) => history::history(&open(home, quiet()).await?, &wanted, form).await,
        Command::Issues { all, each } => issues::issues(&open(home, quiet()).await?, all, each, form).await,
        Command::Approve { what, choice } => {
            approve::approve(&open(home, quiet()).await?, what.as_deref(), choice.as_deref(), form).await
        }
        Command::Pause { connection, reason } => {
            approve::pause(&open(home, quiet()).await?, connection.as_deref(), reason, form).await
        }
        Command::Replay { what } => tell::replay(&open(home, quiet()).await?, &what, form).await,
        Command::Serve => serve::serve(home).await,
    }
}

fn quiet() -> Watcher {
    Box::new(|_| {})
}

async fn open(home: &Home, watcher: Watcher) -> Result<Assembled, Failure> {
    assemble(home.load()?, home.folder(), machine_clock(), watcher).await
}

/// With at most so many writes in a run, whatever the configuration says.
async fn open_limited(home: &Home, most: Option<u32>) -> Result<Assembled, Failure> {
    let mut config = home.load()?;
    config.guard.writes_per_run = most.or(config.guard.writes_per_run);
    assemble(config, home.folder(), machine_clock(), progress_watcher()).await
}

/// The configuration file, and where the state is if the command says it.
pub(crate) struct Home {
    pub config: PathBuf,
    database: Option<StatePlace>,
}

impl Home {
    fn of(arguments: &Arguments) -> Result<Self, Failure> {
        let said = arguments.database.clone().or_else(|| std::env::var("ZYGOS_DATABASE").ok());
        let said = said.filter(|address| !address.is_empty());
        let database = said.map(|address| StatePlace::of_address(&address)).transpose()?;
        Ok(Self { config: arguments.config.clone(), database })
    }

    #[cfg(test)]
    pub fn at(config: &Path) -> Self {
        Self { config: config.to_owned(), database: None }
    }

    pub fn folder(&self) -> &Path {
        self.config.parent().unwrap_or(Path::new("."))
    }

    pub fn load(&self) -> Result<config::Config, Failure> {
        Ok(self.placed(load(&self.config)?))
    }

    /// With the state where the command says it is.
    pub fn placed(&self, config: config::Config) -> config::Config {
        match &self.database {
            Some(database) => config::Config { state: database.clone(), ..config },
            None => config,
        }
    }
}

/// Reads the configuration; all its problems come in one report.
fn load(path: &Path) -> Result<config::Config, Failure> {
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
        let of_value = value.trim().trim_matches(['"', '\'']);
        let is_secret = ["password", "secret", "key", "token"].iter().any(|word| key.contains(word))
            || StatePlace::holds_password(of_value);
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
    fn a_password_in_an_address_is_not_shown() {
        let text = "[workspace]\nstate = \"postgres://zygos:plain@localhost/zygos\" # mine\n";
        let shown = without_secrets(text);
        assert_eq!(shown.len(), text.len());
        assert!(!shown.contains("plain") && shown.ends_with("\" # mine\n"), "{shown}");
        assert_eq!(without_secrets("state = \"postgres://zygos@localhost/zygos\"\n").matches('*').count(), 0);
    }

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
