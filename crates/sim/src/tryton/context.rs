//! The context: last parameter of every call.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json};

use super::{
    errors::{Failure, Outcome},
    store::Store,
    values::{Value, plain},
};

#[derive(Clone, Debug)]
pub(super) struct Context {
    pub(super) company: Option<i64>,
    /// Locations whose quantities are asked for, warehouses already replaced by what is in them.
    pub(super) locations: BTreeSet<i64>,
    pub(super) stock_assign: bool,
    pub(super) stock_date_end: Option<Date>,
    /// Whether a search that doesn't name `active` leaves retired records out.
    pub(super) only_active: bool,
    /// What a sale of so many would cost by this list, in this unit of measure.
    pub(super) price_list: Option<i64>,
    pub(super) price_quantity: Decimal,
    pub(super) price_unit: Option<i64>,
    /// For quantities of locations.
    pub(super) product: Option<i64>,
    /// Optimistic locks: `model,id` to the time stamp that was read.
    pub(super) timestamps: BTreeMap<String, String>,
    /// May do what shop staff may do.
    pub(super) staff: bool,
    /// The carrier's line is added by `quote`; wizards name their sale here.
    pub(super) active_id: Option<i64>,
}

impl Context {
    fn empty() -> Self {
        Self {
            company: None,
            locations: BTreeSet::new(),
            stock_assign: false,
            stock_date_end: None,
            only_active: true,
            price_list: None,
            price_quantity: Decimal::ZERO,
            price_unit: None,
            product: None,
            timestamps: BTreeMap::new(),
            staff: false,
            active_id: None,
        }
    }

    /// What the sandbox's own control methods act with.
    pub(super) fn staff(store: &Store) -> Self {
        Self { company: Some(store.base.company), staff: true, ..Self::empty() }
    }

    pub(super) fn read(store: &Store, json: &Map<String, Json>, staff: bool) -> Outcome<Self> {
        let id = |name: &str| json.get(name).and_then(Json::as_i64);
        let flag =
            |name: &str| json.get(name).is_some_and(|value| value.as_bool().unwrap_or(!value.is_null()));
        let storage_only = flag("stock_skip_warehouse");
        let mut locations = BTreeSet::new();
        for location in json.get("locations").and_then(Json::as_array).into_iter().flatten() {
            let location = location.as_i64().ok_or_else(|| Failure::key("locations"))?;
            locations.extend(within(store, location, storage_only));
        }
        let stock_date_end = match json.get("stock_date_end") {
            None | Some(Json::Null) => None,
            Some(other) => match plain(other)? {
                Value::Date(date) => Some(date),
                _ => return Err(Failure::Server("'str' object has no attribute 'year'".to_owned())),
            },
        };
        let timestamps = json
            .get("_timestamp")
            .and_then(Json::as_object)
            .into_iter()
            .flatten()
            .filter_map(|(record, stamp)| Some((record.clone(), stamp.as_str()?.to_owned())))
            .collect();
        let price_quantity = match json.get("quantity") {
            Some(quantity) => plain(quantity)?.as_decimal(),
            None => Decimal::ZERO,
        };
        Ok(Self {
            only_active: json.get("active_test").is_none_or(|_| flag("active_test")),
            price_list: id("price_list"),
            price_quantity,
            price_unit: id("uom"),
            company: id("company"),
            locations,
            stock_assign: flag("stock_assign"),
            stock_date_end,
            product: id("product"),
            timestamps,
            staff,
            active_id: id("active_id"),
        })
    }
}

/// The locations a quantity of `location` counts.
pub(super) fn within(store: &Store, location: i64, storage_only: bool) -> Vec<i64> {
    if store.text("stock.location", location, "type") != "warehouse" {
        return vec![location];
    }
    if storage_only {
        return store.one("stock.location", location, "storage_location").into_iter().collect();
    }
    let mut all = vec![location];
    let mut next = 0;
    while let Some(parent) = all.get(next).copied() {
        all.extend(store.pointing("stock.location", "parent", parent));
        next += 1;
    }
    all
}
