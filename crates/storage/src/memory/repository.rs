use async_trait::async_trait;
use jiff::Timestamp;
use zygos_core::{ConnectionId, RemoteKey, RunId, contract::Checkpoint};

use super::MemoryRepository;
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

fn count(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

#[async_trait]
impl Repository for MemoryRepository {
    async fn commit(&self, mutations: Vec<Mutation>) -> Result<()> {
        let mut state = self.state();
        state.check_claims(&mutations)?;
        for mutation in mutations {
            state.apply(mutation);
        }
        Ok(())
    }

    async fn connection(&self, connection: &ConnectionId) -> Result<ConnectionState> {
        Ok(self.state().connections.get(connection).cloned().unwrap_or_default())
    }

    async fn cursor(&self, connection: &ConnectionId, feed: &str) -> Result<Option<Checkpoint>> {
        Ok(self.state().cursors.get(&(connection.clone(), feed.to_owned())).cloned())
    }

    async fn unit(&self, connection: &ConnectionId, key: &RemoteKey) -> Result<Option<StoredUnit>> {
        Ok(self.state().units.get(connection).and_then(|units| units.get(key)).cloned())
    }

    async fn units_by_key(&self, connection: &ConnectionId, keys: &[RemoteKey]) -> Result<Vec<StoredUnit>> {
        Ok(self.state().units.get(connection).map(|units| units.of(keys)).unwrap_or_default())
    }

    async fn units(&self, connection: &ConnectionId, from: u64, limit: u32) -> Result<Vec<StoredUnit>> {
        Ok(self.state().units.get(connection).map(|units| units.page(from, count(limit))).unwrap_or_default())
    }

    async fn units_called(&self, connection: &ConnectionId, text: &str) -> Result<Vec<StoredUnit>> {
        Ok(self.state().units.get(connection).map(|units| units.called(text)).unwrap_or_default())
    }

    async fn unit_count(&self, connection: &ConnectionId) -> Result<u64> {
        let count = self.state().units.get(connection).map_or(0, |units| units.len());
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }

    async fn products(&self, connection: &ConnectionId, keys: &[RemoteKey]) -> Result<Vec<StoredProduct>> {
        Ok(self.state().products.get(connection).map(|products| products.of(keys)).unwrap_or_default())
    }

    async fn products_of(
        &self,
        connection: &ConnectionId,
        units: &[RemoteKey],
    ) -> Result<Vec<(RemoteKey, RemoteKey)>> {
        Ok(self.state().products.get(connection).map(|products| products.of_units(units)).unwrap_or_default())
    }

    async fn product_keys(
        &self,
        connection: &ConnectionId,
        after: Option<&RemoteKey>,
        limit: u32,
    ) -> Result<Vec<RemoteKey>> {
        let state = self.state();
        let products = state.products.get(connection);
        Ok(products.map(|products| products.keys(after, count(limit))).unwrap_or_default())
    }

    async fn field_bases(&self, store: &ConnectionId, keys: &[RemoteKey]) -> Result<Vec<FieldBases>> {
        let state = self.state();
        let bases = distinct(keys).into_iter().filter_map(|key| {
            let halves = state.field_bases.get(&(store.clone(), key.clone()))?.clone();
            Some(FieldBases { store: store.clone(), key: key.clone(), halves })
        });
        Ok(bases.collect())
    }

    async fn tombstones(&self, store: &ConnectionId) -> Result<Vec<Tombstone>> {
        let state = self.state();
        let tombstones = state.tombstones.values().filter(|tombstone| tombstone.store == *store);
        Ok(tombstones.cloned().collect())
    }

    async fn links(&self, store: &ConnectionId) -> Result<Vec<Link>> {
        Ok(self.state().links.all(store))
    }

    async fn links_of(&self, store: &ConnectionId, store_keys: &[RemoteKey]) -> Result<Vec<Link>> {
        Ok(self.state().links.of(store, store_keys))
    }

    async fn links_to(&self, erp: &ConnectionId, erp_keys: &[RemoteKey]) -> Result<Vec<Link>> {
        Ok(self.state().links.to(erp, erp_keys))
    }

    async fn stock_bases(&self, store: &ConnectionId, units: &[RemoteKey]) -> Result<Vec<StockBase>> {
        let state = self.state();
        let units: std::collections::BTreeSet<&RemoteKey> = units.iter().collect();
        let bases = units.into_iter().filter_map(|unit| state.bases.get(&(store.clone(), unit.clone())));
        Ok(bases.cloned().collect())
    }

    async fn order(&self, store: &ConnectionId, id: &RemoteKey) -> Result<Option<StoredOrder>> {
        Ok(self.state().orders.get(store, id).cloned())
    }

    async fn order_digests(
        &self,
        store: &ConnectionId,
        ids: &[RemoteKey],
    ) -> Result<Vec<(RemoteKey, String)>> {
        Ok(self.state().orders.digests(store, ids))
    }

    async fn orders(&self, filter: &OrderFilter) -> Result<Vec<StoredOrder>> {
        Ok(self.state().orders.list(filter))
    }

    async fn orders_by_reference(&self, references: &[String]) -> Result<Vec<StoredOrder>> {
        Ok(self.state().orders.by_reference(references))
    }

    async fn orders_split_from(&self, store: &ConnectionId, root: &RemoteKey) -> Result<Vec<StoredOrder>> {
        Ok(self.state().orders.split_from(store, root))
    }

    async fn ledger(&self, units: &[RemoteKey]) -> Result<Vec<LedgerRow>> {
        Ok(self.state().ledger.of_units(units))
    }

    async fn ledger_of_order(&self, store: &ConnectionId, order: &RemoteKey) -> Result<Vec<LedgerRow>> {
        Ok(self.state().ledger.of_order(store, order))
    }

    async fn whole_ledger(&self) -> Result<Vec<LedgerRow>> {
        Ok(self.state().ledger.whole())
    }

    async fn claim(
        &self,
        connection: &ConnectionId,
        kind: OutboxKind,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<OutboxRow>> {
        Ok(self.state().outbox.claim(connection, kind, now, lease_until, count(limit)))
    }

    async fn claim_these(
        &self,
        connection: &ConnectionId,
        records: &[OutboxRecord],
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<OutboxRow>> {
        Ok(self.state().outbox.claim_these(connection, records, now, lease_until))
    }

    async fn next_due(&self, connection: &ConnectionId, kind: OutboxKind) -> Result<Option<Timestamp>> {
        Ok(self.state().outbox.next_due(connection, kind))
    }

    async fn outbox(&self, connection: Option<&ConnectionId>, limit: u32) -> Result<Vec<OutboxRow>> {
        Ok(self.state().outbox.list(connection, count(limit)))
    }

    async fn outbox_summary(&self, connection: &ConnectionId) -> Result<OutboxSummary> {
        Ok(self.state().outbox.summary(connection))
    }

    async fn issues(&self, all: bool) -> Result<Vec<Issue>> {
        let state = self.state();
        Ok(state.issues.values().filter(|issue| all || issue.closed_at.is_none()).cloned().collect())
    }

    async fn issue(&self, id: i64) -> Result<Option<Issue>> {
        Ok(self.state().issues.get(id).cloned())
    }

    async fn open_issue(
        &self,
        connection: &ConnectionId,
        kind: &str,
        subject: &str,
    ) -> Result<Option<Issue>> {
        let key = (connection.clone(), kind.to_owned(), subject.to_owned());
        Ok(self.state().issues.get_open(&key).cloned())
    }

    async fn journal(
        &self,
        connection: Option<&ConnectionId>,
        key: Option<&RemoteKey>,
        limit: u32,
    ) -> Result<Vec<JournalEntry>> {
        let state = self.state();
        let entries = state.journal.iter().rev().filter(|entry| {
            connection.is_none_or(|connection| *connection == entry.connection)
                && key.is_none_or(|key| *key == entry.key)
        });
        Ok(entries.take(count(limit)).cloned().collect())
    }

    async fn attempts(&self, record: Option<&str>, limit: u32) -> Result<Vec<Attempt>> {
        let state = self.state();
        let attempts = state.attempts.iter().rev();
        let attempts = attempts.filter(|attempt| record.is_none_or(|record| record == attempt.record));
        Ok(attempts.take(count(limit)).cloned().collect())
    }

    async fn drifts(&self, store: Option<&ConnectionId>, limit: u32) -> Result<Vec<Drift>> {
        let state = self.state();
        let drifts = state.drifts.values().rev();
        let drifts = drifts.filter(|drift| store.is_none_or(|store| *store == drift.store));
        Ok(drifts.take(count(limit)).cloned().collect())
    }

    async fn open_drift(&self, store: &ConnectionId, unit: &RemoteKey, field: &str) -> Result<Option<Drift>> {
        Ok(self.state().drifts.get_open(&(store.clone(), unit.clone(), field.to_owned())).cloned())
    }

    async fn open_drifts(&self, store: &ConnectionId, units: &[RemoteKey]) -> Result<Vec<Drift>> {
        let state = self.state();
        let mut drifts = Vec::new();
        for unit in distinct(units) {
            let first = (store.clone(), unit.clone(), String::new());
            let of_unit = state.drifts.open_from(&first);
            drifts.extend(of_unit.take_while(|drift| drift.store == *store && drift.unit == *unit).cloned());
        }
        Ok(drifts)
    }

    async fn runs(&self, limit: u32) -> Result<Vec<Run>> {
        let mut runs: Vec<Run> = self.state().runs.values().cloned().collect();
        runs.sort_by(|left, right| (&right.started_at, &right.id).cmp(&(&left.started_at, &left.id)));
        runs.truncate(count(limit));
        Ok(runs)
    }

    async fn run(&self, id: &RunId) -> Result<Option<Run>> {
        Ok(self.state().runs.get(id).cloned())
    }

    async fn hints(&self, connection: &ConnectionId, limit: u32) -> Result<Vec<StoredHint>> {
        let state = self.state();
        let hints = state.hints.values().filter(|hint| hint.connection == *connection);
        Ok(hints.take(count(limit)).cloned().collect())
    }

    async fn lease(&self, credential: &str, owner: &str, now: Timestamp, until: Timestamp) -> Result<Lease> {
        let mut state = self.state();
        if let Some(lease) = state.leases.get(credential)
            && lease.owner != owner
            && lease.until > now
        {
            return Ok(lease.clone());
        }
        let lease = Lease { credential: credential.to_owned(), owner: owner.to_owned(), until };
        state.leases.insert(credential.to_owned(), lease.clone());
        Ok(lease)
    }

    async fn release_lease(&self, credential: &str, owner: &str) -> Result<()> {
        let mut state = self.state();
        if state.leases.get(credential).is_some_and(|lease| lease.owner == owner) {
            state.leases.remove(credential);
        }
        Ok(())
    }

    async fn forget(&self, before: Timestamp) -> Result<()> {
        let mut state = self.state();
        let keeps = |ended: Option<Timestamp>| ended.is_none_or(|at| at >= before);
        state.attempts.retain(|attempt| attempt.at >= before);
        state.issues.retain(|issue| keeps(issue.closed_at));
        state.drifts.retain(|drift| keeps(drift.corrected_at));
        state.runs.retain(|_, run| keeps(run.ended_at));
        Ok(())
    }
}
