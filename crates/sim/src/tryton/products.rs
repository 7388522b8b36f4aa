//! Products: the code that is made of two, and what is checked.

use super::{
    errors::{Failure, Outcome},
    stock::MOVE,
    store::Store,
    values::Value,
};

const PRODUCT: &str = "product.product";

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

pub(super) fn may_write(store: &Store, id: i64, names: &[&'static str]) -> Outcome<()> {
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
    let digits: Option<Vec<u32>> = code.chars().map(|digit| digit.to_digit(10)).collect();
    let Some(digits) = digits else { return false };
    let weighted: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| if place % 2 == 1 { digit * 3 } else { *digit })
        .sum();
    matches!(digits.len(), 8 | 12 | 13 | 14) && weighted.is_multiple_of(10)
}
