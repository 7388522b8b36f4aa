//! The engine's parts and the few things that every pass needs.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    future::Future,
    sync::{Arc, Mutex as StdMutex, RwLock},
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::{Mutex, Notify};
use zygos_core::{
    ConnectionId, RemoteKey, RunId, SharedClock,
    clock::later,
    contract::{CallContext, ConnectorError, ErrorKind, Lane},
    disposition::RetrySchedule,
};
use zygos_storage::{Issue, Mutation, OutboxKind, Repository, Wish};

use crate::{
    allowance::Allowance,
    error::{EngineError, Result},
    event::{Event, Watcher},
    flows::Resolved,
    health::{Deed, Health},
    products::Massed,
    put_off::PutOff,
    settings::{Connection, EngineSettings, StoreSettings},
};

/// What the engine keeps about a store between passes. Losing it costs calls, never correctness.
pub(crate) struct StoreMemory {
    /// One reader of the order feed at a time; holds when the last complete reading began.
    pub feed: Mutex<Option<Timestamp>>,
    /// The same, for those who look while the feed is being read.
    pub feed_read: StdMutex<Option<Timestamp>>,
    /// See [`crate::turn`].
    pub orders: Mutex<()>,
    /// When an order was last read, so that open orders aren't read twice.
    pub last_read: StdMutex<HashMap<RemoteKey, Timestamp>>,
    pub closed_orders_read: StdMutex<Option<Timestamp>>,
    /// One verification at a time.
    pub verifying: Mutex<()>,
    /// Somebody wants everything compared now.
    pub verify_now: Notify,
    /// When the figures that `[limits] writes_per_run` holds were last looked at.
    pub held_looked_at: StdMutex<Option<Timestamp>>,
}

/// Runs the flows of one workspace. All state that matters is in the repository: dropping the engine at any await
/// and building another over the same repository loses nothing.
pub struct Engine {
    pub(crate) repository: Arc<dyn Repository>,
    pub(crate) clock: SharedClock,
    pub(crate) settings: EngineSettings,
    pub(crate) memories: BTreeMap<ConnectionId, StoreMemory>,
    pub(crate) health: Health,
    pub(crate) put_off: PutOff,
    pub(crate) resolved: RwLock<Option<Arc<Resolved>>>,
    /// Links or units changed: link again before deciding.
    pub(crate) relink: StdMutex<bool>,
    pub(crate) linking: Mutex<()>,
    pub(crate) ledger_renewed: StdMutex<BTreeSet<ConnectionId>>,
    /// Stores with ledger rows whose warehouse the ERP couldn't tell when they were written.
    pub(crate) ledger_unplaced: StdMutex<BTreeSet<ConnectionId>>,
    pub(crate) erp_products_read: StdMutex<Option<Timestamp>>,
    /// Paths of categories that a side was seen to have since this process began.
    pub(crate) known_categories: StdMutex<BTreeSet<(ConnectionId, Vec<String>)>>,
    pub(crate) massed: StdMutex<Massed>,
    /// Price lists whose prices are with tax, by name.
    pub(crate) gross_lists: StdMutex<BTreeSet<String>>,
    wakers: BTreeMap<(ConnectionId, OutboxKind), Notify>,
    /// Open issues that people were told of since this process began: connection, kind, subject, and the text.
    told: StdMutex<HashMap<(ConnectionId, String, String), String>>,
    /// Woken by hints and by hand.
    pub(crate) feed_wakers: BTreeMap<ConnectionId, Notify>,
    pub(crate) retry: RetrySchedule,
    watcher: Watcher,
    pub(crate) jitter: StdMutex<u64>,
    /// Set while a run is limited; see [`Self::limited_run`].
    pub(crate) allowance: StdMutex<Option<Allowance>>,
}

impl Engine {
    pub fn new(
        repository: Arc<dyn Repository>,
        clock: SharedClock,
        settings: EngineSettings,
        watcher: Watcher,
    ) -> Self {
        let mut memories = BTreeMap::new();
        let mut wakers = BTreeMap::new();
        let mut feed_wakers = BTreeMap::new();
        for store in &settings.stores {
            let id = store.connection.id.clone();
            memories.insert(
                id.clone(),
                StoreMemory {
                    feed: Mutex::new(None),
                    feed_read: StdMutex::new(None),
                    orders: Mutex::new(()),
                    last_read: StdMutex::new(HashMap::new()),
                    closed_orders_read: StdMutex::new(None),
                    verifying: Mutex::new(()),
                    verify_now: Notify::new(),
                    held_looked_at: StdMutex::new(None),
                },
            );
            wakers.insert((id.clone(), OutboxKind::Stock), Notify::new());
            wakers.insert((id.clone(), OutboxKind::Feedback), Notify::new());
            wakers.insert((id.clone(), OutboxKind::Product), Notify::new());
            feed_wakers.insert(id, Notify::new());
        }
        wakers.insert((settings.erp.id.clone(), OutboxKind::Order), Notify::new());
        feed_wakers.insert(settings.erp.id.clone(), Notify::new());
        let jitter = StdMutex::new(settings.seed | 1);
        Self {
            repository,
            clock,
            settings,
            memories,
            health: Health::default(),
            put_off: PutOff::default(),
            resolved: RwLock::new(None),
            relink: StdMutex::new(true),
            linking: Mutex::new(()),
            ledger_renewed: StdMutex::new(BTreeSet::new()),
            ledger_unplaced: StdMutex::new(BTreeSet::new()),
            erp_products_read: StdMutex::new(None),
            known_categories: StdMutex::new(BTreeSet::new()),
            massed: StdMutex::new(Massed::new()),
            gross_lists: StdMutex::new(BTreeSet::new()),
            wakers,
            told: StdMutex::new(HashMap::new()),
            feed_wakers,
            retry: RetrySchedule::default(),
            watcher,
            jitter,
            allowance: StdMutex::new(None),
        }
    }

    pub fn repository(&self) -> &Arc<dyn Repository> {
        &self.repository
    }

    pub fn settings(&self) -> &EngineSettings {
        &self.settings
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn tell(&self, event: &Event) {
        (self.watcher)(event);
    }

    pub(crate) fn store(&self, id: &ConnectionId) -> Option<&StoreSettings> {
        self.settings.stores.iter().find(|store| &store.connection.id == id)
    }

    pub(crate) fn memory(&self, store: &ConnectionId) -> Result<&StoreMemory> {
        self.memories.get(store).ok_or_else(|| {
            EngineError::Asked(format!("there is no store called {store} in the configuration"))
        })
    }

    pub(crate) fn connection(&self, id: &ConnectionId) -> Option<&Connection> {
        if &self.settings.erp.id == id {
            return Some(&self.settings.erp);
        }
        self.store(id).map(|store| &store.connection)
    }

    /// Stores what belongs together and wakes whoever has new work by it.
    pub(crate) async fn commit(&self, mutations: Vec<Mutation>) -> Result<()> {
        if mutations.is_empty() {
            return Ok(());
        }
        let woken: Vec<(ConnectionId, OutboxKind)> = mutations
            .iter()
            .filter_map(|mutation| match mutation {
                Mutation::Enqueue(wish) => Some((wish.connection.clone(), wish.record.kind())),
                _ => None,
            })
            .collect();
        let drops = mutations
            .iter()
            .any(|mutation| matches!(mutation, Mutation::DropUnit { .. } | Mutation::DropLink { .. }));
        self.repository.commit(mutations).await?;
        if drops {
            // Whoever shared a SKU or a bar code with what is gone may be paired now.
            *lock(&self.relink) = true;
        }
        for key in woken {
            if let Some(waker) = self.wakers.get(&key) {
                waker.notify_one();
            }
        }
        Ok(())
    }

    /// Something from outside put work into the repository for this connection: look at once.
    pub fn wake(&self, connection: &ConnectionId) {
        if let Some(waker) = self.feed_wakers.get(connection) {
            waker.notify_one();
        }
        for ((id, _), waker) in &self.wakers {
            if id == connection {
                waker.notify_one();
            }
        }
    }

    pub(crate) fn waker(&self, connection: &ConnectionId, kind: OutboxKind) -> Option<&Notify> {
        self.wakers.get(&(connection.clone(), kind))
    }

    pub(crate) fn context(&self, lane: Lane) -> CallContext {
        CallContext { lane, deadline: later(self.now(), self.settings.pace.call_timeout) }
    }

    /// Makes a call that reads, and keeps book of whether the connection answers.
    pub(crate) async fn ask<T>(
        &self,
        connection: &Connection,
        deed: Deed,
        call: impl Future<Output = std::result::Result<T, ConnectorError>>,
    ) -> Result<T> {
        self.enter(connection, deed)?;
        match call.await {
            Ok(answer) => {
                self.answered(connection, deed).await?;
                Ok(answer)
            }
            Err(error) => {
                self.failed(connection, deed, &error).await?;
                Err(EngineError::Connection { connection: connection.id.clone(), error })
            }
        }
    }

    /// As [`Self::ask`], about one record. The inner error concerns that record only.
    pub(crate) async fn ask_about_one<T>(
        &self,
        connection: &Connection,
        deed: Deed,
        call: impl Future<Output = std::result::Result<T, ConnectorError>>,
    ) -> Result<std::result::Result<T, ConnectorError>> {
        self.enter(connection, deed)?;
        match call.await {
            Ok(answer) => {
                self.answered(connection, deed).await?;
                Ok(Ok(answer))
            }
            Err(error) if error.is_of_one_record() => {
                // Whoever refuses one record knows who asks.
                if !matches!(error.kind, ErrorKind::Protocol { .. }) {
                    self.answered(connection, deed).await?;
                }
                Ok(Err(error))
            }
            Err(error) => {
                self.failed(connection, deed, &error).await?;
                Err(EngineError::Connection { connection: connection.id.clone(), error })
            }
        }
    }

    /// A number below 1,000 for spreading retries.
    pub(crate) fn jitter(&self) -> u32 {
        let mut state = lock(&self.jitter);
        // xorshift64: chance enough to keep retries apart, and the same for the same seed.
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        u32::try_from(*state % 1000).unwrap_or(0)
    }

    pub(crate) fn wish(
        &self,
        connection: &ConnectionId,
        record: zygos_storage::OutboxRecord,
        lane: Lane,
        reason: impl Into<String>,
    ) -> Mutation {
        Mutation::Enqueue(Wish {
            connection: connection.clone(),
            record,
            lane,
            reason: reason.into(),
            due_at: self.now(),
            by_hand: false,
        })
    }

    pub(crate) fn issue(
        &self,
        connection: &ConnectionId,
        kind: &str,
        subject: impl Into<String>,
        text: impl Into<String>,
        choices: &[&str],
    ) -> Mutation {
        let (subject, text) = (subject.into(), text.into());
        let key = (connection.clone(), kind.to_owned(), subject.clone());
        // An issue that is found again and again is told once.
        if lock(&self.told).insert(key, text.clone()).as_ref() != Some(&text) {
            self.tell(&Event::IssueOpened {
                connection: connection.clone(),
                kind: kind.to_owned(),
                text: text.clone(),
            });
        }
        Mutation::OpenIssue(Issue {
            id: 0,
            connection: connection.clone(),
            kind: kind.to_owned(),
            subject,
            text,
            choices: choices.iter().map(|&choice| choice.to_owned()).collect(),
            opened_at: self.now(),
            closed_at: None,
            answer: None,
        })
    }

    pub(crate) fn close_issue(
        &self,
        connection: &ConnectionId,
        kind: &str,
        subject: impl Into<String>,
    ) -> Mutation {
        let subject = subject.into();
        lock(&self.told).remove(&(connection.clone(), kind.to_owned(), subject.clone()));
        Mutation::CloseIssue {
            connection: connection.clone(),
            kind: kind.to_owned(),
            subject,
            at: self.now(),
            answer: None,
        }
    }

    pub(crate) fn new_run(&self, flow: &str, connection: &ConnectionId) -> RunId {
        // Readable, sortable, and the same in a replayed simulation; the random part keeps two processes apart.
        RunId::new(format!("{}-{flow}-{connection}-{:03}", self.now().as_microsecond(), self.jitter()))
    }

    pub(crate) async fn pause_for(&self, wait: Duration) {
        self.clock.sleep_until(later(self.now(), wait)).await;
    }
}

/// A poisoned lock only means that another thread panicked; the small values behind these are whole all the same.
pub(crate) fn lock<T>(mutex: &StdMutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
