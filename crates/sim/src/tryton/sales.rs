//! Sales: quote, confirm, process, and what they say about their moves.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::{
    amounts,
    errors::{Failure, Outcome},
    schema::title,
    shipments::{self, OUT},
    stock::{self, MOVE, NewMove},
    store::{Store, Values},
    values::Value,
};

pub(super) const SALE: &str = "sale.sale";
pub(super) const LINE: &str = "sale.line";

pub(super) fn lines(store: &Store, sale: i64) -> Vec<i64> {
    store.pointing(LINE, "sale", sale)
}

pub(super) fn line_moves(store: &Store, line: i64) -> Vec<i64> {
    store.referring(MOVE, "origin", LINE, line)
}

/// Moves of the lines of a sale or a purchase.
pub(super) fn moves(store: &Store, document: &'static str, id: i64) -> Vec<i64> {
    let (model, field) = if document == SALE { (LINE, "sale") } else { ("purchase.line", "purchase") };
    let lines = store.pointing(model, field, id);
    lines.into_iter().flat_map(|line| store.referring(MOVE, "origin", model, line)).collect()
}

pub(super) fn shipments(store: &Store, document: &'static str, id: i64, kind: &str) -> Vec<i64> {
    let found: BTreeSet<i64> = moves(store, document, id)
        .into_iter()
        .filter_map(|a_move| match store.get(MOVE, a_move, "shipment") {
            Value::Reference(model, shipment) if *model == kind => Some(*shipment),
            _ => None,
        })
        .collect();
    found.into_iter().collect()
}

pub(super) fn line(store: &Store, id: i64, name: &str) -> Value {
    match name {
        "amount" => Value::Numeric(amounts::line(store, LINE, id)),
        "sale_state" => {
            store.one(LINE, id, "sale").map_or(Value::Null, |sale| store.get(SALE, sale, "state").clone())
        }
        "actual_quantity" => {
            let sale = store.one(LINE, id, "sale").unwrap_or(0);
            match store.state(SALE, sale) {
                "draft" | "quotation" | "cancelled" => Value::Null,
                _ => store.get(LINE, id, "quantity").clone(),
            }
        }
        "moves_exception" => Value::Boolean(exception(store, id)),
        "moves_progress" => progress(store, id).map_or(Value::Null, Value::Float),
        _ => Value::Null,
    }
}

fn ships(store: &Store, line: i64) -> bool {
    let Some(product) = store.one(LINE, line, "product") else { return false };
    let template = store.one("product.product", product, "template").unwrap_or(0);
    matches!(store.text("product.template", template, "type"), "goods" | "assets")
}

/// A cancelled move that nobody has decided about.
fn exception(store: &Store, line: i64) -> bool {
    let ignored = store.get(LINE, line, "moves_ignored").as_many();
    let recreated = store.get(LINE, line, "moves_recreated").as_many();
    line_moves(store, line)
        .into_iter()
        .any(|id| store.state(MOVE, id) == "cancelled" && !ignored.contains(&id) && !recreated.contains(&id))
}

/// The part that has left, 1 when nothing remains; nothing for what is not shipped.
fn progress(store: &Store, line: i64) -> Option<Decimal> {
    let quantity = store.decimal(LINE, line, "quantity").abs();
    if !ships(store, line) || quantity.is_zero() {
        return None;
    }
    let ignored = store.get(LINE, line, "moves_ignored").as_many();
    let settled: Decimal = line_moves(store, line)
        .into_iter()
        .filter(|id| store.state(MOVE, *id) == "done" || ignored.contains(id))
        .map(|id| store.decimal(MOVE, id, "quantity"))
        .sum();
    Some((settled / quantity).min(Decimal::ONE).round_dp(4))
}

pub(super) fn quote(store: &mut Store, id: i64) -> Outcome<()> {
    let name = store.record_name(SALE, id);
    if lines(store, id).is_empty() {
        return Err(Failure::not_callable("quote", &name, "Sale"));
    }
    let absent =
        |what: &str| Err(Failure::user(format!("To get a quote for sale \"{name}\" you must enter {what}.")));
    if store.one(SALE, id, "invoice_address").is_none() {
        return absent("an invoice address");
    }
    if store.one(SALE, id, "shipment_address").is_none() {
        return absent("a shipment address");
    }
    if store.one(SALE, id, "warehouse").is_none()
        && let Some(line) = lines(store, id).into_iter().find(|line| ships(store, *line))
    {
        return absent(&format!("a warehouse for the line \"{}\"", store.record_name(LINE, line)));
    }
    if !store.text(SALE, id, "shipment_cost_method").is_empty() {
        match store.one(SALE, id, "carrier") {
            None => return absent("a carrier"),
            Some(carrier) if store.text(SALE, id, "shipment_cost_method") == "order" => {
                add_shipment_cost(store, id, carrier);
            }
            Some(_) => {}
        }
    }
    let number = match store.get(SALE, id, "number") {
        Value::Null => Value::Text(store.next_number(SALE)),
        known => known.clone(),
    };
    store.update(SALE, id, [("state", Value::text("quotation")), ("number", number)]);
    Ok(())
}

/// The carrier's own line, at its product's price and taxes; not a second time.
fn add_shipment_cost(store: &mut Store, sale: i64, carrier: i64) {
    if lines(store, sale).into_iter().any(|line| !store.get(LINE, line, "shipment_cost").is_null()) {
        return;
    }
    let Some(product) = store.one("carrier", carrier, "carrier_product") else { return };
    let template = store.one("product.product", product, "template").unwrap_or(0);
    let price = match store.get("product.product", product, "list_price") {
        Value::Null => store.get("product.template", template, "list_price").clone(),
        own => own.clone(),
    };
    let category = store.one("product.template", template, "account_category").unwrap_or(0);
    let values = Values::from([
        ("sale", Value::One(sale)),
        ("type", Value::text("line")),
        ("product", Value::One(product)),
        ("quantity", Value::Float(Decimal::ONE)),
        ("unit", Value::One(store.base.unit)),
        ("unit_price", price.clone()),
        ("shipment_cost", price),
        ("taxes", store.get("product.category", category, "customer_taxes").clone()),
    ]);
    store.insert(LINE, values);
}

pub(super) fn confirm(store: &mut Store, id: i64) {
    let today = store.today();
    let date = match store.get(SALE, id, "sale_date") {
        Value::Null => Value::Date(today),
        known => known.clone(),
    };
    store.update(SALE, id, [("state", Value::text("confirmed")), ("sale_date", date)]);
}

/// Makes the missing shipments and the invoice, and brings the states up to date.
pub(super) fn process(store: &mut Store, id: i64) {
    if !matches!(store.state(SALE, id), "confirmed" | "processing") {
        return;
    }
    let mut outgoing = Vec::new();
    let mut returned = Vec::new();
    for line in lines(store, id) {
        let quantity = store.decimal(LINE, line, "quantity");
        if !ships(store, line) || store.text(LINE, line, "type") != "line" {
            continue;
        }
        let recreated = store.get(LINE, line, "moves_recreated").as_many();
        let known: Decimal = line_moves(store, line)
            .into_iter()
            .filter(|a_move| !recreated.contains(a_move))
            .map(|a_move| store.decimal(MOVE, a_move, "quantity"))
            .sum();
        let missing = quantity.abs() - known;
        if missing > Decimal::ZERO {
            if quantity > Decimal::ZERO { &mut outgoing } else { &mut returned }.push((line, missing));
        }
    }
    if !outgoing.is_empty() {
        ship(store, id, &outgoing);
    }
    if !returned.is_empty() {
        take_back(store, id, &returned);
    }
    invoice(store, id);
    refresh(store, id);
}

fn ship(store: &mut Store, sale: i64, lines: &[(i64, Decimal)]) {
    let Some(warehouse) = store.one(SALE, sale, "warehouse") else { return };
    let today = Value::Date(store.today());
    let customer = store.one(SALE, sale, "shipment_party").or_else(|| store.one(SALE, sale, "party"));
    let output = store.one("stock.location", warehouse, "output_location").unwrap_or(0);
    let number = store.next_number(OUT);
    let values = Values::from([
        ("number", Value::Text(number)),
        ("state", Value::text("waiting")),
        ("company", store.get(SALE, sale, "company").clone()),
        ("customer", Value::one(customer)),
        ("delivery_address", store.get(SALE, sale, "shipment_address").clone()),
        ("warehouse", Value::One(warehouse)),
        ("warehouse_storage", store.get("stock.location", warehouse, "storage_location").clone()),
        ("warehouse_output", Value::One(output)),
        ("planned_date", today.clone()),
    ]);
    let shipment = store.insert(OUT, values);
    for (line, quantity) in lines {
        let product = store.one(LINE, *line, "product").unwrap_or(0);
        let customer = store.base.customer_location;
        let id = stock::new_move(
            store,
            NewMove {
                product,
                quantity: *quantity,
                from: output,
                to: customer,
                origin: Value::Reference(LINE, *line),
                shipment: Value::Reference(OUT, shipment),
                planned: today.clone(),
            },
        );
        let price = store.get(LINE, *line, "unit_price").clone();
        store.set(MOVE, id, "unit_price", price);
        touch(store, LINE, *line);
    }
    shipments::plan_picking(store, shipment);
}

fn take_back(store: &mut Store, sale: i64, lines: &[(i64, Decimal)]) {
    const RETURN: &str = "stock.shipment.out.return";
    let Some(warehouse) = store.one(SALE, sale, "warehouse") else { return };
    let number = store.next_number(RETURN);
    let today = Value::Date(store.today());
    let values = Values::from([
        ("number", Value::Text(number)),
        ("state", Value::text("draft")),
        ("company", store.get(SALE, sale, "company").clone()),
        ("customer", store.get(SALE, sale, "party").clone()),
        ("warehouse", Value::One(warehouse)),
    ]);
    let shipment = store.insert(RETURN, values);
    let input = store.one("stock.location", warehouse, "input_location").unwrap_or(0);
    for (line, quantity) in lines {
        let product = store.one(LINE, *line, "product").unwrap_or(0);
        let customer = store.base.customer_location;
        stock::new_move(
            store,
            NewMove {
                product,
                quantity: *quantity,
                from: customer,
                to: input,
                origin: Value::Reference(LINE, *line),
                shipment: Value::Reference(RETURN, shipment),
                planned: today.clone(),
            },
        );
    }
}

fn invoice(store: &mut Store, sale: i64) {
    if store.text(SALE, sale, "invoice_method") != "order"
        || !store.get(SALE, sale, "invoices").as_many().is_empty()
    {
        return;
    }
    let party = store.one(SALE, sale, "invoice_party").or_else(|| store.one(SALE, sale, "party"));
    let of = |field: &str| store.get(SALE, sale, field).clone();
    let values = Values::from([
        ("type", Value::text("out")),
        ("state", Value::text("draft")),
        ("company", of("company")),
        ("party", Value::one(party)),
        ("invoice_address", of("invoice_address")),
        ("currency", of("currency")),
        ("payment_term", of("payment_term")),
        ("sales", Value::Many(vec![sale])),
    ]);
    let invoice = store.insert("account.invoice", values);
    store.set(SALE, sale, "invoices", Value::Many(vec![invoice]));
}

fn touch(store: &mut Store, model: &'static str, id: i64) {
    store.update(model, id, []);
}

fn shipment_state(store: &Store, sale: i64) -> &'static str {
    if moves(store, SALE, sale).is_empty() {
        return "none";
    }
    let lines = lines(store, sale);
    if lines.iter().any(|line| exception(store, *line)) {
        return "exception";
    }
    let progress: Vec<Decimal> = lines.into_iter().filter_map(|line| progress(store, line)).collect();
    if progress.iter().all(|part| *part >= Decimal::ONE) {
        "sent"
    } else if progress.iter().any(|part| !part.is_zero()) {
        "partially shipped"
    } else {
        "waiting"
    }
}

fn invoice_state(store: &Store, sale: i64) -> &'static str {
    let invoices = store.get(SALE, sale, "invoices").as_many();
    match invoices.first().map(|invoice| store.state("account.invoice", *invoice)) {
        None => "none",
        Some("posted") => "awaiting payment",
        Some("paid") => "paid",
        Some("cancelled") => "exception",
        Some(_) => "pending",
    }
}

/// Written only when something changes: the sale's time stamp is how clients learn of it.
pub(super) fn refresh(store: &mut Store, sale: i64) {
    let (shipment, invoice) = (shipment_state(store, sale), invoice_state(store, sale));
    let finished = matches!(shipment, "sent" | "none") && matches!(invoice, "paid" | "none");
    let state = if finished { "done" } else { "processing" };
    let unchanged = store.text(SALE, sale, "shipment_state") == shipment
        && store.text(SALE, sale, "invoice_state") == invoice
        && store.state(SALE, sale) == state;
    if unchanged {
        return;
    }
    store.update(
        SALE,
        sale,
        [
            ("shipment_state", Value::text(shipment)),
            ("invoice_state", Value::text(invoice)),
            ("state", Value::text(state)),
        ],
    );
}

/// Sales whose goods a shipment carries.
pub(super) fn of_shipment(store: &Store, shipment: i64) -> BTreeSet<i64> {
    store
        .referring(MOVE, "shipment", OUT, shipment)
        .into_iter()
        .filter_map(|id| match store.get(MOVE, id, "origin") {
            Value::Reference(LINE, line) => store.one(LINE, *line, "sale"),
            _ => None,
        })
        .collect()
}

/// What the exception wizard was told: cancelled moves that are given up, or to be made again.
pub(super) fn settle_exceptions(
    store: &mut Store,
    sale: i64,
    ignored: &[i64],
    recreated: &[i64],
) -> Outcome<()> {
    for (field, chosen) in [("moves_ignored", ignored), ("moves_recreated", recreated)] {
        for id in chosen {
            let Value::Reference(LINE, line) = *store.get(MOVE, *id, "origin") else {
                return Err(Failure::user(format!("The value for field \"{}\" is not valid.", title(field))));
            };
            let mut known = store.get(LINE, line, field).as_many().to_vec();
            known.push(*id);
            store.set(LINE, line, field, Value::Many(known));
        }
    }
    process(store, sale);
    Ok(())
}

/// Cancelled moves nobody has decided about.
pub(super) fn open_exceptions(store: &Store, sale: i64) -> Vec<i64> {
    lines(store, sale)
        .into_iter()
        .flat_map(|line| {
            let ignored = store.get(LINE, line, "moves_ignored").as_many();
            let recreated = store.get(LINE, line, "moves_recreated").as_many();
            line_moves(store, line).into_iter().filter(move |id| {
                store.state(MOVE, *id) == "cancelled" && !ignored.contains(id) && !recreated.contains(id)
            })
        })
        .collect()
}
