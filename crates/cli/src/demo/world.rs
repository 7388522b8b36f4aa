//! The demo's two stores and its ERP.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::Method;
use jiff::Timestamp;
use rust_decimal::Decimal;
use zygos_core::{SharedClock, http::Transport};
use zygos_sim::{
    Faults, InProcess,
    generate::{Article, Tongue, catalogue, fill_erp, fill_shop, shopper},
    merchantpro::{MerchantProSandbox, NewLine, ShopSettings},
    tryton::{TrytonSandbox, TrytonSettings},
};

use crate::{arguments::DemoArguments, failure::Failure};

/// How long an answer of a vendor takes here.
const LATENCY: Duration = Duration::from_millis(20);

pub(super) struct World {
    pub transport: Arc<dyn Transport>,
    in_process: Arc<InProcess>,
    shops: Vec<Shop>,
    erp: Arc<TrytonSandbox>,
    supplier: i64,
    chance: Mutex<fastrand::Rng>,
}

struct Shop {
    host: &'static str,
    prefix: &'static str,
    warehouses: &'static [&'static str],
    sandbox: Arc<MerchantProSandbox>,
    /// The shop's id of every SKU.
    units: BTreeMap<String, u64>,
}

/// One thing that happened in the demo.
pub(super) enum Happened {
    Order { shop: &'static str, order: String },
    HandEdit { shop: &'static str, sku: String, to: Decimal },
    Receipt { sku: String, pieces: u32 },
    Shipped { order: String },
    Nothing,
}

impl Happened {
    pub fn words(&self) -> String {
        match self {
            Self::Order { shop, order } => format!("a customer of {shop} places order {order}"),
            Self::HandEdit { shop, sku, to } => format!("somebody sets {sku} to {to} in {shop} by hand"),
            Self::Receipt { sku, pieces } => format!("{pieces} pieces of {sku} arrive in warehouse WH"),
            Self::Shipped { order } => format!("the warehouse ships {order}"),
            Self::Nothing => "nothing happens".to_owned(),
        }
    }
}

impl World {
    pub fn build(arguments: &DemoArguments, clock: SharedClock) -> Result<Self, Failure> {
        let refused = |refusal: zygos_sim::tryton::Refusal| Failure::Unavailable(refusal.0);
        // The catalogue is older than the demo.
        let now = clock.now().saturating_sub(Duration::from_secs(3600)).unwrap_or_else(|_| clock.now());
        let articles: Vec<Article> = catalogue(arguments.units.max(1), arguments.seed);
        let erp = Arc::new(TrytonSandbox::new(TrytonSettings::default()));
        fill_erp(&erp, &articles, now).map_err(refused)?;
        let supplier = erp.add_party("Wholesale Supplier", now).map_err(refused)?;
        let shop = |host: &'static str, prefix, tongue, warehouses: &'static [&'static str]| {
            let mut settings = ShopSettings {
                host: host.to_owned(),
                currency: "EUR".to_owned(),
                shipping_tax_percent: Decimal::from(19),
                ..ShopSettings::default()
            };
            if arguments.no_limits {
                settings.windows = None;
            }
            let sandbox = Arc::new(MerchantProSandbox::new(settings));
            let units = fill_shop(&sandbox, &articles, tongue, warehouses, now);
            Shop { host, prefix, warehouses, sandbox, units }
        };
        let shops = vec![
            shop("cluj.test", "C-", Tongue::Romanian, &["WH", "WH2"]),
            shop("athens.test", "A-", Tongue::Bulgarian, &["WH", "WH3"]),
        ];
        let mut in_process = InProcess::new(clock).with_latency(LATENCY).with_host(
            "erp.test",
            erp.clone(),
            Arc::new(Faults::new(arguments.seed)),
        );
        for shop in &shops {
            in_process =
                in_process.with_host(shop.host, shop.sandbox.clone(), Arc::new(Faults::new(arguments.seed)));
        }
        let in_process = Arc::new(in_process);
        let chance = Mutex::new(fastrand::Rng::with_seed(arguments.seed));
        Ok(Self { transport: in_process.clone(), in_process, shops, erp, supplier, chance })
    }

    /// One order, hand edit, receipt or shipment.
    pub fn something_happens(&self, now: Timestamp) -> Result<Happened, Failure> {
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        match chance.u32(..10) {
            0 | 1 => Ok(self.hand_edit(&mut chance)),
            2 => self.receipt(&mut chance, now),
            3 => self.shipment(now),
            _ => Ok(self.order(&mut chance, now)),
        }
    }

    fn order(&self, chance: &mut fastrand::Rng, now: Timestamp) -> Happened {
        let shop = &self.shops[chance.usize(..self.shops.len())];
        let in_stock: Vec<u64> = shop
            .sandbox
            .units()
            .into_iter()
            .filter(|(_, sku, stock)| *stock >= Decimal::TWO && shop.units.contains_key(sku))
            .map(|(id, _, _)| id)
            .collect();
        if in_stock.is_empty() {
            return Happened::Nothing;
        }
        let mut order = shopper(chance);
        for _ in 0..chance.u32(1..=2) {
            let unit = in_stock[chance.usize(..in_stock.len())];
            if order.lines.iter().all(|line: &NewLine| line.unit_id != unit) {
                order.lines.push(NewLine::new(unit, chance.u32(1..=2)));
            }
        }
        order.shipping_gross = Decimal::new(490, 2);
        match shop.sandbox.place_order(order, now) {
            Ok(order) => Happened::Order { shop: shop.host, order },
            Err(_) => Happened::Nothing,
        }
    }

    fn hand_edit(&self, chance: &mut fastrand::Rng) -> Happened {
        let shop = &self.shops[chance.usize(..self.shops.len())];
        let units: Vec<(&String, &u64)> = shop.units.iter().collect();
        let (sku, id) = units[chance.usize(..units.len())];
        let to = shop.sandbox.stock(*id).unwrap_or_default() + Decimal::from(chance.u32(1..=9));
        shop.sandbox.edit_stock(*id, to);
        Happened::HandEdit { shop: shop.host, sku: sku.clone(), to }
    }

    fn receipt(&self, chance: &mut fastrand::Rng, now: Timestamp) -> Result<Happened, Failure> {
        let skus: Vec<&String> = self.shops[0].units.keys().collect();
        let sku = skus[chance.usize(..skus.len())].clone();
        let pieces = chance.u32(5..=20);
        let (Some(product), Some(warehouse)) = (self.erp.product_id(&sku), self.erp.warehouse_id("WH"))
        else {
            return Ok(Happened::Nothing);
        };
        self.erp
            .receive_purchase(self.supplier, warehouse, &[(product, Decimal::from(pieces))], now)
            .map_err(|refusal| Failure::Unavailable(refusal.0))?;
        Ok(Happened::Receipt { sku, pieces })
    }

    fn shipment(&self, now: Timestamp) -> Result<Happened, Failure> {
        let waiting = self
            .erp
            .sales()
            .into_iter()
            .find(|sale| sale.state == "processing" && sale.shipment_state == "waiting");
        let Some(sale) = waiting else { return Ok(Happened::Nothing) };
        // What is short can't be shipped; the warehouse leaves it.
        if self.erp.ship_sale(sale.id, Some(&format!("AWB{:06}", sale.id)), now).is_err() {
            return Ok(Happened::Nothing);
        }
        Ok(Happened::Shipped { order: sale.web_id.unwrap_or_default() })
    }

    /// References that the orders of both stores must have in the ERP.
    pub fn orders(&self) -> Vec<String> {
        let all = self.shops.iter().flat_map(|shop| {
            shop.sandbox.orders().into_iter().filter_map(|order| {
                let id = order.get("id")?.as_str()?.to_owned();
                Some(format!("{}{id}", shop.prefix))
            })
        });
        all.collect()
    }

    /// References of the ERP's sales that aren't cancelled.
    pub fn living_sales(&self) -> Vec<String> {
        self.erp
            .sales()
            .into_iter()
            .filter(|sale| sale.state != "cancelled")
            .filter_map(|sale| sale.web_id)
            .collect()
    }

    pub fn all_orders_placed(&self) -> bool {
        let placed: Vec<String> = self
            .erp
            .sales()
            .into_iter()
            .filter(|sale| matches!(sale.state.as_str(), "confirmed" | "processing" | "done"))
            .filter_map(|sale| sale.web_id)
            .collect();
        self.orders().iter().all(|order| placed.contains(order))
    }

    pub fn is_balanced(&self) -> bool {
        self.unbalanced() == 0
    }

    /// Units that a store shows otherwise than the ERP's free stock less the orders not reserved there. Computed here
    /// from the sandboxes alone.
    pub fn unbalanced(&self) -> u64 {
        let mut ordered: BTreeMap<(String, &str), Decimal> = BTreeMap::new();
        let reserved: BTreeMap<String, bool> = self
            .erp
            .sales()
            .into_iter()
            .filter_map(|sale| Some((sale.web_id?, sale.shipment_state == "sent" || sale.state == "done")))
            .collect();
        for shop in &self.shops {
            for order in shop.sandbox.orders() {
                let id = order.get("id").and_then(|id| id.as_str()).unwrap_or_default();
                let gone = reserved.get(&format!("{}{id}", shop.prefix)).copied().unwrap_or(false);
                if gone {
                    continue;
                }
                for line in order.get("line_items").and_then(|lines| lines.as_array()).into_iter().flatten() {
                    let sku = line.get("product_sku").and_then(|sku| sku.as_str()).unwrap_or_default();
                    let quantity =
                        line.get("quantity").and_then(|quantity| quantity.to_string().parse().ok());
                    *ordered.entry((sku.to_owned(), "WH")).or_default() += quantity.unwrap_or(Decimal::ZERO);
                }
            }
        }
        let mut wrong = 0;
        for shop in &self.shops {
            for (sku, id) in &shop.units {
                let Some(product) = self.erp.product_id(sku) else { continue };
                let mut should = Decimal::ZERO;
                for code in shop.warehouses {
                    let Some(warehouse) = self.erp.warehouse_id(code) else { continue };
                    let taken = ordered.get(&(sku.clone(), *code)).copied().unwrap_or_default();
                    // Orders of the demo are reserved only when they are shipped, so quantity and free are the same.
                    should += (self.erp.quantity(product, warehouse) - taken).max(Decimal::ZERO);
                }
                wrong += u64::from(shop.sandbox.stock(*id) != Some(should));
            }
        }
        wrong
    }

    /// Pages of products read, readings of the order feed, and writes, counted where they arrived.
    pub fn calls_least(&self) -> u64 {
        let mut least = 0;
        for shop in &self.shops {
            for call in self.in_process.log(shop.host) {
                let is_page = call.path.starts_with("/api/v2/products?")
                    || call.path.starts_with("/api/v2/orders?sort");
                let is_write = call.method != Method::GET;
                let is_answered = call.status.is_some_and(|status| (200..300).contains(&status));
                least += u64::from(is_answered && (is_page || is_write));
            }
        }
        least
    }
}
