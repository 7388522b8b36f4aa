//! `[store.products]`.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use zygos_core::{
    catalogue::{Gone, Owner},
    model::Field,
    settings::Section,
};
use zygos_engine::{Directions, ProductFlow};

use super::rates::rates;

pub(super) fn product_flow(section: &Section<'_>) -> Option<ProductFlow> {
    let both = Directions { to_store: true, to_erp: true };
    let name = |key: &str, default: &str| match section.text(key) {
        Some(text) if text.trim().is_empty() => {
            section.problem(key, format!("is empty; write for example `{key} = \"{default}\"`"));
            default.to_owned()
        }
        Some(text) => text,
        None => default.to_owned(),
    };
    Some(ProductFlow {
        direction: section.choice("direction", &Directions::CHOICES).unwrap_or(both),
        create: section.choice("create", &Directions::CHOICES).unwrap_or_default(),
        active_in_store: section
            .choice("new_in_store", &[("inactive", false), ("active", true)])
            .unwrap_or_default(),
        owners: owners(section),
        gone: section.choice("gone", &Gone::CHOICES).unwrap_or_default(),
        option_name: name("variant_option", "Variant"),
        measure: name("measure", "Unit"),
        tax_classes: tax_classes(section),
    })
}

fn owners(section: &Section<'_>) -> BTreeMap<Field, Owner> {
    let mut owners = BTreeMap::new();
    let Some(table) = section.section("owners") else { return owners };
    for field in Field::ALL {
        if field == Field::Price {
            // Not asked for when it isn't there, so that nobody is told that it can be.
            if table.keys().iter().any(|key| key == field.code()) && table.has(field.code()) {
                table.problem(
                    field.code(),
                    "the owner of prices is chosen with the rest about them; write `owner` under [store.prices]",
                );
            }
        } else if let Some(owner) = table.choice(field.code(), &Owner::CHOICES) {
            owners.insert(field, owner);
        }
    }
    table.finish();
    owners
}

fn tax_classes(section: &Section<'_>) -> Vec<(Decimal, String)> {
    let Some(table) = section.section("tax_classes") else { return Vec::new() };
    let named = |(rate, key): (Decimal, String)| Some((rate, table.required_text(&key, "Goods")?));
    rates(&table, "`\"21\" = \"Goods\"`").into_iter().filter_map(named).collect()
}
