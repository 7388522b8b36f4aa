//! One process at a time calls on a credential; this holds the right to.

use std::{sync::Arc, time::Duration};

use zygos_core::{SharedClock, clock::later};
use zygos_engine::Engine;

use crate::failure::Failure;

/// A process that died is succeeded after this long.
const HELD_FOR: Duration = Duration::from_secs(45);
const RENEWED_EVERY: Duration = Duration::from_secs(15);

/// The leases of every credential of an engine.
pub struct Leases {
    engine: Arc<Engine>,
    clock: SharedClock,
    credentials: Vec<String>,
}

impl Leases {
    pub fn of(engine: &Arc<Engine>, clock: &SharedClock) -> Self {
        let settings = engine.settings();
        let mut credentials: Vec<String> = settings
            .stores
            .iter()
            .map(|store| store.connection.credential.clone())
            .chain([settings.erp.credential.clone()])
            .collect();
        // Everybody takes them in the same order, so two never hold half each for long.
        credentials.sort();
        credentials.dedup();
        Self { engine: engine.clone(), clock: clock.clone(), credentials }
    }

    /// Takes or renews all of them. `Ok(false)`: another process holds one.
    pub async fn take(&self) -> Result<bool, Failure> {
        let owner = &self.engine.settings().owner;
        for credential in &self.credentials {
            let now = self.clock.now();
            let lease = self.engine.repository().lease(credential, owner, now, later(now, HELD_FOR)).await?;
            if &lease.owner != owner {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes them or says who works already.
    pub async fn take_or_explain(&self) -> Result<(), Failure> {
        if self.take().await? {
            return Ok(());
        }
        self.release().await?;
        Err(Failure::Unavailable(
            "another zygos process (`zygos serve`, most likely) works on these connections and does this by itself. \
             `zygos replay`, `approve`, `pause`, `issues` and `explain` work beside it."
                .to_owned(),
        ))
    }

    /// Waits until they are free, then keeps them; ends only when they are lost.
    pub async fn keep(&self) -> Result<(), Failure> {
        loop {
            self.clock.sleep_until(later(self.clock.now(), RENEWED_EVERY)).await;
            if !self.take().await? {
                return Err(Failure::Unavailable(
                    "another process took over the connections of this one; it stops so that no call is made twice"
                        .to_owned(),
                ));
            }
        }
    }

    pub async fn wait(&self) -> Result<(), Failure> {
        while !self.take().await? {
            tracing::info!("Waiting for another zygos process to let go of the connections");
            self.clock.sleep_until(later(self.clock.now(), Duration::from_secs(5))).await;
        }
        Ok(())
    }

    pub async fn release(&self) -> Result<(), Failure> {
        let owner = &self.engine.settings().owner;
        for credential in &self.credentials {
            self.engine.repository().release_lease(credential, owner).await?;
        }
        Ok(())
    }
}
