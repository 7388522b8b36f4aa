use zygos_core::contract::Checkpoint;
use zygos_storage::{ConnectionState, Mode, Mutation, Repository, StorageError};

use crate::support::{at, erp, journal_entry, put_unit, settle, store, stored_unit, wish};

crate::behaviours![
    a_connection_never_heard_of_observes,
    the_state_of_a_connection_is_replaced,
    a_cursor_and_its_page_land_together,
    each_feed_has_its_own_cursor,
    nothing_to_commit_is_no_error,
];

async fn a_connection_never_heard_of_observes(repository: &dyn Repository) {
    let state = repository.connection(&store()).await.unwrap();
    assert_eq!(state, ConnectionState::default());
    assert_eq!(state.mode, Mode::Observe);
}

async fn the_state_of_a_connection_is_replaced(repository: &dyn Repository) {
    let paused =
        ConnectionState { mode: Mode::Paused, reason: Some("the credentials are refused".to_owned()) };
    let live = ConnectionState { mode: Mode::Live, ..ConnectionState::default() };
    for state in [paused, live] {
        let put = Mutation::PutConnection { connection: store(), state: state.clone() };
        repository.commit(vec![put]).await.unwrap();
        assert_eq!(repository.connection(&store()).await.unwrap(), state);
    }
    assert_eq!(repository.connection(&erp()).await.unwrap(), ConnectionState::default());
}

fn put_cursor(feed: &str, checkpoint: &str) -> Mutation {
    let checkpoint = Checkpoint(checkpoint.to_owned());
    Mutation::PutCursor { connection: store(), feed: feed.to_owned(), checkpoint }
}

async fn a_cursor_and_its_page_land_together(repository: &dyn Repository) {
    repository.commit(vec![put_cursor("orders", "page 1")]).await.unwrap();
    // Whatever fails in a commit, the cursor in it has not moved: here a claim that nobody has.
    repository.commit(vec![Mutation::Enqueue(wish("a", at(0)))]).await.unwrap();
    let unclaimed = repository.outbox(None, 1).await.unwrap().remove(0);
    let page = vec![
        put_unit(stored_unit("a", 0, at(0))),
        put_cursor("orders", "page 2"),
        Mutation::AddJournal(journal_entry("a", "page 2")),
        settle(&unclaimed, zygos_storage::Settled::Done),
    ];
    let refused = repository.commit(page.clone()).await;
    assert_eq!(refused, Err(StorageError::Fenced { row: unclaimed.id }));
    assert_eq!(repository.cursor(&store(), "orders").await.unwrap(), Some(Checkpoint("page 1".to_owned())));
    assert_eq!(repository.unit_count(&store()).await.unwrap(), 0);

    repository.commit(page[..3].to_vec()).await.unwrap();
    assert_eq!(repository.cursor(&store(), "orders").await.unwrap(), Some(Checkpoint("page 2".to_owned())));
    assert_eq!(repository.unit_count(&store()).await.unwrap(), 1);
}

async fn each_feed_has_its_own_cursor(repository: &dyn Repository) {
    repository.commit(vec![put_cursor("orders", "1"), put_cursor("stock", "2")]).await.unwrap();
    assert_eq!(repository.cursor(&store(), "orders").await.unwrap(), Some(Checkpoint("1".to_owned())));
    assert_eq!(repository.cursor(&store(), "stock").await.unwrap(), Some(Checkpoint("2".to_owned())));
    assert_eq!(repository.cursor(&store(), "documents").await.unwrap(), None);
    assert_eq!(repository.cursor(&erp(), "orders").await.unwrap(), None);
}

async fn nothing_to_commit_is_no_error(repository: &dyn Repository) {
    repository.commit(Vec::new()).await.unwrap();
}
