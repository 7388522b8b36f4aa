use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::ids::RemoteKey;

/// A sellable unit: a simple product, or one variant of a product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    pub key: RemoteKey,
    /// The product that this unit is a variant of.
    pub parent: Option<RemoteKey>,
    pub kind: UnitKind,
    /// As the side spells it, padding included, so that a padded SKU can be reported.
    pub sku: Option<String>,
    pub ean: Option<String>,
    pub name: String,
    pub active: bool,
    /// Whether the side counts stock for it. Where it doesn't, its figure has no meaning and is never written.
    pub tracked: bool,
    /// The side's one figure for the unit, where listing the unit shows it (a store's page does).
    pub stock: Option<Decimal>,
    /// Without tax, in the side's own currency.
    pub price_net: Option<Decimal>,
    /// With tax, in the side's own currency.
    pub price_gross: Option<Decimal>,
    /// Percent, 19 for 19 %.
    pub tax_percent: Option<Decimal>,
    /// How the side names its unit of measure.
    pub measure: Option<String>,
    /// Decimals that a quantity of it may have; `None` when the side doesn't say.
    pub decimals: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    /// Counted in stock.
    Goods,
    /// Never in stock: shipping, fees, discounts.
    Service,
    /// Only groups its variants. Reading reports it so that variants can be told apart; it is never linked.
    Parent,
}
