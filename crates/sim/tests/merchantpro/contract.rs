//! One test for each row of the dossier's §8.4: what breaks a real client when it is wrong.

use http::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use zygos_sim::merchantpro::{NewDiscount, NewLine, NewOrder, NewProduct, Windows};

use crate::support::{PAIR, rows, shop, shop_with, start};

#[test]
fn row_1_order_id_is_a_string_equal_in_list_single_and_ids_filter() {
    let shop = shop();
    let id = shop.order(vec![NewLine::new(shop.lamp, 1)]);
    let id = json!(id);
    assert_eq!(rows(&shop.get("orders"))[0]["id"], id);
    assert_eq!(shop.get(&format!("orders/{}", id.as_str().unwrap())).body["id"], id);
    let filtered = shop.get(&format!("orders?ids={},999", id.as_str().unwrap()));
    assert_eq!(rows(&filtered).len(), 1);
    assert_eq!(rows(&filtered)[0]["id"], id);
}

#[test]
fn row_2_the_total_is_a_number() {
    let shop = shop();
    assert_eq!(shop.get("products?limit=1").body["meta"]["count"]["total"], json!(3));
    assert_eq!(shop.get("orders").body["meta"]["count"]["total"], json!(0));
}

#[test]
fn row_3_next_is_a_path_that_echoes_the_query_and_null_on_the_last_page() {
    let shop = shop();
    let first = shop.get("products?limit=2&fields=id,name&include=variants");
    let next = first.body["meta"]["links"]["next"].as_str().unwrap();
    assert_eq!(next, "/api/v2/products?start=2&limit=2&fields=id,name&include=variants");
    let last = shop.get(next.strip_prefix("/api/v2/").unwrap());
    assert_eq!(rows(&last).len(), 1);
    assert_eq!(last.body["meta"]["links"]["next"], Value::Null);
    assert!(
        last.body["meta"]["links"]["prev"].as_str().unwrap().starts_with("/api/v2/products?start=0&limit=2")
    );
}

#[test]
fn row_4_start_current_and_limit_are_exact_and_a_limit_above_the_most_is_clamped() {
    let shop = shop();
    let page = shop.get("products?start=1&limit=500");
    let expected = json!({"total": 3, "current": 2, "start": 1, "limit": 100});
    assert_eq!(page.body["meta"]["count"], expected);
}

#[test]
fn row_5_brackets_in_keys_may_be_encoded_or_not() {
    let shop = shop();
    shop.order(vec![NewLine::new(shop.lamp, 1)]);
    for (query, found) in [
        ("created%5Bgt%5D=2026-03-04", 1),
        ("created[gt]=2026-03-04", 1),
        ("created[gte]=2026-03-06", 0),
        ("created[lt]=2026-03-05", 0),
        ("created%5Blte%5D=2026-03-06", 1),
        ("created_after=2026-03-05", 1),
        ("created_before=2026-03-05", 0),
        ("created_after=2026-03-05%2010:40:46", 1),
        ("created_after=2026-03-05%2010:40:47", 0),
    ] {
        assert_eq!(rows(&shop.get(&format!("orders?{query}"))).len(), found, "{query}");
    }
}

#[test]
fn row_6_variants_are_missing_on_simple_products() {
    let shop = shop();
    let page = shop.get("products?include=variants&fields=id,sku");
    let of = |id: u64| rows(&page).iter().find(|row| row["id"] == json!(id)).unwrap();
    assert_eq!(of(shop.lamp), &json!({"id": shop.lamp, "sku": "ABC-1"}));
    assert_eq!(of(shop.shirt)["variants"].as_array().unwrap().len(), 2);
    assert_eq!(of(shop.shirt)["variants"][0]["variant_options"][0]["value"], json!("M"));
}

#[test]
fn row_7_image_url_is_an_object_or_absent() {
    let shop = shop();
    let page = shop.get("products");
    assert!(rows(&page)[0]["image_url"]["large"].is_string());
    assert!(rows(&page)[1].get("image_url").is_none());
}

#[test]
fn row_8_price_gross_is_numeric_on_every_product() {
    let shop = shop();
    for row in rows(&shop.get("products")) {
        assert!(row["price_gross"].is_number(), "{}", row["sku"]);
    }
    assert_eq!(shop.get(&format!("products/{}", shop.shirt)).body["price_gross"], json!(50));
}

#[test]
fn row_9_the_tax_percent_of_a_line_is_an_integer() {
    let shop = shop();
    let id = shop.order(vec![NewLine::new(shop.lamp, 1)]);
    let line = &shop.get(&format!("orders/{id}?include=line_items")).body["line_items"][0];
    assert_eq!(line["product_tax_percent"].as_i64(), Some(21));
}

#[test]
fn row_10_actions_accept_patch_with_an_empty_body() {
    let shop = shop();
    let id = shop.order(vec![NewLine::new(shop.lamp, 1)]);
    for action in ["in_process", "create_invoice", "shipped", "delivered", "returned"] {
        assert_eq!(shop.patch(&format!("orders/{id}/{action}"), "").status, 200, "{action}");
    }
    assert_eq!(shop.get(&format!("orders/{id}")).body["shipping_status"], json!("returned"));
}

#[test]
fn row_11_patching_an_order_answers_the_complete_order() {
    let shop = shop();
    let id = shop.order(vec![NewLine::new(shop.lamp, 1)]);
    let reply = shop.patch(&format!("orders/{id}"), r#"{"shipping_awb":"AWB1"}"#);
    assert_eq!(
        (reply.status, &reply.body["id"], &reply.body["shipping_awb"]),
        (200, &json!(id), &json!("AWB1"))
    );
    assert!(reply.body["line_items"].is_array());
}

#[test]
fn row_12_posting_a_tag_answers_json() {
    let shop = shop();
    let id = shop.order(vec![NewLine::new(shop.lamp, 1)]);
    let reply = shop.post(&format!("orders/{id}/tags"), r#"{"name":"Picked"}"#);
    assert_eq!(reply.body["name"], json!("Picked"));
    let order = shop.get(&format!("orders/{id}?include=tags")).body;
    assert_eq!(order["tags"], json!([{"id": 1, "name": "Picked"}]));
    assert!(shop.get(&format!("orders/{id}")).body.get("tags").is_none());
}

#[test]
fn row_13_taxonomies_are_bare_arrays_that_accept_a_limit() {
    let shop = shop();
    let taxes = shop.get("taxonomy/taxes?limit=100").body;
    assert_eq!(taxes, json!([{"id": 1, "name": "TVA", "value": 21}]));
    assert!(shop.get("taxonomy/measurement_units?limit=1").body.is_array());
}

#[test]
fn row_14_single_objects_have_no_wrapper() {
    let shop = shop();
    let id = shop.order(vec![NewLine::new(shop.lamp, 1)]);
    for target in [
        format!("products/{}", shop.lamp),
        format!("orders/{id}"),
        "categories/1".to_owned(),
        "inventory/sku/ABC-1".to_owned(),
    ] {
        let body = shop.get(&target).body;
        assert!(body.get("id").is_some() && body.get("data").is_none(), "{target}");
    }
}

#[test]
fn row_15_errors_have_a_name_and_a_message() {
    let shop = shop();
    let replies = [
        shop.get("products/999"),
        shop.get("nothing"),
        shop.get("products?name=x"),
        shop.call(Method::PUT, "products", "{}"),
        shop.call_as(Method::GET, "products", "", "Basic eDp5"),
        shop.post("products", "not json"),
    ];
    for (reply, status) in replies.iter().zip([404, 404, 400, 405, 401, 400]) {
        assert_eq!(reply.status, status);
        assert!(reply.body["error"]["name"].is_string() && reply.body["error"]["message"].is_string());
    }
}

#[test]
fn row_16_an_unknown_filter_is_an_error_with_the_vendors_words() {
    let shop = shop();
    let reply = shop.get("products?name=Lamp");
    assert_eq!(reply.status, 400);
    assert_eq!(reply.body["error"]["name"], json!("undefined_filter"));
    assert_eq!(reply.body["error"]["message"], json!("No such filter `name` defined"));
    assert_eq!(shop.get("orders?modified%5Bgte%5D=2026-01-01").status, 400);
}

#[test]
fn row_17_delete_accepts_an_empty_list_as_body() {
    let shop = shop();
    let reply = shop.call(Method::DELETE, &format!("products/{}", shop.bulb), "[]");
    assert_eq!((reply.status, reply.raw.len()), (204, 0));
    assert_eq!(shop.get(&format!("products/{}", shop.bulb)).status, 404);
    assert_eq!(shop.get("inventory/sku/ABC-2").status, 404);
}

#[test]
fn row_18_products_always_have_a_name() {
    let shop = shop();
    assert_eq!(shop.post("products", r#"{"name":""}"#).status, 400);
    assert_eq!(shop.post("products", r#"{"sku":"X"}"#).status, 400);
    assert_eq!(shop.patch(&format!("products/{}", shop.lamp), r#"{"name":""}"#).status, 400);
    assert!(rows(&shop.get("products")).iter().all(|row| !row["name"].as_str().unwrap().is_empty()));
}

#[test]
fn row_19_nothing_redirects() {
    let shop = shop();
    for target in ["products", "products/", "orders/", "nothing", ""] {
        let status = shop.get(target).status;
        assert!(!(300..400).contains(&status), "{target} answered {status}");
    }
}

#[test]
fn row_20_orders_have_the_keys_an_old_client_reads_without_looking() {
    let shop = shop();
    let id = shop.order(vec![NewLine::new(shop.lamp, 1)]);
    let order = shop.get(&format!("orders/{id}")).body;
    for key in ["shipping_status", "payment_method_name", "payment_method_code"] {
        assert!(order[key].is_string(), "{key}");
    }
    for key in [
        "customer_email",
        "shipping_name",
        "shipping_phone",
        "shipping_address",
        "shipping_city",
        "shipping_postal_code",
        "shipping_country_code",
        "shipping_amount",
        "shipping_tax_amount",
        "shipping_method_name",
    ] {
        assert!(order.get(key).is_some(), "{key}");
    }
    assert_eq!(order["date_created"], json!("2026-03-05T10:40:46+02:00"));
    for absent in
        ["shipping_awb", "awb_url", "invoice", "invoices", "meta_fields", "parent_id", "date_shipped"]
    {
        assert!(order.get(absent).is_none(), "{absent}");
    }
    assert_eq!((&order["payment_details"], &order["carrier_tracking"]), (&json!([]), &json!([])));
}

#[test]
fn row_20a_products_have_names_and_omit_what_is_empty() {
    let shop = shop();
    let plain = shop.sandbox.add_product(
        NewProduct { meta_fields: [("supplier".to_owned(), "7".to_owned())].into(), ..NewProduct::default() },
        start(),
    );
    let product = shop.get(&format!("products/{plain}")).body;
    assert_eq!((&product["category_name"], &product["name"]), (&json!(""), &json!("Product")));
    assert!(product.get("image_url").is_none() && product.get("availability_id").is_none());
    assert_eq!(product["meta_fields"], json!({"supplier": "7"}));
    assert_eq!(shop.get(&format!("products/{}", shop.lamp)).body["meta_fields"], json!([]));
}

#[test]
fn row_20b_lines_have_what_is_needed_and_discount_lines_share_out_their_net() {
    let shop = shop();
    let order = NewOrder {
        lines: vec![NewLine::new(shop.lamp, 1), NewLine::new(shop.bulb, 2)],
        discounts: vec![NewDiscount { gross: Decimal::from(10), ..NewDiscount::default() }],
        ..NewOrder::default()
    };
    let id = shop.sandbox.place_order(order, shop.now).unwrap();
    let order = shop.get(&format!("orders/{id}?include=line_items")).body;
    let lines = order["line_items"].as_array().unwrap();
    for line in lines {
        for key in [
            "item_type",
            "product_id",
            "quantity",
            "unit_price_net",
            "unit_price_gross",
            "product_tax_percent",
        ] {
            assert!(line.get(key).is_some(), "{key}");
        }
        assert!(line.get("status").is_none());
    }
    assert_eq!(lines[2]["item_type"], json!("coupon"));
    assert_eq!(lines[2]["unit_price_gross"], json!(-10));
    // 8.2645 net in two equal halves: the last share takes what rounding left.
    let shares = &lines[2]["applied_discounts"];
    let amounts = [shares[0]["amount"].to_string(), shares[1]["amount"].to_string()];
    assert_eq!(amounts, ["4.1323", "4.1322"]);
    assert_eq!((&shares[0]["product_id"], &shares[1]["product_id"]), (&json!(shop.lamp), &json!(shop.bulb)));
    assert!(lines[0].get("applied_discounts").is_none());
    assert_eq!(order["total_amount"], json!(232));
}

#[test]
fn row_21_bearer_is_accepted_for_payment_requests_only() {
    let shop = shop();
    let id = shop.order(vec![NewLine::new(shop.lamp, 1)]);
    let code = shop.get(&format!("orders/{id}")).body["public_code"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {PAIR}");
    let body = r#"{"status":"paid","payment_reference":"R-1"}"#;
    let reply = shop.call_as(Method::PATCH, &format!("payment_request/{code}"), body, &bearer);
    assert_eq!(reply.status, 200);
    assert_eq!(shop.get(&format!("orders/{id}")).body["payment_status"], json!("paid"));
    assert_eq!(shop.call_as(Method::GET, "products", "", &bearer).status, 401);
}

#[test]
fn row_22_too_many_requests_says_when_to_come_back() {
    let shop = shop_with(|settings| settings.windows = Some(Windows::default()));
    for _ in 0..4 {
        assert_eq!(shop.get("products?limit=1").status, 200);
    }
    let reply = shop.get("products?limit=1");
    assert_eq!(reply.status, 429);
    assert_eq!(reply.body["error"]["details"]["reset_time"], json!(start().as_second() + 1));
    assert_eq!(reply.headers["retry-after"], "1");
}
