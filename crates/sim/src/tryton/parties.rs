//! Parties, their addresses and their numbers.

use super::{
    errors::{Failure, Outcome},
    store::Store,
    values::Value,
};

const PARTY: &str = "party.party";
const ADDRESS: &str = "party.address";
const MECHANISM: &str = "party.contact_mechanism";
const IDENTIFIER: &str = "party.identifier";

pub(super) fn party(store: &Store, id: i64, name: &str) -> Value {
    match name {
        "full_name" => store.get(PARTY, id, "name").clone(),
        "tax_identifier" => Value::one(
            store
                .pointing(IDENTIFIER, "party", id)
                .into_iter()
                .find(|identifier| store.text(IDENTIFIER, *identifier, "type").ends_with("_vat")),
        ),
        kind => {
            let wanted = |mechanism: &i64| match store.text(MECHANISM, *mechanism, "type") {
                "mobile" => kind == "phone",
                other => other == kind,
            };
            let first = store.pointing(MECHANISM, "party", id).into_iter().find(wanted);
            first.map_or(Value::Null, |mechanism| store.get(MECHANISM, mechanism, "value").clone())
        }
    }
}

/// A street in parts wins over one that was written whole.
fn street(store: &Store, id: i64) -> String {
    let parts: Vec<&str> =
        ["street_name", "building_name", "building_number", "unit_number", "floor_number", "room_number"]
            .into_iter()
            .map(|field| store.text(ADDRESS, id, field))
            .filter(|part| !part.is_empty())
            .collect();
    if parts.is_empty() { store.text(ADDRESS, id, "street_unstructured").to_owned() } else { parts.join(" ") }
}

pub(super) fn address(store: &Store, id: i64, name: &str) -> Value {
    let street = street(store, id);
    if name == "street" {
        return if street.is_empty() { Value::Null } else { Value::Text(street) };
    }
    let text = |field: &str| store.text(ADDRESS, id, field).to_owned();
    let country = store.one(ADDRESS, id, "country");
    let country = country.map(|country| store.text("country.country", country, "name").to_uppercase());
    let town = [text("postal_code"), text("city")].into_iter().filter(|part| !part.is_empty());
    let lines = [text("attn"), street, town.collect::<Vec<String>>().join(" "), country.unwrap_or_default()];
    Value::Text(lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<String>>().join("\n"))
}

/// Blanks and punctuation taken out, for the kinds whose numbers are checked.
pub(super) fn compact(store: &mut Store, id: i64) {
    let code = store.text(IDENTIFIER, id, "code");
    let compact = if store.text(IDENTIFIER, id, "type").is_empty() {
        code.to_owned()
    } else {
        code.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>().to_uppercase()
    };
    store.set(IDENTIFIER, id, "code_compact", Value::Text(compact));
}

/// European numbers need their country's prefix; the check digit is verified for the countries below.
pub(super) fn check_identifier(store: &Store, id: i64) -> Outcome<()> {
    if store.text(IDENTIFIER, id, "type") != "eu_vat" {
        return Ok(());
    }
    let code = store.text(IDENTIFIER, id, "code_compact");
    let (country, number) = code.split_at_checked(2).unwrap_or_default();
    let valid = match country {
        "RO" => romanian(number),
        "EL" | "GR" => greek(number),
        _ => country.chars().all(|letter| letter.is_ascii_uppercase()) && (2..=12).contains(&number.len()),
    };
    if valid {
        return Ok(());
    }
    Err(Failure::user(format!(
        "The European VAT Number \"{}\" for party \"{}\" is not valid.",
        store.text(IDENTIFIER, id, "code"),
        store.one(IDENTIFIER, id, "party").map(|party| store.record_name(PARTY, party)).unwrap_or_default()
    )))
}

fn digits(text: &str) -> Option<Vec<u32>> {
    text.chars().map(|digit| digit.to_digit(10)).collect()
}

fn romanian(number: &str) -> bool {
    let Some(digits) = digits(number) else { return false };
    let Some((check, body)) = digits.split_last() else { return false };
    let weights = [2, 3, 5, 7, 1, 2, 3, 5, 7];
    let sum: u32 = body.iter().rev().zip(weights).map(|(digit, weight)| digit * weight).sum();
    (2..=10).contains(&digits.len()) && sum * 10 % 11 % 10 == *check
}

fn greek(number: &str) -> bool {
    let Some(digits) = digits(number) else { return false };
    let Some((check, body)) = digits.split_last() else { return false };
    let sum = body.iter().fold(0, |sum, digit| sum * 2 + digit) * 2 % 11 % 10;
    digits.len() == 9 && sum == *check
}

pub(super) fn check_address(store: &Store, id: i64) -> Outcome<()> {
    let Some(subdivision) = store.one(ADDRESS, id, "subdivision") else { return Ok(()) };
    if store.one("country.subdivision", subdivision, "country") == store.one(ADDRESS, id, "country") {
        return Ok(());
    }
    Err(Failure::user(format!(
        "The value \"{}\" for field \"Subdivision\" of \"Party Address\" is not valid according to its domain.",
        store.record_name("country.subdivision", subdivision)
    )))
}
