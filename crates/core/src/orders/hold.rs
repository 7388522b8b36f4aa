use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    model::LineKind,
    money::{Currency, plain},
};

/// Why an order will not be imported, unless a person says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IgnoreReason {
    /// The checkout isn't finished. Looked at again when the store says more.
    NotFinished,
    /// Placed before `orders_from`.
    BeforeGoLive,
    /// Its payment method is never imported.
    NeverImported,
    /// Cancelled before it was imported: a tombstone, so that nothing creates it later.
    CancelledBefore,
    /// A part of a split order: its goods and its document are the whole order's.
    PartOfSplit,
}

impl fmt::Display for IgnoreReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFinished => "the customer has not finished the checkout",
            Self::BeforeGoLive => {
                "it was placed before `orders_from`; say what to do with it by `zygos issues`"
            }
            Self::NeverImported => "orders with its payment method are never imported, by configuration",
            Self::CancelledBefore => "it was cancelled before it was imported",
            Self::PartOfSplit => "it is a part of a split order, whose sale is already in the ERP",
        })
    }
}

/// Why an order waits. Each is looked at again by itself; the text says what ends the wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    WaitingForPayment {
        method: String,
    },
    UnknownSku {
        line: usize,
        sku: Option<String>,
    },
    UnmappedTax {
        line: usize,
        percent: Decimal,
    },
    ForeignCurrency {
        currency: Currency,
        expected: Currency,
    },
    DoesNotAddUp {
        lines: Decimal,
        total: Decimal,
    },
    TotalsDiffer {
        store: Decimal,
        erp: Decimal,
    },
    TextTooLong {
        field: String,
        length: usize,
        limit: u32,
    },
    UnmappedLineKind {
        line: usize,
        kind: LineKind,
    },
    NegativeQuantity {
        line: usize,
        quantity: Decimal,
    },
    UnknownStatus {
        status: String,
    },
    NoLines,
    SeveralCustomers {
        count: usize,
        by: String,
    },
    SeveralDocuments {
        count: usize,
    },
    /// The ERP refused it: its own words, made safe.
    Refused {
        what: String,
        message: String,
    },
    /// A creation without answer on a side where nothing can be looked up.
    Unknowable {
        what: String,
    },
}

impl HoldReason {
    /// Short word for filtering.
    pub fn code(&self) -> &'static str {
        match self {
            Self::WaitingForPayment { .. } => "waiting_for_payment",
            Self::UnknownSku { .. } => "unknown_sku",
            Self::UnmappedTax { .. } => "unmapped_tax",
            Self::ForeignCurrency { .. } => "foreign_currency",
            Self::DoesNotAddUp { .. } => "does_not_add_up",
            Self::TotalsDiffer { .. } => "totals_differ",
            Self::TextTooLong { .. } => "text_too_long",
            Self::UnmappedLineKind { .. } => "unmapped_line",
            Self::NegativeQuantity { .. } => "negative_quantity",
            Self::UnknownStatus { .. } => "unknown_status",
            Self::NoLines => "no_lines",
            Self::SeveralCustomers { .. } => "several_customers",
            Self::SeveralDocuments { .. } => "several_documents",
            Self::Refused { .. } => "refused",
            Self::Unknowable { .. } => "unknowable",
        }
    }

    /// Everyday waiting, which nobody needs to be told of.
    pub fn is_everyday(&self) -> bool {
        matches!(self, Self::WaitingForPayment { .. })
    }
}

impl fmt::Display for HoldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WaitingForPayment { method } => {
                write!(f, "waits for payment by {method}; it is imported as soon as the store says paid")
            }
            Self::UnknownSku { line, sku: Some(sku) } => write!(
                f,
                "line {line}: the SKU \"{sku}\" is not linked to a product of the ERP; create it there or correct the \
                 SKU on either side"
            ),
            Self::UnknownSku { line, sku: None } => write!(
                f,
                "line {line}: the product has no SKU and is not linked to a product of the ERP; give it a SKU in the \
                 store"
            ),
            Self::UnmappedTax { line, percent } => write!(
                f,
                "line {line}: the tax of {} % has no counterpart in the ERP; add it under `orders.taxes` in the \
                 configuration",
                plain(*percent)
            ),
            Self::ForeignCurrency { currency, expected } => write!(
                f,
                "its currency is {currency} but this store's orders are booked in {expected}; enter it in the ERP by hand under \
                 its reference, or cancel it in the store"
            ),
            Self::DoesNotAddUp { lines, total } => write!(
                f,
                "its lines add up to {} but the customer pays {}; correct the order in the store",
                plain(*lines),
                plain(*total)
            ),
            Self::TotalsDiffer { store, erp } => write!(
                f,
                "the customer pays {} but the ERP computes {}; compare prices and taxes of its lines. Nothing was \
                 confirmed",
                plain(*store),
                plain(*erp)
            ),
            Self::TextTooLong { field, length, limit } => write!(
                f,
                "the {field} has {length} characters and the ERP takes {limit}; shorten it in the store, or set \
                 `orders.too_long = \"shorten\"`"
            ),
            Self::UnmappedLineKind { line, kind } => write!(
                f,
                "line {line}: there is no ERP product for lines of kind {}; name its SKU in the configuration \
                 (`orders.{}`)",
                kind_words(*kind),
                kind_setting(*kind)
            ),
            Self::NegativeQuantity { line, quantity } => {
                write!(
                    f,
                    "line {line}: the quantity {} is negative; a return is booked by hand",
                    plain(*quantity)
                )
            }
            Self::UnknownStatus { status } => write!(
                f,
                "the store's status \"{status}\" is not known to this version; set a known status in the store"
            ),
            Self::NoLines => f.write_str("it has no lines; look at the order in the store"),
            Self::SeveralCustomers { count, by } => write!(
                f,
                "the ERP has {count} customers with this {by}; merge them there, or give one of them the customer code"
            ),
            Self::SeveralDocuments { count } => write!(
                f,
                "the ERP has {count} sales with this order's reference and none can be cancelled by itself; cancel the \
                 wrong ones there"
            ),
            Self::Refused { what, message } => {
                let message = message.trim_end_matches('.');
                write!(
                    f,
                    "the ERP refuses the {what}: {message}. Correct it on the side where it is wrong; it is tried again by \
                     itself, and at once by `zygos replay`"
                )
            }
            Self::Unknowable { what } => write!(
                f,
                "the {what} was sent, no answer came, and this ERP cannot be asked whether it arrived; look there, then \
                 say so by `zygos issues`"
            ),
        }
    }
}

fn kind_words(kind: LineKind) -> &'static str {
    match kind {
        LineKind::Product => "product",
        LineKind::Shipping => "shipping",
        LineKind::CashOnDeliveryFee => "cash-on-delivery fee",
        LineKind::Discount => "discount",
        LineKind::Coupon => "coupon",
        LineKind::GiftCard => "gift card",
        LineKind::StoreCredit => "store credit",
    }
}

fn kind_setting(kind: LineKind) -> &'static str {
    match kind {
        LineKind::Product => "products",
        LineKind::Shipping => "shipping_sku",
        LineKind::CashOnDeliveryFee => "fee_sku",
        LineKind::Discount | LineKind::Coupon => "discount_sku",
        LineKind::GiftCard | LineKind::StoreCredit => "gift_sku",
    }
}
