//! What people do to products and prices while Zygos works, by chance.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use zygos_core::{RemoteKey, model::Field};
use zygos_scenarios::{
    seeds::{ask_for_webhooks, is_traced},
    world::{Shop, World},
};
use zygos_sim::{merchantpro, tryton};

use crate::{
    shelf::{self, Goods},
    wishes::LIST,
};

/// Who knows a thing: a store by its place in the configuration, or the ERP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Store(usize),
    Erp,
}

/// What a person made that can't be carried over as it is, by the word that its issue must say.
pub struct Bad {
    pub place: Place,
    pub word: String,
    /// It is bad for bearing the SKU of another product, as long as that one does.
    pub is_twice: bool,
}

pub struct Events {
    chance: fastrand::Rng,
    traced: bool,
    pub webhooks: bool,
    list: Option<i64>,
    number: u32,
    /// Made by people with all that it needs, and never spoilt: where, and its SKU.
    pub good: BTreeSet<(Place, String)>,
    pub bad: Vec<Bad>,
    /// SKUs that people gave to more than one product of a side.
    pub twice: BTreeSet<String>,
    /// Deleted by people while all others who had it were linked with it.
    pub deleted: BTreeSet<(Place, String)>,
    /// Retired by people while every store was linked with them and had heard that they are on sale.
    pub retired: BTreeSet<String>,
    /// SKUs whose price, tax, list or SKU somebody changed.
    pub priced: BTreeSet<String>,
    /// What everything cost at the beginning: by place and SKU.
    pub prices: BTreeMap<(Place, String), Decimal>,
}

/// A valid EAN that no article of the catalogue has.
fn ean(number: u32) -> String {
    let body = format!("21{number:010}");
    let sum: u32 = (body.bytes().zip([1, 3].into_iter().cycle()))
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

fn fields(pairs: &[(&str, Value)]) -> Map<String, Value> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
}

fn money(amount: Decimal) -> Value {
    serde_json::from_str(&amount.to_string()).expect("a number")
}

impl Events {
    pub fn new(world: &World, seed: u64, has_list: bool) -> Self {
        let mut chance = fastrand::Rng::with_seed(seed);
        let webhooks = chance.bool();
        let before = world.now() - SignedDuration::from_hours(1);
        for shop in &world.shops {
            shop.sandbox.move_time(SignedDuration::from_secs(chance.i64(-90..90)));
            if webhooks {
                ask_for_webhooks(shop);
            }
            shop.sandbox.add_category("Home", 0);
            if chance.bool() {
                shop.sandbox.add_tax("VAT 9%", Decimal::from(9));
            }
        }
        world.erp.add_category("Home", None, before).expect("a category");
        let list = has_list
            .then(|| world.erp.add_price_list(LIST, Some("unit_price"), &[], before).expect("a price list"));
        let mut events = Self {
            chance,
            traced: is_traced(),
            webhooks,
            list,
            number: 0,
            good: BTreeSet::new(),
            bad: Vec::new(),
            twice: BTreeSet::new(),
            deleted: BTreeSet::new(),
            retired: BTreeSet::new(),
            priced: BTreeSet::new(),
            prices: BTreeMap::new(),
        };
        events.begin_with_equal_prices(world, before);
        events
    }

    /// The shops keep what the customer pays, so that their prices without tax are not the catalogue's to the last digit.
    fn begin_with_equal_prices(&mut self, world: &World, before: Timestamp) {
        for goods in shelf::of_store(&world.shops[0]) {
            let product = world.erp.product_id(&goods.sku).expect("a product");
            let given = if goods.of_variants {
                world.erp.set_own_price(product, Some(goods.net), before)
            } else {
                world.erp.set_list_price(product, goods.net, before)
            };
            given.expect("it takes a price");
        }
        self.prices = prices_now(world);
    }

    pub fn chance(&mut self) -> &mut fastrand::Rng {
        &mut self.chance
    }

    fn tell(&self, world: &World, what: impl FnOnce() -> String) {
        if self.traced {
            eprintln!("{} *** {}", world.now(), what());
        }
    }

    fn next_number(&mut self) -> u32 {
        self.number += 1;
        self.number
    }

    pub fn next(&mut self, world: &World) {
        match self.chance.u8(..30) {
            0..=3 => self.edit(world, Self::edit_name_in_store, Self::edit_name_in_erp),
            4..=9 => self.edit(world, Self::edit_price_in_store, Self::edit_price_in_erp),
            10 | 11 => self.edit(world, Self::edit_text_in_store, Self::edit_text_in_erp),
            12 | 13 => self.edit(world, Self::edit_ean_in_store, Self::edit_ean_in_erp),
            14 => self.edit(world, Self::edit_tax_in_store, Self::edit_tax_in_erp),
            15 | 16 => self.edit(world, Self::edit_category_in_store, Self::edit_category_in_erp),
            17 => self.edit(world, Self::edit_sku_in_store, Self::edit_sku_in_erp),
            18 => self.edit_what_only_the_store_has(world),
            19 => self.change_the_list(world),
            20 => self.new_in_erp(world),
            21 => self.new_in_store(world),
            22 => self.new_variant_in_erp(world),
            23 => self.new_variant_in_store(world),
            24 => self.retire_or_restore(world),
            25 => self.delete_in_store(world),
            26 => self.delete_in_erp(world),
            27 => self.rename_an_option(world),
            28 => self.bad_in_store(world),
            _ => self.bad_in_erp(world),
        }
    }

    /// On one side, or on both in the same moment, of the same product.
    fn edit(
        &mut self,
        world: &World,
        in_store: fn(&mut Self, &World, usize, &Goods, u32),
        in_erp: fn(&mut Self, &World, i64, u32),
    ) {
        let at = self.chance.usize(..world.shops.len());
        let Some(goods) = self.some_goods(world, at) else { return };
        let product = shelf::of_erp(world).into_iter().find(|view| view.active && view.sku == goods.sku);
        let number = self.next_number();
        let how = self.chance.u8(..6);
        if how < 4 {
            if how < 2 || product.is_none() {
                return in_store(self, world, at, &goods, number);
            }
        } else {
            // The same on both sides, or each its own.
            let own = if how == 4 { self.next_number() } else { number };
            in_store(self, world, at, &goods, own);
        }
        if let Some(product) = product {
            in_erp(self, world, product.id, number);
        }
    }

    fn some_goods(&mut self, world: &World, at: usize) -> Option<Goods> {
        let mut goods = shelf::of_store(&world.shops[at]);
        goods.retain(|goods| !goods.name.starts_with("Bad") && !goods.sku.is_empty());
        (!goods.is_empty()).then(|| goods.swap_remove(self.chance.usize(..goods.len())))
    }

    fn some_product(
        &mut self,
        world: &World,
        fits: impl Fn(&tryton::ProductView) -> bool,
    ) -> Option<tryton::ProductView> {
        let mut products = shelf::of_erp(world);
        products.retain(|view| !view.name.starts_with("Bad") && fits(view));
        (!products.is_empty()).then(|| products.swap_remove(self.chance.usize(..products.len())))
    }

    /// Whatever is sold under one roof with this SKU, on any side.
    fn price_moves(&mut self, world: &World, sku: &str) {
        for shop in &world.shops {
            let goods = shelf::of_store(shop);
            let of: BTreeSet<u64> =
                goods.iter().filter(|goods| goods.sku == sku).map(|goods| goods.product).collect();
            self.priced
                .extend(goods.into_iter().filter(|goods| of.contains(&goods.product)).map(|goods| goods.sku));
        }
        let products = shelf::of_erp(world);
        let of: BTreeSet<i64> =
            products.iter().filter(|view| view.sku == sku).map(|view| view.template).collect();
        self.priced
            .extend(products.into_iter().filter(|view| of.contains(&view.template)).map(|view| view.sku));
        self.priced.insert(sku.to_owned());
    }

    fn in_store(
        &self,
        world: &World,
        at: usize,
        goods: &Goods,
        pairs: &[(&str, Value)],
        of_unit: bool,
    ) -> bool {
        let shop = &world.shops[at];
        let done = if of_unit {
            shop.sandbox.edit_unit(goods.unit, &fields(pairs), world.now())
        } else {
            shop.sandbox.edit_product(goods.product, &fields(pairs), world.now())
        };
        self.tell(world, || format!("{}: {} gets {pairs:?}: {done:?}", shop.id, goods.sku));
        done.is_ok()
    }

    fn in_erp(
        &self,
        world: &World,
        product: i64,
        what: &str,
        edit: impl FnOnce(Timestamp) -> Result<(), tryton::Refusal>,
    ) -> bool {
        let done = edit(world.now()).is_ok();
        self.tell(world, || {
            let sku = world.erp.product(product).map(|view| view.sku).unwrap_or_default();
            format!("erp: {sku} gets {what}: {done}")
        });
        done
    }

    fn edit_name_in_store(&mut self, world: &World, at: usize, goods: &Goods, number: u32) {
        self.in_store(world, at, goods, &[("name", json!(format!("Name {number}")))], false);
    }

    fn edit_name_in_erp(&mut self, world: &World, product: i64, number: u32) {
        let name = format!("Name {number}");
        self.in_erp(world, product, &name, |now| world.erp.set_name(product, &name, now));
    }

    fn edit_text_in_store(&mut self, world: &World, at: usize, goods: &Goods, number: u32) {
        let text = if number.is_multiple_of(7) { String::new() } else { format!("Text {number}") };
        self.in_store(world, at, goods, &[("description", json!(text))], false);
    }

    fn edit_text_in_erp(&mut self, world: &World, product: i64, number: u32) {
        let text = format!("Text {number}");
        self.in_erp(world, product, &text, |now| world.erp.set_description(product, &text, now));
    }

    fn edit_ean_in_store(&mut self, world: &World, at: usize, goods: &Goods, number: u32) {
        // A person's slip now and then.
        let slips = number.is_multiple_of(5);
        let code = if slips { "12345".to_owned() } else { ean(number) };
        if slips {
            // The ERP refuses it, and what is not there yet waits with it.
            for sibling in shelf::of_store(&world.shops[at]) {
                if sibling.product == goods.product {
                    self.good.remove(&(Place::Store(at), sibling.sku));
                }
            }
        }
        self.in_store(world, at, goods, &[("ean", json!(code))], true);
    }

    fn edit_ean_in_erp(&mut self, world: &World, product: i64, number: u32) {
        let code = if number.is_multiple_of(5) { None } else { Some(ean(number)) };
        self.in_erp(world, product, &format!("EAN {code:?}"), |now| {
            world.erp.set_ean(product, code.as_deref(), now)
        });
    }

    /// Mostly within what may pass unseen.
    fn new_price(number: u32, was: Decimal) -> Decimal {
        let percent = [104, 88, 111, 96, 127, 75, 180][usize::try_from(number % 7).expect("small")];
        (was * Decimal::from(percent) / Decimal::ONE_HUNDRED).round_dp(2)
            + Decimal::new(i64::from(number % 3), 2)
    }

    fn edit_price_in_store(&mut self, world: &World, at: usize, goods: &Goods, number: u32) {
        self.price_moves(world, &goods.sku);
        let gross = Self::new_price(number, goods.gross);
        self.in_store(world, at, goods, &[("price_gross", money(gross))], true);
    }

    fn edit_price_in_erp(&mut self, world: &World, product: i64, number: u32) {
        let Some(view) = world.erp.product(product) else { return };
        self.price_moves(world, &view.sku);
        let price = Self::new_price(number, view.price.unwrap_or(Decimal::TEN));
        self.in_erp(world, product, &price.to_string(), |now| match number % 2 {
            0 => world.erp.set_list_price(product, price, now),
            _ => world.erp.set_own_price(product, Some(price), now),
        });
    }

    fn edit_tax_in_store(&mut self, world: &World, at: usize, goods: &Goods, _: u32) {
        let Some(other) = (1..=2).rev().find(|_| goods.tax != Decimal::from(9)) else { return };
        self.price_moves(world, &goods.sku);
        self.in_store(world, at, goods, &[("tax_id", json!(other))], false);
    }

    fn edit_tax_in_erp(&mut self, world: &World, product: i64, number: u32) {
        let Some(view) = world.erp.product(product) else { return };
        self.price_moves(world, &view.sku);
        let class = if number.is_multiple_of(3) { "Shop goods" } else { "Reduced rate goods" };
        self.in_erp(world, product, class, |now| world.erp.set_tax_class(product, class, now));
    }

    fn edit_category_in_store(&mut self, world: &World, at: usize, goods: &Goods, number: u32) {
        let shop = &world.shops[at];
        let known: Vec<u64> = shop.sandbox.categories().into_iter().map(|(id, ..)| id).collect();
        let chosen = if number.is_multiple_of(3) || known.is_empty() {
            shop.sandbox.add_category(&format!("Shelf {number}"), known.first().copied().unwrap_or(0))
        } else {
            known[self.chance.usize(..known.len())]
        };
        self.in_store(world, at, goods, &[("categories", json!([{"id": chosen}]))], false);
    }

    fn edit_category_in_erp(&mut self, world: &World, product: i64, number: u32) {
        let known: Vec<i64> = world.erp.categories().into_iter().map(|category| category.id).collect();
        let chosen = if number.is_multiple_of(3) || known.is_empty() {
            let name = format!("Shelf {number}");
            world.erp.add_category(&name, known.first().copied(), world.now()).ok()
        } else {
            Some(known[self.chance.usize(..known.len())])
        };
        self.in_erp(world, product, &format!("category {chosen:?}"), |now| {
            world.erp.set_categories(product, chosen.as_slice(), now)
        });
    }

    /// Its old SKU may mean nothing any more, so nothing is expected of it by name.
    fn forget(&mut self, world: &World, sku: &str) {
        self.price_moves(world, sku);
        self.good.retain(|(_, good)| good != sku);
        self.deleted.retain(|(_, deleted)| deleted != sku);
    }

    fn edit_sku_in_store(&mut self, world: &World, at: usize, goods: &Goods, number: u32) {
        self.forget(world, &goods.sku);
        let sku = format!("{}-R{number}", goods.sku);
        self.in_store(world, at, goods, &[("sku", json!(sku))], true);
    }

    fn edit_sku_in_erp(&mut self, world: &World, product: i64, number: u32) {
        let Some(view) = world.erp.product(product) else { return };
        self.forget(world, &view.sku);
        let ending = view.sku.strip_prefix(view.code.as_deref().unwrap_or_default()).unwrap_or(&view.sku);
        let ending = format!("{ending}-R{number}");
        self.in_erp(world, product, &ending, |now| world.erp.set_sku(product, &ending, now));
    }

    fn edit_what_only_the_store_has(&mut self, world: &World) {
        let at = self.chance.usize(..world.shops.len());
        let Some(goods) = self.some_goods(world, at) else { return };
        let number = self.next_number();
        let pair = if self.chance.bool() {
            ("cost_net", money(Decimal::new(i64::from(number) * 10, 2)))
        } else {
            ("weight", money(Decimal::new(i64::from(number), 1)))
        };
        self.in_store(world, at, &goods, &[pair], true);
    }

    fn change_the_list(&mut self, world: &World) {
        let Some(list) = self.list else { return };
        let Some(view) = self.some_product(world, |view| view.active) else { return };
        self.price_moves(world, &view.sku);
        let percent = self.chance.u8(70..130);
        let formula = format!("unit_price * {}.{:02}", percent / 100, percent % 100);
        self.in_erp(world, view.id, &formula, |now| world.erp.set_price_line(list, view.id, &formula, now));
    }

    fn new_in_erp(&mut self, world: &World) {
        let number = self.next_number();
        let template = self.chance.bool().then(|| format!("E{number}-"));
        let sizes: &[&str] = if template.is_some() { &["S", "M"] } else { &[""] };
        for size in sizes {
            let sku = template.as_ref().map_or_else(|| format!("E{number}"), |code| format!("{code}{size}"));
            self.make_in_erp(world, &sku, template.clone(), number);
        }
    }

    fn make_in_erp(&mut self, world: &World, sku: &str, template: Option<String>, number: u32) {
        let new = tryton::NewProduct {
            name: format!("Made {number}"),
            template,
            ..tryton::NewProduct::new(sku, Decimal::new(1_000 + i64::from(number), 2))
        };
        let made = world.erp.add_product(&new, world.now());
        self.tell(world, || format!("erp: {sku} is made: {made:?}"));
        if made.is_ok() {
            self.good.insert((Place::Erp, sku.to_owned()));
        }
    }

    fn new_in_store(&mut self, world: &World) {
        let at = self.chance.usize(..world.shops.len());
        let number = self.next_number();
        let new = merchantpro::NewProduct {
            name: format!("Made {number}"),
            price_gross: Some(Decimal::new(1_190 + i64::from(number), 2)),
            tax_id: Some(1),
            ..merchantpro::NewProduct::default()
        };
        let price_gross = new.price_gross;
        let (new, skus) = if self.chance.bool() {
            let skus = vec![format!("N{number}-S"), format!("N{number}-M")];
            let variant = |sku: &String| merchantpro::NewVariant {
                sku: Some(sku.clone()),
                price_gross,
                options: vec![("Size".to_owned(), sku[sku.len() - 1..].to_owned())],
                ..merchantpro::NewVariant::default()
            };
            let sku = Some(format!("N{number}-"));
            (merchantpro::NewProduct { sku, variants: skus.iter().map(variant).collect(), ..new }, skus)
        } else {
            let sku = format!("N{number}");
            (merchantpro::NewProduct { sku: Some(sku.clone()), ..new }, vec![sku])
        };
        self.tell(world, || format!("{}: {skus:?} are made", world.shops[at].id));
        world.shops[at].sandbox.add_product(new, world.now());
        self.good.extend(skus.into_iter().map(|sku| (Place::Store(at), sku)));
    }

    fn new_variant_in_erp(&mut self, world: &World) {
        let Some(view) = self.some_product(world, |view| view.active && view.code.is_some()) else { return };
        let number = self.next_number();
        let code = view.code.unwrap_or_default();
        self.make_in_erp(world, &format!("{code}X{number}"), Some(code), number);
    }

    fn new_variant_in_store(&mut self, world: &World) {
        let at = self.chance.usize(..world.shops.len());
        let mut goods = shelf::of_store(&world.shops[at]);
        goods.retain(|goods| goods.of_variants && goods.sku.contains('-'));
        if goods.is_empty() {
            return;
        }
        let like = goods.swap_remove(self.chance.usize(..goods.len()));
        let number = self.next_number();
        let stem = like.sku.split('-').next().unwrap_or_default();
        let sku = format!("{stem}-Y{number}");
        let variant = merchantpro::NewVariant {
            sku: Some(sku.clone()),
            price_gross: Some(like.gross),
            options: vec![("Size".to_owned(), format!("Y{number}"))],
            ..merchantpro::NewVariant::default()
        };
        let made = world.shops[at].sandbox.add_variant(like.product, variant, world.now());
        self.tell(world, || format!("{}: variant {sku} is made: {made:?}", world.shops[at].id));
    }

    fn retire_or_restore(&mut self, world: &World) {
        let retired = self.some_product(world, |view| !view.active);
        if let Some(view) = retired.filter(|_| self.chance.bool()) {
            self.retired.remove(&view.sku);
            self.in_erp(world, view.id, "restored", |now| world.erp.restore(view.id, now));
        } else if let Some(view) = self.some_product(world, |view| view.active) {
            self.good.retain(|(_, good)| *good != view.sku);
            if Self::is_known_everywhere(world, &view.sku) {
                self.retired.insert(view.sku.clone());
            }
            self.in_erp(world, view.id, "retired", |now| world.erp.retire(view.id, now));
        }
    }

    /// What both sides held when they last agreed is kept.
    fn was_met(world: &World, shop: &Shop, unit: &RemoteKey) -> bool {
        let bases = world.block_on(world.repository.field_bases(&shop.id, std::slice::from_ref(unit)));
        let bases = bases.expect("the state can be read");
        bases.iter().any(|bases| bases.halves.contains_key(&Field::Active))
    }

    /// Whether every place has this SKU and is linked with it, so that all is known of it.
    fn is_known_everywhere(world: &World, sku: &str) -> bool {
        let Some(product) = shelf::of_erp(world).into_iter().find(|view| view.sku == sku) else {
            return false;
        };
        world.shops.iter().all(|shop| {
            let goods: Vec<Goods> =
                shelf::of_store(shop).into_iter().filter(|goods| goods.sku == sku).collect();
            let links = world.block_on(world.repository.links(&shop.id)).expect("the state can be read");
            !goods.is_empty()
                && goods.iter().all(|goods| {
                    links.iter().any(|link| {
                        link.store_key == RemoteKey::new(goods.unit.to_string())
                            && link.erp_key == RemoteKey::new(product.id.to_string())
                            && Self::was_met(world, shop, &link.store_key)
                    })
                })
        })
    }

    fn delete_in_store(&mut self, world: &World) {
        let at = self.chance.usize(..world.shops.len());
        let Some(goods) = self.some_goods(world, at) else { return };
        let shop = &world.shops[at];
        let alone = self.chance.bool() && goods.of_variants;
        let all = shelf::of_store(shop);
        let gone: Vec<&Goods> = all
            .iter()
            .filter(|other| if alone { other.unit == goods.unit } else { other.product == goods.product })
            .collect();
        // The last variant takes its product along.
        if alone && all.iter().filter(|other| other.product == goods.product).count() == 1 {
            return;
        }
        for unit in &gone {
            self.good.retain(|(_, good)| *good != unit.sku);
            if Self::is_known_everywhere(world, &unit.sku) {
                self.deleted.insert((Place::Store(at), unit.sku.clone()));
            }
        }
        let done = if alone {
            shop.sandbox.delete_variant(goods.unit, world.now())
        } else {
            shop.sandbox.delete_product(goods.product)
        };
        self.tell(world, || {
            let skus: Vec<&str> = gone.iter().map(|unit| unit.sku.as_str()).collect();
            format!("{}: {skus:?} are deleted: {done}", shop.id)
        });
    }

    fn delete_in_erp(&mut self, world: &World) {
        // Only what never moved can go.
        let Some(view) = self.some_product(world, |view| view.name.starts_with("Made")) else { return };
        let is_known = Self::is_known_everywhere(world, &view.sku);
        self.good.retain(|(_, good)| *good != view.sku);
        let done = self.in_erp(world, view.id, "deleted", |now| world.erp.delete_product(view.id, now));
        self.tell(world, || format!("erp: {} is deleted: {done}", view.sku));
        if done && is_known {
            self.deleted.insert((Place::Erp, view.sku));
        }
    }

    fn rename_an_option(&mut self, world: &World) {
        let at = self.chance.usize(..world.shops.len());
        let shop = &world.shops[at];
        let goods = shelf::of_store(shop);
        let Some((unit, (name, value))) =
            goods.iter().find_map(|goods| Some((goods, goods.options.first()?.clone())))
        else {
            return;
        };
        let becomes = format!("{value}{}", self.next_number());
        let done = shop.sandbox.rename_option(unit.product, &name, &value, &becomes, world.now());
        self.tell(world, || format!("{}: {name} {value} is now {becomes}: {done:?}", shop.id));
    }

    fn bad_in_store(&mut self, world: &World) {
        let at = self.chance.usize(..world.shops.len());
        let shop: &Shop = &world.shops[at];
        let number = self.next_number();
        let name = format!("Bad {number} of {}", shop.id);
        let sku = format!("BAD{number}");
        let now = world.now();
        let new = merchantpro::NewProduct {
            name: name.clone(),
            sku: Some(sku.clone()),
            price_gross: Some(Decimal::TEN),
            tax_id: Some(1),
            ..merchantpro::NewProduct::default()
        };
        let kind = self.chance.u8(..5);
        let (new, word) = match kind {
            0 => (merchantpro::NewProduct { sku: None, ..new }, name),
            1 => (merchantpro::NewProduct { price_gross: Some(Decimal::NEGATIVE_ONE), ..new }, sku),
            2 => {
                let tax_id = Some(shop.sandbox.add_tax("VAT 24%", Decimal::from(24)));
                (merchantpro::NewProduct { tax_id, ..new }, name)
            }
            3 => {
                let upper = shop.sandbox.add_category(&format!("Up {number}"), 0);
                let lower = shop.sandbox.add_category(&format!("Down {number}"), upper);
                shop.sandbox.move_category(upper, lower);
                (merchantpro::NewProduct { category_id: Some(lower), ..new }, name)
            }
            _ => {
                let Some(other) = self.some_goods(world, at) else { return };
                self.forget(world, &other.sku);
                self.twice.insert(other.sku.clone());
                (merchantpro::NewProduct { sku: Some(other.sku.clone()), ..new }, other.sku)
            }
        };
        self.tell(world, || format!("{}: a bad product of kind {kind}, {word}", shop.id));
        shop.sandbox.add_product(new, now);
        self.bad.push(Bad { place: Place::Store(at), word, is_twice: kind == 4 });
    }

    fn bad_in_erp(&mut self, world: &World) {
        let number = self.next_number();
        let name = format!("Bad {number} of the ERP");
        let sku = format!("BAD{number}");
        let now = world.now();
        let new = tryton::NewProduct { name: name.clone(), ..tryton::NewProduct::new(&sku, Decimal::TEN) };
        let kind = self.chance.u8(..3);
        let new = match kind {
            0 => tryton::NewProduct { list_price: Decimal::NEGATIVE_ONE, ..new },
            1 => {
                let class = format!("Dear goods {number}");
                // Another store may have heard of it meanwhile, which does no harm.
                let rate = Decimal::new(31, 2);
                world.erp.add_tax(&class, &class, rate, now).expect("a tax");
                tryton::NewProduct { category: class, ..new }
            }
            _ => new,
        };
        let Ok(product) = world.erp.add_product(&new, now) else { return };
        if kind == 2 {
            let upper = world.erp.add_category(&format!("Up {number}"), None, now).expect("a category");
            let lower =
                world.erp.add_category(&format!("Down {number}"), Some(upper), now).expect("a category");
            world.erp.set_categories(product, &[lower], now).expect("it is put there");
            world.erp.force_category_parent(upper, lower, now);
        }
        self.tell(world, || format!("erp: a bad product of kind {kind}, {sku}"));
        self.bad.push(Bad { place: Place::Erp, word: name, is_twice: false });
    }
}

/// The store's price with tax, and the ERP's own.
pub fn prices_now(world: &World) -> BTreeMap<(Place, String), Decimal> {
    let mut prices = BTreeMap::new();
    for (at, shop) in world.shops.iter().enumerate() {
        prices.extend(
            shelf::of_store(shop).into_iter().map(|goods| ((Place::Store(at), goods.sku), goods.gross)),
        );
    }
    prices.extend(
        shelf::of_erp(world).into_iter().filter_map(|view| Some(((Place::Erp, view.sku), view.price?))),
    );
    prices
}
