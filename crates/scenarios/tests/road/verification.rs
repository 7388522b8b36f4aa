//! Differences are found without being asked, named by their cause, and treated by policy.

use std::time::Duration;

use rust_decimal::Decimal;
use zygos_core::money::plain;
use zygos_engine::DriftPolicy;
use zygos_sim::{Fault, merchantpro::NewProduct};

use crate::support::{ATHENS, CLUJ, Road, flow};

fn edited(policy: DriftPolicy) -> (Road, String, Decimal) {
    let road = Road::with(|settings| flow(settings, CLUJ).drift = policy);
    let sku = road.plenty(4);
    let right = road.stock(CLUJ, &sku);
    road.world.shops[CLUJ].sandbox.edit_stock(road.unit(CLUJ, &sku), right + Decimal::from(7));
    road.run(20);
    (road, sku, right)
}

#[test]
fn a_hand_edit_is_corrected_asked_about_or_only_recorded_as_the_merchant_wishes() {
    let (road, sku, right) = edited(DriftPolicy::Correct);
    assert_eq!(road.stock(CLUJ, &sku), right);
    assert_eq!(road.issues(), []);

    let (road, sku, right) = edited(DriftPolicy::Report);
    let wrong = right + Decimal::from(7);
    assert_eq!(road.stock(CLUJ, &sku), wrong);
    assert_eq!(road.issues(), []);
    let drifts = road.drifts();
    assert_eq!(drifts.len(), 1, "{drifts:?}");
    assert_eq!(drifts[0].cause, "edited_by_hand");
    assert_eq!((&drifts[0].should, &drifts[0].is), (&plain(right), &plain(wrong)));
    assert_eq!(drifts[0].corrected_at, None);

    for (choice, left) in [("correct", right), ("leave", wrong)] {
        let (road, sku, _) = edited(DriftPolicy::Ask);
        assert_eq!(road.stock(CLUJ, &sku), wrong);
        let unit = road.unit(CLUJ, &sku).to_string();
        let issue = road.issue("drift", &unit).expect("a person is asked");
        assert_eq!(issue.choices, ["correct", "leave"]);
        road.answer(&issue, choice);
        road.run(40);
        assert_eq!(road.stock(CLUJ, &sku), left, "{choice}");
        assert_eq!(road.issue("drift", &unit), None, "{choice}: it is not asked twice");
    }
}

#[test]
fn a_write_that_never_arrived_is_named_lost_and_made_again() {
    let road = Road::ready();
    let sku = road.plenty(4);
    let before = road.stock(CLUJ, &sku);
    road.world.shops[CLUJ].faults.next(1, http::Method::PATCH, "/inventory/", Fault::NoAnswerBefore);
    road.receive(&sku, 5);
    road.run(10);
    assert_eq!(road.stock(CLUJ, &sku), before + Decimal::from(5));
    let drifts = road.drifts();
    assert_eq!(drifts.len(), 1, "{drifts:?}");
    assert_eq!((drifts[0].cause.as_str(), drifts[0].corrected_at.is_some()), ("lost_write", true));
}

#[test]
fn what_the_erp_changed_meanwhile_is_everyday_work_and_no_drift() {
    let road = Road::ready();
    let sku = road.plenty(4);
    let before = road.stock(CLUJ, &sku);
    // Both stores out of reach while the ERP moves on.
    for shop in &road.world.shops {
        shop.faults.down_until(road.world.now() + Duration::from_secs(3600));
    }
    road.receive(&sku, 5);
    road.run(90);
    assert_eq!(road.stock(CLUJ, &sku), before + Decimal::from(5));
    assert_eq!(road.drifts(), []);
}

#[test]
fn orders_that_came_while_nothing_ran_are_not_taken_for_hand_edits() {
    let road = Road::ready();
    let sku = road.plenty(9);
    let before = road.stocks(&sku);
    let until = road.world.now() + Duration::from_secs(6 * 3600);
    assert!(road.world.run(std::future::pending::<()>(), until).is_none());
    let id = road.order(CLUJ, &sku, 2);
    let later = road.world.now() + Duration::from_secs(6 * 3600);
    assert!(road.world.run(std::future::pending::<()>(), later).is_none());
    road.run(20);
    road.sale(CLUJ, &id);
    assert_eq!(road.stocks(&sku), before.map(|stock| stock - Decimal::TWO));
    assert_eq!(road.drifts(), []);
}

#[test]
fn an_order_that_the_store_showed_too_late_is_named_as_the_cause() {
    let road = Road::ready();
    let sku = road.plenty(9);
    let before = road.stocks(&sku);
    let placed = road.world.now();
    // The goods are gone from the store's figure, the order is in none of its lists yet.
    road.world.shops[CLUJ].sandbox.edit_stock(road.unit(CLUJ, &sku), before[CLUJ] - Decimal::TWO);
    road.run(20);
    assert_eq!(road.drifts()[0].cause, "edited_by_hand");
    let order = road.basket(CLUJ, &sku, 2);
    let id = road.world.shops[CLUJ].sandbox.place_order(order, placed).expect("it shows at last");
    road.run(20);
    road.sale(CLUJ, &id);
    assert_eq!(road.stocks(&sku), before.map(|stock| stock - Decimal::TWO));
    // Newest first: what was taken for an edit is told again by its right name.
    let causes: Vec<String> = road.drifts().into_iter().map(|drift| drift.cause).collect();
    assert_eq!(causes, ["missed_order", "edited_by_hand"]);
}

#[test]
fn a_product_that_is_only_in_the_store_is_told_and_left_alone() {
    let road = Road::ready();
    let stranger = road.world.shops[ATHENS].sandbox.add_product(
        NewProduct {
            name: "Stranger".to_owned(),
            sku: Some("ONLY-HERE".to_owned()),
            price_net: Some(Decimal::TEN),
            stock: Decimal::from(6),
            tax_id: Some(1),
            ..NewProduct::default()
        },
        road.world.now(),
    );
    road.run(20);
    assert_eq!(road.world.shops[ATHENS].sandbox.stock(stranger), Some(Decimal::from(6)));
    assert!(road.issue("only_in_store", &stranger.to_string()).is_some(), "{:?}", road.issues());
}
