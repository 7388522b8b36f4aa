//! Telling a store what became of its orders: waybill, status, invoice number.

use zygos_core::{
    RemoteKey,
    clock::{elapsed, later},
    contract::{ErrorKind, Lookup, Transition, Write},
    disposition::{Disposition, disposition},
    model::{Document, Entity, OrderStatus, Shipment, ShipmentState},
    orders::feedback::feedback,
};
use zygos_storage::{
    Attempt, JournalEntry, Mutation, OutboxKind, OutboxRecord, OutboxRow, SentWrite, Settled, StoredOrder,
};

use crate::{
    advance::FRESH,
    engine::{Engine, lock},
    error::{EngineError, Result},
    event::Event,
    explain::order_name,
    health::Deed,
    progress::Progress,
    settings::StoreSettings,
    settling::{one, settle},
};

/// More steps than any order needs; a store that never takes what it says it took is not asked for ever.
const MOST_STEPS: u32 = 8;
const TELL: Deed = Deed::Write(Entity::Order);

impl Engine {
    /// Works on the orders that this store is to be told of, once. Answers how many writes were made.
    pub async fn feedback_pass(&self, store: &StoreSettings) -> Result<u64> {
        let id = &store.connection.id;
        if !self.is_live(id).await? {
            return Ok(0);
        }
        self.check_rested(&store.connection, TELL)?;
        let now = self.now();
        let lease_until = later(now, self.settings.pace.lease);
        let batch = self.settings.pace.order_batch;
        let rows = self.repository.claim(id, OutboxKind::Feedback, now, lease_until, batch).await?;
        let mut written = 0;
        for (index, row) in rows.iter().enumerate() {
            match self.tell_store(store, row).await {
                Ok(count) => written += count,
                Err(error @ EngineError::Storage(_)) => return Err(error),
                Err(error) => {
                    for row in rows.iter().skip(index) {
                        self.settle_if_ours(row, self.again_after(row, &error)).await?;
                    }
                    return Err(error);
                }
            }
        }
        Ok(written)
    }

    async fn tell_store(&self, store: &StoreSettings, row: &OutboxRow) -> Result<u64> {
        let OutboxRecord::Feedback(order_id) = &row.record else { return Ok(0) };
        let id = &store.connection.id;
        let max_in_flight = store.connection.connector.capabilities().max_in_flight;
        if let Some(sent) = &row.sent {
            let due_at = later(sent.deadline, max_in_flight);
            if self.now() < due_at {
                self.settle_if_ours(row, Settled::Unknown { due_at }).await?;
                return Ok(0);
            }
        }
        let Some(mut stored) = self.repository.order(id, order_id).await? else {
            self.settle_if_ours(row, Settled::Done).await?;
            return Ok(0);
        };
        let mut written = 0;
        if Progress::of(&stored)?.split {
            return self.tell_parts(store, row, &stored).await;
        }
        // Calls are the currency: the store is asked only when there is something to tell it, and what was told is
        // noted here instead of being read again; the next reading of open orders is the second read-back.
        if due_writes(store, &stored).is_empty() {
            self.settle_if_ours(row, Settled::Done).await?;
            return Ok(0);
        }
        let last_read = lock(&self.memory(id)?.last_read).get(order_id).copied();
        if last_read.is_none_or(|last| elapsed(last, self.now()) > FRESH) {
            // Somebody may have moved it on by hand.
            self.read_order(store, order_id, "poll").await?;
            if let Some(fresh) = self.repository.order(id, order_id).await? {
                stored = fresh;
            }
        }
        if self.tell_all(store, row, &mut stored, &mut written).await? {
            self.settle_if_ours(row, Settled::Done).await?;
        }
        Ok(written)
    }

    /// Everything that is due of one order; `false` when the row is settled and this pass is over for it.
    async fn tell_all(
        &self,
        store: &StoreSettings,
        row: &OutboxRow,
        stored: &mut StoredOrder,
        written: &mut u64,
    ) -> Result<bool> {
        for _ in 0..MOST_STEPS {
            let Some(write) = due_writes(store, stored).into_iter().next() else { break };
            if !self.tell_one(store, row, stored, write.clone()).await? {
                return Ok(false);
            }
            *written += 1;
            note(stored, &write);
        }
        Ok(true)
    }

    /// A split order answers no more; its living parts are told instead.
    async fn tell_parts(&self, store: &StoreSettings, row: &OutboxRow, root: &StoredOrder) -> Result<u64> {
        let mut written = 0;
        for mut part in self.repository.orders_split_from(&store.connection.id, &root.order.id).await? {
            if Progress::of(&part)?.split {
                continue;
            }
            part.document = root.document.as_ref().map(as_told_to_parts);
            if !self.tell_all(store, row, &mut part, &mut written).await? {
                return Ok(written);
            }
        }
        self.settle_if_ours(row, Settled::Done).await?;
        Ok(written)
    }

    /// Sends one write; `false` when the row is settled and this pass is over for it.
    async fn tell_one(
        &self,
        store: &StoreSettings,
        row: &OutboxRow,
        stored: &StoredOrder,
        write: Write,
    ) -> Result<bool> {
        let connection = &store.connection;
        let now = self.now();
        if !self.is_live(&connection.id).await? {
            self.settle_if_ours(row, Settled::Again { due_at: now, reason: None, failed: false }).await?;
            return Ok(false);
        }
        let context = self.context(row.lane);
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
        let (field, before, after) = journal_of(&write, stored);
        let mut attempt = Attempt {
            at: now,
            connection: connection.id.clone(),
            record: order_name(stored),
            write: format!("{field} {after}"),
            outcome: "applied".to_owned(),
            run: None,
        };
        match outcome {
            Ok(applied) => {
                self.answered(connection, TELL).await?;
                if applied.already {
                    "already".clone_into(&mut attempt.outcome);
                }
                // As it stands now: others may have brought it on while the store was being told.
                let _turn = self.turn(&connection.id).await?;
                let now_stored = self.repository.order(&connection.id, &stored.order.id).await?;
                let mut told = now_stored.unwrap_or_else(|| stored.clone());
                note(&mut told, &write);
                told.digest = crate::progress::digest(&told.order)?;
                let mut mutations = vec![Mutation::AddAttempt(attempt), Mutation::PutOrder(Box::new(told))];
                if !applied.already {
                    mutations.push(Mutation::AddJournal(JournalEntry {
                        at: now,
                        connection: connection.id.clone(),
                        entity: Entity::Order,
                        key: stored.order.id.clone(),
                        field: field.to_owned(),
                        before,
                        after: Some(after.clone()),
                        why: row.reason.clone(),
                        run: None,
                    }));
                }
                let kind = "feedback_refused";
                if self.repository.open_issue(&connection.id, kind, stored.order.id.as_str()).await?.is_some()
                {
                    mutations.push(self.close_issue(&connection.id, kind, stored.order.id.as_str()));
                }
                self.commit_if_ours(mutations).await?;
                self.tell(&Event::StoreTold {
                    store: connection.id.clone(),
                    order: stored.order.id.clone(),
                    what: format!("{field} {after}"),
                });
                Ok(true)
            }
            Err(error) => {
                self.failed_for_one(connection, TELL, &error).await?;
                attempt.outcome = crate::history::outcome_of(&error);
                let mut mutations = vec![Mutation::AddAttempt(attempt)];
                let settled = if error.maybe_applied() {
                    let max_in_flight = connection.connector.capabilities().max_in_flight;
                    Settled::Unknown { due_at: later(context.deadline, max_in_flight) }
                } else {
                    match disposition(&error.kind, true, Lookup::Reference) {
                        Disposition::RetryAfter(wait) => {
                            Settled::Again { due_at: later(self.now(), wait), reason: None, failed: true }
                        }
                        Disposition::Quarantine | Disposition::AskPerson => {
                            let subject = stored.order.id.as_str();
                            let text = format!(
                                "{} refuses {field} {after} of order {}: {error}. Only this order waits; correct it in the \
                                 store and run `zygos replay {}`.",
                                connection.id, stored.order.id, stored.order.id
                            );
                            self.commit(vec![self.issue(
                                &connection.id,
                                "feedback_refused",
                                subject,
                                text,
                                &["retry"],
                            )])
                            .await?;
                            match self
                                .repository
                                .open_issue(&connection.id, "feedback_refused", subject)
                                .await?
                            {
                                Some(issue) => Settled::Held { issue: issue.id },
                                None => {
                                    Settled::Again { due_at: self.retry_at(row), reason: None, failed: true }
                                }
                            }
                        }
                        // An order that the store doesn't know any more has nobody to be told.
                        _ if error.kind == ErrorKind::NotFound => Settled::Done,
                        Disposition::Replan => {
                            // What was read of it is out of date, however fresh.
                            lock(&self.memory(&connection.id)?.last_read).remove(&stored.order.id);
                            Settled::Again { due_at: self.retry_at(row), reason: None, failed: true }
                        }
                        _ => Settled::Again { due_at: self.retry_at(row), reason: None, failed: true },
                    }
                };
                mutations.push(settle(row, settled));
                self.commit_if_ours(mutations).await?;
                Ok(false)
            }
        }
    }
}

/// Which parcel holds which part nobody knows: the parts are told of shipments when all have left.
fn as_told_to_parts(document: &Document) -> Document {
    let mut told = document.clone();
    let all_left =
        |shipment: &Shipment| matches!(shipment.state, ShipmentState::Shipped | ShipmentState::Cancelled);
    if !told.shipments.iter().all(all_left) {
        told.shipments.clear();
    }
    told
}

fn due_writes(store: &StoreSettings, stored: &StoredOrder) -> Vec<Write> {
    stored
        .document
        .as_ref()
        .map_or_else(Vec::new, |document| feedback(&stored.order, document, &store.feedback))
}

/// What the order looks like after a write that was taken.
fn note(stored: &mut StoredOrder, write: &Write) {
    match write {
        Write::SetTracking { tracking, .. } => stored.order.awb = Some(tracking.number.clone()),
        Write::AddTag { tag, .. } => stored.order.tags.push(tag.clone()),
        Write::TransitionOrder { to, .. } => {
            stored.order.status = match to {
                Transition::Confirm => OrderStatus::Confirmed,
                Transition::Process => OrderStatus::Processing,
                Transition::Ship => OrderStatus::Shipped,
                Transition::Deliver => OrderStatus::Delivered,
                Transition::Cancel => OrderStatus::Cancelled,
            };
        }
        Write::SetErpId { erp_id, .. } => stored.order.erp_id = Some(erp_id.clone()),
        _ => {}
    }
}

fn journal_of(write: &Write, stored: &StoredOrder) -> (&'static str, Option<String>, String) {
    match write {
        Write::SetTracking { tracking, .. } => ("waybill", stored.order.awb.clone(), tracking.number.clone()),
        Write::TransitionOrder { to, .. } => {
            ("status", Some(format!("{:?}", stored.order.status).to_lowercase()), to.name().to_owned())
        }
        Write::AddTag { tag, .. } => ("tag", None, tag.clone()),
        Write::SetErpId { erp_id, .. } => ("erp id", stored.order.erp_id.clone(), erp_id.clone()),
        _ => ("", None, String::new()),
    }
}

/// The wish to tell a store about one of its orders.
pub(crate) fn feedback_wish(engine: &Engine, order: &StoredOrder, reason: &str) -> Mutation {
    let record = OutboxRecord::Feedback(RemoteKey::clone(&order.order.id));
    engine.wish(&order.store, record, zygos_core::contract::Lane::Orders, reason)
}
