//! The main job, told as stories, on virtual time.

use rust_decimal::Decimal;
use zygos_core::stock::Figure;
use zygos_scenarios::{
    stories::{MINUTE, order, plenty, ready, stock},
    world::World,
};
use zygos_sim::Fault;

#[test]
fn an_order_becomes_one_confirmed_sale_and_lowers_the_other_store_before_the_erp_reserves() {
    for figure in [Figure::Physical, Figure::Free, Figure::Projected] {
        let (world, engine) = ready(figure);
        let sku = plenty(&world, 5);
        let before: Vec<Decimal> = world.shops.iter().map(|shop| stock(shop, &sku)).collect();
        let id = order(&world.shops[0], &sku, 2, &world);
        world.let_run(&engine, 2 * MINUTE);

        let sales: Vec<_> = world.erp.sales().into_iter().filter(|sale| sale.web_id.is_some()).collect();
        assert_eq!(sales.len(), 1, "{figure:?}");
        assert_eq!(sales[0].web_id.as_deref(), Some(format!("C-{id}").as_str()));
        assert_eq!(sales[0].state, "processing");
        let paid = world.shops[0].sandbox.order(&id).expect("the order")["total_amount"].to_string();
        assert_eq!(sales[0].total, paid.parse::<Decimal>().expect("a total"));
        let after: Vec<Decimal> = world.shops.iter().map(|shop| stock(shop, &sku)).collect();
        assert_eq!(after, [before[0] - Decimal::TWO, before[1] - Decimal::TWO], "{figure:?}");

        // Reserved, picked and shipped: no figure changes, and the waybill returns.
        world.erp.ship_sale(sales[0].id, Some("AWB1"), world.now()).expect("it can be shipped");
        world.let_run(&engine, 2 * MINUTE);
        let shipped: Vec<Decimal> = world.shops.iter().map(|shop| stock(shop, &sku)).collect();
        assert_eq!(shipped, after, "{figure:?}");
        let told = world.shops[0].sandbox.order(&id).expect("the order");
        assert_eq!(told["shipping_awb"], "AWB1");
        assert_eq!(told["shipping_status"], "shipped");
    }
}

#[test]
fn goods_received_raise_both_stores() {
    let (world, engine) = ready(Figure::Free);
    let sku = plenty(&world, 1);
    let before: Vec<Decimal> = world.shops.iter().map(|shop| stock(shop, &sku)).collect();
    let product = world.erp.product_id(&sku).expect("a product");
    let warehouse = world.erp.warehouse_id("WH").expect("a warehouse");
    world
        .erp
        .receive_purchase(world.supplier, warehouse, &[(product, Decimal::TEN)], world.now())
        .expect("it is received");
    world.let_run(&engine, 2 * MINUTE);
    for (shop, before) in world.shops.iter().zip(before) {
        assert_eq!(stock(shop, &sku), before + Decimal::TEN);
    }
}

#[test]
fn a_hand_edit_is_found_named_and_corrected_without_being_asked() {
    let (world, engine) = ready(Figure::Free);
    let sku = plenty(&world, 3);
    let right = stock(&world.shops[1], &sku);
    world.shops[1].sandbox.edit_stock(world.shops[1].units[&sku], right + Decimal::from(7));
    world.let_run(&engine, 16 * MINUTE);
    assert_eq!(stock(&world.shops[1], &sku), right);
    let drifts = world.block_on(world.repository.drifts(None, 10)).expect("the state can be read");
    assert_eq!(drifts.len(), 1, "{drifts:?}");
    assert_eq!((drifts[0].cause.as_str(), drifts[0].corrected_at.is_some()), ("edited_by_hand", true));
}

#[test]
fn an_answer_lost_after_the_erp_stored_the_sale_makes_no_second_one() {
    let (world, engine) = ready(Figure::Free);
    let sku = plenty(&world, 5);
    world.erp_faults.set_rate(Fault::NoAnswerAfter, 300);
    let ids: Vec<String> = (0..4).map(|_| order(&world.shops[0], &sku, 1, &world)).collect();
    world.let_run(&engine, 20 * MINUTE);
    world.quiet();
    world.let_run(&engine, 30 * MINUTE);
    let sales = world.living_sales();
    for id in ids {
        assert_eq!(sales.get(&format!("C-{id}")), Some(&1), "order {id}: {sales:?}");
    }
}

#[test]
fn nothing_is_written_anywhere_before_a_person_approves() {
    let world = World::new(12, Figure::Free, 3);
    let engine = world.engine();
    let sku = plenty(&world, 5);
    let id = order(&world.shops[0], &sku, 2, &world);
    world.shops[1].sandbox.edit_stock(world.shops[1].units[&sku], Decimal::ZERO);
    world.let_run(&engine, 30 * MINUTE);
    assert!(world.living_sales().is_empty());
    assert_eq!(stock(&world.shops[1], &sku), Decimal::ZERO);
    world.block_on(world.approve(&engine));
    world.let_run(&engine, 20 * MINUTE);
    assert_eq!(world.living_sales().get(&format!("C-{id}")), Some(&1));
    assert!(stock(&world.shops[1], &sku) > Decimal::ZERO);
}
