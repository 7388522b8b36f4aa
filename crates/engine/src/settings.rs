//! What a merchant configured, before the ERP has told what its names mean.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use zygos_core::{
    ConnectionId,
    budget::Window,
    catalogue::{Gone, Owner},
    contract::{Connector, PriceKind},
    guard::GuardLimits,
    model::Field,
    money::Currency,
    orders::{FeedbackRule, PaymentRule, TooLong},
    stock::Figure,
};

/// One configured account with the code that speaks to it.
#[derive(Clone)]
pub struct Connection {
    pub id: ConnectionId,
    pub connector: Arc<dyn Connector>,
    /// What the side counts calls by (host and key, the key never in clear): the name of the lease.
    pub credential: String,
    /// Calls made so far; read for summaries.
    pub calls_used: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// How many calls it allows; empty for no limit.
    pub windows: Vec<Window>,
    /// How far its clock is ahead of ours, once it has answered; for checks.
    pub clock_skew: Arc<dyn Fn() -> Option<SignedDuration> + Send + Sync>,
}

/// A store and the flows between it and the ERP.
#[derive(Clone)]
pub struct StoreSettings {
    pub connection: Connection,
    pub products: Option<ProductFlow>,
    pub prices: Option<PriceFlow>,
    pub stock: Option<StockFlow>,
    pub orders: Option<OrderFlow>,
    pub feedback: FeedbackRule,
}

/// Which ways something moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Directions {
    pub to_store: bool,
    pub to_erp: bool,
}

impl Directions {
    /// As a configuration spells them.
    pub const CHOICES: [(&str, Self); 4] = [
        ("to_store", Self { to_store: true, to_erp: false }),
        ("to_erp", Self { to_store: false, to_erp: true }),
        ("both", Self { to_store: true, to_erp: true }),
        ("none", Self { to_store: false, to_erp: false }),
    ];
}

/// Products between a store and the ERP.
#[derive(Clone, Debug, PartialEq)]
pub struct ProductFlow {
    /// Which ways edited fields move.
    pub direction: Directions,
    /// On which sides a product is made that only the other one has.
    pub create: Directions,
    /// Whether a product that is made in the store is on sale at once.
    pub active_in_store: bool,
    /// Fields whose owner the merchant chose; the others have the usual one. Price has its own flow.
    pub owners: BTreeMap<Field, Owner>,
    pub gone: Gone,
    /// The attribute by which the store tells variants apart when the ERP names none.
    pub option_name: String,
    /// The ERP's unit of measure for products that are made there.
    pub measure: String,
    /// Percent → what the ERP calls goods of that tax.
    pub tax_classes: Vec<(Decimal, String)>,
}

/// Prices between a store and the ERP.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceFlow {
    pub direction: Directions,
    pub owner: Owner,
    /// The ERP's price list for this store, by name; `None`: the price that holds without one.
    pub list: Option<String>,
    /// Which of the store's two prices is authoritative.
    pub authority: PriceKind,
    /// Decimals of a price that is made for the store.
    pub places: u32,
    /// The store's currency; the API doesn't tell it. The ERP's must be the same.
    pub currency: Option<Currency>,
    /// A price that moves by more than so many percent waits for a person.
    pub jump_percent: Decimal,
}

/// Stock, ERP → store.
#[derive(Clone, Debug, PartialEq)]
pub struct StockFlow {
    /// By code or name, each with the figure that counts there.
    pub warehouses: Vec<(String, Figure)>,
    pub buffer: Decimal,
    pub max_listed: Option<Decimal>,
    pub multiple: Decimal,
    pub backorders: bool,
    pub drift: DriftPolicy,
}

/// What to do about a figure that is not what it should be and that nothing explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriftPolicy {
    Correct,
    /// Open an issue; a person says yes or no.
    Ask,
    /// Only record it.
    Report,
}

/// Orders, store → ERP.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderFlow {
    pub prefix: String,
    pub orders_from: Timestamp,
    pub currency: Currency,
    /// How the ERP names this store, where it keeps stores.
    pub shop: Option<String>,
    /// The warehouse that serves the orders, by code or name.
    pub warehouse: String,
    pub payment: Vec<PaymentRule>,
    /// Percent → names of the ERP's taxes.
    pub taxes: Vec<(Decimal, Vec<String>)>,
    /// SKUs of the ERP's service products.
    pub shipping_sku: Option<String>,
    pub discount_sku: Option<String>,
    pub fee_sku: Option<String>,
    pub gift_sku: Option<String>,
    pub rounding_sku: Option<String>,
    pub rounding_limit: Decimal,
    pub too_long: TooLong,
    pub guests: GuestFlow,
    /// IANA name; a document is dated by the store's day.
    pub timezone: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuestFlow {
    /// Guests are matched and created like everybody else.
    Match,
    /// All guests are booked on one customer, by its code.
    Fixed(String),
}

/// How often, how long, how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between two looks at a store's newest orders.
    pub poll_every: Duration,
    /// Between two looks at orders that are still open.
    pub open_orders_every: Duration,
    /// Between two looks at closed orders within `return_window`.
    pub closed_orders_every: Duration,
    pub return_window: Duration,
    /// Orders this much older than the newest known are read again.
    pub overlap: Duration,
    /// Between two looks at the ERP's changes.
    pub erp_every: Duration,
    /// Between two full readings of the ERP's products, which find what no feed of changes tells.
    pub erp_products_every: Duration,
    /// Between two full comparisons of a store's stock.
    pub verify_every: Duration,
    /// Figures older than this are not written.
    pub stock_age: Duration,
    /// A claim on outbox rows.
    pub lease: Duration,
    /// The longest that one call may take.
    pub call_timeout: Duration,
    /// Orders worked on together.
    pub order_batch: u32,
    /// Units re-decided together.
    pub stock_batch: u32,
    /// Writes to one store that may be under way at once.
    pub store_concurrency: usize,
    /// Held orders are looked at again.
    pub recheck_held: Duration,
    /// Without a reason to wake up, look anyway: another process may have put something into the outbox.
    pub idle_look: Duration,
    /// Attempts, closed issues and drifts are forgotten after this.
    pub retention: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(60 * n);
        let hours = |n: u64| minutes(60 * n);
        Self {
            poll_every: Duration::from_secs(15),
            open_orders_every: minutes(5),
            closed_orders_every: hours(24),
            return_window: hours(24 * 60),
            overlap: minutes(30),
            erp_every: Duration::from_secs(5),
            erp_products_every: hours(24),
            verify_every: minutes(15),
            stock_age: Duration::from_secs(60),
            lease: minutes(5),
            call_timeout: Duration::from_secs(30),
            order_batch: 32,
            stock_batch: 100,
            store_concurrency: 4,
            recheck_held: minutes(5),
            idle_look: Duration::from_secs(2),
            retention: hours(24 * 30),
        }
    }
}

/// Everything the engine is given.
pub struct EngineSettings {
    pub stores: Vec<StoreSettings>,
    pub erp: Connection,
    pub pace: Pace,
    pub guard: GuardLimits,
    /// Names this process in leases.
    pub owner: String,
    /// Spreads retries; the same seed spreads them the same way.
    pub seed: u64,
    /// Longest texts the ERP takes, on top of what its connector declares.
    pub text_lengths: BTreeMap<String, u32>,
}
