//! Everything a shop remembers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde_json::Value;

use super::{
    auth::Logins,
    limits::Meter,
    pricing::{Derivation, Price},
    settings::ShopSettings,
    statuses::{PaymentStatus, ShippingStatus},
    webhooks::WebhookDelivery,
};

/// The shop. Map keys are the vendor's ids; products and variants share one id space (inferred).
pub(super) struct Shop {
    pub settings: ShopSettings,
    pub offset: SignedDuration,
    pub last_seen: Timestamp,
    pub random: fastrand::Rng,
    pub next: Numbers,
    pub products: BTreeMap<u64, Product>,
    /// Ascending, so that a page is a slice.
    pub product_ids: Vec<u64>,
    pub parents: BTreeMap<u64, u64>,
    pub by_sku: BTreeMap<String, BTreeSet<u64>>,
    pub by_ean: BTreeMap<String, BTreeSet<u64>>,
    pub categories: BTreeMap<u64, Category>,
    pub taxes: BTreeMap<u64, Tax>,
    pub manufacturers: BTreeMap<String, u64>,
    /// By `sys_id`, which grows with time.
    pub orders: BTreeMap<u64, Order>,
    pub order_numbers: BTreeMap<String, u64>,
    /// The last suffix given to a base number's children.
    pub splits: BTreeMap<String, u64>,
    pub customers: BTreeMap<u64, Customer>,
    pub customer_emails: BTreeMap<String, u64>,
    pub tags: BTreeMap<String, u64>,
    pub meters: BTreeMap<String, Meter>,
    pub logins: BTreeMap<String, Logins>,
    pub webhooks: VecDeque<WebhookDelivery>,
}

/// The next id of each kind.
pub(super) struct Numbers {
    pub unit: u64,
    pub category: u64,
    pub tax: u64,
    pub order: u64,
    pub system: u64,
    pub customer: u64,
    pub invoice: u64,
    pub small: u64,
}

/// What a product and a variant have in common.
#[derive(Clone)]
pub(super) struct Unit {
    pub sku: Option<String>,
    pub ean: Option<String>,
    pub ext_ref: String,
    pub inventory_enabled: bool,
    pub stock: Decimal,
    pub stock_reserved: Decimal,
    pub allow_backorders: bool,
    pub price: Price,
    pub old_price: Option<Price>,
    pub cost: Option<Price>,
    pub weight: Decimal,
    pub active: bool,
    pub visible: bool,
}

impl Default for Unit {
    fn default() -> Self {
        Self {
            sku: None,
            ean: None,
            ext_ref: String::new(),
            inventory_enabled: false,
            stock: Decimal::ZERO,
            stock_reserved: Decimal::ZERO,
            allow_backorders: false,
            price: Price::default(),
            old_price: None,
            cost: None,
            weight: Decimal::ZERO,
            active: true,
            visible: true,
        }
    }
}

#[derive(Clone)]
pub(super) struct Product {
    pub id: u64,
    pub kind: ProductKind,
    pub unit: Unit,
    pub name: String,
    pub description: String,
    pub meta_title: String,
    pub meta_description: String,
    pub availability_id: Option<u64>,
    pub tax_id: Option<u64>,
    pub shipping_type: String,
    pub shipping_unit_cost: Decimal,
    pub quantity_multiplier: Decimal,
    pub unit_type: String,
    pub category_id: Option<u64>,
    pub categories: Vec<u64>,
    pub manufacturer: Option<(u64, String)>,
    pub is_new: bool,
    pub images: Vec<Image>,
    pub attributes: Vec<Attribute>,
    pub variants: Vec<Variant>,
    pub meta_fields: BTreeMap<String, String>,
    pub created: Timestamp,
    pub modified: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProductKind {
    Basic,
    MultiVariant,
    Digital,
    Bundle,
}

impl ProductKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::MultiVariant => "multi_variant",
            Self::Digital => "digital",
            Self::Bundle => "bundle",
        }
    }

    pub fn read(text: &str) -> Option<Self> {
        [Self::Basic, Self::MultiVariant, Self::Digital, Self::Bundle]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

#[derive(Clone)]
pub(super) struct Variant {
    pub id: u64,
    pub unit: Unit,
    /// Attribute name and value.
    pub options: Vec<(String, String)>,
}

#[derive(Clone)]
pub(super) struct Attribute {
    pub id: u64,
    pub name: String,
    pub options: Vec<(u64, String)>,
}

#[derive(Clone)]
pub(super) struct Image {
    pub id: u64,
    pub url: String,
    pub caption: String,
    /// Not before this moment: the import queue.
    pub visible_from: Timestamp,
}

#[derive(Clone)]
pub(super) struct Tax {
    pub id: u64,
    pub name: String,
    pub value: Decimal,
}

#[derive(Clone)]
pub(super) struct Category {
    pub id: u64,
    pub name: String,
    pub description: String,
    pub meta_title: String,
    pub meta_description: String,
    pub parent_id: u64,
    pub page_template: String,
    pub active: bool,
}

pub(super) struct Customer {
    pub id: u64,
    pub email: String,
    pub name: String,
    pub phone: String,
    pub created: Timestamp,
}

#[derive(Clone)]
pub(super) struct Order {
    pub id: String,
    pub sys_id: u64,
    /// `sys_id` and number of the order this one was split from.
    pub parent: Option<(u64, String)>,
    pub public_code: String,
    pub erp_id: Option<String>,
    pub created: Timestamp,
    pub modified: Timestamp,
    pub created_by: String,
    pub payment_status: PaymentStatus,
    pub payment_method_code: String,
    pub payment_method_name: String,
    pub payment_date: Option<Timestamp>,
    pub payment_reference: Option<String>,
    pub shipping_status: ShippingStatus,
    pub shipping_substatus_id: Option<u64>,
    pub shipping_method_id: u64,
    pub shipping_method_name: String,
    pub shipping_gross: Decimal,
    pub shipping_tax_percent: Decimal,
    pub shipping_awb: Option<String>,
    pub awb_url: Option<String>,
    pub date_shipped: Option<Timestamp>,
    pub date_delivered: Option<Timestamp>,
    pub wallet: Decimal,
    /// Part of the total that no line shows.
    pub unexplained: Decimal,
    pub currency: String,
    pub customer_id: u64,
    pub customer_email: Option<String>,
    pub customer_device: Option<String>,
    pub customer_note: Option<String>,
    pub billing: Address,
    /// `None` ships to the billing address.
    pub shipping: Option<Address>,
    pub lines: Vec<Line>,
    pub tags: Vec<(u64, String)>,
    pub rma_requests: Vec<(u64, String)>,
    pub invoice: Option<Invoice>,
    pub meta_fields: BTreeMap<String, String>,
}

#[derive(Clone, Default)]
pub(super) struct Address {
    pub name: Option<String>,
    pub company: Option<Company>,
    pub country_id: Option<u64>,
    pub country_code: Option<String>,
    pub country_name: Option<String>,
    pub state_id: Option<u64>,
    pub state: Option<String>,
    pub district: Option<String>,
    pub city: Option<String>,
    pub address: Option<String>,
    pub postal_code: Option<String>,
    pub phone: Option<String>,
}

#[derive(Clone, Default)]
pub(super) struct Company {
    pub name: Option<String>,
    pub vat: Option<String>,
    pub registration: Option<String>,
}

#[derive(Clone)]
pub(super) struct Line {
    pub row_id: String,
    pub item_type: String,
    /// 0 on free and discount lines.
    pub product_id: u64,
    pub sku: Option<String>,
    pub ean: Option<String>,
    pub ext_ref: String,
    pub name: String,
    pub url: String,
    pub image_url: String,
    pub tax_name: String,
    pub tax_percent: Decimal,
    pub availability_id: Option<u64>,
    pub category: Option<(u64, String)>,
    pub manufacturer: Option<(u64, String)>,
    pub quantity: Decimal,
    pub unit: Price,
    /// Gross before a promotion.
    pub regular: Option<Decimal>,
    pub weight: Decimal,
    pub stock_snapshot: Decimal,
    pub backorder: Decimal,
    pub status_id: Option<u64>,
    pub meta_fields: BTreeMap<String, String>,
    /// Product id and positive net sum.
    pub applied_discounts: Vec<(u64, Decimal)>,
}

#[derive(Clone)]
pub(super) struct Invoice {
    pub id: u64,
    pub number: u64,
    pub date: Timestamp,
}

impl Shop {
    pub fn new(settings: ShopSettings) -> Self {
        Self {
            random: fastrand::Rng::with_seed(settings.seed),
            next: Numbers {
                unit: 10_001,
                category: 1,
                tax: 1,
                order: settings.first_order_number,
                system: 105_900_001,
                customer: 1,
                invoice: 1,
                small: 1,
            },
            settings,
            offset: SignedDuration::ZERO,
            last_seen: Timestamp::UNIX_EPOCH,
            products: BTreeMap::new(),
            product_ids: Vec::new(),
            parents: BTreeMap::new(),
            by_sku: BTreeMap::new(),
            by_ean: BTreeMap::new(),
            categories: BTreeMap::new(),
            taxes: BTreeMap::new(),
            manufacturers: BTreeMap::new(),
            orders: BTreeMap::new(),
            order_numbers: BTreeMap::new(),
            splits: BTreeMap::new(),
            customers: BTreeMap::new(),
            customer_emails: BTreeMap::new(),
            tags: BTreeMap::new(),
            meters: BTreeMap::new(),
            logins: BTreeMap::new(),
            webhooks: VecDeque::new(),
        }
    }

    /// The shop's own time: the caller's plus the offset a person asked for.
    pub fn time(&mut self, now: Timestamp) -> Timestamp {
        let now = now.saturating_add(self.offset).unwrap_or(Timestamp::MAX);
        self.last_seen = self.last_seen.max(now);
        now
    }

    pub fn derivation(&self, tax_id: Option<u64>) -> Derivation {
        Derivation {
            rate: self.rate(tax_id),
            gross_decimals: self.settings.gross_decimals,
            net_follows_gross: self.settings.net_follows_gross,
        }
    }

    pub fn rate(&self, tax_id: Option<u64>) -> Decimal {
        tax_id.and_then(|id| self.taxes.get(&id)).map_or(Decimal::ZERO, |tax| tax.value)
    }

    /// The product or variant with this id, with its product.
    pub fn unit(&self, id: u64) -> Option<(&Product, &Unit, Option<&Variant>)> {
        if let Some(product) = self.products.get(&id) {
            return Some((product, &product.unit, None));
        }
        let product = self.products.get(self.parents.get(&id)?)?;
        let variant = product.variants.iter().find(|variant| variant.id == id)?;
        Some((product, &variant.unit, Some(variant)))
    }

    pub fn unit_mut(&mut self, id: u64) -> Option<&mut Unit> {
        if let Some(parent) = self.parents.get(&id) {
            let variants = &mut self.products.get_mut(parent)?.variants;
            return variants.iter_mut().find(|variant| variant.id == id).map(|variant| &mut variant.unit);
        }
        self.products.get_mut(&id).map(|product| &mut product.unit)
    }

    /// A multi-variant product has no stock and price of its own (seen in a client).
    pub fn is_parent(&self, id: u64) -> bool {
        self.products.get(&id).is_some_and(|product| product.kind == ProductKind::MultiVariant)
    }

    /// Puts a product in place of its former self and keeps the indexes right.
    pub fn store_product(&mut self, product: Product) {
        let id = product.id;
        if !self.forget_product(id) {
            let place = self.product_ids.partition_point(|known| *known < id);
            self.product_ids.insert(place, id);
        }
        self.index(id, &product.unit);
        for variant in &product.variants {
            self.parents.insert(variant.id, id);
            self.index(variant.id, &variant.unit);
        }
        self.products.insert(id, product);
    }

    pub fn remove_product(&mut self, id: u64) -> bool {
        let existed = self.forget_product(id);
        if existed && let Ok(place) = self.product_ids.binary_search(&id) {
            self.product_ids.remove(place);
        }
        existed
    }

    fn forget_product(&mut self, id: u64) -> bool {
        let Some(old) = self.products.remove(&id) else { return false };
        let units = old.variants.iter().map(|variant| (variant.id, &variant.unit)).chain([(id, &old.unit)]);
        for (unit_id, unit) in units {
            self.parents.remove(&unit_id);
            unindex(&mut self.by_sku, unit.sku.as_deref(), unit_id);
            unindex(&mut self.by_ean, unit.ean.as_deref(), unit_id);
        }
        true
    }

    fn index(&mut self, id: u64, unit: &Unit) {
        if let Some(sku) = &unit.sku {
            self.by_sku.entry(sku.clone()).or_default().insert(id);
        }
        if let Some(ean) = &unit.ean {
            self.by_ean.entry(ean.clone()).or_default().insert(id);
        }
    }

    pub fn order(&self, id: &str) -> Option<&Order> {
        self.orders.get(self.order_numbers.get(id)?)
    }

    pub fn order_mut(&mut self, id: &str) -> Option<&mut Order> {
        self.orders.get_mut(self.order_numbers.get(id)?)
    }

    pub fn store_order(&mut self, order: Order) {
        self.order_numbers.insert(order.id.clone(), order.sys_id);
        self.orders.insert(order.sys_id, order);
    }

    pub fn remove_order(&mut self, id: &str) -> Option<Order> {
        self.orders.remove(&self.order_numbers.remove(id)?)
    }

    /// `p` and 13 hexadecimal digits (seen live).
    pub fn row_id(&mut self) -> String {
        format!("p{:013x}", self.random.u64(..) >> 12)
    }

    /// The id of a manufacturer, made on first use.
    pub fn manufacturer(&mut self, name: &str) -> (u64, String) {
        let next = self.manufacturers.len() as u64 + 1;
        let id = *self.manufacturers.entry(name.to_owned()).or_insert(next);
        (id, name.to_owned())
    }

    pub fn small_id(&mut self) -> u64 {
        take(&mut self.next.small)
    }

    /// Present even when empty: a client reads it without looking (dossier §8.4, 20a).
    pub fn category_name(&self, id: Option<u64>) -> Value {
        Value::String(
            id.and_then(|id| self.categories.get(&id))
                .map(|category| category.name.clone())
                .unwrap_or_default(),
        )
    }
}

/// The next number of a sequence.
pub(super) fn take(next: &mut u64) -> u64 {
    let number = *next;
    *next += 1;
    number
}

fn unindex(index: &mut BTreeMap<String, BTreeSet<u64>>, key: Option<&str>, id: u64) {
    let Some(key) = key else { return };
    if let Some(ids) = index.get_mut(key) {
        ids.remove(&id);
        if ids.is_empty() {
            index.remove(key);
        }
    }
}
