//! What a store shows by the merchant's own rules, and what is left alone.

use std::sync::Arc;

use async_trait::async_trait;
use rust_decimal::Decimal;
use zygos_core::{
    RemoteKey,
    contract::{
        Absence, CallContext, Capabilities, CheckReport, Checkpoint, Connector, ConnectorError, Discovery,
        Fetch, Item, Outcome, Page, Write,
    },
    model::{Entity, Record},
    stock::Figure,
};
use zygos_scenarios::world::World;
use zygos_sim::{merchantpro::NewProduct, tryton};

use crate::support::{ATHENS, CLUJ, Road, flow};

#[test]
fn the_warehouses_of_a_store_are_summed_and_those_of_others_are_not() {
    let road = Road::ready();
    let sku = road.plenty(4);
    for (code, pieces) in [("WH", 5), ("WH2", 20), ("WH3", 300)] {
        road.count(&sku, code, pieces);
    }
    road.run(5);
    assert_eq!(road.stocks(&sku), [Decimal::from(25), Decimal::from(305)]);
}

#[test]
fn buffer_limit_and_multiple_shape_what_is_shown() {
    let road = Road::with(|settings| {
        let cluj = flow(settings, CLUJ);
        cluj.buffer = Decimal::from(3);
        cluj.max_listed = Some(Decimal::from(40));
        let athens = flow(settings, ATHENS);
        athens.multiple = Decimal::from(6);
    });
    let sku = road.plenty(4);
    let shown = |first, second, third| {
        for (code, pieces) in [("WH", first), ("WH2", second), ("WH3", third)] {
            road.count(&sku, code, pieces);
        }
        road.run(5);
        road.stocks(&sku)
    };
    assert_eq!(shown(5, 6, 0), [Decimal::from(8), Decimal::ZERO]);
    assert_eq!(shown(2, 0, 9), [Decimal::ZERO, Decimal::from(6)]);
    assert_eq!(shown(60, 0, 0), [Decimal::from(40), Decimal::from(60)]);
}

#[test]
fn what_both_stores_sell_is_taken_off_in_both_and_never_sold_twice() {
    let road = Road::ready();
    let sku = road.plenty(4);
    for (code, pieces) in [("WH", 4), ("WH2", 0), ("WH3", 0)] {
        road.count(&sku, code, pieces);
    }
    road.run(5);
    assert_eq!(road.stocks(&sku), [Decimal::from(4); 2]);
    road.order(CLUJ, &sku, 3);
    road.run(2);
    assert_eq!(road.stocks(&sku), [Decimal::ONE; 2]);
    road.order(ATHENS, &sku, 1);
    road.run(2);
    assert_eq!(road.stocks(&sku), [Decimal::ZERO; 2]);
}

#[test]
fn with_back_orders_a_figure_may_go_below_zero() {
    let road = Road::with(|settings| flow(settings, CLUJ).backorders = true);
    let sku = road.plenty(4);
    for (code, pieces) in [("WH", 2), ("WH2", 0), ("WH3", 0)] {
        road.count(&sku, code, pieces);
    }
    road.run(5);
    let mut order = road.basket(CLUJ, &sku, 5);
    order.created_by = "system".to_owned();
    road.place(CLUJ, order);
    road.run(5);
    assert_eq!(road.stocks(&sku), [Decimal::from(-3), Decimal::ZERO]);
}

#[test]
fn a_product_whose_stock_the_store_does_not_count_is_left_alone() {
    let world = World::new(12, Figure::Free, 3);
    let now = world.now();
    let untracked = world.shops[CLUJ].sandbox.add_product(
        NewProduct {
            name: "Voucher".to_owned(),
            sku: Some("UNTRACKED".to_owned()),
            price_net: Some(Decimal::TEN),
            tracked: false,
            stock: Decimal::from(77),
            tax_id: Some(1),
            ..NewProduct::default()
        },
        now,
    );
    let product =
        world.erp.add_product(&tryton::NewProduct::new("UNTRACKED", Decimal::TEN), now).expect("a product");
    let warehouse = world.erp.warehouse_id("WH").expect("a warehouse");
    world.erp.set_stock(product, warehouse, Decimal::from(5), now).expect("it is counted");
    let road = Road::observing(world, |_| {});
    road.approve();
    road.run(20);
    assert_eq!(road.world.shops[CLUJ].sandbox.stock(untracked), Some(Decimal::from(77)));
    assert_eq!(road.drifts(), []);
    let stories = road.world.block_on(road.engine.explain_unit("UNTRACKED")).expect("it is known");
    assert!(stories[0].instead.as_ref().is_some_and(|why| why.contains("tracking is off")));
}

/// Everything the ERP has is counted to this.
fn count_everything(road: &Road, pieces: impl Fn(usize) -> u32) {
    for (index, sku) in road.world.shops[CLUJ].units.keys().enumerate() {
        for code in ["WH", "WH2", "WH3"] {
            road.count(sku, code, pieces(index));
        }
    }
}

fn shown(road: &Road, shop: usize) -> Vec<Decimal> {
    road.world.shops[shop].units.keys().map(|sku| road.stock(shop, sku)).collect()
}

#[test]
fn an_all_zero_erp_zeroes_no_store_until_a_person_agrees() {
    let road = Road::observing(World::new(60, Figure::Free, 3), |settings| settings.guard.zeroed_free = 0);
    road.approve();
    road.run(1);
    let before = [shown(&road, CLUJ), shown(&road, ATHENS)];
    count_everything(&road, |_| 0);
    road.run(30);
    assert_eq!([shown(&road, CLUJ), shown(&road, ATHENS)], before);
    let cluj = &road.world.shops[CLUJ].id;
    let guard = road.issues().into_iter().find(|issue| issue.kind == "guard" && &issue.connection == cluj);
    road.answer(&guard.expect("the guard tells"), "approve");
    road.run(10);
    assert!(shown(&road, CLUJ).iter().all(Decimal::is_zero), "{:?}", shown(&road, CLUJ));
    assert_eq!(shown(&road, ATHENS), before[ATHENS], "the other store's were not approved");
}

#[test]
fn a_shop_that_is_zeroed_a_few_at_a_time_is_held_as_well() {
    let road = Road::observing(World::new(60, Figure::Free, 3), |_| {});
    road.approve();
    road.run(1);
    let skus: Vec<String> = road.world.shops[CLUJ].units.keys().cloned().collect();
    for few in skus.chunks(4) {
        for sku in few {
            for code in ["WH", "WH2", "WH3"] {
                road.count(sku, code, 0);
            }
        }
        road.run(1);
    }
    let zeroed = shown(&road, CLUJ).iter().filter(|figure| figure.is_zero()).count();
    assert!(zeroed <= 34, "{zeroed} of {} went to zero without a question", skus.len());
    assert!(road.issues().iter().any(|issue| issue.kind == "guard"));
}

#[test]
fn figures_that_come_back_are_released_by_themselves() {
    let road = Road::observing(World::new(30, Figure::Free, 3), |_| {});
    road.approve();
    road.run(1);
    count_everything(&road, |_| 0);
    road.run(10);
    assert!(road.issues().iter().any(|issue| issue.kind == "guard"));
    count_everything(&road, |index| if index % 3 == 0 { 0 } else { 9 });
    road.run(20);
    assert_eq!(road.issues(), []);
    for (index, figure) in shown(&road, CLUJ).into_iter().enumerate() {
        assert_eq!(figure, Decimal::from(if index % 3 == 0 { 0 } else { 18 }));
    }
}

/// An ERP that tells nothing of one unit's stock, and says what that means.
struct Gappy {
    inner: Arc<dyn Connector>,
    capabilities: Capabilities,
    missing: RemoteKey,
}

#[async_trait]
impl Connector for Gappy {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn check(&self, context: &CallContext) -> Result<CheckReport, ConnectorError> {
        self.inner.check(context).await
    }

    async fn scan(
        &self,
        context: &CallContext,
        entity: Entity,
        from: Option<&Checkpoint>,
    ) -> Result<Page, ConnectorError> {
        self.inner.scan(context, entity, from).await
    }

    async fn changes(
        &self,
        context: &CallContext,
        entity: Entity,
        since: Option<&Checkpoint>,
    ) -> Result<Page, ConnectorError> {
        self.inner.changes(context, entity, since).await
    }

    async fn fetch(&self, context: &CallContext, fetch: &Fetch) -> Result<Vec<Item>, ConnectorError> {
        let mut items = self.inner.fetch(context, fetch).await?;
        items.retain(|item| !matches!(item, Ok(Record::Stock(row)) if row.unit == self.missing));
        Ok(items)
    }

    async fn apply(&self, context: &CallContext, batch: &[Write]) -> Vec<Outcome> {
        self.inner.apply(context, batch).await
    }

    async fn discover(&self, context: &CallContext) -> Result<Discovery, ConnectorError> {
        self.inner.discover(context).await
    }
}

#[test]
fn a_row_that_is_missing_means_what_the_erp_says_it_means() {
    for absence in [Absence::Zero, Absence::Unknown, Absence::Deleted] {
        let world = World::new(12, Figure::Free, 3);
        let sku = world.shops[CLUJ].units.keys().next().expect("a unit").clone();
        let missing = RemoteKey::new(world.erp.product_id(&sku).expect("a product").to_string());
        let road = Road::observing(world, |settings| {
            let inner = settings.erp.connector.clone();
            let capabilities = Capabilities { absence, ..inner.capabilities().clone() };
            settings.erp.connector = Arc::new(Gappy { inner, capabilities, missing });
        });
        road.approve();
        let before = road.stock(CLUJ, &sku);
        road.run(30);
        let expected = if absence == Absence::Zero { Decimal::ZERO } else { before };
        assert_eq!(road.stock(CLUJ, &sku), expected, "{absence:?}");
    }
}
