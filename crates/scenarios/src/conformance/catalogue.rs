use std::collections::BTreeSet;

use rust_decimal::Decimal;
use zygos_core::{
    RemoteKey,
    contract::{Applied, Fetch, ProductChanges, Write},
    model::{Entity, Facts, Field, Product, Record, Shape, Value},
};

use super::{Subject, Verdict, tools};

fn product_of(record: &Record) -> &Product {
    match record {
        Record::Catalogue(product) => product,
        other => panic!("a catalogue holds products, not {other:?}"),
    }
}

/// The product that a write answered with.
fn read_back(applied: &Applied) -> &Product {
    let record = applied.record.as_ref().expect("a write to a product answers with the product as it is now");
    product_of(record)
}

async fn of_sku(subject: &dyn Subject, sku: &str) -> Vec<Record> {
    tools::fetch(subject, Fetch::ProductsBySku { skus: vec![sku.to_owned()] }).await
}

async fn of_key(subject: &dyn Subject, key: &RemoteKey) -> Product {
    let keys = vec![key.clone(), RemoteKey::new("999999999")];
    let found = tools::fetch(subject, Fetch::Keys { entity: Entity::Catalogue, keys }).await;
    let [found] = found.as_slice() else { panic!("one product was asked for: {found:?}") };
    product_of(found).clone()
}

pub(super) async fn a_scan_of_the_catalogue_has_every_unit_in_one_product(subject: &dyn Subject) -> Verdict {
    let mut products: BTreeSet<RemoteKey> = BTreeSet::new();
    let mut units: BTreeSet<RemoteKey> = BTreeSet::new();
    for (_, records) in tools::scan(subject, Entity::Catalogue).await {
        for record in &records {
            let product = product_of(record);
            assert!(products.insert(product.key.clone()), "the scan gave product {} twice", product.key);
            assert_eq!(product.troubles, [], "everything of the subject can be read");
            assert!(product.shape == Shape::Variants || product.variants.len() == 1, "{}", product.key);
            for variant in &product.variants {
                assert!(
                    units.insert(variant.unit.key.clone()),
                    "unit {} is in two products",
                    variant.unit.key
                );
            }
        }
    }
    for unit in subject.units() {
        assert!(units.contains(&unit.key), "the scan left out unit {}", unit.key);
    }
    Verdict::Kept
}

pub(super) async fn a_product_is_found_by_key_and_by_the_sku_of_its_unit(subject: &dyn Subject) -> Verdict {
    for unit in subject.units().into_iter().rev().take(4) {
        let found = of_sku(subject, &unit.sku).await;
        let [found] = found.as_slice() else { panic!("one product carries {}: {found:?}", unit.sku) };
        let product = product_of(found);
        assert!(product.variant(&unit.key).is_some(), "product {} has unit {}", product.key, unit.key);
        assert_eq!(&of_key(subject, &product.key).await, product, "by key it is the same");
    }
    assert_eq!(of_sku(subject, &subject.unique("NO-SKU")).await, []);
    Verdict::Kept
}

pub(super) async fn a_product_that_is_made_is_read_back_and_found_by_its_skus(
    subject: &dyn Subject,
) -> Verdict {
    for shape in [Shape::Simple, Shape::Variants] {
        let Some(new) = subject.new_product(shape) else { return Verdict::Lacks };
        let applied = tools::applied(subject, Write::CreateProduct(Box::new(new.clone()))).await;
        let key = applied.key.clone().expect("making a product answers its key");
        let made = read_back(&applied);
        assert_eq!((&made.key, made.shape, made.variants.len()), (&key, shape, new.variants.len()));
        for (field, value) in &new.facts {
            assert_eq!(made.facts.get(field), Some(value), "{field} of the whole is what was given");
        }
        for variant in &new.variants {
            let sku = variant.facts.get(&Field::Sku).and_then(Value::as_text).expect("a SKU is given");
            let own = made.variants.iter().find(|own| own.unit.sku.as_deref() == Some(sku));
            let own = own.unwrap_or_else(|| panic!("no unit carries the SKU {sku}"));
            for (field, value) in variant.facts.iter().filter(|(field, _)| **field != Field::Price) {
                assert_eq!(own.value(*field).as_ref(), Some(value), "{field} of {sku} is what was given");
            }
            let found = of_sku(subject, sku).await;
            let [found] = found.as_slice() else { panic!("one product carries {sku}: {found:?}") };
            assert_eq!(product_of(found).key, key);
        }
    }
    Verdict::Kept
}

pub(super) async fn an_update_sets_what_is_given_and_nothing_else(subject: &dyn Subject) -> Verdict {
    for shape in [Shape::Simple, Shape::Variants] {
        let Some(new) = subject.new_product(shape) else { return Verdict::Lacks };
        let prices = new.prices;
        let made = tools::applied(subject, Write::CreateProduct(Box::new(new))).await;
        let before = read_back(&made).clone();
        let last = before.variants.last().expect("it has a unit").unit.key.clone();
        let (name, sku) = (subject.unique("Renamed"), subject.unique("RENAMED"));
        let write = |facts: Facts, own: Facts| {
            Write::UpdateProduct(Box::new(ProductChanges {
                product: before.key.clone(),
                facts,
                tax_class: None,
                units: if own.is_empty() { [].into() } else { [(last.clone(), own)].into() },
                prices,
                price_list: None,
            }))
        };
        let steps = [
            (Facts::from([(Field::Name, Value::Text(name.clone()))]), Facts::new()),
            (Facts::new(), Facts::from([(Field::Price, Value::Number(Decimal::from(77)))])),
            (Facts::new(), Facts::from([(Field::Sku, Value::Text(sku.clone()))])),
        ];
        // Twice: an update may come again.
        for (whole, own) in steps.iter().chain(&steps) {
            let applied = tools::applied(subject, write(whole.clone(), own.clone())).await;
            let now = read_back(&applied);
            assert_eq!(now, &of_key(subject, &before.key).await, "the answer is what is there");
        }
        let now = of_key(subject, &before.key).await;
        assert_eq!(now.title(), name);
        let changed = now.variant(&last).expect("the unit is still there");
        let price = match prices {
            zygos_core::contract::PriceKind::Net => changed.unit.price_net,
            zygos_core::contract::PriceKind::Gross => changed.unit.price_gross,
        };
        assert_eq!((changed.unit.sku.as_deref(), price), (Some(sku.as_str()), Some(Decimal::from(77))));
        let others = |product: &Product| {
            let mut facts = product.facts.clone();
            facts.remove(&Field::Name);
            // A simple unit is called as its product.
            let variants: Vec<_> =
                product.variants.iter().filter(|variant| variant.unit.key != last).cloned().collect();
            let units: Vec<_> = variants
                .into_iter()
                .map(|mut variant| {
                    variant.unit.name.clear();
                    variant
                })
                .collect();
            (facts, units)
        };
        assert_eq!(others(&now), others(&before), "everything else is as it was");
    }
    Verdict::Kept
}

pub(super) async fn a_category_is_made_once_with_its_parents(subject: &dyn Subject) -> Verdict {
    let top = subject.unique("Category");
    let path = |name: &str| vec![top.clone(), "Middle".to_owned(), name.to_owned()];
    let made = tools::applied(subject, Write::CreateCategory { path: path("One") }).await;
    assert!(!made.already);
    let beside = tools::applied(subject, Write::CreateCategory { path: path("Two") }).await;
    let again = tools::applied(subject, Write::CreateCategory { path: path("One") }).await;
    assert!(again.already, "a path that is there is made no second time");
    assert_eq!(again.key, made.key);
    assert_ne!(beside.key, made.key);
    Verdict::Kept
}
