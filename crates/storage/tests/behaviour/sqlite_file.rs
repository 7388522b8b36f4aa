//! What only a file can do: be lost, be full, be shared, be opened again.

use std::{fs, future::poll_fn, path::Path, task::Poll};

use tempfile::TempDir;
use tokio::task::{JoinSet, yield_now};
use zygos_core::WorkspaceId;
use zygos_storage::{Mutation, Repository, Settled, SqliteRepository, StorageError};

use crate::{
    everything::everything,
    support::{
        a_little_of_everything, at, claim, claim_one, enqueue, file_in, journal_entry, open, put_unit,
        settle, store, stored_unit, wish,
    },
};

fn journal(why: &str) -> Vec<Mutation> {
    vec![Mutation::AddJournal(journal_entry("a", why))]
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_restart() {
    let directory = TempDir::new().unwrap();
    let repository = open(&file_in(&directory)).await;
    repository.commit(a_little_of_everything()).await.unwrap();
    let before = everything(&repository).await;
    repository.close().await;
    let again = open(&file_in(&directory)).await;
    assert_eq!(everything(&again).await, before);
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_crash() {
    let directory = TempDir::new().unwrap();
    let file = file_in(&directory);
    let repository = open(&file).await;
    repository.commit(a_little_of_everything()).await.unwrap();
    let held = claim(&repository, at(1), at(60)).await;
    let before = everything(&repository).await;

    // As a machine that lost its power leaves it: the files as they are on the disk, nothing closed.
    let found = TempDir::new().unwrap();
    for entry in fs::read_dir(&directory).unwrap() {
        let entry = entry.unwrap();
        if !entry.file_name().to_string_lossy().ends_with("-shm") {
            fs::copy(entry.path(), found.path().join(entry.file_name())).unwrap();
        }
    }
    let after = open(&file_in(&found)).await;
    assert_eq!(everything(&after).await, before);
    assert_eq!(claim(&after, at(59), at(90)).await, []);
    after.commit(vec![settle(&held[0], Settled::Done)]).await.unwrap();

    // As a process that was killed leaves it: its handle is gone, another opens the file at once.
    drop(repository);
    assert_eq!(everything(&open(&file).await).await, before);
}

#[test]
fn a_runtime_that_ends_in_the_middle_leaves_whole_commits() {
    let directory = TempDir::new().unwrap();
    let file = file_in(&directory);
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    for round in 0_u64..5 {
        runtime().block_on(async {
            let repository = open(&file).await;
            let mut both = journal("with its unit");
            both.push(put_unit(stored_unit(&format!("unit {round}"), round, at(0))));
            let commit = tokio::spawn(async move { repository.commit(both).await });
            for _ in 0..round * 40 {
                yield_now().await;
            }
            commit.abort();
        });
        runtime().block_on(async {
            let repository = open(&file).await;
            let units = repository.unit_count(&store()).await.unwrap();
            let entries = repository.journal(None, None, 100).await.unwrap().len();
            assert_eq!(u64::try_from(entries).unwrap(), units);
        });
    }
}

#[tokio::test]
async fn commits_that_come_together_are_flushed_together() {
    let directory = TempDir::new().unwrap();
    let repository = open(&file_in(&directory)).await;
    let mut commits = JoinSet::new();
    for n in 0..200 {
        let repository = repository.clone();
        commits.spawn(async move { repository.commit(journal(&n.to_string())).await });
    }
    assert!(commits.join_all().await.into_iter().all(|outcome| outcome.is_ok()));
    assert_eq!(repository.journal(None, None, 1_000).await.unwrap().len(), 200);
    assert!((1..=20).contains(&repository.commits()), "{} flushes", repository.commits());
}

#[tokio::test]
async fn a_fenced_commit_among_others_is_undone_alone() {
    let directory = TempDir::new().unwrap();
    let repository = open(&file_in(&directory)).await;
    enqueue(&repository, [wish("a", at(0))]).await;
    let old = claim_one(&repository, at(0)).await;
    claim_one(&repository, at(60)).await;
    let flushed = repository.commits();
    let mut commits = JoinSet::new();
    for n in 0..9 {
        let repository = repository.clone();
        let mut mutations = journal(&n.to_string());
        if n % 3 == 1 {
            mutations.push(settle(&old, Settled::Done));
        }
        commits.spawn(async move { (n, repository.commit(mutations).await) });
    }
    for (n, outcome) in commits.join_all().await {
        let fenced = if n % 3 == 1 { Err(StorageError::Fenced { row: old.id }) } else { Ok(()) };
        assert_eq!(outcome, fenced);
    }
    assert_eq!(repository.journal(None, None, 100).await.unwrap().len(), 6);
    assert!(repository.commits() - flushed < 6);
}

#[tokio::test]
async fn looking_for_work_in_vain_flushes_nothing() {
    let directory = TempDir::new().unwrap();
    let repository = open(&file_in(&directory)).await;
    assert_eq!(claim(&repository, at(0), at(60)).await, []);
    repository.commit(Vec::new()).await.unwrap();
    assert_eq!(repository.commits(), 0);
    enqueue(&repository, [wish("a", at(0))]).await;
    claim_one(&repository, at(0)).await;
    assert_eq!(repository.commits(), 2);
}

#[tokio::test]
async fn calls_under_way_are_counted_until_their_work_is_done() {
    let directory = TempDir::new().unwrap();
    let repository = open(&file_in(&directory)).await;
    assert_eq!(repository.pending(), 0);
    // The writer's task can't have answered yet: this test has not let it run.
    let mut commit = repository.commit(journal("nobody waits for it"));
    let polled = poll_fn(|context| Poll::Ready(commit.as_mut().poll(context))).await;
    assert!(polled.is_pending());
    assert_eq!(repository.pending(), 1);
    drop(commit);
    assert_eq!(repository.pending(), 1);
    while repository.pending() > 0 {
        yield_now().await;
    }
    // The caller went away; what it asked for is done whole.
    assert_eq!(repository.journal(None, None, 10).await.unwrap().len(), 1);
    assert_eq!(repository.pending(), 0);
}

#[tokio::test]
async fn a_reader_that_goes_away_gives_its_connection_back() {
    let directory = TempDir::new().unwrap();
    let repository = open(&file_in(&directory)).await;
    let units = (0..2_000).map(|n| put_unit(stored_unit(&n.to_string(), n, at(0)))).collect();
    repository.commit(units).await.unwrap();
    for patience in 0..20 {
        let reader = repository.clone();
        let read = tokio::spawn(async move { reader.units(&store(), 0, 2_000).await });
        for _ in 0..patience {
            yield_now().await;
        }
        read.abort();
    }
    assert_eq!(repository.units(&store(), 0, 2_000).await.unwrap().len(), 2_000);
}

#[tokio::test]
async fn two_programs_may_use_one_file() {
    let directory = TempDir::new().unwrap();
    let (one, other) = (open(&file_in(&directory)).await, open(&file_in(&directory)).await);
    enqueue(&one, [wish("a", at(0))]).await;
    let row = claim_one(&other, at(0)).await;
    assert_eq!(claim(&one, at(0), at(60)).await, []);
    assert_eq!(one.lease("key", "one", at(0), at(9)).await.unwrap().owner, "one");
    assert_eq!(other.lease("key", "other", at(0), at(9)).await.unwrap().owner, "one");
    let mut commits = JoinSet::new();
    for n in 0..40 {
        let repository = if n % 2 == 0 { one.clone() } else { other.clone() };
        commits.spawn(async move { repository.commit(journal(&n.to_string())).await });
    }
    assert!(commits.join_all().await.into_iter().all(|outcome| outcome.is_ok()));
    assert_eq!(one.journal(None, None, 100).await.unwrap().len(), 40);
    other.commit(vec![settle(&row, Settled::Done)]).await.unwrap();
    assert_eq!(one.outbox(None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_closed_repository_says_so() {
    let directory = TempDir::new().unwrap();
    let repository = open(&file_in(&directory)).await;
    let late = repository.clone();
    repository.close().await;
    let closed = StorageError::Unavailable {
        place: file_in(&directory).display().to_string(),
        reason: "it was closed".to_owned(),
    };
    assert_eq!(late.commit(journal("too late")).await, Err(closed.clone()));
    assert_eq!(late.units(&store(), 0, 1).await, Err(closed));
    assert_eq!(late.pending(), 0);
    late.close().await;
    assert!(!directory.path().join("zygos.db-wal").exists());
}

async fn refusal(file: &Path) -> StorageError {
    SqliteRepository::open(file, WorkspaceId::new("ours")).await.err().unwrap()
}

#[tokio::test]
async fn a_missing_directory_is_told_by_name() {
    let directory = TempDir::new().unwrap();
    let missing = directory.path().join("missing");
    let message = refusal(&missing.join("zygos.db")).await.to_string();
    assert!(
        message.contains(&format!("there is no directory {}; create it", missing.display())),
        "{message}"
    );
}

#[tokio::test]
async fn a_directory_is_not_taken_for_a_file() {
    let directory = TempDir::new().unwrap();
    let error = refusal(directory.path()).await;
    let message = error.to_string();
    assert!(matches!(error, StorageError::Unavailable { .. }), "{error:?}");
    assert!(message.contains("cannot be opened or created"), "{message}");
    assert!(message.contains(&directory.path().display().to_string()), "{message}");
}

#[tokio::test]
async fn a_file_that_is_not_sqlite_is_left_alone() {
    let directory = TempDir::new().unwrap();
    let text = "accounts of 2019, ".repeat(500);
    fs::write(file_in(&directory), &text).unwrap();
    let error = refusal(&file_in(&directory)).await;
    assert!(matches!(&error, StorageError::Damaged { reason, .. } if reason == "it is not a SQLite file"));
    assert_eq!(fs::read_to_string(file_in(&directory)).unwrap(), text);
}
