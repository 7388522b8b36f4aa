//! Who lowers stock, who puts it back, and what a line says about it.

use http::Method;
use rust_decimal::Decimal;
use serde_json::json;
use zygos_sim::merchantpro::{ControlError, NewLine, NewOrder, ShippingStatus};

use crate::support::{decimal, shop, shop_with};

#[test]
fn placing_an_order_lowers_stock_and_the_line_shows_before_and_now() {
    let shop = shop();
    let id = shop.order(vec![NewLine::new(shop.lamp, 2)]);
    assert_eq!(shop.sandbox.stock(shop.lamp), Some(Decimal::from(10)));
    let line = shop.sandbox.order(&id).unwrap()["line_items"][0].clone();
    assert_eq!((&line["stock_snapshot"], &line["product_stock"]), (&json!(12), &json!("10.000")));
    assert_eq!(line["backorder_quantity"], json!(0));
}

#[test]
fn customers_cannot_buy_what_is_gone_and_staff_can() {
    let shop = shop();
    let lines = vec![NewLine::new(shop.bulb, 4)];
    let order = NewOrder { lines, ..NewOrder::default() };
    let refused = shop.sandbox.place_order(order.clone(), shop.now);
    assert_eq!(refused, Err(ControlError::OutOfStock(shop.bulb)));
    let by_staff = NewOrder { created_by: "system".to_owned(), ..order };
    let id = shop.sandbox.place_order(by_staff, shop.now).unwrap();
    let line = shop.sandbox.order(&id).unwrap()["line_items"][0].clone();
    assert_eq!((&line["product_stock"], &line["backorder_quantity"]), (&json!("-1.000"), &json!(-1)));
}

#[test]
fn cancelling_puts_stock_back_and_returning_does_not() {
    let shop = shop();
    let cancelled = shop.order(vec![NewLine::new(shop.lamp, 2)]);
    let returned = shop.order(vec![NewLine::new(shop.lamp, 3)]);
    assert_eq!(shop.patch(&format!("orders/{cancelled}/cancelled"), "").status, 200);
    shop.patch(&format!("orders/{returned}/shipped"), "");
    assert_eq!(shop.patch(&format!("orders/{returned}/returned"), "").status, 200);
    assert_eq!(shop.sandbox.stock(shop.lamp), Some(Decimal::from(9)));
}

#[test]
fn the_switch_keeps_cancelled_goods_out_of_stock() {
    let shop = shop_with(|settings| settings.restock_on_cancel = false);
    let id = shop.order(vec![NewLine::new(shop.lamp, 2)]);
    shop.sandbox.cancel_order(&id, shop.now).unwrap();
    assert_eq!(shop.sandbox.stock(shop.lamp), Some(Decimal::from(10)));
}

#[test]
fn editing_a_line_moves_stock_by_the_difference() {
    let shop = shop();
    let id = shop.order(vec![NewLine::new(shop.lamp, 2), NewLine::new(shop.bulb, 1)]);
    let row = shop.sandbox.order(&id).unwrap()["line_items"][0]["row_id"].as_str().unwrap().to_owned();
    shop.sandbox.edit_order_line(&id, &row, Decimal::from(5), shop.now).unwrap();
    assert_eq!(shop.sandbox.stock(shop.lamp), Some(Decimal::from(7)));
    shop.sandbox.edit_order_line(&id, &row, Decimal::ZERO, shop.now).unwrap();
    assert_eq!(shop.sandbox.stock(shop.lamp), Some(Decimal::from(12)));
    assert_eq!(shop.sandbox.stock(shop.bulb), Some(Decimal::from(2)));
}

#[test]
fn inventory_writes_are_absolute_by_id_sku_and_ean_and_for_variants() {
    let shop = shop();
    let variant = shop.shirt + 1;
    let reply = shop.patch("inventory/sku/SHIRT-M", r#"{"stock":7.5}"#);
    assert_eq!(
        (&reply.body["id"], &reply.body["stock"]),
        (&json!(variant), &json!("7.5".parse::<serde_json::Number>().unwrap()))
    );
    assert_eq!(shop.sandbox.stock(variant), Some(decimal("7.5")));
    shop.patch(&format!("products/{}", shop.lamp), r#"{"ean":"5901234123457","sku":"A/B C"}"#);
    assert_eq!(shop.patch("inventory/ean/5901234123457", r#"{"stock":4}"#).body["stock"], json!(4));
    for spelling in ["A%2FB%20C", "A%2FB+C"] {
        assert_eq!(shop.get(&format!("inventory/sku/{spelling}")).body["id"], json!(shop.lamp), "{spelling}");
    }
    assert_eq!(shop.get("inventory/sku/ABC-1").status, 404);
    assert_eq!(shop.call(Method::GET, "inventory/id/1", "").status, 404);
}

#[test]
fn the_parent_of_variants_refuses_stock_and_price() {
    let shop = shop();
    let parent = shop.shirt;
    for body in [r#"{"stock":1}"#, r#"{"price_gross":1}"#, r#"{"old_price_net":1}"#] {
        assert_eq!(shop.patch(&format!("inventory/id/{parent}"), body).status, 400);
        assert_eq!(shop.patch(&format!("products/{parent}"), body).status, 400);
    }
    assert_eq!(shop.patch(&format!("products/{parent}"), r#"{"weight":1}"#).status, 400);
    assert!(!shop.sandbox.edit_stock(parent, Decimal::ONE));
}

#[test]
fn omitted_variants_survive_a_patch_only_when_switched_so() {
    for survive in [false, true] {
        let shop = shop_with(|settings| settings.omitted_variants_survive = survive);
        let (parent, variant) = (shop.shirt, shop.shirt + 1);
        let body = format!(r#"{{"variants":[{{"id":{variant},"stock":9}}]}}"#);
        assert_eq!(shop.patch(&format!("products/{parent}"), &body).status, 200);
        assert_eq!(shop.sandbox.stock(variant), Some(Decimal::from(9)));
        assert_eq!(shop.sandbox.stock(variant + 1).is_some(), survive);
        assert_eq!(shop.get("inventory/sku/SHIRT-L").status, if survive { 200 } else { 404 });
    }
}

#[test]
fn untracked_stock_is_left_alone_by_sales() {
    let shop = shop();
    shop.patch(&format!("inventory/id/{}", shop.bulb), r#"{"inventory_enabled":"off"}"#);
    let id = shop.order(vec![NewLine::new(shop.bulb, 40)]);
    assert_eq!(shop.sandbox.stock(shop.bulb), Some(Decimal::from(3)));
    shop.sandbox.set_shipping_status(&id, ShippingStatus::Cancelled, shop.now).unwrap();
    assert_eq!(shop.sandbox.stock(shop.bulb), Some(Decimal::from(3)));
}
