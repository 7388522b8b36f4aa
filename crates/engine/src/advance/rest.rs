//! An order comes to rest: what is remembered, told and asked.

use zygos_core::{
    clock::later,
    contract::{Fetch, Lane},
    model::{Document, DocumentState, Entity, Record},
    money::plain,
    orders::{HoldReason, IgnoreReason, OrderState, Question},
};
use zygos_storage::{Mutation, OutboxRecord, OutboxRow, Settled, StoredOrder};

use super::{Work, send::state_words};
use crate::{
    engine::Engine,
    error::Result,
    event::Event,
    feedback::feedback_wish,
    health::Deed,
    ledger::ledger_mutations,
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

    /// Sales of the ERP that may be an order's although they don't carry its reference.
    pub(crate) async fn candidates(&self, stored: &StoredOrder) -> Result<Vec<Document>> {
        let erp = &self.settings.erp;
        if !erp.connector.capabilities().can_fetch(Entity::Document) {
            return Ok(Vec::new());
        }
        let shop = self.shop_of(&stored.store);
        let fetch = Fetch::Candidates { shop, order: stored.order.id.clone() };
        let context = self.context(Lane::Orders);
        // A look-up that this ERP doesn't have finds nothing; the person looks there.
        let call = erp.connector.fetch(&context, &fetch);
        let found = self.ask_about_one(erp, Deed::Read(Entity::Document), call).await?.unwrap_or_default();
        Ok(found
            .into_iter()
            .filter_map(|item| match item {
                Ok(Record::Document(document)) => Some(*document),
                _ => None,
            })
            .collect())
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
        let active = order.documents.iter().find(|document| document.state != DocumentState::Cancelled);
        if let Some(document) = active.or_else(|| order.documents.first()) {
            order.stored.document = Some(document.clone());
        }
        order.progress.state = state.clone();
        let undecided = order.progress.is_undecided();
        let candidates = if undecided { self.candidates(&order.stored).await? } else { Vec::new() };
        let turn = self.turn(&store).await?;
        order.stored = self.brought_on(&turn, &order.stored, &mut order.progress).await?;
        let mut mutations = Vec::new();
        let choices = choices(&candidates);
        let choices: Vec<&str> = choices.iter().map(String::as_str).collect();
        let held = match &state {
            OrderState::Held(reason) if !reason.is_everyday() => {
                let reference = &order.stored.reference;
                Some((
                    "held",
                    format!("order {id} of {store} ({reference}): {reason}."),
                    ["retry"].as_slice(),
                ))
            }
            _ if undecided => Some((
                "before_go_live",
                format!(
                    "order {id} of {store} was placed before `orders_from` and is still open. {}Answer `import` to have it \
                     entered in the ERP, or `ignore` if it is not to be in it.",
                    in_words(&candidates)
                ),
                choices.as_slice(),
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
        let status_is_closed = self.as_a_whole(&order.stored).await?.status.is_closed();
        order.stored.closed = is_over(status_is_closed, &state, &order.progress);
        mutations.push(Mutation::PutOrder(Box::new(order.stored.clone())));
        // Every document that isn't over has something to tell the store, now or later.
        if matches!(state, OrderState::Placed | OrderState::Closed) {
            mutations.push(feedback_wish(self, &order.stored, "its sale stands in the ERP"));
        }
        if was != state {
            mutations.extend(
                ledger_mutations(self, &turn, &order.stored, &format!("order {id} in {store}")).await?,
            );
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
fn is_over(status_is_closed: bool, state: &OrderState, progress: &Progress) -> bool {
    match state {
        OrderState::Closed => true,
        OrderState::Cancelled | OrderState::Ignored(_) if status_is_closed => true,
        OrderState::Ignored(IgnoreReason::BeforeGoLive) => progress.decided == Some(GoLiveChoice::Ignore),
        OrderState::Cancelled
        | OrderState::Ignored(_)
        | OrderState::Seen
        | OrderState::Held(_)
        | OrderState::Ready
        | OrderState::Drafted
        | OrderState::Checked
        | OrderState::Placed => false,
    }
}

/// How people call a document.
pub(crate) fn number_of(document: &Document) -> &str {
    document.number.as_deref().unwrap_or(document.key.as_str())
}

/// Linking comes first: it is what a person means who answers in a hurry.
fn choices(candidates: &[Document]) -> Vec<String> {
    let links = candidates.iter().map(|document| format!("link:{}", number_of(document)));
    links.chain(["import".to_owned(), "ignore".to_owned()]).collect()
}

fn in_words(candidates: &[Document]) -> String {
    let found: Vec<String> = candidates
        .iter()
        .map(|document| {
            format!(
                "{} ({}, total {})",
                number_of(document),
                state_words(document.state),
                plain(document.total)
            )
        })
        .collect();
    if found.is_empty() {
        "No sale of the ERP names it. ".to_owned()
    } else {
        format!(
            "Sales of the ERP that name it: {}. Answer `link:` and the number if it is one of them. ",
            found.join(", ")
        )
    }
}
