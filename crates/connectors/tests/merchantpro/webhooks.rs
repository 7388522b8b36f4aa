use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue};
use sha2::Sha256;
use zygos_core::{
    contract::{Connector, Hint, WebhookRejected},
    model::Entity,
};

use crate::support::{ORDER, Store};

fn signed(body: &str, secret: &str) -> HeaderMap {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let mut headers = HeaderMap::new();
    headers.insert("x-webhook-signature", HeaderValue::try_from(signature).unwrap());
    headers
}

fn hints(body: &str, headers: &HeaderMap) -> Result<Vec<Hint>, WebhookRejected> {
    Store::answering([]).connector.parse_webhook(headers, body.as_bytes())
}

#[test]
fn a_signed_record_is_a_hint_wherever_it_stands_in_its_envelope() {
    let order = Ok(vec![Hint { entity: Entity::Order, key: Some("42200017".into()) }]);
    for body in [ORDER.to_owned(), format!("{{\"data\":{ORDER}}}"), format!("{{\"resource\":{ORDER}}}")] {
        assert_eq!(hints(&body, &signed(&body, "hook-secret")), order);
    }
    let product = r#"{"id":10001,"type":"basic","sku":"ABC-1","inventory_enabled":"on"}"#;
    let expected = vec![Hint { entity: Entity::Product, key: Some("10001".into()) }];
    assert_eq!(hints(product, &signed(product, "hook-secret")), Ok(expected));
}

#[test]
fn what_is_neither_order_nor_product_is_nothing_to_look_at() {
    let request = r#"{"id":5,"message":"Do you ship to Greece?"}"#;
    assert_eq!(hints(request, &signed(request, "hook-secret")), Ok(vec![]));
}

#[test]
fn what_is_not_signed_with_the_secret_is_not_even_read() {
    let bad = Err(WebhookRejected::BadSignature);
    assert_eq!(hints(ORDER, &signed(ORDER, "another secret")), bad);
    assert_eq!(hints("{}", &signed(ORDER, "hook-secret")), bad);
    assert_eq!(hints(ORDER, &HeaderMap::new()), bad);
    let mut headers = HeaderMap::new();
    headers.insert("x-webhook-signature", HeaderValue::from_static("no base64 !"));
    assert_eq!(hints(ORDER, &headers), bad);
}

#[test]
fn a_signed_body_that_is_no_json_is_unreadable() {
    assert_eq!(hints("order", &signed("order", "hook-secret")), Err(WebhookRejected::Unreadable));
}
