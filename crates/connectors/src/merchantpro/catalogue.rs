//! Rows of `/products` as whole products.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde_json::Value as Json;
use zygos_core::{
    RemoteKey,
    contract::Unreadable,
    model::{Facts, Field, FieldTrouble, Product, Shape, Unit, Value, Variant},
};

use super::{
    categories::Tree,
    products::{self, unit},
    read::{self, Fields},
};

/// What is asked of each product of a list beside what a unit is read from.
const MORE_FIELDS: &str = "description,meta_title,meta_description,manufacturer_name,category_id,categories,image_url,\
                           weight,cost_net,old_price_gross,date_modified";

/// Whole products, with their variants and images.
const INCLUDED: &str = "variants,images";

pub(super) fn page_path(start: u64, limit: u32) -> String {
    format!(
        "/products?start={start}&limit={limit}&fields={},{MORE_FIELDS}&include={INCLUDED}",
        products::FIELDS
    )
}

pub(super) fn path(product: &RemoteKey) -> String {
    format!("{}?include={INCLUDED}", plain_path(product))
}

/// For writing.
pub(super) fn plain_path(product: &RemoteKey) -> String {
    format!("/products/{}", super::calls::escaped(product.as_str()))
}

/// Where a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// A list. Clients ask for the long texts only one by one (dossier §8.3), so that a field which a row lacks may
    /// be there all the same: it says nothing.
    InList,
    /// A single product. The store leaves out what is empty (dossier §1).
    Whole,
}

/// Whether an answer to a write shows all of the product, so that it needn't be read again.
pub(super) fn holds_everything(row: &Json) -> bool {
    let Ok(fields) = Fields::of(row) else { return false };
    let has = |field: &str| row.get(field).is_some();
    let with_variants = fields.text("type").is_some_and(|kind| kind != "multi_variant")
        || row.get("variants").is_some_and(Json::is_array);
    has("id") && has("type") && has("description") && with_variants && (has("images") || !has("image_url"))
}

/// The categories that a row names.
pub(super) fn category_ids(row: &Json) -> BTreeSet<RemoteKey> {
    let Ok(fields) = Fields::of(row) else { return BTreeSet::new() };
    let listed: BTreeSet<RemoteKey> = fields.list("categories").iter().filter_map(read::key_of).collect();
    if listed.is_empty() { fields.key("category_id").ok().flatten().into_iter().collect() } else { listed }
}

/// The product's tax as it was read.
pub(super) fn percent(product: &Product) -> Option<Decimal> {
    product.facts.get(&Field::Tax).and_then(Value::as_number)
}

/// A product with its variants, which are units exactly as a list of units has them.
pub(super) fn product(row: &Json, tree: &Tree, shown: Shown) -> Result<Product, Unreadable> {
    let fields = Fields::of(row)?;
    let key = fields.required_key("id")?;
    let shape = match fields.text("type").as_deref() {
        Some("multi_variant") => Shape::Variants,
        _ => Shape::Simple,
    };
    let mut troubles = Vec::new();
    let mut variants = Vec::new();
    let whole = match shape {
        Shape::Simple => match unit(row, None) {
            Ok(whole) => {
                let facts = own_facts(&fields, &whole.key, &mut troubles);
                variants.push(Variant { unit: whole.clone(), facts, options: Vec::new() });
                whole
            }
            Err(unreadable) => {
                troubles.push(trouble(Some(&key), unreadable));
                forgiving(row, &mut Vec::new())?
            }
        },
        Shape::Variants => forgiving(row, &mut troubles)?,
    };
    if shape == Shape::Variants {
        for (place, entry) in fields.list("variants").iter().enumerate() {
            match unit(entry, Some(&whole)) {
                Ok(own) => variants.push(variant(entry, own, &mut troubles)),
                Err(unreadable) => {
                    // A variant without a readable id still has a place that people can look at.
                    let named = read::key_of(entry)
                        .unwrap_or_else(|| RemoteKey::new(format!("{key}, variant {}", place + 1)));
                    troubles.push(trouble(Some(&named), unreadable));
                }
            }
        }
    }
    let facts = shared_facts(row, &fields, &whole, tree, shown, &mut troubles);
    let modified_at = fields.date("date_modified").ok().flatten();
    // A simple product's SKU is its unit's.
    let code = fields.text("sku").filter(|_| shape == Shape::Variants);
    Ok(Product { key, shape, code, facts, variants, troubles, modified_at })
}

/// What all variants share, whatever in it can't be read: a parent's own stock and price mean nothing (dossier §5.1).
fn forgiving(row: &Json, troubles: &mut Vec<FieldTrouble>) -> Result<Unit, Unreadable> {
    let mut row = row.clone();
    loop {
        let unreadable = match unit(&row, None) {
            Ok(whole) => return Ok(whole),
            Err(unreadable) => unreadable,
        };
        let removed = row.as_object_mut().and_then(|fields| fields.remove(&unreadable.field));
        if removed.is_none() {
            return Err(unreadable);
        }
        if unreadable.field == "tax_value" {
            troubles.push(trouble(None, unreadable));
        }
    }
}

fn variant(row: &Json, unit: Unit, troubles: &mut Vec<FieldTrouble>) -> Variant {
    let Ok(fields) = Fields::of(row) else {
        return Variant { unit, facts: Facts::new(), options: Vec::new() };
    };
    let facts = own_facts(&fields, &unit.key, troubles);
    let mut options = Vec::new();
    for entry in fields.list("variant_options") {
        let option = Fields::of(entry)
            .and_then(|option| Ok((option.required_text("name")?, option.required_text("value")?)));
        match option {
            Ok(option) => options.push(option),
            Err(unreadable) => troubles.push(FieldTrouble {
                unit: Some(unit.key.clone()),
                field: "variant_options".to_owned(),
                message: format!("its {}: {}", unreadable.field, unreadable.message),
            }),
        }
    }
    Variant { unit, facts, options }
}

/// Fields of one unit that are not in [`Unit`]. Prices before a reduction are read with tax, as customers see them.
fn own_facts(fields: &Fields<'_>, unit: &RemoteKey, troubles: &mut Vec<FieldTrouble>) -> Facts {
    let mut facts = Facts::new();
    // The price before a reduction is left out where there is none; of the others that is not known.
    for (field, name, left_out_means_none) in [
        (Field::OldPrice, "old_price_gross", true),
        (Field::Cost, "cost_net", false),
        (Field::Weight, "weight", false),
    ] {
        match fields.decimal(name) {
            // Zero is how the store writes none (dossier §9).
            Ok(Some(number)) if !number.is_zero() => {
                facts.insert(field, Value::number(number));
            }
            Ok(_) if left_out_means_none || fields.has(name) => {
                facts.insert(field, Value::Empty);
            }
            Ok(_) => {}
            Err(unreadable) => troubles.push(trouble(Some(unit), unreadable)),
        }
    }
    facts
}

fn shared_facts(
    row: &Json,
    fields: &Fields<'_>,
    whole: &Unit,
    tree: &Tree,
    shown: Shown,
    troubles: &mut Vec<FieldTrouble>,
) -> Facts {
    let mut facts = Facts::new();
    facts.insert(Field::Name, Value::text(&whole.name));
    if let Some(percent) = whole.tax_percent {
        facts.insert(Field::Tax, Value::number(percent));
    }
    let texts = [
        (Field::Description, "description"),
        (Field::MetaTitle, "meta_title"),
        (Field::MetaDescription, "meta_description"),
        (Field::Brand, "manufacturer_name"),
        (Field::Measure, "unit_type"),
    ];
    for (field, name) in texts {
        if shown == Shown::Whole || fields.has(name) {
            facts.insert(field, Value::text(fields.text(name).as_deref().unwrap_or_default()));
        }
    }
    if shown == Shown::Whole || fields.has("categories") || fields.has("category_id") {
        let mut paths = Vec::new();
        let before = troubles.len();
        for id in category_ids(row) {
            match tree.path(&id) {
                Ok(path) => paths.push(path),
                Err(message) => {
                    troubles.push(FieldTrouble { unit: None, field: "categories".to_owned(), message });
                }
            }
        }
        // Half of them would look as if the others had been taken away.
        if troubles.len() == before {
            facts.insert(Field::Categories, Value::paths(paths));
        }
    }
    // Without any image a row may lack both (dossier §8.4).
    if fields.has("images") || !fields.has("image_url") {
        let addresses: Vec<String> = image_addresses(fields);
        if addresses.len() == fields.list("images").len() {
            facts.insert(Field::Images, Value::addresses(addresses));
        } else {
            troubles.push(FieldTrouble {
                unit: None,
                field: "images".to_owned(),
                message: "an image has no address (`url`); open the product's images in the store and save them again"
                    .to_owned(),
            });
        }
    }
    facts
}

/// Addresses of the images, in the store's order. That an image keeps the address it was sent by is inferred.
pub(super) fn image_addresses(fields: &Fields<'_>) -> Vec<String> {
    let url = |entry: &Json| Fields::of(entry).ok()?.text("url");
    fields.list("images").iter().filter_map(url).collect()
}

/// Whether one of its units has this SKU. What a product with variants is called as a whole is no unit's.
pub(super) fn carries(product: &Product, sku: &str) -> bool {
    product
        .variants
        .iter()
        .any(|variant| variant.unit.sku.as_deref().is_some_and(|own| own.trim() == sku.trim()))
}

fn trouble(unit: Option<&RemoteKey>, unreadable: Unreadable) -> FieldTrouble {
    FieldTrouble {
        unit: unit.cloned(),
        field: unreadable.field,
        message: format!("{}; correct it in the store", unreadable.message),
    }
}
