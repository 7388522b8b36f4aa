//! What the control interface is given: products and orders as a shop's people and customers would make them.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;

use super::statuses::{PaymentStatus, ShippingStatus};

/// A product as typed in the admin panel. One of the two prices is enough; gross wins.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewProduct {
    pub name: String,
    pub sku: Option<String>,
    pub ean: Option<String>,
    pub ext_ref: String,
    pub description: String,
    #[serde(with = "rust_decimal::serde::arbitrary_precision_option")]
    pub price_net: Option<Decimal>,
    #[serde(with = "rust_decimal::serde::arbitrary_precision_option")]
    pub price_gross: Option<Decimal>,
    pub tax_id: Option<u64>,
    /// Stock tracking, `inventory_enabled`.
    pub tracked: bool,
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    pub stock: Decimal,
    pub allow_backorders: bool,
    /// Kilograms.
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    pub weight: Decimal,
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    pub quantity_multiplier: Decimal,
    pub category_id: Option<u64>,
    pub manufacturer_name: Option<String>,
    pub active: bool,
    pub visible: bool,
    pub is_new: bool,
    /// Addresses of pictures, visible at once.
    pub images: Vec<String>,
    pub meta_fields: BTreeMap<String, String>,
    /// Not empty: the product is `multi_variant`, and its own price and stock mean nothing.
    pub variants: Vec<NewVariant>,
}

impl Default for NewProduct {
    fn default() -> Self {
        Self {
            name: "Product".to_owned(),
            sku: None,
            ean: None,
            ext_ref: String::new(),
            description: String::new(),
            price_net: None,
            price_gross: None,
            tax_id: None,
            tracked: true,
            stock: Decimal::ZERO,
            allow_backorders: false,
            weight: Decimal::ZERO,
            quantity_multiplier: Decimal::ONE,
            category_id: None,
            manufacturer_name: None,
            active: true,
            visible: true,
            is_new: false,
            images: Vec::new(),
            meta_fields: BTreeMap::new(),
            variants: Vec::new(),
        }
    }
}

/// One variant of a [`NewProduct`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewVariant {
    pub sku: Option<String>,
    pub ean: Option<String>,
    pub ext_ref: String,
    #[serde(with = "rust_decimal::serde::arbitrary_precision_option")]
    pub price_net: Option<Decimal>,
    #[serde(with = "rust_decimal::serde::arbitrary_precision_option")]
    pub price_gross: Option<Decimal>,
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    pub stock: Decimal,
    pub allow_backorders: bool,
    /// Attribute name and value, such as `("Size", "M")`.
    pub options: Vec<(String, String)>,
}

/// An order as a customer (or, with `created_by = "system"`, the shop's staff) places it.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewOrder {
    pub customer_email: Option<String>,
    pub customer_note: Option<String>,
    pub billing: NewAddress,
    /// `None` ships to the billing address.
    pub shipping: Option<NewAddress>,
    /// Present: `billing_type` is `company`.
    pub company: Option<NewCompany>,
    pub payment_method_code: String,
    /// `None`: the shop's name for the code.
    pub payment_method_name: Option<String>,
    pub payment_status: PaymentStatus,
    pub shipping_status: ShippingStatus,
    pub shipping_method_id: u64,
    /// `None`: the shop's name for the id.
    pub shipping_method_name: Option<String>,
    /// Shipping with tax.
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    pub shipping_gross: Decimal,
    /// `None`: the shop's own.
    #[serde(with = "rust_decimal::serde::arbitrary_precision_option")]
    pub shipping_tax_percent: Option<Decimal>,
    pub lines: Vec<NewLine>,
    pub discounts: Vec<NewDiscount>,
    /// Store credit used, positive.
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    pub wallet: Decimal,
    /// Added to the total and shown on no line, as extensions of shops do with fees of their own.
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    pub unexplained: Decimal,
    /// `None`: the shop's own.
    pub currency: Option<String>,
    /// `shop` refuses what is out of stock; `system` oversells.
    pub created_by: String,
    pub erp_id: Option<String>,
    pub meta_fields: BTreeMap<String, String>,
}

impl Default for NewOrder {
    fn default() -> Self {
        Self {
            customer_email: None,
            customer_note: None,
            billing: NewAddress::default(),
            shipping: None,
            company: None,
            payment_method_code: "cash_delivery".to_owned(),
            payment_method_name: None,
            payment_status: PaymentStatus::Awaiting,
            shipping_status: ShippingStatus::Awaiting,
            shipping_method_id: 1,
            shipping_method_name: None,
            shipping_gross: Decimal::ZERO,
            shipping_tax_percent: None,
            lines: Vec::new(),
            discounts: Vec::new(),
            wallet: Decimal::ZERO,
            unexplained: Decimal::ZERO,
            currency: None,
            created_by: "shop".to_owned(),
            erp_id: None,
            meta_fields: BTreeMap::new(),
        }
    }
}

/// A postal address.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewAddress {
    pub name: String,
    /// ISO code.
    pub country_code: String,
    pub country_name: String,
    pub state: String,
    pub city: String,
    pub address: String,
    pub postal_code: Option<String>,
    pub phone: String,
}

impl Default for NewAddress {
    fn default() -> Self {
        let text = str::to_owned;
        Self {
            name: text("Ana Exemplu"),
            country_code: text("RO"),
            country_name: text("Romania"),
            state: text("Cluj"),
            city: text("Cluj-Napoca"),
            address: text("Strada Mare, 1"),
            postal_code: Some(text("400001")),
            phone: text("0700000000"),
        }
    }
}

/// The company on an invoice.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewCompany {
    pub name: String,
    pub vat: String,
    pub registration: Option<String>,
}

/// A product line.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewLine {
    /// Product or variant id.
    pub unit_id: u64,
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    pub quantity: Decimal,
    /// A promotion's price with tax; the API shows it on the line only.
    #[serde(default, with = "rust_decimal::serde::arbitrary_precision_option")]
    pub unit_price_gross: Option<Decimal>,
}

impl NewLine {
    /// At list price.
    pub fn new(unit_id: u64, quantity: impl Into<Decimal>) -> Self {
        Self { unit_id, quantity: quantity.into(), unit_price_gross: None }
    }
}

/// A discount line. Its net sum is shared out over the product lines by their net.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewDiscount {
    /// `promo_cart`, `promo_product`, `discount` or `coupon`.
    pub item_type: String,
    pub name: String,
    /// With tax, positive.
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    pub gross: Decimal,
    /// `None`: that of the first product line.
    #[serde(with = "rust_decimal::serde::arbitrary_precision_option")]
    pub tax_percent: Option<Decimal>,
}

impl Default for NewDiscount {
    fn default() -> Self {
        Self {
            item_type: "coupon".to_owned(),
            name: "Reducere".to_owned(),
            gross: Decimal::ZERO,
            tax_percent: None,
        }
    }
}
