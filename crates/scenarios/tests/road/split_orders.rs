//! Orders that the store split into parts.

use rust_decimal::Decimal;
use zygos_core::{
    orders::{ImportWhen, PaymentRule},
    stock::Figure,
};
use zygos_scenarios::world::World;
use zygos_sim::merchantpro::{NewLine, NewOrder, PaymentStatus};

use crate::support::{ATHENS, CLUJ, Road, orders};

/// An order with one line for each of these SKUs.
fn order_of(road: &Road, skus: &[String]) -> String {
    let lines = skus.iter().map(|sku| NewLine::new(road.unit(CLUJ, sku), 2)).collect();
    road.place(CLUJ, NewOrder { lines, shipping_gross: Decimal::new(490, 2), ..NewOrder::default() })
}

/// Splits an order into one part a line.
fn split(road: &Road, id: &str) -> Vec<String> {
    let shown = road.shown(CLUJ, id);
    let rows = shown["line_items"].as_array().expect("lines");
    let groups = rows.iter().map(|row| vec![row["row_id"].as_str().expect("a row id").to_owned()]).collect();
    road.world.shops[CLUJ].sandbox.split_order(id, groups, road.world.now()).expect("it can be split")
}

fn all_stocks(road: &Road, skus: &[String]) -> Vec<[Decimal; 2]> {
    skus.iter().map(|sku| road.stocks(sku)).collect()
}

#[test]
fn parts_of_an_imported_order_make_no_sales_and_move_no_figure() {
    let road = Road::ready();
    let skus = road.skus_with(6);
    let before = all_stocks(&road, &skus);
    let id = order_of(&road, &skus[..3]);
    road.run(5);
    let parts = split(&road, &id);
    assert_eq!(parts[0], format!("{id}.1"));
    road.run(40);
    assert_eq!(road.world.erp.sales().len(), 1);
    assert_eq!(road.issues(), []);
    assert!(parts.iter().all(|part| road.ledger(CLUJ, part).is_empty()));
    let taken: Vec<Decimal> = road.ledger(CLUJ, &id).iter().map(|row| row.quantity).collect();
    assert_eq!(taken, [Decimal::TWO; 3]);
    let after: Vec<[Decimal; 2]> = before
        .iter()
        .enumerate()
        .map(|(n, stocks)| stocks.map(|s| if n < 3 { s - Decimal::TWO } else { s }))
        .collect();
    assert_eq!(all_stocks(&road, &skus), after);

    // A part that is cancelled frees its goods at once; the sale is not touched by that.
    road.cancel(CLUJ, &parts[1]);
    road.run(20);
    assert_eq!(road.ledger(CLUJ, &id).len(), 2, "{:?}", road.ledger(CLUJ, &id));
    assert_eq!(road.sale(CLUJ, &id).state, "processing");

    // All of them cancelled is the order cancelled.
    for part in [&parts[0], &parts[2]] {
        road.cancel(CLUJ, part);
    }
    road.run(30);
    assert_eq!(road.stored(CLUJ, &id).state_code, "cancelled", "{:?}", road.issues());
    assert_eq!(all_stocks(&road, &skus), before);
}

#[test]
fn the_parts_are_told_when_everything_was_shipped() {
    let road = Road::ready();
    let skus = road.skus_with(6);
    let id = order_of(&road, &skus[..2]);
    road.run(5);
    let parts = split(&road, &id);
    road.run(20);
    road.world.erp.ship_sale(road.sale(CLUJ, &id).id, Some("AWB1"), road.world.now()).expect("it is shipped");
    road.run(20);
    for part in parts {
        let shown = road.shown(CLUJ, &part);
        assert_eq!((&shown["shipping_awb"], &shown["shipping_status"]), (&"AWB1".into(), &"shipped".into()));
    }
}

#[test]
fn parts_that_do_not_add_up_are_an_issue_and_never_a_cancellation() {
    let road = Road::ready();
    let skus = road.skus_with(6);
    let id = order_of(&road, &skus[..2]);
    road.run(5);
    let parts = split(&road, &id);
    let row = road.shown(CLUJ, &parts[0])["line_items"][0]["row_id"].as_str().expect("a row id").to_owned();
    let shop = &road.world.shops[CLUJ].sandbox;
    shop.edit_order_line(&parts[0], &row, Decimal::ONE, road.world.now()).expect("it can be edited");
    road.run(40);
    let issue = road.issue("order_missing", &id).expect("a person is asked");
    assert!(issue.text.contains("do not add up"), "{}", issue.text);
    assert_eq!(road.world.erp.sales().len(), 1);
    assert_eq!(road.sale(CLUJ, &id).state, "processing");
}

#[test]
fn an_order_that_is_gone_without_parts_is_an_issue_and_keeps_its_goods() {
    let road = Road::ready();
    let sku = road.plenty(6);
    let before = road.stock(ATHENS, &sku);
    let id = road.order(CLUJ, &sku, 2);
    road.run(5);
    assert!(road.world.shops[CLUJ].sandbox.delete_order(&id));
    road.run(40);
    assert!(road.issue("order_missing", &id).is_some());
    assert_eq!(road.sale(CLUJ, &id).state, "processing");
    assert_eq!(road.stock(ATHENS, &sku), before - Decimal::TWO);
}

#[test]
fn however_many_parts_there_are_all_are_found() {
    let road = Road::observing(World::new(130, Figure::Free, 3), |_| {});
    road.approve();
    road.run(1);
    let skus: Vec<String> = road.skus_with(3).into_iter().take(110).collect();
    assert_eq!(skus.len(), 110);
    let id = order_of(&road, &skus);
    road.run(5);
    let before = all_stocks(&road, &skus);
    assert_eq!(split(&road, &id).len(), 110);
    road.run(40);
    assert_eq!(road.issues(), []);
    assert_eq!(road.world.erp.sales().len(), 1);
    assert_eq!(road.ledger(CLUJ, &id).len(), 110);
    assert_eq!(all_stocks(&road, &skus), before);
}

#[test]
fn a_part_that_is_split_again_changes_nothing() {
    let road = Road::ready();
    let skus = road.skus_with(6);
    let id = order_of(&road, &skus[..3]);
    road.run(5);
    let before = all_stocks(&road, &skus);
    let shown = road.shown(CLUJ, &id);
    let row = |n: usize| shown["line_items"][n]["row_id"].as_str().expect("a row id").to_owned();
    let shop = &road.world.shops[CLUJ].sandbox;
    let first =
        shop.split_order(&id, vec![vec![row(0), row(1)], vec![row(2)]], road.world.now()).expect("it splits");
    road.run(20);
    shop.split_order(&first[0], vec![vec![row(0)], vec![row(1)]], road.world.now()).expect("it splits");
    road.run(40);
    assert_eq!(road.issues(), []);
    assert_eq!(road.world.erp.sales().len(), 1);
    let taken: Vec<Decimal> = road.ledger(CLUJ, &id).iter().map(|row| row.quantity).collect();
    assert_eq!(taken, [Decimal::TWO; 3]);
    assert_eq!(all_stocks(&road, &skus), before);
}

#[test]
fn an_order_that_is_split_while_it_waits_for_its_payment_is_entered_as_one_when_it_is_paid() {
    let road = Road::with(|settings| {
        orders(settings, CLUJ).payment =
            vec![PaymentRule { method: "*".to_owned(), import: ImportWhen::WhenPaid }];
    });
    let skus = road.skus_with(6);
    let id = order_of(&road, &skus[..2]);
    road.run(5);
    let parts = split(&road, &id);
    road.run(20);
    assert!(road.world.erp.sales().is_empty());
    for part in &parts {
        road.world.shops[CLUJ]
            .sandbox
            .set_payment_status(part, PaymentStatus::Paid, road.world.now())
            .expect("it can be paid");
    }
    road.run(30);
    assert_eq!(road.world.erp.sales().len(), 1, "{:?}", road.stored(CLUJ, &id).state);
    assert_eq!(road.sale(CLUJ, &id).state, "processing");
}
