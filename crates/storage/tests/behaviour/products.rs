use zygos_core::{
    RemoteKey,
    model::{FieldTrouble, Product, Shape},
};
use zygos_storage::{Mutation, Repository};

use crate::support::{at, erp, key, keys, product, put_product, store, stored_product};

crate::behaviours![
    a_product_comes_back_as_it_was_put,
    a_product_read_earlier_never_overwrites_a_later_one,
    of_an_unchanged_product_only_the_time_of_reading_is_stored,
    products_come_in_the_order_they_are_asked_for,
    the_keys_of_products_are_listed_page_by_page,
    units_belong_to_the_product_that_was_read_with_them,
    a_unit_that_is_no_longer_of_a_product_belongs_to_none,
    a_unit_that_moved_belongs_to_the_product_read_last,
    a_unit_that_could_not_be_read_still_belongs_to_its_product,
    a_dropped_product_is_gone_with_what_its_units_belonged_to,
    a_unit_that_moved_outlives_the_product_it_came_from,
];

async fn one(repository: &dyn Repository, name: &str) -> Option<Product> {
    let mut products = repository.products(&store(), &keys(&[name])).await.unwrap();
    products.pop().map(|stored| stored.product)
}

/// Of `a`, `b`, `c` as far as they belong to one.
async fn belonging(repository: &dyn Repository) -> Vec<(RemoteKey, RemoteKey)> {
    repository.products_of(&store(), &keys(&["a", "b", "c"])).await.unwrap()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(RemoteKey, RemoteKey)> {
    pairs.iter().map(|(unit, product)| (key(unit), key(product))).collect()
}

async fn a_product_comes_back_as_it_was_put(repository: &dyn Repository) {
    let simple = Product {
        shape: Shape::Simple,
        facts: [].into(),
        troubles: Vec::new(),
        modified_at: None,
        ..product("q", &["q"])
    };
    for product in [product("p", &["a", "b", "c"]), simple] {
        let put = stored_product(product, "digest", at(7));
        let mutation = Mutation::PutProduct { connection: store(), product: Box::new(put.clone()) };
        repository.commit(vec![mutation]).await.unwrap();
        let asked = [put.product.key.clone()];
        assert_eq!(repository.products(&store(), &asked).await.unwrap(), [put]);
        assert_eq!(repository.products(&erp(), &asked).await.unwrap(), []);
    }
}

async fn a_product_read_earlier_never_overwrites_a_later_one(repository: &dyn Repository) {
    repository.commit(vec![put_product(product("p", &["a"]), at(10))]).await.unwrap();
    repository.commit(vec![put_product(product("p", &["b"]), at(9))]).await.unwrap();
    assert_eq!(one(repository, "p").await, Some(product("p", &["a"])));
    assert_eq!(belonging(repository).await, pairs(&[("a", "p")]));
    repository.commit(vec![put_product(product("p", &["b"]), at(11))]).await.unwrap();
    assert_eq!(one(repository, "p").await, Some(product("p", &["b"])));
    assert_eq!(belonging(repository).await, pairs(&[("b", "p")]));
}

async fn of_an_unchanged_product_only_the_time_of_reading_is_stored(repository: &dyn Repository) {
    let put = |product, digest: &str, read_at| {
        let product = Box::new(stored_product(product, digest, read_at));
        repository.commit(vec![Mutation::PutProduct { connection: store(), product }])
    };
    let touched = Product { modified_at: Some(at(6)), ..product("p", &["a"]) };
    put(product("p", &["a"]), "same", at(5)).await.unwrap();
    put(touched.clone(), "same", at(6)).await.unwrap();
    let stored = repository.products(&store(), &keys(&["p"])).await.unwrap();
    assert_eq!(stored, [stored_product(product("p", &["a"]), "same", at(6))]);
    put(product("p", &["b"]), "changed", at(5)).await.unwrap();
    put(touched.clone(), "other", at(7)).await.unwrap();
    let stored = repository.products(&store(), &keys(&["p"])).await.unwrap();
    assert_eq!(stored, [stored_product(touched, "other", at(7))]);
}

async fn products_come_in_the_order_they_are_asked_for(repository: &dyn Repository) {
    let put = ["p", "q", "r"].map(|name| put_product(product(name, &[]), at(0))).to_vec();
    repository.commit(put).await.unwrap();
    let found = repository.products(&store(), &keys(&["r", "x", "p", "r", "q"])).await.unwrap();
    let found: Vec<&str> = found.iter().map(|stored| stored.product.key.as_str()).collect();
    assert_eq!(found, ["r", "p", "q"]);
    assert_eq!(repository.products(&store(), &[]).await.unwrap(), []);
}

async fn the_keys_of_products_are_listed_page_by_page(repository: &dyn Repository) {
    let put = ["10", "9", "a", "B"].map(|name| put_product(product(name, &[]), at(0))).to_vec();
    repository.commit(put).await.unwrap();
    let page = |after: Option<&'static str>, limit| async move {
        repository.product_keys(&store(), after.map(key).as_ref(), limit).await.unwrap()
    };
    assert_eq!(page(None, 2).await, keys(&["10", "9"]));
    assert_eq!(page(Some("9"), 2).await, keys(&["B", "a"]));
    assert_eq!(page(Some("91"), 9).await, keys(&["B", "a"]));
    assert_eq!(page(Some("a"), 2).await, keys(&[]));
    assert_eq!(page(None, 0).await, keys(&[]));
    assert_eq!(repository.product_keys(&erp(), None, 9).await.unwrap(), keys(&[]));
}

async fn units_belong_to_the_product_that_was_read_with_them(repository: &dyn Repository) {
    let put = vec![put_product(product("p", &["a", "c"]), at(0)), put_product(product("b", &["b"]), at(0))];
    repository.commit(put).await.unwrap();
    let asked = keys(&["c", "nobody", "b", "a", "c"]);
    let found = repository.products_of(&store(), &asked).await.unwrap();
    assert_eq!(found, pairs(&[("c", "p"), ("b", "b"), ("a", "p")]));
    assert_eq!(repository.products_of(&store(), &[]).await.unwrap(), []);
    assert_eq!(repository.products_of(&erp(), &asked).await.unwrap(), []);
}

async fn a_unit_that_is_no_longer_of_a_product_belongs_to_none(repository: &dyn Repository) {
    repository.commit(vec![put_product(product("p", &["a", "b"]), at(0))]).await.unwrap();
    repository.commit(vec![put_product(product("p", &["b", "c"]), at(1))]).await.unwrap();
    assert_eq!(belonging(repository).await, pairs(&[("b", "p"), ("c", "p")]));
}

async fn a_unit_that_moved_belongs_to_the_product_read_last(repository: &dyn Repository) {
    repository.commit(vec![put_product(product("p", &["a", "b"]), at(5))]).await.unwrap();
    repository.commit(vec![put_product(product("q", &["a", "c"]), at(10))]).await.unwrap();
    let moved = pairs(&[("a", "q"), ("b", "p"), ("c", "q")]);
    assert_eq!(belonging(repository).await, moved);
    // A page that was read before the other one says nothing about the unit.
    repository.commit(vec![put_product(product("p", &["a", "b"]), at(9))]).await.unwrap();
    assert_eq!(belonging(repository).await, moved);
    // What it no longer has isn't taken from the other.
    repository.commit(vec![put_product(product("p", &["b"]), at(11))]).await.unwrap();
    assert_eq!(belonging(repository).await, moved);
    repository.commit(vec![put_product(product("p", &["a", "b"]), at(12))]).await.unwrap();
    assert_eq!(belonging(repository).await, pairs(&[("a", "p"), ("b", "p"), ("c", "q")]));
}

async fn a_unit_that_could_not_be_read_still_belongs_to_its_product(repository: &dyn Repository) {
    repository.commit(vec![put_product(product("p", &["a", "b"]), at(0))]).await.unwrap();
    let mut partly = product("p", &["a"]);
    let message = "its price is not a number".to_owned();
    partly.troubles.push(FieldTrouble { unit: Some(key("b")), field: "price".to_owned(), message });
    repository.commit(vec![put_product(partly, at(1))]).await.unwrap();
    assert_eq!(belonging(repository).await, pairs(&[("a", "p"), ("b", "p")]));
}

async fn a_dropped_product_is_gone_with_what_its_units_belonged_to(repository: &dyn Repository) {
    let put = vec![put_product(product("p", &["a", "b"]), at(5)), put_product(product("q", &["c"]), at(5))];
    repository.commit(put).await.unwrap();
    let drop = Mutation::DropProduct { connection: store(), key: key("p") };
    repository.commit(vec![drop.clone(), drop]).await.unwrap();
    assert_eq!(one(repository, "p").await, None);
    assert_eq!(belonging(repository).await, pairs(&[("c", "q")]));
    assert_eq!(repository.product_keys(&store(), None, 9).await.unwrap(), keys(&["q"]));
    // A later product of that key begins anew.
    repository.commit(vec![put_product(product("p", &["b"]), at(1))]).await.unwrap();
    assert_eq!(one(repository, "p").await, Some(product("p", &["b"])));
    assert_eq!(belonging(repository).await, pairs(&[("b", "p"), ("c", "q")]));
}

async fn a_unit_that_moved_outlives_the_product_it_came_from(repository: &dyn Repository) {
    let put = vec![
        put_product(product("p", &["a", "b"]), at(1)),
        put_product(product("q", &["a"]), at(2)),
        Mutation::DropProduct { connection: store(), key: key("p") },
    ];
    repository.commit(put).await.unwrap();
    assert_eq!(belonging(repository).await, pairs(&[("a", "q")]));
}
