//! Going live: what was there before, observing, approving, pausing.

use std::{cell::Cell, time::Duration};

use jiff::Timestamp;
use rust_decimal::Decimal;
use zygos_core::stock::Figure;
use zygos_scenarios::world::World;
use zygos_sim::{Fault, merchantpro::ShippingStatus};
use zygos_storage::Mode;

use crate::support::{ATHENS, CLUJ, MINUTE, Road};

/// Every world's orders count from 1 January.
fn before_go_live() -> Timestamp {
    "2025-12-20T10:00:00Z".parse().expect("a date")
}

/// An open order and a delivered one from before the go-live; then the engine is approved.
fn with_history() -> (Road, String, String, String) {
    let road = Road::observing(World::new(12, Figure::Free, 3), |_| {});
    let sku = road.plenty(10);
    let shop = &road.world.shops[CLUJ].sandbox;
    let old = |pieces| {
        let order = road.basket(CLUJ, &sku, pieces);
        shop.place_order(order, before_go_live()).expect("the shop takes the order")
    };
    let (open, closed) = (old(2), old(3));
    for status in [ShippingStatus::Shipped, ShippingStatus::Delivered] {
        shop.set_shipping_status(&closed, status, before_go_live()).expect("it was delivered");
    }
    // What was delivered has left the ERP's warehouse long ago.
    let left = road.in_warehouse(&sku, "WH") - Decimal::from(3);
    let (product, warehouse) = (road.product(&sku), road.warehouse("WH"));
    road.world.erp.set_stock(product, warehouse, left, before_go_live()).expect("it can be counted");
    road.approve();
    road.run(5);
    (road, sku, open, closed)
}

#[test]
fn an_open_order_from_before_the_go_live_is_listed_and_closed_history_is_not_touched() {
    let (road, sku, open, closed) = with_history();
    assert!(road.world.living_sales().is_empty());
    let issue = road.issue("before_go_live", &open).expect("it is listed");
    assert_eq!(issue.choices, ["import", "ignore"]);
    assert!(!road.issues().iter().any(|issue| issue.subject == closed), "{:?}", road.issues());
    assert!(road.ledger(CLUJ, &closed).is_empty());
    assert_eq!(road.shown(CLUJ, &closed)["shipping_status"], "delivered");
    assert_eq!(road.shown(CLUJ, &open)["shipping_status"], "awaiting");

    // Nobody knows whether the ERP has it already: its unit is not raised, in any store, but lowered all the same.
    let before = road.stocks(&sku);
    road.receive(&sku, 10);
    road.run(20);
    assert_eq!(road.stocks(&sku), before);
    road.count(&sku, "WH", 0);
    road.run(2);
    assert!(road.stock(CLUJ, &sku) < before[CLUJ]);
}

#[test]
fn an_old_order_that_is_to_be_ignored_frees_its_goods_and_is_never_imported() {
    let (road, sku, open, _) = with_history();
    road.receive(&sku, 10);
    road.answer(&road.issue("before_go_live", &open).expect("it is listed"), "ignore");
    road.run(20);
    assert!(road.world.living_sales().is_empty());
    assert_eq!(road.issue("before_go_live", &open), None);
    let all = road.in_warehouse(&sku, "WH") + road.in_warehouse(&sku, "WH2");
    assert_eq!(road.stock(CLUJ, &sku), all);
}

#[test]
fn an_old_order_that_is_to_be_imported_becomes_a_sale_like_any_other() {
    let (road, sku, open, _) = with_history();
    road.receive(&sku, 10);
    road.answer(&road.issue("before_go_live", &open).expect("it is listed"), "import");
    road.run(20);
    assert_eq!(road.sale(CLUJ, &open).total, road.paid(CLUJ, &open));
    let all = road.in_warehouse(&sku, "WH") + road.in_warehouse(&sku, "WH2");
    assert_eq!(road.stock(CLUJ, &sku), all - Decimal::TWO);
}

/// A world with an old open order that somebody has typed into the ERP, where it is confirmed or still a draft.
fn typed_into_the_erp(confirmed: bool) -> (Road, String, String, i64) {
    let world = World::new(12, Figure::Free, 3);
    let road = Road::observing(world, |_| {});
    let sku = road.plenty(10);
    let order = road.basket(CLUJ, &sku, 2);
    let shop = &road.world.shops[CLUJ].sandbox;
    let open = shop.place_order(order, before_go_live()).expect("the shop takes the order");
    let each = (road.paid(CLUJ, &open)) / Decimal::TWO;
    let now = road.world.now();
    let erp = &road.world.erp;
    let customer = erp.add_customer("Ana", None, None, None, now).expect("the ERP takes it");
    let lines = [(road.product(&sku), Decimal::TWO, each)];
    let note = format!("web {open}");
    let sale = erp.enter_sale(customer, road.warehouse("WH"), &lines, &note, now).expect("it is typed in");
    let other = [(road.product(&sku), Decimal::ONE, each)];
    erp.enter_sale(customer, road.warehouse("WH"), &other, "web 99", now).expect("another is typed in");
    if confirmed {
        erp.press_sale(sale, "confirm", now).expect("it is confirmed");
    }
    road.approve();
    road.run(5);
    (road, sku, open, sale)
}

#[test]
fn an_old_order_is_listed_with_the_sales_that_name_it_and_can_be_linked_with_one() {
    for confirmed in [true, false] {
        let (road, sku, open, sale) = typed_into_the_erp(confirmed);
        let number = road.world.erp.sale(sale).expect("the sale").number.expect("a number");
        let issue = road.issue("before_go_live", &open).expect("it is listed");
        assert_eq!(issue.choices, [format!("link:{number}"), "import".to_owned(), "ignore".to_owned()]);
        assert_eq!(road.world.erp.sale(sale).expect("the sale").state == "processing", confirmed);
        road.answer(&issue, &issue.choices[0].clone());
        road.receive(&sku, 10);
        road.run(20);
        assert_eq!(road.world.erp.sales().len(), 2, "nothing is entered that is there already");
        assert_eq!(road.stored(CLUJ, &open).state_code, "placed", "{:?}", road.issues());
        assert_eq!(road.issues(), []);
        // From here on it is an order like any other: its goods are taken once, wherever they are counted.
        let all = road.in_warehouse(&sku, "WH") + road.in_warehouse(&sku, "WH2");
        assert_eq!(road.stock(CLUJ, &sku), all - Decimal::TWO);
        road.world.erp.ship_sale(sale, Some("AWB1"), road.world.now()).expect("it is shipped");
        road.run(20);
        assert_eq!(road.stock(CLUJ, &sku), all - Decimal::TWO);
        let shown = road.shown(CLUJ, &open);
        assert_eq!((&shown["shipping_awb"], &shown["shipping_status"]), (&"AWB1".into(), &"shipped".into()));
    }
}

#[test]
fn an_old_order_whose_sale_carries_its_reference_needs_no_question() {
    let world = World::new(12, Figure::Free, 3);
    let road = Road::observing(world, |_| {});
    let sku = road.plenty(10);
    let shop = &road.world.shops[CLUJ].sandbox;
    let order = road.basket(CLUJ, &sku, 2);
    let open = shop.place_order(order, before_go_live()).expect("the shop takes the order");
    let now = road.world.now();
    let customer = road.world.erp.add_customer("Ana", None, None, None, now).expect("the ERP takes it");
    let lines = [(road.product(&sku), Decimal::TWO, road.paid(CLUJ, &open) / Decimal::TWO)];
    let (erp, reference) = (&road.world.erp, format!("C-{open}"));
    let sale =
        erp.enter_sale(customer, road.warehouse("WH"), &lines, &reference, now).expect("it is typed in");
    erp.press_sale(sale, "confirm", now).expect("it is confirmed");
    road.approve();
    road.run(5);
    assert_eq!(road.stored(CLUJ, &open).state_code, "placed");
    assert_eq!(road.issues(), []);
    assert_eq!(erp.sales().len(), 1);
}

#[test]
fn observing_shows_everything_and_writes_nothing() {
    let road = Road::observing(World::new(12, Figure::Free, 3), |_| {});
    let sku = road.plenty(5);
    let id = road.order(ATHENS, &sku, 1);
    road.world.shops[CLUJ].sandbox.edit_stock(road.unit(CLUJ, &sku), Decimal::from(500));
    road.run(30);
    let plan = road.world.block_on(road.engine.plan()).expect("both sides can be read");
    assert!(plan.orders.iter().any(|order| order.order.as_str() == id && order.what.contains("A-")));
    assert!(plan.stock.iter().any(|stock| stock.sku == sku && stock.before == Some(Decimal::from(500))));
    assert!(road.world.erp.sales().is_empty());
    assert_eq!(road.world.erp.parties().len(), World::new(12, Figure::Free, 3).erp.parties().len());
    assert_eq!(road.stock(CLUJ, &sku), Decimal::from(500));
    assert_eq!(road.shown(ATHENS, &id)["shipping_status"], "awaiting");
}

/// How many of a store's figures are not what they will be.
fn different(road: &Road, shop: usize) -> usize {
    let warehouses = road.world.shops[shop].warehouses;
    let should = |sku: &str| -> Decimal { warehouses.iter().map(|code| road.in_warehouse(sku, code)).sum() };
    road.world.shops[shop].units.keys().filter(|sku| road.stock(shop, sku) != should(sku)).count()
}

#[test]
fn a_pause_stops_a_batch_of_writes_at_once_and_nothing_is_lost() {
    let road = Road::ready();
    // Each write takes its time, so that the pause comes in the middle of a batch.
    road.world.shops[CLUJ].faults.set_rate(Fault::Slow { delay: Duration::from_secs(3) }, 1000);
    let skus: Vec<String> = road.world.shops[CLUJ].units.keys().cloned().collect();
    for sku in &skus {
        road.receive(sku, 7);
    }
    let (at_pause, after) = (Cell::new(0), Cell::new(0));
    road.meanwhile(async {
        road.until(|| different(&road, CLUJ) < skus.len()).await;
        road.switch("cluj", Mode::Paused).await;
        at_pause.set(different(&road, CLUJ));
        road.pass(30 * MINUTE).await;
        after.set(different(&road, CLUJ));
    });
    assert!(at_pause.get() > 4, "{} of {} are left", at_pause.get(), skus.len());
    // Only what was on its way already still arrived.
    let on_its_way = road.engine.settings().pace.store_concurrency;
    assert!(at_pause.get() - after.get() <= on_its_way, "{}, then {}", at_pause.get(), after.get());
    assert_eq!(different(&road, ATHENS), 0);
    road.set_mode("cluj", Mode::Live);
    road.world.quiet();
    road.run(20);
    assert_eq!(different(&road, CLUJ), 0);
}

#[test]
fn a_paused_erp_gets_no_further_step_of_an_order_and_all_of_them_later() {
    let road = Road::ready();
    let sku = road.plenty(6);
    let ids: Vec<String> = (0..5).map(|_| road.order(CLUJ, &sku, 1)).collect();
    road.world.erp_faults.set_rate(Fault::Slow { delay: Duration::from_secs(2) }, 1000);
    road.meanwhile(async {
        road.until(|| !road.world.erp.sales().is_empty()).await;
        road.switch("erp", Mode::Paused).await;
        road.pass(30 * MINUTE).await;
    });
    assert!(road.world.erp.sales().iter().all(|sale| sale.state == "draft"), "{:?}", road.world.erp.sales());
    road.set_mode("erp", Mode::Live);
    road.world.quiet();
    road.run(20);
    for id in ids {
        assert_eq!(road.sale(CLUJ, &id).state, "processing");
    }
}

#[test]
fn what_a_paused_store_is_to_be_told_waits() {
    let road = Road::ready();
    let sku = road.plenty(6);
    let id = road.order(CLUJ, &sku, 1);
    road.run(2);
    road.set_mode("cluj", Mode::Paused);
    road.world.erp.ship_sale(road.sale(CLUJ, &id).id, Some("AWB1"), road.world.now()).expect("it is shipped");
    road.run(10);
    assert_eq!(road.shown(CLUJ, &id)["shipping_status"], "in_process");
    road.set_mode("cluj", Mode::Live);
    road.run(5);
    assert_eq!(road.shown(CLUJ, &id)["shipping_status"], "shipped");
}
