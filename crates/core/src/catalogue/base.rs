use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::model::Value;

/// What each side held in a field when both last agreed, each as read back from its side. The two need not be equal:
/// 49.90 net is 60.38 gross, which is 49.9008 net.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halves {
    pub store: Value,
    pub erp: Value,
    /// Of a price: the tax under which the two were the same, in percent.
    pub percent: Option<Decimal>,
}
