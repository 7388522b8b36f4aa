use rust_decimal::Decimal;
use zygos_core::{
    RemoteKey,
    contract::{Checkpoint, Connector, Fetch},
    model::{Entity, Record, Unit, UnitKind},
};

use crate::support::{INVENTORY, PRODUCTS, Store, ok, status};

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_page_holds_simple_products_parents_and_variants_with_their_figures() {
    let store = Store::answering([ok(PRODUCTS)]);
    let from = Checkpoint("100".to_owned());
    let page = store.connector.scan(&store.context, Entity::Product, Some(&from)).await.unwrap();
    let units: Vec<&Unit> = page
        .items
        .iter()
        .filter_map(|item| match item {
            Ok(Record::Product(unit)) => Some(unit),
            _ => None,
        })
        .collect();
    let [lamp, shirt, medium, large, card] = units.as_slice() else { panic!("{units:?}") };
    assert_eq!(
        (lamp.key.as_str(), lamp.kind, lamp.tracked, lamp.stock),
        ("10001", UnitKind::Goods, true, Some(decimal("12")))
    );
    assert_eq!((lamp.price_gross, lamp.tax_percent), (Some(decimal("121")), Some(decimal("21"))));
    assert_eq!((shirt.kind, shirt.ean.as_deref()), (UnitKind::Parent, None));
    assert_eq!(medium.parent, Some(RemoteKey::new("10010")));
    assert_eq!(
        (medium.kind, medium.stock, medium.price_net),
        (UnitKind::Goods, Some(decimal("5.5")), Some(decimal("41.3223")))
    );
    assert_eq!((medium.tax_percent, medium.active), (Some(decimal("21")), true));
    // Padding is kept, so that it can be reported.
    assert_eq!((large.key.as_str(), large.sku.as_deref()), ("10012", Some(" TSHIRT_L")));
    assert_eq!((large.stock, large.active, large.price_net), (Some(decimal("-1")), false, None));
    assert_eq!((card.kind, card.tracked), (UnitKind::Service, false));
    let unreadable: Vec<_> = page.items.iter().filter_map(|item| item.as_ref().err()).collect();
    let told: Vec<_> = unreadable
        .iter()
        .map(|unreadable| (unreadable.key.as_ref().map(RemoteKey::as_str), unreadable.field.as_str()))
        .collect();
    assert_eq!(told, [(Some("10013"), "stock"), (None, "id")]);
    assert_eq!(page.next, Some(Checkpoint("104".to_owned())));
    let asked = &store.asked()[0];
    assert!(asked.starts_with("GET /products?start=100&limit=100&fields=id,"), "{asked}");
    assert!(asked.ends_with("&include=variants") && !asked.contains("description"), "{asked}");
}

#[tokio::test]
async fn units_are_read_one_by_one_and_a_missing_one_is_not_an_error() {
    let store = Store::answering([ok(INVENTORY), status(404, r#"{"error":{"message":"Not found"}}"#)]);
    let fetch = Fetch::Keys { entity: Entity::Product, keys: vec!["10001".into(), "10099".into()] };
    let items = store.connector.fetch(&store.context, &fetch).await.unwrap();
    let [Ok(Record::Product(unit))] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!((unit.stock, unit.price_net), (Some(decimal("7")), Some(decimal("8.2645"))));
    assert_eq!(store.asked(), ["GET /inventory/id/10001", "GET /inventory/id/10099"]);
}

#[tokio::test]
async fn a_sku_is_escaped_whatever_stands_in_it() {
    let store = Store::answering([ok(INVENTORY)]);
    let fetch = Fetch::UnitsBySku { skus: vec!["A/B ?#%ș".to_owned()] };
    store.connector.fetch(&store.context, &fetch).await.unwrap();
    assert_eq!(store.asked(), ["GET /inventory/sku/A%2FB%20%3F%23%25%C8%99"]);
}

#[tokio::test]
async fn units_that_share_a_page_are_read_by_it_and_one_that_left_it_by_itself() {
    let store = Store::answering([ok(PRODUCTS), ok(PRODUCTS), ok(INVENTORY)]);
    let from = Checkpoint("100".to_owned());
    let read = store.connector.scan(&store.context, Entity::Product, Some(&from)).await.unwrap();
    let units = |keys: &[&str]| Fetch::Keys {
        entity: Entity::Product,
        keys: keys.iter().map(|key| RemoteKey::new(*key)).collect(),
    };
    let wanted = units(&["10011", "10012", "10099"]);
    let items = store.connector.fetch(&store.context, &wanted).await.unwrap();
    let keys: Vec<&str> = items
        .iter()
        .filter_map(|item| match item {
            Ok(Record::Product(unit)) => Some(unit.key.as_str()),
            _ => None,
        })
        .collect();
    // The page shows others too; nobody asked for them.
    assert_eq!(keys[..2], ["10011", "10012"]);
    assert_eq!((items.len(), read.items.len()), (3, 7));
    let asked = store.asked();
    assert!(asked[1].starts_with("GET /products?start=100&limit=100&fields=id,"), "{asked:?}");
    assert_eq!(asked[2..], ["GET /inventory/id/10099"]);
}

#[tokio::test]
async fn a_single_unit_of_a_page_is_read_by_itself() {
    let store = Store::answering([ok(PRODUCTS), ok(INVENTORY)]);
    let from = Checkpoint("100".to_owned());
    store.connector.scan(&store.context, Entity::Product, Some(&from)).await.unwrap();
    let fetch = Fetch::Keys { entity: Entity::Product, keys: vec!["10001".into()] };
    store.connector.fetch(&store.context, &fetch).await.unwrap();
    assert_eq!(store.asked()[1], "GET /inventory/id/10001");
}
