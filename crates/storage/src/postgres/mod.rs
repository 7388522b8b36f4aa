//! Everything in a PostgreSQL database, which several machines may share.
//!
//! Every workspace has one writer at a time, whoever asks: a transaction begins by waiting for the workspace's lock. So
//! it does what it does in a file.

/// The texts of a JSON list, with their places, as the table `asked`.
macro_rules! asked {
    ($list:literal) => {
        concat!("jsonb_array_elements_text(", $list, "::jsonb) WITH ORDINALITY AS asked(value, key)")
    };
}

/// As `asked`, joined with what follows.
macro_rules! asked_then {
    ($list:literal) => {
        concat!(asked!($list), " JOIN")
    };
}

#[path = "../sql/apply.rs"]
mod apply;
#[path = "../sql/apply_catalogue.rs"]
mod apply_catalogue;
mod connect;
#[path = "../sql/decode.rs"]
mod decode;
mod dialect;
#[path = "../sql/fault.rs"]
mod fault;
#[path = "../sql/handle.rs"]
mod handle;
#[path = "../sql/pending.rs"]
mod pending;
#[path = "../sql/readers.rs"]
mod readers;
#[path = "../sql/repository.rs"]
mod repository;
#[path = "../sql/statements.rs"]
mod statements;
#[path = "../sql/values.rs"]
mod values;
#[path = "../sql/writer.rs"]
mod writer;

#[cfg(test)]
#[cfg(feature = "real-postgres")]
mod tests;

use zygos_core::WorkspaceId;

use self::dialect::Place;
pub use self::handle::SqlRepository as PostgresRepository;
use crate::StorageError;

impl PostgresRepository {
    /// Opens the database at `postgres://USER:PASSWORD@HOST:PORT/DATABASE` and brings it to today's schema. The database
    /// must be there; its tables are made. Must be called inside a tokio runtime: the writer is a task of it.
    pub async fn open(url: &str, workspace: WorkspaceId) -> Result<Self, StorageError> {
        Self::at(Place::new(url)?, workspace).await
    }
}
