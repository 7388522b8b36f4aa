use zygos_core::contract::{Lane, Side};
use zygos_storage::{Mutation, OutboxKind, OutboxRecord, OutboxRow, Repository, Settled, Wish};

use crate::support::{
    at, by_hand, claim_one, enqueue, erp, key, listed, mark_sent, micros_after, other_store, sent,
    settle_now, stock, store, wish,
};

crate::behaviours![
    a_wish_becomes_a_row,
    a_second_wish_joins_the_row_of_its_record,
    an_earlier_due_time_wins,
    a_wish_does_not_shorten_a_back_off,
    a_wish_by_hand_ends_a_back_off,
    a_wish_does_not_hasten_a_write_of_unknown_outcome,
    a_held_row_is_not_claimed_until_asked_for_by_hand,
    records_of_different_kinds_and_stores_are_apart,
    the_outbox_is_listed_oldest_first,
    the_outbox_is_summed_up,
];

async fn a_wish_becomes_a_row(repository: &dyn Repository) {
    let due_at = micros_after(at(5), 654_321);
    enqueue(repository, [wish("a", due_at)]).await;
    let expected = OutboxRow {
        id: 1,
        connection: store(),
        record: stock("a"),
        lane: Lane::Corrections,
        reason: "a was sold".to_owned(),
        due_at,
        attempts: 0,
        revision: 1,
        sent: None,
        held_by: None,
        created_at: due_at,
        fence: 0,
    };
    assert_eq!(listed(repository).await, expected);
    assert_eq!(repository.next_due(&store(), OutboxKind::Stock).await.unwrap(), Some(due_at));
    assert_eq!(repository.next_due(&store(), OutboxKind::Order).await.unwrap(), None);
    assert_eq!(repository.next_due(&erp(), OutboxKind::Stock).await.unwrap(), None);
}

async fn a_second_wish_joins_the_row_of_its_record(repository: &dyn Repository) {
    enqueue(repository, [wish("a", at(5))]).await;
    let urgent = Wish { lane: Lane::Orders, reason: "goods came in".to_owned(), ..wish("a", at(9)) };
    enqueue(repository, [urgent, Wish { lane: Lane::Sweep, ..wish("a", at(9)) }]).await;
    let row = listed(repository).await;
    assert_eq!((row.id, row.revision, row.lane), (1, 3, Lane::Orders));
    assert_eq!((row.reason.as_str(), row.created_at), ("a was sold", at(5)));
}

async fn an_earlier_due_time_wins(repository: &dyn Repository) {
    for (wished, due) in [(20, 20), (30, 20), (10, 10), (15, 10)] {
        enqueue(repository, [wish("a", at(wished))]).await;
        assert_eq!(listed(repository).await.due_at, at(due));
        assert_eq!(repository.next_due(&store(), OutboxKind::Stock).await.unwrap(), Some(at(due)));
    }
}

async fn back_off(repository: &dyn Repository) {
    enqueue(repository, [wish("a", at(0))]).await;
    let row = claim_one(repository, at(0)).await;
    let again = Settled::Again { due_at: at(100), reason: None, failed: true };
    settle_now(repository, &row, again).await.unwrap();
}

async fn a_wish_does_not_shorten_a_back_off(repository: &dyn Repository) {
    back_off(repository).await;
    enqueue(repository, [wish("a", at(1))]).await;
    let row = listed(repository).await;
    assert_eq!((row.due_at, row.attempts, row.revision), (at(100), 1, 2));
}

async fn a_wish_by_hand_ends_a_back_off(repository: &dyn Repository) {
    back_off(repository).await;
    enqueue(repository, [by_hand("a", at(1))]).await;
    let row = listed(repository).await;
    assert_eq!((row.due_at, row.attempts, row.reason.as_str()), (at(1), 0, "asked for by hand"));
}

async fn a_wish_does_not_hasten_a_write_of_unknown_outcome(repository: &dyn Repository) {
    enqueue(repository, [wish("a", at(0))]).await;
    let row = claim_one(repository, at(0)).await;
    repository.commit(vec![mark_sent(&row, sent("a"))]).await.unwrap();
    settle_now(repository, &row, Settled::Unknown { due_at: at(100) }).await.unwrap();
    enqueue(repository, [wish("a", at(1)), by_hand("a", at(2))]).await;
    let row = listed(repository).await;
    assert_eq!((row.due_at, row.sent), (at(100), Some(sent("a"))));
}

async fn a_held_row_is_not_claimed_until_asked_for_by_hand(repository: &dyn Repository) {
    enqueue(repository, [wish("a", at(0))]).await;
    let row = claim_one(repository, at(0)).await;
    settle_now(repository, &row, Settled::Held { issue: 17 }).await.unwrap();
    enqueue(repository, [wish("a", at(1))]).await;
    let held = listed(repository).await;
    assert_eq!((held.held_by, held.revision), (Some(17), 2));
    assert_eq!(crate::support::claim(repository, at(1_000), at(2_000)).await, []);
    assert_eq!(repository.next_due(&store(), OutboxKind::Stock).await.unwrap(), None);

    enqueue(repository, [by_hand("a", at(2))]).await;
    assert_eq!(repository.next_due(&store(), OutboxKind::Stock).await.unwrap(), Some(at(0)));
    let row = claim_one(repository, at(2)).await;
    assert_eq!((row.held_by, row.revision), (None, 3));
}

async fn records_of_different_kinds_and_stores_are_apart(repository: &dyn Repository) {
    let order = |store| OutboxRecord::Order { store, order: key("1") };
    let product = |side| OutboxRecord::Product { side, key: key("1") };
    let records = [
        stock("1"),
        OutboxRecord::Feedback(key("1")),
        order(store()),
        order(other_store()),
        product(Side::Store),
        product(Side::Erp),
    ];
    for _ in 0..2 {
        let wishes = records.clone().map(|record| Wish { record, connection: erp(), ..wish("", at(0)) });
        enqueue(repository, wishes).await;
    }
    enqueue(repository, [Wish { record: stock("1"), ..wish("", at(0)) }]).await;
    let rows = repository.outbox(None, 10).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.revision).collect::<Vec<_>>(), [2, 2, 2, 2, 2, 2, 1]);
    assert!(rows.iter().take(6).map(|row| &row.record).eq(&records));
    let mut claimed = Vec::new();
    for kind in [OutboxKind::Stock, OutboxKind::Order, OutboxKind::Feedback, OutboxKind::Product] {
        let rows = repository.claim(&erp(), kind, at(0), at(60), 10).await.unwrap();
        claimed.push(rows.iter().map(|row| row.id).collect::<Vec<_>>());
    }
    assert_eq!(claimed, [vec![1], vec![3, 4], vec![2], vec![5, 6]]);
}

async fn the_outbox_is_listed_oldest_first(repository: &dyn Repository) {
    let elsewhere = Wish { connection: erp(), ..wish("c", at(0)) };
    enqueue(repository, [wish("b", at(9)), elsewhere, wish("a", at(1))]).await;
    let row = repository.claim(&store(), OutboxKind::Stock, at(9), at(60), 1).await.unwrap().remove(0);
    settle_now(repository, &row, Settled::Held { issue: 1 }).await.unwrap();
    let ids = |rows: Vec<OutboxRow>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(ids(repository.outbox(None, 10).await.unwrap()), [1, 2, 3]);
    assert_eq!(ids(repository.outbox(None, 2).await.unwrap()), [1, 2]);
    assert_eq!(ids(repository.outbox(Some(&store()), 10).await.unwrap()), [1, 3]);
    repository.commit(vec![Mutation::Enqueue(wish("b", at(0)))]).await.unwrap();
    assert_eq!(ids(repository.outbox(None, 10).await.unwrap()), [1, 2, 3]);
}

async fn the_outbox_is_summed_up(repository: &dyn Repository) {
    assert_eq!(repository.outbox_summary(&store()).await.unwrap(), zygos_storage::OutboxSummary::default());
    enqueue(repository, [wish("a", at(1)), wish("b", at(2)), wish("c", at(3))]).await;
    let row = repository.claim(&store(), OutboxKind::Stock, at(1), at(60), 1).await.unwrap().remove(0);
    settle_now(repository, &row, Settled::Held { issue: 1 }).await.unwrap();
    let summary = repository.outbox_summary(&store()).await.unwrap();
    assert_eq!((summary.waiting, summary.held, summary.oldest), (2, 1, Some(at(2))));
    assert_eq!(repository.outbox_summary(&erp()).await.unwrap().waiting, 0);
}
