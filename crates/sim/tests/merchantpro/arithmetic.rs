//! Sums of orders and prices of products.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use zygos_sim::merchantpro::{NewLine, NewOrder, PaymentStatus};

use crate::support::{decimal, shop};

fn figure(text: &str) -> Value {
    Value::Number(text.parse().unwrap())
}

#[test]
fn an_order_adds_up_as_the_captured_ones_do() {
    let shop = shop();
    let order = NewOrder {
        lines: vec![NewLine::new(shop.lamp, 1), NewLine::new(shop.bulb, 1)],
        shipping_gross: Decimal::from(20),
        ..NewOrder::default()
    };
    let id = shop.sandbox.place_order(order, shop.now).unwrap();
    let order = shop.sandbox.order(&id).unwrap();
    for (key, value) in [
        ("subtotal_excluding_tax", "150"),
        ("subtotal_including_tax", "181.5"),
        ("shipping_tax_amount", "3.4711"),
        ("tax_amount", "34.9711"),
        ("subtotal_amount", "201.5"),
        ("total_amount", "201.5"),
        ("shipping_cod_amount", "201.5"),
        ("paid_amount", "0"),
    ] {
        assert_eq!(order[key], figure(value), "{key}");
    }
    shop.sandbox.set_payment_status(&id, PaymentStatus::Paid, shop.now).unwrap();
    let order = shop.sandbox.order(&id).unwrap();
    assert_eq!((&order["paid_amount"], &order["shipping_cod_amount"]), (&figure("201.5"), &json!(0)));
    assert_eq!(order["payment_date"], json!("2026-03-05 10:40:46"));
}

#[test]
fn lines_multiply_the_unit_price_and_net_plus_tax_is_gross() {
    let shop = shop();
    let line = NewLine { unit_price_gross: Some(decimal("49.99")), ..NewLine::new(shop.lamp, 3) };
    let id = shop.order(vec![line]);
    let line = shop.sandbox.order(&id).unwrap()["line_items"][0].clone();
    for (key, value) in [
        ("unit_price_net", "41.314"),
        ("unit_tax_amount", "8.676"),
        ("unit_price_gross", "49.99"),
        ("unit_price_regular", "121"),
        ("line_subtotal_net", "123.942"),
        ("line_tax_amount", "26.028"),
        ("line_subtotal_gross", "149.97"),
    ] {
        assert_eq!(line[key], figure(value), "{key}");
    }
}

#[test]
fn store_credit_lowers_what_is_to_pay() {
    let shop = shop();
    let lines = vec![NewLine::new(shop.lamp, 1)];
    let order = NewOrder { lines, wallet: Decimal::from(21), ..NewOrder::default() };
    let id = shop.sandbox.place_order(order, shop.now).unwrap();
    let order = shop.sandbox.order(&id).unwrap();
    assert_eq!((&order["subtotal_amount"], &order["total_amount"]), (&json!(121), &json!(100)));
}

#[test]
fn a_net_price_reads_back_from_the_rounded_gross_one_unless_switched_off() {
    let shop = shop();
    let target = format!("inventory/id/{}", shop.lamp);
    let body = shop.patch(&target, r#"{"price_net":49.90}"#).body;
    assert_eq!((&body["price_gross"], &body["price_net"]), (&figure("60.38"), &figure("49.9008")));
    shop.sandbox.configure(|settings| {
        settings.net_follows_gross = false;
        settings.gross_decimals = 4;
    });
    let body = shop.patch(&target, r#"{"price_net":49.90}"#).body;
    assert_eq!((&body["price_gross"], &body["price_net"]), (&figure("60.379"), &figure("49.9")));
}

#[test]
fn gross_wins_when_both_prices_are_given_and_old_prices_are_cleared_in_three_ways() {
    let shop = shop();
    let target = format!("inventory/id/{}", shop.lamp);
    let body = shop.patch(&target, r#"{"price_net":1,"price_gross":10}"#).body;
    assert_eq!((&body["price_gross"], &body["price_net"]), (&json!(10), &figure("8.2645")));
    for empty in [r#""""#, "null", "0"] {
        let body = shop.patch(&target, r#"{"old_price_gross":15}"#).body;
        assert_eq!(body["old_price_gross"], json!(15));
        let body = shop.patch(&target, &format!(r#"{{"old_price_gross":{empty}}}"#)).body;
        assert!(body.get("old_price_gross").is_none(), "{empty}");
    }
}
