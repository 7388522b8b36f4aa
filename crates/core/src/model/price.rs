use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::ids::RemoteKey;

/// What one piece of a unit is sold for by a price list, as the ERP computes it now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceRow {
    pub unit: RemoteKey,
    /// The list's name as it was asked for.
    pub list: String,
    /// Without tax, in the list's currency; `None`: the list has no price for it.
    pub net: Option<Decimal>,
    /// With tax, where the list's prices are with tax.
    pub gross: Option<Decimal>,
}

/// A price list was edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceNews {
    pub list: RemoteKey,
    pub list_name: String,
    /// The units that it concerns; `None`: any.
    pub units: Option<Vec<RemoteKey>>,
}
