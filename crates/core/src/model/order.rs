use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Address, Customer};
use crate::{ids::RemoteKey, money::Currency};

/// What a customer ordered in a store, as the store tells it now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// The number shown to the customer. Opaque text: a split order's has a suffix.
    pub id: RemoteKey,
    /// The store's id of the order this one was split from, where it tells.
    pub parent: Option<RemoteKey>,
    pub created_at: Timestamp,
    pub modified_at: Option<Timestamp>,
    pub status: OrderStatus,
    pub payment: PaymentStatus,
    pub payment_method: PaymentMethod,
    pub shipping_method: Option<String>,
    pub currency: Currency,
    /// What the customer pays, with tax, everything included.
    pub total: Decimal,
    pub tax_total: Option<Decimal>,
    pub customer: Customer,
    pub billing: Address,
    pub shipping: Address,
    pub lines: Vec<OrderLine>,
    pub note: Option<String>,
    pub tags: Vec<String>,
    /// Waybill number.
    pub awb: Option<String>,
    /// The mark that Zygos or another system left on the order.
    pub erp_id: Option<String>,
}

/// Canonical life cycle of an order in a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// The checkout isn't finished; never imported, but its goods are taken.
    Temporary,
    New,
    Confirmed,
    Processing,
    Shipped,
    Delivered,
    Returned,
    Cancelled,
    /// A status that the connector has never met, as the store spells it.
    Unknown(String),
}

impl OrderStatus {
    /// No transition by the merchant is expected any more.
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Delivered | Self::Returned | Self::Cancelled)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    Temporary,
    Awaiting,
    Paid,
    Refunded,
    Failed,
    Cancelled,
    Unknown(String),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentMethod {
    /// The store's machine value, such as `cash_delivery`.
    pub code: String,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderLine {
    pub key: RemoteKey,
    pub kind: LineKind,
    /// The store's unit; `None` for a line that isn't a product of the store.
    pub unit: Option<RemoteKey>,
    pub sku: Option<String>,
    pub ean: Option<String>,
    pub description: String,
    /// May be negative (a return).
    pub quantity: Decimal,
    /// Without and with tax, each for one unit; negative for discounts.
    pub unit_net: Decimal,
    pub unit_gross: Decimal,
    /// Percent, 19 for 19 %.
    pub tax_percent: Decimal,
    /// With tax, for the whole line, as the store computed it.
    pub total_gross: Decimal,
    /// From which warehouses the store takes it, where it tells.
    pub warehouses: Vec<WarehouseQuantity>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarehouseQuantity {
    pub name: String,
    pub quantity: Decimal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    Product,
    Shipping,
    CashOnDeliveryFee,
    Discount,
    Coupon,
    GiftCard,
    StoreCredit,
}
