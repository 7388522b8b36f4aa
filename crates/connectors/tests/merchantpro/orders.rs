use rust_decimal::Decimal;
use serde_json::{Value, json};
use zygos_core::{
    RemoteKey,
    contract::{Checkpoint, Connector, Fetch, Page},
    model::{Entity, LineKind, Order, OrderStatus, PaymentStatus, Record},
};

use crate::support::{Store, list, ok, order};

async fn page_of(rows: &[Value]) -> Page {
    let store = Store::answering([ok(&list(rows, 1))]);
    store.connector.scan(&store.context, Entity::Order, None).await.unwrap()
}

async fn read(changes: Value) -> Order {
    let page = page_of(&[order(&changes)]).await;
    match page.items.into_iter().next() {
        Some(Ok(Record::Order(order))) => *order,
        other => panic!("no order, but {other:?}"),
    }
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn sum(order: &Order) -> Decimal {
    order.lines.iter().map(|line| line.total_gross).sum()
}

#[tokio::test]
async fn an_order_is_read_whole_and_its_lines_add_up_to_what_is_paid() {
    let order = read(json!({})).await;
    assert_eq!(order.id.as_str(), "42200017");
    assert_eq!(order.created_at.to_string(), "2026-03-05T08:40:46Z");
    assert_eq!((&order.status, &order.payment), (&OrderStatus::New, &PaymentStatus::Awaiting));
    assert_eq!(order.payment_method.code, "cash_delivery");
    assert_eq!(order.currency.code(), "RON");
    assert_eq!((order.total, order.tax_total), (decimal("201.5"), Some(decimal("34.9711"))));
    assert_eq!(sum(&order), order.total);
    assert_eq!(order.customer.key, Some(RemoteKey::new("4")));
    assert!(order.customer.company.is_none());
    assert_eq!(order.shipping.region.as_deref(), Some("Cluj"));
    assert_eq!(order.shipping.country.as_deref(), Some("RO"));
    assert_eq!((order.awb, order.erp_id, order.parent), (None, None, None));
    let [lamp, bulb, shipping] = order.lines.as_slice() else { panic!("{:?}", order.lines) };
    assert_eq!((lamp.unit.as_ref(), lamp.sku.as_deref()), (Some(&RemoteKey::new("10001")), Some("ABC-1")));
    assert_eq!((bulb.unit_net, bulb.unit_gross), (decimal("50"), decimal("60.5")));
    assert_eq!((shipping.kind, shipping.unit.as_ref()), (LineKind::Shipping, None));
    assert_eq!((shipping.unit_net, shipping.tax_percent), (decimal("16.5289"), decimal("21")));
}

#[tokio::test]
async fn discounts_and_store_credit_lower_what_is_paid() {
    let mut lines = order(&json!({}))["line_items"].as_array().unwrap().clone();
    lines.push(json!({"row_id": "p6a1b2c3d4e5f8", "item_type": "coupon", "product_id": 0, "quantity": 1,
        "product_name": "VARA10", "product_tax_percent": 21, "unit_price_net": -10, "unit_tax_amount": -2.1,
        "unit_price_gross": -12.1, "line_subtotal_gross": -12.1,
        "applied_discounts": [{"product_id": 10001, "amount": 10}]}));
    // The sign of the store credit is not relied on.
    for wallet in [json!(9.4), json!("-9.4000")] {
        let order =
            read(json!({"line_items": lines, "wallet_amount": wallet, "total_amount": 180, "shipping_amount": "20.00"}))
                .await;
        assert_eq!(sum(&order), decimal("180"));
        let kinds: Vec<LineKind> = order.lines.iter().map(|line| line.kind).collect();
        assert_eq!(
            kinds,
            [
                LineKind::Product,
                LineKind::Product,
                LineKind::Coupon,
                LineKind::Shipping,
                LineKind::StoreCredit
            ]
        );
        assert_eq!(order.lines[2].unit, None);
    }
}

#[tokio::test]
async fn every_documented_status_has_its_meaning_and_a_new_one_is_kept_as_it_is_spelled() {
    let statuses = [
        ("temporary", OrderStatus::Temporary),
        ("awaiting", OrderStatus::New),
        ("confirmed", OrderStatus::Confirmed),
        ("in_process", OrderStatus::Processing),
        ("shipped", OrderStatus::Shipped),
        ("delivered", OrderStatus::Delivered),
        ("returned", OrderStatus::Returned),
        ("cancelled", OrderStatus::Cancelled),
        ("on_the_moon", OrderStatus::Unknown("on_the_moon".to_owned())),
    ];
    for (spelled, meant) in statuses {
        assert_eq!(read(json!({"shipping_status": spelled})).await.status, meant);
    }
    let payments = [
        ("paid", PaymentStatus::Paid),
        ("refunded", PaymentStatus::Refunded),
        ("rejected", PaymentStatus::Failed),
        ("canceled", PaymentStatus::Cancelled),
        ("cancelled", PaymentStatus::Cancelled),
        ("bartered", PaymentStatus::Unknown("bartered".to_owned())),
    ];
    for (spelled, meant) in payments {
        assert_eq!(read(json!({"payment_status": spelled})).await.payment, meant);
    }
}

#[tokio::test]
async fn numbers_as_texts_and_empty_lists_for_objects_are_understood() {
    let order = read(json!({
        "id": 42200017, "customer_id": "0", "total_amount": "201.50", "payment_details": [], "meta_fields": [],
        "tags": [{"id": 3, "name": "Picked"}], "shipping_awb": "AWB1", "erp_id": "SO-7", "customer_note": "",
    }))
    .await;
    assert_eq!(order.id.as_str(), "42200017");
    assert_eq!((order.customer.key, order.note), (None, None));
    assert_eq!(order.total, decimal("201.5"));
    assert_eq!((order.tags, order.awb), (vec!["Picked".to_owned()], Some("AWB1".to_owned())));
    assert_eq!(order.erp_id.as_deref(), Some("SO-7"));
}

#[tokio::test]
async fn a_company_is_told_by_the_type_of_the_billing_address() {
    let order = read(json!({"billing_type": "company", "billing_company_vat": "RO123"})).await;
    let company = order.customer.company.expect("a company");
    assert_eq!((company.name.as_str(), company.vat_number.as_deref()), ("Ana Exemplu", Some("RO123")));
}

#[tokio::test]
async fn a_bad_record_is_an_item_of_its_page_with_its_field_and_nothing_personal() {
    let strange = json!([{"row_id": "p1", "item_type": "mystery", "product_name": "Ana", "quantity": 1}]);
    let cases = [
        (json!({"total_amount": "much, says Ana"}), "total_amount"),
        (json!({"total_amount": null}), "total_amount"),
        (json!({"date_created": "yesterday"}), "date_created"),
        (json!({"currency": "leu1"}), "currency"),
        (json!({"shipping_status": null}), "shipping_status"),
        (json!({"line_items": null}), "line_items"),
        (json!({ "line_items": strange }), "line_items.item_type"),
    ];
    for (changes, field) in cases {
        let page = page_of(&[order(&changes), order(&json!({"id": "42200018"}))]).await;
        let unreadable = page.items[0].as_ref().unwrap_err();
        assert_eq!(
            (unreadable.key.as_ref().map(RemoteKey::as_str), unreadable.field.as_str()),
            (Some("42200017"), field)
        );
        assert!(!unreadable.message.contains("Ana"), "{unreadable}");
        assert_eq!(page.items[1].as_ref().unwrap().key().as_str(), "42200018");
    }
    let page = page_of(&[json!("nonsense")]).await;
    assert_eq!(page.items[0].as_ref().unwrap_err().key, None);
}

#[tokio::test]
async fn orders_are_listed_newest_first_page_by_page_until_the_count_is_reached() {
    let rows = [order(&json!({})), order(&json!({"id": "42200016"}))];
    let store = Store::answering([ok(&list(&rows, 4)), ok(&list(&rows, 4)), ok(&list(&[], 9))]);
    let scan = |from: Option<Checkpoint>| {
        let store = &store;
        async move { store.connector.scan(&store.context, Entity::Order, from.as_ref()).await.unwrap() }
    };
    let first = scan(None).await;
    assert_eq!(
        (first.next.clone(), first.more, first.total),
        (Some(Checkpoint("2".to_owned())), true, Some(4))
    );
    let last = scan(first.next).await;
    assert_eq!((last.next, last.more), (None, false));
    // An empty page ends a list whose count is wrong.
    assert_eq!(scan(Some(Checkpoint("8".to_owned()))).await.next, None);
    let path = "GET /orders?sort=date_created.desc&include=line_items,tags";
    assert_eq!(
        store.asked()[..2],
        [format!("{path}&start=0&limit=100"), format!("{path}&start=2&limit=100")]
    );
}

#[tokio::test]
async fn known_orders_are_read_fifty_a_call_and_missing_ones_are_simply_not_there() {
    let store = Store::answering([ok(&list(&[order(&json!({"id": "95700001.3"}))], 1)), ok(&list(&[], 0))]);
    let keys = (1..=51).map(|number| RemoteKey::new(format!("95700001.{number}"))).collect();
    let fetch = Fetch::Keys { entity: Entity::Order, keys };
    let items = store.connector.fetch(&store.context, &fetch).await.unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0].as_ref().unwrap().key().as_str(), "95700001.3");
    let asked = store.asked();
    assert!(asked[0].starts_with("GET /orders?ids=95700001.1,95700001.2,"), "{}", asked[0]);
    assert!(asked[1].starts_with("GET /orders?ids=95700001.51&"), "{}", asked[1]);
}

#[tokio::test]
async fn parts_of_a_split_order_are_asked_for_by_their_likely_names() {
    let part = |id: &str| ok(&list(&[order(&json!({"id": id, "parent_id": 7}))], 1));
    let store = Store::answering([part("95700001.2"), part("95700001.60"), ok(&list(&[], 0))]);
    let fetch = Fetch::SplitChildren { order: "95700001".into() };
    let items = store.connector.fetch(&store.context, &fetch).await.unwrap();
    let keys: Vec<&str> = items.iter().map(|item| item.as_ref().unwrap().key().as_str()).collect();
    assert_eq!(keys, ["95700001.2", "95700001.60"]);
    assert!(store.asked()[0].contains("ids=95700001.1,95700001.2,95700001.3,"), "{:?}", store.asked());
    assert!(store.asked()[1].contains("ids=95700001.51,") && store.asked()[2].contains("ids=95700001.101,"));
}
