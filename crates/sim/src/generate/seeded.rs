//! A shop that sells what `scripts/tryton.sh` puts into a Tryton: a merchant's two systems that hold the same goods.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Map, Number, Value};

use super::catalogue::ean13;
use crate::merchantpro::{ControlError, MerchantProSandbox, NewProduct, NewVariant};

/// Sizes of the only goods in variants, in the order of their EANs.
const SIZES: [&str; 3] = ["S", "M", "L"];
/// What Tryton has of everything in its first warehouse, before a few are taken to the others.
const PIECES: u32 = 100;

/// Fills a shop with the seeded goods: so many plain ones, and a shirt in sizes. One in `one_in` has another name, price
/// and figure than in Tryton.
pub fn fill_shop_as_seeded(
    shop: &MerchantProSandbox,
    products: u32,
    one_in: u32,
    now: Timestamp,
) -> Result<(), ControlError> {
    let rates =
        [19, 9].map(|percent| (percent, shop.add_tax(&format!("VAT {percent}%"), Decimal::from(percent))));
    let taxes: BTreeMap<u32, u64> = rates.into();
    for number in 1..=products {
        let differs = one_in > 0 && number.is_multiple_of(one_in);
        let percent = if number.is_multiple_of(5) { 9 } else { 19 };
        let price = Decimal::from(5 + number % 100);
        let name = format!("Product {number:05}");
        let id = shop.add_product(
            NewProduct {
                name: if differs { format!("{name}, new") } else { name },
                sku: Some(format!("SKU-{number:05}")),
                ean: Some(ean13(number.into())),
                price_net: Some(if differs { price * Decimal::new(11, 1) } else { price }),
                tax_id: taxes.get(&percent).copied(),
                stock: Decimal::from(if differs { 7 } else { pieces(number) }),
                ..NewProduct::default()
            },
            now,
        );
        set_cost(shop, id, Decimal::from(2 + number % 50), now)?;
    }
    let shirt = SIZES.iter().zip(0_u64..).map(|(size, place)| NewVariant {
        sku: Some(format!("TS-{size}")),
        ean: Some(ean13(900_000 + place)),
        price_net: Some(Decimal::new(1990, 2)),
        stock: Decimal::from(PIECES),
        options: vec![("Size".to_owned(), (*size).to_owned())],
        ..NewVariant::default()
    });
    let shirt_id = shop.add_product(
        NewProduct {
            name: "T-Shirt".to_owned(),
            sku: Some("TS".to_owned()),
            tax_id: taxes.get(&19).copied(),
            variants: shirt.collect(),
            ..NewProduct::default()
        },
        now,
    );
    for (unit, sku, _) in shop.units() {
        if sku.starts_with("TS-") && unit != shirt_id {
            set_cost(shop, unit, Decimal::new(75, 1), now)?;
        }
    }
    Ok(())
}

/// Without tax.
fn set_cost(shop: &MerchantProSandbox, unit: u64, cost: Decimal, now: Timestamp) -> Result<(), ControlError> {
    let fields = Map::from_iter([(
        "cost_net".to_owned(),
        cost.to_string().parse::<Number>().map_or(Value::Null, Value::Number),
    )]);
    shop.edit_unit(unit, &fields, now)
}

/// In the first warehouse.
fn pieces(number: u32) -> u32 {
    let place = number - 1;
    let to_second = if place < 200 && place.is_multiple_of(10) { 10 } else { 0 };
    let to_third = if place < 200 && place.is_multiple_of(20) { 5 } else { 0 };
    PIECES - to_second - to_third
}
