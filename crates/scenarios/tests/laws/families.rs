//! The orders of a shop as the customers mean them: an order that was split is still one.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::Value;
use zygos_scenarios::world::Shop;

/// An order, or the parts it was split into.
pub struct Family {
    pub root: String,
    pub members: Vec<Member>,
}

pub struct Member {
    pub id: String,
    pub cancelled: bool,
    pub paid: bool,
    pub card: bool,
    pub total: Decimal,
    pub lines: Vec<(String, Decimal)>,
}

impl Family {
    pub fn was_split(&self) -> bool {
        self.members.iter().any(|member| member.id != self.root)
    }

    pub fn is_cancelled(&self) -> bool {
        self.members.iter().all(|member| member.cancelled)
    }

    /// Not imported before somebody pays.
    pub fn waits_for_payment(&self) -> bool {
        self.members.iter().any(|member| member.card && !member.paid)
    }

    pub fn total(&self) -> Decimal {
        self.members.iter().filter(|member| !member.cancelled).map(|member| member.total).sum()
    }

    /// Quantities by SKU that the customer still expects.
    pub fn wanted(&self) -> BTreeMap<&str, Decimal> {
        let mut wanted = BTreeMap::new();
        for member in self.members.iter().filter(|member| !member.cancelled) {
            for (sku, quantity) in &member.lines {
                *wanted.entry(sku.as_str()).or_default() += *quantity;
            }
        }
        wanted
    }

    pub fn has(&self, sku: &str) -> bool {
        self.members.iter().any(|member| member.has(sku))
    }
}

impl Member {
    pub fn has(&self, sku: &str) -> bool {
        self.lines.iter().any(|(line, _)| line == sku)
    }
}

pub fn of(shop: &Shop) -> Vec<Family> {
    let mut families: BTreeMap<String, Vec<Member>> = BTreeMap::new();
    for order in shop.sandbox.orders() {
        let member = member(&order);
        let root = root_of(&member.id).to_owned();
        families.entry(root).or_default().push(member);
    }
    families.into_iter().map(|(root, members)| Family { root, members }).collect()
}

/// Parts of a split order are called after it: `95700001.3`.
pub fn root_of(id: &str) -> &str {
    id.split('.').next().unwrap_or_default()
}

fn member(order: &Value) -> Member {
    let text = |field: &str| order[field].as_str().unwrap_or_default().to_owned();
    Member {
        id: text("id"),
        cancelled: order["shipping_status"] == "cancelled",
        paid: order["payment_status"] == "paid",
        card: order["payment_method_code"] == crate::events::CARD,
        total: decimal(&order["total_amount"]),
        lines: order["line_items"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|line| line["item_type"] == "product")
            .map(|line| {
                (line["product_sku"].as_str().unwrap_or_default().to_owned(), decimal(&line["quantity"]))
            })
            .collect(),
    }
}

pub fn decimal(value: &Value) -> Decimal {
    value.to_string().trim_matches('"').parse().expect("a number")
}
