//! Small whole records that the tests bend.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::test_runner::{Config, RngSeed};
use rust_decimal::Decimal;
use zygos_core::{
    RemoteKey,
    model::{
        Address, Customer, Document, DocumentState, LineKind, Order, OrderLine, OrderStatus, PaymentMethod,
        PaymentStatus, Shipment, ShipmentState, Tracking, Unit, UnitKind,
    },
    money::Currency,
    orders::{Guests, OrderRule, TaxMapping, TooLong},
};

/// So many lives, the same at every run; `PROPTEST_RNG_SEED` chooses others.
pub fn cases(count: u32) -> Config {
    let chosen = Config::with_cases(count);
    let rng_seed = match chosen.rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        RngSeed::Fixed(seed) => RngSeed::Fixed(seed),
    };
    // A failing case is printed whole and comes again with its seed: no file of it is needed beside the tests.
    Config { rng_seed, failure_persistence: None, ..chosen }
}

pub fn key(text: &str) -> RemoteKey {
    RemoteKey::new(text)
}

pub fn whole(number: i64) -> Decimal {
    Decimal::from(number)
}

pub fn cents(number: i64) -> Decimal {
    Decimal::new(number, 2)
}

pub fn decimal(text: &str) -> Decimal {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap_or_else(|error| panic!("{error}"))
}

pub fn moment(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Two mugs at 48.00 and shipping at 20.00: 116.00 to pay.
pub fn order() -> Order {
    Order {
        id: key("95700001"),
        parent: None,
        created_at: moment("2026-03-10T09:00:00Z"),
        modified_at: None,
        status: OrderStatus::New,
        payment: PaymentStatus::Awaiting,
        payment_method: PaymentMethod {
            code: "cash_delivery".to_owned(),
            name: "Cash on delivery".to_owned(),
        },
        shipping_method: None,
        currency: currency("RON"),
        total: decimal("116.00"),
        tax_total: None,
        customer: Customer {
            key: Some(key("77")),
            name: "Ana Ionescu".to_owned(),
            email: Some("ana@example.org".to_owned()),
            phone: Some("0700000001".to_owned()),
            company: None,
            language: Some("ro_RO".to_owned()),
        },
        billing: address(),
        shipping: address(),
        lines: vec![mugs(), shipping()],
        note: None,
        tags: Vec::new(),
        awb: None,
        erp_id: None,
    }
}

pub fn address() -> Address {
    Address {
        name: "Ana Ionescu".to_owned(),
        street: "Strada Memorandumului 28".to_owned(),
        city: "Cluj-Napoca".to_owned(),
        postal_code: Some("400114".to_owned()),
        region: Some("Cluj".to_owned()),
        country: Some("RO".to_owned()),
        phone: Some("0700000001".to_owned()),
    }
}

pub fn mugs() -> OrderLine {
    OrderLine {
        key: key("1"),
        kind: LineKind::Product,
        unit: Some(key("S1")),
        sku: Some("MUG-1".to_owned()),
        ean: None,
        description: "Mug".to_owned(),
        quantity: whole(2),
        unit_net: decimal("40.336134"),
        unit_gross: decimal("48.00"),
        tax_percent: whole(19),
        total_gross: decimal("96.00"),
        warehouses: Vec::new(),
    }
}

pub fn shipping() -> OrderLine {
    service(LineKind::Shipping, 2_000)
}

/// One of a line that isn't a product, at a price with tax in cents.
pub fn service(kind: LineKind, gross: i64) -> OrderLine {
    OrderLine {
        key: key("2"),
        kind,
        unit: None,
        sku: None,
        ean: None,
        description: format!("{kind:?}"),
        quantity: Decimal::ONE,
        unit_net: cents(gross) / decimal("1.19"),
        unit_gross: cents(gross),
        tax_percent: whole(19),
        total_gross: cents(gross),
        warehouses: Vec::new(),
    }
}

pub fn rule() -> OrderRule {
    OrderRule {
        prefix: "CJ-".to_owned(),
        shop: Some("Cluj".to_owned()),
        warehouse: key("W1"),
        orders_from: moment("2026-03-01T00:00:00Z"),
        currency: currency("RON"),
        payment: Vec::new(),
        taxes: vec![TaxMapping { percent: whole(19), taxes: vec![key("T19")] }],
        shipping_product: Some(key("SHIP")),
        discount_product: Some(key("DISCOUNT")),
        fee_product: Some(key("FEE")),
        gift_product: Some(key("GIFT")),
        rounding_product: Some(key("ROUND")),
        rounding_limit: cents(5),
        text_lengths: BTreeMap::new(),
        too_long: TooLong::Hold,
        guests: Guests::Match,
        timezone: "Europe/Bucharest".to_owned(),
    }
}

/// The links that the sample orders need.
pub fn link(unit: &RemoteKey) -> Option<RemoteKey> {
    (unit.as_str() == "S1").then(|| key("E1"))
}

pub fn document(named: &str, state: DocumentState, total: Decimal) -> Document {
    Document {
        key: key(named),
        number: None,
        reference: "CJ-95700001".to_owned(),
        state,
        currency: currency("RON"),
        untaxed: total,
        tax: Decimal::ZERO,
        total,
        shipments: Vec::new(),
        invoices: Vec::new(),
        modified_at: None,
    }
}

pub fn shipment(named: &str, state: ShipmentState, waybill: Option<&str>) -> Shipment {
    Shipment {
        key: key(named),
        number: None,
        state,
        tracking: waybill.map(|number| Tracking { number: number.to_owned(), carrier: None, url: None }),
    }
}

pub fn unit(named: &str, sku: Option<&str>, ean: Option<&str>) -> Unit {
    Unit {
        key: key(named),
        parent: None,
        kind: UnitKind::Goods,
        sku: sku.map(str::to_owned),
        ean: ean.map(str::to_owned),
        name: format!("Product {named}"),
        active: true,
        tracked: true,
        stock: None,
        price_net: None,
        price_gross: None,
        tax_percent: None,
        measure: None,
        decimals: None,
    }
}
