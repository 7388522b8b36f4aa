use std::path::PathBuf;

use jiff::{Timestamp, ToSpan};
use rust_decimal::Decimal;
use tempfile::TempDir;
use zygos_core::{
    ConnectionId, RemoteKey, RunId, WorkspaceId,
    catalogue::Halves,
    contract::{Checkpoint, Lane, Side, Write},
    model::{
        Address, Customer, Document, DocumentState, Entity, Field, FieldTrouble, LineKind, Order, OrderLine,
        OrderStatus, PaymentMethod, PaymentStatus, Product, Shape, Unit, UnitKind, Value, Variant,
    },
    money::Currency,
};
#[cfg(feature = "real-postgres")]
use zygos_storage::PostgresRepository;
use zygos_storage::{
    Attempt, ConnectionState, Drift, FieldBases, Issue, JournalEntry, LedgerRow, Link, Mode, Mutation,
    OutboxKind, OutboxRecord, OutboxRow, Repository, Run, SentWrite, Settled, SqliteRepository, StockBase,
    StorageError, StoredHint, StoredOrder, StoredProduct, StoredUnit, Tombstone, Wish,
};

use crate::everything::everything;

pub fn store() -> ConnectionId {
    ConnectionId::new("shop")
}

pub fn other_store() -> ConnectionId {
    ConnectionId::new("outlet")
}

pub fn erp() -> ConnectionId {
    ConnectionId::new("erp")
}

pub fn key(text: &str) -> RemoteKey {
    RemoteKey::new(text)
}

pub fn keys(texts: &[&str]) -> Vec<RemoteKey> {
    texts.iter().map(|text| key(text)).collect()
}

/// Seconds after the tests' beginning of time.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + seconds).unwrap()
}

pub fn micros_after(at: Timestamp, micros: i64) -> Timestamp {
    at + micros.microseconds()
}

pub fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub fn unit(name: &str) -> Unit {
    Unit {
        key: key(name),
        parent: None,
        kind: UnitKind::Goods,
        sku: Some(format!("SKU-{name}")),
        ean: None,
        name: format!("The {name}"),
        active: true,
        tracked: true,
        stock: Some(number("7")),
        price_net: Some(number("12.3456")),
        price_gross: None,
        tax_percent: Some(number("19")),
        measure: Some("pcs".to_owned()),
        decimals: Some(0),
    }
}

pub fn stored_unit(name: &str, position: u64, read_at: Timestamp) -> StoredUnit {
    StoredUnit { unit: unit(name), position, read_at }
}

pub fn put_unit(unit: StoredUnit) -> Mutation {
    Mutation::PutUnit { connection: store(), unit }
}

pub fn product(name: &str, units: &[&str]) -> Product {
    let variant = |(name, weight): (&&str, &str)| Variant {
        unit: unit(name),
        facts: [(Field::Weight, Value::number(number(weight)))].into(),
        options: vec![("Size".to_owned(), format!("as {name}"))],
    };
    Product {
        code: None,
        key: key(name),
        shape: Shape::Variants,
        facts: [
            (Field::Name, Value::text("Scaun „Ana”")),
            (Field::MetaTitle, Value::text("")),
            (Field::Categories, Value::paths([vec!["Home".to_owned(), "Chairs".to_owned()]])),
            (Field::Images, Value::addresses(["https://shop.example/1.jpg".to_owned()])),
        ]
        .into(),
        variants: units
            .iter()
            .zip(["1.25", "0.000001", "79228162514264337593543950335"])
            .map(variant)
            .collect(),
        troubles: vec![FieldTrouble {
            unit: None,
            field: "tax".to_owned(),
            message: "name one tax".to_owned(),
        }],
        modified_at: Some(micros_after(at(5), 1)),
    }
}

pub fn stored_product(product: Product, digest: &str, read_at: Timestamp) -> StoredProduct {
    StoredProduct { product, digest: digest.to_owned(), read_at }
}

/// Under a digest of its own at each time.
pub fn put_product(product: Product, read_at: Timestamp) -> Mutation {
    let product = Box::new(stored_product(product, &format!("as at {read_at}"), read_at));
    Mutation::PutProduct { connection: store(), product }
}

pub fn halves(text: &str) -> Halves {
    Halves { store: Value::text(text), erp: Value::number(number("49.9008")), percent: Some(number("21")) }
}

pub fn field_bases<const N: usize>(name: &str, texts: [(Field, &str); N]) -> FieldBases {
    let halves = texts.map(|(field, text)| (field, halves(text))).into();
    FieldBases { store: store(), key: key(name), halves }
}

pub fn tombstone(left: Side, unit: &str) -> Tombstone {
    Tombstone {
        store: store(),
        left,
        unit: key(unit),
        sku: Some(format!("SKU-{unit}")),
        at: micros_after(at(4), 1),
        decided: None,
    }
}

pub fn link(store: ConnectionId, store_key: &str, erp_key: &str) -> Link {
    Link { store, store_key: key(store_key), erp: erp(), erp_key: key(erp_key), matched_by: "sku".to_owned() }
}

pub fn stock_base(unit: &str, figure: &str) -> StockBase {
    StockBase { store: store(), unit: key(unit), figure: number(figure), read_at: at(3) }
}

pub fn order(id: &str) -> Order {
    Order {
        id: key(id),
        parent: None,
        created_at: at(0),
        modified_at: Some(micros_after(at(1), 123_456)),
        status: OrderStatus::Unknown("on its way".to_owned()),
        payment: PaymentStatus::Paid,
        payment_method: PaymentMethod {
            code: "cash_delivery".to_owned(),
            name: "Ramburs „la ușă”".to_owned(),
        },
        shipping_method: None,
        currency: Currency::parse("RON").unwrap(),
        total: number("119.10"),
        tax_total: Some(number("19.016807")),
        customer: Customer { name: "Ioana Țepeș".to_owned(), ..Customer::default() },
        billing: Address::default(),
        shipping: Address { city: "Cluj".to_owned(), ..Address::default() },
        lines: vec![OrderLine {
            key: key("1"),
            kind: LineKind::Product,
            unit: Some(key("a")),
            sku: Some("SKU-a".to_owned()),
            ean: None,
            description: "It's a \"thing\"\n".to_owned(),
            quantity: number("-0.250000"),
            unit_net: number("79228162514264337593543950335"),
            unit_gross: number("0.0000000000000000000000000001"),
            tax_percent: number("19"),
            total_gross: number("119.10"),
            warehouses: Vec::new(),
        }],
        note: None,
        tags: vec!["gift".to_owned()],
        awb: None,
        erp_id: None,
    }
}

pub fn stored_order(id: &str) -> StoredOrder {
    StoredOrder {
        store: store(),
        order: order(id),
        digest: format!("digest of {id}"),
        state: "{\"at\":{\"step\":\"placed\",\"total\":119.10,\"tries\":[1,2]}}".parse().unwrap(),
        state_code: "placed".to_owned(),
        reference: format!("MP-{id}"),
        party: None,
        document: None,
        root: None,
        first_seen: at(1),
        last_read: at(2),
        seen_by: "poll".to_owned(),
        closed: false,
    }
}

pub fn put_order(order: StoredOrder) -> Mutation {
    Mutation::PutOrder(Box::new(order))
}

pub fn document(total: &str) -> Document {
    Document {
        key: key("77"),
        number: Some("SO0077".to_owned()),
        reference: "MP-1".to_owned(),
        state: DocumentState::Quoted,
        currency: Currency::parse("RON").unwrap(),
        untaxed: number("100.000000"),
        tax: number("19.10"),
        total: number(total),
        shipments: Vec::new(),
        invoices: Vec::new(),
        modified_at: Some(micros_after(at(5), 1)),
    }
}

pub fn ledger_row(order: &str, unit: &str, quantity: &str) -> LedgerRow {
    LedgerRow {
        store: store(),
        order: key(order),
        unit: key(unit),
        warehouse: None,
        quantity: number(quantity),
        recorded: Decimal::ZERO,
        reserved: Decimal::ZERO,
        moved: Decimal::ZERO,
        proven_at: None,
        entered_at: at(1),
        reference: format!("MP-{order}"),
        undecided: false,
    }
}

pub fn put_ledger(order: &str, rows: Vec<LedgerRow>) -> Mutation {
    Mutation::PutLedger { store: store(), order: key(order), rows }
}

pub fn stock(unit: &str) -> OutboxRecord {
    OutboxRecord::Stock(key(unit))
}

pub fn wish(unit: &str, due_at: Timestamp) -> Wish {
    Wish {
        connection: store(),
        record: stock(unit),
        lane: Lane::Corrections,
        reason: format!("{unit} was sold"),
        due_at,
        by_hand: false,
    }
}

pub fn by_hand(unit: &str, due_at: Timestamp) -> Wish {
    Wish { by_hand: true, reason: "asked for by hand".to_owned(), ..wish(unit, due_at) }
}

pub async fn enqueue(repository: &dyn Repository, wishes: impl IntoIterator<Item = Wish>) {
    repository.commit(wishes.into_iter().map(Mutation::Enqueue).collect()).await.unwrap();
}

pub async fn claim(repository: &dyn Repository, now: Timestamp, until: Timestamp) -> Vec<OutboxRow> {
    repository.claim(&store(), OutboxKind::Stock, now, until, 100).await.unwrap()
}

/// The only row there is to claim, until 60 s later.
pub async fn claim_one(repository: &dyn Repository, now: Timestamp) -> OutboxRow {
    let mut rows = claim(repository, now, now + 60.seconds()).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}

pub fn settle(row: &OutboxRow, settled: Settled) -> Mutation {
    Mutation::Settle { row: row.id, fence: row.fence, revision: row.revision, settled }
}

pub async fn settle_now(
    repository: &dyn Repository,
    row: &OutboxRow,
    settled: Settled,
) -> Result<(), StorageError> {
    repository.commit(vec![settle(row, settled)]).await
}

pub fn sent(unit: &str) -> SentWrite {
    SentWrite {
        write: Write::SetStock { unit: key(unit), figure: number("3.500000") },
        to: None,
        at: micros_after(at(10), 999_999),
        deadline: at(40),
        fields: Vec::new(),
    }
}

pub fn mark_sent(row: &OutboxRow, sent: SentWrite) -> Mutation {
    Mutation::MarkSent { row: row.id, fence: row.fence, sent: Box::new(sent) }
}

/// The row as it is listed.
pub async fn listed(repository: &dyn Repository) -> OutboxRow {
    let mut rows = repository.outbox(None, 10).await.unwrap();
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}

pub fn issue(subject: &str) -> Issue {
    Issue {
        id: 0,
        connection: store(),
        kind: "held".to_owned(),
        subject: subject.to_owned(),
        text: format!("order {subject} waits"),
        choices: vec!["import".to_owned(), "ignore".to_owned()],
        opened_at: at(1),
        closed_at: None,
        answer: None,
    }
}

pub fn close_issue(subject: &str, at: Timestamp) -> Mutation {
    Mutation::CloseIssue {
        connection: store(),
        kind: "held".to_owned(),
        subject: subject.to_owned(),
        at,
        answer: Some("import".to_owned()),
    }
}

pub fn drift(unit: &str, is: &str) -> Drift {
    Drift {
        id: 0,
        store: store(),
        unit: key(unit),
        sku: Some(format!("SKU-{unit}")),
        field: "stock".to_owned(),
        should: "5".to_owned(),
        is: is.to_owned(),
        cause: "edited".to_owned(),
        found_at: at(1),
        corrected_at: None,
    }
}

pub fn close_drift(unit: &str, field: &str, at: Timestamp) -> Mutation {
    Mutation::CloseDrift { store: store(), unit: key(unit), field: field.to_owned(), at }
}

pub fn journal_entry(name: &str, why: &str) -> JournalEntry {
    JournalEntry {
        at: micros_after(at(1), 7),
        connection: store(),
        entity: Entity::Stock,
        key: key(name),
        field: "stock".to_owned(),
        before: None,
        after: Some("3.500000".to_owned()),
        why: why.to_owned(),
        run: Some(RunId::new("run-1")),
    }
}

pub fn attempt(record: &str, when: Timestamp) -> Attempt {
    Attempt {
        at: when,
        connection: store(),
        record: record.to_owned(),
        write: "stock = 3".to_owned(),
        outcome: "applied".to_owned(),
        run: None,
    }
}

pub fn run(id: &str, started_at: Timestamp) -> Run {
    Run {
        id: RunId::new(id),
        flow: "verify".to_owned(),
        connection: Some(store()),
        started_at,
        ended_at: None,
        counts: [("read".to_owned(), 5_000), ("changed".to_owned(), 2)].into(),
        outcome: None,
    }
}

pub fn hint(digest: &str) -> StoredHint {
    StoredHint {
        id: 0,
        connection: store(),
        entity: Entity::Order,
        key: Some(key("1")),
        digest: digest.to_owned(),
        received_at: micros_after(at(2), 5),
    }
}

/// A little of everything there is, under the names the tests use.
pub fn a_little_of_everything() -> Vec<Mutation> {
    vec![
        Mutation::PutConnection {
            connection: store(),
            state: ConnectionState { mode: Mode::Live, reason: None },
        },
        Mutation::PutCursor {
            connection: store(),
            feed: "orders".to_owned(),
            checkpoint: Checkpoint("neighbour's".to_owned()),
        },
        put_unit(stored_unit("a", 0, at(99))),
        put_unit(stored_unit("b", 1, at(99))),
        put_product(product("p", &["a", "b"]), at(99)),
        Mutation::PutFieldBases(field_bases("p", [(Field::Name, "Old")])),
        Mutation::PutTombstone(tombstone(Side::Erp, "Z")),
        Mutation::PutLink(link(store(), "a", "A")),
        Mutation::PutStockBase(stock_base("a", "4")),
        put_order(stored_order("1")),
        put_order(StoredOrder { root: Some(key("1")), ..stored_order("1.1") }),
        put_ledger("1", vec![ledger_row("1", "A", "2"), ledger_row("1", "B", "1")]),
        Mutation::Enqueue(wish("a", at(0))),
        Mutation::Enqueue(wish("b", at(1))),
        Mutation::AddAttempt(attempt("unit a", at(0))),
        Mutation::AddJournal(journal_entry("a", "neighbour's")),
        Mutation::OpenIssue(issue("1")),
        Mutation::OpenIssue(issue("2")),
        close_issue("2", at(0)),
        Mutation::OpenDrift(drift("a", "2")),
        Mutation::OpenDrift(drift("b", "2")),
        close_drift("b", "stock", at(0)),
        Mutation::PutRun(Run { ended_at: Some(at(0)), ..run("run-1", at(0)) }),
        Mutation::AddHint(hint("delivery-1")),
    ]
}

/// A file of two workspaces that know nothing of each other.
pub struct SharedFile {
    pub repository: SqliteRepository,
    neighbour: SqliteRepository,
    neighbour_at_first: Vec<String>,
    _directory: TempDir,
}

impl SharedFile {
    pub async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let file = file_in(&directory);
        let neighbour = SqliteRepository::open(&file, WorkspaceId::new("neighbour")).await.unwrap();
        let neighbour_at_first = settled(&neighbour).await;
        let repository = open(&file).await;
        Self { repository, neighbour, neighbour_at_first, _directory: directory }
    }

    pub async fn neighbour_noticed_nothing(self) {
        is_as_at_first(&self.neighbour, &self.neighbour_at_first).await;
        self.repository.close().await;
        self.neighbour.close().await;
    }
}

/// A neighbour with a little of everything, and all of it.
async fn settled(neighbour: &dyn Repository) -> Vec<String> {
    neighbour.commit(a_little_of_everything()).await.unwrap();
    neighbour.lease("key", "neighbour", at(0), at(1_000_000)).await.unwrap();
    everything(neighbour).await
}

async fn is_as_at_first(neighbour: &dyn Repository, at_first: &[String]) {
    assert_eq!(everything(neighbour).await, at_first);
    let lease = neighbour.lease("key", "somebody", at(1), at(2)).await.unwrap();
    assert_eq!(lease.owner, "neighbour");
}

/// As [`SharedFile`], in the PostgreSQL database of all tests.
#[cfg(feature = "real-postgres")]
pub struct SharedDatabase {
    pub repository: PostgresRepository,
    neighbour: PostgresRepository,
    neighbour_at_first: Vec<String>,
}

#[cfg(feature = "real-postgres")]
impl SharedDatabase {
    pub async fn new() -> Self {
        let neighbour = open_database("neighbour").await;
        let neighbour_at_first = settled(&neighbour).await;
        Self { repository: open_database("ours").await, neighbour, neighbour_at_first }
    }

    pub async fn neighbour_noticed_nothing(self) {
        is_as_at_first(&self.neighbour, &self.neighbour_at_first).await;
        self.repository.close().await;
        self.neighbour.close().await;
    }
}

/// Where `scripts/postgres.sh` started a server.
#[cfg(feature = "real-postgres")]
pub fn database() -> String {
    std::env::var("ZYGOS_TEST_POSTGRES").expect("`scripts/postgres.sh start` tells the address")
}

/// A workspace that only the running test has.
#[cfg(feature = "real-postgres")]
pub fn workspace(name: &str) -> WorkspaceId {
    let thread = std::thread::current();
    WorkspaceId::new(format!("{name} {} {}", thread.name().unwrap(), std::process::id()))
}

#[cfg(feature = "real-postgres")]
pub async fn open_database(name: &str) -> PostgresRepository {
    PostgresRepository::open(&database(), workspace(name)).await.unwrap()
}

pub fn file_in(directory: &TempDir) -> PathBuf {
    directory.path().join("zygos.db")
}

pub async fn open(file: &std::path::Path) -> SqliteRepository {
    SqliteRepository::open(file, WorkspaceId::new("ours")).await.unwrap()
}
