//! What each model adds to plain records: defaults, values that follow from others, what may not be.

use super::{
    categories,
    context::Context,
    errors::{Failure, Outcome},
    parties, price_lists, products,
    records::required,
    schema::{Model, title},
    store::{Store, Values},
    values::Value,
};

pub(super) fn defaults(store: &mut Store, of: &'static Model, context: &Context) -> Values {
    let mut values = Values::new();
    if of.has("active") {
        values.insert("active", Value::Boolean(true));
    }
    if of.has("company") {
        values.insert("company", Value::one(context.company));
    }
    let mut text = |field, value| {
        values.insert(field, Value::text(value));
    };
    match of.name {
        "sale.sale" => {
            text("state", "draft");
            text("shipment_state", "none");
            text("invoice_state", "none");
            text("invoice_method", "order");
            text("shipment_method", "order");
            text("shipment_cost_method", "order");
            values.insert("currency", Value::One(store.base.currency));
        }
        "purchase.purchase" => {
            text("state", "draft");
            text("shipment_state", "none");
            text("invoice_state", "none");
            text("invoice_method", "order");
            values.insert("currency", Value::One(store.base.currency));
        }
        "sale.line" | "purchase.line" => text("type", "line"),
        "stock.move" => {
            text("state", "draft");
            values.insert("planned_date", Value::Null);
        }
        "stock.shipment.out" | "stock.shipment.in" | "stock.shipment.internal" | "stock.inventory" => {
            text("state", "draft");
            if of.name == "stock.inventory" {
                values.insert("date", Value::Date(store.today()));
            }
            let number = store.next_number(of.name);
            values.insert("number", Value::Text(number));
        }
        "account.invoice" => text("state", "draft"),
        "party.contact_mechanism" => text("type", "phone"),
        "product.template" => {
            text("type", "goods");
            values.insert("consumable", Value::Boolean(false));
        }
        "product.category" => {
            values.insert("accounting", Value::Boolean(false));
        }
        "product.price_list" => {
            text("unit", "product_default");
            values.insert("tax_included", Value::Boolean(false));
        }
        "product.product" => {
            values.insert("cost_price", Value::Numeric(0.into()));
        }
        _ => {}
    }
    values
}

/// Values that follow from what was written.
pub(super) fn complete(store: &mut Store, of: &'static Model, id: i64) {
    match of.name {
        "product.template" => {
            for product in store.pointing("product.product", "template", id) {
                products::set_code(store, product);
            }
        }
        "product.product" => products::set_code(store, id),
        "party.party" if store.get(of.name, id, "code").is_null() => {
            let code = store.next_number(of.name);
            store.set(of.name, id, "code", Value::Text(code));
        }
        "party.identifier" => parties::compact(store, id),
        _ => {}
    }
}

pub(super) fn check(store: &Store, of: &'static Model, id: i64) -> Outcome<()> {
    match of.name {
        "sale.sale" => sale(store, id),
        "sale.line" | "purchase.line" => line(store, of, id),
        "product.product" => products::check(store, id),
        "product.template" => products::check_template(store, id),
        "product.category" => categories::check(store, id),
        "product.price_list.line" => price_lists::check_line(store, id),
        "product.identifier" => products::check_identifier(store, id),
        "party.party" => {
            let same = store.having(of.name, "code", store.get(of.name, id, "code"));
            unique(same.len(), "The code on party must be unique.")
        }
        "party.identifier" => parties::check_identifier(store, id),
        "party.address" => parties::check_address(store, id),
        "stock.inventory" => {
            let at = store.one(of.name, id, "location").unwrap_or(0);
            if store.text("stock.location", at, "type") == "storage" {
                Ok(())
            } else {
                Err(outside(store, "stock.location", at, "location", of.label))
            }
        }
        _ => Ok(()),
    }
}

fn unique(count: usize, message: &str) -> Outcome<()> {
    if count > 1 { Err(Failure::user(message)) } else { Ok(()) }
}

fn outside(store: &Store, target: &str, id: i64, field: &str, label: &str) -> Failure {
    Failure::user(format!(
        "The value \"{}\" for field \"{}\" of \"{label}\" is not valid according to its domain.",
        store.record_name(target, id),
        title(field)
    ))
}

fn sale(store: &Store, id: i64) -> Outcome<()> {
    const SALE: &str = "sale.sale";
    if let (Some(shop), web_id @ Value::Text(_)) =
        (store.one(SALE, id, "web_shop"), store.get(SALE, id, "web_id"))
    {
        let same = store.having(SALE, "web_id", web_id);
        let count =
            same.into_iter().filter(|other| store.one(SALE, *other, "web_shop") == Some(shop)).count();
        unique(count, "The web ID on the sale must be unique per shop.")?;
    }
    for (address, party) in [("invoice_address", "invoice_party"), ("shipment_address", "shipment_party")] {
        let Some(address_id) = store.one(SALE, id, address) else { continue };
        let owner = store.one(SALE, id, party).or_else(|| store.one(SALE, id, "party"));
        if store.one("party.address", address_id, "party") != owner {
            return Err(outside(store, "party.address", address_id, address, "Sale"));
        }
    }
    Ok(())
}

fn line(store: &Store, of: &'static Model, id: i64) -> Outcome<()> {
    let name = store.record_name(of.name, id);
    if store.text(of.name, id, "type") != "line" {
        for field in ["quantity", "unit_price", "product"] {
            if !store.get(of.name, id, field).is_null() {
                return Err(Failure::user(format!(
                    "The value for field \"{}\" in record \"{name}\" of \"{}\" is not valid according to its domain.",
                    title(field),
                    of.label
                )));
            }
        }
        return Ok(());
    }
    let mut needed = vec!["quantity", "unit_price"];
    if !store.get(of.name, id, "product").is_null() {
        needed.push("unit");
    }
    match needed.into_iter().find(|field| store.get(of.name, id, field).is_null()) {
        Some(field) => Err(required(field, &name, of.label)),
        None => salable(store, of, id),
    }
}

fn salable(store: &Store, of: &'static Model, id: i64) -> Outcome<()> {
    let Some(product) = store.one(of.name, id, "product") else { return Ok(()) };
    let template = store.one("product.product", product, "template").unwrap_or(0);
    let flag = if of.name == "sale.line" { "salable" } else { "purchasable" };
    if store.get("product.template", template, flag).is_true() {
        Ok(())
    } else {
        Err(outside(store, "product.product", product, "product", of.label))
    }
}

/// Lines are added to drafts only.
pub(super) fn may_create(store: &Store, of: &'static Model, id: i64) -> Outcome<()> {
    let state = match of.name {
        "sale.line" => owner_state(store, of.name, id, "sale", "sale.sale"),
        "purchase.line" => owner_state(store, of.name, id, "purchase", "purchase.purchase"),
        _ => return Ok(()),
    };
    if state == "draft" {
        return Ok(());
    }
    Err(Failure::user(format!(
        "You are not allowed to modify the field \"Type\" in record \"{}\" of \"{}\".",
        store.record_name(of.name, id),
        of.label
    )))
}

/// Fields that stay writable when a document is no longer a draft.
const ALWAYS: &[&str] = &["reference", "description", "comment", "note", "web_id"];

pub(super) fn may_write(store: &Store, of: &'static Model, id: i64, names: &[&'static str]) -> Outcome<()> {
    let frozen = match of.name {
        "sale.sale" | "purchase.purchase" => store.state(of.name, id) != "draft",
        "sale.line" => owner_state(store, of.name, id, "sale", "sale.sale") != "draft",
        "purchase.line" => owner_state(store, of.name, id, "purchase", "purchase.purchase") != "draft",
        "stock.move" => store.state(of.name, id) != "draft",
        "stock.shipment.out" | "stock.shipment.internal" | "stock.shipment.in" | "stock.inventory" => {
            store.state(of.name, id) != "draft"
        }
        "product.product" => return products::may_write(store, id, names),
        "product.template" => return products::may_write_template(store, id, names),
        _ => false,
    };
    match names.iter().find(|name| frozen && !ALWAYS.contains(name)) {
        Some(name) => Err(Failure::user(format!(
            "You are not allowed to modify the field \"{}\" in record \"{}\" of \"{}\".",
            title(name),
            store.record_name(of.name, id),
            of.label
        ))),
        None => Ok(()),
    }
}

fn owner_state<'a>(store: &'a Store, of: &str, id: i64, field: &'static str, owner: &str) -> &'a str {
    store.one(of, id, field).map_or("draft", |owner_id| store.state(owner, owner_id))
}

pub(super) fn may_delete(store: &Store, of: &'static Model, id: i64) -> Outcome<()> {
    let name = store.record_name(of.name, id);
    match of.name {
        "sale.sale" | "purchase.purchase" if !matches!(store.state(of.name, id), "draft" | "cancelled") => {
            Err(Failure::user(format!("To delete sale \"{name}\" you must cancel it.")))
        }
        "sale.line"
            if !matches!(owner_state(store, of.name, id, "sale", "sale.sale"), "draft" | "cancelled") =>
        {
            let sale = store.one(of.name, id, "sale").unwrap_or(0);
            Err(Failure::user(format!(
                "To delete line \"{name}\" you must cancel or reset to draft sale \"{}\".",
                store.record_name("sale.sale", sale)
            )))
        }
        "product.product" => products::may_delete(store, id),
        "product.template" => store
            .pointing("product.product", "template", id)
            .into_iter()
            .try_for_each(|product| products::may_delete(store, product)),
        "stock.move" if !matches!(store.state(of.name, id), "draft" | "cancelled" | "staging") => {
            Err(Failure::user(format!(
                "You cannot delete move \"{name}\" because it is not in draft or cancelled."
            )))
        }
        "stock.shipment.out" | "stock.shipment.in" | "stock.shipment.internal"
            if store.state(of.name, id) != "cancelled" =>
        {
            Err(Failure::user(format!("To delete shipment \"{name}\" you must cancel it.")))
        }
        _ => Ok(()),
    }
}
