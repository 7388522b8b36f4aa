use std::collections::{BTreeMap, BTreeSet};

use zygos_core::{
    ConnectionId, RemoteKey, RunId,
    catalogue::Halves,
    contract::{Checkpoint, Side},
    model::Field,
};

use super::{
    ledger::Ledger, links::Links, open::Open, orders::Orders, outbox::Outbox, products::Products,
    units::Units,
};
use crate::rows::{
    Attempt, ConnectionState, Drift, Issue, JournalEntry, Lease, Run, StockBase, StoredHint, Tombstone,
};

#[derive(Default)]
pub(super) struct State {
    pub connections: BTreeMap<ConnectionId, ConnectionState>,
    pub cursors: BTreeMap<(ConnectionId, String), Checkpoint>,
    pub units: BTreeMap<ConnectionId, Units>,
    pub products: BTreeMap<ConnectionId, Products>,
    pub field_bases: BTreeMap<(ConnectionId, RemoteKey), BTreeMap<Field, Halves>>,
    pub tombstones: BTreeMap<(ConnectionId, Side, RemoteKey), Tombstone>,
    pub links: Links,
    pub bases: BTreeMap<(ConnectionId, RemoteKey), StockBase>,
    pub orders: Orders,
    pub ledger: Ledger,
    pub outbox: Outbox,
    pub attempts: Vec<Attempt>,
    pub journal: Vec<JournalEntry>,
    pub issues: Open<(ConnectionId, String, String), Issue>,
    pub drifts: Open<(ConnectionId, RemoteKey, String), Drift>,
    pub runs: BTreeMap<RunId, Run>,
    pub hints: BTreeMap<i64, StoredHint>,
    pub hint_digests: BTreeSet<(ConnectionId, String)>,
    pub last_hint: i64,
    pub leases: BTreeMap<String, Lease>,
}
