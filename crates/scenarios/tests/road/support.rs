//! A world with an engine, and short words for what people do in it.

use std::time::Duration;

use rust_decimal::Decimal;
use serde_json::Value;
use zygos_core::{Clock, ConnectionId, RemoteKey, clock::later, stock::Figure};
use zygos_engine::{Engine, EngineSettings, OrderFlow, StockFlow};
use zygos_scenarios::world::World;
use zygos_sim::{
    merchantpro::{NewLine, NewOrder},
    tryton::SaleView,
};
use zygos_storage::{Drift, Issue, LedgerRow, Mode, StoredOrder};

pub const CLUJ: usize = 0;
pub const ATHENS: usize = 1;
pub const MINUTE: Duration = Duration::from_secs(60);

pub struct Road {
    pub world: World,
    pub engine: Engine,
}

impl Road {
    /// Approved and running, with nothing sold yet.
    pub fn ready() -> Self {
        Self::with(|_| {})
    }

    /// As [`Self::ready`], with settings of the merchant's own.
    pub fn with(change: impl FnOnce(&mut EngineSettings)) -> Self {
        let road = Self::observing(World::new(12, Figure::Free, 3), change);
        road.approve();
        road.run(1);
        road
    }

    /// Nothing is approved and nothing has run yet.
    pub fn observing(world: World, change: impl FnOnce(&mut EngineSettings)) -> Self {
        let engine = world.engine_with(change);
        Self { world, engine }
    }

    pub fn approve(&self) {
        self.world.block_on(self.world.approve(&self.engine));
    }

    pub fn set_mode(&self, connection: &str, mode: Mode) {
        self.world.block_on(self.switch(connection, mode));
    }

    pub fn run(&self, minutes: u32) {
        self.run_for(MINUTE * minutes);
    }

    pub fn run_for(&self, time: Duration) {
        self.world.let_run(&self.engine, time);
    }

    /// Runs the engine while `story` goes on; it waits by [`Self::until`] and [`Self::pass`].
    pub fn meanwhile(&self, story: impl Future<Output = ()>) {
        let ended =
            self.world.run(self.engine.run(story), later(self.world.now(), Duration::from_secs(86_400)));
        ended.expect("the story ends within a day").expect("the engine goes on");
    }

    pub async fn pass(&self, time: Duration) {
        self.world.clock.sleep_until(later(self.world.now(), time)).await;
    }

    /// Waits until something is so.
    pub async fn until(&self, is_so: impl Fn() -> bool) {
        while !is_so() {
            self.pass(Duration::from_millis(100)).await;
        }
    }

    pub async fn switch(&self, connection: &str, mode: Mode) {
        let id = ConnectionId::new(connection);
        self.engine.set_mode(&id, mode, None).await.expect("the state can be written");
    }

    /// A SKU of which the ERP's first warehouse has at least this many.
    pub fn plenty(&self, pieces: u32) -> String {
        self.skus_with(pieces).into_iter().next().expect("some SKU has enough")
    }

    pub fn skus_with(&self, pieces: u32) -> Vec<String> {
        let has = |sku: &&String| self.in_warehouse(sku, "WH") >= Decimal::from(pieces);
        self.world.shops[CLUJ].units.keys().filter(has).cloned().collect()
    }

    pub fn product(&self, sku: &str) -> i64 {
        self.world.erp.product_id(sku).expect("a product")
    }

    pub fn warehouse(&self, code: &str) -> i64 {
        self.world.erp.warehouse_id(code).expect("a warehouse")
    }

    pub fn in_warehouse(&self, sku: &str, code: &str) -> Decimal {
        self.world.erp.quantity(self.product(sku), self.warehouse(code))
    }

    pub fn count(&self, sku: &str, code: &str, pieces: u32) {
        let (product, warehouse) = (self.product(sku), self.warehouse(code));
        self.world
            .erp
            .set_stock(product, warehouse, Decimal::from(pieces), self.world.now())
            .expect("it can be counted");
    }

    pub fn receive(&self, sku: &str, pieces: u32) {
        let lines = [(self.product(sku), Decimal::from(pieces))];
        self.world
            .erp
            .receive_purchase(self.world.supplier, self.warehouse("WH"), &lines, self.world.now())
            .expect("it is received");
    }

    pub fn unit(&self, shop: usize, sku: &str) -> u64 {
        self.world.shops[shop].units[sku]
    }

    /// What a store shows.
    pub fn stock(&self, shop: usize, sku: &str) -> Decimal {
        self.world.shops[shop].sandbox.stock(self.unit(shop, sku)).expect("the unit is there")
    }

    pub fn stocks(&self, sku: &str) -> [Decimal; 2] {
        [self.stock(CLUJ, sku), self.stock(ATHENS, sku)]
    }

    /// An order with shipping, not placed yet.
    pub fn basket(&self, shop: usize, sku: &str, pieces: u32) -> NewOrder {
        NewOrder {
            lines: vec![NewLine::new(self.unit(shop, sku), pieces)],
            shipping_gross: Decimal::new(490, 2),
            ..NewOrder::default()
        }
    }

    pub fn place(&self, shop: usize, order: NewOrder) -> String {
        self.world.shops[shop].sandbox.place_order(order, self.world.now()).expect("the shop takes the order")
    }

    pub fn order(&self, shop: usize, sku: &str, pieces: u32) -> String {
        self.place(shop, self.basket(shop, sku, pieces))
    }

    pub fn cancel(&self, shop: usize, id: &str) {
        self.world.shops[shop].sandbox.cancel_order(id, self.world.now()).expect("it can be cancelled");
    }

    /// The order as the shop shows it.
    pub fn shown(&self, shop: usize, id: &str) -> Value {
        self.world.shops[shop].sandbox.order(id).expect("the order")
    }

    /// Every sale of an order that is not cancelled.
    pub fn sales(&self, shop: usize, id: &str) -> Vec<SaleView> {
        let reference = format!("{}{id}", self.world.shops[shop].prefix);
        let mine = |sale: &SaleView| sale.web_id.as_deref() == Some(&reference) && sale.state != "cancelled";
        self.world.erp.sales().into_iter().filter(mine).collect()
    }

    pub fn sale(&self, shop: usize, id: &str) -> SaleView {
        let mut sales = self.sales(shop, id);
        assert_eq!(sales.len(), 1, "order {id} has one sale: {sales:?}, {:?}", self.issues());
        sales.remove(0)
    }

    /// What the customer of an order pays.
    pub fn paid(&self, shop: usize, id: &str) -> Decimal {
        self.shown(shop, id)["total_amount"].to_string().parse().expect("a total")
    }

    pub fn issues(&self) -> Vec<Issue> {
        self.world.block_on(self.world.repository.issues(false)).expect("the state can be read")
    }

    pub fn issue(&self, kind: &str, subject: &str) -> Option<Issue> {
        self.issues().into_iter().find(|issue| issue.kind == kind && issue.subject == subject)
    }

    pub fn answer(&self, issue: &Issue, choice: &str) {
        self.world.block_on(self.engine.answer(issue.id, choice)).expect("the answer is taken");
    }

    pub fn stored(&self, shop: usize, id: &str) -> StoredOrder {
        let store = &self.world.shops[shop].id;
        let order = self.world.block_on(self.world.repository.order(store, &RemoteKey::new(id)));
        order.expect("the state can be read").expect("the order is known")
    }

    pub fn ledger(&self, shop: usize, id: &str) -> Vec<LedgerRow> {
        let store = &self.world.shops[shop].id;
        let rows = self.world.block_on(self.world.repository.ledger_of_order(store, &RemoteKey::new(id)));
        rows.expect("the state can be read")
    }

    pub fn drifts(&self) -> Vec<Drift> {
        self.world.block_on(self.world.repository.drifts(None, 100)).expect("the state can be read")
    }

    pub fn replay(&self, what: &str) -> u64 {
        self.world.block_on(self.run_again(what))
    }

    /// As `zygos replay`; answers how many records are run again.
    pub async fn run_again(&self, what: &str) -> u64 {
        let found = self.engine.find_to_replay(what).await.expect("the state can be read");
        assert!(!found.is_empty(), "there is nothing called {what}");
        let mut count = 0;
        for what in found {
            count += self.engine.replay(&what).await.expect("it is run again");
        }
        count
    }

    pub async fn state_of(&self, shop: usize, id: &str) -> String {
        let store = &self.world.shops[shop].id;
        let order = self.world.repository.order(store, &RemoteKey::new(id)).await;
        order.expect("the state can be read").expect("the order is known").state_code
    }
}

/// The order flow of a store.
pub fn orders(settings: &mut EngineSettings, shop: usize) -> &mut OrderFlow {
    settings.stores[shop].orders.as_mut().expect("the store's orders are imported")
}

/// The stock flow of a store.
pub fn flow(settings: &mut EngineSettings, shop: usize) -> &mut StockFlow {
    settings.stores[shop].stock.as_mut().expect("the store takes stock")
}

pub fn number(text: &str) -> Decimal {
    text.parse().expect("a number")
}
