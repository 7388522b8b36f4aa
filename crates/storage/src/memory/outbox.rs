use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use zygos_core::{ConnectionId, contract::Lane};

use crate::rows::{OutboxKind, OutboxRecord, OutboxRow, OutboxSummary, SentWrite, Settled, Wish};

const LANES: [Lane; 5] = [Lane::Orders, Lane::HotStock, Lane::Corrections, Lane::Catalogue, Lane::Sweep];

#[derive(Default)]
pub(super) struct Outbox {
    rows: BTreeMap<i64, Entry>,
    by_record: BTreeMap<(ConnectionId, OutboxRecord), i64>,
    queues: BTreeMap<(ConnectionId, OutboxKind), Queue>,
    last_id: i64,
}

struct Entry {
    /// Its `fence` is that of the last claim.
    row: OutboxRow,
    /// Set while somebody holds the row.
    lease_until: Option<Timestamp>,
}

/// The rows of one connection and kind that don't wait for a person.
#[derive(Default)]
struct Queue {
    /// In the order of claiming.
    waiting: BTreeSet<(Lane, Timestamp, i64)>,
    /// When each may next be claimed.
    wakes: BTreeSet<(Timestamp, i64)>,
}

impl Entry {
    fn wakes_at(&self) -> Timestamp {
        self.lease_until.unwrap_or(self.row.due_at)
    }

    fn release(&mut self) {
        self.lease_until = None;
    }
}

impl Outbox {
    /// Whether the row is still claimed under this fence.
    pub fn is_held_by(&self, row: i64, fence: i64) -> bool {
        self.rows.get(&row).is_some_and(|entry| entry.lease_until.is_some() && entry.row.fence == fence)
    }

    pub fn enqueue(&mut self, wish: Wish) {
        let record = (wish.connection.clone(), wish.record.clone());
        if let Some(id) = self.by_record.get(&record) {
            self.change(*id, |Entry { row, .. }| {
                // A write that is under way or backed off has its own time; a person's wish ends a back-off.
                if row.sent.is_none() && (row.attempts == 0 || wish.by_hand) {
                    row.due_at = row.due_at.min(wish.due_at);
                }
                row.revision += 1;
                row.lane = row.lane.min(wish.lane);
                row.reason = wish.reason;
                if wish.by_hand {
                    row.held_by = None;
                    row.attempts = 0;
                }
            });
            return;
        }
        self.last_id += 1;
        let row = OutboxRow {
            id: self.last_id,
            connection: wish.connection,
            record: wish.record,
            lane: wish.lane,
            reason: wish.reason,
            due_at: wish.due_at,
            attempts: 0,
            revision: 1,
            sent: None,
            held_by: None,
            created_at: wish.due_at,
            fence: 0,
        };
        let entry = Entry { row, lease_until: None };
        self.enter(&entry);
        self.by_record.insert(record, self.last_id);
        self.rows.insert(self.last_id, entry);
    }

    pub fn mark_sent(&mut self, row: i64, sent: SentWrite) {
        self.change(row, |entry| entry.row.sent = Some(sent));
    }

    pub fn settle(&mut self, id: i64, revision: i64, settled: Settled) {
        let Some(entry) = self.rows.get(&id) else { return };
        let asked_again = entry.row.revision != revision;
        if settled == Settled::Done && !asked_again {
            self.leave(id);
            if let Some(Entry { row, .. }) = self.rows.remove(&id) {
                self.by_record.remove(&(row.connection, row.record));
            }
            return;
        }
        self.change(id, |entry| {
            entry.release();
            let row = &mut entry.row;
            match settled {
                // It was due when it was claimed, so it is due now.
                Settled::Done => {
                    row.sent = None;
                    row.attempts = 0;
                }
                Settled::Held { .. } if asked_again => row.sent = None,
                Settled::Held { issue } => {
                    row.sent = None;
                    row.held_by = Some(issue);
                }
                Settled::Unknown { due_at } => row.due_at = due_at,
                Settled::Again { due_at, reason, failed } => {
                    row.due_at = if asked_again && !failed { row.due_at.min(due_at) } else { due_at };
                    row.attempts = if failed { row.attempts.saturating_add(1) } else { 0 };
                    row.sent = None;
                    if let Some(reason) = reason {
                        row.reason = reason;
                    }
                }
            }
        });
    }

    pub fn release_claims(&mut self, connection: &ConnectionId) {
        let held: Vec<i64> = self
            .rows
            .values()
            .filter(|entry| entry.lease_until.is_some() && entry.row.connection == *connection)
            .map(|entry| entry.row.id)
            .collect();
        for id in held {
            self.change(id, Entry::release);
        }
    }

    /// Whose row it is.
    pub fn connection_of(&self, row: i64) -> Option<&ConnectionId> {
        self.rows.get(&row).map(|entry| &entry.row.connection)
    }

    pub fn claim(
        &mut self,
        connection: &ConnectionId,
        kind: OutboxKind,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Vec<OutboxRow> {
        let Some(queue) = self.queues.get(&(connection.clone(), kind)) else { return Vec::new() };
        let ids: Vec<i64> = LANES
            .into_iter()
            .flat_map(|lane| queue.waiting.range((lane, Timestamp::MIN, i64::MIN)..=(lane, now, i64::MAX)))
            .map(|(_, _, id)| *id)
            .filter(|id| {
                self.rows.get(id).is_some_and(|entry| entry.lease_until.is_none_or(|until| until <= now))
            })
            .take(limit)
            .collect();
        self.take(ids, lease_until)
    }

    pub fn claim_these(
        &mut self,
        connection: &ConnectionId,
        records: &[OutboxRecord],
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Vec<OutboxRow> {
        let mut due: Vec<(Lane, Timestamp, i64)> = records
            .iter()
            .filter_map(|record| self.by_record.get(&(connection.clone(), record.clone())))
            .filter_map(|id| self.rows.get(id))
            .filter(|entry| entry.row.held_by.is_none() && entry.row.due_at <= now)
            .filter(|entry| entry.lease_until.is_none_or(|until| until <= now))
            .map(|entry| (entry.row.lane, entry.row.due_at, entry.row.id))
            .collect();
        due.sort_unstable();
        due.dedup();
        self.take(due.into_iter().map(|(_, _, id)| id).collect(), lease_until)
    }

    fn take(&mut self, ids: Vec<i64>, lease_until: Timestamp) -> Vec<OutboxRow> {
        let mut claimed = Vec::with_capacity(ids.len());
        for id in ids {
            self.change(id, |entry| {
                entry.row.fence += 1;
                entry.lease_until = Some(lease_until);
                claimed.push(entry.row.clone());
            });
        }
        claimed
    }

    pub fn next_due(&self, connection: &ConnectionId, kind: OutboxKind) -> Option<Timestamp> {
        self.queues.get(&(connection.clone(), kind))?.wakes.first().map(|(at, _)| *at)
    }

    pub fn list(&self, connection: Option<&ConnectionId>, limit: usize) -> Vec<OutboxRow> {
        self.of(connection).take(limit).map(|row| OutboxRow { fence: 0, ..row.clone() }).collect()
    }

    pub fn summary(&self, connection: &ConnectionId) -> OutboxSummary {
        let mut summary = OutboxSummary::default();
        for row in self.of(Some(connection)) {
            if row.held_by.is_some() {
                summary.held += 1;
            } else {
                summary.waiting += 1;
                summary.oldest =
                    Some(summary.oldest.map_or(row.created_at, |oldest| oldest.min(row.created_at)));
            }
        }
        summary
    }

    fn of<'a>(&'a self, connection: Option<&'a ConnectionId>) -> impl Iterator<Item = &'a OutboxRow> {
        self.rows
            .values()
            .map(|entry| &entry.row)
            .filter(move |row| connection.is_none_or(|connection| *connection == row.connection))
    }

    fn change(&mut self, id: i64, change: impl FnOnce(&mut Entry)) {
        self.leave(id);
        let Some(mut entry) = self.rows.remove(&id) else { return };
        change(&mut entry);
        self.enter(&entry);
        self.rows.insert(id, entry);
    }

    fn enter(&mut self, entry: &Entry) {
        let row = &entry.row;
        if row.held_by.is_none() {
            let queue = self.queues.entry((row.connection.clone(), row.record.kind())).or_default();
            queue.waiting.insert((row.lane, row.due_at, row.id));
            queue.wakes.insert((entry.wakes_at(), row.id));
        }
    }

    fn leave(&mut self, id: i64) {
        let Some(entry) = self.rows.get(&id) else { return };
        let row = &entry.row;
        if let Some(queue) = self.queues.get_mut(&(row.connection.clone(), row.record.kind())) {
            queue.waiting.remove(&(row.lane, row.due_at, row.id));
            queue.wakes.remove(&(entry.wakes_at(), row.id));
        }
    }
}
