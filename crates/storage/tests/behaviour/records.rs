use zygos_core::RunId;
use zygos_storage::{JournalEntry, Mutation, Repository, Run, StoredHint};

use crate::support::{
    at, attempt, close_drift, close_issue, drift, erp, hint, issue, journal_entry, key, run, store,
};

crate::behaviours![
    the_journal_is_read_newest_first,
    attempts_are_read_newest_first,
    a_run_is_replaced_as_it_goes_on,
    runs_are_listed_newest_first,
    a_delivery_is_stored_once,
    what_is_old_is_forgotten_but_the_journal_stays,
];

async fn the_journal_is_read_newest_first(repository: &dyn Repository) {
    let elsewhere = JournalEntry { connection: erp(), run: None, ..journal_entry("a", "third") };
    let entries = [journal_entry("a", "first"), journal_entry("b", "second"), elsewhere];
    repository.commit(entries.iter().cloned().map(Mutation::AddJournal).collect()).await.unwrap();
    let [first, second, third] = entries;
    let read = repository.journal(None, None, 10).await.unwrap();
    assert_eq!(read, [third.clone(), second.clone(), first.clone()]);
    assert_eq!(repository.journal(None, None, 1).await.unwrap(), std::slice::from_ref(&third));
    assert_eq!(repository.journal(Some(&store()), None, 10).await.unwrap(), [second, first.clone()]);
    assert_eq!(repository.journal(None, Some(&key("a")), 10).await.unwrap(), [third, first.clone()]);
    assert_eq!(repository.journal(Some(&store()), Some(&key("a")), 10).await.unwrap(), [first]);
}

async fn attempts_are_read_newest_first(repository: &dyn Repository) {
    let attempts = [attempt("unit a", at(1)), attempt("order 1", at(2)), attempt("unit a", at(3))];
    repository.commit(attempts.iter().cloned().map(Mutation::AddAttempt).collect()).await.unwrap();
    let [first, second, third] = attempts;
    let read = repository.attempts(None, 10).await.unwrap();
    assert_eq!(read, [third.clone(), second, first.clone()]);
    assert_eq!(repository.attempts(Some("unit a"), 10).await.unwrap(), [third.clone(), first]);
    assert_eq!(repository.attempts(Some("unit a"), 1).await.unwrap(), [third]);
    assert_eq!(repository.attempts(Some("unit"), 1).await.unwrap(), []);
}

async fn a_run_is_replaced_as_it_goes_on(repository: &dyn Repository) {
    let begun = Run { connection: None, ..run("run-1", at(1)) };
    let ended = Run { ended_at: Some(at(9)), outcome: Some("all equal".to_owned()), ..run("run-1", at(1)) };
    for run in [begun, ended] {
        repository.commit(vec![Mutation::PutRun(run.clone())]).await.unwrap();
        assert_eq!(repository.run(&run.id).await.unwrap(), Some(run.clone()));
        assert_eq!(repository.runs(10).await.unwrap(), [run]);
    }
    assert_eq!(repository.run(&RunId::new("run-2")).await.unwrap(), None);
}

async fn runs_are_listed_newest_first(repository: &dyn Repository) {
    let runs = [run("b", at(5)), run("a", at(5)), run("c", at(1)), run("d", at(9))];
    repository.commit(runs.map(Mutation::PutRun).to_vec()).await.unwrap();
    let ids: Vec<String> =
        repository.runs(3).await.unwrap().into_iter().map(|run| run.id.to_string()).collect();
    assert_eq!(ids, ["d", "b", "a"]);
}

async fn a_delivery_is_stored_once(repository: &dyn Repository) {
    let feed = StoredHint { key: None, ..hint("delivery 2") };
    let elsewhere = StoredHint { connection: erp(), ..hint("delivery 1") };
    let add = [hint("delivery 1"), feed.clone(), hint("delivery 1"), elsewhere.clone()];
    repository.commit(add.map(Mutation::AddHint).to_vec()).await.unwrap();
    let (first, second) = (StoredHint { id: 1, ..hint("delivery 1") }, StoredHint { id: 2, ..feed });
    assert_eq!(repository.hints(&store(), 10).await.unwrap(), [first.clone(), second.clone()]);
    assert_eq!(repository.hints(&store(), 1).await.unwrap(), [first]);
    assert_eq!(repository.hints(&erp(), 10).await.unwrap(), [StoredHint { id: 3, ..elsewhere }]);

    let drop = vec![Mutation::DropHint { id: 1 }, Mutation::DropHint { id: 99 }];
    repository.commit(drop).await.unwrap();
    assert_eq!(repository.hints(&store(), 10).await.unwrap(), std::slice::from_ref(&second));
    // Once it was looked at, the same delivery is a new reason to look.
    repository.commit(vec![Mutation::AddHint(hint("delivery 1"))]).await.unwrap();
    let again = StoredHint { id: 4, ..hint("delivery 1") };
    assert_eq!(repository.hints(&store(), 10).await.unwrap(), [second, again]);
}

async fn what_is_old_is_forgotten_but_the_journal_stays(repository: &dyn Repository) {
    repository
        .commit(vec![
            Mutation::AddAttempt(attempt("old", at(99))),
            Mutation::AddAttempt(attempt("new", at(100))),
            Mutation::AddJournal(journal_entry("a", "long ago")),
            Mutation::OpenIssue(issue("open")),
            Mutation::OpenIssue(issue("old")),
            Mutation::OpenIssue(issue("new")),
            close_issue("old", at(99)),
            close_issue("new", at(100)),
            Mutation::OpenDrift(drift("open", "1")),
            Mutation::OpenDrift(drift("old", "1")),
            Mutation::OpenDrift(drift("new", "1")),
            close_drift("old", "stock", at(99)),
            close_drift("new", "stock", at(100)),
            Mutation::PutRun(run("open", at(1))),
            Mutation::PutRun(Run { ended_at: Some(at(99)), ..run("old", at(1)) }),
            Mutation::PutRun(Run { ended_at: Some(at(100)), ..run("new", at(1)) }),
        ])
        .await
        .unwrap();
    repository.forget(at(100)).await.unwrap();
    let attempts = repository.attempts(None, 10).await.unwrap();
    assert_eq!(attempts.iter().map(|attempt| attempt.record.as_str()).collect::<Vec<_>>(), ["new"]);
    let issues = repository.issues(true).await.unwrap();
    assert_eq!(issues.iter().map(|issue| issue.subject.as_str()).collect::<Vec<_>>(), ["open", "new"]);
    let drifts = repository.drifts(None, 10).await.unwrap();
    assert_eq!(drifts.iter().map(|drift| drift.unit.as_str()).collect::<Vec<_>>(), ["new", "open"]);
    let runs = repository.runs(10).await.unwrap();
    assert_eq!(runs.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), ["open", "new"]);
    assert_eq!(repository.journal(None, None, 10).await.unwrap().len(), 1);
}
