//! `/inventory/{id|sku|ean}/{value}`: stock and price of one sellable unit.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    Answer,
    errors::ApiError,
    json::number,
    paging::{Query, choose_fields},
    price_writes::PriceWrites,
    state::Shop,
};

/// May be written here (documented); the identifiers and texts may not.
const WRITABLE: [&str; 6] =
    ["inventory_enabled", "stock", "price_net", "price_gross", "old_price_net", "old_price_gross"];

/// Read-only here; accepted and left alone (inferred).
const READ_ONLY: [&str; 5] = ["id", "sku", "ean", "name", "warehouses"];

impl Shop {
    /// The unit a path names. Of several with one SKU the first (inferred); none is 404 (inferred).
    fn located(&self, kind: &str, value: &str) -> Result<u64, ApiError> {
        let found = match kind {
            "id" => value.parse().ok().filter(|id| self.unit(*id).is_some()),
            "sku" | "ean" => {
                let index = if kind == "sku" { &self.by_sku } else { &self.by_ean };
                // One client encodes a space as `+`, so both readings are tried (inferred).
                let ids = index.get(value).or_else(|| index.get(&value.replace('+', " ")));
                ids.and_then(|ids| ids.first().copied())
            }
            _ => None,
        };
        found.ok_or_else(ApiError::not_found)
    }

    pub(super) fn read_inventory(&self, kind: &str, value: &str, query: &Query) -> Result<Value, ApiError> {
        let id = self.located(kind, value)?;
        self.inventory_json(id, &query.list("fields")).ok_or_else(ApiError::not_found)
    }

    pub(super) fn update_inventory(
        &mut self,
        kind: &str,
        value: &str,
        body: &Map<String, Value>,
        ignore_unknown: bool,
        now: Timestamp,
    ) -> Result<Answer, ApiError> {
        let id = self.located(kind, value)?;
        let (product, unit, _) = self.unit(id).ok_or_else(ApiError::not_found)?;
        let product_id = product.id;
        let derivation = self.derivation(product.tax_id);
        let mut unit = unit.clone();
        let parent = self.is_parent(id);
        let mut prices = PriceWrites::default();
        for (key, value) in body {
            if WRITABLE.contains(&key.as_str()) {
                // The parent of variants has no stock and price of its own (seen in a client).
                if parent {
                    return Err(ApiError::bad_request(
                        "parent_field",
                        format!("Field `{key}` cannot be set on a product with variants"),
                    ));
                }
                unit.write_field(key, value, &mut prices)?;
            } else if !READ_ONLY.contains(&key.as_str()) && !ignore_unknown {
                return Err(ApiError::undefined_field(key));
            }
        }
        prices.apply(&mut unit, derivation);
        if let Some(place) = self.unit_mut(id) {
            *place = unit;
        }
        if let Some(product) = self.products.get_mut(&product_id) {
            product.modified = now;
        }
        self.emit("product.updated", |shop| shop.full_product(product_id, now));
        Ok(Answer::ok(self.inventory_json(id, &[])))
    }

    fn inventory_json(&self, id: u64, fields: &[String]) -> Option<Value> {
        let (product, unit, variant) = self.unit(id)?;
        let mut row = Map::new();
        let mut set = |key: &str, value: Value| row.insert(key.to_owned(), value);
        set("id", json!(id));
        set("sku", json!(unit.sku));
        set("ean", json!(unit.ean));
        set("inventory_enabled", json!(if unit.inventory_enabled { "on" } else { "off" }));
        set("stock", number(unit.stock));
        set("price_net", number(unit.price.net));
        set("price_gross", number(unit.price.gross));
        if let Some(old) = unit.old_price {
            set("old_price_net", number(old.net));
            set("old_price_gross", number(old.gross));
        }
        // Only a client that asks for it by name has seen it.
        if fields.iter().any(|field| field == "name") {
            set(
                "name",
                json!(variant.map_or_else(|| product.name.clone(), |variant| variant.full_name(product))),
            );
        }
        Some(choose_fields(row, fields, &[]))
    }
}
