//! Sending the next write of many orders at once, and settling each by its own outcome.

use jiff::Timestamp;
use zygos_core::{
    clock::later,
    contract::{CallContext, ConnectorError, ErrorKind, Lane, Outcome, Transition, Write},
    disposition::{Disposition, disposition},
    model::{Document, DocumentState, Entity, Record},
    money::plain,
    orders::{HoldReason, OrderState},
};
use zygos_storage::{Attempt, JournalEntry, Mutation, SentWrite, Settled};

use super::{OrderPass, Work};
use crate::{engine::Engine, error::Result, event::Event, explain::order_name, health::Deed};

impl Engine {
    /// Sends one write per order, all in one batch, and settles each by its own outcome.
    pub(super) async fn send_writes(
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
        let erp_is_live = self.is_live(&self.settings.erp.id).await?;
        let mut marked = Vec::new();
        for (order, write) in writes {
            // A pause, of the ERP or of the order's store, comes between any two steps.
            if !(erp_is_live && self.is_live(&order.stored.store).await?) {
                pass.put_off += 1;
                let due_at = later(now, self.settings.pace.recheck_held);
                let settled = Settled::Again { due_at, reason: None, failed: false };
                self.settle_if_ours(&order.row, settled).await?;
                continue;
            }
            let sent = SentWrite { write: write.clone(), to: None, at: now, deadline, fields: Vec::new() };
            if self.mark_sent(&order.row, sent).await? {
                marked.push((order, write));
            }
        }
        if marked.is_empty() {
            return Ok(Vec::new());
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
    pub(super) async fn settle_write(
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
            record: order_name(&order.stored),
            write: what(write).to_owned(),
            outcome: "applied".to_owned(),
            run: None,
        };
        match outcome {
            Ok(applied) => {
                pass.written += 1;
                self.answered(erp, deed_of(write)).await?;
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
                let turn = self.turn(&order.stored.store).await?;
                order.stored = self.brought_on(&turn, &order.stored, &mut order.progress).await?;
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
                self.failed_for_one(erp, deed_of(write), &error).await?;
                attempt.outcome = crate::history::outcome_of(&error);
                self.commit(vec![Mutation::AddAttempt(attempt)]).await?;
                self.write_failed(order, write, &error, deadline).await?;
                Ok(None)
            }
        }
    }

    pub(super) fn note_document(&self, order: &mut Work, document: Document) -> Result<()> {
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

    pub(super) async fn write_failed(
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
}

/// A new customer needs a permission of its own; all else about a sale is one.
fn deed_of(write: &Write) -> Deed {
    match write {
        Write::CreateParty(_) => Deed::Write(Entity::Customer),
        _ => Deed::Write(Entity::Document),
    }
}

pub(super) fn what(write: &Write) -> &'static str {
    match write {
        Write::CreateParty(_) => "customer",
        Write::CreateDocument(_) => "sale",
        Write::AddDocumentLines { .. } => "rounding line",
        Write::TransitionDocument { to: Transition::Confirm, .. } => "confirmation",
        Write::TransitionDocument { to: Transition::Cancel, .. } => "cancellation",
        Write::TransitionDocument { .. } => "transition",
        Write::CreateProduct(_) => "product",
        Write::CreateVariants { .. } => "variants",
        Write::UpdateProduct(_) => "changes of a product",
        Write::CreateCategory { .. } => "category",
        Write::SetStock { .. } => "stock",
        Write::TransitionOrder { .. } => "status",
        Write::SetTracking { .. } => "waybill",
        Write::AddTag { .. } => "tag",
        Write::SetErpId { .. } => "erp id",
    }
}

pub(super) fn state_words(state: DocumentState) -> &'static str {
    match state {
        DocumentState::Draft => "draft",
        DocumentState::Quoted => "quotation",
        DocumentState::Confirmed => "confirmed",
        DocumentState::Processing => "processing",
        DocumentState::Done => "done",
        DocumentState::Cancelled => "cancelled",
    }
}
