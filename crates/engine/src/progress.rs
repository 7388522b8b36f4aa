//! How far an order has come, as it is stored.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zygos_core::{
    model::{Order, Product},
    orders::{IgnoreReason, OrderState},
};
use zygos_storage::StoredOrder;

use crate::error::{EngineError, Result};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    pub state: OrderState,
    /// What a person decided about an order from before the go-live.
    #[serde(default)]
    pub decided: Option<GoLiveChoice>,
    /// The root of a split was read again and is gone: its children alone count.
    #[serde(default)]
    pub split: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoLiveChoice {
    /// It is in the ERP already: the order's reference is that sale's.
    Link,
    Import,
    Ignore,
}

impl Progress {
    pub fn new() -> Self {
        Self { state: OrderState::Seen, decided: None, split: false }
    }

    pub fn of(order: &StoredOrder) -> Result<Self> {
        serde_json::from_value(order.state.clone()).map_err(|error| {
            EngineError::Storage(zygos_storage::StorageError::Damaged {
                place: "the state".to_owned(),
                what: format!("order {}", order.order.id),
                reason: error.to_string(),
            })
        })
    }

    /// Writes this state onto a stored order.
    pub fn put(&self, order: &mut StoredOrder) -> Result<()> {
        order.state = serde_json::to_value(self).map_err(|error| {
            EngineError::Asked(format!("the state of an order cannot be written: {error}"))
        })?;
        self.state.code().clone_into(&mut order.state_code);
        Ok(())
    }

    /// A person still has to say what becomes of this order from before the go-live.
    pub fn is_undecided(&self) -> bool {
        matches!(self.state, OrderState::Ignored(IgnoreReason::BeforeGoLive)) && self.decided.is_none()
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

/// Equal digests mean an equal order.
pub fn digest(order: &Order) -> Result<String> {
    digest_of(order, format_args!("order {}", order.id))
}

/// Digest of what a side says of a product. Figures move with every order and times with every write: neither is an
/// edit.
pub fn product_digest(product: &Product) -> Result<String> {
    let mut edited = product.clone();
    edited.modified_at = None;
    for variant in &mut edited.variants {
        variant.unit.stock = None;
    }
    digest_of(&edited, format_args!("product {}", product.key))
}

/// Equal digests mean equal values.
pub fn digest_of(value: &impl Serialize, what: impl std::fmt::Display) -> Result<String> {
    let bytes = serde_json::to_vec(value)
        .map_err(|error| EngineError::Asked(format!("{what} cannot be kept: {error}")))?;
    let hash = Sha256::digest(bytes);
    Ok(hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect())
}
