//! Deciding a store's figures and writing the ones that differ.
//!
//! A row in the outbox says "re-decide unit U". The number is computed here, when it is sent, and again at every
//! retry: 1. the ERP's figures, 2. the store's actual figure, 3. the order feeds, 4. decide and write.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use jiff::Timestamp;
use rust_decimal::Decimal;
use zygos_core::{
    ConnectionId, RemoteKey, RunId,
    clock::{elapsed, later},
    contract::{Applied, CallContext, ConnectorError, Fetch, Lane, Lookup, Outcome, Write},
    disposition::{Disposition, disposition},
    drift::{DriftEvidence, classify},
    guard::{FeedShape, StockChange, Weight, inspect_stock},
    model::{Entity, Record, Unit},
    money::plain,
    stock::{Explanation, SellableInputs, StockRule, sellable},
};
use zygos_storage::{
    Attempt, Drift, JournalEntry, LedgerRow, Mutation, OutboxKind, OutboxRow, SentWrite, Settled, StockBase,
    StoredUnit,
};

use crate::{
    engine::Engine,
    error::{EngineError, Result},
    event::Event,
    figures::Figures,
    settings::{DriftPolicy, StoreSettings},
};

/// A write that would have less time than this for its answer is decided again instead.
const LEAST_TIME: Duration = Duration::from_secs(10);

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
            _ => None,
        }
    }

    fn raises(&self) -> bool {
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
        let id = &store.connection.id;
        let mut pass = StockPass::default();
        if store.stock.is_none() || !self.is_live(id).await? {
            return Ok(pass);
        }
        self.check_rested(&store.connection).await?;
        self.check_rested(&self.settings.erp).await?;
        self.link().await?;
        let now = self.now();
        let lease_until = later(now, self.settings.pace.lease);
        let rows = self
            .repository
            .claim(id, OutboxKind::Stock, now, lease_until, self.settings.pace.stock_batch)
            .await?;
        if rows.is_empty() {
            return Ok(pass);
        }
        pass.looked_at = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let rows = self.settle_questions(store, rows).await?;
        match self.decide_and_write(store, &rows, run).await {
            Ok((written, put_off)) => {
                pass.written = written;
                pass.put_off = put_off;
                Ok(pass)
            }
            Err(error @ EngineError::Storage(_)) => Err(error),
            Err(error) => {
                // What was not settled yet is looked at again; rows settled meanwhile fence this off one by one.
                for row in &rows {
                    let settled = Settled::Again { due_at: self.retry_at(row), reason: None, failed: true };
                    self.settle_if_ours(row, settled).await?;
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
                Some(_) => {
                    if let zygos_storage::OutboxRecord::Stock(unit) = &row.record {
                        read_back.push(unit.clone());
                    }
                    ready.push(row);
                }
                None => ready.push(row),
            }
        }
        if !read_back.is_empty()
            && let Err(error) = self.read_actual(store, &read_back).await
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

    async fn decide_and_write(
        &self,
        store: &StoreSettings,
        rows: &[OutboxRow],
        run: Option<&RunId>,
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
            let all_feeds_read = self.read_feeds(store, figures.ended, raises).await?;
            decisions = self.decide_from(store, &keys, &figures).await?;
            if !all_feeds_read {
                for decision in decisions.iter_mut().filter(|decision| decision.raises()) {
                    decision.verdict = StockVerdict::NotNow(
                        "another store's orders cannot be read now, so nothing is raised".to_owned(),
                    );
                }
            }
            // Feeds that took long leave the figures too old to be written.
            if elapsed(figures.began, self.now()) > age {
                (decisions, figures) = self.decide(store, &keys).await?;
            }
        }
        self.write_decisions(store, rows, decisions, figures.began, run).await
    }

    /// Reads the order feeds that a decision needs: lowering may go by the store's own, raising needs all.
    async fn read_feeds(&self, store: &StoreSettings, since: Timestamp, raises: bool) -> Result<bool> {
        self.read_orders_since(store, since).await?;
        let mut all = true;
        if raises {
            for other in
                self.settings.stores.iter().filter(|other| other.connection.id != store.connection.id)
            {
                match self.read_orders_since(other, since).await {
                    Ok(()) => {}
                    Err(error @ EngineError::Storage(_)) => return Err(error),
                    Err(_) => all = false,
                }
            }
        }
        Ok(all)
    }

    /// Decides these units of a store from figures read now.
    pub(crate) async fn decide(
        &self,
        store: &StoreSettings,
        keys: &[RemoteKey],
    ) -> Result<(Vec<StockDecision>, Figures)> {
        let links = self.repository.links_of(&store.connection.id, keys).await?;
        let mut erp_units: Vec<RemoteKey> = links.into_iter().map(|link| link.erp_key).collect();
        erp_units.sort();
        erp_units.dedup();
        let figures = self.read_figures(&erp_units, Lane::HotStock).await?;
        Ok((self.decide_from(store, keys, &figures).await?, figures))
    }

    /// Decides these units of a store from figures already read and the ledger as it is now.
    pub(crate) async fn decide_from(
        &self,
        store: &StoreSettings,
        keys: &[RemoteKey],
        figures: &Figures,
    ) -> Result<Vec<StockDecision>> {
        let id = &store.connection.id;
        let resolved = self.resolved().await?;
        let Some(rule) = resolved.stock.get(id) else { return Ok(Vec::new()) };
        let links: BTreeMap<RemoteKey, RemoteKey> = self
            .repository
            .links_of(id, keys)
            .await?
            .into_iter()
            .map(|link| (link.store_key, link.erp_key))
            .collect();
        let erp_units: Vec<RemoteKey> =
            links.values().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        let ledger = self.repository.ledger(&erp_units).await?;
        let imported = self.imported_orders(&ledger, figures).await?;
        let decimals: BTreeMap<RemoteKey, Option<u32>> = self
            .repository
            .units_by_key(&self.settings.erp.id, &erp_units)
            .await?
            .into_iter()
            .map(|stored| (stored.unit.key, stored.unit.decimals))
            .collect();
        let mut decisions = Vec::new();
        for stored in self.repository.units_by_key(id, keys).await? {
            let erp_unit = links.get(&stored.unit.key).cloned();
            let verdict = match &erp_unit {
                None => StockVerdict::LeaveAlone("it is not linked to a product of the ERP".to_owned()),
                Some(_) if !stored.unit.tracked => StockVerdict::LeaveAlone(
                    "the store does not count its stock (tracking is off)".to_owned(),
                ),
                Some(erp_unit) => {
                    let whole = decimals.get(erp_unit).copied().flatten().unwrap_or(0);
                    verdict(rule, erp_unit, figures, &ledger, &imported, whole, &stored)
                }
            };
            decisions.push(StockDecision {
                actual: stored.unit.stock,
                actual_read_at: stored.read_at,
                unit: stored.unit,
                erp_unit,
                verdict,
            });
        }
        Ok(decisions)
    }

    /// Orders in this ledger that have or may have a document in the ERP.
    async fn imported_orders(
        &self,
        ledger: &[LedgerRow],
        figures: &Figures,
    ) -> Result<BTreeSet<(ConnectionId, RemoteKey)>> {
        let mut imported = BTreeSet::new();
        for row in ledger.iter().filter(|row| row.entered_at >= figures.began) {
            if let Some(order) = self.repository.order(&row.store, &row.order).await?
                && order.document.is_some()
            {
                imported.insert((row.store.clone(), row.order.clone()));
            }
        }
        Ok(imported)
    }

    /// Reads the store's actual figures of single units; a unit that is gone is forgotten.
    pub(crate) async fn read_actual(&self, store: &StoreSettings, keys: &[RemoteKey]) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let id = &store.connection.id;
        let read_at = self.now();
        let context = CallContext {
            deadline: later(read_at, self.settings.pace.lease / 2),
            ..self.context(Lane::HotStock)
        };
        let fetch = Fetch::Keys { entity: Entity::Product, keys: keys.to_vec() };
        let items = self.ask(&store.connection, store.connection.connector.fetch(&context, &fetch)).await?;
        let mut missing: BTreeSet<RemoteKey> = keys.iter().cloned().collect();
        let mut mutations = Vec::new();
        for item in items {
            match item {
                Ok(Record::Product(unit)) => {
                    missing.remove(&unit.key);
                    mutations.push(Mutation::PutFigure { connection: id.clone(), unit, read_at });
                }
                Ok(_) => {}
                Err(unreadable) => {
                    if let Some(key) = &unreadable.key {
                        missing.remove(key);
                    }
                }
            }
        }
        mutations.extend(missing.into_iter().map(|key| Mutation::DropUnit { connection: id.clone(), key }));
        self.commit(mutations).await
    }

    async fn write_decisions(
        &self,
        store: &StoreSettings,
        rows: &[OutboxRow],
        decisions: Vec<StockDecision>,
        figures_began: Timestamp,
        run: Option<&RunId>,
    ) -> Result<(u64, u64)> {
        let held = self.guard(store, &decisions).await?;
        let mut by_unit: BTreeMap<RemoteKey, StockDecision> =
            decisions.into_iter().map(|decision| (decision.unit.key.clone(), decision)).collect();
        let mut to_send = Vec::new();
        let mut put_off = 0;
        for row in rows {
            let zygos_storage::OutboxRecord::Stock(unit) = &row.record else { continue };
            let Some(decision) = by_unit.remove(unit) else {
                // The unit is gone from the store.
                self.settle_if_ours(row, Settled::Done).await?;
                continue;
            };
            if let StockVerdict::NotNow(why) = &decision.verdict {
                put_off += 1;
                let settled =
                    Settled::Again { due_at: self.retry_at(row), reason: Some(why.clone()), failed: true };
                self.settle_if_ours(row, settled).await?;
                continue;
            }
            if decision.change().is_none() {
                self.settle_equal(store, row, &decision).await?;
                continue;
            }
            if held && is_zeroed(&decision) {
                // Looked at again by itself: a feed that is whole again needs nobody's approval.
                let due_at = later(self.now(), self.settings.pace.recheck_held);
                self.settle_if_ours(row, Settled::Again { due_at, reason: None, failed: false }).await?;
                put_off += 1;
                continue;
            }
            if self.drift_keeps_waiting(store, row, &decision).await? {
                continue;
            }
            to_send.push((row, decision));
        }
        let written = self.send_all(store, &to_send, figures_began, run).await?;
        if to_send.iter().any(|(_, decision)| decision.raises()) {
            // After a raise the feeds are read again: an order that came meanwhile has its units re-decided.
            let since = self.now();
            self.read_feeds(store, since, true).await?;
        }
        Ok((written, put_off))
    }

    /// Independent eyes on the whole batch. Answers whether what goes to zero is held.
    async fn guard(&self, store: &StoreSettings, decisions: &[StockDecision]) -> Result<bool> {
        let id = &store.connection.id;
        let changes: Vec<StockChange> = decisions
            .iter()
            .filter_map(|decision| {
                let (before, after) = decision.change()?;
                Some(StockChange {
                    unit: decision.unit.key.clone(),
                    sku: decision.unit.sku.clone(),
                    before: before.unwrap_or_default(),
                    after,
                })
            })
            .collect();
        let findings = inspect_stock(&changes, shape_of(decisions), &self.settings.guard);
        let open = self.repository.open_issue(id, "guard", "stock").await?;
        let texts: Vec<String> = findings
            .iter()
            .filter(|finding| finding.weight == Weight::Hold)
            .map(|finding| finding.text.clone())
            .collect();
        if texts.is_empty() || self.guard_is_waived(id).await? {
            if open.is_some() {
                self.commit(vec![self.close_issue(id, "guard", "stock")]).await?;
            }
            return Ok(false);
        }
        let text = format!(
            "{id}: {}. These figures are held and looked at again every few minutes. If they are right, approve this \
             issue by its number (`zygos approve`).",
            texts.join("; ")
        );
        if open.is_none_or(|open| open.text != text) {
            self.commit(vec![self.issue(id, "guard", "stock", text, &["approve"])]).await?;
        }
        Ok(true)
    }

    /// Names a difference that nothing explains; by policy it waits for a person or is only recorded.
    async fn drift_keeps_waiting(
        &self,
        store: &StoreSettings,
        row: &OutboxRow,
        decision: &StockDecision,
    ) -> Result<bool> {
        let id = &store.connection.id;
        let Some((Some(is), should)) = decision.change() else { return Ok(false) };
        let base = self.repository.stock_bases(id, std::slice::from_ref(&decision.unit.key)).await?.pop();
        let evidence = DriftEvidence {
            is,
            last_agreed: base.map(|base| base.figure),
            unsettled_write: row.sent.as_ref().and_then(|sent| match &sent.write {
                Write::SetStock { figure, .. } => Some(*figure),
                _ => None,
            }),
        };
        let cause = classify(&evidence);
        if !cause.is_drift() {
            return Ok(false);
        }
        let sku = name_of(&decision.unit);
        let drift = Drift {
            id: 0,
            store: id.clone(),
            unit: decision.unit.key.clone(),
            sku: decision.unit.sku.clone(),
            should,
            is,
            cause: cause.code().to_owned(),
            found_at: self.now(),
            corrected_at: None,
        };
        let known = self.repository.open_drift(id, &decision.unit.key).await?;
        if known.is_none() {
            self.tell(&Event::DriftFound {
                store: id.clone(),
                sku: sku.clone(),
                should,
                is,
                cause: cause.code().to_owned(),
            });
        }
        let mut mutations = vec![Mutation::OpenDrift(drift)];
        let policy = store.stock.as_ref().map_or(DriftPolicy::Correct, |flow| flow.drift);
        let subject = decision.unit.key.as_str();
        match policy {
            DriftPolicy::Correct => {
                self.commit(mutations).await?;
                Ok(false)
            }
            DriftPolicy::Report => {
                self.commit(mutations).await?;
                self.settle_if_ours(row, Settled::Done).await?;
                Ok(true)
            }
            DriftPolicy::Ask => {
                let found_at = known.as_ref().map_or_else(|| self.now(), |drift| drift.found_at);
                match self.answer_since(id, "drift", subject, found_at).await?.as_deref() {
                    Some("correct") => {
                        self.commit(mutations).await?;
                        return Ok(false);
                    }
                    Some("leave") => {
                        self.settle_if_ours(row, Settled::Done).await?;
                        return Ok(true);
                    }
                    _ => {}
                }
                let text = format!(
                    "{id}: {sku} shows {} and should show {} ({}). Answer `correct` to have it corrected, `leave` to leave it.",
                    plain(is),
                    plain(should),
                    cause.text()
                );
                mutations.push(self.issue(id, "drift", subject, text, &["correct", "leave"]));
                self.commit(mutations).await?;
                if let Some(issue) = self.repository.open_issue(id, "drift", subject).await? {
                    self.settle_if_ours(row, Settled::Held { issue: issue.id }).await?;
                }
                Ok(true)
            }
        }
    }

    /// Both sides agree: remember on what.
    async fn settle_equal(
        &self,
        store: &StoreSettings,
        row: &OutboxRow,
        decision: &StockDecision,
    ) -> Result<()> {
        let mut mutations = self.agreed(store, decision).await?;
        mutations.push(settle(row, Settled::Done));
        self.commit_if_ours(mutations).await
    }

    /// What to store when a unit was found equal: the new base, and the end of a drift.
    pub(crate) async fn agreed(
        &self,
        store: &StoreSettings,
        decision: &StockDecision,
    ) -> Result<Vec<Mutation>> {
        let id = &store.connection.id;
        let mut mutations = Vec::new();
        let (StockVerdict::Decided(_), Some(figure)) = (&decision.verdict, decision.actual) else {
            return Ok(mutations);
        };
        let unit = &decision.unit.key;
        let base = self.repository.stock_bases(id, std::slice::from_ref(unit)).await?.pop();
        if base.is_none_or(|base| base.figure != figure) {
            mutations.push(Mutation::PutStockBase(StockBase {
                store: id.clone(),
                unit: unit.clone(),
                figure,
                read_at: decision.actual_read_at,
            }));
        }
        if self.repository.open_drift(id, unit).await?.is_some() {
            mutations.push(Mutation::CloseDrift { store: id.clone(), unit: unit.clone(), at: self.now() });
            mutations.push(self.close_issue(id, "drift", unit.as_str()));
        }
        Ok(mutations)
    }

    /// Sends the writes, some at a time, and settles each as its answer comes.
    async fn send_all(
        &self,
        store: &StoreSettings,
        to_send: &[(&OutboxRow, StockDecision)],
        figures_began: Timestamp,
        run: Option<&RunId>,
    ) -> Result<u64> {
        let concurrency = self.settings.pace.store_concurrency.max(1);
        let mut waiting = to_send.iter();
        let mut under_way = FuturesUnordered::new();
        let mut written = 0;
        loop {
            while under_way.len() < concurrency
                && let Some((row, decision)) = waiting.next()
            {
                under_way.push(self.send_one(store, row, decision, figures_began, run));
            }
            match under_way.next().await {
                Some(outcome) => written += u64::from(outcome?),
                None => return Ok(written),
            }
        }
    }

    async fn send_one(
        &self,
        store: &StoreSettings,
        row: &OutboxRow,
        decision: &StockDecision,
        figures_began: Timestamp,
        run: Option<&RunId>,
    ) -> Result<bool> {
        let connection = &store.connection;
        let (Some((before, after)), StockVerdict::Decided(explanation)) =
            (decision.change(), &decision.verdict)
        else {
            return Ok(false);
        };
        let now = self.now();
        // A raise must be on its way while its figures count: waiting for the call budget is within that time too.
        let age = self.settings.pace.stock_age;
        let counts_until = later(figures_began, age);
        let too_old = elapsed(now, counts_until) < (age / 4).min(LEAST_TIME);
        if (too_old && decision.raises()) || self.rests_until(&connection.id).is_some() {
            let settled = Settled::Again { due_at: now, reason: None, failed: false };
            self.settle_if_ours(row, settled).await?;
            return Ok(false);
        }
        let write = Write::SetStock { unit: decision.unit.key.clone(), figure: after };
        let mut context = self.context(row.lane);
        if decision.raises() {
            context.deadline = context.deadline.min(counts_until);
        }
        let sent = SentWrite { write: write.clone(), at: now, deadline: context.deadline };
        if !self.mark_sent(row, sent).await? {
            return Ok(false);
        }
        let outcome = one(connection.connector.apply(&context, std::slice::from_ref(&write)).await);
        let mut attempt = Attempt {
            at: now,
            connection: connection.id.clone(),
            record: format!("unit {}", name_of(&decision.unit)),
            write: format!("stock {}", plain(after)),
            outcome: String::new(),
            run: run.cloned(),
        };
        match outcome {
            Ok(applied) => {
                self.answered(connection).await?;
                let read_back = figure_of(&applied).unwrap_or(after);
                attempt.outcome = if read_back == after {
                    "applied".to_owned()
                } else {
                    format!("the store answered {}", plain(read_back))
                };
                let mut mutations = vec![Mutation::AddAttempt(attempt)];
                mutations.push(Mutation::PutFigure {
                    connection: connection.id.clone(),
                    unit: Unit { stock: Some(read_back), ..decision.unit.clone() },
                    read_at: now,
                });
                let why = format!("{}; {}", row.reason, explanation.summary());
                mutations.push(Mutation::AddJournal(JournalEntry {
                    at: now,
                    connection: connection.id.clone(),
                    entity: Entity::Stock,
                    key: decision.unit.key.clone(),
                    field: "stock".to_owned(),
                    before: before.map(plain),
                    after: Some(plain(read_back)),
                    why: why.clone(),
                    run: run.cloned(),
                }));
                if read_back == after {
                    mutations.extend(self.written(store, decision, after, now).await?);
                    mutations.push(settle(row, Settled::Done));
                } else {
                    let text = format!(
                        "{} took the stock {} of {} and still shows {}. It is tried again; look into the store's settings of this product.",
                        connection.id,
                        plain(after),
                        name_of(&decision.unit),
                        plain(read_back)
                    );
                    mutations.push(self.issue(
                        &connection.id,
                        "not_taken",
                        decision.unit.key.as_str(),
                        text,
                        &[],
                    ));
                    let due_at = self.retry_at(row);
                    mutations.push(settle(row, Settled::Again { due_at, reason: None, failed: true }));
                }
                self.commit_if_ours(mutations).await?;
                self.tell(&Event::StockWritten {
                    store: connection.id.clone(),
                    sku: name_of(&decision.unit),
                    before: before.unwrap_or_default(),
                    after: read_back,
                    why,
                });
                Ok(true)
            }
            Err(error) => {
                self.failed_for_one(connection, &error).await?;
                attempt.outcome = error.to_string();
                let mut mutations = vec![Mutation::AddAttempt(attempt)];
                mutations.extend(self.stock_failed(store, row, decision, &error, context.deadline).await?);
                self.commit_if_ours(mutations).await?;
                Ok(false)
            }
        }
    }

    /// A write was read back as wanted: the new base, and the end of a drift and of complaints.
    async fn written(
        &self,
        store: &StoreSettings,
        decision: &StockDecision,
        figure: Decimal,
        at: Timestamp,
    ) -> Result<Vec<Mutation>> {
        let id = &store.connection.id;
        let unit = &decision.unit.key;
        let mut mutations = vec![Mutation::PutStockBase(StockBase {
            store: id.clone(),
            unit: unit.clone(),
            figure,
            read_at: at,
        })];
        if self.repository.open_drift(id, unit).await?.is_some() {
            mutations.push(Mutation::CloseDrift { store: id.clone(), unit: unit.clone(), at: self.now() });
            mutations.push(self.close_issue(id, "drift", unit.as_str()));
            self.tell(&Event::DriftCorrected { store: id.clone(), sku: name_of(&decision.unit) });
        }
        for kind in ["not_taken", "stock_refused"] {
            if self.repository.open_issue(id, kind, unit.as_str()).await?.is_some() {
                mutations.push(self.close_issue(id, kind, unit.as_str()));
            }
        }
        Ok(mutations)
    }

    async fn stock_failed(
        &self,
        store: &StoreSettings,
        row: &OutboxRow,
        decision: &StockDecision,
        error: &ConnectorError,
        deadline: Timestamp,
    ) -> Result<Vec<Mutation>> {
        let connection = &store.connection;
        let settled = if error.maybe_applied() {
            let due_at = later(deadline, connection.connector.capabilities().max_in_flight);
            Settled::Unknown { due_at }
        } else {
            match disposition(&error.kind, true, Lookup::Reference) {
                Disposition::RetryAfter(wait) => {
                    Settled::Again { due_at: later(self.now(), wait), reason: None, failed: true }
                }
                Disposition::Replan => Settled::Again { due_at: self.now(), reason: None, failed: true },
                Disposition::Quarantine | Disposition::AskPerson => {
                    let text = format!(
                        "{} refuses the stock of {}: {error}. Only this product waits; correct it and run `zygos replay`.",
                        connection.id,
                        name_of(&decision.unit)
                    );
                    let subject = decision.unit.key.as_str();
                    self.commit(vec![self.issue(&connection.id, "stock_refused", subject, text, &["retry"])])
                        .await?;
                    match self.repository.open_issue(&connection.id, "stock_refused", subject).await? {
                        Some(issue) => Settled::Held { issue: issue.id },
                        None => Settled::Again { due_at: self.retry_at(row), reason: None, failed: true },
                    }
                }
                _ => Settled::Again { due_at: self.retry_at(row), reason: None, failed: true },
            }
        };
        let mut mutations = Vec::new();
        if error.kind == zygos_core::contract::ErrorKind::NotFound {
            // The product is gone from the store; a later scan brings it back should it return.
            mutations.push(Mutation::DropUnit {
                connection: connection.id.clone(),
                key: decision.unit.key.clone(),
            });
        }
        mutations.push(settle(row, settled));
        Ok(mutations)
    }

    pub(crate) fn retry_at(&self, row: &OutboxRow) -> Timestamp {
        let attempt = row.attempts;
        later(self.now(), self.retry.delay(attempt, None, self.jitter()).max(Duration::from_millis(500)))
    }

    /// Marks a row as sent; `false` when somebody else holds it now.
    pub(crate) async fn mark_sent(&self, row: &OutboxRow, sent: SentWrite) -> Result<bool> {
        let marked = self
            .commit(vec![Mutation::MarkSent { row: row.id, fence: row.fence, sent: Box::new(sent) }])
            .await;
        match marked {
            Ok(()) => Ok(true),
            Err(EngineError::Storage(zygos_storage::StorageError::Fenced { .. })) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn settle_if_ours(&self, row: &OutboxRow, settled: Settled) -> Result<()> {
        self.commit_if_ours(vec![settle(row, settled)]).await
    }

    /// Commits what belongs to a claim. When the claim is lost, the other holder looks afresh and this is void.
    pub(crate) async fn commit_if_ours(&self, mutations: Vec<Mutation>) -> Result<()> {
        match self.commit(mutations).await {
            Err(EngineError::Storage(zygos_storage::StorageError::Fenced { .. })) => Ok(()),
            other => other,
        }
    }
}

fn verdict(
    rule: &StockRule,
    erp_unit: &RemoteKey,
    figures: &Figures,
    ledger: &[LedgerRow],
    imported: &BTreeSet<(ConnectionId, RemoteKey)>,
    decimals: u32,
    stored: &StoredUnit,
) -> StockVerdict {
    let Some(entries) = Engine::ledger_for(figures, erp_unit, ledger, imported) else {
        return StockVerdict::NotNow("its orders are moving in the ERP at this moment".to_owned());
    };
    let no_rows = Vec::new();
    let rows = figures.rows.get(erp_unit).unwrap_or(&no_rows);
    let inputs = SellableInputs { rows, ledger: &entries, decimals };
    match sellable(rule, &inputs) {
        Err(why) => StockVerdict::NotNow(why.to_string()),
        Ok(explanation) => {
            let undecided = ledger.iter().any(|row| &row.unit == erp_unit && row.undecided);
            if undecided && stored.unit.stock.is_some_and(|actual| explanation.figure > actual) {
                return StockVerdict::LeaveAlone(
                    "an order from before the go-live waits for a decision, so it is not raised".to_owned(),
                );
            }
            StockVerdict::Decided(explanation)
        }
    }
}

pub(crate) fn settle(row: &OutboxRow, settled: Settled) -> Mutation {
    Mutation::Settle { row: row.id, fence: row.fence, revision: row.revision, settled }
}

/// The only outcome of a batch of one.
pub(crate) fn one(mut outcomes: Vec<Outcome>) -> Outcome {
    outcomes.pop().unwrap_or_else(|| {
        Err(ConnectorError::new(
            zygos_core::contract::ErrorKind::Protocol { maybe_applied: true },
            "the connector gave no outcome for a write",
        ))
    })
}

fn figure_of(applied: &Applied) -> Option<Decimal> {
    match &applied.record {
        Some(Record::Product(unit)) => unit.stock,
        _ => None,
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

fn is_zeroed(decision: &StockDecision) -> bool {
    decision
        .change()
        .is_some_and(|(before, after)| after.is_zero() && before.is_none_or(|before| !before.is_zero()))
}

/// How much the ERP answered of what was asked, and whether it is all nought.
fn shape_of(decisions: &[StockDecision]) -> FeedShape {
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let decided: Vec<&Explanation> = decisions
        .iter()
        .filter_map(|decision| match &decision.verdict {
            StockVerdict::Decided(explanation) => Some(explanation),
            _ => None,
        })
        .collect();
    let asked = decisions.iter().filter(|decision| decision.erp_unit.is_some() && decision.unit.tracked);
    FeedShape {
        units_expected: count(asked.count()),
        units_read: count(decided.len()),
        all_zero: decided
            .iter()
            .all(|explanation| explanation.warehouses.iter().all(|term| term.value.is_zero())),
    }
}

/// How people call a unit: by SKU, else by key.
pub(crate) fn name_of(unit: &Unit) -> String {
    unit.sku.clone().unwrap_or_else(|| format!("#{}", unit.key))
}
