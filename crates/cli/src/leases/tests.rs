use std::path::{Path, PathBuf};

use tempfile::TempDir;
use zygos_core::{
    Clock, RemoteKey,
    budget::Window,
    contract::{Lane, Write},
};
use zygos_sim::ManualClock;
use zygos_storage::{
    MemoryRepository, OutboxKind, OutboxRecord, OutboxRow, SentWrite, Settled, StorageError, Wish,
};

use super::*;

/// A state with two credentials: one of a store, one of the ERP.
struct Place {
    repository: Arc<MemoryRepository>,
    clock: Arc<ManualClock>,
    state: PathBuf,
    _directory: TempDir,
}

fn shop() -> ConnectionId {
    ConnectionId::new("shop")
}

impl Place {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let state = directory.path().join("zygos.db");
        std::fs::write(&state, "").unwrap();
        let clock = Arc::new(ManualClock::new("2026-03-05T08:00:00Z".parse().unwrap()));
        Self { repository: Arc::new(MemoryRepository::new()), clock, state, _directory: directory }
    }

    fn process(&self) -> Leases {
        let lock = Arc::new(OwnerLock::take(Path::new(&self.state)).unwrap());
        let credentials = [("erp#1", "erp"), ("shop#1", "shop")]
            .map(|(credential, name)| (credential.to_owned(), vec![ConnectionId::new(name)]));
        Leases::new(self.repository.clone(), self.clock.clone(), lock, BTreeMap::from(credentials))
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance_to(later(self.clock.now(), Duration::from_secs(seconds)));
    }

    /// A unit to be re-decided in the store.
    async fn wish(&self) {
        let wish = Wish {
            connection: shop(),
            record: OutboxRecord::Stock(RemoteKey::new("7")),
            lane: Lane::HotStock,
            reason: "sold".to_owned(),
            due_at: self.clock.now(),
            by_hand: false,
        };
        self.repository.commit(vec![Mutation::Enqueue(wish)]).await.unwrap();
    }

    async fn claim(&self) -> Vec<OutboxRow> {
        let now = self.clock.now();
        let until = later(now, Duration::from_secs(300));
        self.repository.claim(&shop(), OutboxKind::Stock, now, until, 10).await.unwrap()
    }
}

fn settle(row: &OutboxRow) -> Vec<Mutation> {
    vec![Mutation::Settle { row: row.id, fence: row.fence, revision: row.revision, settled: Settled::Done }]
}

#[tokio::test]
async fn a_dead_process_is_succeeded_at_once_and_its_claims_are_free() {
    let place = Place::new();
    let dead = place.process();
    assert_eq!(dead.take().await.unwrap(), Holder::We);
    place.wish().await;
    let row = place.claim().await.remove(0);
    let write = Write::SetStock { unit: RemoteKey::new("7"), figure: 3.into() };
    let sent = Box::new(SentWrite {
        write,
        to: None,
        at: place.clock.now(),
        deadline: place.clock.now(),
        fields: Vec::new(),
    });
    let mark = Mutation::MarkSent { row: row.id, fence: row.fence, sent: sent.clone() };
    place.repository.commit(vec![mark]).await.unwrap();
    drop(dead);

    let next = place.process();
    assert_eq!(next.take().await.unwrap(), Holder::We);
    let again = place.claim().await;
    // The claim is free, and the question stays: was the write carried out?
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].sent.as_ref(), Some(sent.as_ref()));
    let fenced = Err(StorageError::Fenced { row: row.id });
    assert_eq!(place.repository.commit(settle(&row)).await, fenced);
}

#[tokio::test]
async fn claims_of_a_dead_process_are_free_also_when_its_leases_have_run_out() {
    let place = Place::new();
    let dead = place.process();
    dead.take().await.unwrap();
    place.wish().await;
    place.claim().await;
    drop(dead);
    place.pass(60);
    let next = place.process();
    assert_eq!(next.take().await.unwrap(), Holder::We);
    assert_eq!(place.claim().await.len(), 1);
}

#[tokio::test]
async fn who_lives_keeps_its_leases_and_its_claims() {
    let place = Place::new();
    let first = place.process();
    first.take().await.unwrap();
    place.wish().await;
    let row = place.claim().await.remove(0);
    let second = place.process();
    let holder = Holder::Other(first.lock.name().to_owned());
    assert_eq!(second.take().await.unwrap(), holder);
    let refused = second.take_or_explain().await.unwrap_err().to_string();
    assert!(refused.contains(&format!("process {}", std::process::id())), "{refused}");
    assert!(place.claim().await.is_empty());
    // One that renews nothing is succeeded when its time is over; what it had claimed waits, for it may live.
    place.pass(46);
    assert_eq!(second.take().await.unwrap(), Holder::We);
    assert!(place.claim().await.is_empty());
    place.repository.commit(settle(&row)).await.unwrap();
    assert_eq!(first.take().await.unwrap(), Holder::Other(second.lock.name().to_owned()));
}

#[tokio::test]
async fn a_renewal_leaves_ones_own_claims_alone() {
    let place = Place::new();
    let dead = place.process();
    dead.take().await.unwrap();
    drop(dead);
    let next = place.process();
    next.take().await.unwrap();
    place.wish().await;
    let row = place.claim().await.remove(0);
    place.pass(15);
    assert_eq!(next.take().await.unwrap(), Holder::We);
    place.repository.commit(settle(&row)).await.unwrap();
}

#[tokio::test]
async fn owners_of_another_kind_are_waited_for() {
    let place = Place::new();
    let now = place.clock.now();
    place.repository.lease("shop#1", "4711-old", now, later(now, HELD_FOR)).await.unwrap();
    let next = place.process();
    assert_eq!(next.take().await.unwrap(), Holder::Other("4711-old".to_owned()));
    place.pass(45);
    assert_eq!(next.take().await.unwrap(), Holder::We);
}

#[tokio::test]
async fn leases_given_back_are_anybodys() {
    let place = Place::new();
    let (first, second) = (place.process(), place.process());
    first.take().await.unwrap();
    first.release().await.unwrap();
    assert_eq!(second.take().await.unwrap(), Holder::We);
}

#[tokio::test]
async fn who_comes_next_counts_the_calls_of_the_one_before() {
    let place = Place::new();
    let windows = [Window { length: Duration::from_secs(60), calls: 80 }];
    let with_calls = |calls: u32| {
        let budgets = Budgets::default();
        let shared = budgets.of("shop#1", &windows);
        for _ in 0..calls {
            shared.lock().unwrap().spend(place.clock.now());
        }
        (Leases { budgets, ..place.process() }, shared)
    };
    let (first, _) = with_calls(50);
    first.take_or_explain().await.unwrap();
    first.release().await.unwrap();
    drop(first);
    place.pass(10);
    let (second, budget) = with_calls(30);
    let now = place.clock.now();
    assert_eq!(budget.lock().unwrap().earliest(now, Lane::Orders), now);
    second.take_or_explain().await.unwrap();
    assert!(budget.lock().unwrap().earliest(now, Lane::Orders) > later(now, Duration::from_secs(49)));
    // Renewing counts nothing twice, and a minute later it is over.
    second.take_or_explain().await.unwrap();
    place.pass(52);
    let now = place.clock.now();
    assert_eq!(budget.lock().unwrap().earliest(now, Lane::Orders), now);
}
