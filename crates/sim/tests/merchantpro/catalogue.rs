//! What a shop's people do to products and categories, and the switches of what is not known about products.

#![expect(clippy::unwrap_used, reason = "a test may end where its ground is missing")]

use http::Method;
use jiff::ToSpan;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use zygos_sim::merchantpro::{ControlError, NewVariant};

use crate::support::{Reply, Shop, decimal, request, rows, shop, shop_with};

fn control(shop: &Shop, method: Method, path: &str, body: &Value) -> Reply {
    shop.send(&request(method, &format!("/_sandbox/{path}"), &body.to_string()))
}

fn fields(fields: &Value) -> Map<String, Value> {
    fields.as_object().unwrap().clone()
}

fn variants(shop: &Shop) -> Vec<Value> {
    shop.sandbox.product(shop.shirt).unwrap()["variants"].as_array().unwrap().clone()
}

#[test]
fn a_variant_edited_by_hand_leaves_the_others_alone_and_moves_the_date() {
    let mut shop = shop();
    let (medium, before) = (variants(&shop)[0]["id"].as_u64().unwrap(), variants(&shop)[1].clone());
    shop.now += 48.hours();
    let edit = fields(&json!({"ean": "594", "status": "inactive", "weight": 0.3}));
    shop.sandbox.edit_unit(medium, &edit, shop.now).unwrap();
    shop.sandbox.edit_price(medium, decimal("60.5"), shop.now).unwrap();
    let after = variants(&shop);
    assert_eq!((&after[0]["ean"], &after[0]["status"]), (&json!("594"), &json!("inactive")));
    assert_eq!(
        (after[0]["price_net"].to_string(), after[0]["weight"].to_string()),
        ("50".to_owned(), "0.3".to_owned())
    );
    assert_eq!(after[1], before);
    assert_eq!(rows(&shop.get("products?modified[gte]=2026-03-07")).len(), 1);
    let wrong = shop.sandbox.edit_unit(shop.shirt, &edit, shop.now);
    assert!(matches!(wrong, Err(ControlError::NotAllowed(_))), "a parent is no unit");
    assert_eq!(shop.sandbox.edit_unit(7, &edit, shop.now), Err(ControlError::UnknownUnit(7)));
    let unknown = fields(&json!({"colour": "red"}));
    assert!(shop.sandbox.edit_unit(shop.lamp, &unknown, shop.now).is_err());
}

#[test]
fn variants_come_and_go_and_options_are_renamed_everywhere() {
    let shop = shop();
    let new = NewVariant {
        sku: Some("SHIRT-S".to_owned()),
        options: vec![("Size".to_owned(), "S".to_owned())],
        ..NewVariant::default()
    };
    let id = shop.sandbox.add_variant(shop.shirt, new.clone(), shop.now).unwrap();
    assert_eq!(shop.get("inventory/sku/SHIRT-S").body["id"], json!(id));
    assert_eq!(shop.get("inventory/sku/SHIRT-S").body["price_gross"], json!(50));
    assert!(shop.sandbox.add_variant(shop.lamp, new, shop.now).is_err());
    shop.sandbox.rename_option(shop.shirt, "Size", "S", "Small", shop.now).unwrap();
    let product = shop.sandbox.product(shop.shirt).unwrap();
    assert_eq!(product["variants"][2]["variant_options"][0]["value"], json!("Small"));
    let offered: Vec<&Value> = product["variant_attributes"][0]["options"]
        .as_array()
        .unwrap()
        .iter()
        .map(|option| &option["value"])
        .collect();
    assert_eq!(offered, ["M", "L", "Small"]);
    assert!(shop.sandbox.delete_variant(id, shop.now));
    assert!(!shop.sandbox.delete_variant(id, shop.now));
    assert_eq!((shop.get("inventory/sku/SHIRT-S").status, variants(&shop).len()), (404, 2));
}

#[test]
fn categories_are_moved_into_any_tree() {
    let shop = shop();
    let below = shop.sandbox.add_category("LED", 1);
    assert!(shop.sandbox.move_category(1, below), "under each other");
    assert!(shop.sandbox.rename_category(below, "Led"));
    assert_eq!(shop.sandbox.categories(), [(1, "Iluminat".to_owned(), below), (below, "Led".to_owned(), 1)]);
    assert!(shop.sandbox.delete_category(below) && !shop.sandbox.delete_category(below));
    assert!(!shop.sandbox.move_category(99, 0) && !shop.sandbox.rename_category(99, "X"));
}

#[test]
fn the_same_is_done_over_http() {
    let shop = shop();
    let medium = variants(&shop)[0]["id"].as_u64().unwrap();
    let answer = control(&shop, Method::PATCH, &format!("units/{medium}"), &json!({"price_gross": 70}));
    assert_eq!(answer.body, json!({"done": true}));
    let added =
        control(&shop, Method::POST, &format!("products/{}/variants", shop.shirt), &json!({"sku": "S-XL"}));
    let added = added.body["id"].as_u64().unwrap();
    let edit = json!({"attribute": "Size", "value": "M", "becomes": "Medium"});
    assert_eq!(control(&shop, Method::POST, &format!("products/{}/options", shop.shirt), &edit).status, 200);
    assert_eq!(variants(&shop)[0]["variant_options"][0]["value"], json!("Medium"));
    let gone = control(&shop, Method::DELETE, &format!("variants/{added}"), &Value::Null);
    assert_eq!((gone.body, variants(&shop).len()), (json!({"done": true}), 2));
    let category = control(&shop, Method::POST, "categories", &json!({"name": "LED", "parent_id": 1})).body;
    let path = format!("categories/{}", category["id"]);
    assert_eq!(
        control(&shop, Method::PATCH, "categories/1", &json!({"parent_id": category["id"]})).status,
        200
    );
    assert_eq!(shop.sandbox.categories()[0].2, category["id"].as_u64().unwrap());
    assert_eq!(control(&shop, Method::DELETE, &path, &Value::Null).body, json!({"done": true}));
}

#[test]
fn what_is_not_known_about_products_is_switched() {
    let shop = shop_with(|settings| {
        settings.descriptions_in_lists = false;
        settings.writes_answer_whole = false;
        settings.variant_id_reads_product = true;
    });
    let medium = variants(&shop)[0]["id"].as_u64().unwrap();
    assert_eq!(rows(&shop.get("products?fields=id,description"))[0].get("description"), None);
    assert_eq!(shop.get(&format!("products/{medium}")).body["id"], json!(shop.shirt));
    let written = shop.patch(&format!("products/{}", shop.shirt), r#"{"name":"Tricou nou"}"#);
    assert_eq!((written.status, written.body.get("variants")), (200, None));
    let usual = crate::support::shop();
    assert!(rows(&usual.get("products?fields=id,description"))[0].get("description").is_some());
    assert_eq!(usual.get(&format!("products/{medium}")).status, 404);
    assert_eq!(usual.sandbox.stock(medium), Some(Decimal::from(5)));
}

#[test]
fn an_import_of_images_can_be_finished() {
    let shop = shop();
    let target = format!("products/{}", shop.bulb);
    shop.patch(&target, r#"{"images":[{"url":"https://x.test/1.jpg"}]}"#);
    assert_eq!(shop.get(&target).body["images"], json!([]));
    shop.sandbox.finish_image_import();
    assert_eq!(shop.get(&target).body["images"][0]["url"], json!("https://x.test/1.jpg"));
    assert_eq!(shop.sandbox.products().len(), 3);
}
