//! What only a server can do: be refused, be started anew, be shared by processes.

use sqlx::{Connection, PgConnection};
use tokio::task::JoinSet;
use zygos_core::WorkspaceId;
use zygos_storage::{Mutation, PostgresRepository, Repository, StorageError};

use crate::{
    everything::everything,
    support::{
        a_little_of_everything, at, claim, database, enqueue, journal_entry, open_database, store, wish,
        workspace,
    },
};

#[tokio::test]
async fn what_was_committed_is_there_for_the_next_process() {
    let repository = open_database("ours").await;
    repository.commit(a_little_of_everything()).await.unwrap();
    let before = everything(&repository).await;
    repository.close().await;
    assert_eq!(everything(&open_database("ours").await).await, before);
}

#[tokio::test]
async fn a_claimed_row_is_nobody_elses_though_two_processes_ask_at_once() {
    let (one, two) = (open_database("ours").await, open_database("ours").await);
    enqueue(&one, (0..40).map(|number| wish(&format!("unit {number}"), at(0)))).await;
    let mut claims = JoinSet::new();
    for repository in [&one, &two, &one, &two] {
        let repository = repository.clone();
        claims.spawn(async move { claim(&repository, at(1), at(60)).await });
    }
    let mut ids: Vec<i64> = claims.join_all().await.into_iter().flatten().map(|row| row.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=40).collect::<Vec<i64>>());
}

#[tokio::test]
async fn ids_are_given_out_once_though_two_processes_write_at_once() {
    let (one, two) = (open_database("ours").await, open_database("ours").await);
    let mut commits = JoinSet::new();
    for number in 0..60 {
        let repository = if number % 2 == 0 { one.clone() } else { two.clone() };
        let entry = Mutation::AddJournal(journal_entry("a", &number.to_string()));
        commits.spawn(async move { repository.commit(vec![entry]).await });
    }
    assert!(commits.join_all().await.iter().all(Result::is_ok));
    assert_eq!(one.journal(None, None, 100).await.unwrap().len(), 60);
}

#[tokio::test]
async fn a_connection_that_the_server_ends_is_opened_anew() {
    let url = format!("{}?application_name=ends", database());
    let repository = PostgresRepository::open(&url, workspace("ours")).await.unwrap();
    repository.commit(a_little_of_everything()).await.unwrap();
    let before = everything(&repository).await;
    for _ in 0..2 {
        end_connections().await;
        // Whoever was reading hears of it once at the most for each of the reading connections.
        for _ in 0..4 {
            drop(repository.unit_count(&store()).await);
        }
        assert_eq!(everything(&repository).await, before);
    }
    end_connections().await;
    // Nothing was under way, so the writer begins over another connection and nobody hears of it.
    repository.commit(vec![Mutation::AddJournal(journal_entry("a", "after"))]).await.unwrap();
}

/// As a server does that is stopped.
async fn end_connections() {
    let mut connection = PgConnection::connect(&database()).await.unwrap();
    let ended: Vec<bool> = sqlx::query_scalar(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ends'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(!ended.is_empty());
}

#[tokio::test]
async fn a_wrong_address_is_told_without_its_password() {
    let told = async |url: String| {
        let error =
            PostgresRepository::open(&url, WorkspaceId::new("ours")).await.err().expect("it is wrong");
        let text = error.to_string();
        assert!(!text.contains("Secret"), "{text}");
        (error, text)
    };
    let (_, text) = told(database().replace("zygos-Secret-1", "other-Secret-2")).await;
    assert!(text.contains("the user or its password is not accepted"), "{text}");
    let (_, text) = told(format!("{}x", database())).await;
    assert!(text.contains("there is no such database; create it"), "{text}");
    let (error, _) = told("postgres://zygos:zygos-Secret-1@127.0.0.1:1/postgres".to_owned()).await;
    assert!(matches!(error, StorageError::Unavailable { .. }), "{error:?}");
    let (_, text) = told("zygos-Secret-1@somewhere".to_owned()).await;
    assert!(text.contains("write postgres://USER:PASSWORD@HOST:PORT/DATABASE"), "{text}");
}
