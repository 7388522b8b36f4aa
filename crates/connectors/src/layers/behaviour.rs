//! Behaviour of the layers that wrap a connector, on one that answers from a list.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use zygos_core::{
    SharedClock,
    clock::{elapsed, later},
    contract::{
        Absence, Applied, CallContext, Capabilities, CheckReport, Checkpoint, Connector, ConnectorError,
        EntityCapabilities, ErrorKind, Fetch, Item, Lane, Lookup, Outcome, Page, ReadMode, Side, Totals,
        Write, WriteMode,
    },
    model::Entity,
};

use super::{around, testing::SteppingClock};

struct Fake {
    capabilities: Capabilities,
    failures: Mutex<VecDeque<ErrorKind>>,
    called: Mutex<Vec<String>>,
}

impl Fake {
    /// Can list orders and set stock, and fails first with these.
    fn failing<const N: usize>(failures: [ErrorKind; N]) -> Arc<Self> {
        let entity = |read: &[ReadMode], write: &[WriteMode]| EntityCapabilities {
            read: read.to_vec(),
            write: write.to_vec(),
            page_size: 100,
            batch: 1,
            lengths: BTreeMap::new(),
            fields: BTreeMap::new(),
        };
        let capabilities = Capabilities {
            vendor: "fake",
            side: Side::Store,
            entities: BTreeMap::from([
                (Entity::Order, entity(&[ReadMode::Scan], &[])),
                (Entity::Stock, entity(&[], &[WriteMode::Update])),
            ]),
            reference_enforced: false,
            lookup: Lookup::None,
            max_in_flight: Duration::from_secs(60),
            totals: Totals::Never,
            absence: Absence::Unknown,
            document: None,
            line_needs_product: false,
        };
        Arc::new(Self {
            capabilities,
            failures: Mutex::new(VecDeque::from(failures)),
            called: Mutex::default(),
        })
    }

    fn answer<T>(&self, called: &str, good: T) -> Result<T, ConnectorError> {
        self.called.lock().unwrap().push(called.to_owned());
        match self.failures.lock().unwrap().pop_front() {
            Some(kind) => Err(ConnectorError::new(kind, "not now")),
            None => Ok(good),
        }
    }

    fn called(&self) -> usize {
        self.called.lock().unwrap().len()
    }
}

#[async_trait]
impl Connector for Fake {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn check(&self, _context: &CallContext) -> Result<CheckReport, ConnectorError> {
        self.answer("check", CheckReport::default())
    }

    async fn scan(&self, _: &CallContext, _: Entity, _: Option<&Checkpoint>) -> Result<Page, ConnectorError> {
        self.answer("scan", Page { items: Vec::new(), next: None, more: false, total: None })
    }

    async fn fetch(&self, _: &CallContext, _: &Fetch) -> Result<Vec<Item>, ConnectorError> {
        self.answer("fetch", Vec::new())
    }

    async fn apply(&self, _: &CallContext, batch: &[Write]) -> Vec<Outcome> {
        batch.iter().map(|_| self.answer("apply", Applied::default())).collect()
    }
}

fn down() -> ErrorKind {
    ErrorKind::Unavailable { maybe_applied: false }
}

fn context(clock: &SharedClock, seconds: u64) -> CallContext {
    CallContext { lane: Lane::Orders, deadline: later(clock.now(), Duration::from_secs(seconds)) }
}

fn set_stock() -> Write {
    Write::SetStock { unit: "1".into(), figure: 3.into() }
}

#[tokio::test]
async fn a_reading_that_found_nobody_is_tried_twice_more_and_no_oftener() {
    let clock = SteppingClock::shared();
    let (recovers, stays_down) =
        (Fake::failing([down(), down()]), Fake::failing([down(), down(), down(), down()]));
    let began = clock.now();
    let page = around(recovers.clone(), "shop", &clock).scan(&context(&clock, 30), Entity::Order, None).await;
    assert!(page.is_ok());
    assert_eq!((recovers.called(), elapsed(began, clock.now())), (3, Duration::from_millis(2500)));
    let page =
        around(stays_down.clone(), "shop", &clock).scan(&context(&clock, 30), Entity::Order, None).await;
    assert_eq!(page.unwrap_err().kind, down());
    assert_eq!(stays_down.called(), 3);
}

#[tokio::test]
async fn a_reading_that_is_asked_to_come_later_comes_later_if_its_time_allows() {
    let clock = SteppingClock::shared();
    let limited = |seconds| ErrorKind::RateLimited { wait: Some(Duration::from_secs(seconds)) };
    let (soon, late) = (Fake::failing([limited(5)]), Fake::failing([limited(60)]));
    let began = clock.now();
    assert!(around(soon.clone(), "shop", &clock).check(&context(&clock, 30)).await.is_ok());
    assert_eq!(elapsed(began, clock.now()), Duration::from_secs(5));
    let refused = around(late.clone(), "shop", &clock).check(&context(&clock, 30)).await;
    assert_eq!(refused.unwrap_err().kind, limited(60));
    assert_eq!(late.called(), 1);
}

#[tokio::test]
async fn a_reading_is_not_tried_again_past_its_deadline_nor_after_a_refusal() {
    let clock = SteppingClock::shared();
    let short = Fake::failing([down(), down()]);
    assert!(
        around(short.clone(), "shop", &clock).scan(&context(&clock, 2), Entity::Order, None).await.is_err()
    );
    assert_eq!(short.called(), 2);
    let refused = Fake::failing([ErrorKind::Auth]);
    assert!(around(refused.clone(), "shop", &clock).check(&context(&clock, 30)).await.is_err());
    assert_eq!(refused.called(), 1);
}

#[tokio::test]
async fn a_write_is_never_repeated() {
    let clock = SteppingClock::shared();
    let fake = Fake::failing([down()]);
    let outcomes = around(fake.clone(), "shop", &clock).apply(&context(&clock, 30), &[set_stock()]).await;
    assert_eq!(outcomes[0].as_ref().unwrap_err().kind, down());
    assert_eq!(fake.called(), 1);
}

#[tokio::test]
async fn what_is_not_declared_is_refused_untried_and_the_others_keep_their_places() {
    let clock = SteppingClock::shared();
    let fake = Fake::failing([]);
    let connector = around(fake.clone(), "shop", &clock);
    let context = context(&clock, 30);
    let tag = Write::AddTag { order: "7".into(), tag: "Picked".to_owned() };
    let outcomes = connector.apply(&context, &[set_stock(), tag, set_stock()]).await;
    let kinds: Vec<_> =
        outcomes.iter().map(|outcome| outcome.as_ref().err().map(|error| &error.kind)).collect();
    assert_eq!(kinds, [None, Some(&ErrorKind::Unsupported), None]);
    assert_eq!(fake.called(), 2);
    let listed = connector.scan(&context, Entity::Customer, None).await;
    assert_eq!(listed.unwrap_err().kind, ErrorKind::Unsupported);
    let split = Fetch::SplitChildren { order: "7".into() };
    assert_eq!(connector.fetch(&context, &split).await.unwrap_err().kind, ErrorKind::Unsupported);
    assert_eq!(fake.called(), 2);
}
