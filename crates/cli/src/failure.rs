//! Why a command ended badly, and the exit code that says so.

use std::process::ExitCode;

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
    #[error("{0}")]
    Unavailable(String),
    #[error(transparent)]
    State(StorageError),
}

impl Failure {
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::NeedsAttention(_) => 1,
            Self::Configuration(_) => 2,
            Self::Unavailable(_) | Self::State(_) => 3,
        })
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
