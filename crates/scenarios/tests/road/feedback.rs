//! What the store is told of its orders.

use rust_decimal::Decimal;
use zygos_sim::merchantpro::{NewLine, ShippingStatus};
use zygos_storage::JournalEntry;

use crate::support::{CLUJ, Road};

/// What was written to an order, oldest first.
fn told(road: &Road, id: &str) -> Vec<(String, String)> {
    let store = &road.world.shops[CLUJ].id;
    let journal = road.world.block_on(road.world.repository.journal(Some(store), Some(&id.into()), 100));
    let mut journal: Vec<JournalEntry> = journal.expect("the state can be read");
    journal.reverse();
    journal.into_iter().map(|entry| (entry.field, entry.after.unwrap_or_default())).collect()
}

fn pair(field: &str, after: &str) -> (String, String) {
    (field.to_owned(), after.to_owned())
}

#[test]
fn the_waybill_comes_before_the_status_and_the_invoice_number_is_a_tag() {
    let road = Road::ready();
    let sku = road.plenty(6);
    let id = road.order(CLUJ, &sku, 1);
    road.run(5);
    let sale = road.sale(CLUJ, &id).id;
    road.world.erp.ship_sale(sale, Some("AWB1"), road.world.now()).expect("it is shipped");
    road.run(5);
    let invoice = road.world.erp.post_invoice(sale, road.world.now()).expect("it is invoiced");
    road.run(10);
    assert_eq!(
        told(&road, &id),
        [
            pair("status", "process"),
            pair("waybill", "AWB1"),
            pair("status", "ship"),
            pair("tag", &format!("Invoice {invoice}")),
        ]
    );
    let shown = road.shown(CLUJ, &id);
    assert_eq!(shown["tags"][0]["name"], format!("Invoice {invoice}"));
    assert_eq!((&shown["shipping_awb"], &shown["shipping_status"]), (&"AWB1".into(), &"shipped".into()));
}

#[test]
fn several_parcels_are_told_as_they_leave_and_the_status_with_the_last() {
    let road = Road::ready();
    let skus = road.skus_with(6);
    let mut order = road.basket(CLUJ, &skus[0], 2);
    order.lines.push(NewLine::new(road.unit(CLUJ, &skus[1]), 1));
    let id = road.place(CLUJ, order);
    road.run(5);
    let sale = road.sale(CLUJ, &id).id;
    let first = [(road.product(&skus[0]), Decimal::TWO)];
    road.world.erp.ship_part(sale, &first, Some("AWB1"), road.world.now()).expect("a part is shipped");
    road.run(5);
    let shown = road.shown(CLUJ, &id);
    assert_eq!((&shown["shipping_awb"], &shown["shipping_status"]), (&"AWB1".into(), &"in_process".into()));
    road.world.erp.ship_sale(sale, Some("AWB2"), road.world.now()).expect("the rest is shipped");
    road.run(5);
    let shown = road.shown(CLUJ, &id);
    assert_eq!(
        (&shown["shipping_awb"], &shown["shipping_status"]),
        (&"AWB1, AWB2".into(), &"shipped".into())
    );
}

#[test]
fn an_order_that_is_further_in_the_store_is_never_moved_back() {
    let road = Road::ready();
    let sku = road.plenty(6);
    let shop = &road.world.shops[CLUJ].sandbox;
    let id = road.order(CLUJ, &sku, 1);
    shop.set_shipping_status(&id, ShippingStatus::Shipped, road.world.now()).expect("it is shipped by hand");
    road.run(5);
    let sale = road.sale(CLUJ, &id).id;
    assert_eq!(road.shown(CLUJ, &id)["shipping_status"], "shipped");
    assert_eq!(told(&road, &id), [], "nothing is told that the store knows");
    shop.set_shipping_status(&id, ShippingStatus::Delivered, road.world.now()).expect("it arrived");
    road.world.erp.ship_sale(sale, Some("AWB1"), road.world.now()).expect("the ERP learns of it");
    road.run(10);
    let shown = road.shown(CLUJ, &id);
    assert_eq!((&shown["shipping_status"], &shown["shipping_awb"]), (&"delivered".into(), &"AWB1".into()));
}

#[test]
fn a_status_that_needs_a_waybill_waits_for_it() {
    let road = Road::with(|settings| settings.stores[CLUJ].feedback.status_needs_waybill = true);
    let sku = road.plenty(6);
    let id = road.order(CLUJ, &sku, 1);
    road.run(5);
    let sale = road.sale(CLUJ, &id).id;
    road.world.erp.ship_sale(sale, None, road.world.now()).expect("it is shipped");
    road.run(10);
    assert_eq!(road.shown(CLUJ, &id)["shipping_status"], "in_process");
}

#[test]
fn a_waybill_that_somebody_entered_in_the_store_stays() {
    let road = Road::ready();
    let sku = road.plenty(6);
    let id = road.order(CLUJ, &sku, 1);
    road.run(5);
    road.world.shops[CLUJ].sandbox.set_waybill(&id, "BY-HAND", road.world.now()).expect("staff enters it");
    let sale = road.sale(CLUJ, &id).id;
    road.world.erp.ship_sale(sale, Some("AWB1"), road.world.now()).expect("it is shipped");
    road.run(10);
    let shown = road.shown(CLUJ, &id);
    assert_eq!((&shown["shipping_awb"], &shown["shipping_status"]), (&"BY-HAND".into(), &"shipped".into()));
}
