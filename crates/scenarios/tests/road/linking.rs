//! Pairing products, end to end.

use rust_decimal::Decimal;
use zygos_core::stock::Figure;
use zygos_scenarios::world::World;
use zygos_sim::{merchantpro::NewProduct, tryton};

use crate::support::{CLUJ, Road};

fn listed(world: &World, sku: Option<&str>, ean: Option<&str>) -> u64 {
    world.shops[CLUJ].sandbox.add_product(
        NewProduct {
            name: "Twin".to_owned(),
            sku: sku.map(str::to_owned),
            ean: ean.map(str::to_owned),
            price_net: Some(Decimal::TEN),
            stock: Decimal::from(50),
            tax_id: Some(1),
            ..NewProduct::default()
        },
        world.now(),
    )
}

fn stocked(world: &World, sku: &str, ean: Option<&str>, pieces: u32) {
    let new =
        tryton::NewProduct { ean: ean.map(str::to_owned), ..tryton::NewProduct::new(sku, Decimal::TEN) };
    let product = world.erp.add_product(&new, world.now()).expect("the ERP takes it");
    let warehouse = world.erp.warehouse_id("WH").expect("a warehouse");
    world.erp.set_stock(product, warehouse, Decimal::from(pieces), world.now()).expect("it is counted");
}

#[test]
fn a_product_is_paired_by_its_bar_code_where_the_sku_differs() {
    let world = World::new(12, Figure::Free, 3);
    let unit = listed(&world, Some("SHOP-NAME"), Some("5901234123457"));
    stocked(&world, "ERP-NAME", Some("5901234123457"), 8);
    let road = Road::observing(world, |_| {});
    road.approve();
    road.run(5);
    assert_eq!(road.world.shops[CLUJ].sandbox.stock(unit), Some(Decimal::from(8)));
}

#[test]
fn a_doubled_sku_is_told_and_neither_product_is_written_until_one_of_them_gets_its_own() {
    let world = World::new(12, Figure::Free, 3);
    let (first, second) = (listed(&world, Some("DOUBLE"), None), listed(&world, Some("DOUBLE"), None));
    stocked(&world, "DOUBLE", None, 8);
    let road = Road::observing(world, |_| {});
    road.approve();
    road.run(20);
    let shop = &road.world.shops[CLUJ].sandbox;
    assert_eq!((shop.stock(first), shop.stock(second)), (Some(Decimal::from(50)), Some(Decimal::from(50))));
    let issue = road.issue("duplicate_sku", "store DOUBLE").expect("it is told");
    assert!(
        issue.text.contains(&first.to_string()) && issue.text.contains(&second.to_string()),
        "{}",
        issue.text
    );
    assert!(shop.delete_product(second));
    road.run(40);
    assert_eq!(shop.stock(first), Some(Decimal::from(8)));
    assert_eq!(road.issues(), []);
}
