use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use zygos_core::WorkspaceId;

use super::{PostgresRepository, statements};

/// The database of all tests, with today's schema.
async fn raw() -> PgConnection {
    let url = std::env::var("ZYGOS_TEST_POSTGRES").expect("`scripts/postgres.sh start` tells the address");
    PostgresRepository::open(&url, WorkspaceId::new("raw")).await.unwrap().close().await;
    PgConnection::connect(&url).await.unwrap()
}

async fn pairs(connection: &mut PgConnection, question: &str) -> Vec<(String, String)> {
    sqlx::query_as(AssertSqlSafe(question.to_owned())).fetch_all(connection).await.unwrap()
}

#[test]
fn every_statement_names_the_workspace() {
    for (name, statement) in statements::ALL {
        assert!(statement.contains("workspace"), "{name}");
    }
}

/// Of every key and index, the first column.
#[tokio::test]
async fn every_key_begins_with_the_workspace() {
    let mut connection = raw().await;
    let first = pairs(
        &mut connection,
        "SELECT i.indexrelid::regclass::text, coalesce(a.attname::text, '(an expression)') FROM pg_index i \
         JOIN pg_class t ON t.oid = i.indrelid AND t.relnamespace = 'public'::regnamespace \
         LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]",
    )
    .await;
    assert!(first.len() > 30, "{first:?}");
    for (index, column) in first {
        assert_eq!(column, "workspace", "{index}");
    }
    let without = pairs(
        &mut connection,
        "SELECT t.relname::text, '' FROM pg_class t WHERE t.relkind = 'r' \
         AND t.relnamespace = 'public'::regnamespace \
         AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indisprimary)",
    )
    .await;
    assert_eq!(without, [("zygos_schema".to_owned(), String::new())]);
}

#[tokio::test]
async fn it_has_the_tables_and_columns_of_a_file() {
    let mut connection = raw().await;
    let ours = pairs(
        &mut connection,
        "SELECT table_name::text, column_name::text FROM information_schema.columns \
         WHERE table_schema = 'public' AND table_name <> 'zygos_schema'",
    )
    .await;
    let mut file = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let migrations = [
        include_str!("../../migrations/sqlite/0001_begin.sql"),
        include_str!("../../migrations/sqlite/0002_catalogue.sql"),
    ];
    for migration in migrations {
        sqlx::raw_sql(migration).execute(&mut file).await.unwrap();
    }
    let theirs: Vec<(String, String)> = sqlx::query_as(
        "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'",
    )
    .fetch_all(&mut file)
    .await
    .unwrap();
    assert_eq!(ours.into_iter().collect::<BTreeSet<_>>(), theirs.into_iter().collect::<BTreeSet<_>>());
}
