//! What a new database has: company, currency, unit, locations, countries, a carrier, parties, shops.

use rust_decimal::Decimal;

use super::{
    auth::{Auth, User},
    settings::TrytonSettings,
    store::{Base, Store, Values},
    values::Value,
};

const COUNTRIES: &[(&str, &str)] =
    &[("DE", "Germany"), ("RO", "Romania"), ("GR", "Greece"), ("BG", "Bulgaria"), ("ES", "Spain")];
const SUBDIVISIONS: &[(&str, &str, &str)] = &[
    ("RO", "RO-B", "București"),
    ("RO", "RO-CJ", "Cluj"),
    ("RO", "RO-TM", "Timiș"),
    ("RO", "RO-IS", "Iași"),
    ("RO", "RO-IF", "Ilfov"),
    ("DE", "DE-BE", "Berlin"),
    ("DE", "DE-BY", "Bayern"),
    ("GR", "GR-I", "Attikí"),
    ("BG", "BG-22", "Sofia (stolitsa)"),
];

fn text(value: &str) -> Value {
    Value::text(value)
}

fn named(name: &str) -> Values {
    Values::from([("name", text(name)), ("active", Value::Boolean(true))])
}

/// The service products a synchronising program charges with: code, name, price and category.
const SERVICES: &[(&str, &str, i64, &str)] = &[
    ("SHIPPING", "Shipping", 490, "Shop goods"),
    ("DISCOUNT", "Discount", 0, "Shop goods"),
    ("ROUNDING", "Rounding", 0, "Untaxed"),
];

pub(super) fn seed(store: &mut Store, settings: &TrytonSettings) -> Auth {
    money_and_units(store, &settings.currency);
    places(store);
    let company = company(store, &settings.company);
    store.base.company = company;
    for name in ["Upon Receipt", "Net 30 days", "Paid online"] {
        store.insert("account.invoice.payment_term", named(name));
    }
    super::catalogue::taxed_category(store, "Shop goods", Some(("VAT 19%", Decimal::new(19, 2))));
    super::catalogue::taxed_category(store, "Reduced rate goods", Some(("VAT 9%", Decimal::new(9, 2))));
    super::catalogue::taxed_category(store, "Untaxed", None);
    for (code, name, cents, category) in SERVICES {
        super::catalogue::service(store, code, name, Decimal::new(*cents, 2), category);
    }
    locations(store);
    let guest = party(store, "Web guest");
    party(store, "Wholesale Supplier");
    let carrier = party(store, "Parcel Carrier");
    let shipping = store.having("product.product", "code", &text("SHIPPING")).first().copied();
    store.insert(
        "carrier",
        Values::from([
            ("party", Value::One(carrier)),
            ("active", Value::Boolean(true)),
            ("carrier_cost_method", text("product")),
            ("carrier_product", Value::one(shipping)),
        ]),
    );
    for name in &settings.shops {
        let mut shop = named(name);
        shop.extend([
            ("company", Value::One(company)),
            ("currency", Value::One(store.base.currency)),
            ("guest_party", Value::One(guest)),
            ("warehouses", Value::Many(Vec::new())),
        ]);
        store.insert("web.shop", shop);
    }
    Auth::of(vec![
        User { id: 2, login: settings.user.clone(), password: settings.password.clone(), staff: false },
        User {
            id: 3,
            login: settings.staff_user.clone(),
            password: settings.staff_password.clone(),
            staff: true,
        },
    ])
}

fn money_and_units(store: &mut Store, currency: &str) {
    let mut english = named("English");
    english.extend([("code", text("en")), ("translatable", Value::Boolean(true))]);
    store.insert("ir.lang", english);
    let mut euro = named(currency);
    euro.extend([
        ("code", text(currency)),
        ("digits", Value::Integer(2)),
        ("rounding", Value::Numeric(Decimal::new(1, 2))),
    ]);
    let currency = store.insert("currency.currency", euro);
    let mut unit = named("Unit");
    unit.extend([
        ("symbol", text("u")),
        ("category", Value::Integer(1)),
        ("digits", Value::Integer(0)),
        ("rounding", Value::Float(Decimal::ONE)),
        ("factor", Value::Float(Decimal::ONE)),
        ("rate", Value::Float(Decimal::ONE)),
    ]);
    let unit = store.insert("product.uom", unit);
    for (name, symbol, factor) in [("Kilogram", "kg", Decimal::ONE), ("Gram", "g", Decimal::new(1, 3))] {
        let mut weight = named(name);
        weight.extend([
            ("symbol", text(symbol)),
            ("category", Value::Integer(2)),
            ("digits", Value::Integer(2)),
            ("rounding", Value::Float(Decimal::new(1, 2))),
            ("factor", Value::Float(factor)),
            ("rate", Value::Float(Decimal::ONE / factor)),
        ]);
        store.insert("product.uom", weight);
    }
    store.base = Base { currency, unit, ..Base::default() };
}

fn places(store: &mut Store) {
    for (code, name) in COUNTRIES {
        let mut country = named(name);
        country.insert("code", text(code));
        let id = store.insert("country.country", country);
        for (_, code, name) in SUBDIVISIONS.iter().filter(|(country, _, _)| country == code) {
            let mut subdivision = named(name);
            subdivision.extend([("code", text(code)), ("country", Value::One(id))]);
            store.insert("country.subdivision", subdivision);
        }
    }
}

fn company(store: &mut Store, name: &str) -> i64 {
    let party = party(store, name);
    let values = Values::from([("party", Value::One(party)), ("currency", Value::One(store.base.currency))]);
    store.insert("company.company", values)
}

/// A party with one address in Berlin.
pub(super) fn party(store: &mut Store, name: &str) -> i64 {
    let code = store.next_number("party.party");
    let mut values = named(name);
    values.insert("code", Value::Text(code));
    let id = store.insert("party.party", values);
    let germany = store.having("country.country", "code", &text("DE")).first().copied();
    store.insert(
        "party.address",
        Values::from([
            ("party", Value::One(id)),
            ("active", Value::Boolean(true)),
            ("street_unstructured", text("Hauptstr. 1")),
            ("postal_code", text("10115")),
            ("city", text("Berlin")),
            ("country", Value::one(germany)),
        ]),
    );
    id
}

fn locations(store: &mut Store) {
    let mut made = |name: &str, code: Option<&str>, kind: &str| {
        let mut values = named(name);
        values.extend([("code", code.map_or(Value::Null, text)), ("type", text(kind))]);
        store.insert("stock.location", values)
    };
    let supplier_location = made("Supplier", Some("SUP"), "supplier");
    let customer_location = made("Customer", Some("CUS"), "customer");
    let lost_found = made("Lost and Found", None, "lost_found");
    let transit = made("Transit", None, "storage");
    store.base = Base { supplier_location, customer_location, lost_found, transit, ..store.base };
}
