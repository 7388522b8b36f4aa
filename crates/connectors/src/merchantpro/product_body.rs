//! Facts as the body of a write.

use serde_json::{Map, Value as Json, json};
use zygos_core::{
    RemoteKey,
    contract::{ConnectorError, NewVariant, PriceKind},
    model::{Facts, Field, Value},
};

use super::{
    known::Visit,
    prices::{Terms, number},
    read::id_value,
};

pub(super) type Body = Map<String, Json>;

/// Fields of units, by the name they have on products and variants alike.
pub(super) fn put_unit(body: &mut Body, facts: &Facts, terms: Terms) -> Result<(), ConnectorError> {
    for (field, value) in facts {
        match (field, value) {
            (Field::Sku, value) => put(body, "sku", optional_text(*field, value)?),
            (Field::Ean, value) => put(body, "ean", optional_text(*field, value)?),
            (Field::Price, Value::Number(price)) => terms.put(body, "price", *price),
            (Field::OldPrice, Value::Number(price)) if !price.is_zero() => {
                terms.put(body, "old_price", *price)
            }
            (Field::OldPrice, Value::Number(_) | Value::Empty) => Terms::clear(body, "old_price"),
            (Field::Cost, Value::Number(cost)) if !cost.is_zero() => {
                Terms { kind: PriceKind::Net, ..terms }.put(body, "cost", *cost);
            }
            (Field::Cost, Value::Number(_) | Value::Empty) => Terms::clear(body, "cost"),
            (Field::Weight, Value::Number(weight)) => put(body, "weight", number(*weight)),
            // There is no way of saying that it isn't known.
            (Field::Weight, Value::Empty) => put(body, "weight", json!(0)),
            (Field::Active, Value::Flag(active)) => put(body, "status", json!(status(*active))),
            _ => return Err(not_taken(*field, value)),
        }
    }
    Ok(())
}

/// Fields of the whole. Images are the caller's: sending adds.
pub(super) async fn put_whole(
    visit: Visit<'_>,
    body: &mut Body,
    facts: &Facts,
    main_category: Option<&RemoteKey>,
) -> Result<(), ConnectorError> {
    for (field, value) in facts {
        match (field, value) {
            (Field::Name, Value::Text(name)) => put(body, "name", json!(name)),
            (Field::Description, value) => put(body, "description", text(*field, value)?),
            (Field::MetaTitle, value) => put(body, "meta_title", text(*field, value)?),
            (Field::MetaDescription, value) => put(body, "meta_description", text(*field, value)?),
            (Field::Brand, value) => put(body, "manufacturer_name", text(*field, value)?),
            (Field::Measure, value) => put(body, "unit_type", text(*field, value)?),
            (Field::Tax, Value::Number(percent)) => {
                put(body, "tax_id", id_value(&visit.tax(percent.normalize()).await?));
            }
            (Field::Categories, Value::Empty) => put_categories(body, &[], None),
            (Field::Categories, Value::Paths(paths)) => {
                put_categories(body, &categories(visit, paths).await?, main_category);
            }
            (Field::Images, Value::Addresses(_) | Value::Empty) => {}
            _ => return Err(not_taken(*field, value)),
        }
    }
    Ok(())
}

async fn categories(visit: Visit<'_>, paths: &[Vec<String>]) -> Result<Vec<RemoteKey>, ConnectorError> {
    let mut tree = visit.tree(false).await?;
    if paths.iter().any(|path| tree.find(path).is_none()) {
        tree = visit.tree(true).await?;
    }
    let id = |path: &Vec<String>| {
        tree.find(path).cloned().ok_or_else(|| {
            let message = format!(
                "the store has no category {}; make it there, or take the product out of it",
                path.join(" > ")
            );
            ConnectorError::rejected(Some("categories"), message)
        })
    };
    paths.iter().map(id).collect()
}

/// All categories, and the one that counts as the main one: it stays where it is as long as it is among them.
fn put_categories(body: &mut Body, ids: &[RemoteKey], main: Option<&RemoteKey>) {
    let listed: Vec<Json> = ids.iter().map(|id| json!({"id": id_value(id)})).collect();
    put(body, "categories", json!(listed));
    let main = main.filter(|main| ids.contains(main)).or(ids.first());
    put(body, "category_id", main.map_or_else(|| json!(0), id_value));
}

pub(super) fn put_images(body: &mut Body, addresses: &[String]) {
    if !addresses.is_empty() {
        let images: Vec<Json> = addresses.iter().map(|address| json!({"url": address})).collect();
        put(body, "images", json!(images));
    }
}

/// A variant that isn't there yet.
pub(super) fn new_variant(variant: &NewVariant, terms: Terms) -> Result<Json, ConnectorError> {
    let mut body = Body::new();
    put(&mut body, "inventory_enabled", json!(on_off(variant.tracked)));
    put_unit(&mut body, &variant.facts, terms)?;
    let options: Vec<Json> =
        variant.options.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    put(&mut body, "variant_options", json!(options));
    Ok(Json::Object(body))
}

/// The attributes and values that variants are told apart by, each once and in the order of the variants, after those
/// that are `known` already. What is there is sent as it was read, ids included, for it is not known if an omitted
/// value survives (inferred).
pub(super) fn attributes(known: &[Json], variants: &[NewVariant]) -> Vec<Json> {
    let mut attributes: Vec<Json> = known.to_vec();
    for (name, value) in variants.iter().flat_map(|variant| &variant.options) {
        let place = attributes.iter().position(|attribute| attribute.get("name") == Some(&json!(name)));
        let place = place.unwrap_or_else(|| {
            attributes.push(json!({"name": name, "options": []}));
            attributes.len() - 1
        });
        let options = attributes.get_mut(place).and_then(|attribute| attribute.get_mut("options"));
        if let Some(options) = options.and_then(Json::as_array_mut)
            && !options.iter().any(|option| option.get("value") == Some(&json!(value)))
        {
            options.push(json!({"value": value}));
        }
    }
    attributes
}

pub(super) fn put(body: &mut Body, name: &str, value: Json) {
    body.insert(name.to_owned(), value);
}

pub(super) fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

pub(super) fn status(active: bool) -> &'static str {
    if active { "active" } else { "inactive" }
}

fn text(field: Field, value: &Value) -> Result<Json, ConnectorError> {
    match value {
        Value::Text(text) => Ok(json!(text)),
        Value::Empty => Ok(json!("")),
        _ => Err(not_taken(field, value)),
    }
}

/// Text that is null when there is none (dossier §5.1).
fn optional_text(field: Field, value: &Value) -> Result<Json, ConnectorError> {
    match value {
        Value::Text(text) => Ok(json!(text)),
        Value::Empty => Ok(Json::Null),
        _ => Err(not_taken(field, value)),
    }
}

fn not_taken(field: Field, value: &Value) -> ConnectorError {
    let why = match value {
        Value::Empty => "the store needs one; give the product one",
        _ => "the store cannot take such a value there; correct it where it comes from",
    };
    ConnectorError::rejected(Some(field.code()), format!("the product's {}: {why}", field.words()))
}
