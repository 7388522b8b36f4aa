//! What would be written now, decided and shown, not sent.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use zygos_core::{ConnectionId, RemoteKey, orders::ImportDecision, pacing::time_for};
use zygos_storage::OrderFilter;

use crate::{
    engine::Engine,
    error::Result,
    products::PlannedProduct,
    progress::Progress,
    settings::StoreSettings,
    stock::{StockVerdict, name_of},
};

/// A plan as it can be shown. It is made anew whenever it is asked for; stock is decided again when it is sent.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Plan {
    pub stock: Vec<PlannedStock>,
    pub orders: Vec<PlannedOrder>,
    /// Fields of products, prices, and products to be made, on either side.
    pub products: Vec<PlannedProduct>,
    /// Units that can't be decided or are left alone, with the reason.
    pub left_alone: Vec<LeftAlone>,
    /// What carrying it out costs each store.
    pub costs: Vec<Cost>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cost {
    pub store: ConnectionId,
    /// Calls that it needs at least: one a figure, one a product that is written to or made in the store, and one to
    /// tell the store that its order is in hand.
    pub calls_least: u64,
    /// Seconds that the store's call limits make of them; `None`: no limit is configured.
    pub seconds: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
pub struct PlannedStock {
    pub store: ConnectionId,
    /// The store's key.
    pub unit: RemoteKey,
    pub sku: String,
    pub before: Option<Decimal>,
    pub after: Decimal,
    pub why: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct PlannedOrder {
    pub store: ConnectionId,
    pub order: RemoteKey,
    /// Equal digests mean an equal order.
    pub digest: String,
    pub step: PlannedStep,
    /// The step in words, with its reason.
    pub what: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlannedStep {
    Enter,
    Wait,
    Leave,
}

#[derive(Clone, Debug, Serialize)]
pub struct LeftAlone {
    pub store: ConnectionId,
    pub sku: String,
    pub why: String,
}

impl Engine {
    /// Reads both sides and decides everything, writing nothing to either.
    pub async fn plan(&self) -> Result<Plan> {
        self.follow_erp().await?;
        let mut plan = Plan::default();
        for store in &self.settings.stores {
            let id = &store.connection.id;
            self.follow_hints(store).await?;
            self.read_orders(store, "poll").await?;
            self.scan_products(&store.connection, zygos_core::contract::Lane::Catalogue).await?;
            self.link().await?;
            if store.stock.is_some() {
                self.plan_stock(store, &mut plan).await?;
            }
            self.plan_products(store, &mut plan).await?;
            let told = self.plan_orders(store, &mut plan).await?;
            let figures = plan.stock.iter().filter(|stock| &stock.store == id).count();
            let products: BTreeSet<&RemoteKey> = plan
                .products
                .iter()
                .filter(|product| &product.store == id && &product.to == id && product.held.is_none())
                .map(|product| &product.key)
                .collect();
            let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
            let calls_least = count(figures).saturating_add(told).saturating_add(count(products.len()));
            let connection = &store.connection;
            // What was read for this plan counts in the store's windows already.
            let time = time_for(calls_least, (connection.calls_used)(), &connection.windows);
            plan.costs.push(Cost {
                store: id.clone(),
                calls_least,
                seconds: time.map(|time| time.as_secs() + u64::from(time.subsec_nanos() > 0)),
            });
        }
        Ok(plan)
    }

    /// Answers of how many orders the store will be told.
    async fn plan_orders(&self, store: &StoreSettings, plan: &mut Plan) -> Result<u64> {
        let id = &store.connection.id;
        let filter = OrderFilter { store: Some(id.clone()), closed: Some(false), ..OrderFilter::default() };
        let resolved = self.resolved().await?;
        let Some(rule) = resolved.orders.get(id) else { return Ok(0) };
        let mut told = 0;
        for stored in self.repository.orders(&filter).await? {
            let progress = Progress::of(&stored)?;
            if stored.document.is_some() || stored.root.is_some() {
                continue;
            }
            let (step, what) = match self.import_decision(&stored, &progress, rule).await? {
                ImportDecision::Import(plan) => {
                    told += u64::from(store.feedback.status);
                    (PlannedStep::Enter, format!("enter in the ERP as {}", plan.reference))
                }
                ImportDecision::Hold(reason) => (PlannedStep::Wait, format!("wait: {reason}")),
                ImportDecision::Ignore(reason) => (PlannedStep::Leave, format!("leave: {reason}")),
            };
            plan.orders.push(PlannedOrder {
                store: id.clone(),
                order: stored.order.id.clone(),
                digest: stored.digest,
                step,
                what,
            });
        }
        Ok(told)
    }

    async fn plan_stock(&self, store: &StoreSettings, plan: &mut Plan) -> Result<()> {
        let id = &store.connection.id;
        let mut from = 0;
        loop {
            let units = self.repository.units(id, from, 500).await?;
            let Some(last) = units.last() else { return Ok(()) };
            from = last.position + 1;
            let keys: Vec<RemoteKey> = units.into_iter().map(|stored| stored.unit.key).collect();
            let (decisions, _) = self.decide(store, &keys).await?;
            for decision in decisions {
                let sku = name_of(&decision.unit);
                match (&decision.verdict, decision.change()) {
                    (StockVerdict::Decided(explanation), Some((before, after))) => {
                        plan.stock.push(PlannedStock {
                            store: id.clone(),
                            unit: decision.unit.key.clone(),
                            sku,
                            before,
                            after,
                            why: explanation.summary(),
                        });
                    }
                    (StockVerdict::LeaveAlone(why) | StockVerdict::NotNow(why), _)
                        if decision.unit.kind == zygos_core::model::UnitKind::Goods =>
                    {
                        plan.left_alone.push(LeftAlone { store: id.clone(), sku, why: why.clone() });
                    }
                    _ => {}
                }
            }
        }
    }
}
