use std::fmt::Debug;

use zygos_core::RunId;
use zygos_storage::{OrderFilter, OutboxKind, Repository};

use crate::support::{at, erp, key, keys, other_store, store};

fn told(question: &str, answer: impl Debug) -> String {
    format!("{question}: {answer:?}")
}

/// The answers to every question about the names the tests use.
pub async fn everything(repository: &dyn Repository) -> Vec<String> {
    let mut all = Vec::new();
    let units = keys(&["b", "a", "c", "nobody", "a"]);
    let erp_units = keys(&["B", "A", "C", "A"]);
    let products = keys(&["q", "p", "nobody", "r", "q"]);
    let ids = keys(&["2", "1", "1.1", "9"]);
    for connection in [store(), other_store(), erp()] {
        let c = &connection;
        all.push(told("connection", repository.connection(c).await.unwrap()));
        all.push(told("cursor", repository.cursor(c, "orders").await.unwrap()));
        all.push(told("unit", repository.unit(c, &key("a")).await.unwrap()));
        all.push(told("units by key", repository.units_by_key(c, &units).await.unwrap()));
        all.push(told("units", repository.units(c, 0, 1000).await.unwrap()));
        all.push(told("page of units", repository.units(c, 1, 1).await.unwrap()));
        all.push(told("units called", repository.units_called(c, " SKU-a ").await.unwrap()));
        all.push(told("unit count", repository.unit_count(c).await.unwrap()));
        all.push(told("products", repository.products(c, &products).await.unwrap()));
        all.push(told("products of", repository.products_of(c, &units).await.unwrap()));
        all.push(told("product keys", repository.product_keys(c, None, 2).await.unwrap()));
        all.push(told("later product keys", repository.product_keys(c, Some(&key("p")), 9).await.unwrap()));
        all.push(told("field bases", repository.field_bases(c, &products).await.unwrap()));
        all.push(told("tombstones", repository.tombstones(c).await.unwrap()));
        all.push(told("links", repository.links(c).await.unwrap()));
        all.push(told("links of", repository.links_of(c, &units).await.unwrap()));
        all.push(told("links to", repository.links_to(c, &erp_units).await.unwrap()));
        all.push(told("bases", repository.stock_bases(c, &units).await.unwrap()));
        all.push(told("order", repository.order(c, &key("1")).await.unwrap()));
        all.push(told("digests", repository.order_digests(c, &ids).await.unwrap()));
        all.push(told("split", repository.orders_split_from(c, &key("1")).await.unwrap()));
        all.push(told("ledger of order", repository.ledger_of_order(c, &key("1")).await.unwrap()));
        for kind in [OutboxKind::Stock, OutboxKind::Order, OutboxKind::Feedback, OutboxKind::Product] {
            all.push(told("next due", repository.next_due(c, kind).await.unwrap()));
        }
        all.push(told("outbox", repository.outbox(Some(c), 3).await.unwrap()));
        all.push(told("summary", repository.outbox_summary(c).await.unwrap()));
        all.push(told("open issue", repository.open_issue(c, "held", "1").await.unwrap()));
        all.push(told("journal", repository.journal(Some(c), None, 50).await.unwrap()));
        all.push(told("journal of a", repository.journal(Some(c), Some(&key("a")), 50).await.unwrap()));
        all.push(told("drifts", repository.drifts(Some(c), 50).await.unwrap()));
        all.push(told("open drift", repository.open_drift(c, &key("a"), "stock").await.unwrap()));
        all.push(told("open drifts", repository.open_drifts(c, &units).await.unwrap()));
        all.push(told("hints", repository.hints(c, 50).await.unwrap()));
    }
    for filter in filters() {
        all.push(told("orders", repository.orders(&filter).await.unwrap()));
    }
    let references = ["MP-2", "MP-1", "MP-1", "MP-9"].map(str::to_owned);
    all.push(told("by reference", repository.orders_by_reference(&references).await.unwrap()));
    all.push(told("ledger", repository.ledger(&erp_units).await.unwrap()));
    all.push(told("whole ledger", repository.whole_ledger().await.unwrap()));
    all.push(told("whole outbox", repository.outbox(None, 1000).await.unwrap()));
    all.push(told("issues", repository.issues(false).await.unwrap()));
    all.push(told("all issues", repository.issues(true).await.unwrap()));
    all.push(told("issue", repository.issue(1).await.unwrap()));
    all.push(told("whole journal", repository.journal(None, None, 1000).await.unwrap()));
    all.push(told("journal by key", repository.journal(None, Some(&key("a")), 2).await.unwrap()));
    all.push(told("attempts", repository.attempts(None, 1000).await.unwrap()));
    all.push(told("attempts at a", repository.attempts(Some("unit a"), 2).await.unwrap()));
    all.push(told("all drifts", repository.drifts(None, 1000).await.unwrap()));
    all.push(told("runs", repository.runs(1000).await.unwrap()));
    all.push(told("run", repository.run(&RunId::new("run-1")).await.unwrap()));
    all
}

fn filters() -> Vec<OrderFilter> {
    let any = OrderFilter::default();
    vec![
        any.clone(),
        OrderFilter { store: Some(store()), ..any.clone() },
        OrderFilter { state_code: Some("placed".to_owned()), limit: Some(2), ..any.clone() },
        OrderFilter { closed: Some(true), ..any.clone() },
        OrderFilter { closed: Some(false), store: Some(other_store()), ..any.clone() },
        OrderFilter { last_read_before: Some(at(3)), ..any.clone() },
        OrderFilter { closed: Some(false), created_from: Some(at(2)), limit: Some(1), ..any },
    ]
}
