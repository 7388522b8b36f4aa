//! Why a command ended badly, and the exit code that says so.

use std::process::ExitCode;

use zygos_core::settings::Problem;
use zygos_engine::EngineError;
use zygos_storage::StorageError;

/// Exit codes, as documented in the README: 0 good, 1 something needs a person, 2 the configuration or the command
/// is wrong, 3 a connection or the state can't be reached.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    NeedsAttention(String),
    #[error("{0}")]
    Configuration(String),
    /// The configuration file's problems, each with its place, and all of them as people read them.
    #[error("{text}")]
    Problems { problems: Vec<Problem>, text: String },
    #[error("{0}")]
    Unavailable(String),
    #[error(transparent)]
    State(StorageError),
}

impl Failure {
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code())
    }

    /// As `--json` tells it: one object with `error.code`, `error.message` and, for a configuration, `error.problems`.
    pub fn json(&self) -> serde_json::Value {
        let problems = match self {
            Self::Problems { problems, .. } => problems.as_slice(),
            _ => &[],
        };
        serde_json::json!({"error": {"code": self.code(), "message": self.to_string(), "problems": problems}})
    }

    fn code(&self) -> u8 {
        match self {
            Self::NeedsAttention(_) => 1,
            Self::Configuration(_) | Self::Problems { .. } => 2,
            Self::Unavailable(_) | Self::State(_) => 3,
        }
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self::State(error)
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Unfit(problems) => Self::Configuration(problems.join("\n")),
            EngineError::Asked(text) => Self::Configuration(text),
            EngineError::Storage(error) => Self::State(error),
            EngineError::Connection { .. } | EngineError::Resting { .. } => {
                Self::Unavailable(error.to_string())
            }
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}
