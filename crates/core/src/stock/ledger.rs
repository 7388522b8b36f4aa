use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Figure;
use crate::ids::{ConnectionId, RemoteKey};

/// What one order took from the shelf at a store, and what the ERP is proven to have taken off for it already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    pub store: ConnectionId,
    pub order: RemoteKey,
    /// The ERP's key of the unit.
    pub unit: RemoteKey,
    /// Where it is taken from; `None` when nobody knows.
    pub warehouse: Option<RemoteKey>,
    /// At the store now; 0 once cancelled.
    pub quantity: Decimal,
    pub recorded: Decimal,
    pub reserved: Decimal,
    pub moved: Decimal,
}

impl LedgerEntry {
    /// What this figure of the ERP does not deduct yet.
    pub fn outstanding(&self, figure: Figure) -> Decimal {
        let deducted = match figure {
            Figure::Physical => self.moved,
            Figure::Free => self.reserved,
            Figure::Projected => self.recorded,
        };
        (self.quantity - deducted).max(Decimal::ZERO)
    }

    /// The goods have left, whatever figure is in use.
    pub fn is_settled(&self) -> bool {
        self.moved >= self.quantity
    }
}
