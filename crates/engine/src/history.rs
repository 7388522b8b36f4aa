//! Every write of a product or an order: before, after, why, in which run; and the tries that came to nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use zygos_core::{ConnectionId, RemoteKey, RunId, contract::ConnectorError, model::Entity};
use zygos_storage::{Attempt, JournalEntry, StoredOrder};

use crate::{engine::Engine, error::Result, settings::StoreSettings, stock::name_of};

/// As many as there are.
const ALL: u32 = u32::MAX >> 1;
/// How the outcome of a try begins that nobody answered; see [`outcome_of`].
const UNANSWERED: &str = "no answer: ";
/// What a try may be about, as attempts spell it before the value.
const FIELDS: [&str; 5] = ["stock", "status", "waybill", "tag", "erp id"];

/// What was written about one name, grouped by the connection that it was written to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct History {
    pub what: String,
    pub connections: Vec<ConnectionHistory>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConnectionHistory {
    pub connection: ConnectionId,
    /// What was found there, as people name it: `unit ABC-1`, `order 42200017`.
    pub records: Vec<String>,
    /// Oldest first.
    pub entries: Vec<HistoryEntry>,
    /// Older ones that the limit left out.
    pub left_out: u64,
}

/// A write, or a try at one. Holds no personal data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HistoryEntry {
    pub at: Timestamp,
    pub outcome: Tried,
    pub record: String,
    pub field: String,
    pub before: Option<String>,
    /// What was written, or was to be.
    pub after: Option<String>,
    /// Of a write its reason, of a try what stood in its way.
    pub why: String,
    pub run: Option<RunId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tried {
    Written,
    /// The other side said no, or showed something else afterwards.
    Refused,
    /// Nobody knows from this try alone whether it arrived; the next one reads it back.
    Unanswered,
}

/// What is looked for and how much of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistoryRange {
    pub since: Option<Timestamp>,
    /// The newest so many of each connection.
    pub limit: Option<usize>,
}

impl History {
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for group in &self.connections {
            lines.push(format!("{}: {}", group.connection, group.records.join(", ")));
            if group.left_out > 0 {
                lines.push(format!("  {} older ones are not shown", group.left_out));
            }
            if group.entries.is_empty() && group.left_out == 0 {
                lines.push("  nothing was written".to_owned());
            }
            let several = group.records.len() > 1;
            lines.extend(group.entries.iter().map(|entry| format!("  {}", entry.line(several))));
        }
        lines
    }
}

impl HistoryEntry {
    fn line(&self, named: bool) -> String {
        let mark = match self.outcome {
            Tried::Written => "",
            Tried::Refused => "REFUSED ",
            Tried::Unanswered => "UNANSWERED ",
        };
        let record = if named { format!("{}, ", self.record) } else { String::new() };
        let change = match (&self.before, &self.after) {
            (Some(before), Some(after)) => format!(": {before} → {after}"),
            (None, Some(after)) => format!(": {after}"),
            _ => String::new(),
        };
        let run = self.run.as_ref().map(|run| format!(", run {run}")).unwrap_or_default();
        format!("{:.0}  {mark}{record}{}{change} ({}{run})", self.at, self.field, self.why)
    }
}

/// How a failed try is kept: whether it was answered stays visible in it.
pub(crate) fn outcome_of(error: &ConnectorError) -> String {
    if error.maybe_applied() { format!("{UNANSWERED}{error}") } else { error.to_string() }
}

/// The groups while they are put together.
#[derive(Default)]
struct Found(BTreeMap<ConnectionId, ConnectionHistory>);

impl Found {
    fn record(&mut self, connection: &ConnectionId, record: &str) -> &mut Vec<HistoryEntry> {
        let group = self.0.entry(connection.clone()).or_insert_with(|| ConnectionHistory {
            connection: connection.clone(),
            records: Vec::new(),
            entries: Vec::new(),
            left_out: 0,
        });
        if !group.records.iter().any(|known| known == record) {
            group.records.push(record.to_owned());
        }
        &mut group.entries
    }

    fn finish(self, what: &str, range: HistoryRange) -> History {
        let mut connections: Vec<ConnectionHistory> = self.0.into_values().collect();
        for group in &mut connections {
            group.entries.retain(|entry| range.since.is_none_or(|since| entry.at >= since));
            // What came first comes first, of the same moment too.
            group.entries.reverse();
            group.entries.sort_by_key(|entry| entry.at);
            let too_many = group.entries.len().saturating_sub(range.limit.unwrap_or(usize::MAX));
            group.entries.drain(..too_many);
            group.left_out = u64::try_from(too_many).unwrap_or(u64::MAX);
        }
        History { what: what.to_owned(), connections }
    }
}

impl Engine {
    /// All that was written and tried about a SKU, an EAN, an order or a reference, on every side that knows it.
    /// Empty when nobody does.
    pub async fn history(&self, what: &str, range: HistoryRange) -> Result<History> {
        let (only, what) = self.store_and_rest(what.trim());
        let meant = |store: &&StoreSettings| only.as_ref().is_none_or(|only| only == &store.connection.id);
        let mut found = Found::default();
        for store in self.settings.stores.iter().filter(meant) {
            self.history_of_units(&store.connection.id, what, &mut found).await?;
            self.history_of_products(&store.connection.id, what, &mut found).await?;
        }
        if only.is_none() {
            self.history_of_products(&self.settings.erp.id, what, &mut found).await?;
        }
        let mut orders = Vec::new();
        for store in self.settings.stores.iter().filter(meant) {
            orders.extend(self.repository.order(&store.connection.id, &RemoteKey::new(what)).await?);
        }
        if orders.is_empty() {
            orders = self.repository.orders_by_reference(&[what.to_owned()]).await?;
        }
        for order in &orders {
            self.history_of_order(order, &mut found).await?;
        }
        if found.0.is_empty() {
            // Known, but nothing is ever written to it there.
            for stored in self.repository.units_called(&self.settings.erp.id, what).await? {
                found.record(&self.settings.erp.id, &format!("unit {}", name_of(&stored.unit)));
            }
        }
        Ok(found.finish(what, range))
    }

    async fn history_of_units(&self, store: &ConnectionId, what: &str, found: &mut Found) -> Result<()> {
        let units = self.repository.units_called(store, what).await?;
        let mut records: Vec<(RemoteKey, String)> = units
            .into_iter()
            .map(|stored| (stored.unit.key.clone(), format!("unit {}", name_of(&stored.unit))))
            .collect();
        if records.is_empty() {
            // A product that is gone from the store keeps its history.
            let record = format!("unit {what}");
            let tried = self.repository.attempts(Some(&record), ALL).await?;
            let key = RemoteKey::new(what);
            let written = self.repository.journal(Some(store), Some(&key), ALL).await?;
            if tried.iter().any(|attempt| &attempt.connection == store)
                || written.iter().any(|entry| entry.entity == Entity::Stock)
            {
                records.push((key, record));
            }
        }
        let mut named = BTreeSet::new();
        for (key, record) in records {
            let written = self.repository.journal(Some(store), Some(&key), ALL).await?;
            // A try bears the SKU only: where two products of a store share it, it is told once.
            let tried = match named.insert(record.clone()) {
                true => self.repository.attempts(Some(&record), ALL).await?,
                false => Vec::new(),
            };
            let entries = found.record(store, &record);
            let stock = written.into_iter().filter(|entry| entry.entity == Entity::Stock);
            entries.extend(stock.map(|entry| written_entry(entry, &record)));
            let here = tried.into_iter().filter(|attempt| &attempt.connection == store);
            entries.extend(here.filter_map(|attempt| tried_entry(attempt, &record)));
        }
        Ok(())
    }

    /// Fields, prices and creations, on every side.
    async fn history_of_products(
        &self,
        connection: &ConnectionId,
        what: &str,
        found: &mut Found,
    ) -> Result<()> {
        let units = self.repository.units_called(connection, what).await?;
        let keys: Vec<RemoteKey> = units.iter().map(|stored| stored.unit.key.clone()).collect();
        let of = self.repository.products_of(connection, &keys).await?;
        let products: BTreeSet<RemoteKey> = of.into_iter().map(|(_, product)| product).collect();
        let products: Vec<RemoteKey> = products.into_iter().collect();
        let products = self.repository.products(connection, &products).await?;
        let mut records: Vec<(RemoteKey, String)> = units
            .iter()
            .map(|stored| (stored.unit.key.clone(), format!("unit {}", name_of(&stored.unit))))
            .collect();
        for stored in &products {
            let record = format!("product {}", stored.product.title());
            let tried = self.repository.attempts(Some(&record), ALL).await?;
            let here = tried.into_iter().filter(|attempt| &attempt.connection == connection);
            let entries: Vec<HistoryEntry> =
                here.filter_map(|attempt| tried_entry(attempt, &record)).collect();
            if !entries.is_empty() {
                found.record(connection, &record).extend(entries);
            }
            // A store may use one key for a simple product and its unit.
            if !keys.contains(&stored.product.key) {
                records.push((stored.product.key.clone(), record));
            }
        }
        for (key, record) in records {
            let written = self.repository.journal(Some(connection), Some(&key), ALL).await?;
            let entries: Vec<HistoryEntry> = written
                .into_iter()
                .filter(|entry| matches!(entry.entity, Entity::Catalogue | Entity::Price))
                .map(|entry| written_entry(entry, &record))
                .collect();
            if !entries.is_empty() {
                found.record(connection, &record).extend(entries);
            }
        }
        Ok(())
    }

    async fn history_of_order(&self, stored: &StoredOrder, found: &mut Found) -> Result<()> {
        let (store, id) = (&stored.store, &stored.order.id);
        let erp = &self.settings.erp.id;
        let record = format!("order {id}");
        let told = self.repository.journal(Some(store), Some(id), ALL).await?;
        let entries = found.record(store, &record);
        entries.extend(
            told.into_iter()
                .filter(|entry| entry.entity == Entity::Order)
                .map(|entry| written_entry(entry, &record)),
        );
        // A part of a split order is in the ERP with the order that it was split from.
        let whole = stored.root.as_ref().unwrap_or(id);
        let in_erp = format!("order {whole} of {store}");
        let document = match &stored.root {
            Some(root) => self.repository.order(store, root).await?.and_then(|order| order.document),
            None => stored.document.clone(),
        };
        let mut keys = vec![whole.clone()];
        keys.extend(document.map(|document| document.key).filter(|key| key != whole));
        for key in keys {
            let written = self.repository.journal(Some(erp), Some(&key), ALL).await?;
            // Keys of documents and order ids may be the same numbers.
            let begins = format!("{in_erp}: ");
            let ours = written
                .into_iter()
                .filter(|entry| entry.entity == Entity::Document && entry.why.starts_with(&begins));
            found.record(erp, &in_erp).extend(ours.map(|entry| written_entry(entry, &in_erp)));
        }
        let at_store = self.repository.attempts(Some(&format!("{record} of {store}")), ALL).await?;
        let at_erp = self.repository.attempts(Some(&in_erp), ALL).await?;
        for (connection, name, tried) in [(store, &record, at_store), (erp, &in_erp, at_erp)] {
            let here = tried.into_iter().filter(|attempt| &attempt.connection == connection);
            let entries: Vec<HistoryEntry> = here.filter_map(|attempt| tried_entry(attempt, name)).collect();
            found.record(connection, name).extend(entries);
        }
        Ok(())
    }
}

fn written_entry(entry: JournalEntry, record: &str) -> HistoryEntry {
    HistoryEntry {
        at: entry.at,
        outcome: Tried::Written,
        record: record.to_owned(),
        field: entry.field,
        before: entry.before,
        after: entry.after,
        why: entry.why,
        run: entry.run,
    }
}

/// `None` for what arrived: that is in the journal, or there was nothing to write.
fn tried_entry(attempt: Attempt, record: &str) -> Option<HistoryEntry> {
    if ["applied", "already", "it was so already"].contains(&attempt.outcome.as_str()) {
        return None;
    }
    let (outcome, why) = match attempt.outcome.strip_prefix(UNANSWERED) {
        Some(why) => (Tried::Unanswered, why.to_owned()),
        None => (Tried::Refused, attempt.outcome),
    };
    let split = FIELDS.iter().find_map(|field| {
        let value = attempt.write.strip_prefix(field)?.strip_prefix(' ')?;
        Some(((*field).to_owned(), Some(value.to_owned())))
    });
    let (field, after) = split.unwrap_or((attempt.write, None));
    Some(HistoryEntry {
        at: attempt.at,
        outcome,
        record: record.to_owned(),
        field,
        before: None,
        after,
        why,
        run: attempt.run,
    })
}

#[cfg(test)]
mod tests {
    use zygos_core::contract::ErrorKind;

    use super::*;

    fn attempt(write: &str, outcome: &str) -> Attempt {
        Attempt {
            at: Timestamp::UNIX_EPOCH,
            connection: ConnectionId::new("shop"),
            record: "unit VASE".to_owned(),
            write: write.to_owned(),
            outcome: outcome.to_owned(),
            run: None,
        }
    }

    #[test]
    fn only_tries_that_came_to_nothing_are_told_beside_the_writes() {
        for outcome in ["applied", "already", "it was so already"] {
            assert_eq!(tried_entry(attempt("stock 3", outcome), "unit VASE"), None);
        }
        let silent =
            ConnectorError::new(ErrorKind::Unavailable { maybe_applied: true }, "the shop was silent");
        let entry = tried_entry(attempt("stock 3", &outcome_of(&silent)), "unit VASE").expect("it is told");
        assert_eq!((entry.outcome, entry.why.as_str()), (Tried::Unanswered, "the shop was silent"));
        assert_eq!((entry.field.as_str(), entry.after.as_deref()), ("stock", Some("3")));
        let refused = ConnectorError::rejected(None, "the total is missing");
        let entry = tried_entry(attempt("sale", &outcome_of(&refused)), "order 7").expect("it is told");
        assert_eq!((entry.outcome, entry.field.as_str(), entry.after), (Tried::Refused, "sale", None));
    }

    #[test]
    fn the_limit_leaves_the_newest_and_says_how_many_it_left_out() {
        let mut found = Found::default();
        let shop = ConnectionId::new("shop");
        for second in [3_i64, 1, 2] {
            let mut one = attempt("stock 3", "no room");
            one.at = Timestamp::from_second(second).expect("a time");
            found.record(&shop, "unit VASE").extend(tried_entry(one, "unit VASE"));
        }
        let range = HistoryRange { since: None, limit: Some(2) };
        let history = found.finish("VASE", range);
        let seconds: Vec<i64> =
            history.connections[0].entries.iter().map(|entry| entry.at.as_second()).collect();
        assert_eq!((seconds, history.connections[0].left_out), (vec![2, 3], 1));
        assert!(history.lines()[2].contains("REFUSED stock: 3 (no room)"), "{:?}", history.lines());
    }
}
