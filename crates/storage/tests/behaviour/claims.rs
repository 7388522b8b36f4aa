use zygos_core::{ConnectionId, RemoteKey, contract::Lane};
use zygos_storage::{Mutation, OutboxKind, OutboxRecord, OutboxRow, Repository, Settled, StorageError, Wish};

use crate::support::{
    at, by_hand, claim, claim_one, enqueue, journal_entry, listed, mark_sent, other_store, put_unit, sent,
    settle, settle_now, store, stored_unit, wish,
};

crate::behaviours![
    rows_are_claimed_by_lane_then_due_time_then_id,
    no_more_rows_are_claimed_than_wanted,
    of_named_records_those_that_are_due_and_free_are_claimed_in_the_same_order,
    a_claimed_row_is_nobody_elses,
    an_expired_claim_may_be_taken_over_and_the_old_holder_is_fenced,
    an_expired_claim_that_nobody_took_over_is_still_good,
    a_row_that_is_done_is_gone,
    a_wish_that_comes_while_its_row_is_worked_on_is_not_lost,
    a_wish_that_comes_while_its_row_is_being_held_is_not_lost,
    a_wish_after_a_row_is_done_is_a_new_row,
    failures_are_counted_and_forgotten,
    a_row_asked_for_again_meanwhile_is_looked_at_at_the_earlier_time,
    a_write_of_unknown_outcome_stays_with_its_row,
    what_was_sent_is_told_to_whoever_takes_over,
    settling_forgets_what_was_sent,
    a_fenced_settle_changes_nothing_at_all,
    nothing_is_marked_as_sent_without_the_claim,
    a_claim_ends_with_its_first_settle,
    released_claims_may_be_taken_at_once_and_their_holder_is_fenced,
    a_released_row_keeps_what_was_sent,
    claims_are_released_on_one_connection_only,
    a_claim_released_in_a_commit_is_gone_for_the_rest_of_it,
];

fn ids(rows: &[OutboxRow]) -> Vec<i64> {
    rows.iter().map(|row| row.id).collect()
}

fn again(seconds: i64, failed: bool) -> Settled {
    Settled::Again { due_at: at(seconds), reason: None, failed }
}

async fn rows_are_claimed_by_lane_then_due_time_then_id(repository: &dyn Repository) {
    let in_lane = |unit: &str, seconds, lane| Wish { lane, ..wish(unit, at(seconds)) };
    let wishes = [
        in_lane("a", 3, Lane::Sweep),
        in_lane("b", 9, Lane::HotStock),
        in_lane("c", 5, Lane::HotStock),
        in_lane("d", 5, Lane::HotStock),
        in_lane("e", 4, Lane::Orders),
        in_lane("f", 11, Lane::Orders),
        in_lane("g", 1, Lane::Catalogue),
        in_lane("h", 10, Lane::Corrections),
    ];
    enqueue(repository, wishes).await;
    assert_eq!(ids(&claim(repository, at(10), at(70)).await), [5, 3, 4, 2, 8, 7, 1]);
}

async fn of_named_records_those_that_are_due_and_free_are_claimed_in_the_same_order(
    repository: &dyn Repository,
) {
    let in_lane = |unit: &str, seconds, lane| Wish { lane, ..wish(unit, at(seconds)) };
    let wishes = [
        in_lane("a", 3, Lane::Sweep),
        in_lane("b", 5, Lane::HotStock),
        in_lane("not due", 11, Lane::HotStock),
        in_lane("not named", 1, Lane::HotStock),
        in_lane("held", 1, Lane::HotStock),
    ];
    enqueue(repository, wishes).await;
    let named = |names: &[&str]| -> Vec<OutboxRecord> {
        names.iter().map(|name| OutboxRecord::Stock(RemoteKey::new(*name))).collect()
    };
    let held = repository.claim_these(&store(), &named(&["held"]), at(10), at(70)).await.unwrap();
    let held = held.first().unwrap();
    settle_now(repository, held, Settled::Held { issue: 1 }).await.unwrap();
    let wanted = named(&["a", "b", "not due", "held", "unknown"]);
    let claimed = repository.claim_these(&store(), &wanted, at(10), at(70)).await.unwrap();
    assert_eq!(ids(&claimed), [2, 1]);
    assert!(claimed.iter().all(|row| row.fence > 0));
    assert_eq!(repository.claim_these(&store(), &wanted, at(10), at(70)).await.unwrap(), []);
    assert_eq!(ids(&claim(repository, at(10), at(70)).await), [4], "what was not named is free");
    assert_eq!(ids(&repository.claim_these(&store(), &wanted, at(70), at(99)).await.unwrap()), [2, 3, 1]);
}

async fn no_more_rows_are_claimed_than_wanted(repository: &dyn Repository) {
    enqueue(repository, ["a", "b", "c"].map(|unit| wish(unit, at(0)))).await;
    let two = repository.claim(&store(), OutboxKind::Stock, at(0), at(60), 2).await.unwrap();
    assert_eq!(ids(&two), [1, 2]);
    let none = repository.claim(&store(), OutboxKind::Stock, at(0), at(60), 0).await.unwrap();
    assert_eq!(none, []);
    assert_eq!(ids(&claim(repository, at(0), at(60)).await), [3]);
}

async fn a_claimed_row_is_nobody_elses(repository: &dyn Repository) {
    enqueue(repository, [wish("a", at(0))]).await;
    let row = claim_one(repository, at(5)).await;
    assert_ne!(row.fence, 0);
    assert_eq!(claim(repository, at(64), at(99)).await, []);
    assert_eq!(repository.next_due(&store(), OutboxKind::Stock).await.unwrap(), Some(at(65)));
    assert_eq!(listed(repository).await, OutboxRow { fence: 0, ..row });
}

async fn an_expired_claim_may_be_taken_over_and_the_old_holder_is_fenced(repository: &dyn Repository) {
    enqueue(repository, [wish("a", at(0))]).await;
    let old = claim_one(repository, at(0)).await;
    let new = claim_one(repository, at(60)).await;
    assert_ne!(old.fence, new.fence);
    let fenced = Err(StorageError::Fenced { row: old.id });
    assert_eq!(settle_now(repository, &old, Settled::Done).await, fenced);
    assert_eq!(settle_now(repository, &old, again(99, true)).await, fenced);
    assert_eq!(settle_now(repository, &old, Settled::Unknown { due_at: at(99) }).await, fenced);
    assert_eq!(settle_now(repository, &old, Settled::Held { issue: 1 }).await, fenced);
    assert_eq!(listed(repository).await, OutboxRow { fence: 0, ..new.clone() });
    settle_now(repository, &new, Settled::Done).await.unwrap();
    assert_eq!(repository.outbox(None, 10).await.unwrap(), []);
}

async fn an_expired_claim_that_nobody_took_over_is_still_good(repository: &dyn Repository) {
    enqueue(repository, [wish("a", at(0))]).await;
    let row = claim_one(repository, at(0)).await;
    // The claim of another row does not end it.
    enqueue(repository, [wish("b", at(30))]).await;
    repository.claim(&store(), OutboxKind::Stock, at(30), at(90), 1).await.unwrap();
    settle_now(repository, &row, Settled::Done).await.unwrap();
    assert_eq!(listed(repository).await.id, 2);
}

async fn a_row_that_is_done_is_gone(repository: &dyn Repository) {
    enqueue(repository, [wish("a", at(0))]).await;
    let row = claim_one(repository, at(0)).await;
    settle_now(repository, &row, Settled::Done).await.unwrap();
    assert_eq!(repository.outbox(None, 10).await.unwrap(), []);
    assert_eq!(repository.next_due(&store(), OutboxKind::Stock).await.unwrap(), None);
    assert_eq!(claim(repository, at(1_000), at(2_000)).await, []);
}

async fn a_wish_that_comes_while_its_row_is_worked_on_is_not_lost(repository: &dyn Repository) {
    enqueue(repository, [wish("a", at(0))]).await;
    let row = claim_one(repository, at(0)).await;
    enqueue(repository, [Wish { reason: "sold again".to_owned(), ..wish("a", at(3)) }]).await;
    repository.commit(vec![mark_sent(&row, sent("a"))]).await.unwrap();
    settle_now(repository, &row, Settled::Done).await.unwrap();
    let next = claim_one(repository, at(3)).await;
    assert_eq!((next.id, next.revision, next.reason.as_str()), (row.id, 2, "sold again"));
    assert_eq!((next.sent.clone(), next.attempts), (None, 0));
    settle_now(repository, &next, Settled::Done).await.unwrap();
    assert_eq!(repository.outbox(None, 10).await.unwrap(), []);
}

async fn a_wish_that_comes_while_its_row_is_being_held_is_not_lost(repository: &dyn Repository) {
    enqueue(repository, [wish("a", at(0))]).await;
    let row = claim_one(repository, at(0)).await;
    enqueue(repository, [by_hand("a", at(3))]).await;
    settle_now(repository, &row, Settled::Held { issue: 5 }).await.unwrap();
    let next = claim_one(repository, at(3)).await;
    assert_eq!(next.held_by, None);
    settle_now(repository, &next, Settled::Held { issue: 5 }).await.unwrap();
    assert_eq!(listed(repository).await.held_by, Some(5));
}

async fn a_wish_after_a_row_is_done_is_a_new_row(repository: &dyn Repository) {
    enqueue(repository, [wish("a", at(0))]).await;
    let row = claim_one(repository, at(0)).await;
    repository.commit(vec![settle(&row, Settled::Done), Mutation::Enqueue(wish("a", at(9)))]).await.unwrap();
    let next = listed(repository).await;
    assert_eq!((next.id, next.revision, next.due_at), (2, 1, at(9)));
}

async fn failures_are_counted_and_forgotten(repository: &dyn Repository) {
    enqueue(repository, [wish("a", at(0))]).await;
    for (failed, attempts) in [(true, 1), (true, 2), (false, 0), (true, 1)] {
        let row = claim_one(repository, at(500)).await;
        let settled =
            Settled::Again { due_at: at(100), reason: Some("the store is down".to_owned()), failed };
        settle_now(repository, &row, settled).await.unwrap();
        let row = listed(repository).await;
        assert_eq!((row.attempts, row.due_at, row.reason.as_str()), (attempts, at(100), "the store is down"));
    }
    let row = claim_one(repository, at(500)).await;
    settle_now(repository, &row, again(600, true)).await.unwrap();
    assert_eq!(listed(repository).await.reason, "the store is down");
    assert_eq!(claim(repository, at(599), at(700)).await, []);
    assert_eq!(claim_one(repository, at(600)).await.attempts, 2);
}

async fn a_row_asked_for_again_meanwhile_is_looked_at_at_the_earlier_time(repository: &dyn Repository) {
    enqueue(repository, [wish("a", at(0))]).await;
    let row = claim_one(repository, at(10)).await;
    enqueue(repository, [wish("a", at(11))]).await;
    settle_now(repository, &row, again(100, false)).await.unwrap();
    assert_eq!(listed(repository).await.due_at, at(0));
    // A failure is backed off all the same.
    let row = claim_one(repository, at(12)).await;
    enqueue(repository, [wish("a", at(13))]).await;
    settle_now(repository, &row, again(100, true)).await.unwrap();
    assert_eq!(listed(repository).await.due_at, at(100));
}

async fn a_write_of_unknown_outcome_stays_with_its_row(repository: &dyn Repository) {
    enqueue(repository, [wish("a", at(0))]).await;
    let row = claim_one(repository, at(0)).await;
    repository.commit(vec![mark_sent(&row, sent("a"))]).await.unwrap();
    settle_now(repository, &row, Settled::Unknown { due_at: at(100) }).await.unwrap();
    assert_eq!(repository.next_due(&store(), OutboxKind::Stock).await.unwrap(), Some(at(100)));
    assert_eq!(claim(repository, at(99), at(200)).await, []);
    let row = claim_one(repository, at(100)).await;
    assert_eq!((row.sent, row.attempts), (Some(sent("a")), 0));
}

async fn what_was_sent_is_told_to_whoever_takes_over(repository: &dyn Repository) {
    enqueue(repository, [wish("a", at(0))]).await;
    let row = claim_one(repository, at(0)).await;
    assert_eq!(row.sent, None);
    repository.commit(vec![mark_sent(&row, sent("a"))]).await.unwrap();
    assert_eq!(listed(repository).await.sent, Some(sent("a")));
    assert_eq!(claim_one(repository, at(60)).await.sent, Some(sent("a")));
}

async fn settling_forgets_what_was_sent(repository: &dyn Repository) {
    for (unit, settled) in
        [("a", again(100, true)), ("b", again(100, false)), ("c", Settled::Held { issue: 1 })]
    {
        enqueue(repository, [wish(unit, at(0))]).await;
        let row = claim_one(repository, at(0)).await;
        repository.commit(vec![mark_sent(&row, sent(unit)), settle(&row, settled)]).await.unwrap();
    }
    let rows = repository.outbox(None, 10).await.unwrap();
    assert!(rows.len() == 3 && rows.iter().all(|row| row.sent.is_none()), "{rows:?}");
}

async fn a_fenced_settle_changes_nothing_at_all(repository: &dyn Repository) {
    enqueue(repository, [wish("a", at(0)), wish("b", at(0))]).await;
    let old = claim(repository, at(0), at(10)).await;
    let new = claim(repository, at(10), at(70)).await;
    let before = crate::everything::everything(repository).await;
    let fenced = repository
        .commit(vec![
            Mutation::AddJournal(journal_entry("a", "never")),
            put_unit(stored_unit("a", 0, at(0))),
            settle(&new[1], Settled::Done),
            Mutation::Enqueue(wish("c", at(0))),
            settle(&old[0], Settled::Done),
            Mutation::AddJournal(journal_entry("a", "never")),
        ])
        .await;
    assert_eq!(fenced, Err(StorageError::Fenced { row: old[0].id }));
    assert_eq!(crate::everything::everything(repository).await, before);
    settle_now(repository, &new[1], Settled::Done).await.unwrap();
    enqueue(repository, [wish("d", at(0))]).await;
    assert_eq!(ids(&repository.outbox(None, 10).await.unwrap()), [1, 3]);
}

async fn nothing_is_marked_as_sent_without_the_claim(repository: &dyn Repository) {
    enqueue(repository, [wish("a", at(0))]).await;
    let unclaimed = listed(repository).await;
    let fenced = Err(StorageError::Fenced { row: unclaimed.id });
    assert_eq!(repository.commit(vec![mark_sent(&unclaimed, sent("a"))]).await, fenced);
    let old = claim_one(repository, at(0)).await;
    let new = claim_one(repository, at(60)).await;
    assert_eq!(repository.commit(vec![mark_sent(&old, sent("a"))]).await, fenced);
    assert_eq!(listed(repository).await.sent, None);
    repository.commit(vec![mark_sent(&new, sent("a"))]).await.unwrap();
    settle_now(repository, &new, Settled::Done).await.unwrap();
    assert_eq!(repository.commit(vec![mark_sent(&new, sent("a"))]).await, fenced);
}

async fn a_claim_ends_with_its_first_settle(repository: &dyn Repository) {
    enqueue(repository, [wish("a", at(0))]).await;
    let row = claim_one(repository, at(0)).await;
    let fenced = Err(StorageError::Fenced { row: row.id });
    let twice = vec![settle(&row, again(5, false)), settle(&row, Settled::Done)];
    assert_eq!(repository.commit(twice).await, fenced);
    settle_now(repository, &row, again(5, false)).await.unwrap();
    assert_eq!(settle_now(repository, &row, Settled::Done).await, fenced);
    assert_eq!(listed(repository).await.due_at, at(5));
}

fn release(connection: ConnectionId) -> Mutation {
    Mutation::ReleaseClaims { connection }
}

async fn released_claims_may_be_taken_at_once_and_their_holder_is_fenced(repository: &dyn Repository) {
    enqueue(repository, ["a", "b"].map(|unit| wish(unit, at(0)))).await;
    let dead = claim(repository, at(0), at(300)).await;
    assert_eq!(claim(repository, at(1), at(300)).await, []);
    repository.commit(vec![release(store())]).await.unwrap();
    assert_eq!(repository.next_due(&store(), OutboxKind::Stock).await.unwrap(), Some(at(0)));
    // Between the release and the next claim, the old holder may not write either.
    let fenced = Err(StorageError::Fenced { row: dead[0].id });
    assert_eq!(settle_now(repository, &dead[0], Settled::Done).await, fenced);
    assert_eq!(repository.commit(vec![mark_sent(&dead[0], sent("a"))]).await, fenced);
    let taken = claim(repository, at(1), at(300)).await;
    assert_eq!(ids(&taken), ids(&dead));
    assert!(taken.iter().zip(&dead).all(|(new, old)| new.fence > old.fence), "{taken:?}");
    assert_eq!(settle_now(repository, &dead[0], again(9, true)).await, fenced);
    for row in &taken {
        settle_now(repository, row, Settled::Done).await.unwrap();
    }
    assert_eq!(repository.outbox(None, 10).await.unwrap(), []);
}

async fn a_released_row_keeps_what_was_sent(repository: &dyn Repository) {
    enqueue(repository, [wish("a", at(0))]).await;
    let dead = claim_one(repository, at(0)).await;
    repository.commit(vec![mark_sent(&dead, sent("a"))]).await.unwrap();
    repository.commit(vec![release(store())]).await.unwrap();
    let row = claim_one(repository, at(1)).await;
    assert_eq!((row.sent, row.due_at, row.revision), (Some(sent("a")), at(0), dead.revision));
}

async fn claims_are_released_on_one_connection_only(repository: &dyn Repository) {
    let there = Wish { connection: other_store(), ..wish("a", at(0)) };
    enqueue(repository, [wish("a", at(0)), there]).await;
    let here = claim_one(repository, at(0)).await;
    let there = repository.claim(&other_store(), OutboxKind::Stock, at(0), at(60), 1).await.unwrap();
    repository.commit(vec![release(other_store())]).await.unwrap();
    assert_eq!(claim(repository, at(1), at(60)).await, []);
    settle_now(repository, &here, Settled::Done).await.unwrap();
    let fenced = Err(StorageError::Fenced { row: there[0].id });
    assert_eq!(settle_now(repository, &there[0], Settled::Done).await, fenced);
    // A row that nobody holds is as it was.
    let before = crate::everything::everything(repository).await;
    repository.commit(vec![release(other_store()), release(store())]).await.unwrap();
    assert_eq!(crate::everything::everything(repository).await, before);
}

async fn a_claim_released_in_a_commit_is_gone_for_the_rest_of_it(repository: &dyn Repository) {
    enqueue(repository, [wish("a", at(0))]).await;
    let row = claim_one(repository, at(0)).await;
    let both = vec![release(store()), settle(&row, Settled::Done)];
    assert_eq!(repository.commit(both).await, Err(StorageError::Fenced { row: row.id }));
    settle_now(repository, &row, Settled::Done).await.unwrap();
}
