use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{FromRow, query::QueryAs};
use zygos_core::{ConnectionId, RemoteKey, RunId, contract::Checkpoint};

use super::{
    decode::{
        AttemptColumns, ConnectionColumns, DriftColumns, FieldBaseColumns, HintColumns, IssueColumns,
        JournalColumns, LedgerColumns, LinkColumns, Meaning, OrderColumns, OutboxColumns, ProductColumns,
        ProductOfColumns, RunColumns, StockBaseColumns, TombstoneColumns, UnitColumns,
    },
    dialect::{Arguments, Db, Row},
    fault::Fault,
    handle::SqlRepository,
    statements,
    values::{integer, kind_number, large_count, micros, optional_timestamp, to_json},
    writer::{Answer, Work},
};
use crate::{
    StorageError,
    keys::distinct,
    mutation::Mutation,
    repository::Repository,
    rows::{
        Attempt, ConnectionState, Drift, FieldBases, Issue, JournalEntry, Lease, LedgerRow, Link,
        OrderFilter, OutboxKind, OutboxRecord, OutboxRow, OutboxSummary, Run, StockBase, StoredHint,
        StoredOrder, StoredProduct, StoredUnit, Tombstone,
    },
};

type Result<T> = std::result::Result<T, StorageError>;
type Select<'q, Columns> = QueryAs<'q, Db, Columns, Arguments>;

impl SqlRepository {
    /// With the workspace bound.
    fn select<Columns>(&self, statement: &'static str) -> Select<'static, Columns>
    where
        Columns: for<'r> FromRow<'r, Row>,
    {
        sqlx::query_as(statement).bind(self.inner.workspace.clone())
    }

    async fn all<Columns>(&self, select: Select<'_, Columns>) -> Result<Vec<Columns::Value>>
    where
        Columns: Meaning + for<'r> FromRow<'r, Row> + Send + Unpin,
    {
        let _call = self.inner.pending.begin();
        let read = async {
            let mut reader = self.inner.readers.take().await?;
            let rows = select.fetch_all(reader.connection()?).await.map_err(Fault::from);
            if rows.as_ref().is_err_and(Fault::is_lost) {
                reader.discard();
            }
            drop(reader);
            let rows = rows?;
            rows.into_iter().map(Meaning::meaning).collect::<std::result::Result<Vec<_>, Fault>>()
        };
        read.await.map_err(|fault| fault.told(&self.inner.place))
    }

    async fn first<Columns>(&self, select: Select<'_, Columns>) -> Result<Option<Columns::Value>>
    where
        Columns: Meaning + for<'r> FromRow<'r, Row> + Send + Unpin,
    {
        Ok(self.all(select).await?.into_iter().next())
    }

    /// A list of any length as one parameter.
    fn list<T: serde::Serialize>(&self, values: &[T]) -> Result<String> {
        to_json("question", values).map_err(|fault| fault.told(&self.inner.place))
    }

    fn told(&self, fault: Fault) -> StorageError {
        fault.told(&self.inner.place)
    }
}

#[async_trait]
impl Repository for SqlRepository {
    async fn commit(&self, mutations: Vec<Mutation>) -> Result<()> {
        if mutations.is_empty() {
            return Ok(());
        }
        self.write(Work::Commit(mutations)).await.map(|_| ())
    }

    async fn connection(&self, connection: &ConnectionId) -> Result<ConnectionState> {
        let select = self.select::<ConnectionColumns>(statements::CONNECTION).bind(connection.as_str());
        Ok(self.first(select).await?.unwrap_or_default())
    }

    async fn cursor(&self, connection: &ConnectionId, feed: &str) -> Result<Option<Checkpoint>> {
        let select = self.select::<(String,)>(statements::CURSOR).bind(connection.as_str()).bind(feed);
        Ok(self.first(select).await?.map(Checkpoint))
    }

    async fn unit(&self, connection: &ConnectionId, key: &RemoteKey) -> Result<Option<StoredUnit>> {
        let select = self.select::<UnitColumns>(statements::UNIT);
        self.first(select.bind(connection.as_str()).bind(key.as_str())).await
    }

    async fn units_by_key(&self, connection: &ConnectionId, keys: &[RemoteKey]) -> Result<Vec<StoredUnit>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let keys = self.list(&distinct(keys))?;
        let select = self.select::<UnitColumns>(statements::UNITS_BY_KEY);
        self.all(select.bind(connection.as_str()).bind(keys)).await
    }

    async fn units(&self, connection: &ConnectionId, from: u64, limit: u32) -> Result<Vec<StoredUnit>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let select = self.select::<UnitColumns>(statements::UNITS);
        self.all(select.bind(connection.as_str()).bind(integer(from)).bind(i64::from(limit))).await
    }

    async fn units_called(&self, connection: &ConnectionId, text: &str) -> Result<Vec<StoredUnit>> {
        let select = self.select::<UnitColumns>(statements::UNITS_CALLED);
        self.all(select.bind(connection.as_str()).bind(text.trim())).await
    }

    async fn unit_count(&self, connection: &ConnectionId) -> Result<u64> {
        let select = self.select::<(i64,)>(statements::UNIT_COUNT).bind(connection.as_str());
        let count = self.first(select).await?.unwrap_or_default();
        large_count("unit", count).map_err(|fault| self.told(fault))
    }

    async fn products(&self, connection: &ConnectionId, keys: &[RemoteKey]) -> Result<Vec<StoredProduct>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let select = self.select::<ProductColumns>(statements::PRODUCTS);
        self.all(select.bind(connection.as_str()).bind(self.list(&distinct(keys))?)).await
    }

    async fn products_of(
        &self,
        connection: &ConnectionId,
        units: &[RemoteKey],
    ) -> Result<Vec<(RemoteKey, RemoteKey)>> {
        if units.is_empty() {
            return Ok(Vec::new());
        }
        let select = self.select::<ProductOfColumns>(statements::PRODUCTS_OF);
        self.all(select.bind(connection.as_str()).bind(self.list(&distinct(units))?)).await
    }

    async fn product_keys(
        &self,
        connection: &ConnectionId,
        after: Option<&RemoteKey>,
        limit: u32,
    ) -> Result<Vec<RemoteKey>> {
        let statement =
            if after.is_some() { statements::PRODUCT_KEYS } else { statements::FIRST_PRODUCT_KEYS };
        let select = self.select::<(String,)>(statement).bind(connection.as_str());
        let keys = match after {
            Some(after) => self.all(select.bind(after.as_str()).bind(i64::from(limit))).await,
            None => self.all(select.bind(i64::from(limit))).await,
        };
        Ok(keys?.into_iter().map(RemoteKey::from).collect())
    }

    async fn field_bases(&self, store: &ConnectionId, keys: &[RemoteKey]) -> Result<Vec<FieldBases>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let select = self.select::<FieldBaseColumns>(statements::FIELD_BASES);
        self.all(select.bind(store.as_str()).bind(self.list(&distinct(keys))?)).await
    }

    async fn tombstones(&self, store: &ConnectionId) -> Result<Vec<Tombstone>> {
        self.all(self.select::<TombstoneColumns>(statements::TOMBSTONES).bind(store.as_str())).await
    }

    async fn links(&self, store: &ConnectionId) -> Result<Vec<Link>> {
        self.all(self.select::<LinkColumns>(statements::LINKS).bind(store.as_str())).await
    }

    async fn links_of(&self, store: &ConnectionId, store_keys: &[RemoteKey]) -> Result<Vec<Link>> {
        if store_keys.is_empty() {
            return Ok(Vec::new());
        }
        let select = self.select::<LinkColumns>(statements::LINKS_OF);
        self.all(select.bind(store.as_str()).bind(self.list(store_keys)?)).await
    }

    async fn links_to(&self, erp: &ConnectionId, erp_keys: &[RemoteKey]) -> Result<Vec<Link>> {
        if erp_keys.is_empty() {
            return Ok(Vec::new());
        }
        let select = self.select::<LinkColumns>(statements::LINKS_TO);
        self.all(select.bind(erp.as_str()).bind(self.list(erp_keys)?)).await
    }

    async fn stock_bases(&self, store: &ConnectionId, units: &[RemoteKey]) -> Result<Vec<StockBase>> {
        if units.is_empty() {
            return Ok(Vec::new());
        }
        let select = self.select::<StockBaseColumns>(statements::STOCK_BASES);
        self.all(select.bind(store.as_str()).bind(self.list(units)?)).await
    }

    async fn order(&self, store: &ConnectionId, id: &RemoteKey) -> Result<Option<StoredOrder>> {
        let select = self.select::<OrderColumns>(statements::ORDER);
        self.first(select.bind(store.as_str()).bind(id.as_str())).await
    }

    async fn order_digests(
        &self,
        store: &ConnectionId,
        ids: &[RemoteKey],
    ) -> Result<Vec<(RemoteKey, String)>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let select = self.select::<(String, String)>(statements::ORDER_DIGESTS);
        self.all(select.bind(store.as_str()).bind(self.list(ids)?)).await
    }

    async fn orders(&self, filter: &OrderFilter) -> Result<Vec<StoredOrder>> {
        let statement =
            if filter.closed.is_some() { statements::ORDERS_BY_CLOSED } else { statements::ORDERS };
        let select = self
            .select::<OrderColumns>(statement)
            .bind(filter.store.as_ref().map(ConnectionId::as_str))
            .bind(filter.state_code.as_deref())
            .bind(filter.last_read_before.map_or(i64::MAX, micros))
            .bind(filter.created_from.map_or(i64::MIN, micros))
            .bind(filter.limit.map_or(i64::MAX, i64::from));
        match filter.closed {
            Some(closed) => self.all(select.bind(closed)).await,
            None => self.all(select).await,
        }
    }

    async fn orders_by_reference(&self, references: &[String]) -> Result<Vec<StoredOrder>> {
        if references.is_empty() {
            return Ok(Vec::new());
        }
        let select = self.select::<OrderColumns>(statements::ORDERS_BY_REFERENCE);
        self.all(select.bind(self.list(references)?)).await
    }

    async fn orders_split_from(&self, store: &ConnectionId, root: &RemoteKey) -> Result<Vec<StoredOrder>> {
        let select = self.select::<OrderColumns>(statements::ORDERS_SPLIT_FROM);
        self.all(select.bind(store.as_str()).bind(root.as_str())).await
    }

    async fn ledger(&self, units: &[RemoteKey]) -> Result<Vec<LedgerRow>> {
        if units.is_empty() {
            return Ok(Vec::new());
        }
        self.all(self.select::<LedgerColumns>(statements::LEDGER).bind(self.list(units)?)).await
    }

    async fn ledger_of_order(&self, store: &ConnectionId, order: &RemoteKey) -> Result<Vec<LedgerRow>> {
        let select = self.select::<LedgerColumns>(statements::LEDGER_OF_ORDER);
        self.all(select.bind(store.as_str()).bind(order.as_str())).await
    }

    async fn whole_ledger(&self) -> Result<Vec<LedgerRow>> {
        self.all(self.select::<LedgerColumns>(statements::WHOLE_LEDGER)).await
    }

    async fn claim(
        &self,
        connection: &ConnectionId,
        kind: OutboxKind,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<OutboxRow>> {
        let work = Work::Claim { connection: connection.clone(), kind, now, lease_until, limit };
        match self.write(work).await? {
            Answer::Claimed(rows) => Ok(rows),
            Answer::Done | Answer::Lease(_) => Ok(Vec::new()),
        }
    }

    async fn claim_these(
        &self,
        connection: &ConnectionId,
        records: &[OutboxRecord],
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<OutboxRow>> {
        let (connection, records) = (connection.clone(), records.to_vec());
        match self.write(Work::ClaimThese { connection, records, now, lease_until }).await? {
            Answer::Claimed(rows) => Ok(rows),
            Answer::Done | Answer::Lease(_) => Ok(Vec::new()),
        }
    }

    async fn next_due(&self, connection: &ConnectionId, kind: OutboxKind) -> Result<Option<Timestamp>> {
        let select = self.select::<(Option<i64>,)>(statements::NEXT_DUE);
        let due = self.first(select.bind(connection.as_str()).bind(kind_number(kind))).await?;
        optional_timestamp("outbox", due.flatten()).map_err(|fault| self.told(fault))
    }

    async fn outbox(&self, connection: Option<&ConnectionId>, limit: u32) -> Result<Vec<OutboxRow>> {
        let select = self.select::<OutboxColumns>(statements::OUTBOX);
        let mut rows =
            self.all(select.bind(connection.map(ConnectionId::as_str)).bind(i64::from(limit))).await?;
        for row in &mut rows {
            row.fence = 0;
        }
        Ok(rows)
    }

    async fn outbox_summary(&self, connection: &ConnectionId) -> Result<OutboxSummary> {
        let select = self.select::<(i64, i64, Option<i64>)>(statements::OUTBOX_SUMMARY);
        Ok(self.first(select.bind(connection.as_str())).await?.unwrap_or_default())
    }

    async fn issues(&self, all: bool) -> Result<Vec<Issue>> {
        let statement = if all { statements::ISSUES } else { statements::OPEN_ISSUES };
        self.all(self.select::<IssueColumns>(statement)).await
    }

    async fn issue(&self, id: i64) -> Result<Option<Issue>> {
        self.first(self.select::<IssueColumns>(statements::ISSUE).bind(id)).await
    }

    async fn open_issue(
        &self,
        connection: &ConnectionId,
        kind: &str,
        subject: &str,
    ) -> Result<Option<Issue>> {
        let select = self.select::<IssueColumns>(statements::OPEN_ISSUE);
        self.first(select.bind(connection.as_str()).bind(kind).bind(subject)).await
    }

    async fn journal(
        &self,
        connection: Option<&ConnectionId>,
        key: Option<&RemoteKey>,
        limit: u32,
    ) -> Result<Vec<JournalEntry>> {
        let statement = if key.is_some() { statements::JOURNAL_OF_KEY } else { statements::JOURNAL };
        let select = self.select::<JournalColumns>(statement);
        let select = select.bind(connection.map(ConnectionId::as_str)).bind(i64::from(limit));
        match key {
            Some(key) => self.all(select.bind(key.as_str())).await,
            None => self.all(select).await,
        }
    }

    async fn attempts(&self, record: Option<&str>, limit: u32) -> Result<Vec<Attempt>> {
        match record {
            Some(record) => {
                let select = self.select::<AttemptColumns>(statements::ATTEMPTS_OF_RECORD);
                self.all(select.bind(i64::from(limit)).bind(record)).await
            }
            None => {
                self.all(self.select::<AttemptColumns>(statements::ATTEMPTS).bind(i64::from(limit))).await
            }
        }
    }

    async fn drifts(&self, store: Option<&ConnectionId>, limit: u32) -> Result<Vec<Drift>> {
        let select = self.select::<DriftColumns>(statements::DRIFTS);
        self.all(select.bind(store.map(ConnectionId::as_str)).bind(i64::from(limit))).await
    }

    async fn open_drift(&self, store: &ConnectionId, unit: &RemoteKey, field: &str) -> Result<Option<Drift>> {
        let select = self.select::<DriftColumns>(statements::OPEN_DRIFT);
        self.first(select.bind(store.as_str()).bind(unit.as_str()).bind(field)).await
    }

    async fn open_drifts(&self, store: &ConnectionId, units: &[RemoteKey]) -> Result<Vec<Drift>> {
        if units.is_empty() {
            return Ok(Vec::new());
        }
        let select = self.select::<DriftColumns>(statements::OPEN_DRIFTS);
        self.all(select.bind(store.as_str()).bind(self.list(&distinct(units))?)).await
    }

    async fn runs(&self, limit: u32) -> Result<Vec<Run>> {
        self.all(self.select::<RunColumns>(statements::RUNS).bind(i64::from(limit))).await
    }

    async fn run(&self, id: &RunId) -> Result<Option<Run>> {
        self.first(self.select::<RunColumns>(statements::RUN).bind(id.as_str())).await
    }

    async fn hints(&self, connection: &ConnectionId, limit: u32) -> Result<Vec<StoredHint>> {
        let select = self.select::<HintColumns>(statements::HINTS);
        self.all(select.bind(connection.as_str()).bind(i64::from(limit))).await
    }

    async fn lease(&self, credential: &str, owner: &str, now: Timestamp, until: Timestamp) -> Result<Lease> {
        let (credential, owner) = (credential.to_owned(), owner.to_owned());
        match self.write(Work::Lease { credential, owner, now, until }).await? {
            Answer::Lease(lease) => Ok(lease),
            Answer::Done | Answer::Claimed(_) => Err(self.told(Fault::Closed)),
        }
    }

    async fn release_lease(&self, credential: &str, owner: &str) -> Result<()> {
        let work = Work::ReleaseLease { credential: credential.to_owned(), owner: owner.to_owned() };
        self.write(work).await.map(|_| ())
    }

    async fn forget(&self, before: Timestamp) -> Result<()> {
        self.write(Work::Forget { before }).await.map(|_| ())
    }
}
