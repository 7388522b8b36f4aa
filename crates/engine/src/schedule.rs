//! When what is done: one loop per connection and kind of work, each looking when it is due or woken.

use std::{future::Future, pin::pin, time::Duration};

use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all},
    select_biased,
};
use jiff::Timestamp;
use zygos_core::{ConnectionId, clock::later};
use zygos_storage::OutboxKind;

use crate::{
    engine::Engine,
    error::{EngineError, Result},
    put_off::Pass,
    settings::StoreSettings,
};

impl Engine {
    /// Runs every flow until `stop` is done. Passes that are under way then are dropped where they stand; nothing is
    /// lost by that.
    pub async fn run(&self, stop: impl Future<Output = ()>) -> Result<()> {
        let mut loops: Vec<BoxFuture<'_, Result<()>>> =
            vec![self.erp_loop().boxed(), self.order_loop().boxed(), self.housekeeping_loop().boxed()];
        for store in &self.settings.stores {
            loops.push(self.feed_loop(store).boxed());
            loops.push(self.stock_loop(store).boxed());
            loops.push(self.feedback_loop(store).boxed());
            if self.product_rule(store).is_some() {
                loops.push(self.product_loop(store).boxed());
            }
            loops.push(self.verify_loop(store).boxed());
        }
        let mut all = pin!(futures_util::future::try_join_all(loops).fuse());
        let mut stop = pin!(stop.fuse());
        select_biased! {
            () = stop => Ok(()),
            outcome = all => outcome.map(|_| ()),
        }
    }

    async fn feed_loop(&self, store: &StoreSettings) -> Result<()> {
        let id = &store.connection.id;
        let mut open_due = self.now();
        loop {
            let mut outcome = self.follow_hints(store).await;
            if outcome.is_ok() {
                outcome = self.read_orders(store, "poll").await.map(|_| ());
            }
            if outcome.is_ok() && self.now() >= open_due {
                outcome = self.read_open_orders(store).await;
                open_due = later(self.now(), self.settings.pace.open_orders_every);
            }
            let next = self.after(id, Pass::Orders, outcome, self.settings.pace.poll_every).await?;
            self.wait_for(self.feed_wakers.get(id), next).await;
        }
    }

    async fn erp_loop(&self) -> Result<()> {
        let id = &self.settings.erp.id;
        loop {
            let outcome = self.follow_erp().await;
            let next = self.after(id, Pass::ErpChanges, outcome, self.settings.pace.erp_every).await?;
            self.wait_for(self.feed_wakers.get(id), next).await;
        }
    }

    async fn order_loop(&self) -> Result<()> {
        let id = &self.settings.erp.id;
        loop {
            let outcome = self.order_pass().await.map(|_| ());
            self.wait_for_work(id, OutboxKind::Order, outcome).await?;
        }
    }

    async fn stock_loop(&self, store: &StoreSettings) -> Result<()> {
        loop {
            let outcome = self.stock_pass(store, None).await.map(|_| ());
            self.wait_for_work(&store.connection.id, OutboxKind::Stock, outcome).await?;
        }
    }

    async fn feedback_loop(&self, store: &StoreSettings) -> Result<()> {
        loop {
            let outcome = self.feedback_pass(store).await.map(|_| ());
            self.wait_for_work(&store.connection.id, OutboxKind::Feedback, outcome).await?;
        }
    }

    async fn product_loop(&self, store: &StoreSettings) -> Result<()> {
        loop {
            let outcome = self.product_pass(store, None).await.map(|_| ());
            self.wait_for_work(&store.connection.id, OutboxKind::Product, outcome).await?;
        }
    }

    async fn verify_loop(&self, store: &StoreSettings) -> Result<()> {
        let id = &store.connection.id;
        if let Some(last) = self.verified_at(id).await? {
            let due = later(last, self.settings.pace.verify_every);
            self.wait_for(Some(&self.memory(id)?.verify_now), due).await;
        }
        loop {
            let outcome = self.verify(store).await.map(|_| ());
            let next = self.after(id, Pass::Verification, outcome, self.settings.pace.verify_every).await?;
            tracing::debug!(connection = %id, "The next verification begins at {next}");
            self.wait_for(Some(&self.memory(id)?.verify_now), next).await;
        }
    }

    async fn housekeeping_loop(&self) -> Result<()> {
        loop {
            let before = self.now().saturating_sub(self.settings.pace.retention).unwrap_or(Timestamp::MIN);
            self.repository.forget(before).await?;
            self.pause_for(Duration::from_secs(3600)).await;
        }
    }

    async fn wait_for_work(
        &self,
        connection: &ConnectionId,
        kind: OutboxKind,
        outcome: Result<()>,
    ) -> Result<()> {
        let failed = outcome.is_err();
        let pass = match kind {
            OutboxKind::Order => Pass::Entering,
            OutboxKind::Stock => Pass::Stock,
            OutboxKind::Feedback => Pass::Feedback,
            OutboxKind::Product => Pass::Products,
        };
        let idle = self.after(connection, pass, outcome, self.settings.pace.idle_look).await?;
        let next = if failed || !self.is_live(connection).await? {
            idle
        } else {
            match self.repository.next_due(connection, kind).await? {
                Some(due) => due.min(idle),
                None => idle,
            }
        };
        self.wait_for(self.waker(connection, kind), next).await;
        Ok(())
    }

    async fn wait_for(&self, waker: Option<&tokio::sync::Notify>, until: Timestamp) {
        if until <= self.now() {
            return;
        }
        let mut time = pin!(self.clock.sleep_until(until).fuse());
        match waker {
            None => time.await,
            Some(waker) => {
                let mut woken = pin!(waker.notified().fuse());
                select_biased! {
                    () = woken => {}
                    () = time => {}
                }
            }
        }
    }

    /// Everything once, until nothing is due: read both sides, link, bring orders in, tell the stores, and put the
    /// stock right. Connections that don't answer are left out; what they missed waits in the outbox.
    pub async fn sync(&self) -> Result<Vec<(ConnectionId, String)>> {
        let _run = self.limited_run();
        let mut troubles = Vec::new();
        let erp = &self.settings.erp.id;
        self.note_trouble(erp, self.follow_erp().await, &mut troubles)?;
        let stores = &self.settings.stores;
        for store in stores {
            let id = &store.connection.id;
            let mut outcome = self.follow_hints(store).await;
            if outcome.is_ok() {
                outcome = self.read_orders(store, "poll").await.map(|_| ());
            }
            if outcome.is_ok() {
                outcome = self.read_open_orders(store).await;
            }
            self.note_trouble(id, outcome, &mut troubles)?;
        }
        for store in stores {
            self.note_trouble(&store.connection.id, self.verify(store).await.map(|_| ()), &mut troubles)?;
        }
        // Each round may make work for the others; it ends when none has any.
        for _ in 0..20 {
            let mut worked = 0;
            match self.order_pass().await {
                Ok(pass) => worked += pass.written,
                Err(error) => self.note_trouble(erp, Err(error), &mut troubles)?,
            }
            self.note_trouble(erp, self.follow_erp().await, &mut troubles)?;
            let passes = join_all(stores.iter().map(|store| async {
                let told = self.feedback_pass(store).await?;
                let products = self.product_pass(store, None).await?;
                let stock = self.stock_pass(store, None).await?;
                Ok::<u64, EngineError>(
                    told + products.looked_at - products.put_off + stock.looked_at - stock.put_off,
                )
            }))
            .await;
            for (store, pass) in stores.iter().zip(passes) {
                match pass {
                    Ok(count) => worked += count,
                    Err(error) => self.note_trouble(&store.connection.id, Err(error), &mut troubles)?,
                }
            }
            if worked == 0 {
                break;
            }
        }
        self.close_answered_limits().await?;
        troubles.sort();
        troubles.dedup();
        Ok(troubles)
    }

    pub(crate) fn note_trouble(
        &self,
        connection: &ConnectionId,
        outcome: Result<()>,
        troubles: &mut Vec<(ConnectionId, String)>,
    ) -> Result<()> {
        match outcome {
            Ok(()) => Ok(()),
            Err(EngineError::Storage(error)) => Err(error.into()),
            Err(error) => {
                // The one that stands in the way is named, whoever's work it was.
                let (connection, why) = error.trouble().unwrap_or_else(|| (connection, error.to_string()));
                if !troubles.iter().any(|(known, _)| known == connection) {
                    troubles.push((connection.clone(), why));
                }
                Ok(())
            }
        }
    }
}
