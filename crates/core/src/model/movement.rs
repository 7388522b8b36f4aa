use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::ids::RemoteKey;

/// Goods going in, out, or from one place to another. For deciding, only `unit` matters: look at it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Movement {
    pub key: RemoteKey,
    pub unit: RemoteKey,
    pub quantity: Decimal,
    pub state: MovementState,
    /// Names of the places as the side spells them.
    pub from: String,
    pub to: String,
    /// Both empty for a movement that neither leaves nor enters a warehouse.
    pub from_warehouse: Option<RemoteKey>,
    pub to_warehouse: Option<RemoteKey>,
    pub modified_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MovementState {
    Planned,
    Reserved,
    Done,
    Cancelled,
}
