//! One process at a time calls on a credential; this holds the right to.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use zygos_connectors::layers::Budgets;
use zygos_core::{ConnectionId, SharedClock, clock::later, contract::Checkpoint};
use zygos_storage::{Lease, Mutation, Repository};

use crate::{
    assemble::Assembled,
    failure::Failure,
    owner::{OwnerLock, in_words},
};

/// A process of which nobody can tell whether it lives is succeeded after this long.
const HELD_FOR: Duration = Duration::from_secs(45);
const RENEWED_EVERY: Duration = Duration::from_secs(15);
/// What was called within the connection's limits, as a cursor.
const SPENT: &str = "calls_spent";
const ASKED_AGAIN_EVERY: Duration = Duration::from_secs(1);

/// The leases of every credential of an engine.
pub struct Leases {
    repository: Arc<dyn Repository>,
    clock: SharedClock,
    lock: Arc<OwnerLock>,
    /// With their connections. Everybody takes them in this order, so two never hold half each for long.
    credentials: BTreeMap<String, Vec<ConnectionId>>,
    /// Credentials taken over from the dead whose claims are not released yet.
    inherited: Mutex<BTreeSet<String>>,
    /// The last of the dead that people were told of.
    succeeded: Mutex<Option<String>>,
    budgets: Budgets,
    /// Credentials whose earlier calls are counted already.
    resumed: Mutex<BTreeSet<String>>,
}

/// Who may call on the credentials.
#[derive(Debug, PartialEq, Eq)]
pub enum Holder {
    We,
    Other(String),
}

impl Leases {
    pub fn of(assembled: &Assembled, clock: &SharedClock) -> Self {
        let settings = assembled.engine.settings();
        let mut credentials: BTreeMap<String, Vec<ConnectionId>> = BTreeMap::new();
        for connection in settings.stores.iter().map(|store| &store.connection).chain([&settings.erp]) {
            credentials.entry(connection.credential.clone()).or_default().push(connection.id.clone());
        }
        let repository = assembled.engine.repository().clone();
        let leases = Self::new(repository, clock.clone(), assembled.lock.clone(), credentials);
        Self { budgets: assembled.budgets.clone(), ..leases }
    }

    fn new(
        repository: Arc<dyn Repository>,
        clock: SharedClock,
        lock: Arc<OwnerLock>,
        credentials: BTreeMap<String, Vec<ConnectionId>>,
    ) -> Self {
        Self {
            repository,
            clock,
            lock,
            credentials,
            inherited: Mutex::default(),
            succeeded: Mutex::default(),
            budgets: Budgets::default(),
            resumed: Mutex::default(),
        }
    }

    /// Takes or renews all of them.
    pub async fn take(&self) -> Result<Holder, Failure> {
        for (credential, connections) in &self.credentials {
            let lease = self.take_one(credential).await?;
            if lease.owner != self.lock.name() {
                self.set_inherited(credential, false);
                return Ok(Holder::Other(lease.owner));
            }
            self.release_inherited(credential, connections).await?;
            self.count_on(credential, connections).await?;
        }
        Ok(Holder::We)
    }

    /// The first time, counts what the holder before called; then keeps what we called, for the next one.
    async fn count_on(&self, credential: &str, connections: &[ConnectionId]) -> Result<(), Failure> {
        let Some(connection) = connections.first() else { return Ok(()) };
        if lock(&self.resumed).insert(credential.to_owned()) {
            let kept = self.repository.cursor(connection, SPENT).await?;
            // What an older version kept in another form is not missed for long.
            if let Some(spent) = kept.and_then(|kept| serde_json::from_str(&kept.0).ok()) {
                self.budgets.resume(credential, &spent);
            }
            return Ok(());
        }
        self.keep_spent(credential, connection).await
    }

    async fn keep_spent(&self, credential: &str, connection: &ConnectionId) -> Result<(), Failure> {
        let spent = self.budgets.spent(credential, self.clock.now());
        let Some(Ok(spent)) = spent.map(|spent| serde_json::to_string(&spent)) else { return Ok(()) };
        let (connection, feed) = (connection.clone(), SPENT.to_owned());
        let keep = Mutation::PutCursor { connection, feed, checkpoint: Checkpoint(spent) };
        Ok(self.repository.commit(vec![keep]).await?)
    }

    async fn take_one(&self, credential: &str) -> Result<Lease, Failure> {
        // At the beginning of time no lease has run out: this tells whose it was before it is taken over.
        let found = self.ask(credential, Timestamp::MIN).await?;
        if found.owner == self.lock.name() {
            return Ok(found);
        }
        if self.lock.is_dead(&found.owner) {
            // After a failure of its state, a process succeeds itself.
            let is_news = in_words(&found.owner) != in_words(self.lock.name());
            if is_news && lock(&self.succeeded).replace(found.owner.clone()).as_ref() != Some(&found.owner) {
                tracing::info!("{} is gone; its work is taken over", in_words(&found.owner));
            }
            self.set_inherited(credential, true);
            self.repository.release_lease(credential, &found.owner).await?;
        }
        let lease = self.ask(credential, self.clock.now()).await?;
        if lease.owner == self.lock.name() && !self.lock.tells_the_living() {
            // Its lease ran out. Should it live on after all, it is fenced off from what it had claimed.
            self.set_inherited(credential, true);
        }
        Ok(lease)
    }

    async fn ask(&self, credential: &str, now: Timestamp) -> Result<Lease, Failure> {
        let until = later(self.clock.now(), HELD_FOR);
        Ok(self.repository.lease(credential, self.lock.name(), now, until).await?)
    }

    /// What the dead had claimed may be claimed at once; only after the lease is ours, for by then nobody else has
    /// claimed anything.
    async fn release_inherited(&self, credential: &str, connections: &[ConnectionId]) -> Result<(), Failure> {
        if !lock(&self.inherited).contains(credential) {
            return Ok(());
        }
        let release = |connection: &ConnectionId| Mutation::ReleaseClaims { connection: connection.clone() };
        self.repository.commit(connections.iter().map(release).collect()).await?;
        self.set_inherited(credential, false);
        Ok(())
    }

    fn set_inherited(&self, credential: &str, inherited: bool) {
        if inherited {
            lock(&self.inherited).insert(credential.to_owned());
        } else {
            lock(&self.inherited).remove(credential);
        }
    }

    /// Takes them or says who works already.
    pub async fn take_or_explain(&self) -> Result<(), Failure> {
        let Holder::Other(other) = self.take().await? else { return Ok(()) };
        self.release().await?;
        Err(Failure::Unavailable(format!(
            "another zygos process (`zygos serve`, most likely: {}) works on these connections and does this by itself. \
             `zygos replay`, `approve`, `pause`, `issues` and `explain` work beside it.",
            in_words(&other)
        )))
    }

    /// Keeps them; ends only when they are lost.
    pub async fn keep(&self) -> Result<(), Failure> {
        loop {
            self.clock.sleep_until(later(self.clock.now(), RENEWED_EVERY)).await;
            if let Holder::Other(other) = self.take().await? {
                return Err(Failure::Unavailable(format!(
                    "another zygos process ({}) took over the connections of this one; it stops so that no call is made \
                     twice",
                    in_words(&other)
                )));
            }
        }
    }

    /// Waits until they are free.
    pub async fn wait(&self) -> Result<(), Failure> {
        let mut told = None;
        while let Holder::Other(other) = self.take().await? {
            if told.as_ref() != Some(&other) {
                tracing::info!(
                    "Another zygos process ({}) works on these connections; this one makes no call and takes over when that \
                     one ends",
                    in_words(&other)
                );
                told = Some(other);
            }
            self.clock.sleep_until(later(self.clock.now(), ASKED_AGAIN_EVERY)).await;
        }
        Ok(())
    }

    /// Gives back what this process holds. Only where nothing is claimed any more: who stops in the midst of its work
    /// leaves its leases, and its lock tells the next one that it is gone.
    pub async fn release(&self) -> Result<(), Failure> {
        for (credential, connections) in &self.credentials {
            let is_ours = lock(&self.resumed).contains(credential);
            if let Some(connection) = connections.first().filter(|_| is_ours) {
                self.keep_spent(credential, connection).await?;
            }
            self.repository.release_lease(credential, self.lock.name()).await?;
        }
        Ok(())
    }
}

/// A poisoned lock only means that another thread panicked; the small values behind these are whole all the same.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
