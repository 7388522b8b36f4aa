use std::time::Duration;

use http::HeaderMap;
use serde_json::json;
use zygos_core::{
    contract::{Connector, ConnectorError, ErrorKind, ProductUse, Severity, Write},
    http::{HttpResponse, TransportError},
    model::Entity,
};

use crate::support::{ORDER, Store, list, now, ok, status, with_headers};

type Answer = Result<HttpResponse, TransportError>;

async fn of_a_read(answer: Answer) -> ConnectorError {
    let store = Store::answering([answer]);
    store.connector.scan(&store.context, Entity::Order, None).await.unwrap_err()
}

async fn of_a_write(answer: Answer) -> ConnectorError {
    let store = Store::answering([answer]);
    let write = Write::SetStock { unit: "1".into(), figure: 1.into() };
    store.connector.apply(&store.context, &[write]).await.remove(0).unwrap_err()
}

#[tokio::test]
async fn each_status_states_its_fact_and_only_a_write_may_have_been_applied() {
    let rejected = |field: Option<&str>| ErrorKind::Rejected { field: field.map(str::to_owned) };
    let filter = r#"{"error":{"name":"undefined_filter","message":"No such filter `name` defined"}}"#;
    let same = [
        (status(401, "{}"), ErrorKind::Auth),
        (status(403, "{}"), ErrorKind::Forbidden),
        (status(404, "{}"), ErrorKind::NotFound),
        (status(400, filter), rejected(Some("name"))),
        (status(422, r#"{"error":"no"}"#), rejected(None)),
        (status(302, ""), ErrorKind::Protocol { maybe_applied: false }),
    ];
    for (answer, kind) in same {
        assert_eq!(of_a_read(answer.clone()).await.kind, kind);
        assert_eq!(of_a_write(answer).await.kind, kind);
    }
    for answer in [status(500, ""), status(503, "<html>busy</html>")] {
        assert_eq!(of_a_read(answer.clone()).await.kind, ErrorKind::Unavailable { maybe_applied: false });
        assert_eq!(of_a_write(answer).await.kind, ErrorKind::Unavailable { maybe_applied: true });
    }
    for answer in [ok("<html>log in</html>"), ok("{\"data\":[{\"id\":"), ok("")] {
        assert_eq!(of_a_read(answer.clone()).await.kind, ErrorKind::Protocol { maybe_applied: false });
        assert_eq!(of_a_write(answer).await.kind, ErrorKind::Protocol { maybe_applied: true });
    }
}

#[tokio::test]
async fn a_temporary_condition_is_not_a_refusal_of_the_record() {
    let body = r#"{"error":{"message":"Operation could not be completed"}}"#;
    for code in [400, 405, 500] {
        let error = of_a_write(status(code, body)).await;
        assert!(!matches!(error.kind, ErrorKind::Rejected { .. }), "{code}: {error:?}");
    }
}

#[tokio::test]
async fn a_redirect_names_the_right_host_and_nothing_of_the_path() {
    let moved =
        with_headers(301, "", &[("location", "https://www.shop.example/api/v2/orders?token=hunter2")]);
    let error = of_a_read(moved).await;
    assert!(error.message.contains("to www.shop.example;") && !error.message.contains("hunter2"), "{error}");
}

#[tokio::test]
async fn words_of_the_store_are_told_without_personal_data() {
    let body = r#"{"error":{"message":"Invalid `billing_email` \"ana@example.com\" for 0700000000"}}"#;
    let error = of_a_write(status(400, body)).await;
    assert!(error.message.contains("Invalid `billing_email`"), "{error}");
    assert!(!error.message.contains("ana@") && !error.message.contains("0700000000"), "{error}");
}

#[tokio::test]
async fn the_wait_after_too_many_requests_is_read_in_every_form_it_may_have() {
    let wait_of = async |reset: serde_json::Value, headers: &[(&'static str, &'static str)]| {
        let body =
            json!({"error": {"name": "too_many", "message": "Slow down", "details": {"reset_time": reset}}});
        match of_a_read(with_headers(429, &body.to_string(), headers)).await.kind {
            ErrorKind::RateLimited { wait } => wait.map(|wait| wait.as_secs()),
            other => panic!("{other:?}"),
        }
    };
    let at = now().as_second();
    assert_eq!(wait_of(json!(at + 42), &[]).await, Some(42));
    assert_eq!(wait_of(json!(17), &[]).await, Some(17));
    assert_eq!(wait_of(json!("17"), &[]).await, Some(17));
    assert_eq!(wait_of(json!((now() + Duration::from_secs(9)).to_string()), &[]).await, Some(9));
    assert_eq!(wait_of(json!(null), &[("retry-after", "33")]).await, Some(33));
    assert_eq!(wait_of(json!(null), &[]).await, Some(60));
    // A time that has passed tells only that clocks differ; one far away is not believed.
    assert_eq!(wait_of(json!(at - 100), &[]).await, Some(5));
    assert_eq!(wait_of(json!(at + 10_000_000), &[]).await, Some(3600));
}

#[tokio::test]
async fn the_check_names_each_permission_that_is_missing_and_ends_at_wrong_credentials() {
    let store = Store::answering([ok("[]"), status(403, "{}"), ok("[]"), status(403, "{}")]);
    let report = store.connector.check(&store.context).await.unwrap();
    let blocking: Vec<_> =
        report.findings.iter().filter(|finding| finding.severity == Severity::Blocking).collect();
    assert_eq!(blocking.len(), 1);
    assert!(blocking[0].message.contains("orders"), "{}", blocking[0].message);
    let [(ProductUse::Read, warning)] = report.of_products.as_slice() else { panic!("{report:?}") };
    assert_eq!(warning.severity, Severity::Warning);
    assert!(warning.message.contains("categories"), "{}", warning.message);
    let store = Store::answering([status(401, "{}")]);
    assert_eq!(store.connector.check(&store.context).await.unwrap_err().kind, ErrorKind::Auth);
}

#[tokio::test]
async fn taxes_and_the_payment_methods_of_the_newest_orders_can_be_chosen_from() {
    let order: serde_json::Value = serde_json::from_str(ORDER).unwrap();
    let taxes = r#"[{"id":1,"name":"TVA","value":21},{"id":"2","name":"Redusa","value":"11.0"}]"#;
    let measures = r#"[{"id":1,"name":"buc"},"kg",{"id":3}]"#;
    let store = Store::answering([ok(taxes), ok(measures), ok(&list(&[order.clone(), order], 2))]);
    let found = store.connector.discover(&store.context).await.unwrap();
    let percents: Vec<_> =
        found.taxes.iter().map(|tax| tax.percent.map(|percent| percent.to_string())).collect();
    assert_eq!(percents, [Some("21".to_owned()), Some("11".to_owned())]);
    let named: Vec<_> = found.measures.iter().map(|named| named.name.as_str()).collect();
    assert_eq!(named, ["buc", "kg"]);
    assert_eq!(found.payment_methods.len(), 1);
    assert!(found.payment_methods[0].is_called("cash_delivery"));
}

#[tokio::test]
async fn what_is_no_store_of_this_vendor_is_told_apart() {
    let headers = HeaderMap::new();
    let answer = Ok(HttpResponse { status: http::StatusCode::OK, headers, body: "{\"ok\":true}".into() });
    let error = of_a_read(answer).await;
    assert_eq!(error.kind, ErrorKind::Protocol { maybe_applied: false });
    assert!(error.message.contains("MerchantPro"), "{error}");
}
