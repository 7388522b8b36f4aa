//! What SQLite has of its own.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use sqlx::error::DatabaseError;

use super::fault::Fault;
use crate::StorageError;

pub(super) type Db = sqlx::Sqlite;
pub(super) type Connection = sqlx::SqliteConnection;
pub(super) type Arguments = sqlx::sqlite::SqliteArguments;
pub(super) type Row = sqlx::sqlite::SqliteRow;

/// The file.
#[derive(Clone)]
pub(super) struct Place(pub PathBuf);

impl Place {
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(formatter)
    }
}

/// SQLite's input and output errors that come from writing: WRITE, FSYNC, DIR_FSYNC, TRUNCATE, SHMOPEN, SHMSIZE,
/// SHMMAP and COMMIT_ATOMIC. A used-up quota or a limit on the size of files shows as one of these.
const WRITING: [i32; 8] = [778, 1034, 1290, 1546, 4618, 4874, 5386, 7690];

/// One writer at a time: whoever comes second waits.
pub(super) async fn begin(connection: &mut Connection, _workspace: &str) -> Result<(), Fault> {
    sqlx::query("BEGIN IMMEDIATE").execute(connection).await?;
    Ok(())
}

/// A file isn't lost on the way.
pub(super) fn is_lost(_error: &sqlx::Error) -> bool {
    false
}

/// Whether only the statement was wrong, in a transaction that can go on.
pub(super) fn is_of_one_value(_error: &dyn DatabaseError) -> bool {
    false
}

pub(super) fn told(error: &dyn DatabaseError, place: String) -> StorageError {
    let unavailable =
        |place: String, reason: &str| StorageError::Unavailable { place, reason: reason.to_owned() };
    let unwritable =
        |place: String, reason: &str| StorageError::Unwritable { place, reason: reason.to_owned() };
    // The low byte of SQLite's extended result codes is the plain result code.
    let extended = error.code().and_then(|code| code.parse::<i32>().ok());
    match extended.map(|code| code & 0xff) {
        Some(5 | 6) => unavailable(place, "another program keeps it locked"),
        Some(8) => unwritable(
            place,
            "the file or its directory is read-only; let the user that runs Zygos write there",
        ),
        Some(10) if extended.is_some_and(|code| WRITING.contains(&code)) => unwritable(
            place,
            "the disk does not take it; free some space, and see that no quota is used up and the disk is well",
        ),
        Some(10) => unavailable(place, "the disk reports an error"),
        Some(11) => StorageError::Damaged {
            place,
            what: "file".to_owned(),
            reason: "the file is damaged; restore a backup".to_owned(),
        },
        Some(13) => unwritable(place, "the disk is full; free some space"),
        Some(14) => unavailable(
            place,
            "the file cannot be opened or created; check that it is a file and who may write there",
        ),
        Some(26) => StorageError::Damaged {
            place,
            what: "file".to_owned(),
            reason: "it is not a SQLite file".to_owned(),
        },
        _ => unavailable(place, error.message()),
    }
}
