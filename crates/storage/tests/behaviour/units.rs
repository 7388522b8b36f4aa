use zygos_core::{RemoteKey, model::Unit};
use zygos_storage::{Mutation, Repository, StoredUnit};

use crate::support::{at, erp, key, keys, micros_after, number, put_unit, store, stored_unit, unit};

crate::behaviours![
    a_unit_comes_back_as_it_was_put,
    a_unit_is_replaced_whole,
    figures_are_exact,
    a_figure_read_earlier_never_overwrites_a_later_one,
    a_figure_of_an_unknown_unit_is_dropped,
    only_the_figure_of_a_unit_is_put,
    units_come_in_the_order_they_are_asked_for,
    units_are_listed_by_position_then_key,
    a_position_is_never_split_between_two_pages,
    a_unit_is_found_by_sku_ean_and_key,
    a_dropped_unit_is_gone,
    units_of_connections_are_apart,
    thousands_of_units_are_asked_for_at_once,
];

async fn names(units: Vec<StoredUnit>) -> Vec<String> {
    units.into_iter().map(|stored| stored.unit.key.to_string()).collect()
}

async fn a_unit_comes_back_as_it_was_put(repository: &dyn Repository) {
    let put = StoredUnit {
        unit: Unit { parent: Some(key("p")), ean: Some(" 590 ".to_owned()), ..unit("a") },
        position: 41,
        read_at: micros_after(at(0), 123_457),
    };
    repository.commit(vec![put_unit(put.clone())]).await.unwrap();
    assert_eq!(repository.unit(&store(), &key("a")).await.unwrap(), Some(put));
    assert_eq!(repository.unit(&store(), &key("A")).await.unwrap(), None);
}

async fn a_unit_is_replaced_whole(repository: &dyn Repository) {
    repository.commit(vec![put_unit(stored_unit("a", 0, at(0)))]).await.unwrap();
    let renamed = Unit { name: "Renamed".to_owned(), sku: None, stock: None, ..unit("a") };
    let renamed = StoredUnit { unit: renamed, position: 5, read_at: at(1) };
    repository.commit(vec![put_unit(renamed.clone())]).await.unwrap();
    assert_eq!(repository.units(&store(), 0, 10).await.unwrap(), vec![renamed]);
    assert_eq!(repository.units_called(&store(), "SKU-a").await.unwrap(), vec![]);
}

async fn figures_are_exact(repository: &dyn Repository) {
    let figures =
        ["0.000001", "123456789012345678901.123456", "-79228162514264337593543950335", "1.500000", "0"];
    for (step, figure) in (0..).zip(figures) {
        let unit = Unit { stock: Some(number(figure)), price_gross: Some(number(figure)), ..unit("a") };
        let put = StoredUnit { unit, position: 0, read_at: at(step) };
        repository.commit(vec![put_unit(put)]).await.unwrap();
        let stored = repository.unit(&store(), &key("a")).await.unwrap().unwrap().unit;
        assert_eq!(stored.stock.unwrap().to_string(), figure);
        assert_eq!(stored.price_gross.unwrap().to_string(), figure);
    }
}

async fn a_figure_read_earlier_never_overwrites_a_later_one(repository: &dyn Repository) {
    repository.commit(vec![put_unit(stored_unit("a", 0, at(10)))]).await.unwrap();
    let put_figure = |figure: &str, read_at| Mutation::PutFigure {
        connection: store(),
        unit: Unit { stock: Some(number(figure)), ..unit("a") },
        read_at,
    };
    repository.commit(vec![put_figure("3", at(20))]).await.unwrap();
    repository.commit(vec![put_figure("9", micros_after(at(20), -1))]).await.unwrap();
    let stored = repository.unit(&store(), &key("a")).await.unwrap().unwrap();
    assert_eq!((stored.unit.stock, stored.read_at), (Some(number("3")), at(20)));

    // A scan that began earlier brings everything but its figure.
    let scanned = Unit { name: "Renamed".to_owned(), stock: Some(number("9")), ..unit("a") };
    let scanned = StoredUnit { unit: scanned, position: 8, read_at: at(15) };
    repository.commit(vec![put_unit(scanned)]).await.unwrap();
    let stored = repository.unit(&store(), &key("a")).await.unwrap().unwrap();
    assert_eq!((stored.unit.stock, stored.read_at), (Some(number("3")), at(20)));
    assert_eq!((stored.unit.name.as_str(), stored.position), ("Renamed", 8));

    repository.commit(vec![put_figure("4", at(20))]).await.unwrap();
    let stored = repository.unit(&store(), &key("a")).await.unwrap().unwrap();
    assert_eq!(stored.unit.stock, Some(number("4")));
}

async fn a_figure_of_an_unknown_unit_is_dropped(repository: &dyn Repository) {
    let put = Mutation::PutFigure { connection: store(), unit: unit("a"), read_at: at(0) };
    repository.commit(vec![put]).await.unwrap();
    assert_eq!(repository.unit_count(&store()).await.unwrap(), 0);
}

async fn only_the_figure_of_a_unit_is_put(repository: &dyn Repository) {
    let before = stored_unit("a", 3, at(0));
    repository.commit(vec![put_unit(before.clone())]).await.unwrap();
    let told = Unit { name: "Another".to_owned(), sku: None, stock: None, ..unit("a") };
    let put = Mutation::PutFigure { connection: store(), unit: told, read_at: at(1) };
    repository.commit(vec![put]).await.unwrap();
    let after = StoredUnit { unit: Unit { stock: None, ..before.unit }, read_at: at(1), ..before };
    assert_eq!(repository.unit(&store(), &key("a")).await.unwrap(), Some(after));
}

async fn units_come_in_the_order_they_are_asked_for(repository: &dyn Repository) {
    let put = ["a", "b", "c"].map(|name| put_unit(stored_unit(name, 0, at(0)))).to_vec();
    repository.commit(put).await.unwrap();
    let asked = keys(&["c", "x", "a", "c", "b"]);
    assert_eq!(names(repository.units_by_key(&store(), &asked).await.unwrap()).await, ["c", "a", "b"]);
    assert_eq!(repository.units_by_key(&store(), &[]).await.unwrap(), vec![]);
}

async fn units_are_listed_by_position_then_key(repository: &dyn Repository) {
    let put = [("d", 0), ("c", 2), ("a", 2), ("b", 7), ("e", 1)];
    let put = put.map(|(name, position)| put_unit(stored_unit(name, position, at(0)))).to_vec();
    repository.commit(put).await.unwrap();
    assert_eq!(names(repository.units(&store(), 0, 100).await.unwrap()).await, ["d", "e", "a", "c", "b"]);
    assert_eq!(names(repository.units(&store(), 0, 2).await.unwrap()).await, ["d", "e"]);
    assert_eq!(names(repository.units(&store(), 3, 2).await.unwrap()).await, ["b"]);
    assert_eq!(repository.units(&store(), 8, 2).await.unwrap(), vec![]);
    assert_eq!(repository.units(&store(), 0, 0).await.unwrap(), vec![]);
}

async fn a_position_is_never_split_between_two_pages(repository: &dyn Repository) {
    let put = [("a", 0), ("b", 1), ("c", 1), ("d", 1), ("e", 2)];
    let put = put.map(|(name, position)| put_unit(stored_unit(name, position, at(0)))).to_vec();
    repository.commit(put).await.unwrap();
    let first = repository.units(&store(), 0, 2).await.unwrap();
    let from = first.last().unwrap().position + 1;
    assert_eq!(names(first).await, ["a", "b", "c", "d"]);
    assert_eq!(names(repository.units(&store(), from, 2).await.unwrap()).await, ["e"]);
}

async fn a_unit_is_found_by_sku_ean_and_key(repository: &dyn Repository) {
    let called = |name: &str, position, sku: Option<&str>, ean: Option<&str>| {
        let unit = Unit { sku: sku.map(str::to_owned), ean: ean.map(str::to_owned), ..unit(name) };
        put_unit(StoredUnit { unit, position, read_at: at(0) })
    };
    let put = vec![
        called("a", 3, Some(" ABC\t"), None),
        called("b", 2, None, Some("ABC")),
        called("ABC", 1, Some("abc"), Some("  ")),
        called("d", 0, Some("ABC-1"), Some("")),
    ];
    repository.commit(put).await.unwrap();
    for text in ["ABC", "  ABC "] {
        let found = names(repository.units_called(&store(), text).await.unwrap()).await;
        assert_eq!(found, ["ABC", "b", "a"]);
    }
    assert_eq!(repository.units_called(&store(), "").await.unwrap(), vec![]);
    assert_eq!(repository.units_called(&erp(), "ABC").await.unwrap(), vec![]);
}

async fn a_dropped_unit_is_gone(repository: &dyn Repository) {
    repository.commit(vec![put_unit(stored_unit("a", 0, at(5)))]).await.unwrap();
    let drop = Mutation::DropUnit { connection: store(), key: key("a") };
    repository.commit(vec![drop.clone(), drop]).await.unwrap();
    assert_eq!(repository.unit(&store(), &key("a")).await.unwrap(), None);
    assert_eq!(repository.units(&store(), 0, 10).await.unwrap(), vec![]);
    // Its figure is forgotten with it: a later unit of that name begins anew.
    let anew = stored_unit("a", 0, at(1));
    repository.commit(vec![put_unit(anew.clone())]).await.unwrap();
    assert_eq!(repository.unit(&store(), &key("a")).await.unwrap(), Some(anew));
}

async fn units_of_connections_are_apart(repository: &dyn Repository) {
    repository.commit(vec![put_unit(stored_unit("a", 0, at(0)))]).await.unwrap();
    assert_eq!(repository.unit(&erp(), &key("a")).await.unwrap(), None);
    assert_eq!(repository.units_by_key(&erp(), &keys(&["a"])).await.unwrap(), vec![]);
    assert_eq!(repository.units(&erp(), 0, 10).await.unwrap(), vec![]);
    assert_eq!(repository.unit_count(&erp()).await.unwrap(), 0);
    let drop = Mutation::DropUnit { connection: erp(), key: key("a") };
    repository.commit(vec![drop]).await.unwrap();
    assert_eq!(repository.unit_count(&store()).await.unwrap(), 1);
}

async fn thousands_of_units_are_asked_for_at_once(repository: &dyn Repository) {
    let put = (0..5_000).map(|n| put_unit(stored_unit(&format!("unit {n}"), n, at(0)))).collect();
    repository.commit(put).await.unwrap();
    let asked: Vec<RemoteKey> = (0..5_000).rev().map(|n| key(&format!("unit {n}"))).collect();
    let found = repository.units_by_key(&store(), &asked).await.unwrap();
    assert!(found.iter().map(|stored| &stored.unit.key).eq(&asked));
    assert_eq!(repository.unit_count(&store()).await.unwrap(), 5_000);
    assert_eq!(repository.units(&store(), 1_000, 1_000).await.unwrap().len(), 1_000);
}
