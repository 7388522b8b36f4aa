//! Purchases and what arrives of them.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::{
    errors::{Failure, Outcome},
    sales,
    stock::{self, MOVE, NewMove},
    store::Store,
    values::Value,
};

pub(super) const PURCHASE: &str = "purchase.purchase";
pub(super) const LINE: &str = "purchase.line";
pub(super) const IN: &str = "stock.shipment.in";

fn lines(store: &Store, purchase: i64) -> Vec<i64> {
    store.pointing(LINE, "purchase", purchase)
}

pub(super) fn quote(store: &mut Store, id: i64) -> Outcome<()> {
    let name = store.record_name(PURCHASE, id);
    if lines(store, id).is_empty() {
        return Err(Failure::not_callable("quote", &name, "Purchase"));
    }
    let absent = |what: &str| {
        Err(Failure::user(format!("To get a quote for purchase \"{name}\" you must enter {what}.")))
    };
    if store.one(PURCHASE, id, "invoice_address").is_none() {
        return absent("an invoice address");
    }
    if store.one(PURCHASE, id, "warehouse").is_none() {
        return absent("a warehouse");
    }
    let number = match store.get(PURCHASE, id, "number") {
        Value::Null => Value::Text(store.next_number(PURCHASE)),
        known => known.clone(),
    };
    store.update(PURCHASE, id, [("state", Value::text("quotation")), ("number", number)]);
    Ok(())
}

/// Confirming processes at once; a supplier's lead time is not known here, so nothing is planned for a day.
pub(super) fn confirm(store: &mut Store, id: i64) {
    let today = Value::Date(store.today());
    store.update(PURCHASE, id, [("state", Value::text("processing")), ("purchase_date", today)]);
    process(store, id);
}

fn process(store: &mut Store, id: i64) {
    let warehouse = store.one(PURCHASE, id, "warehouse").unwrap_or(0);
    let input = store.one("stock.location", warehouse, "input_location").unwrap_or(0);
    for line in lines(store, id) {
        let Some(product) = store.one(LINE, line, "product") else { continue };
        let known: Decimal = store
            .referring(MOVE, "origin", LINE, line)
            .into_iter()
            .map(|a_move| store.decimal(MOVE, a_move, "quantity"))
            .sum();
        let missing = store.decimal(LINE, line, "quantity") - known;
        if missing > Decimal::ZERO {
            let supplier = store.base.supplier_location;
            stock::new_move(
                store,
                NewMove {
                    product,
                    quantity: missing,
                    from: supplier,
                    to: input,
                    origin: Value::Reference(LINE, line),
                    shipment: Value::Null,
                    planned: Value::Null,
                },
            );
        }
    }
    refresh(store, id);
}

fn refresh(store: &mut Store, id: i64) {
    let moves = sales::moves(store, PURCHASE, id);
    let done = moves.iter().filter(|a_move| store.state(MOVE, **a_move) == "done").count();
    let state = match done {
        _ if moves.is_empty() => "none",
        0 => "waiting",
        some if some == moves.len() => "received",
        _ => "partially shipped",
    };
    if store.text(PURCHASE, id, "shipment_state") != state {
        store.set(PURCHASE, id, "shipment_state", Value::text(state));
    }
}

fn arriving(store: &Store, shipment: i64, into_storage: bool) -> Vec<i64> {
    let input = store.get(IN, shipment, "warehouse_input").clone();
    stock::moves_of(store, IN, shipment, |row| {
        (*row.get("from_location") == input) == into_storage && row.get("state").as_text() != "cancelled"
    })
}

/// The goods are in the input zone: in the warehouse, and not yet where they can be picked.
pub(super) fn receive(store: &mut Store, shipment: i64) {
    let storage = store.one(IN, shipment, "warehouse_storage").unwrap_or(0);
    let input = store.one(IN, shipment, "warehouse_input").unwrap_or(0);
    let today = Value::Date(store.today());
    for id in arriving(store, shipment, false) {
        stock::finish(store, id);
        let product = store.one(MOVE, id, "product").unwrap_or(0);
        let quantity = store.decimal(MOVE, id, "quantity");
        stock::new_move(
            store,
            NewMove {
                product,
                quantity,
                from: input,
                to: storage,
                origin: Value::Reference(MOVE, id),
                shipment: Value::Reference(IN, shipment),
                planned: today.clone(),
            },
        );
    }
    store.set(IN, shipment, "state", Value::text("received"));
    for purchase in of_shipment(store, shipment) {
        process(store, purchase);
    }
}

pub(super) fn finish(store: &mut Store, shipment: i64) {
    for id in arriving(store, shipment, true) {
        stock::finish(store, id);
    }
    let today = store.today();
    store.update(IN, shipment, [("state", Value::text("done")), ("effective_date", Value::Date(today))]);
}

pub(super) fn cancel_shipment(store: &mut Store, shipment: i64) {
    for id in store.referring(MOVE, "shipment", IN, shipment) {
        stock::cancel(store, id);
    }
    store.set(IN, shipment, "state", Value::text("cancelled"));
}

fn of_shipment(store: &Store, shipment: i64) -> BTreeSet<i64> {
    store
        .referring(MOVE, "shipment", IN, shipment)
        .into_iter()
        .filter_map(|id| match store.get(MOVE, id, "origin") {
            Value::Reference(LINE, line) => store.one(LINE, *line, "purchase"),
            _ => None,
        })
        .collect()
}
