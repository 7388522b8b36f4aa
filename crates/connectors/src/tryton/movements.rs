//! Moves of goods, with the warehouses they leave and enter.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use zygos_core::{
    RemoteKey,
    contract::Item,
    model::{Movement, MovementState, Record},
};

use super::{
    calls::Query,
    products, series, stock,
    wire::{self, Row, Trouble},
};

pub(super) const FIELDS: [&str; 7] = [
    "state",
    "internal_quantity",
    "product.code",
    "from_location.name",
    "to_location.name",
    "effective_date",
    series::MODIFIED,
];

/// The tree of all locations: a few dozen records, and every ancestor of any move's ends is among them.
pub(super) fn locations() -> Query {
    Query::new("stock.location", json!([products::any()]), &["parent", "type"])
}

/// Which warehouse a location lies in.
pub(super) struct Warehouses {
    above: BTreeMap<i64, Option<i64>>,
    warehouses: Vec<i64>,
}

impl Warehouses {
    pub fn read(answer: &Value) -> Self {
        let mut found = Self { above: BTreeMap::new(), warehouses: Vec::new() };
        for row in wire::rows(answer) {
            let Ok(id) = row.id() else { continue };
            found.above.insert(id, row.number("parent").ok().flatten());
            if row.text("type").is_ok_and(|kind| kind == Some("warehouse")) {
                found.warehouses.push(id);
            }
        }
        found
    }

    fn of(&self, location: i64) -> Option<RemoteKey> {
        let mut at = Some(location);
        // A tree can't be deeper than it has locations, whatever a broken answer says.
        for _ in 0..=self.above.len() {
            let here = at?;
            if self.warehouses.contains(&here) {
                return Some(wire::key(here));
            }
            at = self.above.get(&here).copied().flatten();
        }
        None
    }
}

pub(super) fn read(moves: &[Row<'_>], warehouses: &Warehouses) -> Vec<Item> {
    let one = |row: &Row<'_>| {
        movement(*row, warehouses)
            .map(Record::Movement)
            .map_err(|trouble| products::unreadable(*row, trouble))
    };
    moves.iter().map(one).collect()
}

fn movement(row: Row<'_>, warehouses: &Warehouses) -> Result<Movement, Trouble> {
    let missing = |field: &str| Trouble::new(field, "is missing");
    let product = row.inside("product").ok_or_else(|| missing("product"))?;
    let from = row.inside("from_location").ok_or_else(|| missing("from_location"))?;
    let to = row.inside("to_location").ok_or_else(|| missing("to_location"))?;
    let (from_warehouse, to_warehouse) = match (warehouses.of(from.id()?), warehouses.of(to.id()?)) {
        (Some(from), Some(to)) if from == to => (None, None),
        ends => ends,
    };
    Ok(Movement {
        key: row.key()?,
        unit: product.key()?,
        quantity: stock::without_noise(row.needed_decimal("internal_quantity")?),
        state: match row.needed("state")? {
            "assigned" => MovementState::Reserved,
            "done" => MovementState::Done,
            "cancelled" => MovementState::Cancelled,
            // `draft` and `staging`.
            _ => MovementState::Planned,
        },
        from: from.needed("name")?.to_owned(),
        to: to.needed("name")?.to_owned(),
        from_warehouse,
        to_warehouse,
        modified_at: row.timestamp(series::MODIFIED)?.ok_or_else(|| missing(series::MODIFIED))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_page_tells_what_leaves_a_warehouse_and_what_only_moves_within() {
        let moves: Value = serde_json::from_str(include_str!("fixtures/moves.json")).unwrap();
        let locations: Value = serde_json::from_str(include_str!("fixtures/locations.json")).unwrap();
        let rows: Vec<Row<'_>> = wire::rows(&moves).collect();
        let items = read(&rows, &Warehouses::read(&locations));
        let ends: Vec<(String, String, Option<String>, Option<String>)> = items
            .into_iter()
            .map(|item| match item.unwrap() {
                Record::Movement(m) => {
                    let key = |key: Option<RemoteKey>| key.map(|key| key.to_string());
                    (m.from, m.to, key(m.from_warehouse), key(m.to_warehouse))
                }
                other => panic!("{other:?}"),
            })
            .collect();
        let end = |from: &str, to: &str, leaves: Option<&str>, enters: Option<&str>| {
            (from.to_owned(), to.to_owned(), leaves.map(str::to_owned), enters.map(str::to_owned))
        };
        assert!(ends.contains(&end("Output Zone", "Customer", Some("5"), None)));
        assert!(ends.contains(&end("Storage Zone", "Output Zone", None, None)));
    }
}
