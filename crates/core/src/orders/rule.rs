use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    ids::RemoteKey,
    model::{LineKind, PaymentMethod},
    money::Currency,
};

/// How one store's orders become documents of the ERP.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderRule {
    pub prefix: String,
    pub shop: Option<String>,
    pub warehouse: RemoteKey,
    /// Orders placed before are not imported unless a person says so.
    pub orders_from: Timestamp,
    pub currency: Currency,
    /// The first that fits decides; none fits: at once.
    pub payment: Vec<PaymentRule>,
    pub taxes: Vec<TaxMapping>,
    pub shipping_product: Option<RemoteKey>,
    pub discount_product: Option<RemoteKey>,
    pub fee_product: Option<RemoteKey>,
    pub gift_product: Option<RemoteKey>,
    pub rounding_product: Option<RemoteKey>,
    /// The largest difference that a rounding line may close.
    pub rounding_limit: Decimal,
    /// Longest text by field: `name`, `street`, `city`, `postal_code`, `region`, `phone`, `description`, `note`.
    pub text_lengths: BTreeMap<String, u32>,
    pub too_long: TooLong,
    pub guests: Guests,
    /// IANA name; a document is dated by the store's day.
    pub timezone: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRule {
    /// The store's code of the payment method; `*` for all.
    pub method: String,
    pub import: ImportWhen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportWhen {
    AtOnce,
    WhenPaid,
    Never,
}

impl ImportWhen {
    pub const CHOICES: [(&'static str, Self); 3] =
        [("at_once", Self::AtOnce), ("when_paid", Self::WhenPaid), ("never", Self::Never)];
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxMapping {
    /// The store's rate, 19 for 19 %.
    pub percent: Decimal,
    /// The ERP's taxes; empty for untaxed.
    pub taxes: Vec<RemoteKey>,
}

/// What becomes of a text that the ERP has no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TooLong {
    Hold,
    /// Cut, with `…` at the end to show it.
    Shorten,
}

impl TooLong {
    pub const CHOICES: [(&'static str, Self); 2] = [("hold", Self::Hold), ("shorten", Self::Shorten)];
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guests {
    /// Matched and created like everybody else.
    Match,
    /// All on one customer.
    Fixed(RemoteKey),
}

impl OrderRule {
    pub fn import_when(&self, method: &PaymentMethod) -> ImportWhen {
        self.payment
            .iter()
            .find(|rule| rule.method == method.code || rule.method == "*")
            .map_or(ImportWhen::AtOnce, |rule| rule.import)
    }

    pub fn taxes_for(&self, percent: Decimal) -> Option<&[RemoteKey]> {
        self.taxes.iter().find(|mapping| mapping.percent == percent).map(|mapping| mapping.taxes.as_slice())
    }

    /// The ERP's product for a line that isn't a product of the store.
    pub fn service_for(&self, kind: LineKind) -> Option<&RemoteKey> {
        match kind {
            LineKind::Product => None,
            LineKind::Shipping => self.shipping_product.as_ref(),
            LineKind::CashOnDeliveryFee => self.fee_product.as_ref().or(self.shipping_product.as_ref()),
            LineKind::Discount | LineKind::Coupon => self.discount_product.as_ref(),
            LineKind::GiftCard | LineKind::StoreCredit => self.gift_product.as_ref(),
        }
    }

    /// The store's zone; UTC when its name isn't known (a checked configuration has none such).
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.timezone).unwrap_or(TimeZone::UTC)
    }
}
