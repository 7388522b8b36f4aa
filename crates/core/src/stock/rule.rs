use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    ids::RemoteKey,
    model::{Deduction, StockRow},
};

/// Which of a warehouse's figures counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// What is there.
    Physical,
    /// What is there and promised to nobody.
    Free,
    /// What will be there today, demand and supply recorded so far included.
    Projected,
}

impl Figure {
    pub const CHOICES: [(&'static str, Self); 3] =
        [("physical", Self::Physical), ("free", Self::Free), ("projected", Self::Projected)];

    pub fn name(self) -> &'static str {
        match self {
            Self::Physical => "physical",
            Self::Free => "free",
            Self::Projected => "projected",
        }
    }

    pub fn of(self, row: &StockRow) -> Option<Decimal> {
        match self {
            Self::Physical => row.physical,
            Self::Free => row.free,
            Self::Projected => row.projected,
        }
    }

    /// What this figure misses of a document.
    pub fn deducted(self, deduction: &Deduction) -> Decimal {
        match self {
            Self::Physical => deduction.moved,
            Self::Free => deduction.reserved,
            Self::Projected => deduction.recorded,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarehouseRule {
    pub warehouse: RemoteKey,
    /// As the merchant calls it.
    pub name: String,
    pub figure: Figure,
}

/// How one store's figure is made from the ERP's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockRule {
    pub warehouses: Vec<WarehouseRule>,
    /// Kept back.
    pub buffer: Decimal,
    pub max_listed: Option<Decimal>,
    /// Rounded down to a multiple of this; 1 or 0 for any.
    pub multiple: Decimal,
    /// The store may sell below zero, so the figure is not clamped from below.
    pub backorders: bool,
}
