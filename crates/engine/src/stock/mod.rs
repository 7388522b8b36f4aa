//! Deciding a store's figures and writing the ones that differ.
//!
//! A row in the outbox says "re-decide unit U". The number is computed here, when it is sent, and again at every
//! retry: 1. the ERP's figures, 2. the store's actual figure, 3. the order feeds, 4. decide and write.

mod caution;
mod decide;
mod held;
mod without_erp;
mod write;

use jiff::Timestamp;
use rust_decimal::Decimal;
use zygos_core::{
    ConnectionId, RemoteKey, RunId,
    clock::{elapsed, later},
    contract::Write,
    model::{Entity, Unit},
    stock::Explanation,
};
use zygos_storage::{Mutation, OutboxKind, OutboxRow, Settled, StockBase};

pub(crate) use write::LEAST_TIME;

use crate::{
    engine::Engine,
    error::{EngineError, Result},
    health::Deed,
    plan_seen::Seen,
    settings::StoreSettings,
};

const WRITE: Deed = Deed::Write(Entity::Stock);
/// How drifts of figures are told from those of a product's fields.
pub(crate) const STOCK: &str = "stock";

/// What is to be done about one unit in one store.
#[derive(Clone, Debug)]
pub struct StockDecision {
    pub unit: Unit,
    pub erp_unit: Option<RemoteKey>,
    /// The store's figure as far as known; `None`: it must be read.
    pub actual: Option<Decimal>,
    pub actual_read_at: Timestamp,
    pub verdict: StockVerdict,
}

#[derive(Clone, Debug)]
pub enum StockVerdict {
    /// It should be this, and why.
    Decided(Explanation),
    /// The ERP doesn't answer; by the orders that came since, no more than this may be shown, and why.
    AtMost { figure: Decimal, why: String },
    /// Nothing is to be written, and why.
    LeaveAlone(String),
    /// It can't be decided now, and why.
    NotNow(String),
}

impl StockDecision {
    /// The figure to write, when one is to be written.
    pub fn change(&self) -> Option<(Option<Decimal>, Decimal)> {
        match &self.verdict {
            StockVerdict::Decided(explanation) if self.actual != Some(explanation.figure) => {
                Some((self.actual, explanation.figure))
            }
            StockVerdict::AtMost { figure, .. } if self.actual.is_some_and(|actual| actual > *figure) => {
                Some((self.actual, *figure))
            }
            _ => None,
        }
    }

    pub(crate) fn raises(&self) -> bool {
        match &self.verdict {
            StockVerdict::Decided(explanation) => {
                self.actual.is_none_or(|actual| explanation.figure > actual)
            }
            _ => false,
        }
    }
}

/// What one pass over a store's due units did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StockPass {
    pub looked_at: u64,
    pub written: u64,
    pub put_off: u64,
}

impl Engine {
    /// Works on the due units of one store, once.
    pub async fn stock_pass(&self, store: &StoreSettings, run: Option<&RunId>) -> Result<StockPass> {
        self.stock_pass_of(store, run, None).await
    }

    /// As [`Self::stock_pass`]; with a plan, only of its units, and only what is still as the plan says is written.
    pub(crate) async fn stock_pass_of(
        &self,
        store: &StoreSettings,
        run: Option<&RunId>,
        seen: Option<&Seen<'_>>,
    ) -> Result<StockPass> {
        let id = &store.connection.id;
        let mut pass = StockPass::default();
        if store.stock.is_none() || !self.is_live(id).await? {
            return Ok(pass);
        }
        self.check_rested(&store.connection, WRITE)?;
        let erp_rests = self.check_rested(&self.settings.erp, Deed::Read(Entity::Stock));
        self.link().await?;
        if erp_rests.is_ok() && seen.is_none() {
            self.free_what_falls(store).await?;
        }
        let now = self.now();
        let lease_until = later(now, self.settings.pace.lease);
        let batch = self.settings.pace.stock_batch;
        let rows = match seen {
            Some(seen) => {
                let records = seen.next_units(id, batch);
                self.repository.claim_these(id, &records, now, lease_until).await?
            }
            None => self.repository.claim(id, OutboxKind::Stock, now, lease_until, batch).await?,
        };
        if rows.is_empty() {
            return Ok(pass);
        }
        pass.looked_at = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let rows = self.settle_questions(store, rows).await?;
        let outcome = match erp_rests {
            Ok(()) => self.decide_and_write(store, &rows, run, seen).await,
            Err(resting) => Err(resting),
        };
        match outcome {
            Ok((written, put_off)) => {
                pass.written = written;
                pass.put_off = put_off;
                Ok(pass)
            }
            Err(error @ EngineError::Storage(_)) => Err(error),
            Err(error) => {
                // What is lowered without the ERP is in no plan.
                if error.is_of(&self.settings.erp.id) && seen.is_none() {
                    self.lower_without_erp(store, &rows, &error, run).await?;
                }
                // What was not settled yet is looked at again; rows settled meanwhile fence this off one by one.
                for row in &rows {
                    self.settle_if_ours(row, self.again_after(row, &error)).await?;
                }
                Err(error)
            }
        }
    }

    /// Rows whose last write is a question wait until it can't land any more; then the figure is read back.
    async fn settle_questions(&self, store: &StoreSettings, rows: Vec<OutboxRow>) -> Result<Vec<OutboxRow>> {
        let id = &store.connection.id;
        let max_in_flight = store.connection.connector.capabilities().max_in_flight;
        let mut ready = Vec::new();
        let mut read_back = Vec::new();
        for row in rows {
            match &row.sent {
                Some(sent) if self.now() < later(sent.deadline, max_in_flight) => {
                    let due_at = later(sent.deadline, max_in_flight);
                    self.settle_if_ours(&row, Settled::Unknown { due_at }).await?;
                }
                Some(sent) => {
                    if let Write::SetStock { unit, figure } = &sent.write {
                        read_back.push((unit.clone(), *figure));
                    }
                    ready.push(row);
                }
                None => ready.push(row),
            }
        }
        if !read_back.is_empty()
            && let Err(error) = self.read_back(store, &read_back).await
        {
            for row in &ready {
                let due_at = self.retry_at(row);
                let settled = match row.sent {
                    Some(_) => Settled::Unknown { due_at },
                    None => Settled::Again { due_at, reason: None, failed: true },
                };
                self.settle_if_ours(row, settled).await?;
            }
            tracing::warn!(connection = %id, "Reading back unanswered writes failed: {error}");
            return Err(error);
        }
        Ok(ready)
    }

    /// Reads what became of unanswered writes, and remembers it: both sides agreed on a figure that arrived. Where
    /// neither it nor the figure before is there, orders or people came between, and nobody can say what was agreed.
    async fn read_back(&self, store: &StoreSettings, written: &[(RemoteKey, Decimal)]) -> Result<()> {
        let id = &store.connection.id;
        let keys: Vec<RemoteKey> = written.iter().map(|(unit, _)| unit.clone()).collect();
        self.read_actual(store, &keys).await?;
        let bases = self.repository.stock_bases(id, &keys).await?;
        let mut mutations = Vec::new();
        for stored in self.repository.units_by_key(id, &keys).await? {
            let (unit, read_at) = (stored.unit.key, stored.read_at);
            let wanted = written.iter().find(|(key, _)| *key == unit).map(|(_, figure)| *figure);
            let agreed = bases.iter().find(|base| base.unit == unit).map(|base| base.figure);
            if wanted.is_some() && stored.unit.stock == wanted {
                let figure = wanted.unwrap_or_default();
                mutations.push(Mutation::PutStockBase(StockBase {
                    store: id.clone(),
                    unit,
                    figure,
                    read_at,
                }));
            } else if agreed.is_some() && stored.unit.stock != agreed {
                mutations.push(Mutation::DropStockBase { store: id.clone(), unit });
            }
        }
        self.commit(mutations).await
    }

    async fn decide_and_write(
        &self,
        store: &StoreSettings,
        rows: &[OutboxRow],
        run: Option<&RunId>,
        seen: Option<&Seen<'_>>,
    ) -> Result<(u64, u64)> {
        let keys = units_of(rows);
        let (mut decisions, mut figures) = self.decide(store, &keys).await?;
        if decisions.iter().any(|decision| decision.change().is_some()) {
            // The second and third step: the store's actual figure where a figure would rise, then the feeds.
            let age = self.settings.pace.stock_age;
            let to_read: Vec<RemoteKey> = decisions
                .iter()
                .filter(|decision| decision.change().is_some())
                .filter(|decision| {
                    decision.actual.is_none()
                        || (decision.raises() && elapsed(decision.actual_read_at, self.now()) > age)
                })
                .map(|decision| decision.unit.key.clone())
                .collect();
            self.read_actual(store, &to_read).await?;
            let raises = decisions.iter().any(StockDecision::raises);
            let unread = self.read_feeds(store, figures.ended, raises).await?;
            if unread.contains(&store.connection.id) {
                // What was sold there since is seen in its figures only.
                let differing: Vec<RemoteKey> = decisions
                    .iter()
                    .filter(|decision| decision.change().is_some())
                    .map(|decision| decision.unit.key.clone())
                    .collect();
                self.read_actual(store, &differing).await?;
            }
            decisions = self.decide_from(store, &keys, &figures).await?;
            if let Some(silent) = unread.first() {
                for decision in decisions.iter_mut().filter(|decision| decision.raises()) {
                    decision.verdict = StockVerdict::NotNow(format!(
                        "the orders of {silent} cannot be read now, so nothing is raised"
                    ));
                }
            }
            // Feeds that took long leave the figures too old to be written.
            if elapsed(figures.began, self.now()) > age {
                (decisions, figures) = self.decide(store, &keys).await?;
            }
        }
        self.write_decisions(store, rows, decisions, figures.began, run, seen).await
    }

    /// Reads the order feeds that a decision needs: lowering may go by the store's own, raising needs all. Answers
    /// the stores whose orders could not be read.
    async fn read_feeds(
        &self,
        store: &StoreSettings,
        since: Timestamp,
        raises: bool,
    ) -> Result<Vec<ConnectionId>> {
        let mut unread = Vec::new();
        match self.read_orders_since(store, since).await {
            Ok(()) => {}
            // It will not be read soon, and what can be lowered must not wait for it.
            Err(error) if error.is_forbidden() => unread.push(store.connection.id.clone()),
            Err(error) => return Err(error),
        }
        if raises {
            for other in
                self.settings.stores.iter().filter(|other| other.connection.id != store.connection.id)
            {
                match self.read_orders_since(other, since).await {
                    Ok(()) => {}
                    Err(error @ EngineError::Storage(_)) => return Err(error),
                    Err(_) => unread.push(other.connection.id.clone()),
                }
            }
        }
        Ok(unread)
    }
}

fn units_of(rows: &[OutboxRow]) -> Vec<RemoteKey> {
    rows.iter()
        .filter_map(|row| match &row.record {
            zygos_storage::OutboxRecord::Stock(unit) => Some(unit.clone()),
            _ => None,
        })
        .collect()
}

/// How people call a unit: by SKU, else by key.
pub(crate) fn name_of(unit: &Unit) -> String {
    unit.sku.clone().unwrap_or_else(|| format!("#{}", unit.key))
}
