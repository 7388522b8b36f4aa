use sqlx::{ConnectOptions, PgConnection};

use super::{dialect::Place, fault::Fault};

type Result<T> = std::result::Result<T, Fault>;

/// In order; each sets the version to its number. They only ever go forward.
pub(super) const MIGRATIONS: &[&str] = &[include_str!("../../migrations/postgres/0001_begin.sql")];

/// More than there are statements, so that each is prepared once a connection.
const STATEMENTS: usize = 200;

/// Opens the database to write, and brings it to today's schema.
pub(super) async fn writer(place: &Place) -> Result<PgConnection> {
    let mut connection = connect(place, "off").await?;
    migrate(&mut connection).await?;
    Ok(connection)
}

pub(super) async fn reader(place: &Place) -> Result<PgConnection> {
    connect(place, "on").await
}

async fn connect(place: &Place, only_reads: &str) -> Result<PgConnection> {
    let options = place.options.clone().statement_cache_capacity(STATEMENTS);
    // A commit is answered when it is on the disk, whatever the server's own setting is.
    let options =
        options.options([("default_transaction_read_only", only_reads), ("synchronous_commit", "on")]);
    Ok(options.connect().await?)
}

async fn migrate(connection: &mut PgConnection) -> Result<()> {
    if version(connection).await? == MIGRATIONS.len() {
        return Ok(());
    }
    // Another program may be doing the same: the version counts only under the lock.
    sqlx::raw_sql("BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('zygos schema', 0))")
        .execute(&mut *connection)
        .await?;
    let before = version(connection).await?;
    for migration in MIGRATIONS.iter().skip(before) {
        sqlx::raw_sql(*migration).execute(&mut *connection).await?;
    }
    sqlx::raw_sql("COMMIT").execute(&mut *connection).await?;
    Ok(())
}

async fn version(connection: &mut PgConnection) -> Result<usize> {
    let table: Option<String> = sqlx::query_scalar("SELECT to_regclass('zygos_schema')::text")
        .persistent(false)
        .fetch_one(&mut *connection)
        .await?;
    if table.is_none() {
        return Ok(0);
    }
    let version: i64 = sqlx::query_scalar("SELECT version FROM zygos_schema")
        .persistent(false)
        .fetch_one(connection)
        .await?;
    usize::try_from(version).ok().filter(|version| *version <= MIGRATIONS.len()).ok_or_else(|| {
        let known = MIGRATIONS.len();
        let reason = format!(
            "its schema has version {version} and this program knows only {known}; use the newer program"
        );
        Fault::damaged("schema", reason)
    })
}
