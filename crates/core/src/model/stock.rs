use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::ids::RemoteKey;

/// The figures of one unit in one warehouse, all from one read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StockRow {
    pub unit: RemoteKey,
    pub warehouse: RemoteKey,
    /// What is there, whoever it is promised to; `None` where the side doesn't tell.
    pub physical: Option<Decimal>,
    /// Physical less what is reserved for somebody.
    pub free: Option<Decimal>,
    /// Physical less recorded demand plus expected supply, up to today.
    pub projected: Option<Decimal>,
}

/// What the ERP has taken off its figures for one unit of one document, in one warehouse.
///
/// The three quantities are cumulative and match the three figures of [`StockRow`] exactly:
/// `projected` misses `recorded`, `free` misses `reserved`, `physical` misses `moved`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deduction {
    pub document: RemoteKey,
    /// The order reference that the document carries.
    pub reference: String,
    pub unit: RemoteKey,
    pub warehouse: RemoteKey,
    pub recorded: Decimal,
    pub reserved: Decimal,
    pub moved: Decimal,
}
