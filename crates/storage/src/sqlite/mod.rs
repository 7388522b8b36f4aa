//! Everything in one SQLite file: nothing to install, and as durable as the disk.

/// The texts of a JSON list, with their places, as the table `asked`.
macro_rules! asked {
    ($list:literal) => {
        concat!("json_each(", $list, ") asked")
    };
}

/// As `asked`, joined with what follows: whatever is looked up is looked up for each of them.
macro_rules! asked_then {
    ($list:literal) => {
        concat!(asked!($list), " CROSS JOIN")
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
mod tests;

use std::path::Path;

use zygos_core::WorkspaceId;

use self::dialect::Place;
pub use self::handle::SqlRepository as SqliteRepository;
use crate::StorageError;

impl SqliteRepository {
    /// Opens the file, makes it if there is none, and brings it to today's schema. Must be called inside a tokio
    /// runtime: the writer is a task of it.
    pub async fn open(path: &Path, workspace: WorkspaceId) -> Result<Self, StorageError> {
        let place = Place::new(path);
        connect::find_directory(&place)?;
        Self::at(place, workspace).await
    }
}
