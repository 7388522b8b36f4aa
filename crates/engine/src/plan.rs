//! What would be written now, decided and shown, not sent.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use zygos_core::{ConnectionId, RemoteKey, orders::ImportDecision};
use zygos_storage::OrderFilter;

use crate::{
    engine::Engine,
    error::Result,
    forecast::{Cost, Expected, Reading, Toll},
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
    /// What carrying it out costs each store, and then the ERP.
    pub costs: Vec<Cost>,
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
        let mut to_erp = Toll::default();
        for store in &self.settings.stores {
            let id = &store.connection.id;
            let calls_before = (store.connection.calls_used)();
            self.follow_hints(store).await?;
            self.read_orders(store, "poll").await?;
            let scan = self.scan_products(&store.connection, zygos_core::contract::Lane::Catalogue).await?;
            self.link().await?;
            if store.stock.is_some() {
                self.plan_stock(store, &mut plan).await?;
            }
            let mut expected = Expected::default();
            self.plan_products(store, &mut plan, &mut expected).await?;
            let told = self.plan_orders(store, &mut plan).await?;
            let calls = (store.connection.calls_used)().saturating_sub(calls_before);
            let reading = Reading { calls, pages: scan.pages };
            plan.costs.push(self.cost_of_store(store, &plan, &expected, told, &reading));
            let entered = plan.orders.iter().filter(|order| &order.store == id);
            let entered = entered.filter(|order| order.step == PlannedStep::Enter).count();
            let entered = u64::try_from(entered).unwrap_or(u64::MAX);
            to_erp.writes += expected.to_erp.writes + entered;
            to_erp.calls += expected.to_erp.calls + entered;
        }
        if to_erp.writes > 0 {
            plan.costs.push(self.cost_of_erp(&to_erp));
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
