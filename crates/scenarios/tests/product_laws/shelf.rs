//! What both sides hold, taken from the sandboxes alone.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde_json::Value;
use zygos_scenarios::world::{Shop, World};
use zygos_sim::{merchantpro::MerchantProSandbox, tryton::ProductView};

/// A sellable unit of a store, with what its product says of it.
#[derive(Clone, Debug)]
pub struct Goods {
    pub product: u64,
    pub unit: u64,
    pub of_variants: bool,
    pub sku: String,
    pub name: String,
    pub description: String,
    pub ean: String,
    pub net: Decimal,
    pub gross: Decimal,
    pub cost: Decimal,
    pub tax: Decimal,
    pub active: bool,
    pub categories: Vec<u64>,
    /// Of the attributes that tell variants apart: name and value.
    pub options: Vec<(String, String)>,
}

fn text(row: &Value, key: &str) -> String {
    row[key].as_str().unwrap_or_default().to_owned()
}

fn decimal(value: &Value) -> Decimal {
    value.as_number().map_or(Decimal::ZERO, |number| number.to_string().parse().expect("a number"))
}

pub fn of_store(shop: &Shop) -> Vec<Goods> {
    of_sandbox(&shop.sandbox)
}

pub fn of_sandbox(sandbox: &MerchantProSandbox) -> Vec<Goods> {
    let mut goods = Vec::new();
    for row in sandbox.products() {
        let id = row["id"].as_u64().expect("an id");
        let categories = row["categories"].as_array().into_iter().flatten();
        let categories: Vec<u64> = categories.filter_map(|category| category["id"].as_u64()).collect();
        let unit = |own: &Value, of_variants: bool| {
            let options = own["variant_options"].as_array().into_iter().flatten();
            Goods {
                product: id,
                unit: own["id"].as_u64().expect("an id"),
                of_variants,
                sku: text(own, "sku"),
                name: text(&row, "name"),
                description: text(&row, "description"),
                ean: text(own, "ean"),
                net: decimal(&own["price_net"]),
                gross: decimal(&own["price_gross"]),
                cost: decimal(&own["cost_net"]),
                tax: decimal(&row["tax_value"]),
                active: own["status"] == "active",
                categories: categories.clone(),
                options: options.map(|option| (text(option, "name"), text(option, "value"))).collect(),
            }
        };
        match row["variants"].as_array() {
            Some(variants) if !variants.is_empty() => {
                goods.extend(variants.iter().map(|own| unit(own, true)));
            }
            _ if row["type"] == "basic" => goods.push(unit(&row, false)),
            _ => {}
        }
    }
    goods
}

/// The ERP's goods; services are left out.
pub fn of_erp(world: &World) -> Vec<ProductView> {
    const SERVICES: [&str; 3] = ["SHIPPING", "DISCOUNT", "ROUNDING"];
    world.erp.products().into_iter().filter(|view| !SERVICES.contains(&view.sku.as_str())).collect()
}

/// Paths of these categories of a store; `None` where a tree has no end.
pub fn paths(shop: &Shop, ids: &[u64]) -> Option<BTreeSet<Vec<String>>> {
    let tree: BTreeMap<u64, (String, u64)> =
        shop.sandbox.categories().into_iter().map(|(id, name, parent)| (id, (name, parent))).collect();
    ids.iter()
        .map(|id| {
            let (mut path, mut at) = (Vec::new(), *id);
            while at != 0 {
                let (name, parent) = tree.get(&at)?;
                path.insert(0, name.clone());
                at = *parent;
                if path.len() > tree.len() {
                    return None;
                }
            }
            Some(path)
        })
        .collect()
}
