//! Bringing orders into the ERP: one step at a time, many orders together, each looked at afresh before each step.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use zygos_core::{
    RemoteKey,
    clock::{elapsed, later},
    contract::{CallContext, ConnectorError, ErrorKind, Fetch, Lane, Lookup, Outcome, Transition, Write},
    disposition::{Disposition, disposition},
    model::{Document, DocumentState, Entity, Order, Record},
    money::plain,
    orders::{
        CancelWhy, HoldReason, IgnoreReason, ImportDecision, ImportPlan, NextStep, OrderProgress, OrderRule,
        OrderState, Question, decide_import, next_step, rounding_line, split::status_of_parts,
    },
};
use zygos_storage::{
    Attempt, JournalEntry, Mutation, OutboxKind, OutboxRecord, OutboxRow, SentWrite, Settled, StoredOrder,
};

use crate::{
    engine::{Engine, lock},
    error::{EngineError, Result},
    event::Event,
    feedback::feedback_wish,
    intake::ledger_mutations,
    progress::{GoLiveChoice, Progress},
    stock::settle,
};

/// More steps than any order needs: customer, document, rounding, confirmation, and a look at the end.
const MOST_STEPS: u32 = 10;
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
        let erp = &self.settings.erp;
        let mut pass = OrderPass::default();
        if !self.is_live(&erp.id).await? {
            return Ok(pass);
        }
        self.check_rested(erp).await?;
        self.resolved().await?;
        self.link().await?;
        if !self.is_linked().await? {
            return Ok(pass);
        }
        let now = self.now();
        let lease_until = later(now, self.settings.pace.lease);
        let batch = self.settings.pace.order_batch;
        let rows = self.repository.claim(&erp.id, OutboxKind::Order, now, lease_until, batch).await?;
        pass.looked_at = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        if rows.is_empty() {
            return Ok(pass);
        }
        match self.advance_rows(&rows, lease_until, &mut pass).await {
            Ok(()) => Ok(pass),
            Err(error @ EngineError::Storage(_)) => Err(error),
            Err(error) => {
                // Rows that are settled already are fenced off; a write without answer keeps its question.
                for row in &rows {
                    let settled = Settled::Again { due_at: self.retry_at(row), reason: None, failed: true };
                    self.settle_if_ours(row, settled).await?;
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
    ) -> Result<()> {
        let ready = self.without_open_questions(rows).await?;
        let ready = self.freshly_read(ready).await?;
        let mut work = self.begin(ready, pass).await?;
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
            let lands_until = later(sent.deadline, capabilities.max_in_flight);
            // Where the ERP enforces the reference a second one is refused, so there is nothing to wait for.
            if !capabilities.reference_enforced && self.now() < lands_until {
                self.settle_if_ours(row, Settled::Unknown { due_at: lands_until }).await?;
            } else {
                ready.push(row.clone());
            }
        }
        Ok(ready)
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
        Ok(work)
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
        let units: Vec<RemoteKey> = stored.order.lines.iter().filter_map(|line| line.unit.clone()).collect();
        let links: BTreeMap<RemoteKey, RemoteKey> = self
            .repository
            .links_of(&stored.store, &units)
            .await?
            .into_iter()
            .map(|link| (link.store_key, link.erp_key))
            .collect();
        let by_hand = progress.decided == Some(GoLiveChoice::Import);
        Ok(decide_import(&stored.order, rule, by_hand, &|unit| links.get(unit).cloned()))
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
            for item in self.ask(erp, erp.connector.fetch(&context, &fetch)).await? {
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
                            Found::Failed(error) => {
                                let reason = HoldReason::Refused {
                                    what: "look-up of the customer".to_owned(),
                                    message: error.to_string(),
                                };
                                self.rest(order, OrderState::Held(reason), None).await?;
                            }
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
    async fn as_a_whole(&self, stored: &StoredOrder) -> Result<Order> {
        let mut whole = stored.order.clone();
        if Progress::of(stored)?.split {
            let parts = self.repository.orders_split_from(&stored.store, &stored.order.id).await?;
            if let Some(status) = status_of_parts(parts.iter().map(|part| &part.order.status)) {
                whole.status = status;
            }
        }
        Ok(whole)
    }

    async fn find_party(&self, plan: &ImportPlan) -> Result<Found> {
        if let Some(party) = &plan.fixed_party {
            return Ok(Found::One(party.clone()));
        }
        let erp = &self.settings.erp;
        if !erp.connector.capabilities().can_fetch(Entity::Customer) {
            return Ok(Found::None);
        }
        for query in &plan.lookups {
            let context = self.context(Lane::Orders);
            let fetch = Fetch::Parties(query.clone());
            let items = match self.ask_about_one(erp, erp.connector.fetch(&context, &fetch)).await? {
                Ok(items) => items,
                Err(error) => return Ok(Found::Failed(error)),
            };
            let mut keys: BTreeSet<RemoteKey> = items
                .into_iter()
                .filter_map(|item| match item {
                    Ok(Record::Customer(party)) => Some(party.key),
                    _ => None,
                })
                .collect();
            match (keys.len(), keys.pop_first()) {
                (1, Some(party)) => return Ok(Found::One(party)),
                (0, _) | (_, None) => {}
                (count, Some(_)) => {
                    let by = match query {
                        zygos_core::model::PartyQuery::VatNumber(_) => "VAT number",
                        zygos_core::model::PartyQuery::Code(_) => "customer code",
                        zygos_core::model::PartyQuery::Email(_) => "e-mail address",
                        zygos_core::model::PartyQuery::Phone(_) => "phone number",
                    };
                    return Ok(Found::Several(HoldReason::SeveralCustomers { count, by: by.to_owned() }));
                }
            }
        }
        Ok(Found::None)
    }

    /// Sends one write per order, all in one batch, and settles each by its own outcome.
    async fn send_writes(
        &self,
        writes: Vec<(Work, Write)>,
        lease_until: Timestamp,
        pass: &mut OrderPass,
    ) -> Result<Vec<Work>> {
        if writes.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.now();
        // Every call of the batch must be over well before the claim is.
        let deadline = later(
            now,
            std::time::Duration::try_from(lease_until.duration_since(now)).unwrap_or_default() * 3 / 4,
        );
        let context = CallContext { lane: Lane::Orders, deadline };
        let mut marked = Vec::new();
        for (order, write) in writes {
            let sent = SentWrite { write: write.clone(), at: now, deadline };
            if self.mark_sent(&order.row, sent).await? {
                marked.push((order, write));
            }
        }
        let batch: Vec<Write> = marked.iter().map(|(_, write)| write.clone()).collect();
        let mut outcomes = self.settings.erp.connector.apply(&context, &batch).await;
        outcomes.resize_with(batch.len(), || {
            Err(ConnectorError::new(
                ErrorKind::Protocol { maybe_applied: true },
                "the connector gave no outcome",
            ))
        });
        let mut going = Vec::new();
        for ((order, write), outcome) in marked.into_iter().zip(outcomes) {
            if let Some(order) = self.settle_write(order, &write, outcome, now, deadline, pass).await? {
                going.push(order);
            }
        }
        Ok(going)
    }

    /// Stores an outcome. The external id of what was created is in the first commit after the answer.
    async fn settle_write(
        &self,
        mut order: Work,
        write: &Write,
        outcome: Outcome,
        at: Timestamp,
        deadline: Timestamp,
        pass: &mut OrderPass,
    ) -> Result<Option<Work>> {
        let erp = &self.settings.erp;
        let mut attempt = Attempt {
            at,
            connection: erp.id.clone(),
            record: format!("order {}", order.stored.order.id),
            write: what(write).to_owned(),
            outcome: "applied".to_owned(),
            run: None,
        };
        match outcome {
            Ok(applied) => {
                pass.written += 1;
                self.answered(erp).await?;
                if applied.already {
                    "it was so already".clone_into(&mut attempt.outcome);
                }
                let before =
                    order.stored.document.as_ref().map(|document| state_words(document.state).to_owned());
                if let (Write::CreateParty(_), Some(party)) = (write, &applied.key) {
                    order.stored.party = Some(party.clone());
                }
                let mut mutations = vec![Mutation::AddAttempt(attempt)];
                if let Some(Record::Document(document)) = applied.record {
                    self.note_document(&mut order, *document)?;
                }
                mutations.push(Mutation::PutOrder(Box::new(order.stored.clone())));
                if !applied.already {
                    mutations.push(Mutation::AddJournal(JournalEntry {
                        at,
                        connection: erp.id.clone(),
                        entity: Entity::Document,
                        key: order
                            .stored
                            .document
                            .as_ref()
                            .map_or_else(|| order.stored.order.id.clone(), |document| document.key.clone()),
                        field: what(write).to_owned(),
                        before,
                        after: order.stored.document.as_ref().map(|document| {
                            format!("{}, total {}", state_words(document.state), plain(document.total))
                        }),
                        why: format!(
                            "order {} of {}: {}",
                            order.stored.order.id, order.stored.store, order.row.reason
                        ),
                        run: None,
                    }));
                }
                self.commit_if_ours(mutations).await?;
                Ok(Some(order))
            }
            Err(error) => {
                pass.put_off += 1;
                self.failed_for_one(erp, &error).await?;
                attempt.outcome = error.to_string();
                self.commit(vec![Mutation::AddAttempt(attempt)]).await?;
                self.write_failed(order, write, &error, deadline).await?;
                Ok(None)
            }
        }
    }

    fn note_document(&self, order: &mut Work, document: Document) -> Result<()> {
        let store = order.stored.store.clone();
        let id = order.stored.order.id.clone();
        let state = match document.state {
            DocumentState::Draft | DocumentState::Quoted => {
                if order.stored.document.is_none() {
                    self.tell(&Event::OrderDrafted { store, order: id, document: document.key.clone() });
                }
                OrderState::Drafted
            }
            DocumentState::Confirmed | DocumentState::Processing | DocumentState::Done => {
                if order.progress.state != OrderState::Placed {
                    self.tell(&Event::OrderPlaced { store, order: id, document: document.key.clone() });
                }
                OrderState::Placed
            }
            DocumentState::Cancelled => order.progress.state.clone(),
        };
        order.progress.state = state;
        order.progress.put(&mut order.stored)?;
        match order.documents.iter_mut().find(|known| known.key == document.key) {
            Some(known) => *known = document.clone(),
            None => order.documents.push(document.clone()),
        }
        // A cancelled second document never takes the place of the one that stays.
        if document.state != DocumentState::Cancelled || order.documents.len() == 1 {
            order.stored.document = Some(document);
        }
        Ok(())
    }

    async fn write_failed(
        &self,
        order: Work,
        write: &Write,
        error: &ConnectorError,
        deadline: Timestamp,
    ) -> Result<()> {
        let capabilities = self.settings.erp.connector.capabilities();
        let settled = match disposition(&error.kind, write.is_idempotent(), capabilities.lookup) {
            Disposition::ReadBack => {
                // Where the ERP refuses a second one, asking again soon is safe; elsewhere it must not be able to land.
                let due_at = if capabilities.reference_enforced || write.is_idempotent() {
                    self.retry_at(&order.row)
                } else {
                    later(deadline, capabilities.max_in_flight)
                };
                Settled::Unknown { due_at }
            }
            Disposition::RetryAfter(wait) => {
                Settled::Again { due_at: later(self.now(), wait), reason: None, failed: true }
            }
            Disposition::Replan | Disposition::Retry | Disposition::PauseConnection => {
                Settled::Again { due_at: self.retry_at(&order.row), reason: None, failed: true }
            }
            Disposition::AskPerson => {
                let reason = HoldReason::Unknowable { what: what(write).to_owned() };
                return self.hold_row(&order.row, reason).await;
            }
            Disposition::Quarantine => {
                let reason = HoldReason::Refused { what: what(write).to_owned(), message: error.to_string() };
                return self.rest(order, OrderState::Held(reason), None).await;
            }
        };
        self.settle_if_ours(&order.row, settled).await
    }

    /// Holds a row whose order can't even be looked at, until a person answers.
    async fn hold_row(&self, row: &OutboxRow, reason: HoldReason) -> Result<()> {
        let OutboxRecord::Order { store, order } = &row.record else { return Ok(()) };
        let text = format!("order {order} of {store}: {reason}.");
        self.commit(vec![self.issue(store, "held", order.as_str(), text, &["retry"])]).await?;
        match self.repository.open_issue(store, "held", order.as_str()).await? {
            Some(issue) => self.settle_if_ours(row, Settled::Held { issue: issue.id }).await,
            None => Ok(()),
        }
    }

    /// An order comes to rest: its state, what a person should know, and when it is looked at again.
    async fn rest(&self, mut order: Work, state: OrderState, question: Option<Question>) -> Result<()> {
        let store = order.stored.store.clone();
        let id = order.stored.order.id.clone();
        let subject = id.as_str();
        let was = order.progress.state.clone();
        order.progress.state = state.clone();
        order.progress.put(&mut order.stored)?;
        let mut mutations = Vec::new();
        let held = match &state {
            OrderState::Held(reason) if !reason.is_everyday() => {
                Some(("held", format!("order {id} of {store}: {reason}."), ["retry"].as_slice()))
            }
            OrderState::Ignored(IgnoreReason::BeforeGoLive) if order.progress.decided.is_none() => Some((
                "before_go_live",
                format!(
                    "order {id} of {store} was placed before `orders_from` and is still open{}. Answer `import` to have it \
                     entered in the ERP, or `ignore` if it is there already or shall not be.",
                    candidates(&order.documents)
                ),
                ["import", "ignore"].as_slice(),
            )),
            _ => None,
        };
        for kind in ["held", "before_go_live"] {
            match &held {
                Some((wanted, text, choices)) if *wanted == kind => {
                    if was != state {
                        self.tell(&Event::OrderHeld {
                            store: store.clone(),
                            order: id.clone(),
                            why: text.clone(),
                        });
                    }
                    mutations.push(self.issue(&store, kind, subject, text.clone(), choices));
                }
                _ => mutations.push(self.close_issue(&store, kind, subject)),
            }
        }
        for code in Question::CODES {
            match &question {
                Some(question) if question.code() == code => {
                    let text = format!("order {id} of {store}: {question}.");
                    mutations.push(self.issue(&store, code, subject, text, &["seen"]));
                }
                _ => mutations.push(self.close_issue(&store, code, subject)),
            }
        }
        if state == OrderState::Cancelled && was != OrderState::Cancelled {
            self.tell(&Event::OrderCancelled { store: store.clone(), order: id.clone() });
        }
        let active = order.documents.iter().find(|document| document.state != DocumentState::Cancelled);
        if let Some(document) = active.or_else(|| order.documents.first()) {
            order.stored.document = Some(document.clone());
        }
        order.stored.closed = is_over(&order.stored, &state, &order.progress);
        mutations.push(Mutation::PutOrder(Box::new(order.stored.clone())));
        // Every document that isn't over has something to tell the store, now or later.
        if matches!(state, OrderState::Placed | OrderState::Closed) {
            mutations.push(feedback_wish(self, &order.stored, "its sale stands in the ERP"));
        }
        if was != state {
            mutations.extend(ledger_mutations(self, &order.stored, &format!("order {id} in {store}")).await?);
        }
        let settled = match &state {
            OrderState::Held(_) => {
                let due_at = later(self.now(), self.settings.pace.recheck_held);
                Settled::Again { due_at, reason: None, failed: false }
            }
            _ => Settled::Done,
        };
        mutations.push(settle(&order.row, settled));
        self.commit_if_ours(mutations).await
    }
}

enum Found {
    One(RemoteKey),
    None,
    Several(HoldReason),
    /// The look-up failed for this order alone.
    Failed(ConnectorError),
}

/// Nothing more is expected of an order on either side.
fn is_over(stored: &StoredOrder, state: &OrderState, progress: &Progress) -> bool {
    match state {
        OrderState::Closed => true,
        OrderState::Cancelled => stored.order.status.is_closed(),
        OrderState::Ignored(IgnoreReason::BeforeGoLive) => {
            stored.order.status.is_closed() || progress.decided == Some(GoLiveChoice::Ignore)
        }
        OrderState::Ignored(_) => stored.order.status.is_closed(),
        OrderState::Seen
        | OrderState::Held(_)
        | OrderState::Ready
        | OrderState::Drafted
        | OrderState::Checked
        | OrderState::Placed => false,
    }
}

fn candidates(documents: &[Document]) -> String {
    let numbers: Vec<&str> = documents
        .iter()
        .map(|document| document.number.as_deref().unwrap_or(document.key.as_str()))
        .collect();
    if numbers.is_empty() {
        String::new()
    } else {
        format!(" (the ERP has {} with its reference)", numbers.join(", "))
    }
}

fn what(write: &Write) -> &'static str {
    match write {
        Write::CreateParty(_) => "customer",
        Write::CreateDocument(_) => "sale",
        Write::AddDocumentLines { .. } => "rounding line",
        Write::TransitionDocument { to: Transition::Confirm, .. } => "confirmation",
        Write::TransitionDocument { to: Transition::Cancel, .. } => "cancellation",
        Write::TransitionDocument { .. } => "transition",
        Write::SetStock { .. } => "stock",
        Write::TransitionOrder { .. } => "status",
        Write::SetTracking { .. } => "waybill",
        Write::AddTag { .. } => "tag",
        Write::SetErpId { .. } => "erp id",
    }
}

fn state_words(state: DocumentState) -> &'static str {
    match state {
        DocumentState::Draft => "draft",
        DocumentState::Quoted => "quotation",
        DocumentState::Confirmed => "confirmed",
        DocumentState::Processing => "processing",
        DocumentState::Done => "done",
        DocumentState::Cancelled => "cancelled",
    }
}
