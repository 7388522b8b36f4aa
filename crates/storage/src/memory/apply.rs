use std::collections::BTreeSet;

use super::state::State;
use crate::{
    StorageError,
    mutation::Mutation,
    rows::{Drift, Issue},
};

impl State {
    /// Whether every claim that these mutations need is there. Nothing else can fail, so that what comes after it
    /// lands whole.
    pub fn check_claims(&self, mutations: &[Mutation]) -> Result<(), StorageError> {
        let mut ended = BTreeSet::new();
        let mut released = BTreeSet::new();
        for mutation in mutations {
            let (row, fence) = match mutation {
                Mutation::MarkSent { row, fence, .. } | Mutation::Settle { row, fence, .. } => (*row, *fence),
                Mutation::ReleaseClaims { connection } => {
                    released.insert(connection);
                    continue;
                }
                _ => continue,
            };
            let is_released = self.outbox.connection_of(row).is_some_and(|id| released.contains(id));
            if is_released || ended.contains(&row) || !self.outbox.is_held_by(row, fence) {
                return Err(StorageError::Fenced { row });
            }
            if matches!(mutation, Mutation::Settle { .. }) {
                ended.insert(row);
            }
        }
        Ok(())
    }

    /// `check_claims` must have passed.
    pub fn apply(&mut self, mutation: Mutation) {
        match mutation {
            Mutation::PutConnection { connection, state } => {
                self.connections.insert(connection, state);
            }
            Mutation::PutCursor { connection, feed, checkpoint } => {
                self.cursors.insert((connection, feed), checkpoint);
            }
            Mutation::PutUnit { connection, unit } => self.units.entry(connection).or_default().put(unit),
            Mutation::PutFigure { connection, unit, read_at } => {
                if let Some(units) = self.units.get_mut(&connection) {
                    units.put_figure(&unit, read_at);
                }
            }
            Mutation::DropUnit { connection, key } => {
                if let Some(units) = self.units.get_mut(&connection) {
                    units.drop(&key);
                }
            }
            Mutation::PutProduct { connection, product } => {
                self.products.entry(connection).or_default().put(*product);
            }
            Mutation::DropProduct { connection, key } => {
                if let Some(products) = self.products.get_mut(&connection) {
                    products.drop(&key);
                }
            }
            Mutation::PutFieldBases(bases) => {
                if !bases.halves.is_empty() {
                    self.field_bases.entry((bases.store, bases.key)).or_default().extend(bases.halves);
                }
            }
            Mutation::DropFieldBases { store, key } => {
                self.field_bases.remove(&(store, key));
            }
            Mutation::PutTombstone(tombstone) => {
                let key = (tombstone.store.clone(), tombstone.left, tombstone.unit.clone());
                self.tombstones.insert(key, tombstone);
            }
            Mutation::DropTombstone { store, left, unit } => {
                self.tombstones.remove(&(store, left, unit));
            }
            Mutation::PutLink(link) => self.links.put(link),
            Mutation::DropLink { store, store_key } => self.links.drop(&store, &store_key),
            Mutation::PutStockBase(base) => {
                let key = (base.store.clone(), base.unit.clone());
                if self.bases.get(&key).is_none_or(|known| known.read_at <= base.read_at) {
                    self.bases.insert(key, base);
                }
            }
            Mutation::DropStockBase { store, unit } => {
                self.bases.remove(&(store, unit));
            }
            Mutation::PutOrder(order) => self.orders.put(*order),
            Mutation::PutDocument { store, order, document } => {
                self.orders.put_document(store, order, *document);
            }
            Mutation::PutLedger { store, order, rows } => self.ledger.put(store, order, rows),
            Mutation::Prove(row) => self.ledger.prove(row),
            Mutation::Enqueue(wish) => self.outbox.enqueue(wish),
            Mutation::MarkSent { row, sent, .. } => self.outbox.mark_sent(row, *sent),
            Mutation::Settle { row, revision, settled, .. } => self.outbox.settle(row, revision, settled),
            Mutation::ReleaseClaims { connection } => self.outbox.release_claims(&connection),
            Mutation::AddAttempt(attempt) => self.attempts.push(attempt),
            Mutation::AddJournal(entry) => self.journal.push(entry),
            Mutation::OpenIssue(issue) => self.open_issue(issue),
            Mutation::CloseIssue { connection, kind, subject, at, answer } => {
                if let Some(issue) = self.issues.close(&(connection, kind, subject)) {
                    issue.closed_at = Some(at);
                    issue.answer = answer;
                }
            }
            Mutation::OpenDrift(drift) => self.open_drift(drift),
            Mutation::CloseDrift { store, unit, field, at } => {
                if let Some(drift) = self.drifts.close(&(store, unit, field)) {
                    drift.corrected_at = Some(at);
                }
            }
            Mutation::PutRun(run) => {
                self.runs.insert(run.id.clone(), run);
            }
            Mutation::AddHint(hint) => {
                if self.hint_digests.insert((hint.connection.clone(), hint.digest.clone())) {
                    self.last_hint += 1;
                    let id = self.last_hint;
                    self.hints.insert(id, crate::rows::StoredHint { id, ..hint });
                }
            }
            Mutation::DropHint { id } => {
                if let Some(hint) = self.hints.remove(&id) {
                    self.hint_digests.remove(&(hint.connection, hint.digest));
                }
            }
        }
    }

    fn open_issue(&mut self, issue: Issue) {
        let key = (issue.connection.clone(), issue.kind.clone(), issue.subject.clone());
        if let Some(open) = self.issues.get_open_mut(&key) {
            open.text = issue.text;
            open.choices = issue.choices;
        } else {
            self.issues.open(key, |id| Issue { id, closed_at: None, answer: None, ..issue });
        }
    }

    fn open_drift(&mut self, drift: Drift) {
        let key = (drift.store.clone(), drift.unit.clone(), drift.field.clone());
        if let Some(open) = self.drifts.get_open_mut(&key) {
            open.sku = drift.sku;
            open.should = drift.should;
            open.is = drift.is;
            open.cause = drift.cause;
        } else {
            self.drifts.open(key, |id| Drift { id, corrected_at: None, ..drift });
        }
    }
}
