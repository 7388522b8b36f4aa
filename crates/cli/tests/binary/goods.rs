//! What people make and edit on both sides of a world whose products move, and how it must look in the end.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use zygos_core::{Clock, money::round};
use zygos_sim::{merchantpro, tryton};

use crate::world::{MachineClock, World};

pub const CLUJ: usize = 0;
pub const ATHENS: usize = 1;

/// Cluj sells by a price list with tax, to the cent. Athens shares the ERP's own price without tax, and may edit it.
/// A name may be edited anywhere.
pub const FLOWS: [&str; 2] = [
    "\n[store.products]\ncreate = \"both\"\nnew_in_store = \"active\"\n\
     owners = { name = \"newest\", description = \"erp\" }\ntax_classes = { \"19\" = \"Shop goods\" }\n\n\
     [store.prices]\nlist = \"Cluj\"\nauthority = \"gross\"\nplaces = 2\n",
    "\n[store.products]\ncreate = \"both\"\nnew_in_store = \"active\"\n\
     owners = { name = \"newest\", description = \"erp\" }\ntax_classes = { \"19\" = \"Shop goods\" }\n\n\
     [store.prices]\ndirection = \"both\"\nowner = \"newest\"\nauthority = \"net\"\nplaces = 4\n",
];
const FORMULA: &str = "unit_price * 1.1";

/// A product as all sides must have it.
#[derive(Clone, Debug)]
struct Good {
    name: String,
    description: String,
    /// The ERP's own, without tax.
    price: Decimal,
    /// EANs by SKU.
    units: BTreeMap<String, String>,
}

#[derive(Default)]
pub struct Goods {
    goods: Vec<Good>,
    eans: u32,
}

fn fields(of: Value) -> Map<String, Value> {
    let Value::Object(fields) = of else { panic!("fields") };
    fields
}

fn decimal(value: &Value) -> Decimal {
    value.to_string().parse().unwrap_or(Decimal::MIN)
}

impl Goods {
    /// The price list that one of the stores sells by.
    pub fn begin(world: &World) -> Self {
        let list = world.erp.sandbox.add_price_list("Cluj", Some(FORMULA), &[], MachineClock.now());
        list.expect("a list");
        Self::default()
    }

    fn ean(&mut self) -> String {
        self.eans += 1;
        let body = format!("29{:010}", self.eans);
        let weight = |place: usize| if place.is_multiple_of(2) { 1 } else { 3 };
        let digits = body.bytes().enumerate();
        let sum: u32 = digits.map(|(place, digit)| u32::from(digit - b'0') * weight(place)).sum();
        format!("{body}{}", (10 - sum % 10) % 10)
    }

    /// A new product in two or three sizes; answers its number.
    pub fn make_in_erp(&mut self, world: &World) -> usize {
        let number = self.goods.len();
        let code = format!("E{number:03}-");
        let price = Decimal::from(20 + number);
        let name = format!("Article {number}");
        let mut units = BTreeMap::new();
        for size in ["S", "M", "L"].into_iter().take(2 + number % 2) {
            let (sku, ean) = (format!("{code}{size}"), self.ean());
            let new = tryton::NewProduct {
                ean: Some(ean.clone()),
                name: name.clone(),
                template: Some(code.clone()),
                ..tryton::NewProduct::new(&sku, price)
            };
            world.erp.sandbox.add_product(&new, MachineClock.now()).expect("the ERP takes it");
            units.insert(sku, ean);
        }
        self.goods.push(Good { name, description: String::new(), price, units });
        number
    }

    /// A new product in Cluj, every third one in sizes.
    pub fn make_in_store(&mut self, world: &World) {
        let number = self.goods.len();
        let code = format!("M{number:03}");
        // Whole hundreds: the price with tax is one without decimals too.
        let price = Decimal::from(100 * (1 + number % 5));
        let gross = price * Decimal::new(119, 2);
        let sizes: &[&str] = if number.is_multiple_of(3) { &["-S", "-M"] } else { &[""] };
        let units: BTreeMap<String, String> =
            sizes.iter().map(|size| (format!("{code}{size}"), self.ean())).collect();
        let name = format!("Made in the shop {number}");
        let new = merchantpro::NewProduct { name: name.clone(), tax_id: Some(1), ..Default::default() };
        let new = match units.first_key_value() {
            Some((sku, ean)) if units.len() == 1 => merchantpro::NewProduct {
                sku: Some(sku.clone()),
                ean: Some(ean.clone()),
                price_gross: Some(gross),
                ..new
            },
            _ => merchantpro::NewProduct {
                sku: Some(code),
                variants: units
                    .iter()
                    .map(|(sku, ean)| merchantpro::NewVariant {
                        sku: Some(sku.clone()),
                        ean: Some(ean.clone()),
                        price_gross: Some(gross),
                        options: vec![("Size".to_owned(), sku.rsplit('-').next().unwrap_or(sku).to_owned())],
                        ..Default::default()
                    })
                    .collect(),
                ..new
            },
        };
        world.shops[CLUJ].served.sandbox.add_product(new, MachineClock.now());
        self.goods.push(Good { name, description: String::new(), price, units });
    }

    fn erp_id(&self, world: &World, number: usize) -> i64 {
        let sku = self.goods[number].units.keys().next().expect("a unit");
        world.erp.sandbox.product_id(sku).expect("the ERP has it")
    }

    /// The ERP's texts and one of its EANs are edited; both are the ERP's own everywhere.
    pub fn edit_in_erp(&mut self, world: &World, number: usize) {
        let (id, ean) = (self.erp_id(world, number), self.ean());
        let good = &mut self.goods[number];
        good.description = format!("Told by the office with {ean}");
        let first = good.units.values_mut().next().expect("a unit");
        first.clone_from(&ean);
        let erp = &world.erp.sandbox;
        erp.set_description(id, &good.description, MachineClock.now()).expect("it is edited");
        erp.set_ean(id, Some(&ean), MachineClock.now()).expect("it is edited");
    }

    /// Shop staff in Cluj call it otherwise and mistype an EAN, which the ERP's replaces.
    pub fn edit_in_cluj(&mut self, world: &World, number: usize) {
        let good = &mut self.goods[number];
        good.name = format!("{} again", good.name);
        let sku = good.units.keys().next_back().expect("a unit").clone();
        let name = good.name.clone();
        let (product, unit) = Self::ids(world, CLUJ, &sku);
        let shop = &world.shops[CLUJ].served.sandbox;
        shop.edit_product(product, &fields(json!({"name": name})), MachineClock.now()).expect("it is edited");
        let typed = fields(json!({"ean": "4006381333931"}));
        shop.edit_unit(unit, &typed, MachineClock.now()).expect("it is edited");
    }

    /// What it costs is decided in Athens.
    pub fn price_in_athens(&mut self, world: &World, number: usize) {
        let good = &mut self.goods[number];
        good.price += Decimal::ONE;
        let shop = &world.shops[ATHENS].served.sandbox;
        for sku in good.units.keys() {
            let (_, unit) = Self::ids(world, ATHENS, sku);
            let gross = good.price * Decimal::new(119, 2);
            shop.edit_price(unit, gross, MachineClock.now()).expect("it is edited");
        }
    }

    /// What it costs is decided in the ERP.
    pub fn price_in_erp(&mut self, world: &World, number: usize) {
        let id = self.erp_id(world, number);
        let good = &mut self.goods[number];
        good.price += Decimal::new(75, 2);
        world.erp.sandbox.set_list_price(id, good.price, MachineClock.now()).expect("it is edited");
    }

    /// The ids of a unit's product and of itself.
    fn ids(world: &World, shop: usize, sku: &str) -> (u64, u64) {
        let id = |row: &Value| row["id"].as_u64().expect("an id");
        for product in world.shops[shop].served.sandbox.products() {
            if product["sku"] == *sku && product["variants"].as_array().is_none_or(Vec::is_empty) {
                return (id(&product), id(&product));
            }
            for unit in product["variants"].as_array().into_iter().flatten() {
                if unit["sku"] == *sku {
                    return (id(&product), id(unit));
                }
            }
        }
        panic!("{} has no {sku}", world.shops[shop].name)
    }

    /// Everything that any side has otherwise, in words.
    pub fn differences(&self, world: &World) -> Vec<String> {
        let mut found = self.in_erp(world);
        for shop in [CLUJ, ATHENS] {
            found.extend(self.in_shop(world, shop));
        }
        found
    }

    fn in_erp(&self, world: &World) -> Vec<String> {
        let mut by_sku: BTreeMap<String, Vec<tryton::ProductView>> = BTreeMap::new();
        for product in world.erp.sandbox.products() {
            by_sku.entry(product.sku.clone()).or_default().push(product);
        }
        let mut found = Vec::new();
        for good in &self.goods {
            let mut templates = Vec::new();
            for (sku, ean) in &good.units {
                let mut say = |what: String| found.push(format!("erp {sku}: {what}"));
                let products = by_sku.remove(sku).unwrap_or_default();
                let [product] = products.as_slice() else {
                    say(format!("is there {} times", products.len()));
                    continue;
                };
                templates.push(product.template);
                let description = product.description.clone().unwrap_or_default();
                for (field, is, should) in [
                    ("name", &product.name, &good.name),
                    ("description", &description, &good.description),
                    ("EAN", product.ean.as_ref().unwrap_or(&String::new()), ean),
                ] {
                    if is != should {
                        say(format!("has the {field} {is:?} instead of {should:?}"));
                    }
                }
                if product.price != Some(good.price) {
                    say(format!("costs {:?} instead of {}", product.price, good.price));
                }
                if !product.active || product.tax_class.as_deref() != Some("Shop goods") {
                    say(format!("is {product:?}"));
                }
            }
            templates.dedup();
            if templates.len() > 1 {
                found.push(format!("erp {}: is several products", good.name));
            }
        }
        let services = ["SHIPPING", "DISCOUNT", "ROUNDING"];
        let more = by_sku.into_keys().filter(|sku| !services.contains(&sku.as_str()));
        found.extend(more.map(|sku| format!("erp {sku}: nobody made it")));
        found
    }

    fn in_shop(&self, world: &World, shop: usize) -> Vec<String> {
        let Some(called) = world.shops.get(shop).map(|shop| shop.name) else { return Vec::new() };
        let mut by_sku: BTreeMap<String, Vec<(Value, Value)>> = BTreeMap::new();
        for product in world.shops[shop].served.sandbox.products() {
            let own = [product.clone()];
            let units = product["variants"].as_array().filter(|units| !units.is_empty());
            for unit in units.map_or(own.as_slice(), Vec::as_slice) {
                let sku = unit["sku"].as_str().unwrap_or_default().to_owned();
                by_sku.entry(sku).or_default().push((product.clone(), unit.clone()));
            }
        }
        let mut found = Vec::new();
        for good in &self.goods {
            let mut products = Vec::new();
            for (sku, ean) in &good.units {
                let mut say = |what: String| found.push(format!("{called} {sku}: {what}"));
                let units = by_sku.remove(sku).unwrap_or_default();
                let [(product, unit)] = units.as_slice() else {
                    say(format!("is there {} times", units.len()));
                    continue;
                };
                products.push(product["id"].clone());
                for (field, is, should) in [
                    ("name", &product["name"], json!(good.name)),
                    ("description", &product["description"], json!(good.description)),
                    ("EAN", &unit["ean"], json!(ean)),
                    ("status", &product["status"], json!("active")),
                    ("status as a unit", &unit["status"], json!("active")),
                ] {
                    if *is != should {
                        say(format!("has the {field} {is} instead of {should}"));
                    }
                }
                let (price, should) = match shop {
                    CLUJ => {
                        let listed = round(good.price * Decimal::new(11, 1), 4);
                        (decimal(&unit["price_gross"]), round(listed * Decimal::new(119, 2), 2))
                    }
                    _ => (decimal(&unit["price_net"]), good.price),
                };
                if price != should {
                    say(format!("costs {price} instead of {should}"));
                }
                if decimal(&product["tax_value"]) != Decimal::from(19) {
                    say(format!("is taxed {} %", product["tax_value"]));
                }
            }
            products.dedup();
            if products.len() > 1 {
                found.push(format!("{called} {}: is several products", good.name));
            }
        }
        found.extend(by_sku.into_keys().map(|sku| format!("{called} {sku}: nobody made it")));
        found
    }
}
