use zygos_core::{ConnectionId, contract::ConnectorError};
use zygos_storage::StorageError;

/// Why a pass could not be finished. What it had stored stays stored; the next pass begins from there.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("{connection}: {error}")]
    Connection { connection: ConnectionId, error: ConnectorError },
    /// The connection failed lately and is left alone until then, or is paused.
    #[error("{connection} is left alone: {reason}")]
    Resting { connection: ConnectionId, reason: String },
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// What is configured doesn't fit what the ERP has.
    #[error("the configuration does not fit the ERP: {}", .0.join("; "))]
    Unfit(Vec<String>),
    #[error("{0}")]
    Asked(String),
}

pub type Result<T> = std::result::Result<T, EngineError>;
