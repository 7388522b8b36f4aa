use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use sqlx::{AssertSqlSafe, ConnectOptions, Row, SqliteConnection};
use tempfile::TempDir;
use zygos_core::{ConnectionId, WorkspaceId, contract::Checkpoint};

use super::{
    SqliteRepository, connect,
    dialect::Place,
    fault::Fault,
    statements,
    values::{lane, lane_number},
};
use crate::{Drift, Mutation, Repository, StorageError};

fn file_in(directory: &TempDir) -> PathBuf {
    directory.path().join("zygos.db")
}

fn ours() -> WorkspaceId {
    WorkspaceId::new("ours")
}

fn shop() -> ConnectionId {
    ConnectionId::new("shop")
}

fn put_cursor(feed: &str, checkpoint: String) -> Vec<Mutation> {
    let checkpoint = Checkpoint(checkpoint);
    vec![Mutation::PutCursor { connection: shop(), feed: feed.to_owned(), checkpoint }]
}

/// A repository whose writer was told something first.
async fn told(file: &Path, pragma: &'static str) -> SqliteRepository {
    let place = Place::new(file);
    let mut connection = connect::writer(&place).await.unwrap();
    sqlx::raw_sql(pragma).execute(&mut connection).await.unwrap();
    SqliteRepository::over(connection, place, ours()).await.unwrap()
}

/// The file with today's schema, seen from outside.
async fn raw(file: &Path) -> SqliteConnection {
    SqliteRepository::open(file, ours()).await.unwrap().close().await;
    connect::options(file).connect().await.unwrap()
}

async fn names(connection: &mut SqliteConnection, question: String) -> Vec<String> {
    sqlx::query_scalar(AssertSqlSafe(question)).fetch_all(connection).await.unwrap()
}

async fn tables(connection: &mut SqliteConnection) -> Vec<String> {
    names(connection, "SELECT name FROM sqlite_schema WHERE type = 'table'".to_owned()).await
}

#[tokio::test]
async fn every_key_begins_with_the_workspace() {
    let directory = TempDir::new().unwrap();
    let mut connection = raw(&file_in(&directory)).await;
    let tables = tables(&mut connection).await;
    assert!(tables.len() > 15, "{tables:?}");
    for table in tables {
        let key = format!("SELECT name FROM pragma_table_info('{table}') WHERE pk > 0 ORDER BY pk");
        let key = names(&mut connection, key).await;
        assert_eq!(key.first().map(String::as_str), Some("workspace"), "{table}");
        let indices = format!("SELECT name FROM pragma_index_list('{table}')");
        for index in names(&mut connection, indices).await {
            let columns = format!("SELECT name FROM pragma_index_info('{index}') ORDER BY seqno");
            let first = names(&mut connection, columns).await.into_iter().next();
            assert_eq!(first.as_deref(), Some("workspace"), "{index}");
        }
    }
}

/// SQLite's own plan of each statement: every table is searched by an index, and by the workspace first.
#[tokio::test]
async fn every_statement_looks_only_into_its_workspace() {
    let directory = TempDir::new().unwrap();
    let mut connection = raw(&file_in(&directory)).await;
    let mut searched = 0;
    for (name, statement) in statements::ALL {
        assert!(statement.contains("workspace"), "{name}");
        let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}")));
        for step in plan.fetch_all(&mut connection).await.unwrap() {
            let step: String = step.get("detail");
            if step.contains("VIRTUAL TABLE") {
                continue;
            }
            assert!(!step.starts_with("SCAN"), "{name}: {step}");
            if step.starts_with("SEARCH") {
                assert!(step.contains("(workspace=?"), "{name}: {step}");
                searched += 1;
            }
        }
    }
    assert!(searched > 60, "only {searched} searches");
}

#[test]
fn every_statement_is_in_the_list_of_statements() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = ["sql", "sqlite", "postgres"]
        .into_iter()
        .flat_map(|folder| fs::read_dir(source.join(folder)).unwrap());
    let mut read = 0;
    for entry in files {
        let path = entry.unwrap().path();
        if ["statements.rs", "tests.rs"].iter().any(|name| path.ends_with(name)) {
            continue;
        }
        read += 1;
        for line in fs::read_to_string(&path).unwrap().lines() {
            let statement = ["\"SELECT ", "\"INSERT ", "\"UPDATE ", "\"DELETE ", "\"WITH ", "\"REPLACE "]
                .iter()
                .any(|verb| line.contains(verb));
            // What is asked before it is known that the tables are ours, and the locks.
            let before = ["sqlite_schema", "zygos_schema", "pg_advisory_xact_lock"];
            let is_before = before.iter().any(|word| line.contains(word));
            assert!(!statement || is_before, "{}: {line}", path.display());
        }
    }
    assert!(read >= 16, "{read} files");
    let names: BTreeSet<&str> = statements::ALL.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), statements::ALL.len());
}

#[tokio::test]
async fn the_file_is_durable_by_its_settings() {
    let directory = TempDir::new().unwrap();
    let file = file_in(&directory);
    let mut writer = connect::writer(&Place::new(&file)).await.unwrap();
    let mut reader = connect::reader(&Place::new(&file)).await.unwrap();
    for connection in [&mut writer, &mut reader] {
        let mode: String =
            sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection).await.unwrap();
        assert_eq!(mode, "wal");
        for (pragma, expected) in
            [("PRAGMA synchronous", 2), ("PRAGMA foreign_keys", 1), ("PRAGMA busy_timeout", 10_000)]
        {
            let value: i64 = sqlx::query_scalar(pragma).fetch_one(&mut *connection).await.unwrap();
            assert_eq!(value, expected, "{pragma}");
        }
    }
    let refused = sqlx::query(statements::FORGET_RUNS).bind("ours").bind(0).execute(&mut reader).await;
    assert!(refused.is_err(), "a reader wrote");
}

#[tokio::test]
async fn a_full_disk_is_told_and_changes_nothing() {
    let directory = TempDir::new().unwrap();
    let file = file_in(&directory);
    raw(&file).await;
    let repository = told(&file, "PRAGMA max_page_count = 80").await;
    repository.commit(put_cursor("orders", "before".to_owned())).await.unwrap();
    let full = StorageError::Unwritable {
        place: file.display().to_string(),
        reason: "the disk is full; free some space".to_owned(),
    };
    let large = || "x".repeat(1_000_000);
    let mut commit = put_cursor("orders", "after".to_owned());
    commit.extend(put_cursor("stock", large()));
    assert_eq!(repository.commit(commit).await, Err(full.clone()));
    let cursor = repository.cursor(&shop(), "orders").await.unwrap();
    assert_eq!(cursor, Some(Checkpoint("before".to_owned())));

    // Among others that still fit, only the one that doesn't is refused.
    let (first, large, last) = tokio::join!(
        repository.commit(put_cursor("first", "1".to_owned())),
        repository.commit(put_cursor("large", large())),
        repository.commit(put_cursor("last", "1".to_owned())),
    );
    assert_eq!((first, large, last), (Ok(()), Err(full), Ok(())));
    assert!(repository.cursor(&shop(), "first").await.unwrap().is_some());
    assert!(repository.cursor(&shop(), "last").await.unwrap().is_some());
    assert_eq!(repository.cursor(&shop(), "large").await.unwrap(), None);
}

#[tokio::test]
async fn a_read_only_file_is_told() {
    let directory = TempDir::new().unwrap();
    let repository = told(&file_in(&directory), "PRAGMA query_only = ON").await;
    let error = repository.commit(put_cursor("orders", "1".to_owned())).await.unwrap_err();
    let message = error.to_string();
    assert!(message.contains("is read-only") && message.contains("zygos.db"), "{message}");
    assert_eq!(repository.cursor(&shop(), "orders").await.unwrap(), None);
}

#[tokio::test]
async fn a_file_of_a_newer_program_is_left_alone() {
    let directory = TempDir::new().unwrap();
    let file = file_in(&directory);
    sqlx::raw_sql("PRAGMA user_version = 99").execute(&mut raw(&file).await).await.unwrap();
    let error = SqliteRepository::open(&file, ours()).await.err().unwrap();
    assert!(matches!(&error, StorageError::Damaged { what, .. } if what == "schema"), "{error:?}");
    assert!(error.to_string().contains("use the newer program"), "{error}");
}

/// A file as the first version left it: one unit's stock had drifted and was corrected, another's still drifts.
#[tokio::test]
async fn a_file_of_the_first_version_is_brought_to_todays() {
    let directory = TempDir::new().unwrap();
    let file = file_in(&directory);
    let mut first = connect::options(&file).create_if_missing(true).connect().await.unwrap();
    sqlx::raw_sql(include_str!("../../migrations/sqlite/0001_begin.sql")).execute(&mut first).await.unwrap();
    sqlx::raw_sql(
        "INSERT INTO drift VALUES ('ours', 1, 'shop', 'a', 'SKU-a', '5', '9', 'edited', 1000000, 2000000), \
         ('ours', 2, 'shop', 'b', NULL, '4.50', '-1', 'lost_write', 3000000, NULL); \
         INSERT INTO sequence VALUES ('ours', 'drift', 2)",
    )
    .execute(&mut first)
    .await
    .unwrap();
    let mut open = Drift {
        id: 2,
        store: shop(),
        unit: "b".into(),
        sku: None,
        field: "stock".to_owned(),
        should: "4.50".to_owned(),
        is: "-1".to_owned(),
        cause: "lost_write".to_owned(),
        found_at: Timestamp::from_second(3).unwrap(),
        corrected_at: None,
    };
    let corrected = Drift {
        id: 1,
        unit: "a".into(),
        sku: Some("SKU-a".to_owned()),
        should: "5".to_owned(),
        is: "9".to_owned(),
        cause: "edited".to_owned(),
        found_at: Timestamp::from_second(1).unwrap(),
        corrected_at: Some(Timestamp::from_second(2).unwrap()),
        ..open.clone()
    };

    let repository = SqliteRepository::open(&file, ours()).await.unwrap();
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut first).await.unwrap();
    assert_eq!((usize::try_from(version), SqliteRepository::schema_version()), (Ok(2), 2));
    assert_eq!(repository.drifts(None, 10).await.unwrap(), [open.clone(), corrected]);
    assert_eq!(repository.open_drift(&shop(), &"b".into(), "stock").await.unwrap(), Some(open.clone()));

    // The open one is the one that is renewed, and another field may drift beside it.
    open.is = "0".to_owned();
    let price = Drift { field: "price".to_owned(), ..open.clone() };
    let found = vec![Mutation::OpenDrift(open.clone()), Mutation::OpenDrift(price.clone())];
    repository.commit(found).await.unwrap();
    let drifts = repository.open_drifts(&shop(), &["b".into()]).await.unwrap();
    assert_eq!(drifts, [Drift { id: 3, ..price }, open]);
}

#[tokio::test]
async fn a_file_of_another_program_is_left_alone() {
    let directory = TempDir::new().unwrap();
    let file = file_in(&directory);
    let mut other = connect::options(&file).create_if_missing(true).connect().await.unwrap();
    sqlx::raw_sql("CREATE TABLE accounts (name TEXT)").execute(&mut other).await.unwrap();
    let error = SqliteRepository::open(&file, ours()).await.err().unwrap();
    assert!(error.to_string().contains("another program"), "{error}");
    assert_eq!(tables(&mut other).await, ["accounts"]);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_told_without_its_contents() {
    let directory = TempDir::new().unwrap();
    let file = file_in(&directory);
    let mut connection = raw(&file).await;
    sqlx::raw_sql(
        "INSERT INTO unit VALUES ('ours', 'shop', 'a', 0, NULL, NULL, '{\"name\": \"Ioana\"}'); \
         INSERT INTO figure VALUES ('ours', 'shop', 'a', NULL, 0); \
         INSERT INTO product VALUES ('ours', 'shop', 'p', 'd', 0); \
         INSERT INTO product_body VALUES ('ours', 'shop', 'p', '{\"name\": \"Ioana\"}'); \
         INSERT INTO tombstone VALUES ('ours', 'shop', 2, 'a', NULL, 0, NULL); \
         INSERT INTO outbox VALUES ('ours', 1, 'shop', 3, 'nowhere', 'p', 0, '', 0, 0, 1, NULL, NULL, 0, 0, NULL); \
         INSERT INTO stock_base VALUES ('ours', 'shop', 'a', 'seven', 0); \
         INSERT INTO hint VALUES ('ours', 1, 'shop', 'parcel', NULL, 'd', 0)",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let repository = SqliteRepository::open(&file, ours()).await.unwrap();
    let key = ["a".into()];
    let errors = [
        repository.units(&shop(), 0, 1).await.unwrap_err(),
        repository.stock_bases(&shop(), &key).await.unwrap_err(),
        repository.hints(&shop(), 1).await.unwrap_err(),
        repository.products(&shop(), &["p".into()]).await.unwrap_err(),
        repository.tombstones(&shop()).await.unwrap_err(),
        repository.outbox(None, 1).await.unwrap_err(),
    ];
    let tables = ["unit", "stock_base", "hint", "product_body", "tombstone", "outbox"];
    for (error, table) in errors.into_iter().zip(tables) {
        assert!(matches!(&error, StorageError::Damaged { what, .. } if what == table), "{error:?}");
        assert!(!error.to_string().contains("Ioana"), "{error}");
    }
}

/// A row is written only when it differs: the pages of the log tell.
#[tokio::test]
async fn unchanged_records_are_not_rewritten() {
    let directory = TempDir::new().unwrap();
    let file = file_in(&directory);
    let repository = SqliteRepository::open(&file, ours()).await.unwrap();
    let log = || fs::metadata(file.with_extension("db-wal")).unwrap().len();
    let unit = |position, name: &str| {
        let unit = format!(
            r#"{{"unit":{{"key":"a","parent":null,"kind":"goods","sku":"A","ean":null,"name":"{name}","active":true,
            "tracked":true,"stock":"1.50","price_net":null,"price_gross":null,"tax_percent":null,"measure":null,
            "decimals":null}},"position":{position},"read_at":"2025-06-15T00:00:00Z"}}"#
        );
        let unit = serde_json::from_str(&unit).unwrap();
        vec![Mutation::PutUnit { connection: shop(), unit }]
    };
    repository.commit(unit(0, "Chair")).await.unwrap();
    repository.commit(put_cursor("orders", "1".to_owned())).await.unwrap();
    let before = log();
    repository.commit(unit(0, "Chair")).await.unwrap();
    repository.commit(put_cursor("orders", "1".to_owned())).await.unwrap();
    assert_eq!(log(), before);
    repository.commit(unit(0, "Table")).await.unwrap();
    assert!(log() > before);
}

/// The body of a product is large: of one that was only read again, the pages of the log hold the narrow row.
#[tokio::test]
async fn the_body_of_an_unchanged_product_is_not_rewritten() {
    let directory = TempDir::new().unwrap();
    let file = file_in(&directory);
    let repository = SqliteRepository::open(&file, ours()).await.unwrap();
    let log = || fs::metadata(file.with_extension("db-wal")).unwrap().len();
    let product = |digest: &str, second: u8| {
        let description = digest.repeat(20_000);
        let product = format!(
            r#"{{"product":{{"key":"p","shape":"simple","facts":{{"description":{{"text":"{description}"}}}},
            "variants":[],"troubles":[],"modified_at":null}},"digest":"{digest}",
            "read_at":"2025-06-15T00:00:0{second}Z"}}"#
        );
        let product = Box::new(serde_json::from_str(&product).unwrap());
        vec![Mutation::PutProduct { connection: shop(), product }]
    };
    repository.commit(product("same", 0)).await.unwrap();
    let first = log();
    repository.commit(product("same", 1)).await.unwrap();
    let second = log();
    assert!(second - first < 20_000, "{} octets", second - first);
    repository.commit(product("other", 2)).await.unwrap();
    assert!(log() - second > 100_000);
}

#[test]
fn the_lane_of_a_row_keeps_its_urgency() {
    let lanes: Vec<_> = (0..5).map(|number| lane(number).unwrap()).collect();
    assert!(lanes.is_sorted());
    assert!(lanes.iter().zip(0..).all(|(lane, number)| lane_number(*lane) == number));
    assert!(matches!(lane(5), Err(Fault::Damaged { .. })));
}

#[tokio::test]
async fn the_ends_of_time_can_be_stored() {
    let directory = TempDir::new().unwrap();
    let repository = SqliteRepository::open(&file_in(&directory), ours()).await.unwrap();
    for until in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
        let lease = repository.lease("key", "one", Timestamp::MIN, until).await.unwrap();
        assert_eq!(lease.until.as_microsecond(), until.as_microsecond());
    }
}
