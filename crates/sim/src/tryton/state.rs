//! One server's whole state, and what happens on it by itself.

use std::collections::BTreeSet;

use jiff::Timestamp;
use zygos_core::clock::later;

use super::{auth::Auth, sales, settings::TrytonSettings, store::Store};

pub(super) struct Erp {
    pub(super) settings: TrytonSettings,
    pub(super) store: Store,
    pub(super) auth: Auth,
    pub(super) down: bool,
    /// Open wizards.
    pub(super) wizards: BTreeSet<i64>,
    /// Sales to be processed, and when the worker gets to them.
    tasks: Vec<(Timestamp, i64)>,
}

impl Erp {
    pub(super) fn new(settings: TrytonSettings) -> Self {
        let mut store = Store::new();
        let auth = super::seed::seed(&mut store, &settings);
        store.commit();
        Self { settings, store, auth, down: false, wizards: BTreeSet::new(), tasks: Vec::new() }
    }

    /// Time stands still for the server while nobody asks; a clock that was turned back is not followed.
    pub(super) fn advance(&mut self, now: Timestamp) {
        // The server keeps microseconds; a finer time would never equal what a client read of it.
        let now = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
        self.store.now = self.store.now.max(now);
        self.work();
    }

    /// `confirm` hands processing to the task queue.
    pub(super) fn enqueue_processing(&mut self, sale: i64) {
        let due = self.settings.worker_delay.map_or(self.store.now, |delay| later(self.store.now, delay));
        self.tasks.push((due, sale));
        self.work();
    }

    fn work(&mut self) {
        let now = self.store.now;
        let (due, rest) = self.tasks.drain(..).partition(|(at, _)| *at <= now);
        self.tasks = rest;
        let due: Vec<(Timestamp, i64)> = due;
        for (_, sale) in due {
            sales::process(&mut self.store, sale);
        }
        self.store.commit();
    }
}
