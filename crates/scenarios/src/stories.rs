//! Small steps that the stories share.

use std::time::Duration;

use rust_decimal::Decimal;
use zygos_core::stock::Figure;
use zygos_engine::Engine;
use zygos_sim::merchantpro::{NewLine, NewOrder};
use zygos_storage::Issue;

use crate::world::{Shop, World};

pub const MINUTE: Duration = Duration::from_secs(60);

/// A small world whose engine is approved and has looked at everything once.
pub fn ready(figure: Figure) -> (World, Engine) {
    let world = World::new(12, figure, 3);
    let engine = begun(&world, world.engine());
    (world, engine)
}

/// Approves the connections and lets the engine look at everything once.
pub fn begun(world: &World, engine: Engine) -> Engine {
    world.block_on(world.approve(&engine));
    world.let_run(&engine, MINUTE);
    engine
}

/// A SKU of which both stores and the ERP's first warehouse have at least this many.
pub fn plenty(world: &World, pieces: u32) -> String {
    let pieces = Decimal::from(pieces);
    let warehouse = warehouse(world);
    let has = |sku: &&String| {
        let product = world.erp.product_id(sku).expect("a product");
        world.erp.quantity(product, warehouse) >= pieces
    };
    world.shops[0].units.keys().find(has).expect("some SKU has enough").clone()
}

/// The warehouse from which both stores sell.
pub fn warehouse(world: &World) -> i64 {
    world.erp.warehouse_id("WH").expect("a warehouse")
}

/// What a shop shows for a SKU of the catalogue.
pub fn stock(shop: &Shop, sku: &str) -> Decimal {
    shop.sandbox.stock(shop.units[sku]).expect("the unit is there")
}

/// A customer orders so many of a SKU, with shipping.
pub fn order(shop: &Shop, sku: &str, pieces: u32, world: &World) -> String {
    place(shop, &[(shop.units[sku], Decimal::from(pieces))], NewOrder::default(), world)
}

/// As [`order`], of any units by their ids, and otherwise as `like`.
pub fn place(shop: &Shop, units: &[(u64, Decimal)], like: NewOrder, world: &World) -> String {
    let order = NewOrder {
        lines: units.iter().map(|(unit, quantity)| NewLine::new(*unit, *quantity)).collect(),
        shipping_gross: Decimal::new(490, 2),
        ..like
    };
    shop.sandbox.place_order(order, world.now()).expect("the shop takes the order")
}

/// Everything that waits for a person now.
pub fn open_issues(world: &World) -> Vec<Issue> {
    world.block_on(world.repository.issues(false)).expect("the state can be read")
}

/// The open issue of this kind about this subject.
pub fn open_issue(world: &World, kind: &str, subject: &str) -> Option<Issue> {
    open_issues(world).into_iter().find(|issue| issue.kind == kind && issue.subject == subject)
}

/// How often an order is in the ERP as a sale that is not cancelled.
pub fn sales_of(world: &World, shop: &Shop, order: &str) -> u32 {
    world.living_sales().get(&format!("{}{order}", shop.prefix)).copied().unwrap_or(0)
}
