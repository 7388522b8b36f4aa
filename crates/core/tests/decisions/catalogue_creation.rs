//! Products that only one side has.

use std::collections::BTreeMap;

use zygos_core::{
    catalogue::{Missing, new_in_erp, new_in_store, new_variant_in_erp, new_variant_in_store},
    contract::PriceKind,
    model::{Field, Product, Shape, UnitKind, Value},
};

use crate::{
    catalogue_samples::{product, rule, variant},
    samples::{decimal, key},
};

fn hoodie() -> Product {
    product("T", Shape::Variants, &[("e1", "HD-S"), ("e2", "HD-M"), ("e3", "HD-XL")])
}

fn messages(missing: Vec<Missing>) -> Vec<String> {
    missing.into_iter().map(|lack| lack.message).collect()
}

#[test]
fn a_product_of_the_erp_is_made_in_the_store_with_all_that_both_know() {
    let made = new_in_store(&product("T", Shape::Simple, &[("E", "HD")]), &rule(), None).unwrap();
    assert_eq!((made.shape, made.prices, made.variants.len()), (Shape::Simple, PriceKind::Gross, 1));
    assert_eq!(made.facts[&Field::Name], Value::text("Hoodie"));
    assert_eq!(made.facts[&Field::Tax], Value::number(decimal("19")));
    assert!(!made.facts.contains_key(&Field::Brand), "what is empty isn't given");
    let unit = &made.variants[0];
    assert_eq!(unit.facts[&Field::Price], Value::number(decimal("59.38")));
    assert_eq!(unit.facts[&Field::Sku], Value::text("HD"));
    assert_eq!(unit.facts[&Field::Active], Value::Flag(false), "not on sale until the shop says so");
    assert_eq!(unit.options, []);
}

#[test]
fn a_product_of_the_store_is_made_in_the_erp_in_the_erps_terms() {
    let mut store = product("S", Shape::Variants, &[("s1", "HD-S"), ("s2", "HD-M")]);
    store.code = Some("HD".to_owned());
    let made = new_in_erp(&store, &rule()).unwrap();
    assert_eq!(made.prices, PriceKind::Net);
    assert_eq!(made.variants[0].facts[&Field::Price], Value::number(decimal("49.8992")));
    assert_eq!(made.facts[&Field::Measure], Value::text("Unit"));
    assert_eq!(made.tax_class.as_deref(), Some("Goods 19"));
    assert_eq!(made.code.as_deref(), Some("HD"));
    store.variants[1].unit.sku = Some("OTHER".to_owned());
    assert_eq!(new_in_erp(&store, &rule()).unwrap().code, None, "not what all SKUs begin with");
}

#[test]
fn variants_without_attributes_are_told_apart_by_their_skus() {
    let told = |product: &Product| -> Vec<String> {
        let made = new_in_store(product, &rule(), None).unwrap();
        made.variants
            .iter()
            .map(|variant| format!("{}={}", variant.options[0].0, variant.options[0].1))
            .collect()
    };
    assert_eq!(told(&hoodie()), ["Variant=S", "Variant=M", "Variant=XL"]);
    let prefix = product("T", Shape::Variants, &[("e1", "HD"), ("e2", "HD-M")]);
    assert_eq!(told(&prefix), ["Variant=HD", "Variant=M"]);
    let mut coded = product("T", Shape::Variants, &[("e1", "HD-S"), ("e2", "HD-SM")]);
    assert_eq!(told(&coded), ["Variant=HD-S", "Variant=M"]);
    coded.code = Some("HD-".to_owned());
    assert_eq!(told(&coded), ["Variant=S", "Variant=SM"]);
    let mut named = hoodie();
    named.variants[0].options = vec![("Size".to_owned(), "Small".to_owned())];
    assert_eq!(told(&named)[0], "Size=Small");
    assert_eq!(told(&product("T", Shape::Variants, &[("e1", "HD")])), ["Variant=HD"]);
}

#[test]
fn a_parent_without_variants_waits() {
    let missing = new_in_store(&product("T", Shape::Variants, &[]), &rule(), None).unwrap_err();
    assert_eq!(
        messages(missing),
        [
            "cannot be created in the store yet: \"Hoodie\" (id T): it has no variants that could be sold; add one"
        ]
    );
}

#[test]
fn what_cannot_be_sold_is_left_out_and_alone_it_waits() {
    let mut erp = hoodie();
    erp.variants[0].unit.active = false;
    erp.variants[1].unit.sku = None;
    let made = new_in_store(&erp, &rule(), None).unwrap();
    assert_eq!(made.variants.len(), 1);
    erp.variants[2].unit.kind = UnitKind::Service;
    let missing = new_in_store(&erp, &rule(), None).unwrap_err();
    assert_eq!(
        missing.iter().map(|lack| lack.field).collect::<Vec<_>>(),
        [Some(Field::Active), Some(Field::Sku), None]
    );
    assert!(messages(missing)[1].contains("it has no SKU"));
}

#[test]
fn what_the_other_side_needs_is_named() {
    let mut rule = rule();
    for field in [Field::Brand, Field::Ean] {
        rule.store_fields.get_mut(&field).unwrap().required = true;
    }
    rule.store_fields.get_mut(&Field::Name).unwrap().length = Some(3);
    let mut erp = product("T", Shape::Simple, &[("E", "HD")]);
    erp.variants[0].unit.price_net = None;
    assert_eq!(
        messages(new_in_store(&erp, &rule, None).unwrap_err()),
        [
            "cannot be created in the store yet: \"Hoodie\" (id T): its name has 6 characters and 3 are taken; shorten it, \
         nothing is cut",
            "cannot be created in the store yet: \"Hoodie\" (id T): it has no brand; give it one",
            "cannot be created in the store yet: SKU HD: it has no EAN; give it one",
            "cannot be created in the store yet: SKU HD: it has no price; give it one",
        ]
    );
}

#[test]
fn a_price_that_would_be_wrong_on_sale_waits() {
    let with = |price: &str, active| {
        let mut rule = rule();
        rule.active_in_store = active;
        let mut erp = product("T", Shape::Simple, &[("E", "HD")]);
        erp.variants[0].unit.price_net = Some(decimal(price));
        new_in_store(&erp, &rule, None).map(|_| ()).map_err(messages)
    };
    assert!(with("-1", false).unwrap_err()[0].contains("below zero"));
    assert!(with("0", true).unwrap_err()[0].contains("its price is zero"));
    assert_eq!(with("0", false), Ok(()), "not on sale yet");
}

#[test]
fn the_price_of_a_new_product_is_the_lists() {
    let mut rule = rule();
    rule.price.as_mut().unwrap().list = Some("Shop".to_owned());
    let erp = product("T", Shape::Simple, &[("E", "HD")]);
    let listed = |price| Some(BTreeMap::from([(key("E"), price)]));
    let made = new_in_store(&erp, &rule, listed(Some(decimal("100"))).as_ref()).unwrap();
    assert_eq!(made.variants[0].facts[&Field::Price], Value::number(decimal("119")));
    let missing = new_in_store(&erp, &rule, listed(None).as_ref()).unwrap_err();
    assert!(messages(missing)[0].contains("no price in the price list Shop"));
}

#[test]
fn a_price_without_its_tax_waits_where_it_must_be_converted() {
    let mut erp = product("T", Shape::Simple, &[("E", "HD")]);
    erp.facts.remove(&Field::Tax);
    erp.variants[0].unit.tax_percent = None;
    assert!(messages(new_in_store(&erp, &rule(), None).unwrap_err())[0].contains("its tax isn't known"));
}

#[test]
fn one_variant_joins_the_others_by_their_attribute() {
    let erp = hoodie();
    let mut store = product("S", Shape::Variants, &[("s1", "HD-S")]);
    store.variants[0].options = vec![("Size".to_owned(), "S".to_owned())];
    let made = new_variant_in_store(&erp, &key("e2"), &store, &rule(), None).unwrap();
    assert_eq!(made.options, [("Size".to_owned(), "M".to_owned())]);
    store.variants[0].options[0].1 = "M".to_owned();
    let made = new_variant_in_store(&erp, &key("e2"), &store, &rule(), None).unwrap();
    assert_eq!(made.options[0].1, "HD-M", "M is another's");
    store.variants[0].options.push(("Color".to_owned(), "red".to_owned()));
    let missing = new_variant_in_store(&erp, &key("e2"), &store, &rule(), None).unwrap_err();
    assert!(messages(missing)[0].contains("Color and Size"));
    store.variants.push(variant("s9", "HD-9"));
    assert_eq!(new_variant_in_erp(&store, &key("s9"), &rule()).unwrap().options, []);
    assert!(new_variant_in_erp(&store, &key("gone"), &rule()).is_err());
}
