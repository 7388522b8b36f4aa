use super::dialect;
use crate::StorageError;

/// What went wrong, before it is known which database to name.
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
        match self {
            Self::Fenced(_) | Self::Damaged { .. } => true,
            Self::Database(sqlx::Error::Database(error)) => dialect::is_of_one_value(&**error),
            Self::Database(_) | Self::Closed => false,
        }
    }

    /// Whether the connection is of no use any more.
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Database(error) if dialect::is_lost(error))
    }

    pub fn told(self, place: &str) -> StorageError {
        let place = place.to_owned();
        let unavailable =
            |place: String, reason: &str| StorageError::Unavailable { place, reason: reason.to_owned() };
        match self {
            Self::Fenced(row) => StorageError::Fenced { row },
            Self::Damaged { what, reason } => StorageError::Damaged { place, what, reason },
            Self::Closed => unavailable(place, "it was closed"),
            Self::Database(sqlx::Error::Database(error)) => dialect::told(&*error, place),
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
