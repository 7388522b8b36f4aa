//! Bringing orders into the ERP: one step at a time, many orders together, each looked at afresh before each step.

mod party;
mod rest;
mod send;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use zygos_core::{
    RemoteKey,
    clock::{elapsed, later},
    contract::{ErrorKind, Fetch, Lane, Lookup, Transition, Write},
    model::{Document, Entity, NewParty, Order, Record},
    orders::{
        CancelWhy, HoldReason, IgnoreReason, ImportDecision, NextStep, OrderProgress, OrderRule, OrderState,
        decide_import, next_step, rounding_line,
        split::{payment_of_parts, status_of_parts},
    },
};
use zygos_storage::{OutboxKind, OutboxRecord, OutboxRow, Settled, StoredOrder};

pub(crate) use self::rest::number_of;
use self::{party::Found, send::what};
use crate::{
    engine::{Engine, lock},
    error::{EngineError, Result},
    health::Deed,
    plan_seen::Seen,
    progress::{GoLiveChoice, Progress},
};

/// More steps than any order needs: customer, document, rounding, confirmation, and a look at the end.
const MOST_STEPS: u32 = 10;
/// As often is a question repeated whose answer makes no sense.
const PATIENCE: u32 = 5;
/// An order read longer ago than this is read again before anything is done about it.
pub(crate) const FRESH: std::time::Duration = std::time::Duration::from_secs(30);

/// What one pass over due orders did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderPass {
    pub looked_at: u64,
    pub written: u64,
    pub put_off: u64,
}

/// One order under way.
struct Work {
    row: OutboxRow,
    stored: StoredOrder,
    progress: Progress,
    rule: OrderRule,
    decision: ImportDecision,
    documents: Vec<Document>,
}

impl Engine {
    /// Works on the due orders, once.
    pub async fn order_pass(&self) -> Result<OrderPass> {
        self.order_pass_of(None).await
    }

    /// As [`Self::order_pass`]; with a plan, only of the orders that it enters, and only those still as it says.
    pub(crate) async fn order_pass_of(&self, seen: Option<&Seen<'_>>) -> Result<OrderPass> {
        let erp = &self.settings.erp;
        let mut pass = OrderPass::default();
        if !self.is_live(&erp.id).await? {
            return Ok(pass);
        }
        self.check_rested(erp, Deed::Write(Entity::Document))?;
        self.resolved().await?;
        self.link().await?;
        if !self.is_linked().await? {
            return Ok(pass);
        }
        let now = self.now();
        let lease_until = later(now, self.settings.pace.lease);
        let batch = self.settings.pace.order_batch;
        let rows = match seen {
            Some(seen) => {
                let records = seen.next_orders(batch);
                self.repository.claim_these(&erp.id, &records, now, lease_until).await?
            }
            None => self.repository.claim(&erp.id, OutboxKind::Order, now, lease_until, batch).await?,
        };
        pass.looked_at = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        if rows.is_empty() {
            return Ok(pass);
        }
        match self.advance_rows(&rows, lease_until, &mut pass, seen).await {
            Ok(()) => Ok(pass),
            Err(error @ EngineError::Storage(_)) => Err(error),
            Err(error) => {
                // Rows that are settled already are fenced off; a write without answer keeps its question.
                for row in &rows {
                    self.settle_if_ours(row, self.again_after(row, &error)).await?;
                }
                Err(error)
            }
        }
    }

    async fn advance_rows(
        &self,
        rows: &[OutboxRow],
        lease_until: Timestamp,
        pass: &mut OrderPass,
        seen: Option<&Seen<'_>>,
    ) -> Result<()> {
        let ready = self.without_open_questions(rows).await?;
        let ready = self.freshly_read(ready).await?;
        let mut work = self.begin(ready, pass).await?;
        if let Some(seen) = seen {
            work = self.only_as_seen(work, pass, seen).await?;
        }
        let mut work = self.within_allowance(work, pass, seen).await?;
        for _ in 0..MOST_STEPS {
            if work.is_empty() {
                return Ok(());
            }
            work = self.one_round(work, lease_until, pass).await?;
        }
        for left in work {
            let settled = Settled::Again { due_at: self.retry_at(&left.row), reason: None, failed: true };
            self.settle_if_ours(&left.row, settled).await?;
        }
        Ok(())
    }

    /// Rows whose last write may still land wait for it; where nothing can ever tell, a person is asked.
    async fn without_open_questions(&self, rows: &[OutboxRow]) -> Result<Vec<OutboxRow>> {
        let capabilities = self.settings.erp.connector.capabilities();
        let mut ready = Vec::new();
        for row in rows {
            let Some(sent) = row.sent.as_ref().filter(|sent| !sent.write.is_idempotent()) else {
                ready.push(row.clone());
                continue;
            };
            if capabilities.lookup == Lookup::None {
                let reason = HoldReason::Unknowable { what: what(&sent.write).to_owned() };
                self.hold_row(row, reason).await?;
                continue;
            }
            // Where the ERP enforces the reference a second one is refused, so there is nothing to wait for.
            match self.may_still_land(row) {
                Some(lands_until) if !capabilities.reference_enforced => {
                    self.settle_if_ours(row, Settled::Unknown { due_at: lands_until }).await?;
                }
                _ => ready.push(row.clone()),
            }
        }
        Ok(ready)
    }

    /// Until when the last write of a row may still be carried out; `None` when that time is over.
    fn may_still_land(&self, row: &OutboxRow) -> Option<Timestamp> {
        let max_in_flight = self.settings.erp.connector.capabilities().max_in_flight;
        let lands_until = later(row.sent.as_ref()?.deadline, max_in_flight);
        (self.now() < lands_until).then_some(lands_until)
    }

    /// Re-reads at the stores what was read too long ago. Orders of a store that can't be asked wait.
    async fn freshly_read(&self, rows: Vec<OutboxRow>) -> Result<Vec<OutboxRow>> {
        let mut stale: BTreeMap<zygos_core::ConnectionId, Vec<RemoteKey>> = BTreeMap::new();
        for row in &rows {
            let OutboxRecord::Order { store, order } = &row.record else { continue };
            let last = lock(&self.memory(store)?.last_read).get(order).copied();
            if last.is_none_or(|last| elapsed(last, self.now()) > FRESH) {
                stale.entry(store.clone()).or_default().push(order.clone());
            }
        }
        let mut unasked: BTreeSet<zygos_core::ConnectionId> = BTreeSet::new();
        for (id, orders) in stale {
            let Some(store) = self.store(&id) else { continue };
            match self.read_by_ids(store, &orders, "poll").await {
                Ok(()) => {}
                Err(error @ EngineError::Storage(_)) => return Err(error),
                Err(_) => {
                    unasked.insert(id);
                }
            }
        }
        let mut ready = Vec::new();
        for row in rows {
            match &row.record {
                OutboxRecord::Order { store, .. } if unasked.contains(store) => {
                    let settled = Settled::Again { due_at: self.retry_at(&row), reason: None, failed: true };
                    self.settle_if_ours(&row, settled).await?;
                }
                _ => ready.push(row),
            }
        }
        Ok(ready)
    }

    /// Puts together what is known of each order on both sides.
    async fn begin(&self, rows: Vec<OutboxRow>, pass: &mut OrderPass) -> Result<Vec<Work>> {
        let resolved = self.resolved().await?;
        let mut work = Vec::new();
        for row in rows {
            let OutboxRecord::Order { store, order } = &row.record else { continue };
            let rule = resolved.orders.get(store).cloned();
            let stored = self.repository.order(store, order).await?;
            let (Some(rule), Some(stored)) = (rule, stored) else {
                self.settle_if_ours(&row, Settled::Done).await?;
                continue;
            };
            if !self.is_live(store).await? {
                let due_at = later(self.now(), self.settings.pace.recheck_held);
                pass.put_off += 1;
                self.settle_if_ours(&row, Settled::Again { due_at, reason: None, failed: false }).await?;
                continue;
            }
            let progress = Progress::of(&stored)?;
            let decision = self.import_decision(&stored, &progress, &rule).await?;
            work.push(Work { row, stored, progress, rule, decision, documents: Vec::new() });
        }
        self.read_documents(&mut work).await?;
        for order in &mut work {
            if order.progress.decided == Some(GoLiveChoice::Link) && order.documents.is_empty() {
                // What it was linked with is gone: a person is asked again.
                order.progress.decided = None;
                order.stored.reference = format!("{}{}", order.rule.prefix, order.stored.order.id);
                order.decision = ImportDecision::Ignore(IgnoreReason::BeforeGoLive);
            }
        }
        Ok(work)
    }

    /// Leaves out the orders that are not as the plan says any more.
    async fn only_as_seen(
        &self,
        work: Vec<Work>,
        pass: &mut OrderPass,
        seen: &Seen<'_>,
    ) -> Result<Vec<Work>> {
        let mut as_seen = Vec::new();
        for order in work {
            let now = match &order.decision {
                ImportDecision::Import(plan) => Ok(format!("enter in the ERP as {}", plan.reference)),
                ImportDecision::Hold(reason) => Err(format!("wait: {reason}")),
                ImportDecision::Ignore(reason) => Err(format!("leave: {reason}")),
            };
            if seen.order_is_as_seen(&order.stored, &order.progress.state, now) {
                as_seen.push(order);
                continue;
            }
            pass.put_off += 1;
            let settled = Settled::Again { due_at: self.now(), reason: None, failed: false };
            self.settle_if_ours(&order.row, settled).await?;
        }
        Ok(as_seen)
    }

    /// Keeps for a person the orders that are new to the ERP and beyond what this run may write.
    async fn within_allowance(
        &self,
        work: Vec<Work>,
        pass: &mut OrderPass,
        seen: Option<&Seen<'_>>,
    ) -> Result<Vec<Work>> {
        let erp = &self.settings.erp.id;
        let is_new = |order: &Work| {
            order.documents.is_empty()
                && order.stored.document.is_none()
                && matches!(order.decision, ImportDecision::Import(_))
        };
        let name = |order: &Work| format!("order {} of {}", order.stored.order.id, order.stored.store);
        let records: Vec<String> = work.iter().filter(|order| is_new(order)).map(name).collect();
        let mut allowed = self.allowed(erp, &records).await?.into_iter();
        let (within, beyond): (Vec<Work>, Vec<Work>) =
            work.into_iter().partition(|order| !is_new(order) || allowed.next().unwrap_or(false));
        if beyond.is_empty() {
            return Ok(within);
        }
        let settled = self.held_by_allowance(erp, beyond.len()).await?;
        for order in beyond {
            pass.put_off += 1;
            if let Some(seen) = seen {
                let why = "one run may not write so much; `zygos issues` says how to approve it";
                seen.order_waits(&order.stored.store, &order.stored.order.id, why);
            }
            self.settle_if_ours(&order.row, settled.clone()).await?;
        }
        Ok(within)
    }

    /// What is to become of an order by the rules, with today's links.
    pub(crate) async fn import_decision(
        &self,
        stored: &StoredOrder,
        progress: &Progress,
        rule: &OrderRule,
    ) -> Result<ImportDecision> {
        if stored.root.is_some() {
            return Ok(ImportDecision::Ignore(IgnoreReason::PartOfSplit));
        }
        if progress.decided == Some(GoLiveChoice::Ignore) {
            return Ok(ImportDecision::Ignore(IgnoreReason::BeforeGoLive));
        }
        let whole = self.as_a_whole(stored).await?;
        let units: Vec<RemoteKey> = whole.lines.iter().filter_map(|line| line.unit.clone()).collect();
        let links: BTreeMap<RemoteKey, RemoteKey> = self
            .repository
            .links_of(&stored.store, &units)
            .await?
            .into_iter()
            .map(|link| (link.store_key, link.erp_key))
            .collect();
        let by_hand = matches!(progress.decided, Some(GoLiveChoice::Import | GoLiveChoice::Link));
        Ok(decide_import(&whole, rule, by_hand, &|unit| links.get(unit).cloned()))
    }

    /// Reads the documents that carry these orders' references. Where documents can't be looked up, what Zygos
    /// itself remembers is all there is.
    async fn read_documents(&self, work: &mut [Work]) -> Result<()> {
        let erp = &self.settings.erp;
        if !erp.connector.capabilities().can_fetch(Entity::Document) {
            for order in work {
                order.documents = order.stored.document.iter().cloned().collect();
            }
            return Ok(());
        }
        let mut by_shop: BTreeMap<Option<String>, Vec<String>> = BTreeMap::new();
        for order in work.iter() {
            by_shop.entry(order.rule.shop.clone()).or_default().push(order.stored.reference.clone());
        }
        let mut found: Vec<Document> = Vec::new();
        for (shop, references) in by_shop {
            let context = self.context(Lane::Orders);
            let fetch = Fetch::Documents { shop, references };
            for item in
                self.ask(erp, Deed::Read(Entity::Document), erp.connector.fetch(&context, &fetch)).await?
            {
                if let Ok(Record::Document(document)) = item {
                    found.push(*document);
                }
            }
        }
        for order in work {
            order.documents = found
                .iter()
                .filter(|document| document.reference == order.stored.reference)
                .cloned()
                .collect();
        }
        Ok(())
    }

    /// The next step of every order; those at rest are settled, the others go on in the next round.
    async fn one_round(
        &self,
        work: Vec<Work>,
        lease_until: Timestamp,
        pass: &mut OrderPass,
    ) -> Result<Vec<Work>> {
        let mut going = Vec::new();
        let mut writes: Vec<(Work, Write)> = Vec::new();
        for mut order in work {
            let whole = self.as_a_whole(&order.stored).await?;
            let step = next_step(&OrderProgress {
                order: &whole,
                party: order.stored.party.as_ref(),
                documents: &order.documents,
                rule: &order.rule,
                decision: &order.decision,
            });
            match step {
                NextStep::Rest(state) => self.rest(order, state, None).await?,
                NextStep::Ask(state, question) => self.rest(order, state, Some(question)).await?,
                NextStep::FindParty => {
                    if let ImportDecision::Import(plan) = &order.decision {
                        let plan = plan.clone();
                        match self.find_party(&plan).await? {
                            Found::One(party) => {
                                order.stored.party = Some(party);
                                going.push(order);
                            }
                            Found::Several(reason) => {
                                self.rest(order, OrderState::Held(reason), None).await?
                            }
                            // An answer that makes no sense is asked for again before a person is.
                            Found::Failed(error)
                                if matches!(error.kind, ErrorKind::Protocol { .. })
                                    && order.row.attempts < PATIENCE =>
                            {
                                let due_at = self.retry_at(&order.row);
                                let settled = Settled::Again { due_at, reason: None, failed: true };
                                self.settle_if_ours(&order.row, settled).await?;
                            }
                            Found::Failed(error) => {
                                let reason = HoldReason::Refused {
                                    what: "look-up of the customer".to_owned(),
                                    message: error.to_string(),
                                };
                                self.rest(order, OrderState::Held(reason), None).await?;
                            }
                            // Somebody who ordered twice is made once: the next round finds who this one makes.
                            Found::None if is_being_made(&writes, &plan.new_party) => going.push(order),
                            Found::None => writes.push((order, Write::CreateParty(plan.new_party.clone()))),
                        }
                    }
                }
                NextStep::CreateDocument => {
                    if let (ImportDecision::Import(plan), Some(party)) =
                        (&order.decision, &order.stored.party)
                    {
                        let document = plan.document(&order.rule, party.clone());
                        writes.push((order, Write::CreateDocument(Box::new(document))));
                    }
                }
                NextStep::AddRounding { document, difference } => {
                    // No reference keeps a second line out: one that may still land is waited for.
                    if let Some(lands_until) = self.may_still_land(&order.row)
                        && matches!(&order.row.sent, Some(sent) if matches!(sent.write, Write::AddDocumentLines { .. }))
                    {
                        self.settle_if_ours(&order.row, Settled::Unknown { due_at: lands_until }).await?;
                        continue;
                    }
                    match rounding_line(&order.rule, difference) {
                        Some(line) => {
                            writes.push((order, Write::AddDocumentLines { document, lines: vec![line] }))
                        }
                        None => {
                            let erp = order.documents.first().map(|d| d.total).unwrap_or_default();
                            let reason = HoldReason::TotalsDiffer { store: order.stored.order.total, erp };
                            self.rest(order, OrderState::Held(reason), None).await?;
                        }
                    }
                }
                NextStep::Confirm { document } => {
                    writes.push((order, Write::TransitionDocument { document, to: Transition::Confirm }));
                }
                NextStep::Cancel { document, why } => {
                    if why == CancelWhy::Second {
                        let text = format!(
                            "order {} of {}: the ERP had two sales with its reference; the newer one was cancelled before it \
                             was confirmed. Nothing is left to do.",
                            order.stored.order.id, order.stored.store
                        );
                        let subject = order.stored.order.id.as_str();
                        self.commit(vec![self.issue(
                            &order.stored.store,
                            "second_document",
                            subject,
                            text,
                            &["seen"],
                        )])
                        .await?;
                    }
                    writes.push((order, Write::TransitionDocument { document, to: Transition::Cancel }));
                }
            }
        }
        going.extend(self.send_writes(writes, lease_until, pass).await?);
        Ok(going)
    }

    /// A split order as its parts tell it.
    pub(crate) async fn as_a_whole(&self, stored: &StoredOrder) -> Result<Order> {
        let mut whole = stored.order.clone();
        if Progress::of(stored)?.split {
            let mut parts = self.repository.orders_split_from(&stored.store, &stored.order.id).await?;
            parts.retain(|part| !Progress::of(part).is_ok_and(|progress| progress.split));
            if let Some(status) = status_of_parts(parts.iter().map(|part| &part.order.status)) {
                whole.status = status;
            }
            if let Some(payment) = payment_of_parts(parts.iter().map(|part| &part.order)) {
                whole.payment = payment;
            }
        }
        Ok(whole)
    }
}

/// Whether the customer that is to be made may be one that is being made already.
fn is_being_made(writes: &[(Work, Write)], party: &NewParty) -> bool {
    writes.iter().any(|(_, write)| matches!(write, Write::CreateParty(other) if other.may_be(party)))
}
