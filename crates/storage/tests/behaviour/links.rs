use zygos_core::RemoteKey;
use zygos_storage::{Link, Mutation, Repository, StockBase};

use crate::support::{at, erp, key, keys, link, micros_after, number, other_store, stock_base, store};

crate::behaviours![
    links_are_listed_by_store_key,
    a_link_replaces_the_earlier_one_of_its_unit,
    links_to_a_unit_come_from_all_stores,
    a_dropped_link_is_gone_both_ways,
    thousands_of_links_are_asked_for_at_once,
    a_base_is_replaced_and_exact,
];

async fn links_are_listed_by_store_key(repository: &dyn Repository) {
    let (b, a, elsewhere) = (link(store(), "b", "B"), link(store(), "a", "A"), link(other_store(), "c", "C"));
    let put = [&b, &a, &elsewhere].map(|link| Mutation::PutLink(link.clone())).to_vec();
    repository.commit(put).await.unwrap();
    assert_eq!(repository.links(&store()).await.unwrap(), [a.clone(), b.clone()]);
    let asked = keys(&["b", "nobody", "a", "b", "c"]);
    assert_eq!(repository.links_of(&store(), &asked).await.unwrap(), [a, b]);
    assert_eq!(repository.links_of(&store(), &[]).await.unwrap(), []);
}

async fn a_link_replaces_the_earlier_one_of_its_unit(repository: &dyn Repository) {
    let by_hand = Link { matched_by: "hand".to_owned(), ..link(store(), "a", "B") };
    repository
        .commit(vec![Mutation::PutLink(link(store(), "a", "A")), Mutation::PutLink(by_hand.clone())])
        .await
        .unwrap();
    assert_eq!(repository.links(&store()).await.unwrap(), std::slice::from_ref(&by_hand));
    assert_eq!(repository.links_to(&erp(), &keys(&["A"])).await.unwrap(), []);
    assert_eq!(repository.links_to(&erp(), &keys(&["B"])).await.unwrap(), [by_hand]);
}

async fn links_to_a_unit_come_from_all_stores(repository: &dyn Repository) {
    let links = [link(other_store(), "z", "A"), link(store(), "a", "A"), link(store(), "b", "B")];
    repository.commit(links.iter().cloned().map(Mutation::PutLink).collect()).await.unwrap();
    assert_eq!(repository.links_to(&erp(), &keys(&["A"])).await.unwrap(), links[..2]);
    assert_eq!(repository.links_to(&erp(), &keys(&["B", "A", "B"])).await.unwrap(), links);
    assert_eq!(repository.links_to(&store(), &keys(&["A"])).await.unwrap(), []);
}

async fn a_dropped_link_is_gone_both_ways(repository: &dyn Repository) {
    repository.commit(vec![Mutation::PutLink(link(store(), "a", "A"))]).await.unwrap();
    let drop = Mutation::DropLink { store: store(), store_key: key("a") };
    repository.commit(vec![drop.clone(), drop]).await.unwrap();
    assert_eq!(repository.links(&store()).await.unwrap(), []);
    assert_eq!(repository.links_to(&erp(), &keys(&["A"])).await.unwrap(), []);
}

async fn thousands_of_links_are_asked_for_at_once(repository: &dyn Repository) {
    let name = |n: i32| format!("{n:05}");
    let put = (0..5_000).map(|n| Mutation::PutLink(link(store(), &name(n), &name(n)))).collect();
    repository.commit(put).await.unwrap();
    let asked: Vec<RemoteKey> = (0..5_000).map(|n| key(&name(n))).collect();
    assert_eq!(repository.links_of(&store(), &asked).await.unwrap().len(), 5_000);
    assert_eq!(repository.links_to(&erp(), &asked).await.unwrap().len(), 5_000);
}

async fn a_base_is_replaced_and_exact(repository: &dyn Repository) {
    let precise = StockBase {
        figure: number("1234567890.123456"),
        read_at: micros_after(at(9), 1),
        ..stock_base("b", "0")
    };
    let put = [stock_base("b", "1"), stock_base("a", "2"), precise.clone()].map(Mutation::PutStockBase);
    repository.commit(put.to_vec()).await.unwrap();
    let found = repository.stock_bases(&store(), &keys(&["b", "x", "a", "b"])).await.unwrap();
    assert_eq!(found, [stock_base("a", "2"), precise]);
    assert_eq!(repository.stock_bases(&other_store(), &keys(&["a"])).await.unwrap(), []);
    let mut earlier = stock_base("a", "9");
    earlier.read_at = earlier.read_at.saturating_sub(std::time::Duration::from_secs(1)).unwrap();
    repository.commit(vec![Mutation::PutStockBase(earlier)]).await.unwrap();
    let drop = Mutation::DropStockBase { store: store(), unit: key("b") };
    repository.commit(vec![drop]).await.unwrap();
    assert_eq!(repository.stock_bases(&store(), &keys(&["a", "b"])).await.unwrap(), [stock_base("a", "2")]);
    assert_eq!(repository.stock_bases(&store(), &[]).await.unwrap(), []);
}
