//! Verification: both sides are read in full, compared, and what differs is put before the stock pass.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use zygos_core::{
    ConnectionId, RemoteKey, RunId,
    contract::{Checkpoint, Lane},
    model::UnitKind,
    money::plain,
    stock::Figure,
};
use zygos_storage::{Mutation, OutboxKind, OutboxRecord, Run};

use crate::{
    engine::Engine,
    error::Result,
    event::Event,
    settings::StoreSettings,
    stock::{StockDecision, StockVerdict, name_of},
};

/// When the last complete verification began, as a cursor: a restart is no reason to read a whole store again.
const FEED: &str = "verified";

/// What one comparison of a store found.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Verification {
    pub units: u64,
    pub compared: u64,
    pub different: u64,
    pub unlinked: u64,
    pub not_tracked: u64,
    pub undecidable: u64,
    /// Products compared with the ERP's, and fields of them that are to be written to either side.
    pub products: u64,
    pub fields_different: u64,
    pub pages: u64,
    pub written: u64,
    pub calls_used: u64,
    /// Pages, one reading of each store's orders, and the writes: less is not possible with the calls in use.
    pub calls_least: u64,
}

impl Engine {
    /// Compares every unit of a store, page by page, and corrects what differs by the store's policy.
    ///
    /// A page is a read of the store's actual figures and of its catalogue at once: new products are linked by it.
    /// Differences are only a suspicion here; the stock pass decides them by the whole sequence.
    pub async fn verify(&self, store: &StoreSettings) -> Result<Verification> {
        let id = &store.connection.id;
        let memory = self.memory(id)?;
        let _one_at_a_time = memory.verifying.lock().await;
        tracing::debug!(connection = %id, "Verification begins");
        let calls_before = (store.connection.calls_used)();
        let started_at = self.now();
        let run_id = self.new_run("verify", id);
        let mut run = Run {
            id: run_id.clone(),
            flow: "verify".to_owned(),
            connection: Some(id.clone()),
            started_at,
            ended_at: None,
            counts: BTreeMap::new(),
            outcome: None,
        };
        self.commit(vec![Mutation::PutRun(run.clone())]).await?;
        let mut found = Verification::default();
        let outcome = self.verify_pages(store, &mut found).await;
        tracing::debug!(connection = %id, "Pages are compared: {found:?}");
        let mut feed_reads = 0;
        if outcome.is_ok() && self.is_live(id).await? {
            found.written += self.correct_products(store, &run_id).await?;
        }
        if outcome.is_ok() && store.stock.is_some() && self.is_live(id).await? {
            while self.is_stock_due(id).await? {
                let pass = match self.stock_pass(store, Some(&run_id)).await {
                    Ok(pass) => pass,
                    // What was found stays in the outbox until writing is allowed.
                    Err(error) if error.is_forbidden() => break,
                    Err(error) => return Err(error),
                };
                tracing::debug!(connection = %id, "A pass of the verification: {pass:?}");
                found.written += pass.written;
                feed_reads += 1;
                if pass.looked_at == 0 || pass.put_off == pass.looked_at {
                    break;
                }
            }
        }
        found.calls_used = (store.connection.calls_used)().saturating_sub(calls_before);
        found.calls_least = zygos_core::pacing::calls_least(found.pages, feed_reads, found.written);
        run.ended_at = Some(self.now());
        run.outcome = Some(match &outcome {
            Ok(()) => "complete".to_owned(),
            Err(error) => error.to_string(),
        });
        run.counts = BTreeMap::from([
            ("read".to_owned(), found.units),
            ("compared".to_owned(), found.compared),
            ("different".to_owned(), found.different),
            ("unlinked".to_owned(), found.unlinked),
            ("undecidable".to_owned(), found.undecidable),
            ("products".to_owned(), found.products),
            ("fields_different".to_owned(), found.fields_different),
            ("written".to_owned(), found.written),
            ("calls_used".to_owned(), found.calls_used),
            ("calls_least".to_owned(), found.calls_least),
        ]);
        let mut mutations = vec![Mutation::PutRun(run)];
        if outcome.is_ok() {
            mutations.push(Mutation::PutCursor {
                connection: id.clone(),
                feed: FEED.to_owned(),
                checkpoint: Checkpoint(started_at.to_string()),
            });
        }
        self.commit(mutations).await?;
        outcome?;
        self.tell(&Event::Verified { store: id.clone(), units: found.compared, different: found.different });
        Ok(found)
    }

    /// Works on products until none is due that can be worked on now.
    async fn correct_products(&self, store: &StoreSettings, run: &RunId) -> Result<u64> {
        let id = &store.connection.id;
        let mut written = 0;
        loop {
            let due = self.repository.next_due(id, OutboxKind::Product).await?;
            if due.is_none_or(|due| due > self.now()) {
                return Ok(written);
            }
            let pass = match self.product_pass(store, Some(run)).await {
                Ok(pass) => pass,
                Err(error) if error.is_forbidden() => return Ok(written),
                Err(error) => return Err(error),
            };
            written += pass.written;
            if pass.looked_at == 0 || pass.put_off == pass.looked_at {
                return Ok(written);
            }
        }
    }

    /// When a store was last read and compared in full: the moment it began. `None`: never.
    pub async fn verified_at(&self, store: &ConnectionId) -> Result<Option<Timestamp>> {
        let cursor = self.repository.cursor(store, FEED).await?;
        Ok(cursor.and_then(|checkpoint| checkpoint.0.parse().ok()))
    }

    pub(crate) async fn is_stock_due(&self, store: &ConnectionId) -> Result<bool> {
        let due = self.repository.next_due(store, OutboxKind::Stock).await?;
        Ok(due.is_some_and(|due| due <= self.now()))
    }

    async fn verify_pages(&self, store: &StoreSettings, found: &mut Verification) -> Result<()> {
        let mut pages = self.product_pages(&store.connection, Lane::Sweep, "verified units");
        while let Some(keys) = self.next_products(&mut pages).await? {
            found.pages = pages.pages;
            self.link().await?;
            self.compare(store, &keys, found).await?;
            self.compare_products(store, &keys, found).await?;
        }
        self.end_of_products(&pages).await?;
        Ok(())
    }

    /// Compares one page of units with what they should be.
    async fn compare(
        &self,
        store: &StoreSettings,
        keys: &[RemoteKey],
        found: &mut Verification,
    ) -> Result<()> {
        if store.stock.is_none() || keys.is_empty() {
            found.units += u64::try_from(keys.len()).unwrap_or(0);
            return Ok(());
        }
        let (decisions, _) = self.decide(store, keys).await?;
        let mut mutations = self.impossible_figures(&decisions).await?;
        for decision in &decisions {
            found.units += 1;
            match &decision.verdict {
                // A parent of variants is never linked: its variants are.
                StockVerdict::LeaveAlone(_) if decision.unit.kind != UnitKind::Goods => {}
                StockVerdict::LeaveAlone(_) if decision.erp_unit.is_none() => found.unlinked += 1,
                StockVerdict::LeaveAlone(_) => found.not_tracked += 1,
                StockVerdict::NotNow(_) => {
                    found.undecidable += 1;
                    mutations.push(self.suspicion(store, decision));
                }
                StockVerdict::Decided(_) if decision.change().is_some() => {
                    found.compared += 1;
                    found.different += 1;
                    mutations.push(self.suspicion(store, decision));
                }
                StockVerdict::Decided(_) | StockVerdict::AtMost { .. } => {
                    found.compared += 1;
                    mutations.extend(self.agreed(store, decision).await?);
                }
            }
        }
        self.commit(mutations).await
    }

    /// Less than nothing in a warehouse counts as nothing, and somebody is told to count it. Demand that is not met
    /// yet makes a projection negative, which is no mistake.
    async fn impossible_figures(&self, decisions: &[StockDecision]) -> Result<Vec<Mutation>> {
        const KIND: &str = "negative_stock";
        let erp = &self.settings.erp.id;
        let open: BTreeMap<String, String> = self
            .repository
            .issues(false)
            .await?
            .into_iter()
            .filter(|issue| &issue.connection == erp && issue.kind == KIND)
            .map(|issue| (issue.subject, issue.text))
            .collect();
        let mut mutations = Vec::new();
        for decision in decisions {
            let StockVerdict::Decided(explanation) = &decision.verdict else { continue };
            for term in explanation.warehouses.iter().filter(|term| term.kind != Figure::Projected) {
                let sku = name_of(&decision.unit);
                let subject = format!("{sku} in {}", term.name);
                if term.value >= Decimal::ZERO {
                    if open.contains_key(&subject) {
                        mutations.push(self.close_issue(erp, KIND, subject));
                    }
                    continue;
                }
                let text = format!(
                    "{erp}: warehouse {} has {} of {sku} ({}), and less than nothing cannot be there; count it in the ERP. \
                     Until then it is taken off what the store's other warehouses have",
                    term.name,
                    plain(term.value),
                    term.kind.name()
                );
                if open.get(&subject) != Some(&text) {
                    mutations.push(self.issue(erp, KIND, subject, text, &[]));
                }
            }
        }
        Ok(mutations)
    }

    fn suspicion(&self, store: &StoreSettings, decision: &StockDecision) -> Mutation {
        let record = OutboxRecord::Stock(decision.unit.key.clone());
        self.wish(&store.connection.id, record, Lane::Corrections, "verification found a difference")
    }
}
