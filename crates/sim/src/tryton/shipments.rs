//! Shipments to customers and between warehouses.

use rust_decimal::Decimal;

use super::{
    sales,
    stock::{self, MOVE, NewMove},
    store::Store,
    values::Value,
};

pub(super) const OUT: &str = "stock.shipment.out";
pub(super) const INTERNAL: &str = "stock.shipment.internal";

fn leaving(store: &Store, shipment: i64, storage: bool) -> Vec<i64> {
    let at = store.get(OUT, shipment, "warehouse_storage").clone();
    stock::moves_of(store, OUT, shipment, |row| (*row.get("from_location") == at) == storage)
}

fn open(store: &Store, moves: Vec<i64>) -> Vec<i64> {
    moves.into_iter().filter(|id| store.state(MOVE, *id) != "cancelled").collect()
}

/// From storage to output, for a shipment's outgoing moves.
pub(super) fn inventory_moves(store: &Store, shipment: i64) -> Vec<i64> {
    leaving(store, shipment, true)
}

pub(super) fn outgoing_moves(store: &Store, shipment: i64) -> Vec<i64> {
    leaving(store, shipment, false)
}

/// One inventory move per outgoing move, made afresh.
pub(super) fn plan_picking(store: &mut Store, shipment: i64) {
    for id in inventory_moves(store, shipment) {
        store.remove(MOVE, id);
    }
    let storage = store.one(OUT, shipment, "warehouse_storage").unwrap_or(0);
    let output = store.one(OUT, shipment, "warehouse_output").unwrap_or(0);
    let outgoing = outgoing_moves(store, shipment);
    for id in open(store, outgoing) {
        let product = store.one(MOVE, id, "product").unwrap_or(0);
        let quantity = store.decimal(MOVE, id, "quantity");
        let planned = store.get(MOVE, id, "planned_date").clone();
        stock::new_move(
            store,
            NewMove {
                product,
                quantity,
                from: storage,
                to: output,
                origin: Value::Reference(MOVE, id),
                shipment: Value::Reference(OUT, shipment),
                planned,
            },
        );
    }
}

fn set(store: &mut Store, model: &'static str, shipment: i64, state: &str) {
    store.set(model, shipment, "state", Value::text(state));
}

pub(super) fn wait(store: &mut Store, shipment: i64) {
    plan_picking(store, shipment);
    set(store, OUT, shipment, "waiting");
}

/// Silent when there is not enough: the state stays `waiting`.
pub(super) fn assign(store: &mut Store, shipment: i64) {
    let moves = inventory_moves(store, shipment);
    if stock::assign(store, &moves) {
        set(store, OUT, shipment, "assigned");
    } else {
        store.update(OUT, shipment, []);
    }
}

pub(super) fn assign_force(store: &mut Store, shipment: i64) {
    for id in inventory_moves(store, shipment) {
        if store.state(MOVE, id) == "draft" {
            stock::set_state(store, id, "assigned");
        }
    }
    set(store, OUT, shipment, "assigned");
}

/// What was picked is what can leave: a short pick shortens the outgoing move.
pub(super) fn pick(store: &mut Store, shipment: i64) {
    let inventory = inventory_moves(store, shipment);
    let outgoing = outgoing_moves(store, shipment);
    for id in open(store, inventory) {
        stock::finish(store, id);
    }
    for id in open(store, outgoing) {
        let picked: Decimal = store
            .referring(MOVE, "origin", MOVE, id)
            .into_iter()
            .filter(|inventory| store.state(MOVE, *inventory) == "done")
            .map(|inventory| store.decimal(MOVE, inventory, "quantity"))
            .sum();
        if picked != store.decimal(MOVE, id, "quantity") {
            store.set(MOVE, id, "quantity", Value::Float(picked));
        }
    }
    set(store, OUT, shipment, "picked");
}

pub(super) fn pack(store: &mut Store, shipment: i64) {
    let outgoing = outgoing_moves(store, shipment);
    for id in open(store, outgoing) {
        stock::set_state(store, id, "assigned");
    }
    set(store, OUT, shipment, "packed");
}

pub(super) fn ship(store: &mut Store, shipment: i64) {
    set(store, OUT, shipment, "shipped");
}

pub(super) fn finish(store: &mut Store, shipment: i64) {
    let outgoing = outgoing_moves(store, shipment);
    for id in open(store, outgoing) {
        if store.decimal(MOVE, id, "quantity").is_zero() {
            stock::cancel(store, id);
        } else {
            stock::finish(store, id);
        }
    }
    let today = store.today();
    store.update(OUT, shipment, [("state", Value::text("done")), ("effective_date", Value::Date(today))]);
    for sale in sales::of_shipment(store, shipment) {
        sales::process(store, sale);
    }
}

/// Goods that were picked are back in storage.
pub(super) fn cancel(store: &mut Store, shipment: i64) {
    for id in store.referring(MOVE, "shipment", OUT, shipment) {
        stock::cancel(store, id);
    }
    set(store, OUT, shipment, "cancelled");
    for sale in sales::of_shipment(store, shipment) {
        sales::process(store, sale);
    }
}

pub(super) fn partially_assigned(store: &Store, model: &'static str, shipment: i64) -> bool {
    let states: Vec<&str> = store
        .referring(MOVE, "shipment", model, shipment)
        .into_iter()
        .map(|id| store.state(MOVE, id))
        .collect();
    // A packed transfer between warehouses says so too: its second leg is a draft until it is done.
    let partly = match store.state(model, shipment) {
        "waiting" => true,
        "packed" => model == INTERNAL,
        _ => false,
    };
    partly && states.contains(&"assigned") && states.contains(&"draft")
}

pub(super) fn origins(store: &Store, shipment: i64) -> String {
    let sales = sales::of_shipment(store, shipment);
    sales.into_iter().map(|sale| store.record_name("sale.sale", sale)).collect::<Vec<String>>().join(", ")
}

/// Between warehouses goods pass through a location that belongs to neither.
pub(super) fn transit(store: &Store, shipment: i64) -> Option<i64> {
    let warehouse = |field: &str| {
        let at = store.one(INTERNAL, shipment, field)?;
        store.one("stock.location", at, "parent")
    };
    (warehouse("from_location") != warehouse("to_location")).then_some(store.base.transit)
}

fn internal_moves(store: &Store, shipment: i64, first_leg: bool) -> Vec<i64> {
    let transit = transit(store, shipment);
    stock::moves_of(store, INTERNAL, shipment, |row| {
        row.get("state").as_text() != "cancelled"
            && (transit.is_none() || (row.get("from_location").as_one() != transit) == first_leg)
    })
}

/// With a transit the moves that were entered become its second leg, and a first one is made for each.
pub(super) fn internal_wait(store: &mut Store, shipment: i64) {
    let again = store.state(INTERNAL, shipment) == "waiting";
    for id in store.referring(MOVE, "shipment", INTERNAL, shipment) {
        if store.state(MOVE, id) == "assigned" {
            stock::set_state(store, id, "draft");
        }
    }
    if let (Some(transit), false) = (transit(store, shipment), again) {
        for id in internal_moves(store, shipment, true) {
            let from = store.one(MOVE, id, "from_location").unwrap_or(0);
            let product = store.one(MOVE, id, "product").unwrap_or(0);
            let quantity = store.decimal(MOVE, id, "quantity");
            let planned = store.get(MOVE, id, "planned_date").clone();
            store.set(MOVE, id, "from_location", Value::One(transit));
            stock::new_move(
                store,
                NewMove {
                    product,
                    quantity,
                    from,
                    to: transit,
                    origin: Value::Reference(MOVE, id),
                    shipment: Value::Reference(INTERNAL, shipment),
                    planned,
                },
            );
        }
    }
    set(store, INTERNAL, shipment, "waiting");
}

pub(super) fn internal_assign(store: &mut Store, shipment: i64) {
    let moves = internal_moves(store, shipment, true);
    if stock::assign(store, &moves) {
        set(store, INTERNAL, shipment, "assigned");
    } else {
        store.update(INTERNAL, shipment, []);
    }
}

pub(super) fn internal_pack(store: &mut Store, shipment: i64) {
    set(store, INTERNAL, shipment, "packed");
}

pub(super) fn internal_ship(store: &mut Store, shipment: i64) {
    for id in internal_moves(store, shipment, true) {
        stock::finish(store, id);
    }
    set(store, INTERNAL, shipment, "shipped");
}

pub(super) fn internal_finish(store: &mut Store, shipment: i64) {
    for id in internal_moves(store, shipment, false) {
        if store.state(MOVE, id) != "done" {
            stock::finish(store, id);
        }
    }
    let today = store.today();
    store.update(
        INTERNAL,
        shipment,
        [("state", Value::text("done")), ("effective_date", Value::Date(today))],
    );
}

pub(super) fn internal_cancel(store: &mut Store, shipment: i64) {
    for id in store.referring(MOVE, "shipment", INTERNAL, shipment) {
        stock::cancel(store, id);
    }
    set(store, INTERNAL, shipment, "cancelled");
}
