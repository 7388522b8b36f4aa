//! What the conformance tests of both Trytons share.

pub mod people;
pub mod tryton_products;

use jiff::civil::Date;
use rust_decimal::Decimal;
use zygos_core::{
    RemoteKey,
    contract::{NewProduct, NewVariant, PriceKind},
    model::{Address, DocumentLine, Facts, Field, NewDocument, Shape, Value},
    money::Currency,
};

/// What a document of a Tryton refers to.
pub struct Keys {
    pub party: RemoteKey,
    pub tax: RemoteKey,
    pub warehouse: RemoteKey,
    pub shipping: RemoteKey,
}

/// Two pieces at 10.00 net and shipping at 4.12 net, both at 19 %: 28.70 with tax.
pub fn document(keys: &Keys, shop: &str, reference: &str, unit: &RemoteKey) -> NewDocument {
    let address = Address {
        name: "Ana Exemplu".to_owned(),
        street: "Strada Exemplelor 1".to_owned(),
        city: "Cluj-Napoca".to_owned(),
        postal_code: Some("400001".to_owned()),
        region: Some("CLUJ".to_owned()),
        country: Some("RO".to_owned()),
        phone: Some("0700000000".to_owned()),
    };
    let line = |product: &RemoteKey, quantity: u32, net: i64, gross: i64| DocumentLine {
        product: Some(product.clone()),
        description: "Cană".to_owned(),
        quantity: Decimal::from(quantity),
        unit_price_net: Decimal::new(net, 2),
        total_gross: Decimal::new(gross, 2),
        taxes: vec![keys.tax.clone()],
    };
    NewDocument {
        reference: reference.to_owned(),
        shop: Some(shop.to_owned()),
        party: keys.party.clone(),
        billing: address.clone(),
        shipping: Address { region: Some("Nowhere in Tryton".to_owned()), ..address },
        currency: Currency::parse("EUR").unwrap(),
        date: Date::constant(2026, 3, 5),
        warehouse: keys.warehouse.clone(),
        lines: vec![line(unit, 2, 1000, 2380), line(&keys.shipping, 1, 412, 490)],
        note: Some("Σας ευχαριστώ".to_owned()),
    }
}

/// Half a piece of what is sold by the piece.
pub fn spoiled(mut document: NewDocument) -> NewDocument {
    document.lines[0].quantity = Decimal::new(15, 1);
    document
}

/// A product without tax of its own: what the ERP calls goods of the tax says it.
pub fn new_product(unique: impl Fn(&str) -> String, shape: Shape, tax_class: &str) -> NewProduct {
    let variant = |_: usize| NewVariant {
        facts: Facts::from([
            (Field::Sku, Value::Text(unique("NEW"))),
            (Field::Price, Value::Number(Decimal::new(4990, 2))),
        ]),
        options: Vec::new(),
        tracked: true,
    };
    let count = if shape == Shape::Simple { 1 } else { 3 };
    NewProduct {
        shape,
        facts: Facts::from([
            (Field::Name, Value::Text(unique("Mug"))),
            (Field::Measure, Value::Text("Unit".to_owned())),
        ]),
        tax_class: Some(tax_class.to_owned()),
        code: None,
        variants: (0..count).map(variant).collect(),
        prices: PriceKind::Net,
    }
}
