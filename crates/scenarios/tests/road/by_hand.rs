//! Run again by hand, from both sides as they are now.

use std::time::Duration;

use rust_decimal::Decimal;
use zygos_sim::{Fault, merchantpro::PaymentStatus};

use crate::support::{ATHENS, CLUJ, MINUTE, Road, orders};

const DAY: Duration = Duration::from_secs(86_400);

/// Nothing happens by itself for a day but what is due at once.
fn asleep() -> Road {
    let road = Road::with(|settings| {
        let pace = &mut settings.pace;
        pace.poll_every = DAY;
        pace.open_orders_every = DAY;
        pace.erp_every = DAY;
        pace.verify_every = DAY;
        pace.recheck_held = DAY;
        orders(settings, CLUJ).payment = vec![zygos_core::orders::PaymentRule {
            method: "mobilpay".to_owned(),
            import: zygos_core::orders::ImportWhen::WhenPaid,
        }];
    });
    road.run(1);
    road
}

#[test]
fn a_unit_is_decided_from_both_sides_as_they_are_now() {
    let road = asleep();
    let sku = road.plenty(4);
    let right = road.stocks(&sku);
    road.meanwhile(async {
        road.pass(MINUTE).await;
        // The store's figure moved and nobody noticed.
        let wrong = right[CLUJ] + Decimal::from(7);
        road.world.shops[CLUJ].sandbox.edit_stock(road.unit(CLUJ, &sku), wrong);
        road.pass(60 * MINUTE).await;
        assert_eq!(road.stock(CLUJ, &sku), wrong);
        road.run_again(&sku).await;
        road.pass(MINUTE).await;
        assert_eq!(road.stocks(&sku), right);
        // The ERP's figure moved and nobody noticed.
        road.receive(&sku, 5);
        road.run_again(&sku).await;
        road.pass(MINUTE).await;
        assert_eq!(road.stocks(&sku), right.map(|stock| stock + Decimal::from(5)));
    });
}

#[test]
fn an_order_is_decided_from_both_sides_as_they_are_now() {
    let road = asleep();
    let sku = road.plenty(4);
    let shop = &road.world.shops[CLUJ];
    road.meanwhile(async {
        road.pass(MINUTE).await;
        let mut order = road.basket(CLUJ, &sku, 1);
        order.payment_method_code = "mobilpay".to_owned();
        let id = road.place(CLUJ, order);
        road.engine.wake(&shop.id);
        road.pass(MINUTE).await;
        assert_eq!(road.state_of(CLUJ, &id).await, "held");
        shop.sandbox.set_payment_status(&id, PaymentStatus::Paid, road.world.now()).expect("it can be paid");
        road.pass(60 * MINUTE).await;
        assert!(road.world.erp.sales().is_empty());
        road.run_again(&id).await;
        road.pass(MINUTE).await;
        let sale = road.world.erp.sales()[0].id;

        // Shipped in the ERP, and nobody noticed: the store is told.
        road.world.erp.ship_sale(sale, Some("AWB1"), road.world.now()).expect("it is shipped");
        road.pass(60 * MINUTE).await;
        assert_eq!(road.shown(CLUJ, &id)["shipping_status"], "in_process");
        road.run_again(&id).await;
        road.pass(MINUTE).await;
        assert_eq!(road.shown(CLUJ, &id)["shipping_status"], "shipped");
    });
}

#[test]
fn a_replayed_order_is_never_entered_twice() {
    let road = Road::ready();
    let sku = road.plenty(4);
    let id = road.order(CLUJ, &sku, 1);
    road.run(5);
    for _ in 0..3 {
        road.replay(&id);
        road.run(1);
    }
    assert_eq!(road.world.erp.sales().len(), 1);
    assert_eq!(road.stored(CLUJ, &id).state_code, "placed");
}

#[test]
fn an_erp_is_run_again_at_once_after_it_did_not_answer() {
    let road = Road::ready();
    let sku = road.plenty(9);
    let before = road.stocks(&sku);
    let ids: Vec<String> = (0..3).map(|_| road.order(CLUJ, &sku, 1)).collect();
    road.meanwhile(async {
        // Each order fails so often that it would wait long.
        road.world.erp_faults.set_rate(Fault::InternalError, 1000);
        road.pass(180 * MINUTE).await;
        assert!(road.world.erp.sales().is_empty());
        road.world.quiet();
        assert!(road.run_again("erp").await >= 3);
        road.pass(2 * MINUTE).await;
    });
    for id in ids {
        road.sale(CLUJ, &id);
    }
    road.run(20);
    assert_eq!(road.stock(ATHENS, &sku), before[ATHENS] - Decimal::from(3));
}

#[test]
fn a_store_is_run_again_with_its_orders_and_its_figures() {
    let road = asleep();
    let sku = road.plenty(6);
    let right = road.stocks(&sku);
    road.meanwhile(async {
        road.pass(MINUTE).await;
        let id = road.order(CLUJ, &sku, 1);
        let wrong = right[CLUJ] + Decimal::from(7);
        road.world.shops[CLUJ].sandbox.edit_stock(road.unit(CLUJ, &sku), wrong);
        road.pass(60 * MINUTE).await;
        assert!(road.world.erp.sales().is_empty());
        road.run_again("cluj").await;
        road.pass(5 * MINUTE).await;
        assert_eq!(road.sales(CLUJ, &id).len(), 1);
        assert_eq!(road.stocks(&sku), right.map(|stock| stock - Decimal::ONE));
    });
}
