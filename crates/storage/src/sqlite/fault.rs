use crate::StorageError;

/// SQLite's input and output errors that come from writing: WRITE, FSYNC, DIR_FSYNC, TRUNCATE, SHMOPEN, SHMSIZE,
/// SHMMAP and COMMIT_ATOMIC. A used-up quota or a limit on the size of files shows as one of these.
const WRITING: [i32; 8] = [778, 1034, 1290, 1546, 4618, 4874, 5386, 7690];

/// What went wrong, before it is known which file to name.
#[derive(Debug)]
pub(super) enum Fault {
    Fenced(i64),
    Damaged {
        what: String,
        reason: String,
    },
    Database(sqlx::Error),
    /// The repository was closed, or its runtime is gone.
    Closed,
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl Fault {
    pub fn damaged(what: &str, reason: impl ToString) -> Self {
        Self::Damaged { what: what.to_owned(), reason: reason.to_string() }
    }

    /// Whether only what was asked for is wrong, and the transaction around it is still good.
    pub fn is_local(&self) -> bool {
        matches!(self, Self::Fenced(_) | Self::Damaged { .. })
    }

    pub fn told(self, place: &str) -> StorageError {
        let place = place.to_owned();
        let unavailable =
            |place: String, reason: &str| StorageError::Unavailable { place, reason: reason.to_owned() };
        let unwritable =
            |place: String, reason: &str| StorageError::Unwritable { place, reason: reason.to_owned() };
        match self {
            Self::Fenced(row) => StorageError::Fenced { row },
            Self::Damaged { what, reason } => StorageError::Damaged { place, what, reason },
            Self::Closed => unavailable(place, "it was closed"),
            Self::Database(sqlx::Error::Database(error)) => {
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
            Self::Database(
                error @ (sqlx::Error::ColumnDecode { .. }
                | sqlx::Error::ColumnNotFound(_)
                | sqlx::Error::ColumnIndexOutOfBounds { .. }
                | sqlx::Error::Decode(_)
                | sqlx::Error::RowNotFound),
            ) => StorageError::Damaged { place, what: "row".to_owned(), reason: error.to_string() },
            Self::Database(sqlx::Error::WorkerCrashed) => unavailable(place, "it was closed"),
            Self::Database(error) => unavailable(place, &error.to_string()),
        }
    }
}
