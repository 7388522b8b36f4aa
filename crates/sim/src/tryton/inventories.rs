//! Counts of a storage zone.

use std::{cmp::Ordering, collections::BTreeSet};

use super::{
    stock::{self, NewMove, Question},
    store::Store,
    values::Value,
};

pub(super) const INVENTORY: &str = "stock.inventory";
const LINE: &str = "stock.inventory.line";

/// The difference to what is there becomes a move from or to lost and found.
pub(super) fn confirm(store: &mut Store, id: i64) {
    let location = store.one(INVENTORY, id, "location").unwrap_or(0);
    let here = BTreeSet::from([location]);
    let lost_found = store.base.lost_found;
    for line in store.pointing(LINE, "inventory", id) {
        let Some(product) = store.one(LINE, line, "product") else { continue };
        let question = Question { locations: &here, forecast: false, assigned_is_gone: false, until: None };
        let expected = stock::quantity(store, product, &question);
        store.set(LINE, line, "expected_quantity", Value::Float(expected));
        if store.get(LINE, line, "quantity").is_null() {
            continue;
        }
        let difference = store.decimal(LINE, line, "quantity") - expected;
        let (from, to) = match difference.cmp(&0.into()) {
            Ordering::Greater => (lost_found, location),
            Ordering::Less => (location, lost_found),
            Ordering::Equal => continue,
        };
        let planned = Value::Date(store.today());
        let made = stock::new_move(
            store,
            NewMove {
                product,
                quantity: difference.abs(),
                from,
                to,
                origin: Value::Reference(LINE, line),
                shipment: Value::Null,
                planned,
            },
        );
        stock::finish(store, made);
    }
    store.set(INVENTORY, id, "state", Value::text("done"));
}

pub(super) fn cancel(store: &mut Store, id: i64) {
    store.set(INVENTORY, id, "state", Value::text("cancelled"));
}
