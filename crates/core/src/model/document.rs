use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Address;
use crate::{ids::RemoteKey, money::Currency};

/// The ERP's own paper for an order, as the ERP tells it now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    pub key: RemoteKey,
    /// The number the ERP shows to people; may be missing on drafts.
    pub number: Option<String>,
    /// The order reference it was created with.
    pub reference: String,
    pub state: DocumentState,
    pub currency: Currency,
    pub untaxed: Decimal,
    pub tax: Decimal,
    pub total: Decimal,
    pub shipments: Vec<Shipment>,
    pub invoices: Vec<Invoice>,
    pub modified_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentState {
    Draft,
    /// Totals are fixed, nothing is promised yet.
    Quoted,
    /// Promised; the ERP will or does plan its delivery.
    Confirmed,
    Processing,
    Done,
    Cancelled,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    pub key: RemoteKey,
    pub number: Option<String>,
    pub state: ShipmentState,
    pub tracking: Option<Tracking>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShipmentState {
    Planned,
    Reserved,
    Picked,
    Shipped,
    Cancelled,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracking {
    pub number: String,
    pub carrier: Option<String>,
    pub url: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    pub key: RemoteKey,
    /// Missing until it is issued.
    pub number: Option<String>,
    pub date: Option<Date>,
}

/// A document to be made in the ERP, as a draft. Creating never confirms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewDocument {
    /// Prefix + the store's order id; the same every time for the same order.
    pub reference: String,
    /// How the ERP names the store, where it keeps one (Tryton's `web.shop`).
    pub shop: Option<String>,
    pub party: RemoteKey,
    pub billing: Address,
    pub shipping: Address,
    pub currency: Currency,
    pub date: Date,
    pub warehouse: RemoteKey,
    pub lines: Vec<DocumentLine>,
    pub note: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DocumentLine {
    /// `None` for a line of text with an amount, where the ERP allows it.
    pub product: Option<RemoteKey>,
    pub description: String,
    pub quantity: Decimal,
    pub unit_price_net: Decimal,
    /// With tax, for the whole line, as the customer paid it. For ERPs that take gross prices.
    pub total_gross: Decimal,
    /// The ERP's taxes that apply; empty for none.
    pub taxes: Vec<RemoteKey>,
}
