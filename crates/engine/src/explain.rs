//! "Why is it 7?" and "where is that order?", from both sides as they are now.

use serde::Serialize;
use zygos_core::{
    ConnectionId, RemoteKey,
    clock::elapsed,
    money::plain,
    orders::{ImportDecision, OrderState},
    stock::Explanation,
};
use zygos_storage::{Attempt, Drift, JournalEntry, OutboxRecord, OutboxRow, StoredOrder};

use crate::{
    engine::Engine,
    error::Result,
    products::FieldStory,
    progress::Progress,
    stock::{StockVerdict, name_of},
};

/// A unit in one store.
#[derive(Clone, Debug, Serialize)]
pub struct UnitStory {
    pub store: ConnectionId,
    pub sku: String,
    pub name: String,
    /// What the store shows, as last known.
    pub actual: Option<rust_decimal::Decimal>,
    pub actual_age_seconds: u64,
    pub explanation: Option<Explanation>,
    /// Why no figure is given or written.
    pub instead: Option<String>,
    /// What it and its product have on both sides, where products or prices move.
    pub fields: Vec<FieldStory>,
    /// What is still to be done about it.
    pub waiting: Option<OutboxRow>,
    pub last_writes: Vec<JournalEntry>,
    pub last_drifts: Vec<Drift>,
}

impl UnitStory {
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{} in {}: {}", self.sku, self.store, self.name)];
        let actual = self.actual.map_or("not known".to_owned(), plain);
        lines.push(format!("  the store shows {actual} (read {} s ago)", self.actual_age_seconds));
        match (&self.explanation, &self.instead) {
            (Some(explanation), _) => {
                lines.push(format!("  it should show {}:", plain(explanation.figure)));
                lines.extend(explanation.lines().into_iter().map(|line| format!("    {line}")));
            }
            (None, Some(instead)) => lines.push(format!("  nothing is written: {instead}")),
            (None, None) => {}
        }
        lines.extend(self.fields.iter().map(|field| format!("  {}", field.line())));
        lines.extend(self.waiting.as_ref().map(|row| format!("  {}", waits(row))));
        for entry in &self.last_writes {
            lines.push(format!(
                "  {:.0}: {} {} → {} ({})",
                entry.at,
                entry.field,
                entry.before.as_deref().unwrap_or("?"),
                entry.after.as_deref().unwrap_or("?"),
                entry.why
            ));
        }
        for drift in &self.last_drifts {
            let end =
                drift.corrected_at.map_or("not corrected yet".to_owned(), |at| format!("corrected {at:.0}"));
            lines.push(format!(
                "  {:.0}: found {} {} where {} was right ({}); {end}",
                drift.found_at,
                drift.field,
                drift.is,
                drift.should,
                drift.cause.replace('_', " ")
            ));
        }
        lines
    }
}

/// An order's story. Holds no names and no addresses.
#[derive(Clone, Debug, Serialize)]
pub struct OrderStory {
    pub store: ConnectionId,
    pub order: RemoteKey,
    pub state: String,
    pub words: String,
    pub reference: String,
    pub total: String,
    pub document: Option<String>,
    pub waiting: Option<OutboxRow>,
    pub attempts: Vec<Attempt>,
}

impl OrderStory {
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!("order {} of {}: {}", self.order, self.store, self.words),
            format!("  total {}, reference {}", self.total, self.reference),
        ];
        if let Some(document) = &self.document {
            lines.push(format!("  in the ERP: {document}"));
        }
        if let Some(row) = &self.waiting {
            lines.push(format!("  {}", waits(row)));
        }
        for attempt in self.attempts.iter().rev() {
            lines.push(format!("  {:.0}: {} → {}", attempt.at, attempt.write, attempt.outcome));
        }
        lines
    }
}

/// What an order is called in the list of attempts. Two stores may have an order of the same number.
pub(crate) fn order_name(stored: &StoredOrder) -> String {
    format!("order {} of {}", stored.order.id, stored.store)
}

/// Why a change is not made yet.
fn waits(row: &OutboxRow) -> String {
    let due = format!("{:.0}", row.due_at);
    match (&row.sent, row.held_by) {
        (_, Some(issue)) => format!("waits for a person: see issue {issue} (`zygos issues`)"),
        (Some(sent), _) => format!(
            "a write sent at {:.0} has had no answer and may still land; it is looked at again at {due}",
            sent.at
        ),
        (None, _) if row.attempts > 0 => {
            format!("is tried again at {due} after {} failed tries: {}", row.attempts, row.reason)
        }
        (None, _) => format!("is looked at again at {due}: {}", row.reason),
    }
}

impl Engine {
    /// The formula of a unit, in every store that has it.
    pub async fn explain_unit(&self, text: &str) -> Result<Vec<UnitStory>> {
        let (only, text) = self.store_and_rest(text);
        let mut stories = Vec::new();
        for store in &self.settings.stores {
            let id = &store.connection.id;
            if only.as_ref().is_some_and(|only| only != id) {
                continue;
            }
            let rows = self.repository.outbox(Some(id), u32::MAX >> 1).await?;
            let keys: Vec<RemoteKey> = self
                .repository
                .units_called(id, text)
                .await?
                .into_iter()
                .map(|stored| stored.unit.key)
                .collect();
            if keys.is_empty() {
                continue;
            }
            let (decisions, _) = self.decide(store, &keys).await?;
            for decision in decisions {
                let (explanation, instead) = match decision.verdict {
                    StockVerdict::Decided(explanation) => (Some(explanation), None),
                    StockVerdict::AtMost { why, .. }
                    | StockVerdict::LeaveAlone(why)
                    | StockVerdict::NotNow(why) => (None, Some(why)),
                };
                let unit = &decision.unit;
                let record = OutboxRecord::Stock(unit.key.clone());
                let drifts = self.repository.drifts(Some(id), 1000).await?;
                stories.push(UnitStory {
                    store: id.clone(),
                    sku: name_of(unit),
                    name: unit.name.clone(),
                    actual: decision.actual,
                    actual_age_seconds: elapsed(decision.actual_read_at, self.now()).as_secs(),
                    explanation,
                    instead,
                    fields: self.field_stories(store, &unit.key).await?,
                    waiting: rows.iter().find(|row| row.record == record).cloned(),
                    last_writes: self.repository.journal(Some(id), Some(&unit.key), 5).await?,
                    last_drifts: drifts.into_iter().filter(|drift| drift.unit == unit.key).take(3).collect(),
                });
            }
        }
        Ok(stories)
    }

    /// Where an order is and what was tried, in every store that has one of this id.
    pub async fn explain_order(&self, text: &str) -> Result<Vec<OrderStory>> {
        let (only, id) = self.store_and_rest(text);
        let mut stories = Vec::new();
        for store in &self.settings.stores {
            let name = &store.connection.id;
            if only.as_ref().is_none_or(|only| only == name)
                && let Some(stored) = self.repository.order(name, &RemoteKey::new(id)).await?
            {
                stories.push(self.order_story(&stored).await?);
            }
        }
        Ok(stories)
    }

    /// `STORE/ORDER` or `STORE/SKU` mean one store's; without a store's name in front, all.
    pub(crate) fn store_and_rest<'t>(&self, text: &'t str) -> (Option<ConnectionId>, &'t str) {
        match text.split_once('/') {
            Some((name, rest)) if self.store(&ConnectionId::new(name)).is_some() => {
                (Some(ConnectionId::new(name)), rest)
            }
            _ => (None, text),
        }
    }

    async fn order_story(&self, stored: &StoredOrder) -> Result<OrderStory> {
        let rows = self.repository.outbox(Some(&self.settings.erp.id), u32::MAX >> 1).await?;
        let record = OutboxRecord::Order { store: stored.store.clone(), order: stored.order.id.clone() };
        Ok(OrderStory {
            store: stored.store.clone(),
            order: stored.order.id.clone(),
            state: stored.state_code.clone(),
            words: self.state_in_words(stored).await?,
            reference: stored.reference.clone(),
            total: format!("{} {}", plain(stored.order.total), stored.order.currency),
            document: stored.document.as_ref().map(|document| {
                let number = document.number.as_deref().unwrap_or(document.key.as_str());
                format!("{number}, {:?}, total {}", document.state, plain(document.total)).to_lowercase()
            }),
            waiting: rows.into_iter().find(|row| row.record == record),
            attempts: self.repository.attempts(Some(&order_name(stored)), 20).await?,
        })
    }

    /// The state of an order as a shop owner reads it. What isn't done yet is decided now, for showing.
    pub async fn state_in_words(&self, stored: &StoredOrder) -> Result<String> {
        let progress = Progress::of(stored)?;
        Ok(match &progress.state {
            OrderState::Seen | OrderState::Ready => match self.resolved().await {
                Ok(resolved) => match resolved.orders.get(&stored.store) {
                    Some(rule) => match self.import_decision(stored, &progress, rule).await? {
                        ImportDecision::Import(_) => "will be entered in the ERP".to_owned(),
                        ImportDecision::Hold(reason) => format!("waits: {reason}"),
                        ImportDecision::Ignore(reason) => format!("is not imported: {reason}"),
                    },
                    None => "its store imports no orders".to_owned(),
                },
                Err(error) => format!("waits for the ERP: {error}"),
            },
            OrderState::Held(reason) => format!("waits: {reason}"),
            OrderState::Ignored(reason) => format!("is not imported: {reason}"),
            OrderState::Drafted => "is a draft in the ERP".to_owned(),
            OrderState::Checked => "is in the ERP with the right total and about to be confirmed".to_owned(),
            OrderState::Placed => "is confirmed in the ERP".to_owned(),
            OrderState::Cancelled => "is cancelled".to_owned(),
            OrderState::Closed => "is done".to_owned(),
        })
    }
}
