use async_trait::async_trait;
use jiff::Timestamp;
use zygos_core::{ConnectionId, RemoteKey, RunId, contract::Checkpoint};

use crate::{
    StorageError,
    mutation::Mutation,
    rows::{
        Attempt, ConnectionState, Drift, FieldBases, Issue, JournalEntry, Lease, LedgerRow, Link,
        OrderFilter, OutboxKind, OutboxRecord, OutboxRow, OutboxSummary, Run, StockBase, StoredHint,
        StoredOrder, StoredProduct, StoredUnit, Tombstone,
    },
};

type Result<T> = std::result::Result<T, StorageError>;

/// Everything one workspace remembers. Lookups answer `None` for what isn't there; lists are in a stated order.
#[async_trait]
pub trait Repository: Send + Sync {
    /// Applies all mutations or none. Answers when they are durable.
    async fn commit(&self, mutations: Vec<Mutation>) -> Result<()>;

    /// Observe, for a connection never heard of.
    async fn connection(&self, connection: &ConnectionId) -> Result<ConnectionState>;

    async fn cursor(&self, connection: &ConnectionId, feed: &str) -> Result<Option<Checkpoint>>;

    async fn unit(&self, connection: &ConnectionId, key: &RemoteKey) -> Result<Option<StoredUnit>>;

    /// In the order of `keys`, without those not known.
    async fn units_by_key(&self, connection: &ConnectionId, keys: &[RemoteKey]) -> Result<Vec<StoredUnit>>;

    /// By position, then key, from position `from` on. At most `limit`, and then those that share the last one's
    /// position: whoever goes on at the next position misses none.
    async fn units(&self, connection: &ConnectionId, from: u64, limit: u32) -> Result<Vec<StoredUnit>>;

    /// All with this SKU or EAN (trimmed), or this key; for `explain`.
    async fn units_called(&self, connection: &ConnectionId, text: &str) -> Result<Vec<StoredUnit>>;

    async fn unit_count(&self, connection: &ConnectionId) -> Result<u64>;

    /// In the order of `keys`, without those not known.
    async fn products(&self, connection: &ConnectionId, keys: &[RemoteKey]) -> Result<Vec<StoredProduct>>;

    /// Unit and product, for those of these units that belong to a stored product; in the order of `units`.
    async fn products_of(
        &self,
        connection: &ConnectionId,
        units: &[RemoteKey],
    ) -> Result<Vec<(RemoteKey, RemoteKey)>>;

    /// Keys of products, ascending, behind `after`; at most `limit`.
    async fn product_keys(
        &self,
        connection: &ConnectionId,
        after: Option<&RemoteKey>,
        limit: u32,
    ) -> Result<Vec<RemoteKey>>;

    /// In the order of `keys`, without those of which nothing is agreed.
    async fn field_bases(&self, store: &ConnectionId, keys: &[RemoteKey]) -> Result<Vec<FieldBases>>;

    /// All of a store, by side, then unit.
    async fn tombstones(&self, store: &ConnectionId) -> Result<Vec<Tombstone>>;

    /// All links of a store, by store key.
    async fn links(&self, store: &ConnectionId) -> Result<Vec<Link>>;

    /// Links of these units of a store.
    async fn links_of(&self, store: &ConnectionId, store_keys: &[RemoteKey]) -> Result<Vec<Link>>;

    /// Links of these units of an ERP, in all stores.
    async fn links_to(&self, erp: &ConnectionId, erp_keys: &[RemoteKey]) -> Result<Vec<Link>>;

    async fn stock_bases(&self, store: &ConnectionId, units: &[RemoteKey]) -> Result<Vec<StockBase>>;

    async fn order(&self, store: &ConnectionId, id: &RemoteKey) -> Result<Option<StoredOrder>>;

    /// Id and digest of those of these orders that are stored.
    async fn order_digests(
        &self,
        store: &ConnectionId,
        ids: &[RemoteKey],
    ) -> Result<Vec<(RemoteKey, String)>>;

    /// Newest at the store first.
    async fn orders(&self, filter: &OrderFilter) -> Result<Vec<StoredOrder>>;

    /// By the reference that their document carries (roots only), in all stores.
    async fn orders_by_reference(&self, references: &[String]) -> Result<Vec<StoredOrder>>;

    /// Orders split from this one.
    async fn orders_split_from(&self, store: &ConnectionId, root: &RemoteKey) -> Result<Vec<StoredOrder>>;

    /// Rows of these ERP units, of all stores, by unit, store, order.
    async fn ledger(&self, units: &[RemoteKey]) -> Result<Vec<LedgerRow>>;

    async fn ledger_of_order(&self, store: &ConnectionId, order: &RemoteKey) -> Result<Vec<LedgerRow>>;

    /// Every row, by store, order, unit.
    async fn whole_ledger(&self) -> Result<Vec<LedgerRow>>;

    /// Claims due rows that nobody holds, by lane, then due time, then id: for `lease_until`, by a new fence each.
    /// A row whose claim has run out may be claimed again; its `sent` tells whether a call was under way.
    async fn claim(
        &self,
        connection: &ConnectionId,
        kind: OutboxKind,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<OutboxRow>>;

    /// As [`Self::claim`], of these records only, whatever lane they are in; in the same order.
    async fn claim_these(
        &self,
        connection: &ConnectionId,
        records: &[OutboxRecord],
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<OutboxRow>>;

    /// When the earliest unheld row of this kind falls due (a claimed row: when its claim runs out).
    async fn next_due(&self, connection: &ConnectionId, kind: OutboxKind) -> Result<Option<Timestamp>>;

    /// Unsettled rows, oldest first, held ones included; of all connections with `None`.
    async fn outbox(&self, connection: Option<&ConnectionId>, limit: u32) -> Result<Vec<OutboxRow>>;

    async fn outbox_summary(&self, connection: &ConnectionId) -> Result<OutboxSummary>;

    /// Open ones only unless `all`; by id.
    async fn issues(&self, all: bool) -> Result<Vec<Issue>>;

    async fn issue(&self, id: i64) -> Result<Option<Issue>>;

    /// The open one of this kind and subject.
    async fn open_issue(&self, connection: &ConnectionId, kind: &str, subject: &str)
    -> Result<Option<Issue>>;

    /// Newest first.
    async fn journal(
        &self,
        connection: Option<&ConnectionId>,
        key: Option<&RemoteKey>,
        limit: u32,
    ) -> Result<Vec<JournalEntry>>;

    /// Newest first; of one record as people name it, or all.
    async fn attempts(&self, record: Option<&str>, limit: u32) -> Result<Vec<Attempt>>;

    /// Newest first.
    async fn drifts(&self, store: Option<&ConnectionId>, limit: u32) -> Result<Vec<Drift>>;

    async fn open_drift(&self, store: &ConnectionId, unit: &RemoteKey, field: &str) -> Result<Option<Drift>>;

    /// The open ones of these units and products, whatever the field, in the order of `units`, then by field.
    async fn open_drifts(&self, store: &ConnectionId, units: &[RemoteKey]) -> Result<Vec<Drift>>;

    /// Newest first.
    async fn runs(&self, limit: u32) -> Result<Vec<Run>>;

    async fn run(&self, id: &RunId) -> Result<Option<Run>>;

    /// Oldest first.
    async fn hints(&self, connection: &ConnectionId, limit: u32) -> Result<Vec<StoredHint>>;

    /// Takes or renews the lease of a credential. Answers the lease in force: it is ours when the owner is.
    async fn lease(&self, credential: &str, owner: &str, now: Timestamp, until: Timestamp) -> Result<Lease>;

    /// Gives a lease back, if it is this owner's.
    async fn release_lease(&self, credential: &str, owner: &str) -> Result<()>;

    /// Drops what is older than `before`: attempts, closed issues and drifts, ended runs. The journal stays.
    async fn forget(&self, before: Timestamp) -> Result<()>;
}
