//! What a store shows, and how that differs from what it should.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use zygos_scenarios::world::Shop;
use zygos_sim::merchantpro::{NewProduct, NewVariant};

use crate::goods::{Article, Lists};

/// One unit as its store shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    pub product: u64,
    pub unit: u64,
    pub sku: String,
    pub name: String,
    pub description: String,
    pub ean: String,
    pub path: Vec<String>,
    pub options: Vec<(String, String)>,
    pub percent: Decimal,
    pub net: Decimal,
    pub gross: Decimal,
    pub on_sale: bool,
    pub stock: Decimal,
}

fn text(row: &Value, name: &str) -> String {
    row[name].as_str().unwrap_or_default().to_owned()
}

fn number(row: &Value, name: &str) -> Decimal {
    row[name].to_string().parse().unwrap_or(Decimal::MIN)
}

/// Every unit of a store.
pub fn shown(shop: &Shop) -> Vec<Shown> {
    let categories: BTreeMap<u64, (String, u64)> =
        shop.sandbox.categories().into_iter().map(|(id, name, parent)| (id, (name, parent))).collect();
    let path = |id: Option<u64>| {
        let mut path = Vec::new();
        let mut next = id;
        while let Some((name, parent)) = next.and_then(|id| categories.get(&id)) {
            path.insert(0, name.clone());
            next = Some(*parent);
        }
        path
    };
    let mut all = Vec::new();
    for whole in shop.sandbox.products() {
        let own = [whole.clone()];
        let units = whole["variants"].as_array().map_or(own.as_slice(), Vec::as_slice);
        for unit in units {
            let options = unit["variant_options"].as_array().map(Vec::as_slice).unwrap_or_default();
            all.push(Shown {
                product: whole["id"].as_u64().unwrap_or_default(),
                unit: unit["id"].as_u64().unwrap_or_default(),
                sku: text(unit, "sku"),
                name: text(&whole, "name"),
                description: text(&whole, "description"),
                ean: text(unit, "ean"),
                path: path(whole["category_id"].as_u64()),
                options: options.iter().map(|option| (text(option, "name"), text(option, "value"))).collect(),
                percent: number(&whole, "tax_value"),
                net: number(unit, "price_net"),
                gross: number(unit, "price_gross"),
                on_sale: whole["status"] == "active" && unit["status"] == "active",
                stock: number(unit, "stock"),
            });
        }
    }
    all
}

/// The unit of a SKU, which is there once.
pub fn unit(shop: &Shop, sku: &str) -> Shown {
    let mut found: Vec<Shown> = shown(shop).into_iter().filter(|unit| unit.sku == sku).collect();
    assert_eq!(found.len(), 1, "{} has {sku} {} times", shop.id, found.len());
    found.remove(0)
}

/// In words: what a store shows otherwise than these articles are meant to be.
pub fn differences(shop: &Shop, store: usize, articles: &[Article], lists: &Lists) -> Vec<String> {
    let mut by_sku: BTreeMap<String, Vec<Shown>> = BTreeMap::new();
    for unit in shown(shop) {
        by_sku.entry(unit.sku.clone()).or_default().push(unit);
    }
    let mut found = Vec::new();
    for article in articles {
        let mut products = Vec::new();
        for piece in &article.pieces {
            let sku = &piece.sku;
            let mut say = |what: String| found.push(format!("{} {sku}: {what}", shop.id));
            let units = by_sku.get(sku).map(Vec::as_slice).unwrap_or_default();
            let [unit] = units else {
                say(format!("is there {} times", units.len()));
                continue;
            };
            products.push(unit.product);
            let (price, should, kind) = match store {
                0 => (unit.gross, lists.gross(store, piece, article.percent), "with tax"),
                _ => (unit.net, lists.net(store, piece), "without tax"),
            };
            if price != should {
                say(format!("costs {price} {kind} instead of {should}"));
            }
            if unit.percent != article.percent {
                say(format!("is taxed {} % instead of {} %", unit.percent, article.percent));
            }
            let options = article.options(piece, store);
            if unit.options != options {
                say(format!("has the attributes {:?} instead of {options:?}", unit.options));
            }
            if unit.path != article.path {
                say(format!("lies in {:?} instead of {:?}", unit.path, article.path));
            }
            if !unit.on_sale {
                say("is not on sale".to_owned());
            }
            let texts = [
                ("name", &unit.name, &article.name),
                ("EAN", &unit.ean, &piece.ean),
                ("description", &unit.description, &article.descriptions[store]),
            ];
            for (field, is, should) in texts {
                if is != should {
                    say(format!("has the {field} {is:?} instead of {should:?}"));
                }
            }
        }
        products.dedup();
        if products.len() > 1 {
            found.push(format!("{} {}: its variants are in several products", shop.id, article.name));
        }
    }
    found
}

/// SKUs and categories that a store has more than once.
pub fn doubles(shop: &Shop) -> Vec<String> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for unit in shown(shop) {
        *counts.entry(format!("SKU {}", unit.sku)).or_default() += 1;
    }
    for (_, name, parent) in shop.sandbox.categories() {
        *counts.entry(format!("category {name} in {parent}")).or_default() += 1;
    }
    let doubled = counts.into_iter().filter(|(_, count)| *count > 1);
    doubled.map(|(what, count)| format!("{}: {what} is there {count} times", shop.id)).collect()
}

/// Shop staff makes these, with the store's own prices: what the ERP's own become with tax.
pub fn make(shop: &Shop, articles: &[Article], [usual, reduced]: [u64; 2], now: jiff::Timestamp) {
    for article in articles {
        let mut parent = 0;
        for name in &article.path {
            let known =
                shop.sandbox.categories().into_iter().find(|(_, own, of)| own == name && *of == parent);
            parent = known.map_or_else(|| shop.sandbox.add_category(name, parent), |(id, ..)| id);
        }
        let gross = |price: Decimal| price * (Decimal::ONE_HUNDRED + article.percent) / Decimal::ONE_HUNDRED;
        let mut product = NewProduct {
            name: article.name.clone(),
            sku: article.code.clone(),
            description: article.descriptions[0].clone(),
            tax_id: Some(if article.percent == Decimal::from(9) { reduced } else { usual }),
            category_id: Some(parent),
            ..NewProduct::default()
        };
        if article.code.is_some() {
            product.variants = article
                .pieces
                .iter()
                .map(|piece| NewVariant {
                    sku: Some(piece.sku.clone()),
                    ean: Some(piece.ean.clone()),
                    price_gross: Some(gross(piece.price)),
                    stock: Decimal::ONE,
                    options: vec![("Size".to_owned(), piece.ending.clone())],
                    ..NewVariant::default()
                })
                .collect();
        } else if let Some(piece) = article.pieces.first() {
            product.sku = Some(piece.sku.clone());
            product.ean = Some(piece.ean.clone());
            product.price_gross = Some(gross(piece.price));
            product.stock = Decimal::ONE;
        }
        shop.sandbox.add_product(product, now);
    }
}

/// Shop staff edits what all variants share.
pub fn edit(shop: &Shop, product: u64, fields: Value, now: jiff::Timestamp) {
    let Value::Object(fields) = fields else { panic!("fields") };
    shop.sandbox.edit_product(product, &fields, now).expect("the shop takes it");
}

/// Shop staff types another EAN.
pub fn edit_ean(shop: &Shop, unit: u64, ean: &str, now: jiff::Timestamp) {
    let fields = Map::from_iter([("ean".to_owned(), json!(ean))]);
    shop.sandbox.edit_unit(unit, &fields, now).expect("the shop takes it");
}
