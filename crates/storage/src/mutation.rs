use jiff::Timestamp;
use zygos_core::{
    ConnectionId, RemoteKey,
    contract::{Checkpoint, Side},
    model::{Document, Unit},
};

use crate::rows::{
    Attempt, ConnectionState, Drift, FieldBases, Issue, JournalEntry, LedgerRow, Link, Run, SentWrite,
    Settled, StockBase, StoredHint, StoredOrder, StoredProduct, StoredUnit, Tombstone, Wish,
};

/// One change of the state. A list of them lands whole or not at all, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Mutation {
    PutConnection {
        connection: ConnectionId,
        state: ConnectionState,
    },
    /// Moves a cursor; goes with what was read up to it, in one commit.
    PutCursor {
        connection: ConnectionId,
        feed: String,
        checkpoint: Checkpoint,
    },
    PutUnit {
        connection: ConnectionId,
        unit: StoredUnit,
    },
    /// Only the figure of a known unit; nothing happens when the unit isn't known or a later read is stored.
    PutFigure {
        connection: ConnectionId,
        unit: Unit,
        read_at: Timestamp,
    },
    DropUnit {
        connection: ConnectionId,
        key: RemoteKey,
    },
    /// Which units belong to the product follows from it; one that moved belongs to the product read last. Of an
    /// unchanged digest only the time of reading is stored. Nothing happens when a later read is stored.
    PutProduct {
        connection: ConnectionId,
        product: Box<StoredProduct>,
    },
    /// Its units belong to no product then.
    DropProduct {
        connection: ConnectionId,
        key: RemoteKey,
    },
    /// Keeps these fields' halves beside those of other fields of the same key.
    PutFieldBases(FieldBases),
    DropFieldBases {
        store: ConnectionId,
        key: RemoteKey,
    },
    /// Replaces an earlier one of the same (store, side, unit).
    PutTombstone(Tombstone),
    DropTombstone {
        store: ConnectionId,
        left: Side,
        unit: RemoteKey,
    },
    /// Replaces an earlier link of the store's unit.
    PutLink(Link),
    DropLink {
        store: ConnectionId,
        store_key: RemoteKey,
    },
    /// Nothing happens when a later read is stored.
    PutStockBase(StockBase),
    /// What both sides last agreed on cannot be said any more.
    DropStockBase {
        store: ConnectionId,
        unit: RemoteKey,
    },
    PutOrder(Box<StoredOrder>),
    /// Only what the ERP tells of a stored order.
    PutDocument {
        store: ConnectionId,
        order: RemoteKey,
        document: Box<Document>,
    },
    /// Replaces all ledger rows of an order; deductions proven before are in the rows given.
    PutLedger {
        store: ConnectionId,
        order: RemoteKey,
        rows: Vec<LedgerRow>,
    },
    /// Stores what a read of the ERP proved about one row; nothing when a later proof is stored or the row is gone.
    Prove(LedgerRow),
    Enqueue(Wish),
    /// Before a call leaves: what is sent, so that a crash leaves a question and not a gap. Needs the claim.
    MarkSent {
        row: i64,
        fence: i64,
        sent: Box<SentWrite>,
    },
    /// Ends a claim. Needs the claim.
    Settle {
        row: i64,
        fence: i64,
        revision: i64,
        settled: Settled,
    },
    /// Ends every claim on the rows of a connection: its holder is known to be dead. The rows may be claimed again
    /// now; what was sent stays with them as a question, and a holder that lives after all is fenced off.
    ReleaseClaims {
        connection: ConnectionId,
    },
    AddAttempt(Attempt),
    AddJournal(JournalEntry),
    /// Opens an issue, or renews the text and choices of the open one of the same (connection, kind, subject).
    OpenIssue(Issue),
    /// Closes the open issue of this kind and subject, if any.
    CloseIssue {
        connection: ConnectionId,
        kind: String,
        subject: String,
        at: Timestamp,
        answer: Option<String>,
    },
    /// Records a difference; while one of the same unit and field is open, renews that one instead.
    OpenDrift(Drift),
    /// Closes the open drift of a unit's field, if any.
    CloseDrift {
        store: ConnectionId,
        unit: RemoteKey,
        field: String,
        at: Timestamp,
    },
    PutRun(Run),
    /// Stored once per digest.
    AddHint(StoredHint),
    DropHint {
        id: i64,
    },
}
