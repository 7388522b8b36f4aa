use std::{path::Path, time::Duration};

use sqlx::{
    ConnectOptions, Row, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{dialect::Place, fault::Fault};
use crate::StorageError;

type Result<T> = std::result::Result<T, Fault>;

/// In order; each sets `user_version` to its number. They only ever go forward.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/sqlite/0001_begin.sql"),
    include_str!("../../migrations/sqlite/0002_catalogue.sql"),
];

/// How long to wait for another program, such as the command line beside a running server.
const BUSY: Duration = Duration::from_secs(10);

/// More than there are statements, so that each is prepared once a connection.
const STATEMENTS: usize = 200;

pub(super) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        .statement_cache_capacity(STATEMENTS)
}

/// Says so where the file's directory isn't there.
pub(super) fn find_directory(place: &Place) -> std::result::Result<(), StorageError> {
    match place.0.parent() {
        Some(directory) if !directory.as_os_str().is_empty() && !directory.is_dir() => {
            let reason =
                format!("there is no directory {}; create it or name another file", directory.display());
            Err(StorageError::Unavailable { place: place.to_string(), reason })
        }
        _ => Ok(()),
    }
}

/// Opens the file to write, makes it if there is none, and brings it to today's schema.
pub(super) async fn writer(place: &Place) -> Result<SqliteConnection> {
    let options = options(&place.0).create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
    let mut connection = options.connect().await?;
    migrate(&mut connection).await?;
    Ok(connection)
}

pub(super) async fn reader(place: &Place) -> Result<SqliteConnection> {
    Ok(options(&place.0).pragma("query_only", "ON").connect().await?)
}

async fn migrate(connection: &mut SqliteConnection) -> Result<()> {
    if version(connection).await? == MIGRATIONS.len() {
        return Ok(());
    }
    // Another program may be doing the same: the version counts only under the lock.
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut *connection).await?;
    let before = version(connection).await?;
    let tables: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *connection).await?;
    if before == 0 && tables > 0 {
        return Err(Fault::damaged("file", "it is a SQLite file of another program; name another file"));
    }
    for migration in MIGRATIONS.iter().skip(before) {
        sqlx::raw_sql(*migration).execute(&mut *connection).await?;
    }
    sqlx::raw_sql("COMMIT").execute(&mut *connection).await?;
    Ok(())
}

async fn version(connection: &mut SqliteConnection) -> Result<usize> {
    let row = sqlx::query("PRAGMA user_version").fetch_one(connection).await?;
    let version: i64 = row.try_get(0)?;
    usize::try_from(version).ok().filter(|version| *version <= MIGRATIONS.len()).ok_or_else(|| {
        let known = MIGRATIONS.len();
        let reason = format!(
            "its schema has version {version} and this program knows only {known}; use the newer program"
        );
        Fault::damaged("schema", reason)
    })
}
