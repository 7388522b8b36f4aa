//! Products: the code that is made of two, and what is checked.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::{
    errors::{Failure, Outcome},
    schema::{Field, title},
    stock::{self, MOVE, Question},
    store::{Store, Values},
    values::Value,
};

const PRODUCT: &str = "product.product";
const TEMPLATE: &str = "product.template";

/// The SKU is the template's code followed by the variant's.
pub(super) fn set_code(store: &mut Store, id: i64) {
    let template = store.one(PRODUCT, id, "template").unwrap_or(0);
    let code = format!(
        "{}{}",
        store.text("product.template", template, "code"),
        store.text(PRODUCT, id, "suffix_code")
    );
    let code = if code.is_empty() { Value::Null } else { Value::Text(code) };
    if *store.get(PRODUCT, id, "code") != code {
        store.set(PRODUCT, id, "code", code);
    }
}

pub(super) fn check(store: &Store, id: i64) -> Outcome<()> {
    let shops = store.get(PRODUCT, id, "web_shops").as_many();
    if !shops.is_empty() && !store.get(PRODUCT, id, "active").is_true() {
        let names: Vec<String> = shops.iter().map(|shop| store.record_name("web.shop", *shop)).collect();
        return Err(Failure::user(format!(
            "The value \"{}\" for field \"Web Shops\" in record \"{}\" of \"Product\" is not valid according to its \
             domain.",
            names.join(", "),
            store.record_name(PRODUCT, id)
        )));
    }
    let code = store.get(PRODUCT, id, "code");
    if code.is_null() || !store.get(PRODUCT, id, "active").is_true() {
        return Ok(());
    }
    let twins = store.having(PRODUCT, "code", code);
    if twins.into_iter().filter(|twin| store.get(PRODUCT, *twin, "active").is_true()).count() > 1 {
        return Err(Failure::user("Code of active product must be unique."));
    }
    Ok(())
}

pub(super) fn is_on_sale(store: &Store, id: i64) -> bool {
    let template = store.one(PRODUCT, id, "template").unwrap_or(0);
    store.get(PRODUCT, id, "active").is_true() && store.get(TEMPLATE, template, "active").is_true()
}

/// What price lists ask for: the categories and the accounting one.
pub(super) fn categories_all(store: &Store, template: i64) -> Value {
    let mut ids = store.get(TEMPLATE, template, "categories").as_many().to_vec();
    ids.extend(store.one(TEMPLATE, template, "account_category").filter(|id| !ids.contains(id)));
    Value::Many(ids)
}

/// Fields that stay writable when a record is retired.
const ALWAYS: &[&str] = &["active", "products", "categories", "identifiers", "web_shops"];

fn frozen(store: &Store, model: &str, label: &str, id: i64, names: &[&'static str]) -> Outcome<()> {
    match names.iter().find(|name| !ALWAYS.contains(name)) {
        Some(name) => Err(Failure::user(format!(
            "You are not allowed to modify the field \"{}\" in record \"{}\" of \"{label}\".",
            title(name),
            store.record_name(model, id),
        ))),
        None => Ok(()),
    }
}

pub(super) fn may_write_template(store: &Store, id: i64, names: &[&'static str]) -> Outcome<()> {
    if !store.get(TEMPLATE, id, "active").is_true() {
        frozen(store, TEMPLATE, "Product Template", id, names)?;
    }
    let moved = || {
        let mut products = store.pointing(PRODUCT, "template", id).into_iter();
        products.any(|product| !store.pointing(MOVE, "product", product).is_empty())
    };
    for (field, what) in [("default_uom", "default unit of measure"), ("type", "type")] {
        if names.contains(&field) && moved() {
            return Err(Failure::user(format!(
                "You cannot change the {what} of a product which is associated with stock moves."
            )));
        }
    }
    Ok(())
}

/// A record that is born retired can't be given anything.
pub(super) fn may_be_born(given: &Values) -> Outcome<()> {
    let retired = given.get("active") == Some(&Value::Boolean(false));
    if retired && given.keys().any(|name| !ALWAYS.contains(name) && *name != "template") {
        return Err(Failure::read_only("Suffix Code", "Product"));
    }
    Ok(())
}

pub(super) fn check_template(store: &Store, id: i64) -> Outcome<()> {
    let outside = |field: &str, value: String| {
        Err(Failure::user(format!(
            "The value \"{value}\" for field \"{}\" in record \"{}\" of \"Product Template\" is not valid \
             according to its domain.",
            title(field),
            store.record_name(TEMPLATE, id),
        )))
    };
    if store.text(TEMPLATE, id, "type") != "goods" && store.get(TEMPLATE, id, "consumable").is_true() {
        return outside("consumable", "1".to_owned());
    }
    match store.one(TEMPLATE, id, "account_category") {
        Some(category) if !store.get("product.category", category, "accounting").is_true() => {
            outside("account_category", store.record_name("product.category", category))
        }
        _ => Ok(()),
    }
}

pub(super) fn may_delete(store: &Store, id: i64) -> Outcome<()> {
    if store.pointing(MOVE, "product", id).is_empty() {
        return Ok(());
    }
    Err(Failure::user(
        "The records could not be deleted because they are used by field \"Product\" of \"Stock Move\".",
    ))
}

/// Retiring goods that are in storage asks the user first.
pub(super) fn warn(store: &Store, model: &str, id: i64, given: &Values) -> Outcome<()> {
    if given.get("active") != Some(&Value::Boolean(false)) {
        return Ok(());
    }
    let products = match model {
        PRODUCT => vec![id],
        TEMPLATE => store.pointing(PRODUCT, "template", id),
        _ => return Ok(()),
    };
    let storage = |place: &i64| store.text("stock.location", *place, "type") == "storage";
    let places: BTreeSet<i64> = store.ids("stock.location").into_iter().filter(storage).collect();
    let question = Question { locations: &places, forecast: false, assigned_is_gone: false, until: None };
    for product in products {
        let name = format!("{product:032x}.deactivate_product_with_stock");
        if !store.confirmed.contains(&name) && !stock::quantity(store, product, &question).is_zero() {
            let message = format!(
                "The product \"{}\" has still some quantities in locations.",
                store.record_name(PRODUCT, product)
            );
            return Err(Failure::Warning(
                name,
                message,
                "It is recommended to clear the stock from the storage locations before deactivating the product.",
            ));
        }
    }
    Ok(())
}

/// A template's code keeps blanks at its end, a variant's part those at its beginning: together they are a SKU.
pub(super) fn stripped(model: &str, field: &Field, json: &Json, parsed: Value) -> Value {
    let Some(text) = json.as_str() else { return parsed };
    let text = match (model, field.name) {
        (TEMPLATE, "code") => text.trim_start(),
        (PRODUCT, "suffix_code") => text.trim_end(),
        _ => return parsed,
    };
    if text.is_empty() { Value::Null } else { Value::text(text) }
}

/// How many products a call makes or writes.
pub(super) fn touched(store: &Store, model: &str, method: &str, params: &[Json]) -> usize {
    let list = |json: Option<&Json>| json.and_then(Json::as_array).cloned().unwrap_or_default();
    let nested = |values: &Json| -> usize {
        let commands = list(values.get("products"));
        commands
            .iter()
            .map(|command| match command.get(0).and_then(Json::as_str) {
                Some("create") => list(command.get(1)).len(),
                Some("write") => list(Some(command)).len() / 2,
                _ => 0,
            })
            .sum()
    };
    match (model, method) {
        (PRODUCT, "create") => list(params.first()).len(),
        (PRODUCT, "write") => params.chunks(2).map(|pair| list(pair.first()).len()).sum(),
        (TEMPLATE, "create") => list(params.first()).iter().map(nested).sum(),
        // Every variant's code is written again.
        (TEMPLATE, "write") => params
            .chunks(2)
            .map(|pair| {
                let values = pair.get(1).unwrap_or(&Json::Null);
                let owned = |id: &Json| store.pointing(PRODUCT, "template", id.as_i64().unwrap_or(0)).len();
                let recoded = values.get("code").is_some();
                let all: usize = list(pair.first()).iter().map(owned).sum();
                nested(values) + if recoded { all } else { 0 }
            })
            .sum(),
        _ => 0,
    }
}

pub(super) fn may_write(store: &Store, id: i64, names: &[&'static str]) -> Outcome<()> {
    if !is_on_sale(store, id) {
        frozen(store, PRODUCT, "Product", id, names)?;
    }
    if names.contains(&"cost_price") && !store.pointing(MOVE, "product", id).is_empty() {
        return Err(Failure::user(
            "You cannot change the cost price of a product which is associated with stock moves.\n\
             You must use the \"Modify Cost Price\" wizard.",
        ));
    }
    Ok(())
}

pub(super) fn check_identifier(store: &Store, id: i64) -> Outcome<()> {
    const IDENTIFIER: &str = "product.identifier";
    let code = store.text(IDENTIFIER, id, "code");
    if store.text(IDENTIFIER, id, "type") != "ean" || valid_ean(code) {
        return Ok(());
    }
    let product = store.one(IDENTIFIER, id, "product").unwrap_or(0);
    Err(Failure::user(format!(
        "The International Article Number \"{code}\" for product \"{}\" is not valid.",
        store.record_name(PRODUCT, product)
    )))
}

fn valid_ean(code: &str) -> bool {
    let bare = code.chars().filter(|letter| !matches!(letter, ' ' | '-'));
    let digits: Option<Vec<u32>> = bare.map(|digit| digit.to_digit(10)).collect();
    let Some(digits) = digits else { return false };
    let weighted: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| if place % 2 == 1 { digit * 3 } else { *digit })
        .sum();
    matches!(digits.len(), 8 | 12 | 13 | 14) && weighted.is_multiple_of(10)
}
