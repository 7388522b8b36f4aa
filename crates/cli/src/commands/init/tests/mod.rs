//! What is proposed, what is written, and a person who answers.

mod catalogue;
mod interactive;
mod proposing;
mod surveying;
mod writing;

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use zygos_core::{
    RemoteKey,
    contract::{DiscoveredTax, Named},
    money::Currency,
    settings::SecretRef,
};

use super::{
    accounts::{Account, Accounts, Value},
    proposal::Chosen,
    survey::{MethodFound, OrdersFound, PricesFound, RateFound, SideFound, Survey, UnitsFound},
};

fn named(key: &str, code: Option<&str>, name: &str) -> Named {
    Named { key: RemoteKey::new(key), code: code.map(str::to_owned), name: name.to_owned() }
}

fn tax(key: &str, name: &str, percent: i64) -> DiscoveredTax {
    DiscoveredTax { key: RemoteKey::new(key), name: name.to_owned(), percent: Some(Decimal::from(percent)) }
}

fn rate(percent: i64) -> RateFound {
    RateFound { percent: Decimal::from(percent), lines: 3, units: 2 }
}

fn method(code: &str) -> MethodFound {
    MethodFound { code: code.to_owned(), name: "Somehow".to_owned(), orders: 4 }
}

/// One warehouse, one shop, one tax of 21 %, all service products, one order paid on delivery.
fn survey() -> Survey {
    let side = |vendor: &str| SideFound {
        vendor: vendor.to_owned(),
        product: vendor.to_owned(),
        findings: Vec::new(),
        apart: Vec::new(),
        can: BTreeMap::new(),
    };
    Survey {
        store: side("merchantpro"),
        erp: side("tryton"),
        limits: Vec::new(),
        units: UnitsFound::default(),
        services: ["SHIPPING", "DISCOUNT", "ROUNDING"].map(str::to_owned).into(),
        warehouses: vec![named("3", Some("WH"), "Main warehouse")],
        shops: vec![named("1", None, "web shop")],
        needs_shop: true,
        erp_taxes: vec![tax("1", "VAT 21%", 21)],
        erp_currency: Currency::parse("EUR").ok(),
        store_currency: None,
        rates: vec![rate(21)],
        price_lists: Vec::new(),
        erp_tax_classes: vec![tax("5", "Goods 21%", 21)],
        measures: vec![named("1", Some("u"), "Unit")],
        measures_used: BTreeMap::new(),
        prices: PricesFound::default(),
        orders: OrdersFound {
            methods: vec![method("cash_delivery")],
            statuses: BTreeMap::from([("new".to_owned(), 4)]),
            unknown_statuses: BTreeSet::new(),
            currencies: BTreeMap::from([("RON".to_owned(), 4)]),
            read: 4,
            ..OrdersFound::default()
        },
    }
}

fn chosen() -> Chosen {
    Chosen {
        erp: "erp".to_owned(),
        name: "cluj".to_owned(),
        timezone: "Europe/Bucharest".to_owned(),
        ..Chosen::default()
    }
}

fn accounts() -> Accounts {
    let text = |text: &str| Value::Text(text.to_owned());
    let secret = |name: &str| Value::Secret(SecretRef::Env(name.to_owned()));
    Accounts {
        store: Account {
            vendor: "merchantpro",
            values: vec![
                ("url", text("https://cluj.example")),
                ("key", secret("SHOP_KEY")),
                ("secret", secret("SHOP_SECRET")),
            ],
        },
        erp: Account {
            vendor: "tryton",
            values: vec![
                ("url", text("https://tryton.example.com")),
                ("database", text("erp")),
                ("user", text("sync")),
                ("password", secret("ERP_PASSWORD")),
            ],
        },
    }
}
