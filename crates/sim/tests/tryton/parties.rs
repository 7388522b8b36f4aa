//! Looking customers up, and what of them is refused.

use serde_json::{Value, json};

use crate::support::company;

#[test]
fn a_customer_is_found_by_code_mail_and_vat_number_exactly_as_stored() {
    let company = company();
    let romania = company.call("country.country.search", json!([[["code", "=", "RO"]]]))[0].clone();
    let cluj = company.call("country.subdivision.search", json!([[["code", "=", "RO-CJ"]]]))[0].clone();
    let id = company.call(
        "party.party.create",
        json!([[{
        "name": "Μαρία ΠΑΠΑΔΟΠΟΥΛΟΥ 🎉", "code": "SHOP-77",
        "addresses": [["create", [{"street": "Str. Memorandumului 28\nap. 3", "city": "Cluj-Napoca",
                                    "country": romania, "subdivision": cluj}]]],
        "contact_mechanisms": [["create", [{"type": "email", "value": " Maria@Example.com "},
                                           {"type": "phone", "value": "+40 721 123 456"}]]],
        "identifiers": [["create", [{"type": "eu_vat", "code": "RO 18547290"}]]]}]]),
    )[0]
    .clone();
    for (domain, found) in [
        (json!([["code", "=", "SHOP-77"]]), true),
        (json!([["code", "=", "shop-77"]]), false),
        (json!([["contact_mechanisms.value", "=", "Maria@Example.com"]]), true),
        (json!([["contact_mechanisms.value", "=", "maria@example.com"]]), false),
        (json!([["contact_mechanisms.value", "ilike", "maria@example.com"]]), true),
        (json!([["contact_mechanisms.value", "=", "+40721123456"]]), false),
        (json!([["contact_mechanisms", "where", [["type", "=", "phone"], ["value", "like", "+40%"]]]]), true),
        (json!([["identifiers.code", "=", "RO18547290"]]), false),
        (json!([["identifiers.code_compact", "=", "RO18547290"]]), true),
        (json!([["name", "ilike", "%ΠΑΠΑΔΟ%"]]), true),
        (json!([["name", "ilike", "%παπαδο%"]]), false),
    ] {
        let expected = if found { json!([id]) } else { json!([]) };
        assert_eq!(company.call("party.party.search", json!([domain])), expected, "{domain}");
    }
    let row = company.call("party.party.read", json!([[id], ["email", "addresses.street_unstructured"]]));
    assert_eq!(row[0]["email"], "Maria@Example.com");
    assert_eq!(row[0]["addresses."][0]["street_unstructured"], "Str. Memorandumului 28\nap. 3");
}

#[test]
fn codes_are_unique_and_made_when_they_are_not_given() {
    let company = company();
    company.call("party.party.create", json!([[{"name": "A", "code": "SHOP-1"}]]));
    let error = company.refused("party.party.create", json!([[{"name": "B", "code": "SHOP-1"}]]));
    assert_eq!(error[1][0], "The code on party must be unique.");
    let made = company.call("party.party.create", json!([[{"name": "C"}]]));
    let row = company.call("party.party.read", json!([made, ["code", "addresses"]]));
    assert!(row[0]["code"].as_str().unwrap().parse::<u32>().is_ok());
    assert_eq!(row[0]["addresses"], json!([]));
}

#[test]
fn numbers_values_and_counties_that_cannot_be_are_refused() {
    let company = company();
    let party = company.customer;
    let country =
        |code: &str| company.call("country.country.search", json!([[["code", "=", code]]]))[0].clone();
    let berlin = company.call("country.subdivision.search", json!([[["code", "=", "DE-BE"]]]))[0].clone();
    for (method, values) in [
        ("party.identifier.create", json!({"type": "eu_vat", "code": "RO123"})),
        ("party.identifier.create", json!({"type": "eu_vat", "code": "18547290"})),
        ("party.identifier.create", json!({"type": "eu_vat", "code": "EL094259217"})),
        ("party.contact_mechanism.create", json!({"type": "email", "value": ""})),
        ("party.contact_mechanism.create", json!({"type": "pigeon", "value": "x"})),
        ("party.address.create", json!({"country": country("RO"), "subdivision": berlin})),
    ] {
        let mut values = values;
        values["party"] = json!(party);
        assert_eq!(company.refused(method, json!([[values.clone()]]))[0], "UserError", "{values}");
    }
    for code in ["EL094259216", "DE136695976", "RO18547290"] {
        company.call("party.identifier.create", json!([[{"party": party, "type": "eu_vat", "code": code}]]));
    }
    company.call("party.identifier.create", json!([[{"party": party, "type": null, "code": "anything 12"}]]));
}

#[test]
fn a_street_in_parts_wins_over_one_written_whole() {
    let company = company();
    let id = company.call(
        "party.address.create",
        json!([[{
        "party": company.customer, "street_unstructured": "X 1", "street_name": "Y", "building_name": "Bl 3",
        "building_number": "2"}]]),
    );
    let row = company.call("party.address.read", json!([id, ["street", "street_unstructured", "city"]]));
    assert_eq!((&row[0]["street"], &row[0]["street_unstructured"]), (&json!("Y Bl 3 2"), &json!("X 1")));
    assert_eq!(row[0]["city"], Value::Null);
}

#[test]
fn an_inactive_address_is_no_longer_among_its_partys() {
    let company = company();
    company.call("party.address.write", json!([[company.address], {"active": false}]));
    let row = company.call("party.party.read", json!([[company.customer], ["addresses"]]));
    assert_eq!(row[0]["addresses"], json!([]));
}
