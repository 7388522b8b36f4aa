//! Figures per unit and warehouse.
//!
//! | figure | field | where | context |
//! |---|---|---|---|
//! | physical | `quantity` | the warehouse, output zone included | up to today |
//! | projected | `forecast_quantity` | the warehouse | up to today |
//! | free | `quantity` | its storage zone | `stock_assign` |
//!
//! `stock_assign` on a warehouse would be wrong: picked goods lie in the output zone without being assigned, so they
//! would count as free between picking and packing. The first two share a call.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use zygos_core::{
    RemoteKey,
    contract::{Item, Unreadable},
    model::{Record, StockRow},
};

use super::{
    calls::Query,
    products,
    wire::{self, Row, Trouble},
};

pub(super) const PAGE: u32 = 100;

/// A warehouse and its storage zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub warehouse: i64,
    pub storage: i64,
}

/// All warehouses, or those of these ids. An id that is none would give zeros for every unit, hence asked first.
pub(super) fn places(ids: Option<&[i64]>) -> Query {
    let mut domain = vec![json!(["type", "=", "warehouse"])];
    if let Some(ids) = ids {
        domain.push(json!(["id", "in", ids]));
    }
    Query::new("stock.location", json!(domain), &["storage_location"])
}

pub(super) fn read_places(answer: &Value) -> Vec<Place> {
    let place = |row: Row<'_>| {
        Some(Place { warehouse: row.id().ok()?, storage: row.number("storage_location").ok().flatten()? })
    };
    wire::rows(answer).filter_map(place).collect()
}

pub(super) fn whole(ids: &[i64]) -> Query {
    let fields = ["quantity", "forecast_quantity"];
    Query::new("product.product", json!([["id", "in", ids], products::any()]), &fields)
}

pub(super) fn storage(ids: &[i64]) -> Query {
    let fields = ["quantity"];
    Query::new("product.product", json!([["id", "in", ids], products::any()]), &fields)
}

pub(super) fn under_whole(place: Place, today: &Value) -> [(&'static str, Value); 2] {
    [("locations", json!([place.warehouse])), ("stock_date_end", today.clone())]
}

pub(super) fn under_storage(place: Place) -> [(&'static str, Value); 2] {
    [("locations", json!([place.storage])), ("stock_assign", json!(true))]
}

/// Sums of floats carry noise behind the last decimal that any unit has. Half a piece is no noise: whoever sells only
/// whole ones rounds down, never up to what is not there.
pub(super) fn without_noise(quantity: Decimal) -> Decimal {
    quantity.round_dp(6).normalize()
}

/// One row per unit that exists.
pub(super) fn read(place: Place, whole: &Value, storage: &Value) -> Vec<Item> {
    let free: BTreeMap<i64, Row<'_>> =
        wire::rows(storage).filter_map(|row| Some((row.id().ok()?, row))).collect();
    wire::rows(whole)
        // Deleted between the two calls: it doesn't exist.
        .filter_map(|row| Some((row, *free.get(&row.id().ok()?)?)))
        .map(|(whole, storage)| {
            figures(place, whole, storage)
                .map(Record::Stock)
                .map_err(|trouble| products::unreadable(whole, trouble))
        })
        .collect()
}

fn figures(place: Place, whole: Row<'_>, storage: Row<'_>) -> Result<StockRow, Trouble> {
    let figure = |row: Row<'_>, field: &str| row.needed_decimal(field).map(without_noise);
    Ok(StockRow {
        unit: whole.key()?,
        warehouse: wire::key(place.warehouse),
        physical: Some(figure(whole, "quantity")?),
        free: Some(figure(storage, "quantity")?),
        projected: Some(figure(whole, "forecast_quantity")?),
    })
}

pub(super) fn no_such_warehouse(key: &RemoteKey) -> Item {
    Err(Unreadable {
        key: None,
        field: "warehouse".to_owned(),
        message: format!(
            "Tryton has no warehouse with the id {key} (any more); choose one of its warehouses"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_noise_of_floats_is_left_out_and_half_a_piece_is_not() {
        let place = Place { warehouse: 5, storage: 3 };
        let whole =
            json!([{"id": 1, "quantity": 0.30000000000000004, "forecast_quantity": -1.1999999999999997}]);
        let storage = json!([{"id": 1, "quantity": 1e-17}]);
        let items = read(place, &whole, &storage);
        let Ok(Record::Stock(row)) = &items[0] else { panic!("{items:?}") };
        assert_eq!(row.physical, Some(Decimal::new(3, 1)));
        assert_eq!(row.projected, Some(Decimal::new(-12, 1)));
        assert_eq!(row.free, Some(Decimal::ZERO));
        assert_eq!(without_noise(Decimal::new(35, 1)), Decimal::new(35, 1));
    }
}
