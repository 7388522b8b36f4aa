//! What a sandbox shop is like, and every vendor fact that is not settled, as switches.

use std::{collections::BTreeSet, time::Duration};

use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// One shop. `Default` follows the MerchantPro dossier's best inference wherever the vendor is silent.
#[derive(Clone)]
pub struct ShopSettings {
    /// The shop's own domain, used in links.
    pub host: String,
    pub language: Language,
    /// ISO code of every order that names no other.
    pub currency: String,
    /// Dates are written in this zone, with its offset.
    pub zone: TimeZone,
    /// Where a date without a time in a filter begins (inferred: the shop's midnight).
    pub filter_zone: TimeZone,
    /// Whether lists are sorted by the wall clock instead of the moment (unknown: format B keeps no offset).
    pub sorts_by_local_time: bool,
    pub keys: Vec<ApiKey>,
    /// Sliding windows per key; `None` switches them off.
    pub windows: Option<Windows>,
    /// Wrong logins with one key before it is locked (documented: it happens; threshold inferred).
    pub wrong_logins: u32,
    /// How long a locked key answers 403 (inferred).
    pub lock_out: Duration,
    /// Rows of a list without `limit` (inferred: 50).
    pub default_limit: usize,
    /// Documented: 100. More is clamped, not refused (inferred).
    pub max_limit: usize,
    /// Whether order lists hold `line_items` unasked (inferred: no).
    pub line_items_always: bool,
    /// Whether a product PATCH that names some variants keeps the others (unknown).
    pub omitted_variants_survive: bool,
    /// Whether `GET /products/{id}` answers with the product when the id is a variant's (inferred: no, 404).
    pub variant_id_reads_product: bool,
    /// Whether lists show `description` when `fields` names it (inferred: yes; clients ask for it one by one).
    pub descriptions_in_lists: bool,
    /// Whether the answer to a product's POST and PATCH shows its variants and images (inferred: yes).
    pub writes_answer_whole: bool,
    /// Whether `cancelled` puts the goods back (inferred: yes). `returned` never does.
    pub restock_on_cancel: bool,
    /// Whether a line edit moves stock by the difference (inferred: yes).
    pub line_edits_move_stock: bool,
    /// Whether a sale or a cancellation touches the products' `date_modified` (unknown).
    pub sales_modify_products: bool,
    /// Decimals of a gross price derived from a net one (inferred: 2).
    pub gross_decimals: u32,
    /// Whether a net price is written back from the rounded gross one, 49.90 reading as 49.9008 (inferred).
    pub net_follows_gross: bool,
    /// Whether `erp_id` is kept on orders (inferred: yes).
    pub keeps_erp_id: bool,
    /// Whether orders can be filtered by `modified[…]` (no client has seen it: no).
    pub orders_modified_filter: bool,
    /// Whether products can be filtered by `created[…]` and `modified[…]` (inferred: yes).
    pub products_date_filters: bool,
    /// Whether `parent_id` of a split order is the base's number or its `sys_id` (unknown).
    pub parent_id: ParentId,
    /// Whether `POST /batch` answers (the body's form is unknown).
    pub batch: bool,
    /// `\/` and `\uXXXX` in JSON, as PHP writes them (seen live).
    pub php_json: bool,
    /// How long an image given by address stays in the import queue (documented: it does; time inferred).
    pub image_import: Duration,
    /// Percent of tax inside the shipping price when an order names none.
    pub shipping_tax_percent: Decimal,
    pub payment_methods: Vec<(String, String)>,
    pub shipping_methods: Vec<(u64, String)>,
    pub webhooks: Vec<Webhook>,
    pub first_order_number: u64,
    /// Drives row ids and public codes.
    pub seed: u64,
}

impl Default for ShopSettings {
    fn default() -> Self {
        let zone = TimeZone::get("Europe/Bucharest").unwrap_or(TimeZone::UTC);
        let method = |code: &str, name: &str| (code.to_owned(), name.to_owned());
        Self {
            host: "shop.test".to_owned(),
            language: Language::Romanian,
            currency: "RON".to_owned(),
            filter_zone: zone.clone(),
            zone,
            sorts_by_local_time: false,
            keys: vec![ApiKey::full("key", "secret")],
            windows: Some(Windows::default()),
            wrong_logins: 5,
            lock_out: Duration::from_secs(15 * 60),
            default_limit: 50,
            max_limit: 100,
            line_items_always: false,
            omitted_variants_survive: false,
            variant_id_reads_product: false,
            descriptions_in_lists: true,
            writes_answer_whole: true,
            restock_on_cancel: true,
            line_edits_move_stock: true,
            sales_modify_products: false,
            gross_decimals: 2,
            net_follows_gross: true,
            keeps_erp_id: true,
            orders_modified_filter: false,
            products_date_filters: true,
            parent_id: ParentId::OrderNumber,
            batch: false,
            php_json: true,
            image_import: Duration::from_secs(30),
            shipping_tax_percent: Decimal::from(21),
            payment_methods: vec![
                method("cash_delivery", "Ramburs"),
                method("wire", "Transfer bancar"),
                method("mobilpay", "Card online"),
            ],
            shipping_methods: vec![(1, "Curier rapid".to_owned()), (2, "Ridicare personala".to_owned())],
            webhooks: Vec::new(),
            first_order_number: 42_200_001,
            seed: 1,
        }
    }
}

/// The language of `*_text` fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Romanian,
    Serbian,
    Greek,
    English,
}

impl Language {
    /// As in `customer_lang`.
    pub fn locale(self) -> &'static str {
        match self {
            Self::Romanian => "ro_RO",
            Self::Serbian => "sr_RS",
            Self::Greek => "el_GR",
            Self::English => "en_US",
        }
    }
}

/// What `parent_id` of a split order holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParentId {
    OrderNumber,
    SystemNumber,
}

/// One API user with its own permissions (documented) and its own windows (inferred).
#[derive(Clone)]
pub struct ApiKey {
    pub key: String,
    pub secret: String,
    pub read: BTreeSet<Area>,
    pub write: BTreeSet<Area>,
}

impl ApiKey {
    /// May do everything.
    pub fn full(key: &str, secret: &str) -> Self {
        let all = BTreeSet::from(Area::ALL);
        Self { key: key.to_owned(), secret: secret.to_owned(), read: all.clone(), write: all }
    }

    /// May read everything and write nothing.
    pub fn read_only(key: &str, secret: &str) -> Self {
        Self { write: BTreeSet::new(), ..Self::full(key, secret) }
    }
}

/// What a permission is for. The vendor's own list is not known (inferred).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Area {
    Products,
    Orders,
    Customers,
    Categories,
    Taxonomies,
    Payments,
}

impl Area {
    const ALL: [Self; 6] =
        [Self::Products, Self::Orders, Self::Customers, Self::Categories, Self::Taxonomies, Self::Payments];
}

/// Requests per key in each sliding window (numbers documented; sliding inferred).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    pub second: u32,
    pub minute: u32,
    pub hour: u32,
    pub day: u32,
}

impl Default for Windows {
    fn default() -> Self {
        Self { second: 4, minute: 80, hour: 3_600, day: 60_000 }
    }
}

/// A webhook as set up in the admin panel; there is no API for it (documented).
#[derive(Clone)]
pub struct Webhook {
    pub url: String,
    pub secret: String,
    /// Empty: every topic. `product.created` is documented, the others are by analogy (inferred).
    pub topics: BTreeSet<String>,
}
