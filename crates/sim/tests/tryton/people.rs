//! What the ERP's own people do, from the outside.

use serde_json::json;

use crate::support::{company, decimal};

#[test]
fn a_part_is_shipped_the_rest_later_and_each_shipment_has_its_tracking() {
    let company = company();
    let sale = company.confirmed("A", 5);
    company.sandbox.ship_part(sale, &[(company.lamp, decimal("3"))], Some("AWB1"), company.now).unwrap();
    company.sandbox.ship_sale(sale, Some("AWB2"), company.now).unwrap();
    let row = company.call("sale.sale.read", json!([[sale], ["shipments.reference", "shipments.state"]]));
    let mut seen: Vec<&str> = row[0]["shipments."]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["reference"].as_str().unwrap())
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, ["AWB1", "AWB2"]);
    assert_eq!(company.sandbox.sale(sale).unwrap().shipment_state, "sent");
    assert_eq!(company.sandbox.quantity(company.lamp, company.warehouse), decimal("95"));
    assert!(company.sandbox.ship_sale(sale, None, company.now).is_err());
}

#[test]
fn what_is_not_there_is_not_shipped_and_nothing_is_half_done() {
    let company = company();
    let sale = company.confirmed("A", 500);
    assert!(company.sandbox.ship_sale(sale, None, company.now).is_err());
    assert_eq!(company.sandbox.free(company.lamp, company.warehouse), decimal("100"));
}

#[test]
fn purchases_counter_sales_transfers_and_counts_change_the_shelf() {
    let company = company();
    let sandbox = &company.sandbox;
    let (lamp, first, second, now) = (company.lamp, company.warehouse, company.second, company.now);
    let supplier = sandbox.add_party("Supplier", now).unwrap();
    let purchase = sandbox.order_from(supplier, second, &[(lamp, decimal("8"))], now).unwrap();
    assert_eq!(sandbox.quantity(lamp, second), decimal("0"));
    sandbox.receive(purchase, now).unwrap();
    sandbox.receive_purchase(supplier, first, &[(lamp, decimal("1"))], now).unwrap();
    sandbox.sell_on_shop_floor(lamp, first, decimal("6"), now).unwrap();
    sandbox.transfer(lamp, first, second, decimal("5"), now).unwrap();
    assert_eq!(
        (sandbox.quantity(lamp, first), sandbox.quantity(lamp, second)),
        (decimal("90"), decimal("13"))
    );
    assert!(sandbox.transfer(lamp, second, first, decimal("14"), now).is_err());
    sandbox.set_stock(lamp, second, decimal("2"), now).unwrap();
    assert_eq!(sandbox.free(lamp, second), decimal("2"));
}

#[test]
fn a_cancelled_shipment_gives_its_goods_back_and_its_sale_up() {
    let company = company();
    let sale = company.confirmed("A", 5);
    company.sandbox.press_shipment(sale, &["assign_try", "pick"], company.now).unwrap();
    assert_eq!(company.sandbox.free(company.lamp, company.warehouse), decimal("95"));
    company.sandbox.cancel_shipment(sale, company.now).unwrap();
    assert_eq!(company.sandbox.free(company.lamp, company.warehouse), decimal("100"));
    assert_eq!(company.sandbox.sale(sale).unwrap().shipment_state, "sent");
}

#[test]
fn a_sale_is_seen_with_its_shop_its_lines_and_its_amounts() {
    let company = company();
    let sale = company.draft("ORDER-1", vec![company.line(2, "10.00", &[1])]);
    let views = company.sandbox.sales();
    let view = views.iter().find(|view| view.id == sale).unwrap();
    assert_eq!((view.web_shop.as_deref(), view.web_id.as_deref()), (Some("shop-a"), Some("ORDER-1")));
    assert_eq!((view.state.as_str(), view.total), ("draft", decimal("23.80")));
    assert_eq!(view.lines[0].sku.as_deref(), Some("SKU-1"));
    company.sandbox.press_sale(sale, "quote", company.now).unwrap();
    company.sandbox.press_sale(sale, "confirm", company.now).unwrap();
    assert_eq!(company.sandbox.sale(sale).unwrap().state, "processing");
}
