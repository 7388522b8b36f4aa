//! Products, their variants, and single units of the inventory.

use serde_json::Value;
use zygos_core::{
    RemoteKey,
    contract::{Item, Unreadable},
    model::{Record, Unit, UnitKind},
};

use super::{item_of, read::Fields};

/// Only what is read: descriptions and pictures would make a page ten times as large.
pub(super) const FIELDS: &str =
    "id,type,sku,ean,name,inventory_enabled,stock,price_net,price_gross,tax_value,status,unit_type";

pub(super) fn page_path(start: u64, limit: u32) -> String {
    format!("/products?start={start}&limit={limit}&fields={FIELDS}&include=variants")
}

/// A product's row: itself, or its parent and its variants.
pub(super) fn items(row: &Value) -> Vec<Item> {
    let parent = match unit(row, None) {
        Ok(parent) => parent,
        Err(unreadable) => return vec![item_of(row, Err(unreadable))],
    };
    let variants = Fields::of(row).map(|fields| fields.list("variants")).unwrap_or_default();
    let is_parent = parent.kind == UnitKind::Parent;
    let mut items = vec![Ok(Record::Product(parent.clone()))];
    if is_parent {
        items.extend(variants.iter().map(|variant| {
            let read = unit(variant, Some(&parent)).map(Record::Product);
            item_of(variant, read)
        }));
    }
    items
}

/// The answer of `/inventory/…`: one unit without its name. Its parent isn't told there.
pub(super) fn inventory_item(row: &Value) -> Item {
    item_of(row, unit(row, None).map(Record::Product))
}

pub(super) fn unit(row: &Value, parent: Option<&Unit>) -> Result<Unit, Unreadable> {
    let fields = Fields::of(row)?;
    let key: RemoteKey = fields.required_key("id")?;
    let kind = match (fields.text("type").as_deref(), parent) {
        (Some("multi_variant"), None) => UnitKind::Parent,
        // A download is never counted.
        (Some("digital"), _) => UnitKind::Service,
        _ => UnitKind::Goods,
    };
    let tax_percent = match fields.decimal("tax_value")? {
        Some(percent) => Some(percent),
        None => parent.and_then(|parent| parent.tax_percent),
    };
    let name = fields.text("name").or_else(|| parent.map(|parent| parent.name.clone())).unwrap_or_default();
    let active = fields
        .text("status")
        .map_or_else(|| parent.is_none_or(|parent| parent.active), |status| status == "active");
    Ok(Unit {
        key,
        parent: parent.map(|parent| parent.key.clone()),
        kind,
        sku: fields.text("sku"),
        ean: fields.text("ean"),
        name,
        active,
        // Default `off`: always sellable, and the figure has no meaning (dossier §5.1).
        tracked: fields.text("inventory_enabled").as_deref() == Some("on"),
        stock: fields.decimal("stock")?,
        price_net: fields.decimal("price_net")?,
        price_gross: fields.decimal("price_gross")?,
        tax_percent,
        measure: fields.text("unit_type").or_else(|| parent.and_then(|parent| parent.measure.clone())),
        decimals: None,
    })
}
