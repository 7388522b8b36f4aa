use jiff::Timestamp;
use zygos_core::{
    ConnectionId,
    contract::{ConnectorError, ErrorKind},
};
use zygos_storage::StorageError;

/// Why a pass could not be finished. What it had stored stays stored; the next pass begins from there.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("{connection}: {error}")]
    Connection { connection: ConnectionId, error: ConnectorError },
    /// The connection failed lately and is left alone until then. `forbidden`: only for what it may not do.
    #[error("{connection} is left alone until {until:.0}: {reason}")]
    Resting { connection: ConnectionId, reason: String, until: Timestamp, forbidden: bool },
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// What is configured doesn't fit what the ERP has.
    #[error("the configuration does not fit the ERP: {}", .0.join("; "))]
    Unfit(Vec<String>),
    #[error("{0}")]
    Asked(String),
}

impl EngineError {
    /// The connection that stands in the way, and why, in words that don't name it again.
    pub(crate) fn trouble(&self) -> Option<(&ConnectionId, String)> {
        match self {
            Self::Connection { connection, error } => Some((connection, error.to_string())),
            Self::Resting { connection, reason, .. } => Some((connection, reason.clone())),
            Self::Storage(_) | Self::Unfit(_) | Self::Asked(_) => None,
        }
    }

    pub(crate) fn is_of(&self, connection: &ConnectionId) -> bool {
        self.trouble().is_some_and(|(other, _)| other == connection)
    }

    /// The account lacks a permission; asking again soon is of no use.
    pub(crate) fn is_forbidden(&self) -> bool {
        match self {
            Self::Connection { error, .. } => error.kind == ErrorKind::Forbidden,
            Self::Resting { forbidden, .. } => *forbidden,
            Self::Storage(_) | Self::Unfit(_) | Self::Asked(_) => false,
        }
    }
}

pub type Result<T> = std::result::Result<T, EngineError>;
