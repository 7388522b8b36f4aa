//! What people and machines do while Zygos works, by chance.

use std::{collections::BTreeSet, time::Duration};

use rust_decimal::Decimal;
use serde_json::Value;
use zygos_engine::Engine;
use zygos_scenarios::{
    seeds::{ask_for_webhooks, deliver_webhooks, is_traced},
    world::{Shop, World},
};
use zygos_sim::{
    generate::shopper,
    merchantpro::{NewLine, NewProduct, PaymentStatus},
};

/// The payment method that is imported when paid.
pub const CARD: &str = "card";
/// A SKU that the ERP doesn't know.
pub const STRANGER: &str = "STRANGER";

pub struct Events {
    chance: fastrand::Rng,
    /// By shop: the product that the ERP doesn't know.
    strangers: Vec<u64>,
    pub hand_edits: u32,
    traced: bool,
    webhooks: bool,
    /// Orders edited after they were placed.
    pub edited: BTreeSet<String>,
}

impl Events {
    pub fn new(world: &World, seed: u64) -> Self {
        let mut chance = fastrand::Rng::with_seed(seed);
        let webhooks = chance.bool();
        let strangers = world
            .shops
            .iter()
            .map(|shop| {
                // The shop's clock is not ours.
                shop.sandbox.move_time(jiff::SignedDuration::from_secs(chance.i64(-90..90)));
                if webhooks {
                    ask_for_webhooks(shop);
                }
                let stranger = NewProduct {
                    name: "Stranger".to_owned(),
                    sku: Some(STRANGER.to_owned()),
                    price_net: Some(Decimal::TEN),
                    stock: Decimal::ONE_HUNDRED,
                    tax_id: Some(1),
                    ..NewProduct::default()
                };
                shop.sandbox.add_product(stranger, world.now())
            })
            .collect();
        Self { chance, strangers, hand_edits: 0, traced: is_traced(), webhooks, edited: BTreeSet::new() }
    }

    pub fn some_time(&mut self) -> Duration {
        Duration::from_millis(self.chance.u64(100..60_000))
    }

    pub fn a_crash_comes(&mut self) -> bool {
        self.chance.u8(..4) == 0
    }

    fn tell(&self, world: &World, what: impl FnOnce() -> String) {
        if self.traced {
            eprintln!("{} {}", world.now(), what());
        }
    }

    pub fn next(&mut self, world: &World, engine: &Engine, hand_edits: bool) {
        let at = self.chance.usize(..world.shops.len());
        let shop = &world.shops[at];
        match self.chance.u8(..24) {
            0 | 1 if hand_edits => self.edit_by_hand(world, shop),
            2 | 3 => self.receive(world),
            4 | 5 => self.ship(world),
            6 | 7 => self.pay(world, shop),
            8 | 9 => self.cancel(world, shop),
            10 => self.edit_order(world, shop),
            11 => self.split(world, shop),
            12 => self.sell_at_the_counter(world),
            13 => self.transfer(world),
            14 => self.order(world, shop, Some(self.strangers[at])),
            _ => self.order(world, shop, None),
        }
        if self.webhooks {
            deliver_webhooks(world, engine, &mut self.chance);
        }
    }

    fn unit(&mut self, shop: &Shop) -> (u64, String, Decimal) {
        let units: Vec<_> =
            shop.sandbox.units().into_iter().filter(|(_, sku, _)| shop.units.contains_key(sku)).collect();
        units[self.chance.usize(..units.len())].clone()
    }

    fn edit_by_hand(&mut self, world: &World, shop: &Shop) {
        let (unit, sku, _) = self.unit(shop);
        let figure = Decimal::from(self.chance.u8(..60));
        self.tell(world, || format!("{}: {sku} is set to {figure} by hand", shop.id));
        shop.sandbox.edit_stock(unit, figure);
        self.hand_edits += 1;
    }

    /// A product and one of the warehouses, with what is free there.
    fn goods(&mut self, world: &World) -> (i64, i64, Decimal) {
        let skus: Vec<&String> = world.shops[0].units.keys().collect();
        let product = world.erp.product_id(skus[self.chance.usize(..skus.len())]).expect("a product");
        let code = ["WH", "WH", "WH2", "WH3"][self.chance.usize(..4)];
        let warehouse = world.erp.warehouse_id(code).expect("a warehouse");
        (product, warehouse, world.erp.free(product, warehouse))
    }

    fn receive(&mut self, world: &World) {
        let (product, warehouse, _) = self.goods(world);
        let lines = [(product, Decimal::from(self.chance.u8(1..20)))];
        self.tell(world, || format!("received in {warehouse}: {lines:?}"));
        world.erp.receive_purchase(world.supplier, warehouse, &lines, world.now()).expect("it is received");
    }

    fn sell_at_the_counter(&mut self, world: &World) {
        let (product, warehouse, free) = self.goods(world);
        if free >= Decimal::ONE {
            self.tell(world, || format!("one of {product} is sold at the counter of {warehouse}"));
            world.erp.sell_on_shop_floor(product, warehouse, Decimal::ONE, world.now()).expect("it is sold");
        }
    }

    fn transfer(&mut self, world: &World) {
        let (product, from, free) = self.goods(world);
        let to = world.erp.warehouse_id("WH").expect("a warehouse");
        if from != to && free >= Decimal::TWO {
            self.tell(world, || format!("two of {product} go from {from} to {to}"));
            world.erp.transfer(product, from, to, Decimal::TWO, world.now()).expect("it is moved");
        }
    }

    fn ship(&mut self, world: &World) {
        let sales = world.erp.sales();
        let waiting: Vec<i64> =
            sales.iter().filter(|sale| sale.shipment_state == "waiting").map(|sale| sale.id).collect();
        if let Some(sale) = waiting.first() {
            // What is short can't be shipped; that is the warehouse's affair.
            let shipped = world.erp.ship_sale(*sale, Some("AWB"), world.now()).is_ok();
            self.tell(world, || format!("sale {sale} is shipped: {shipped}"));
        }
    }

    fn some_order(&mut self, shop: &Shop, fits: impl Fn(&Value) -> bool) -> Option<Value> {
        let mut orders = shop.sandbox.orders();
        orders.retain(|order| fits(order));
        (!orders.is_empty()).then(|| orders.swap_remove(self.chance.usize(..orders.len())))
    }

    fn pay(&mut self, world: &World, shop: &Shop) {
        let open = self.some_order(shop, |order| {
            order["payment_method_code"] == CARD && order["payment_status"] == "awaiting"
        });
        if let Some(order) = open {
            let id = order["id"].as_str().expect("an id");
            self.tell(world, || format!("{}: {id} is paid", shop.id));
            shop.sandbox.set_payment_status(id, PaymentStatus::Paid, world.now()).expect("it can be paid");
        }
    }

    fn cancel(&mut self, world: &World, shop: &Shop) {
        if let Some(order) = self.some_order(shop, |_| true) {
            let id = order["id"].as_str().expect("an id");
            // Not every order can be cancelled any more.
            let cancelled = shop.sandbox.cancel_order(id, world.now()).is_ok();
            self.tell(world, || format!("{}: {id} is cancelled: {cancelled}", shop.id));
        }
    }

    fn edit_order(&mut self, world: &World, shop: &Shop) {
        let open = self.some_order(shop, |order| {
            order["shipping_status"] == "awaiting" && !order["id"].as_str().unwrap_or_default().contains('.')
        });
        if let Some(order) = open {
            let id = order["id"].as_str().expect("an id");
            let line = &order["line_items"][0];
            let row = line["row_id"].as_str().map_or_else(|| line["row_id"].to_string(), str::to_owned);
            let quantity = Decimal::from(self.chance.u8(1..4));
            self.tell(world, || format!("{}: {id} now has {quantity} of {}", shop.id, line["product_sku"]));
            shop.sandbox.edit_order_line(id, &row, quantity, world.now()).expect("it can be edited");
            self.edited.insert(id.to_owned());
        }
    }

    fn split(&mut self, world: &World, shop: &Shop) {
        let several = self.some_order(shop, |order| {
            let goods = order["line_items"].as_array().into_iter().flatten();
            order["shipping_status"] == "awaiting"
                && goods.filter(|line| line["item_type"] == "product").count() > 1
                && !order["id"].as_str().unwrap_or_default().contains('.')
        });
        if let Some(order) = several {
            let id = order["id"].as_str().expect("an id");
            let rows: Vec<String> = order["line_items"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|line| line["row_id"].as_str().map_or_else(|| line["row_id"].to_string(), str::to_owned))
                .collect();
            let groups = vec![vec![rows[0].clone()], vec![rows[1].clone()]];
            let parts = shop.sandbox.split_order(id, groups, world.now()).expect("it can be split");
            self.tell(world, || format!("{}: {id} is split into {parts:?}", shop.id));
        }
    }

    fn order(&mut self, world: &World, shop: &Shop, stranger: Option<u64>) {
        let mut order = shopper(&mut self.chance);
        let mut skus = BTreeSet::new();
        for _ in 0..self.chance.u8(1..=3) {
            let (unit, sku, stock) = self.unit(shop);
            let quantity = self.chance.u32(1..=2);
            if stock >= Decimal::from(quantity) && skus.insert(sku) {
                order.lines.push(NewLine::new(unit, quantity));
            }
        }
        order.lines.extend(stranger.map(|unit| NewLine::new(unit, 1)));
        if order.lines.is_empty() {
            return;
        }
        order.shipping_gross = Decimal::new(490, 2);
        if self.chance.u8(..4) == 0 {
            order.payment_method_code = CARD.to_owned();
        }
        let what = format!("{:?} {}", order.lines, order.payment_method_code);
        let id = shop.sandbox.place_order(order, world.now()).expect("the shop takes it");
        self.tell(world, || format!("{}: {id} is placed: {what}", shop.id));
    }
}
