use serde_json::json;
use zygos_core::{
    contract::{Connector, ErrorKind, Outcome, Transition, Write},
    model::{Record, Tracking},
};

use crate::support::{INVENTORY, ORDER, Store, lost, ok, order, refused, status};

fn set_stock(figure: &str) -> Write {
    Write::SetStock { unit: "10001".into(), figure: figure.parse().unwrap() }
}

fn move_to(to: Transition) -> Write {
    Write::TransitionOrder { order: "95700001.3".into(), to }
}

async fn one(store: &Store, write: Write) -> Outcome {
    store.connector.apply(&store.context, &[write]).await.remove(0)
}

fn in_status(status: &str) -> String {
    order(&json!({"id": "95700001.3", "shipping_status": status})).to_string()
}

#[tokio::test]
async fn stock_is_written_as_an_exact_number_and_the_answer_is_the_read_back() {
    for (figure, sent) in [("7.000", "7"), ("0.3", "0.3"), ("-2", "-2"), ("1000", "1000")] {
        let store = Store::answering([ok(INVENTORY)]);
        let applied = one(&store, set_stock(figure)).await.unwrap();
        let Some(Record::Product(unit)) = applied.record else { panic!("no read-back") };
        assert_eq!((unit.key.as_str(), unit.stock), ("10001", Some(7.into())));
        assert_eq!(store.asked(), [format!("PATCH /inventory/id/10001 {{\"stock\":{sent}}}")]);
    }
}

#[tokio::test]
async fn credentials_travel_in_a_header_that_is_never_printed() {
    let store = Store::answering([ok(INVENTORY)]);
    one(&store, set_stock("7")).await.unwrap();
    let request = store.first_request();
    // base64 of `key:hunter2`
    assert_eq!(request.headers["authorization"], "Basic a2V5Omh1bnRlcjI=");
    assert!(request.headers["authorization"].is_sensitive());
    assert_eq!(request.headers["content-type"], "application/json");
    assert_eq!(request.timeout.as_secs(), 20);
}

#[tokio::test]
async fn after_a_store_that_did_not_answer_the_rest_is_not_tried() {
    let store = Store::answering([ok(INVENTORY), lost()]);
    let batch = [set_stock("7"), set_stock("8"), set_stock("9")];
    let outcomes = store.connector.apply(&store.context, &batch).await;
    let kinds: Vec<_> =
        outcomes.iter().map(|outcome| outcome.as_ref().err().map(|error| error.kind.clone())).collect();
    let unavailable = |maybe_applied| Some(ErrorKind::Unavailable { maybe_applied });
    assert_eq!(kinds, [None, unavailable(true), unavailable(false)]);
    assert_eq!(store.asked().len(), 2);
}

#[tokio::test]
async fn a_write_that_was_never_sent_is_surely_not_applied() {
    let store = Store::answering([refused()]);
    let error = one(&store, set_stock("7")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable { maybe_applied: false });
}

#[tokio::test]
async fn an_order_is_moved_by_its_action_after_its_state_was_read() {
    let moves = [
        ("awaiting", Transition::Process, "in_process"),
        ("confirmed", Transition::Ship, "shipped"),
        ("shipped", Transition::Deliver, "delivered"),
        ("in_process", Transition::Cancel, "cancelled"),
    ];
    for (from, to, action) in moves {
        let store = Store::answering([ok(&in_status(from)), ok(&in_status(action))]);
        let applied = one(&store, move_to(to)).await.unwrap();
        assert!(!applied.already);
        let asked = store.asked();
        assert_eq!(asked[0], "GET /orders/95700001.3?include=line_items,tags");
        assert_eq!(asked[1], format!("PATCH /orders/95700001.3/{action}"));
    }
}

#[tokio::test]
async fn an_order_that_is_there_or_further_is_left_alone() {
    let moves = [
        ("in_process", Transition::Process),
        ("delivered", Transition::Ship),
        ("delivered", Transition::Deliver),
        ("cancelled", Transition::Cancel),
    ];
    for (from, to) in moves {
        let store = Store::answering([ok(&in_status(from))]);
        assert!(one(&store, move_to(to)).await.unwrap().already, "{from} {to:?}");
        assert_eq!(store.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_cancelled_order_is_not_shipped() {
    let store = Store::answering([ok(&in_status("cancelled"))]);
    assert!(one(&store, move_to(Transition::Ship)).await.is_err());
    assert_eq!(store.asked().len(), 1);
}

#[tokio::test]
async fn a_waybill_and_a_mark_are_fields_of_the_order() {
    let store = Store::answering([ok(ORDER), ok(ORDER)]);
    let tracking = Tracking { number: "AWB 1".to_owned(), carrier: None, url: None };
    one(&store, Write::SetTracking { order: "42200017".into(), tracking }).await.unwrap();
    one(&store, Write::SetErpId { order: "42200017".into(), erp_id: "SO-7".to_owned() }).await.unwrap();
    assert_eq!(
        store.asked(),
        [r#"PATCH /orders/42200017 {"shipping_awb":"AWB 1"}"#, r#"PATCH /orders/42200017 {"erp_id":"SO-7"}"#]
    );
}

#[tokio::test]
async fn a_tag_is_added_once() {
    let tag = || Write::AddTag { order: "42200017".into(), tag: "Invoice 12".to_owned() };
    let store = Store::answering([ok(ORDER), ok(r#"{"id":5,"name":"Invoice 12"}"#)]);
    assert!(!one(&store, tag()).await.unwrap().already);
    assert_eq!(store.asked()[1], r#"POST /orders/42200017/tags {"name":"Invoice 12"}"#);
    let tagged = order(&json!({"tags": [{"id": 5, "name": "Invoice 12"}]})).to_string();
    let store = Store::answering([ok(&tagged)]);
    assert!(one(&store, tag()).await.unwrap().already);
    assert_eq!(store.asked().len(), 1);
}

#[tokio::test]
async fn a_store_that_takes_no_posted_tags_gets_them_patched() {
    let tag = || Write::AddTag { order: "42200017".into(), tag: "Invoice 12".to_owned() };
    let not_allowed = || status(405, r#"{"error":{"message":"Method not allowed"}}"#);
    let store = Store::answering([ok(ORDER), not_allowed(), ok(ORDER)]);
    assert!(one(&store, tag()).await.is_ok());
    assert_eq!(
        store.asked()[1..],
        [
            r#"POST /orders/42200017/tags {"name":"Invoice 12"}"#,
            r#"PATCH /orders/42200017/tags {"name":"Invoice 12"}"#
        ]
    );
    // Neither: it is refused, and only this record waits.
    let store = Store::answering([ok(ORDER), not_allowed(), not_allowed()]);
    let error = one(&store, tag()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported);
    assert!(error.is_of_one_record());
    // A passing trouble that comes with the same status is tried again later, as it was.
    let store = Store::answering([
        ok(ORDER),
        status(405, r#"{"error":{"message":"Operation could not be completed"}}"#),
    ]);
    assert_eq!(one(&store, tag()).await.unwrap_err().kind, ErrorKind::Conflict);
}
