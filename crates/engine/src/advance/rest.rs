//! An order comes to rest: what is remembered, told and asked.

use zygos_core::{
    clock::later,
    model::{Document, DocumentState},
    orders::{HoldReason, IgnoreReason, OrderState, Question},
};
use zygos_storage::{Mutation, OutboxRecord, OutboxRow, Settled, StoredOrder};

use super::Work;
use crate::{
    engine::Engine,
    error::Result,
    event::Event,
    feedback::feedback_wish,
    intake::ledger_mutations,
    progress::{GoLiveChoice, Progress},
    settling::settle,
};

impl Engine {
    /// Holds a row whose order can't even be looked at, until a person answers.
    pub(super) async fn hold_row(&self, row: &OutboxRow, reason: HoldReason) -> Result<()> {
        let OutboxRecord::Order { store, order } = &row.record else { return Ok(()) };
        let text = format!("order {order} of {store}: {reason}.");
        self.commit(vec![self.issue(store, "held", order.as_str(), text, &["retry"])]).await?;
        match self.repository.open_issue(store, "held", order.as_str()).await? {
            Some(issue) => self.settle_if_ours(row, Settled::Held { issue: issue.id }).await,
            None => Ok(()),
        }
    }

    /// An order comes to rest: its state, what a person should know, and when it is looked at again.
    pub(super) async fn rest(
        &self,
        mut order: Work,
        state: OrderState,
        question: Option<Question>,
    ) -> Result<()> {
        let store = order.stored.store.clone();
        let id = order.stored.order.id.clone();
        let subject = id.as_str();
        let was = order.progress.state.clone();
        order.progress.state = state.clone();
        order.progress.put(&mut order.stored)?;
        let mut mutations = Vec::new();
        let held = match &state {
            OrderState::Held(reason) if !reason.is_everyday() => {
                let reference = &order.stored.reference;
                Some((
                    "held",
                    format!("order {id} of {store} ({reference}): {reason}."),
                    ["retry"].as_slice(),
                ))
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
