use zygos_core::model::Order;
use zygos_storage::{Mutation, OrderFilter, Repository, StoredOrder};

use crate::support::{
    at, document, key, keys, micros_after, order, other_store, put_order, store, stored_order,
};

crate::behaviours![
    an_order_comes_back_as_it_was_put,
    an_order_is_replaced_and_found_by_what_it_is_now,
    a_document_is_put_onto_a_stored_order_only,
    digests_of_stored_orders_are_told,
    orders_are_listed_newest_first,
    orders_are_filtered,
    orders_are_found_by_reference_in_all_stores,
    orders_split_from_another_are_found,
];

fn ids(orders: &[StoredOrder]) -> Vec<&str> {
    orders.iter().map(|stored| stored.order.id.as_str()).collect()
}

fn created(id: &str, seconds: i64) -> StoredOrder {
    StoredOrder { order: Order { created_at: at(seconds), ..order(id) }, ..stored_order(id) }
}

async fn an_order_comes_back_as_it_was_put(repository: &dyn Repository) {
    let put = StoredOrder {
        party: Some(key("p1")),
        document: Some(document("119.100000")),
        root: Some(key("0")),
        first_seen: micros_after(at(1), 1),
        last_read: micros_after(at(2), 999_999),
        closed: true,
        ..stored_order("1")
    };
    repository.commit(vec![put_order(put.clone())]).await.unwrap();
    let stored = repository.order(&store(), &key("1")).await.unwrap().unwrap();
    assert_eq!(stored, put);
    assert_eq!(stored.order.total.to_string(), "119.10");
    assert_eq!(stored.state.to_string(), put.state.to_string());
    assert_eq!(repository.order(&other_store(), &key("1")).await.unwrap(), None);
}

async fn an_order_is_replaced_and_found_by_what_it_is_now(repository: &dyn Repository) {
    let before = StoredOrder { document: Some(document("1")), ..stored_order("1") };
    repository.commit(vec![put_order(before)]).await.unwrap();
    let after = StoredOrder {
        digest: "another".to_owned(),
        state_code: "done".to_owned(),
        reference: "XX-1".to_owned(),
        closed: true,
        ..created("1", 77)
    };
    repository.commit(vec![put_order(after.clone())]).await.unwrap();
    assert_eq!(repository.order(&store(), &key("1")).await.unwrap(), Some(after.clone()));
    assert_eq!(repository.orders_by_reference(&["MP-1".to_owned()]).await.unwrap(), []);
    assert_eq!(
        repository.orders_by_reference(&["XX-1".to_owned()]).await.unwrap(),
        std::slice::from_ref(&after)
    );
    let open = OrderFilter { closed: Some(false), ..OrderFilter::default() };
    assert_eq!(repository.orders(&open).await.unwrap(), []);
    assert_eq!(repository.orders(&OrderFilter::default()).await.unwrap(), std::slice::from_ref(&after));

    let child = StoredOrder { root: Some(key("0")), ..after };
    repository.commit(vec![put_order(child.clone())]).await.unwrap();
    assert_eq!(repository.orders_by_reference(&["XX-1".to_owned()]).await.unwrap(), []);
    assert_eq!(repository.orders_split_from(&store(), &key("0")).await.unwrap(), [child]);
}

async fn a_document_is_put_onto_a_stored_order_only(repository: &dyn Repository) {
    repository.commit(vec![put_order(stored_order("1"))]).await.unwrap();
    let put = |id: &str, total: &str| Mutation::PutDocument {
        store: store(),
        order: key(id),
        document: Box::new(document(total)),
    };
    repository.commit(vec![put("1", "119.10"), put("2", "1")]).await.unwrap();
    let expected = StoredOrder { document: Some(document("119.10")), ..stored_order("1") };
    assert_eq!(repository.orders(&OrderFilter::default()).await.unwrap(), [expected]);
}

async fn digests_of_stored_orders_are_told(repository: &dyn Repository) {
    repository.commit(vec![put_order(stored_order("2")), put_order(stored_order("1"))]).await.unwrap();
    let asked = keys(&["2", "9", "1", "2"]);
    let expected = [(key("1"), "digest of 1".to_owned()), (key("2"), "digest of 2".to_owned())];
    assert_eq!(repository.order_digests(&store(), &asked).await.unwrap(), expected);
    assert_eq!(repository.order_digests(&other_store(), &asked).await.unwrap(), []);
    assert_eq!(repository.order_digests(&store(), &[]).await.unwrap(), []);
}

async fn orders_are_listed_newest_first(repository: &dyn Repository) {
    let elsewhere = StoredOrder { store: other_store(), ..created("9", 20) };
    let put = [created("1", 10), created("3", 30), created("5", 20), created("4", 20), elsewhere];
    repository.commit(put.map(put_order).to_vec()).await.unwrap();
    let all = repository.orders(&OrderFilter::default()).await.unwrap();
    assert_eq!(ids(&all), ["3", "9", "4", "5", "1"]);
    let two = OrderFilter { limit: Some(2), ..OrderFilter::default() };
    assert_eq!(repository.orders(&two).await.unwrap(), all[..2]);
}

async fn orders_are_filtered(repository: &dyn Repository) {
    let orders = [
        created("1", 10),
        StoredOrder { state_code: "held".to_owned(), ..created("2", 20) },
        StoredOrder { closed: true, ..created("3", 30) },
        StoredOrder { last_read: at(50), ..created("4", 40) },
        StoredOrder { store: other_store(), ..created("5", 50) },
    ];
    repository.commit(orders.map(put_order).to_vec()).await.unwrap();
    let any = OrderFilter::default();
    let cases = [
        (OrderFilter { store: Some(store()), ..any.clone() }, vec!["4", "3", "2", "1"]),
        (OrderFilter { state_code: Some("held".to_owned()), ..any.clone() }, vec!["2"]),
        (OrderFilter { closed: Some(false), ..any.clone() }, vec!["5", "4", "2", "1"]),
        (OrderFilter { closed: Some(true), ..any.clone() }, vec!["3"]),
        (OrderFilter { last_read_before: Some(at(50)), ..any.clone() }, vec!["5", "3", "2", "1"]),
        (OrderFilter { created_from: Some(at(30)), ..any.clone() }, vec!["5", "4", "3"]),
        (
            OrderFilter {
                store: Some(store()),
                state_code: Some("placed".to_owned()),
                closed: Some(false),
                last_read_before: Some(at(60)),
                created_from: Some(at(10)),
                limit: Some(1),
            },
            vec!["4"],
        ),
    ];
    for (filter, expected) in cases {
        assert_eq!(ids(&repository.orders(&filter).await.unwrap()), expected, "{filter:?}");
    }
}

async fn orders_are_found_by_reference_in_all_stores(repository: &dyn Repository) {
    let orders = [
        stored_order("1"),
        StoredOrder { store: other_store(), ..stored_order("1") },
        stored_order("2"),
        StoredOrder { root: Some(key("1")), reference: "MP-1".to_owned(), ..stored_order("1.1") },
    ];
    repository.commit(orders.clone().map(put_order).to_vec()).await.unwrap();
    let asked = ["MP-2", "MP-1", "MP-1", "MP-9"].map(str::to_owned);
    let found = repository.orders_by_reference(&asked).await.unwrap();
    assert_eq!(found, [orders[1].clone(), orders[0].clone(), orders[2].clone()]);
    assert_eq!(repository.orders_by_reference(&[]).await.unwrap(), []);
}

async fn orders_split_from_another_are_found(repository: &dyn Repository) {
    let child = |id: &str| StoredOrder { root: Some(key("1")), ..stored_order(id) };
    let elsewhere = StoredOrder { store: other_store(), ..child("1.3") };
    let put = [child("1.2"), stored_order("1"), child("1.1"), elsewhere];
    repository.commit(put.map(put_order).to_vec()).await.unwrap();
    let found = repository.orders_split_from(&store(), &key("1")).await.unwrap();
    assert_eq!(ids(&found), ["1.1", "1.2"]);
    assert_eq!(repository.orders_split_from(&store(), &key("1.1")).await.unwrap(), []);
}
