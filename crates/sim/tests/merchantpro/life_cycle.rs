//! Moves of orders, invoices, splits, filters and order of lists.

use jiff::ToSpan;
use rust_decimal::Decimal;
use serde_json::json;
use zygos_sim::merchantpro::{Language, NewLine, NewOrder, ParentId, PaymentStatus, ShippingStatus};

use crate::support::{rows, shop, shop_with};

#[test]
fn illegal_moves_are_refused_with_the_vendors_words_and_change_nothing() {
    let shop = shop();
    let id = shop.order(vec![NewLine::new(shop.lamp, 1)]);
    shop.patch(&format!("orders/{id}/delivered"), "");
    for action in ["in_process", "shipped", "delivered", "cancelled"] {
        let reply = shop.patch(&format!("orders/{id}/{action}"), "");
        assert_eq!(reply.status, 400, "{action}");
        assert_eq!(reply.body["error"]["message"], json!("Operation could not be completed"));
    }
    assert_eq!(shop.get(&format!("orders/{id}")).body["shipping_status"], json!("delivered"));
    assert_eq!(shop.patch(&format!("orders/{id}/confirmed"), "").status, 404);
    assert_eq!(shop.patch("orders/1/shipped", "").status, 404);
}

#[test]
fn an_invoice_is_not_in_its_answer_but_in_the_order_read_again() {
    let shop = shop();
    let id = shop.order(vec![NewLine::new(shop.lamp, 1)]);
    let reply = shop.patch(&format!("orders/{id}/create_invoice"), "");
    assert!(reply.status == 200 && reply.body.get("invoice").is_none());
    let order = shop.get(&format!("orders/{id}")).body;
    assert_eq!(order["invoice"]["number"], json!("1"));
    assert_eq!(order["invoice"]["date"], json!("2026-03-05 10:40:46"));
    assert_eq!(order["invoices"], json!([order["invoice"]]));
    assert_eq!(shop.patch(&format!("orders/{id}/create_invoice"), "").status, 400);
}

#[test]
fn a_waybill_then_shipped_fills_tracking_and_the_date() {
    let shop = shop();
    let id = shop.order(vec![NewLine::new(shop.lamp, 1)]);
    shop.patch(&format!("orders/{id}"), r#"{"shipping_awb":"1Z"}"#);
    let order = shop.patch(&format!("orders/{id}/shipped"), "").body;
    assert_eq!(order["carrier_tracking"]["name"], json!("Curier rapid"));
    assert_eq!(order["date_shipped"], json!("2026-03-05T10:40:46+02:00"));
}

#[test]
fn a_split_order_answers_404_by_its_base_and_lives_on_in_children() {
    let shop = shop();
    let order = NewOrder {
        lines: vec![NewLine::new(shop.lamp, 1), NewLine::new(shop.bulb, 1)],
        shipping_gross: Decimal::from(20),
        ..NewOrder::default()
    };
    let id = shop.sandbox.place_order(order, shop.now).unwrap();
    let order = shop.sandbox.order(&id).unwrap();
    let row = |place: usize| order["line_items"][place]["row_id"].as_str().unwrap().to_owned();
    let children = shop.sandbox.split_order(&id, vec![vec![row(0)], vec![row(1)]], shop.now).unwrap();
    assert_eq!(children, [format!("{id}.1"), format!("{id}.2")]);
    assert_eq!(shop.get(&format!("orders/{id}")).status, 404);
    let listed = shop.get("orders?include=line_items");
    assert_eq!(rows(&listed).len(), 2);
    assert_eq!(rows(&listed)[0]["total_amount"], json!(141));
    assert_eq!(rows(&listed)[1]["total_amount"].to_string(), "60.5");
    assert_eq!(rows(&listed)[0]["parent_id"].to_string(), id);
    assert_eq!(rows(&shop.get(&format!("orders?ids={id}.1"))).len(), 1);
    assert_eq!(shop.patch(&format!("orders/{id}.2/shipped"), "").status, 200);
    shop.sandbox.configure(|settings| settings.parent_id = ParentId::SystemNumber);
    assert_eq!(shop.get(&format!("orders/{id}.1")).body["parent_id"], order["sys_id"]);
    // Goods were taken once, when the base was placed.
    assert_eq!(shop.sandbox.stock(shop.lamp), Some(Decimal::from(11)));
    let again = shop.sandbox.split_order(&format!("{id}.1"), vec![vec![row(0)]], shop.now);
    assert!(again.is_err());
}

#[test]
fn lists_are_filtered_by_status_and_sorted_newest_first() {
    let mut shop = shop();
    let first = shop.order(vec![NewLine::new(shop.lamp, 1)]);
    shop.now += 1.hour();
    let second = shop.order(vec![NewLine::new(shop.lamp, 1)]);
    shop.sandbox.set_payment_status(&first, PaymentStatus::Paid, shop.now).unwrap();
    shop.sandbox.set_shipping_status(&second, ShippingStatus::Confirmed, shop.now).unwrap();
    let ids = |query: &str| -> Vec<String> {
        let reply = shop.get(&format!("orders?{query}"));
        rows(&reply).iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("sort=date_created.desc"), [second.as_str(), first.as_str()]);
    assert_eq!(ids("sort=date_created.asc"), [first.as_str(), second.as_str()]);
    assert_eq!(ids("payment_status=paid"), [first.as_str()]);
    assert_eq!(ids("shipping_status=confirmed&payment_method_code=cash_delivery"), [second.as_str()]);
    assert_eq!(ids("status=awaiting"), [first.as_str()]);
    assert_eq!(ids(&format!("id={second}")), [second.as_str()]);
    assert!(ids("shipping_substatus_id=3").is_empty());
    assert_eq!(shop.get("orders?sort=total.desc").status, 400);
}

#[test]
fn line_items_come_only_when_asked_for_unless_switched_on() {
    let shop = shop();
    let id = shop.order(vec![NewLine::new(shop.lamp, 1)]);
    assert!(rows(&shop.get("orders"))[0].get("line_items").is_none());
    assert!(shop.get(&format!("orders/{id}?include=line_items")).body["line_items"].is_array());
    shop.sandbox.configure(|settings| settings.line_items_always = true);
    assert!(rows(&shop.get("orders"))[0]["line_items"].is_array());
}

#[test]
fn texts_are_in_the_shops_language_and_escaped_as_php_does() {
    let shop = shop_with(|settings| settings.language = Language::Greek);
    let id = shop.order(vec![NewLine::new(shop.lamp, 1)]);
    let reply = shop.get(&format!("orders/{id}?fields=shipping_status_text,info_url"));
    assert_eq!(reply.body["shipping_status_text"], json!("Σε αναμονή"));
    let raw = String::from_utf8(reply.raw.to_vec()).unwrap();
    assert!(raw.contains(r"https:\/\/shop.test") && raw.contains(r"\u03a3\u03b5"), "{raw}");
}

#[test]
fn return_requests_show_when_asked_for() {
    let shop = shop();
    let id = shop.order(vec![NewLine::new(shop.lamp, 1)]);
    shop.sandbox.add_return_request(&id, "awaiting", shop.now).unwrap();
    let order = shop.get(&format!("orders/{id}?include=rma_requests")).body;
    assert_eq!(
        (&order["has_returns"], &order["rma_requests"][0]["status"]),
        (&json!(true), &json!("awaiting"))
    );
}
