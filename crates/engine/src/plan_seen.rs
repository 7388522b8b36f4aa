//! A plan as a person saw it: kept in a file, and held against what would be done now.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use zygos_core::{ConnectionId, RemoteKey, WorkspaceId, contract::Side, money::plain, orders::OrderState};
use zygos_storage::{OutboxRecord, StoredOrder};

use crate::{
    engine::lock,
    plan::{Plan, PlannedStep},
    stock::{StockDecision, StockVerdict},
};

const KIND: &str = "zygos plan";
const VERSION: u32 = 1;

/// What `zygos plan --out` writes and `zygos sync --plan` reads. Figures are texts of decimal numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeenPlan {
    /// Always `zygos plan`.
    pub kind: String,
    pub version: u32,
    pub made_at: Timestamp,
    pub workspace: WorkspaceId,
    pub stock: Vec<SeenStock>,
    pub orders: Vec<SeenOrder>,
    #[serde(default)]
    pub products: Vec<SeenProduct>,
}

/// Everything that is to be written about one product of a store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeenProduct {
    pub store: ConnectionId,
    /// Which side's key names it.
    pub side: Side,
    pub key: RemoteKey,
    pub name: String,
    /// What is to be written; equal words mean the same.
    pub words: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeenStock {
    pub store: ConnectionId,
    /// The store's key.
    pub unit: RemoteKey,
    pub sku: String,
    /// `None`: the store's figure was not known.
    #[serde(with = "optional_figure")]
    pub before: Option<Decimal>,
    #[serde(with = "figure")]
    pub after: Decimal,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeenOrder {
    pub store: ConnectionId,
    pub order: RemoteKey,
    /// Of the order as it was read; equal digests mean an equal order.
    pub digest: String,
    pub step: PlannedStep,
    pub what: String,
}

/// Why a text is no plan that can be carried out here. The words say what to do, after the name of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanProblem {
    #[error("is not a plan: {0}; write one with `zygos plan --out FILE`")]
    NotAPlan(String),
    #[error("is damaged: {0}; write it anew with `zygos plan --out FILE`")]
    Damaged(String),
    #[error(
        "is a plan of version {0}, and this Zygos reads version 1; write it anew with `zygos plan --out FILE`"
    )]
    Version(u64),
    #[error(
        "is a plan for the workspace `{0}`, and the configuration is for `{1}`; name the configuration it was made with"
    )]
    OtherWorkspace(WorkspaceId, WorkspaceId),
}

impl SeenPlan {
    pub fn of(plan: &Plan, workspace: WorkspaceId, made_at: Timestamp) -> Self {
        let stock = plan.stock.iter().map(|stock| SeenStock {
            store: stock.store.clone(),
            unit: stock.unit.clone(),
            sku: stock.sku.clone(),
            before: stock.before,
            after: stock.after,
        });
        let orders = plan.orders.iter().map(|order| SeenOrder {
            store: order.store.clone(),
            order: order.order.clone(),
            digest: order.digest.clone(),
            step: order.step,
            what: order.what.clone(),
        });
        let mut products: Vec<SeenProduct> = Vec::new();
        for planned in plan.products.iter().filter(|planned| planned.held.is_none()) {
            let is_same = |seen: &&mut SeenProduct| {
                (&seen.store, seen.side, &seen.key) == (&planned.store, planned.side, &planned.key)
            };
            match products.iter_mut().find(is_same) {
                Some(seen) => seen.words.push(planned.words.clone()),
                None => products.push(SeenProduct {
                    store: planned.store.clone(),
                    side: planned.side,
                    key: planned.key.clone(),
                    name: planned.name.clone(),
                    words: vec![planned.words.clone()],
                }),
            }
        }
        Self {
            kind: KIND.to_owned(),
            version: VERSION,
            made_at,
            workspace,
            stock: stock.collect(),
            orders: orders.collect(),
            products,
        }
    }

    /// Reads what was written for this workspace.
    pub fn read(text: &str, workspace: &WorkspaceId) -> Result<Self, PlanProblem> {
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| PlanProblem::NotAPlan(error.to_string()))?;
        if value.get("kind").and_then(serde_json::Value::as_str) != Some(KIND) {
            return Err(PlanProblem::NotAPlan(format!("it does not say `\"kind\": \"{KIND}\"`")));
        }
        match value.get("version").and_then(serde_json::Value::as_u64) {
            Some(version) if version == u64::from(VERSION) => {}
            Some(version) => return Err(PlanProblem::Version(version)),
            None => return Err(PlanProblem::Damaged("its version is missing".to_owned())),
        }
        // From the text again, so that the place of a mistake is told.
        let plan: Self =
            serde_json::from_str(text).map_err(|error| PlanProblem::Damaged(error.to_string()))?;
        if &plan.workspace != workspace {
            return Err(PlanProblem::OtherWorkspace(plan.workspace, workspace.clone()));
        }
        Ok(plan)
    }
}

/// What became of an entry that was not simply carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is so by now.
    Already,
    Moved(String),
    Waits(String),
}

/// A plan while it is carried out.
pub(crate) struct Seen<'a> {
    stock: BTreeMap<(&'a ConnectionId, &'a RemoteKey), &'a SeenStock>,
    /// Those to enter.
    orders: BTreeMap<(&'a ConnectionId, &'a RemoteKey), &'a SeenOrder>,
    products: BTreeMap<(&'a ConnectionId, OutboxRecord), &'a SeenProduct>,
    fates: Mutex<BTreeMap<(ConnectionId, OutboxRecord), Fate>>,
    /// What a pass was given in this round.
    tried: Mutex<BTreeSet<(ConnectionId, OutboxRecord)>>,
}

impl<'a> Seen<'a> {
    pub fn new(plan: &'a SeenPlan) -> Self {
        let to_enter = plan.orders.iter().filter(|order| order.step == PlannedStep::Enter);
        Self {
            stock: plan.stock.iter().map(|stock| ((&stock.store, &stock.unit), stock)).collect(),
            orders: to_enter.map(|order| ((&order.store, &order.order), order)).collect(),
            products: plan
                .products
                .iter()
                .map(|product| ((&product.store, record_of_product(product)), product))
                .collect(),
            fates: Mutex::default(),
            tried: Mutex::default(),
        }
    }

    pub fn stock(&self) -> impl Iterator<Item = &'a SeenStock> {
        self.stock.values().copied()
    }

    pub fn orders(&self) -> impl Iterator<Item = &'a SeenOrder> {
        self.orders.values().copied()
    }

    pub fn products(&self) -> impl Iterator<Item = &'a SeenProduct> {
        self.products.values().copied()
    }

    /// The next products of a store that nothing is known of in this round.
    pub fn next_products(&self, store: &ConnectionId, most: u32) -> Vec<OutboxRecord> {
        let products = self.products().filter(|product| &product.store == store);
        self.next(products.map(|product| (store.clone(), record_of_product(product))), most)
    }

    pub fn holds_product(&self, store: &ConnectionId, record: &OutboxRecord) -> bool {
        self.products.contains_key(&(store, record.clone()))
    }

    /// Whether what would be written about a product now is what the plan says.
    pub fn product_is_as_seen(&self, store: &ConnectionId, record: &OutboxRecord, now: &[String]) -> bool {
        let Some(seen) = self.products.get(&(store, record.clone())) else { return false };
        let sorted = |words: &[String]| words.iter().cloned().collect::<BTreeSet<String>>();
        if sorted(now) == sorted(&seen.words) {
            return true;
        }
        let fate = if now.is_empty() {
            Fate::Already
        } else {
            Fate::Moved(format!(
                "the plan said `{}`, now it would be `{}`",
                seen.words.join("; "),
                now.join("; ")
            ))
        };
        self.put(store, record.clone(), fate);
        false
    }

    pub fn holds_unit(&self, store: &ConnectionId, unit: &RemoteKey) -> bool {
        self.stock.contains_key(&(store, unit))
    }

    pub fn begin_round(&self) {
        lock(&self.tried).clear();
    }

    /// The next units of a store that nothing is known of in this round.
    pub fn next_units(&self, store: &ConnectionId, most: u32) -> Vec<OutboxRecord> {
        let units = self.stock().filter(|stock| &stock.store == store);
        self.next(units.map(|stock| (store.clone(), OutboxRecord::Stock(stock.unit.clone()))), most)
    }

    pub fn next_orders(&self, most: u32) -> Vec<OutboxRecord> {
        self.next(self.orders().map(|order| (order.store.clone(), record_of(order))), most)
    }

    fn next(&self, all: impl Iterator<Item = (ConnectionId, OutboxRecord)>, most: u32) -> Vec<OutboxRecord> {
        let (fates, mut tried) = (lock(&self.fates), lock(&self.tried));
        let left: Vec<(ConnectionId, OutboxRecord)> = all
            .filter(|record| !fates.contains_key(record) && !tried.contains(record))
            .take(usize::try_from(most).unwrap_or(usize::MAX))
            .collect();
        tried.extend(left.iter().cloned());
        left.into_iter().map(|(_, record)| record).collect()
    }

    /// The first word about an entry counts: what was found before anything was sent.
    pub fn put(&self, store: &ConnectionId, record: OutboxRecord, fate: Fate) {
        lock(&self.fates).entry((store.clone(), record)).or_insert(fate);
    }

    pub fn fate(&self, store: &ConnectionId, record: &OutboxRecord) -> Option<Fate> {
        lock(&self.fates).get(&(store.clone(), record.clone())).cloned()
    }

    pub fn unit_waits(&self, store: &ConnectionId, unit: &RemoteKey, why: &str) {
        self.put(store, OutboxRecord::Stock(unit.clone()), Fate::Waits(why.to_owned()));
    }

    pub fn unit_moved(&self, store: &ConnectionId, unit: &RemoteKey, words: &str) {
        self.put(store, OutboxRecord::Stock(unit.clone()), Fate::Moved(words.to_owned()));
    }

    /// Entries of stores that are not configured any more.
    pub fn leave_out_other_stores(&self, configured: &BTreeSet<&ConnectionId>) {
        let moved = || Fate::Moved("its store is not in the configuration any more".to_owned());
        for stock in self.stock().filter(|stock| !configured.contains(&stock.store)) {
            self.put(&stock.store, OutboxRecord::Stock(stock.unit.clone()), moved());
        }
        for order in self.orders().filter(|order| !configured.contains(&order.store)) {
            self.put(&order.store, record_of(order), moved());
        }
        for product in self.products().filter(|product| !configured.contains(&product.store)) {
            self.put(&product.store, record_of_product(product), moved());
        }
    }

    pub fn order_waits(&self, store: &ConnectionId, order: &RemoteKey, why: &str) {
        let record = OutboxRecord::Order { store: store.clone(), order: order.clone() };
        self.put(store, record, Fate::Waits(why.to_owned()));
    }

    /// The units whose decision is not what the plan says.
    pub fn moved_units(&self, store: &ConnectionId, decisions: &[StockDecision]) -> BTreeSet<RemoteKey> {
        let mut moved = BTreeSet::new();
        for decision in decisions {
            let unit = &decision.unit.key;
            let Some(seen) = self.stock.get(&(store, unit)) else {
                moved.insert(unit.clone());
                continue;
            };
            let record = OutboxRecord::Stock(unit.clone());
            match held_against(seen, decision) {
                None => {}
                Some(Fate::Already) => self.put(store, record, Fate::Already),
                Some(fate) => {
                    self.put(store, record, fate);
                    moved.insert(unit.clone());
                }
            }
        }
        moved
    }

    /// Whether an order may go on: it is what the plan saw, and would be entered as the plan says. `now`: what would be
    /// done, `Err` where that is nothing.
    pub fn order_is_as_seen(
        &self,
        stored: &StoredOrder,
        state: &OrderState,
        now: Result<String, String>,
    ) -> bool {
        let (store, id) = (&stored.store, &stored.order.id);
        let Some(seen) = self.orders.get(&(store, id)) else { return false };
        let fate = match (&stored.document, state) {
            (Some(_), OrderState::Placed | OrderState::Closed) => Fate::Already,
            _ if now.as_ref() != Ok(&seen.what) => {
                let now = now.unwrap_or_else(|other| other);
                Fate::Moved(format!("the plan said `{}`, now it would be `{now}`", seen.what))
            }
            _ if stored.digest != seen.digest => {
                Fate::Moved("the order was changed in the store since the plan was made".to_owned())
            }
            _ => return true,
        };
        self.put(store, record_of(seen), fate);
        false
    }
}

pub(crate) fn record_of(order: &SeenOrder) -> OutboxRecord {
    OutboxRecord::Order { store: order.store.clone(), order: order.order.clone() }
}

pub(crate) fn record_of_product(product: &SeenProduct) -> OutboxRecord {
    OutboxRecord::Product { side: product.side, key: product.key.clone() }
}

/// `None`: it is to be written as the plan says, or it cannot be decided now.
fn held_against(seen: &SeenStock, decision: &StockDecision) -> Option<Fate> {
    let said = format!("the plan said {}", change_in_words(seen.before, seen.after));
    match (decision.change(), &decision.verdict) {
        (_, StockVerdict::NotNow(_)) => None,
        (Some((before, after)), _)
            if after == seen.after && (before == seen.before || seen.before.is_none()) =>
        {
            None
        }
        (Some((before, after)), _) => {
            Some(Fate::Moved(format!("{said}, now it would be {}", change_in_words(before, after))))
        }
        (None, StockVerdict::Decided(_)) if decision.actual == Some(seen.after) => Some(Fate::Already),
        (None, StockVerdict::LeaveAlone(why)) => {
            Some(Fate::Moved(format!("{said}, now it is left alone: {why}")))
        }
        (None, _) => {
            let shows = decision.actual.map_or("?".to_owned(), plain);
            Some(Fate::Moved(format!("{said}, now nothing is to be written: the store shows {shows}")))
        }
    }
}

/// `5 → 3`
pub(crate) fn change_in_words(before: Option<Decimal>, after: Decimal) -> String {
    format!("{} → {}", before.map_or("?".to_owned(), plain), plain(after))
}

/// Figures as texts, so that no reader rounds them.
mod figure {
    use rust_decimal::Decimal;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(figure: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(figure)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| Error::custom(format!("`{text}` is not a figure")))
    }
}

mod optional_figure {
    use rust_decimal::Decimal;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::ref_option, reason = "serde asks for this shape")]
    pub fn serialize<S: Serializer>(figure: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
        match figure {
            Some(figure) => serializer.collect_str(figure),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(|_| Error::custom(format!("`{text}` is not a figure"))))
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> SeenPlan {
        SeenPlan {
            kind: KIND.to_owned(),
            version: VERSION,
            made_at: Timestamp::UNIX_EPOCH,
            workspace: WorkspaceId::new("company"),
            stock: vec![SeenStock {
                store: ConnectionId::new("shop"),
                unit: RemoteKey::new("7"),
                sku: "VASE".to_owned(),
                before: None,
                after: Decimal::new(25, 1),
            }],
            orders: vec![SeenOrder {
                store: ConnectionId::new("shop"),
                order: RemoteKey::new("100"),
                digest: "abc".to_owned(),
                step: PlannedStep::Enter,
                what: "enter in the ERP as A-100".to_owned(),
            }],
            products: vec![SeenProduct {
                store: ConnectionId::new("shop"),
                side: Side::Erp,
                key: RemoteKey::new("product.template,5"),
                name: "Vase".to_owned(),
                words: vec!["make Vase in shop".to_owned()],
            }],
        }
    }

    fn read(text: &str) -> Result<SeenPlan, PlanProblem> {
        SeenPlan::read(text, &WorkspaceId::new("company"))
    }

    #[test]
    fn a_plan_is_read_as_it_was_written() {
        let text = serde_json::to_string_pretty(&plan()).expect("it is written");
        assert_eq!(read(&text), Ok(plan()));
        assert!(text.contains("\"after\": \"2.5\""), "{text}");
    }

    #[test]
    fn what_is_no_plan_or_damaged_or_of_another_is_told_apart() {
        let text = serde_json::to_string(&plan()).expect("it is written");
        let cut = text.get(..text.len() / 2).expect("a half");
        assert!(matches!(read(cut), Err(PlanProblem::NotAPlan(_))));
        assert!(matches!(read("{\"stock\": []}"), Err(PlanProblem::NotAPlan(_))));
        assert!(
            matches!(read(&text.replace("2.5", "many")), Err(PlanProblem::Damaged(why)) if why.contains("many"))
        );
        assert!(matches!(read(&text.replace("\"digest\"", "\"dig\"")), Err(PlanProblem::Damaged(_))));
        assert_eq!(read(&text.replace("\"version\":1", "\"version\":9")), Err(PlanProblem::Version(9)));
        let other = SeenPlan::read(&text, &WorkspaceId::new("other"));
        assert!(matches!(other, Err(PlanProblem::OtherWorkspace(..))));
    }
}
