//! Creating and changing through the API.

use http::Method;
use jiff::ToSpan;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use zygos_sim::merchantpro::NewLine;

use crate::support::{decimal, rows, shop, shop_with};

#[test]
fn a_product_with_variants_is_created_whole() {
    let shop = shop();
    let body = r#"{"type":"multi_variant","sku":"TSHIRT","name":"T-shirt","tax_id":1,"category_id":1,
        "variant_attributes":[{"name":"Size","options":[{"value":"M"}]}],
        "variants":[{"sku":"T_M","ext_ref":"77_M","inventory_enabled":"on","stock":5,"price_gross":50,
                     "variant_options":[{"name":"Size","value":"M"}]}]}"#;
    let reply = shop.post("products", body);
    assert_eq!(reply.status, 201);
    let variant = &reply.body["variants"][0];
    assert_eq!((&variant["stock"], &variant["price_net"].to_string()), (&json!(5), &"41.3223".to_owned()));
    assert_eq!(shop.get("inventory/sku/T_M").body["id"], variant["id"]);
}

#[test]
fn unknown_fields_are_refused_unless_told_to_ignore_them() {
    let shop = shop();
    let target = format!("products/{}", shop.lamp);
    let body = r#"{"name":"New","colour":"red"}"#;
    let reply = shop.patch(&target, body);
    assert_eq!(reply.status, 400);
    assert_eq!(shop.get(&target).body["name"], json!("Lampă"), "nothing of a refused write stays");
    let reply = shop.patch(&format!("{target}?ignore_nonexistent_fields=1"), body);
    assert_eq!((reply.status, &reply.body["name"]), (200, &json!("New")));
}

#[test]
fn a_product_read_can_be_written_back() {
    let shop = shop();
    let target = format!("products/{}", shop.lamp);
    let mut product = shop.get(&target).body;
    product.as_object_mut().unwrap().remove("images");
    assert_eq!(shop.patch(&target, &product.to_string()).status, 200);
    let mut after = shop.get(&target).body;
    after.as_object_mut().unwrap().remove("images");
    assert_eq!(after, product);
}

#[test]
fn an_imported_image_is_not_there_at_once_and_images_in_an_update_are_added() {
    let mut shop = shop();
    let target = format!("products/{}", shop.lamp);
    assert_eq!(shop.patch(&target, r#"{"images":[{"url":"https://x.test/2.jpg"}]}"#).status, 200);
    assert_eq!(shop.get(&format!("{target}/images")).body.as_array().unwrap().len(), 1);
    shop.now += 31.seconds();
    let images = shop.get(&format!("{target}/images")).body;
    assert_eq!(images.as_array().unwrap().len(), 2);
    let image = images[1]["id"].as_u64().unwrap();
    let reply = shop.patch(&format!("{target}/images/{image}"), r#"{"caption":"Side"}"#);
    assert_eq!(reply.body["caption"], json!("Side"));
    assert_eq!(shop.call(Method::DELETE, &format!("{target}/images/{image}"), "").status, 204);
    assert_eq!(shop.call(Method::DELETE, &format!("{target}/images/{image}"), "").status, 404);
}

#[test]
fn products_are_filtered_by_status_meta_field_and_date() {
    let mut shop = shop();
    shop.now += 48.hours();
    shop.patch(&format!("products/{}", shop.bulb), r#"{"status":"inactive","meta_fields":{"supplier":"X"}}"#);
    let count = |query: &str| rows(&shop.get(&format!("products?{query}"))).len();
    assert_eq!((count("status=active"), count("status=inactive")), (2, 1));
    assert_eq!((count("meta_fields[supplier]=X"), count("meta_fields[supplier]=Y")), (1, 0));
    assert_eq!((count("modified[gte]=2026-03-07"), count("created[gt]=2026-03-07")), (1, 0));
    assert_eq!((count(&format!("id={}", shop.lamp)), count("is_new=true")), (1, 0));
    shop.sandbox.configure(|settings| settings.products_date_filters = false);
    assert_eq!(shop.get("products?modified[gte]=2026-03-07").status, 400);
}

#[test]
fn an_order_posted_lowers_stock_and_keeps_its_mark() {
    let shop = shop();
    let body = json!({
        "payment_status": "awaiting", "payment_method_code": "wire", "shipping_status": "awaiting",
        "shipping_method_id": 1, "shipping_amount": 20, "customer_email": "client@example.test",
        "billing_name": "Ana", "billing_type": "company", "billing_company_name": "SRL", "erp_id": "SO-1",
        "line_items": [
            {"item_type": "product", "product_id": shop.lamp, "quantity": 2},
            {"item_type": "product", "product_id": 0, "product_name": "Gift wrap", "quantity": 1,
             "unit_price_gross": 5, "product_tax_percent": 21},
        ],
    });
    let reply = shop.post("orders", &body.to_string());
    assert_eq!((reply.status, &reply.body["total_amount"]), (201, &json!(267)));
    assert_eq!((&reply.body["created_by"], &reply.body["erp_id"]), (&json!("system"), &json!("SO-1")));
    assert_eq!(reply.body["payment_method_name"], json!("Transfer bancar"));
    assert_eq!(
        (&reply.body["billing_type"], &reply.body["shipping_name"]),
        (&json!("company"), &json!("Ana"))
    );
    assert_eq!(shop.sandbox.stock(shop.lamp), Some(Decimal::from(10)));
    // There is no idempotency key: the same body makes a second order.
    assert_ne!(shop.post("orders", &body.to_string()).body["id"], reply.body["id"]);
    assert_eq!(shop.post("orders", r#"{"line_items":[]}"#).status, 400);
    assert_eq!(shop.post("orders", r#"{"line_items":[{"product_id":5,"quantity":1}]}"#).status, 400);
}

#[test]
fn a_shop_that_drops_the_mark_answers_without_it() {
    let shop = shop_with(|settings| settings.keeps_erp_id = false);
    let body = format!(r#"{{"erp_id":"SO-1","line_items":[{{"product_id":{},"quantity":1}}]}}"#, shop.lamp);
    assert_eq!(shop.post("orders", &body).body["erp_id"], Value::Null);
}

#[test]
fn patching_line_items_replaces_the_list_and_drops_what_is_not_sent() {
    let shop = shop();
    let id = shop.order(vec![NewLine::new(shop.lamp, 1), NewLine::new(shop.bulb, 1)]);
    let order = shop.sandbox.order(&id).unwrap();
    let mut line = order["line_items"][0].clone();
    let fields = line.as_object_mut().unwrap();
    let row = fields.remove("row_id").unwrap();
    fields.insert("id".to_owned(), row.clone());
    fields.insert("status".to_owned(), json!({"id": 9}));
    let reply = shop.patch(&format!("orders/{id}"), &json!({"line_items": [line]}).to_string());
    assert_eq!(reply.status, 200);
    let lines = reply.body["line_items"].as_array().unwrap();
    assert_eq!((lines.len(), &lines[0]["row_id"], &lines[0]["status"]["id"]), (1, &row, &json!(9)));
    assert_eq!(shop.sandbox.stock(shop.bulb), Some(Decimal::from(3)), "the lost line's goods are free again");
    assert_eq!(reply.body["total_amount"], json!(121));
}

#[test]
fn order_fields_are_written_as_documented() {
    let shop = shop();
    let id = shop.order(vec![NewLine::new(shop.lamp, 1)]);
    let target = format!("orders/{id}");
    let reply = shop.patch(&target, r#"{"erp_id":"SO-7","payment_status":"cancelled"}"#);
    assert_eq!((&reply.body["erp_id"], &reply.body["payment_status"]), (&json!("SO-7"), &json!("canceled")));
    assert_eq!(shop.patch(&target, r#"{"shipping_status":"shipped"}"#).status, 400);
    assert_eq!(shop.patch(&target, r#"{"colour":"red"}"#).status, 400);
    assert_eq!(shop.call(Method::DELETE, &target, "[]").status, 204);
    assert_eq!(shop.get(&target).status, 404);
}

#[test]
fn categories_live_and_a_parent_must_exist() {
    let shop = shop();
    let reply = shop.post("categories", r#"{"name":"LED","parent_id":1}"#);
    assert_eq!((reply.status, &reply.body["parent_id"]), (201, &json!(1)));
    let target = format!("categories/{}", reply.body["id"]);
    assert_eq!(shop.patch(&target, r#"{"name":"LED 2"}"#).body["name"], json!("LED 2"));
    assert_eq!(shop.post("categories", r#"{"name":"X","parent_id":99}"#).status, 400);
    assert_eq!(shop.patch(&target, r#"{"meta_fields":{"a":"b"}}"#).status, 400);
    assert_eq!(shop.get("categories?limit=1").body["meta"]["count"]["total"], json!(2));
    assert_eq!(shop.call(Method::DELETE, &target, "").status, 204);
    assert_eq!(shop.post("products", r#"{"name":"P","category_id":99}"#).status, 400);
}

#[test]
fn customers_come_from_orders() {
    let shop = shop();
    let body = format!(
        r#"{{"customer_email":"c@example.test","billing_name":"C","line_items":[{{"product_id":{},"quantity":1}}]}}"#,
        shop.lamp
    );
    let first = shop.post("orders", &body).body["customer_id"].clone();
    assert_eq!(shop.post("orders", &body).body["customer_id"], first);
    assert_eq!(shop.get(&format!("customers/{first}")).body["email"], json!("c@example.test"));
    assert_eq!(rows(&shop.get("customers")).len(), 1);
    assert_eq!(shop.post("customers", "{}").status, 405);
}

#[test]
fn a_batch_answers_only_when_switched_on() {
    let shop = shop();
    let body = format!(
        r#"{{"requests":[{{"method":"GET","path":"/api/v2/taxonomy/taxes"}},
                         {{"method":"PATCH","url":"inventory/id/{}","body":{{"stock":1}}}},
                         {{"method":"GET","path":"products/1"}}]}}"#,
        shop.lamp
    );
    assert_eq!(shop.post("batch", &body).status, 400);
    shop.sandbox.configure(|settings| settings.batch = true);
    let answers = shop.post("batch", &body).body;
    let statuses: Vec<_> =
        answers.as_array().unwrap().iter().map(|answer| answer["status"].clone()).collect();
    assert_eq!(statuses, [json!(200), json!(200), json!(404)]);
    assert_eq!(shop.sandbox.stock(shop.lamp), Some(decimal("1")));
    assert_eq!(shop.sandbox.calls()["key"].calls, 5, "each request inside counts, and so does the batch");
}
