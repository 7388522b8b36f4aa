//! What PostgreSQL has of its own.

use std::{fmt, str::FromStr};

use sqlx::{error::DatabaseError, postgres::PgConnectOptions};

use super::fault::Fault;
use crate::StorageError;

pub(super) type Db = sqlx::Postgres;
pub(super) type Connection = sqlx::PgConnection;
pub(super) type Arguments = sqlx::postgres::PgArguments;
pub(super) type Row = sqlx::postgres::PgRow;

/// The database, shown without its user's password.
#[derive(Clone)]
pub(super) struct Place {
    pub options: PgConnectOptions,
}

impl Place {
    pub fn new(url: &str) -> Result<Self, StorageError> {
        // What is wrong in it isn't repeated: it may be a part of the password.
        let options = PgConnectOptions::from_str(url).map_err(|_| StorageError::Unavailable {
            place: "the database".to_owned(),
            reason: "its address can't be read; write postgres://USER:PASSWORD@HOST:PORT/DATABASE".to_owned(),
        })?;
        let is_named = url.contains("application_name=");
        Ok(Self { options: if is_named { options } else { options.application_name("zygos") } })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let database = self.options.get_database().unwrap_or("postgres");
        write!(formatter, "postgres://{}:{}/{database}", self.options.get_host(), self.options.get_port())
    }
}

const LOCK_WORKSPACE: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";

/// One writer of a workspace at a time: whoever comes second waits.
pub(super) async fn begin(connection: &mut Connection, workspace: &str) -> Result<(), Fault> {
    sqlx::query("BEGIN").execute(&mut *connection).await?;
    sqlx::query(LOCK_WORKSPACE).bind(workspace).execute(connection).await?;
    Ok(())
}

/// PostgreSQL's classes of conditions that end a connection: operator intervention and connection exceptions.
const LOST: [&str; 2] = ["57P", "08"];

pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => {
            true
        }
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| LOST.iter().any(|class| code.starts_with(class)))
        }
        _ => false,
    }
}

/// Data exceptions, such as a character that PostgreSQL can't hold: the savepoint before them can be gone back to.
pub(super) fn is_of_one_value(error: &dyn DatabaseError) -> bool {
    error.code().is_some_and(|code| code.starts_with("22"))
}

pub(super) fn told(error: &dyn DatabaseError, place: String) -> StorageError {
    let code = error.code().unwrap_or_default();
    let unavailable = |place: String, reason: String| StorageError::Unavailable { place, reason };
    let unwritable =
        |place: String, reason: &str| StorageError::Unwritable { place, reason: reason.to_owned() };
    match &*code {
        "28P01" | "28000" => {
            unavailable(place, "the user or its password is not accepted; check the address".to_owned())
        }
        "3D000" => unavailable(place, "there is no such database; create it".to_owned()),
        "42501" => unwritable(place, "the user may not do that; let it create and change tables there"),
        "25006" => unwritable(place, "the database is read-only; name the one that is written to"),
        "53100" => unwritable(place, "the server's disk is full; free some space"),
        "53300" => unavailable(place, "the server has no connection left; raise max_connections".to_owned()),
        "57P01" | "57P02" | "57P03" => unavailable(place, "the server stops or starts".to_owned()),
        // What was given is not repeated: it may be personal.
        code if code.starts_with("22") => StorageError::Damaged {
            place,
            what: "value".to_owned(),
            reason: format!("the database can't hold one of the values ({code})"),
        },
        code => unavailable(place, format!("{} ({code})", error.message())),
    }
}
