//! Orders that are cancelled, whenever that is.

use std::time::Duration;

use rust_decimal::Decimal;
use zygos_sim::Fault;
use zygos_storage::Mode;

use crate::support::{ATHENS, CLUJ, Road};

#[test]
fn an_order_cancelled_before_it_was_imported_is_never_created() {
    let road = Road::ready();
    let sku = road.plenty(6);
    let before = road.stocks(&sku);
    road.set_mode("erp", Mode::Paused);
    let id = road.order(CLUJ, &sku, 3);
    road.run(2);
    assert_eq!(road.stock(ATHENS, &sku), before[ATHENS] - Decimal::from(3));
    road.cancel(CLUJ, &id);
    road.run(10);
    road.set_mode("erp", Mode::Live);
    road.run(10);
    assert!(road.world.erp.sales().is_empty());
    assert!(road.ledger(CLUJ, &id).is_empty());
    assert_eq!(road.stocks(&sku), before);
}

#[test]
fn an_order_never_seen_alive_leaves_a_tombstone() {
    let road = Road::ready();
    let sku = road.plenty(6);
    let id = road.order(CLUJ, &sku, 3);
    road.cancel(CLUJ, &id);
    road.run(10);
    assert!(road.world.erp.sales().is_empty());
    assert_eq!(road.stored(CLUJ, &id).state_code, "ignored");
    road.replay(&id);
    road.run(5);
    assert!(road.world.erp.sales().is_empty());
    assert_eq!(road.issues(), []);
}

#[test]
fn a_draft_is_cancelled_with_its_order() {
    let road = Road::ready();
    let sku = road.plenty(6);
    let before = road.stocks(&sku);
    road.world.erp_faults.set_rate(Fault::Slow { delay: Duration::from_secs(2) }, 1000);
    let id = road.order(CLUJ, &sku, 3);
    road.meanwhile(async {
        road.until(|| !road.world.erp.sales().is_empty()).await;
        road.switch("erp", Mode::Paused).await;
    });
    road.world.quiet();
    assert_eq!(road.sale(CLUJ, &id).state, "draft");
    road.cancel(CLUJ, &id);
    road.set_mode("erp", Mode::Live);
    road.run(20);
    let states: Vec<String> = road.world.erp.sales().into_iter().map(|sale| sale.state).collect();
    assert_eq!(states, ["cancelled"]);
    assert_eq!(road.stocks(&sku), before);
}

#[test]
fn a_confirmed_sale_is_cancelled_with_its_order_and_its_goods_come_back() {
    let road = Road::ready();
    let sku = road.plenty(6);
    let before = road.stocks(&sku);
    let id = road.order(CLUJ, &sku, 3);
    road.run(5);
    let sale = road.sale(CLUJ, &id);
    road.world.erp.press_shipment(sale.id, &["assign_try"], road.world.now()).expect("it is reserved");
    road.run(2);
    assert_eq!(road.stock(ATHENS, &sku), before[ATHENS] - Decimal::from(3));
    road.cancel(CLUJ, &id);
    road.run(30);
    assert_eq!(road.stored(CLUJ, &id).state_code, "cancelled");
    assert_eq!(road.stocks(&sku), before);
    assert_eq!(road.world.erp.free(road.product(&sku), road.warehouse("WH")), road.in_warehouse(&sku, "WH"));
}

#[test]
fn a_cancellation_while_the_erp_is_down_reaches_it_later() {
    let road = Road::ready();
    let sku = road.plenty(6);
    let before = road.stocks(&sku);
    let (known, unknown) = (road.order(CLUJ, &sku, 1), road.order(CLUJ, &sku, 1));
    road.run(5);
    road.world.erp_faults.down_until(road.world.now() + Duration::from_secs(3600));
    let during = road.order(CLUJ, &sku, 1);
    road.run(5);
    for id in [&known, &during] {
        road.cancel(CLUJ, id);
    }
    road.run(90);
    assert_eq!(road.stored(CLUJ, &known).state_code, "cancelled");
    assert_eq!(road.sale(CLUJ, &unknown).state, "processing");
    assert!(road.sales(CLUJ, &during).is_empty());
    assert_eq!(road.stocks(&sku), before.map(|stock| stock - Decimal::ONE));
}

#[test]
fn what_was_shipped_already_is_not_cancelled_but_asked_about() {
    let road = Road::ready();
    let sku = road.plenty(6);
    let id = road.order(CLUJ, &sku, 1);
    road.run(5);
    let sale = road.sale(CLUJ, &id).id;
    // The store cancels in the moment in which the ERP ships.
    road.set_mode("cluj", Mode::Paused);
    road.world.erp.ship_sale(sale, Some("AWB1"), road.world.now()).expect("it is shipped");
    road.cancel(CLUJ, &id);
    road.set_mode("cluj", Mode::Live);
    road.run(20);
    assert!(road.issue("cancelled_after_shipment", &id).is_some(), "{:?}", road.issues());
    assert_eq!(road.world.erp.sale(sale).expect("the sale").shipment_state, "sent");
    assert_eq!(road.shown(CLUJ, &id)["shipping_status"], "cancelled");
}
