/// Why the state could not be read or written. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// Somebody else holds the row now: what this worker wanted to write is void, and it must look again.
    #[error("the outbox row {row} was taken over by another worker")]
    Fenced { row: i64 },
    /// The disk is full, or does not take what is written: once it does, the same goes on.
    #[error(
        "the state in {place} cannot be written: {reason}; nothing is lost, and it goes on from here once it can be"
    )]
    Unwritable { place: String, reason: String },
    /// The file is gone or locked, the database refuses: told in plain words.
    #[error("the state in {place} cannot be written or read: {reason}")]
    Unavailable { place: String, reason: String },
    /// What is stored can't be understood: made by a newer version, or damaged.
    #[error("the state in {place} has a row that cannot be read ({what}): {reason}")]
    Damaged { place: String, what: String, reason: String },
}
