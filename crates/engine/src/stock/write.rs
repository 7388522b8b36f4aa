//! Writing what differs, and settling every answer.

use std::{collections::BTreeMap, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use jiff::Timestamp;
use rust_decimal::Decimal;
use zygos_core::{
    ConnectionId, RemoteKey, RunId,
    clock::{elapsed, later},
    contract::{Applied, ConnectorError, ErrorKind, Lookup, Write},
    disposition::{Disposition, disposition},
    model::{Entity, Record, Unit},
    money::plain,
};
use zygos_storage::{
    Attempt, JournalEntry, Mutation, OutboxRecord, OutboxRow, SentWrite, Settled, StockBase,
};

use super::{STOCK, StockDecision, StockVerdict, WRITE, caution::is_zeroed, name_of};
use crate::{
    engine::Engine,
    error::Result,
    event::Event,
    plan_seen::Seen,
    settings::StoreSettings,
    settling::{one, settle},
};

/// A write that would have less time than this for its answer is decided again instead.
pub(crate) const LEAST_TIME: Duration = Duration::from_secs(10);

impl Engine {
    pub(super) async fn write_decisions(
        &self,
        store: &StoreSettings,
        rows: &[OutboxRow],
        mut decisions: Vec<StockDecision>,
        figures_began: Timestamp,
        run: Option<&RunId>,
        seen: Option<&Seen<'_>>,
    ) -> Result<(u64, u64)> {
        let id = &store.connection.id;
        // What a person saw counts, or nothing: right before sending, the decision is compared with it.
        let moved = seen.map(|seen| seen.moved_units(id, &decisions)).unwrap_or_default();
        decisions.retain(|decision| !moved.contains(&decision.unit.key));
        let waits = |unit: &RemoteKey, why: &str| {
            if let Some(seen) = seen {
                seen.unit_waits(id, unit, why);
            }
        };
        let held = self.guard(store, &decisions).await?;
        let mut by_unit: BTreeMap<RemoteKey, StockDecision> =
            decisions.into_iter().map(|decision| (decision.unit.key.clone(), decision)).collect();
        let mut to_send = Vec::new();
        let mut put_off = 0;
        for row in rows {
            let OutboxRecord::Stock(unit) = &row.record else { continue };
            if moved.contains(unit) {
                let settled = Settled::Again { due_at: self.now(), reason: None, failed: false };
                self.settle_if_ours(row, settled).await?;
                put_off += 1;
                continue;
            }
            let Some(decision) = by_unit.remove(unit) else {
                // The unit is gone from the store.
                if let Some(seen) = seen {
                    seen.unit_moved(id, unit, "the product is gone from the store");
                }
                self.settle_if_ours(row, Settled::Done).await?;
                continue;
            };
            if let StockVerdict::NotNow(why) = &decision.verdict {
                put_off += 1;
                waits(unit, why);
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
                waits(unit, "the guard holds it; `zygos issues` says why");
                put_off += 1;
                continue;
            }
            if self.drift_keeps_waiting(store, row, &decision).await? {
                waits(unit, "nothing explains the difference, and by `drift` it is not corrected by itself");
                continue;
            }
            to_send.push((row, decision));
        }
        put_off += self.hold_beyond_allowance(store, &mut to_send, seen).await?;
        let written = self.send_all(store, &to_send, figures_began, run).await?;
        if to_send.iter().any(|(_, decision)| decision.raises()) {
            // After a raise the feeds are read again: an order that came meanwhile has its units re-decided.
            let since = self.now();
            self.read_feeds(store, since, true).await?;
        }
        Ok((written, put_off))
    }

    /// Keeps raises that this run may not write any more for a person. Lowering is counted first and never held: it
    /// oversells nothing, and what is not lowered may be sold twice.
    async fn hold_beyond_allowance(
        &self,
        store: &StoreSettings,
        to_send: &mut Vec<(&OutboxRow, StockDecision)>,
        seen: Option<&Seen<'_>>,
    ) -> Result<u64> {
        let id = &store.connection.id;
        to_send.sort_by_key(|(_, decision)| decision.raises());
        let records: Vec<String> =
            to_send.iter().map(|(_, decision)| format!("unit {}", decision.unit.key)).collect();
        let mut allowed = self.allowed(id, &records).await?.into_iter();
        let mut beyond = Vec::new();
        to_send.retain(|(row, decision)| {
            let may = allowed.next().unwrap_or(false) || !decision.raises();
            if !may {
                beyond.push((*row, decision.unit.key.clone()));
            }
            may
        });
        if beyond.is_empty() {
            return Ok(0);
        }
        let settled = self.held_by_allowance(id, beyond.len()).await?;
        for (row, unit) in &beyond {
            self.settle_if_ours(row, settled.clone()).await?;
            if let Some(seen) = seen {
                seen.unit_waits(
                    id,
                    unit,
                    "one run may not write so much; `zygos issues` says how to approve it",
                );
            }
        }
        Ok(u64::try_from(beyond.len()).unwrap_or(u64::MAX))
    }

    /// Both sides agree: remember on what.
    pub(super) async fn settle_equal(
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
        mutations.extend(self.drift_is_over(id, unit).await?);
        Ok(mutations)
    }

    /// What to store when a unit's figure is right again; nothing when nobody complained.
    async fn drift_is_over(&self, store: &ConnectionId, unit: &RemoteKey) -> Result<Vec<Mutation>> {
        if self.repository.open_drift(store, unit, STOCK).await?.is_none() {
            return Ok(Vec::new());
        }
        let close = Mutation::CloseDrift {
            store: store.clone(),
            unit: unit.clone(),
            field: STOCK.to_owned(),
            at: self.now(),
        };
        Ok(vec![close, self.close_issue(store, "drift", unit.as_str())])
    }

    /// Sends the writes, some at a time, and settles each as its answer comes.
    pub(super) async fn send_all(
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

    pub(super) async fn send_one(
        &self,
        store: &StoreSettings,
        row: &OutboxRow,
        decision: &StockDecision,
        figures_began: Timestamp,
        run: Option<&RunId>,
    ) -> Result<bool> {
        let connection = &store.connection;
        let Some((before, after)) = decision.change() else { return Ok(false) };
        let why = match &decision.verdict {
            StockVerdict::Decided(explanation) => explanation.summary(),
            StockVerdict::AtMost { why, .. } => why.clone(),
            StockVerdict::LeaveAlone(_) | StockVerdict::NotNow(_) => return Ok(false),
        };
        let now = self.now();
        // A raise must be on its way while its figures count: waiting for the call budget is within that time too.
        let age = self.settings.pace.stock_age;
        let counts_until = later(figures_began, age);
        // A pause stops what is left of a batch too.
        if !self.is_live(&connection.id).await? {
            let settled = Settled::Again { due_at: now, reason: None, failed: false };
            self.settle_if_ours(row, settled).await?;
            return Ok(false);
        }
        let too_old = elapsed(now, counts_until) < (age / 4).min(LEAST_TIME);
        let rests = self.check_rested(connection, WRITE).is_err();
        if (too_old && decision.raises()) || rests {
            let settled = Settled::Again { due_at: now, reason: None, failed: false };
            self.settle_if_ours(row, settled).await?;
            return Ok(false);
        }
        let write = Write::SetStock { unit: decision.unit.key.clone(), figure: after };
        let mut context = self.context(row.lane);
        if decision.raises() {
            context.deadline = context.deadline.min(counts_until);
        }
        let sent = SentWrite {
            write: write.clone(),
            to: None,
            at: now,
            deadline: context.deadline,
            fields: Vec::new(),
        };
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
                self.answered(connection, WRITE).await?;
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
                let why = format!("{}; {why}", row.reason);
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
                    mutations.push(settle(row, self.once_written(decision)));
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
                    before,
                    after: read_back,
                    why,
                });
                Ok(true)
            }
            Err(error) => {
                self.failed_for_one(connection, WRITE, &error).await?;
                attempt.outcome = crate::history::outcome_of(&error);
                let mut mutations = vec![Mutation::AddAttempt(attempt)];
                mutations.extend(self.stock_failed(store, row, decision, &error, context.deadline).await?);
                self.commit_if_ours(mutations).await?;
                Ok(false)
            }
        }
    }

    /// What was only lowered is decided again, as a whole, as soon as the ERP answers.
    fn once_written(&self, decision: &StockDecision) -> Settled {
        match decision.verdict {
            StockVerdict::AtMost { .. } => {
                let now = self.now();
                let due_at = self.rests_until(&self.settings.erp.id).unwrap_or(now);
                Settled::Again { due_at, reason: None, failed: false }
            }
            _ => Settled::Done,
        }
    }

    /// A write was read back as wanted: the new base, and the end of a drift and of complaints.
    pub(super) async fn written(
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
        let over = self.drift_is_over(id, unit).await?;
        if !over.is_empty() {
            mutations.extend(over);
            self.tell(&Event::DriftCorrected { store: id.clone(), sku: name_of(&decision.unit) });
        }
        for kind in ["not_taken", "stock_refused"] {
            if self.repository.open_issue(id, kind, unit.as_str()).await?.is_some() {
                mutations.push(self.close_issue(id, kind, unit.as_str()));
            }
        }
        Ok(mutations)
    }

    pub(super) async fn stock_failed(
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
        if error.kind == ErrorKind::NotFound {
            // The product is gone from the store; a later scan brings it back should it return.
            mutations.push(Mutation::DropUnit {
                connection: connection.id.clone(),
                key: decision.unit.key.clone(),
            });
        }
        mutations.push(settle(row, settled));
        Ok(mutations)
    }
}

fn figure_of(applied: &Applied) -> Option<Decimal> {
    match &applied.record {
        Some(Record::Product(unit)) => unit.stock,
        _ => None,
    }
}
