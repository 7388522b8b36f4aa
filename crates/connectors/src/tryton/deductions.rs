//! What Tryton has already taken off its figures for a sale, from the moves of its lines.
//!
//! A line's moves go from the output zone to the customer; each has moves behind it that bring its goods from the
//! storage zone. Compared with `stock.rs`:
//! * `moved`: gone to the customer, so gone from the warehouse;
//! * `reserved`: assigned in, or gone from, the storage zone;
//! * `recorded`: what the forecast up to today counts. The server counts a draft move only when it is planned for
//!   today or later, so one that is overdue is in neither the forecast nor here.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use zygos_core::{
    RemoteKey,
    contract::{Item, Unreadable},
    model::{Deduction, Record},
};

use super::{
    calls::Query,
    products, sales, series, stock,
    wire::{self, Row, Trouble},
};

/// The lines of the sales with these references, in one shop or in all.
pub(super) fn query(shop: Option<i64>, references: &[String]) -> Query {
    let domain = vec![
        sales::carrying("sale.", shop, references),
        json!(["product.type", "!=", "service"]),
        // A return's moves come in; they are a document of their own.
        json!(["quantity", ">", 0]),
    ];
    let brought = |field: &str| format!("moves.{}.{field}", series::BROUGHT_BY);
    let mut query = Query::new(
        "sale.line",
        json!(domain),
        &[
            "sale.web_id",
            "sale.reference",
            "sale.warehouse.storage_location",
            "product.code",
            "moves.state",
            "moves.internal_quantity",
            "moves.from_location",
            "moves.planned_date",
            "moves.effective_date",
        ],
    );
    query.fields.extend([brought("state"), brought("internal_quantity")]);
    query
}

/// Whether the server's date decides about any of them.
pub(super) fn depend_on_today(answer: &Value) -> bool {
    let is_draft = |row: Row<'_>| row.text("state").is_ok_and(|state| state == Some("draft"));
    wire::rows(answer).any(|line| line.many("moves").any(is_draft))
}

/// One record per sale, unit and warehouse, zeros included. `today` is the server's.
pub(super) fn read(answer: &Value, today: Option<Date>) -> Vec<Item> {
    let mut found: BTreeMap<(i64, i64, i64), Deduction> = BTreeMap::new();
    let mut unreadable: Vec<Unreadable> = Vec::new();
    for line in wire::rows(answer) {
        match deduction(line, today) {
            Ok((key, deduction)) => match found.get_mut(&key) {
                Some(sum) => {
                    sum.recorded += deduction.recorded;
                    sum.reserved += deduction.reserved;
                    sum.moved += deduction.moved;
                }
                None => {
                    found.insert(key, deduction);
                }
            },
            Err(trouble) => {
                let mut item = products::unreadable(line, trouble);
                // The records are named by their sale.
                item.key = line.inside("sale").and_then(|sale| sale.key().ok());
                unreadable.push(item);
            }
        }
    }
    found
        .into_values()
        .map(|deduction| Ok(Record::Deduction(deduction)))
        .chain(unreadable.into_iter().map(Err))
        .collect()
}

fn deduction(line: Row<'_>, today: Option<Date>) -> Result<((i64, i64, i64), Deduction), Trouble> {
    let missing = |field: &str| Trouble::new(field, "is missing");
    let sale = line.inside("sale").ok_or_else(|| missing("sale"))?;
    let product = line.inside("product").ok_or_else(|| missing("product"))?;
    let warehouse = sale.inside("warehouse").ok_or_else(|| missing("warehouse"))?;
    let storage = warehouse.number("storage_location")?;
    let mut deduction = Deduction {
        document: sale.key()?,
        reference: sales::reference(sale)?.to_owned(),
        unit: product.key()?,
        warehouse: RemoteKey::new(warehouse.id()?.to_string()),
        recorded: Decimal::ZERO,
        reserved: Decimal::ZERO,
        moved: Decimal::ZERO,
    };
    for outgoing in line.many("moves") {
        let state = outgoing.needed("state")?;
        let quantity = stock::without_noise(outgoing.needed_decimal("internal_quantity")?);
        if state == "done" {
            deduction.moved += quantity;
        }
        if is_recorded(outgoing, state, today)? {
            deduction.recorded += quantity;
        }
        // A warehouse without an output zone of its own delivers from storage.
        if is_taken(state) && outgoing.number("from_location")? == storage {
            deduction.reserved += quantity;
        }
        for bringing in outgoing.many(series::BROUGHT_BY) {
            if is_taken(bringing.needed("state")?) {
                deduction.reserved += stock::without_noise(bringing.needed_decimal("internal_quantity")?);
            }
        }
    }
    Ok(((sale.id()?, product.id()?, warehouse.id()?), deduction))
}

fn is_taken(state: &str) -> bool {
    matches!(state, "assigned" | "done")
}

fn is_recorded(outgoing: Row<'_>, state: &str, today: Option<Date>) -> Result<bool, Trouble> {
    if state != "draft" {
        return Ok(is_taken(state));
    }
    let planned = outgoing.date("effective_date")?.or(outgoing.date("planned_date")?);
    Ok(planned.is_some() && planned == today)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(answer: &Value, today: Date) -> Vec<(String, String, String)> {
        read(answer, Some(today))
            .into_iter()
            .map(|item| match item.unwrap() {
                Record::Deduction(d) => (d.recorded.to_string(), d.reserved.to_string(), d.moved.to_string()),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn a_recorded_life_of_a_sale_is_read_step_by_step() {
        let life: BTreeMap<String, Value> =
            serde_json::from_str(include_str!("fixtures/deductions.json")).unwrap();
        let today = wire::read_date(&life["today"]).unwrap();
        let at = |step: &str| figures(&life[step], today);
        let figures = |recorded: &str, reserved: &str, moved: &str| {
            vec![(recorded.to_owned(), reserved.to_owned(), moved.to_owned())]
        };
        assert_eq!(at("draft"), figures("0", "0", "0"));
        assert_eq!(at("processing"), figures("2", "0", "0"));
        assert_eq!(at("assigned"), figures("2", "2", "0"));
        assert_eq!(at("picked"), figures("2", "2", "0"));
        assert_eq!(at("packed"), figures("2", "2", "0"));
        assert_eq!(at("done"), figures("2", "2", "2"));
    }

    #[test]
    fn a_sale_that_is_overdue_is_not_recorded_any_more_as_the_forecast_forgets_it_too() {
        let life: BTreeMap<String, Value> =
            serde_json::from_str(include_str!("fixtures/deductions.json")).unwrap();
        let tomorrow = wire::read_date(&life["today"]).unwrap().tomorrow().unwrap();
        assert_eq!(figures(&life["processing"], tomorrow)[0].0, "0");
        assert!(depend_on_today(&life["processing"]));
        assert!(!depend_on_today(&life["done"]));
    }

    #[test]
    fn a_warehouse_that_delivers_from_its_storage_zone_reserves_by_the_outgoing_move() {
        let line = json!([{"id": 1, "sale.": {"id": 9, "web_id": "A1", "warehouse.": {"id": 5, "storage_location": 3}},
            "product.": {"id": 4, "default_uom.": {"id": 1, "digits": 0}},
            "moves.": [{"id": 2, "state": "assigned", "internal_quantity": 2.0, "from_location": 3}]}]);
        let today = jiff::civil::date(2026, 11, 24);
        assert_eq!(figures(&line, today), vec![("2".to_owned(), "2".to_owned(), "0".to_owned())]);
    }
}
