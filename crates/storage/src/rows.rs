//! What is stored, as values. Every row belongs to a workspace; the repository adds it to each key.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use zygos_core::{
    ConnectionId, RemoteKey, RunId,
    catalogue::Halves,
    contract::{Lane, Side, Write},
    model::{Document, Entity, Field, Order, Product, Unit},
};

/// Whether writes may go out on a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Everything is computed and shown, nothing is written.
    #[default]
    Observe,
    Live,
    /// All writes stopped by hand or because the credentials are refused.
    Paused,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionState {
    pub mode: Mode,
    /// Why it is paused, for people.
    pub reason: Option<String>,
}

/// A unit as one connection has it, and when its figure was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredUnit {
    pub unit: Unit,
    /// Its place in the side's own listing, counted from 0, as of the last scan.
    pub position: u64,
    /// When the read that gave `unit.stock` began.
    pub read_at: Timestamp,
}

/// The pairing of a store's unit and an ERP's unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub store: ConnectionId,
    pub store_key: RemoteKey,
    pub erp: ConnectionId,
    pub erp_key: RemoteKey,
    /// `sku`, `ean`, `hand`.
    pub matched_by: String,
}

/// The store's figure of a unit as last read back when both sides agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockBase {
    pub store: ConnectionId,
    pub unit: RemoteKey,
    pub figure: Decimal,
    pub read_at: Timestamp,
}

/// A product as one connection has it, as last read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredProduct {
    pub product: Product,
    /// Of what the side says of it, figures and times of change left out: equal digests mean nothing was edited.
    pub digest: String,
    /// When the read that gave it began.
    pub read_at: Timestamp,
}

/// What the two sides last agreed on about a product or a unit of a store, by field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldBases {
    pub store: ConnectionId,
    /// The store's key of the product, or of the unit for fields of units. A simple product may use one key for both:
    /// their fields are not the same.
    pub key: RemoteKey,
    pub halves: BTreeMap<Field, Halves>,
}

/// A product that was paired and is gone on one side. It is not made again by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    pub store: ConnectionId,
    /// The side on which it still is, and its unit's key there.
    pub left: Side,
    pub unit: RemoteKey,
    pub sku: Option<String>,
    pub at: Timestamp,
    /// What a person or the policy decided: `archive`, `leave`, `create`; `None`: not yet.
    pub decided: Option<String>,
}

/// An order of a store and how far Zygos has brought it. `state` is the engine's, stored as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredOrder {
    pub store: ConnectionId,
    pub order: Order,
    /// Digest of `order`: equal digests mean an equal order.
    pub digest: String,
    /// `zygos_core::orders::OrderState` as JSON.
    pub state: serde_json::Value,
    /// Short word of the state for filtering and listing: `held`, `placed`, …
    pub state_code: String,
    /// The reference that its document carries, known from the first sight.
    pub reference: String,
    pub party: Option<RemoteKey>,
    /// The ERP's document as last read.
    pub document: Option<Document>,
    /// The order this one was split from: its document and its ledger are that order's.
    pub root: Option<RemoteKey>,
    pub first_seen: Timestamp,
    /// When it was last read from the store.
    pub last_read: Timestamp,
    /// `hint`, `poll` or `hand`: how it was first seen.
    pub seen_by: String,
    /// Nothing more is expected of it on either side.
    pub closed: bool,
}

/// Goods sold in a store that the ERP's figure may not deduct yet: one row per order and ERP unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    pub store: ConnectionId,
    pub order: RemoteKey,
    /// The ERP's key of the unit.
    pub unit: RemoteKey,
    pub warehouse: Option<RemoteKey>,
    /// At the store now.
    pub quantity: Decimal,
    pub recorded: Decimal,
    pub reserved: Decimal,
    pub moved: Decimal,
    /// When the read that proved the deductions ended; `None` before the first.
    pub proven_at: Option<Timestamp>,
    pub entered_at: Timestamp,
    pub reference: String,
    /// The order is from before the go-live and nobody has decided about it: its units are not raised.
    pub undecided: bool,
}

/// What an outbox row is about; one unsettled row per (connection, record).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxRecord {
    /// Re-decide the store's figure of a unit (the store's key). Never carries a number.
    Stock(RemoteKey),
    /// Bring an order of a store one step on in the ERP.
    Order { store: ConnectionId, order: RemoteKey },
    /// Tell a store what became of its order.
    Feedback(RemoteKey),
    /// Compare a product of a store with the ERP's, or make the one that is missing. Named by the store's product, and
    /// by the ERP's while the store has none. The row's connection is the store; its writes may go to either side.
    Product { side: Side, key: RemoteKey },
}

/// Kinds of outbox records, for claiming one kind at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxKind {
    Stock,
    Order,
    Feedback,
    Product,
}

impl OutboxRecord {
    pub fn kind(&self) -> OutboxKind {
        match self {
            Self::Stock(_) => OutboxKind::Stock,
            Self::Order { .. } => OutboxKind::Order,
            Self::Feedback(_) => OutboxKind::Feedback,
            Self::Product { .. } => OutboxKind::Product,
        }
    }
}

/// A change that is wanted and not settled. The decision is made when the row is worked on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutboxRow {
    pub id: i64,
    /// Where it is written to.
    pub connection: ConnectionId,
    pub record: OutboxRecord,
    pub lane: Lane,
    /// Why, in words a shop owner understands.
    pub reason: String,
    pub due_at: Timestamp,
    /// Tries that failed since the last success.
    pub attempts: u32,
    /// Counts how often it was asked for; a wish that comes while the row is worked on is not lost.
    pub revision: i64,
    /// The write that was sent and whose outcome is not known (yet).
    pub sent: Option<SentWrite>,
    /// Waits for a person: the issue that holds it.
    pub held_by: Option<i64>,
    /// When the wish that made it fell due.
    pub created_at: Timestamp,
    /// Identifies this claim; 0 in listings.
    pub fence: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentWrite {
    pub write: Write,
    /// Where it went, when that isn't the row's own connection.
    pub to: Option<ConnectionId>,
    pub at: Timestamp,
    /// When the call must have given up; a take-over counts `max_in_flight` from here.
    pub deadline: Timestamp,
    /// Of a write to a product: what follows for its fields once it is carried out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<SentField>,
}

/// One field of a write whose answer may be lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentField {
    /// What both sides hold once it is carried out; of one field.
    pub base: FieldBases,
    pub entry: JournalEntry,
}

/// A wish to be put into the outbox. Joins the row of the same record if there is one.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    pub connection: ConnectionId,
    pub record: OutboxRecord,
    pub lane: Lane,
    pub reason: String,
    /// An existing row becomes due at the earlier of both.
    pub due_at: Timestamp,
    /// Also wakes a row that waits for a person, and forgets its failures (a re-run by hand).
    pub by_hand: bool,
}

/// How a claimed row ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Settled {
    /// Nothing is left to do; if it was asked for again meanwhile, it becomes due at once instead.
    Done,
    /// Look again at this time. `failed`: counts as one more failure; otherwise failures are forgotten.
    Again { due_at: Timestamp, reason: Option<String>, failed: bool },
    /// The write's outcome is unknown: keep `sent`, look again at this time.
    Unknown { due_at: Timestamp },
    /// Waits for a person; if it was asked for again meanwhile, it becomes due at once instead.
    Held { issue: i64 },
}

/// One try at a write, redacted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    pub at: Timestamp,
    pub connection: ConnectionId,
    /// The record as people name it: `order 42200017`, `unit ABC-1`.
    pub record: String,
    pub write: String,
    /// `applied`, `already`, or the error in plain words.
    pub outcome: String,
    pub run: Option<RunId>,
}

/// What was written, from what to what, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalEntry {
    pub at: Timestamp,
    pub connection: ConnectionId,
    pub entity: Entity,
    pub key: RemoteKey,
    pub field: String,
    pub before: Option<String>,
    pub after: Option<String>,
    pub why: String,
    pub run: Option<RunId>,
}

/// Something a person must look at. One open issue per (connection, kind, subject).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// 0 until stored.
    pub id: i64,
    pub connection: ConnectionId,
    /// Short word: `held`, `unknown_sku`, `duplicate_sku`, `guard`, `unreadable`, `quarantined`, …
    pub kind: String,
    /// What it is about: an order id, a SKU, a unit key.
    pub subject: String,
    /// What is so and what to do.
    pub text: String,
    /// What a person may answer; empty when it closes by itself once its cause is gone.
    pub choices: Vec<String>,
    pub opened_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub answer: Option<String>,
}

/// A difference that was found between what should be and what is. One is open per (store, unit, field); `unit` is the
/// product's key for fields that its variants share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// 0 until stored.
    pub id: i64,
    pub store: ConnectionId,
    pub unit: RemoteKey,
    pub sku: Option<String>,
    /// `stock`, or the code of a [`Field`].
    pub field: String,
    /// As people read it.
    pub should: String,
    pub is: String,
    /// `zygos_core::drift::DriftCause` as its short word.
    pub cause: String,
    pub found_at: Timestamp,
    /// When the correction was read back.
    pub corrected_at: Option<Timestamp>,
}

/// One execution of a flow, with what it did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub id: RunId,
    /// `verify`, `sync`, `pull`.
    pub flow: String,
    pub connection: Option<ConnectionId>,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// Counts by name: read, changed, skipped, calls_used, calls_least, …
    pub counts: BTreeMap<String, u64>,
    pub outcome: Option<String>,
}

/// A stored webhook: a reason to look that survives a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredHint {
    /// 0 until stored.
    pub id: i64,
    pub connection: ConnectionId,
    pub entity: Entity,
    pub key: Option<RemoteKey>,
    /// Digest of the delivery: the same delivery is stored once.
    pub digest: String,
    pub received_at: Timestamp,
}

/// The right to make calls on a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub credential: String,
    pub owner: String,
    pub until: Timestamp,
}

/// Orders to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    pub store: Option<ConnectionId>,
    pub state_code: Option<String>,
    /// `Some(false)`: only those of which something is still expected.
    pub closed: Option<bool>,
    /// Only those last read from the store before this time.
    pub last_read_before: Option<Timestamp>,
    /// Only those created at the store at or after this time.
    pub created_from: Option<Timestamp>,
    pub limit: Option<u32>,
}

/// What is waiting, for a summary.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OutboxSummary {
    /// Without those held, claimed ones included.
    pub waiting: u64,
    /// Waiting for a person.
    pub held: u64,
    /// `created_at` of the oldest that is waiting.
    pub oldest: Option<Timestamp>,
}
