//! Rows as SQLite gives them, and what they mean.

use sqlx::FromRow;
use zygos_core::{
    ConnectionId, RemoteKey, RunId,
    model::{Order, Product, Unit},
};

use super::{
    fault::Fault,
    values::{
        count, decimal, from_json, from_word, lane, large_count, optional_timestamp, record, side, timestamp,
    },
};
use crate::rows::{
    Attempt, ConnectionState, Drift, FieldBases, Issue, JournalEntry, Lease, LedgerRow, Link, OutboxRow,
    OutboxSummary, Run, SentWrite, StockBase, StoredHint, StoredOrder, StoredProduct, StoredUnit, Tombstone,
};

type Result<T> = std::result::Result<T, Fault>;

/// A stored row that can be understood as a value.
pub(super) trait Meaning {
    type Value;

    fn meaning(self) -> Result<Self::Value>;
}

#[derive(FromRow)]
pub(super) struct ConnectionColumns {
    mode: String,
    reason: Option<String>,
}

impl Meaning for ConnectionColumns {
    type Value = ConnectionState;

    fn meaning(self) -> Result<ConnectionState> {
        Ok(ConnectionState { mode: from_word("connection", self.mode)?, reason: self.reason })
    }
}

#[derive(FromRow)]
pub(super) struct UnitColumns {
    position: i64,
    body: String,
    stock: Option<String>,
    read_at: i64,
}

impl Meaning for UnitColumns {
    type Value = StoredUnit;

    fn meaning(self) -> Result<StoredUnit> {
        let mut unit: Unit = from_json("unit", &self.body)?;
        unit.stock = self.stock.as_deref().map(|text| decimal("figure", text)).transpose()?;
        Ok(StoredUnit {
            unit,
            position: large_count("unit", self.position)?,
            read_at: timestamp("figure", self.read_at)?,
        })
    }
}

#[derive(FromRow)]
pub(super) struct ProductColumns {
    body: String,
    digest: String,
    read_at: i64,
}

impl Meaning for ProductColumns {
    type Value = StoredProduct;

    fn meaning(self) -> Result<StoredProduct> {
        let product: Product = from_json("product_body", &self.body)?;
        Ok(StoredProduct { product, digest: self.digest, read_at: timestamp("product", self.read_at)? })
    }
}

#[derive(FromRow)]
pub(super) struct ProductOfColumns {
    unit: String,
    product: String,
}

impl Meaning for ProductOfColumns {
    type Value = (RemoteKey, RemoteKey);

    fn meaning(self) -> Result<(RemoteKey, RemoteKey)> {
        Ok((RemoteKey::from(self.unit), RemoteKey::from(self.product)))
    }
}

#[derive(FromRow)]
pub(super) struct FieldBaseColumns {
    store: String,
    key: String,
    halves: String,
}

impl Meaning for FieldBaseColumns {
    type Value = FieldBases;

    fn meaning(self) -> Result<FieldBases> {
        Ok(FieldBases {
            store: ConnectionId::from(self.store),
            key: RemoteKey::from(self.key),
            halves: from_json("field_base", &self.halves)?,
        })
    }
}

#[derive(FromRow)]
pub(super) struct TombstoneColumns {
    store: String,
    left_on: i64,
    unit: String,
    sku: Option<String>,
    at: i64,
    decided: Option<String>,
}

impl Meaning for TombstoneColumns {
    type Value = Tombstone;

    fn meaning(self) -> Result<Tombstone> {
        Ok(Tombstone {
            store: ConnectionId::from(self.store),
            left: side("tombstone", self.left_on)?,
            unit: RemoteKey::from(self.unit),
            sku: self.sku,
            at: timestamp("tombstone", self.at)?,
            decided: self.decided,
        })
    }
}

#[derive(FromRow)]
pub(super) struct LinkColumns {
    store: String,
    store_key: String,
    erp: String,
    erp_key: String,
    matched_by: String,
}

impl Meaning for LinkColumns {
    type Value = Link;

    fn meaning(self) -> Result<Link> {
        Ok(Link {
            store: ConnectionId::from(self.store),
            store_key: RemoteKey::from(self.store_key),
            erp: ConnectionId::from(self.erp),
            erp_key: RemoteKey::from(self.erp_key),
            matched_by: self.matched_by,
        })
    }
}

#[derive(FromRow)]
pub(super) struct StockBaseColumns {
    store: String,
    unit: String,
    figure: String,
    read_at: i64,
}

impl Meaning for StockBaseColumns {
    type Value = StockBase;

    fn meaning(self) -> Result<StockBase> {
        Ok(StockBase {
            store: ConnectionId::from(self.store),
            unit: RemoteKey::from(self.unit),
            figure: decimal("stock_base", &self.figure)?,
            read_at: timestamp("stock_base", self.read_at)?,
        })
    }
}

#[derive(FromRow)]
pub(super) struct OrderColumns {
    store: String,
    body: String,
    digest: String,
    state: String,
    state_code: String,
    reference: String,
    party: Option<String>,
    document: Option<String>,
    root: Option<String>,
    first_seen: i64,
    last_read: i64,
    seen_by: String,
    closed: bool,
}

impl Meaning for OrderColumns {
    type Value = StoredOrder;

    fn meaning(self) -> Result<StoredOrder> {
        let order: Order = from_json("store_order_body", &self.body)?;
        Ok(StoredOrder {
            store: ConnectionId::from(self.store),
            order,
            digest: self.digest,
            state: from_json("store_order", &self.state)?,
            state_code: self.state_code,
            reference: self.reference,
            party: self.party.map(RemoteKey::from),
            document: self.document.as_deref().map(|text| from_json("store_order_body", text)).transpose()?,
            root: self.root.map(RemoteKey::from),
            first_seen: timestamp("store_order", self.first_seen)?,
            last_read: timestamp("store_order", self.last_read)?,
            seen_by: self.seen_by,
            closed: self.closed,
        })
    }
}

#[derive(FromRow)]
pub(super) struct LedgerColumns {
    store: String,
    order_id: String,
    unit: String,
    warehouse: Option<String>,
    quantity: String,
    recorded: String,
    reserved: String,
    moved: String,
    proven_at: Option<i64>,
    entered_at: i64,
    reference: String,
    undecided: bool,
}

impl Meaning for LedgerColumns {
    type Value = LedgerRow;

    fn meaning(self) -> Result<LedgerRow> {
        Ok(LedgerRow {
            store: ConnectionId::from(self.store),
            order: RemoteKey::from(self.order_id),
            unit: RemoteKey::from(self.unit),
            warehouse: self.warehouse.map(RemoteKey::from),
            quantity: decimal("ledger", &self.quantity)?,
            recorded: decimal("ledger", &self.recorded)?,
            reserved: decimal("ledger", &self.reserved)?,
            moved: decimal("ledger", &self.moved)?,
            proven_at: optional_timestamp("ledger", self.proven_at)?,
            entered_at: timestamp("ledger", self.entered_at)?,
            reference: self.reference,
            undecided: self.undecided,
        })
    }
}

#[derive(FromRow)]
pub(super) struct OutboxColumns {
    id: i64,
    connection: String,
    kind: i64,
    record_store: String,
    record_key: String,
    lane: i64,
    reason: String,
    due_at: i64,
    attempts: i64,
    revision: i64,
    sent: Option<String>,
    held_by: Option<i64>,
    created_at: i64,
    fence: i64,
}

impl Meaning for OutboxColumns {
    type Value = OutboxRow;

    fn meaning(self) -> Result<OutboxRow> {
        let sent: Option<SentWrite> =
            self.sent.as_deref().map(|text| from_json("outbox", text)).transpose()?;
        Ok(OutboxRow {
            id: self.id,
            connection: ConnectionId::from(self.connection),
            record: record(self.kind, self.record_store, self.record_key)?,
            lane: lane(self.lane)?,
            reason: self.reason,
            due_at: timestamp("outbox", self.due_at)?,
            attempts: count("outbox", self.attempts)?,
            revision: self.revision,
            sent,
            held_by: self.held_by,
            created_at: timestamp("outbox", self.created_at)?,
            fence: self.fence,
        })
    }
}

impl Meaning for (i64, i64, Option<i64>) {
    type Value = OutboxSummary;

    fn meaning(self) -> Result<OutboxSummary> {
        let (waiting, held, oldest) = self;
        Ok(OutboxSummary {
            waiting: large_count("outbox", waiting)?,
            held: large_count("outbox", held)?,
            oldest: optional_timestamp("outbox", oldest)?,
        })
    }
}

#[derive(FromRow)]
pub(super) struct IssueColumns {
    id: i64,
    connection: String,
    kind: String,
    subject: String,
    text: String,
    choices: String,
    opened_at: i64,
    closed_at: Option<i64>,
    answer: Option<String>,
}

impl Meaning for IssueColumns {
    type Value = Issue;

    fn meaning(self) -> Result<Issue> {
        Ok(Issue {
            id: self.id,
            connection: ConnectionId::from(self.connection),
            kind: self.kind,
            subject: self.subject,
            text: self.text,
            choices: from_json("issue", &self.choices)?,
            opened_at: timestamp("issue", self.opened_at)?,
            closed_at: optional_timestamp("issue", self.closed_at)?,
            answer: self.answer,
        })
    }
}

#[derive(FromRow)]
pub(super) struct JournalColumns {
    at: i64,
    connection: String,
    entity: String,
    key: String,
    field: String,
    before: Option<String>,
    after: Option<String>,
    why: String,
    run: Option<String>,
}

impl Meaning for JournalColumns {
    type Value = JournalEntry;

    fn meaning(self) -> Result<JournalEntry> {
        Ok(JournalEntry {
            at: timestamp("journal", self.at)?,
            connection: ConnectionId::from(self.connection),
            entity: from_word("journal", self.entity)?,
            key: RemoteKey::from(self.key),
            field: self.field,
            before: self.before,
            after: self.after,
            why: self.why,
            run: self.run.map(RunId::from),
        })
    }
}

#[derive(FromRow)]
pub(super) struct AttemptColumns {
    at: i64,
    connection: String,
    record: String,
    write: String,
    outcome: String,
    run: Option<String>,
}

impl Meaning for AttemptColumns {
    type Value = Attempt;

    fn meaning(self) -> Result<Attempt> {
        Ok(Attempt {
            at: timestamp("attempt", self.at)?,
            connection: ConnectionId::from(self.connection),
            record: self.record,
            write: self.write,
            outcome: self.outcome,
            run: self.run.map(RunId::from),
        })
    }
}

#[derive(FromRow)]
pub(super) struct DriftColumns {
    id: i64,
    store: String,
    unit: String,
    sku: Option<String>,
    field: String,
    should_be: String,
    was: String,
    cause: String,
    found_at: i64,
    corrected_at: Option<i64>,
}

impl Meaning for DriftColumns {
    type Value = Drift;

    fn meaning(self) -> Result<Drift> {
        Ok(Drift {
            id: self.id,
            store: ConnectionId::from(self.store),
            unit: RemoteKey::from(self.unit),
            sku: self.sku,
            field: self.field,
            should: self.should_be,
            is: self.was,
            cause: self.cause,
            found_at: timestamp("drift", self.found_at)?,
            corrected_at: optional_timestamp("drift", self.corrected_at)?,
        })
    }
}

#[derive(FromRow)]
pub(super) struct RunColumns {
    id: String,
    flow: String,
    connection: Option<String>,
    started_at: i64,
    ended_at: Option<i64>,
    counts: String,
    outcome: Option<String>,
}

impl Meaning for RunColumns {
    type Value = Run;

    fn meaning(self) -> Result<Run> {
        Ok(Run {
            id: RunId::from(self.id),
            flow: self.flow,
            connection: self.connection.map(ConnectionId::from),
            started_at: timestamp("run", self.started_at)?,
            ended_at: optional_timestamp("run", self.ended_at)?,
            counts: from_json("run", &self.counts)?,
            outcome: self.outcome,
        })
    }
}

#[derive(FromRow)]
pub(super) struct HintColumns {
    id: i64,
    connection: String,
    entity: String,
    key: Option<String>,
    digest: String,
    received_at: i64,
}

impl Meaning for HintColumns {
    type Value = StoredHint;

    fn meaning(self) -> Result<StoredHint> {
        Ok(StoredHint {
            id: self.id,
            connection: ConnectionId::from(self.connection),
            entity: from_word("hint", self.entity)?,
            key: self.key.map(RemoteKey::from),
            digest: self.digest,
            received_at: timestamp("hint", self.received_at)?,
        })
    }
}

#[derive(FromRow)]
pub(super) struct LeaseColumns {
    credential: String,
    owner: String,
    until: i64,
}

impl Meaning for LeaseColumns {
    type Value = Lease;

    fn meaning(self) -> Result<Lease> {
        Ok(Lease { credential: self.credential, owner: self.owner, until: timestamp("lease", self.until)? })
    }
}

impl Meaning for (i64,) {
    type Value = i64;

    fn meaning(self) -> Result<i64> {
        Ok(self.0)
    }
}

impl Meaning for (Option<i64>,) {
    type Value = Option<i64>;

    fn meaning(self) -> Result<Option<i64>> {
        Ok(self.0)
    }
}

impl Meaning for (String,) {
    type Value = String;

    fn meaning(self) -> Result<String> {
        Ok(self.0)
    }
}

impl Meaning for (String, String) {
    type Value = (RemoteKey, String);

    fn meaning(self) -> Result<(RemoteKey, String)> {
        Ok((RemoteKey::from(self.0), self.1))
    }
}
