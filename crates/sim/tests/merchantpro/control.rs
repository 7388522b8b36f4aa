//! The control interface over HTTP, and webhooks.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use zygos_sim::merchantpro::{NewLine, Webhook};

use crate::support::{Reply, Shop, request, shop, shop_with};

fn control(shop: &Shop, method: Method, path: &str, body: &Value) -> Reply {
    shop.send(&request(method, &format!("/_sandbox/{path}"), &body.to_string()))
}

#[test]
fn webhooks_are_signed_over_the_raw_body_with_their_own_secret() {
    let hook = |secret: &str, topics: &[&str]| Webhook {
        url: format!("https://zygos.test/{secret}"),
        secret: secret.to_owned(),
        topics: topics.iter().map(|topic| (*topic).to_owned()).collect::<BTreeSet<_>>(),
    };
    let shop = shop_with(|settings| {
        settings.webhooks = vec![hook("one", &["order.created"]), hook("two", &["product.created"])];
    });
    shop.sandbox.take_webhooks();
    let id = shop.order(vec![NewLine::new(shop.lamp, 1)]);
    let deliveries = shop.sandbox.take_webhooks();
    assert_eq!(deliveries.len(), 1);
    let delivery = &deliveries[0];
    assert_eq!((delivery.topic, delivery.url.as_str()), ("order.created", "https://zygos.test/one"));
    let mut mac = Hmac::<Sha256>::new_from_slice(b"one").unwrap();
    mac.update(&delivery.body);
    let expected = STANDARD.encode(mac.finalize().into_bytes());
    let signature = delivery.headers.iter().find(|(name, _)| *name == "X-Webhook-Signature").unwrap();
    assert_eq!(signature.1, expected);
    let body: Value = serde_json::from_slice(&delivery.body).unwrap();
    assert_eq!(body["id"], json!(id));
    assert!(shop.sandbox.take_webhooks().is_empty());
}

#[test]
fn everything_people_do_can_be_done_over_http() {
    let shop = shop();
    let product = json!({"name": "Cablu", "sku": "CAB", "price_gross": 12.10, "tax_id": 1, "stock": 4});
    let id = control(&shop, Method::POST, "products", &product).body["id"].as_u64().unwrap();
    assert_eq!(
        control(&shop, Method::PATCH, &format!("products/{id}"), &json!({"name": "Cablu 2"})).status,
        200
    );
    assert_eq!(control(&shop, Method::POST, "stock", &json!({"sku": "CAB", "stock": 9})).status, 200);
    let order = json!({"lines": [{"unit_id": id, "quantity": 2}, {"unit_id": shop.lamp, "quantity": 1}]});
    let order = control(&shop, Method::POST, "orders", &order).body;
    let number = order["id"].as_str().unwrap();
    let row = |place: usize| order["line_items"][place]["row_id"].clone();
    let edit = json!({"row_id": row(0), "quantity": 3});
    assert_eq!(control(&shop, Method::POST, &format!("orders/{number}/lines"), &edit).status, 200);
    let paid = json!({"status": "paid"});
    assert_eq!(control(&shop, Method::POST, &format!("orders/{number}/payment"), &paid).status, 200);
    let moved = json!({"status": "confirmed"});
    assert_eq!(control(&shop, Method::POST, &format!("orders/{number}/shipping"), &moved).status, 200);
    let groups = json!({"groups": [[row(0)], [row(1)]]});
    let children = control(&shop, Method::POST, &format!("orders/{number}/split"), &groups).body;
    let child = children[1].as_str().unwrap();
    assert_eq!(control(&shop, Method::POST, &format!("orders/{child}/cancel"), &json!({})).status, 200);
    assert_eq!(control(&shop, Method::POST, &format!("orders/{child}/cancel"), &json!({})).status, 400);
    let windows = json!({"second": 1, "minute": 2, "hour": 3, "day": 4});
    assert_eq!(control(&shop, Method::PUT, "windows", &windows).status, 200);
    control(&shop, Method::POST, "time", &json!({"add_seconds": 3600}));
    let state = control(&shop, Method::GET, "state", &Value::Null).body;
    assert_eq!(state["now"], json!("2026-03-05T09:40:46Z"));
    assert_eq!(state["windows"]["minute"], json!(2));
    let units = state["units"].as_array().unwrap();
    assert!(units.contains(&json!({"id": id, "sku": "CAB", "stock": 6})));
    assert_eq!(state["orders"].as_array().unwrap().len(), 2);
    assert_eq!(control(&shop, Method::DELETE, &format!("products/{id}"), &Value::Null).status, 200);
    assert_eq!(control(&shop, Method::GET, "nothing", &Value::Null).status, 404);
}
