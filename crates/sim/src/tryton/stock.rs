//! What is where: quantities out of moves, and assignment.

use std::collections::BTreeSet;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{
    catalogue,
    context::Context,
    store::{Row, Store, Values},
    values::Value,
};

pub(super) const MOVE: &str = "stock.move";

/// How one quantity is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    pub(super) locations: &'a BTreeSet<i64>,
    pub(super) forecast: bool,
    pub(super) assigned_is_gone: bool,
    pub(super) until: Option<Date>,
}

impl<'a> Question<'a> {
    pub(super) fn of(context: &'a Context, forecast: bool) -> Self {
        Self {
            locations: &context.locations,
            forecast,
            assigned_is_gone: context.stock_assign,
            until: context.stock_date_end,
        }
    }
}

/// Each move adds where it arrives and takes off where it leaves; both may be within the question's locations,
/// and they do not cancel out: an assigned move has left (when asked so) and has not arrived.
pub(super) fn quantity(store: &Store, product: i64, question: &Question<'_>) -> Decimal {
    if question.locations.is_empty() {
        return Decimal::ZERO;
    }
    let today = store.today();
    let mut sum = Decimal::ZERO;
    for id in store.pointing(MOVE, "product", product) {
        let Some(row) = store.row(MOVE, id) else { continue };
        let inside = |field: &str| row.get(field).as_one().is_some_and(|at| question.locations.contains(&at));
        if inside("to_location") && counts(row, question, today, false) {
            sum += row.get("quantity").as_decimal();
        }
        if inside("from_location") && counts(row, question, today, question.assigned_is_gone) {
            sum -= row.get("quantity").as_decimal();
        }
    }
    sum
}

/// The server's own clause (`stock.move.compute_quantities_query`), including its two surprises: a draft planned
/// before today counts nowhere, and one without a date only when no end was asked for.
fn counts(row: &Row, question: &Question<'_>, today: Date, assigned_too: bool) -> bool {
    let state = row.get("state").as_text();
    let settled = state == "done" || (assigned_too && state == "assigned");
    let at = match (row.get("effective_date"), row.get("planned_date")) {
        (Value::Date(date), _) => Some(*date),
        _ if state == "assigned" => Some(today),
        (_, Value::Date(date)) => Some(*date),
        _ => None,
    };
    // Quantity never looks beyond today; an end that is missing means for ever, to the forecast only.
    let until = match question.until {
        Some(until) => until,
        None if question.forecast => Date::MAX,
        None => today,
    };
    let until = if question.forecast { until } else { until.min(today) };
    if until < today || (until == today && !question.forecast) {
        return settled && at.is_some_and(|at| at <= until);
    }
    let planned = matches!(state, "done" | "assigned" | "draft");
    let at_or_never = at.unwrap_or(Date::MAX);
    (settled && at.is_some_and(|at| at <= today)) || (planned && at_or_never <= until && at_or_never >= today)
}

/// What can still be assigned at one location.
pub(super) fn available(store: &Store, product: i64, location: i64) -> Decimal {
    let locations = BTreeSet::from([location]);
    let question = Question {
        locations: &locations,
        forecast: false,
        assigned_is_gone: true,
        until: Some(store.today()),
    };
    quantity(store, product, &question)
}

/// A move in draft.
pub(super) struct NewMove {
    pub(super) product: i64,
    pub(super) quantity: Decimal,
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) origin: Value,
    pub(super) shipment: Value,
    pub(super) planned: Value,
}

pub(super) fn new_move(store: &mut Store, new: NewMove) -> i64 {
    let values = Values::from([
        ("product", Value::One(new.product)),
        ("quantity", Value::Float(new.quantity)),
        ("unit", Value::One(catalogue::unit_of(store, new.product))),
        ("from_location", Value::One(new.from)),
        ("to_location", Value::One(new.to)),
        ("company", Value::One(store.base.company)),
        ("state", Value::text("draft")),
        ("origin", new.origin),
        ("shipment", new.shipment),
        ("planned_date", new.planned),
    ]);
    store.insert(MOVE, values)
}

pub(super) fn set_state(store: &mut Store, id: i64, state: &str) {
    store.set(MOVE, id, "state", Value::text(state));
}

pub(super) fn finish(store: &mut Store, id: i64) {
    let today = store.today();
    store.update(MOVE, id, [("state", Value::text("done")), ("effective_date", Value::Date(today))]);
}

pub(super) fn cancel(store: &mut Store, id: i64) {
    set_state(store, id, "cancelled");
}

/// Assigns what there is, splitting moves where there is less; whether everything could be assigned.
pub(super) fn assign(store: &mut Store, moves: &[i64]) -> bool {
    let mut complete = true;
    for id in moves.iter().copied() {
        if store.state(MOVE, id) != "draft" {
            continue;
        }
        let (Some(product), Some(from)) =
            (store.one(MOVE, id, "product"), store.one(MOVE, id, "from_location"))
        else {
            continue;
        };
        let wanted = store.decimal(MOVE, id, "quantity");
        let there = available(store, product, from);
        if there >= wanted {
            set_state(store, id, "assigned");
            continue;
        }
        complete = false;
        if there > Decimal::ZERO {
            store.set(MOVE, id, "quantity", Value::Float(wanted - there));
            copy(store, id, there, "assigned");
        }
    }
    complete
}

/// A second move like `id`.
pub(super) fn copy(store: &mut Store, id: i64, quantity: Decimal, state: &str) -> i64 {
    let of = |field: &str| store.get(MOVE, id, field).clone();
    let mut values: Values = [
        "product",
        "unit",
        "from_location",
        "to_location",
        "company",
        "origin",
        "shipment",
        "planned_date",
        "unit_price",
        "currency",
    ]
    .into_iter()
    .map(|field| (field, of(field)))
    .collect();
    values.insert("quantity", Value::Float(quantity));
    values.insert("state", Value::text(state));
    store.insert(MOVE, values)
}

/// The moves of a shipment, oldest first, that leave or arrive as `keep` says.
pub(super) fn moves_of(
    store: &Store,
    model: &'static str,
    shipment: i64,
    keep: impl Fn(&Row) -> bool,
) -> Vec<i64> {
    store
        .referring(MOVE, "shipment", model, shipment)
        .into_iter()
        .filter(|id| store.row(MOVE, *id).is_some_and(&keep))
        .collect()
}
