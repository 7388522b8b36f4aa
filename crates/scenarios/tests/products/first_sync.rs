//! The first synchronisation within a store's call limits: what it costs, and how well that was foretold.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use rust_decimal::Decimal;
use secrecy::SecretString;
use zygos_connectors::{
    layers::{self, BudgetedTransport, Budgets},
    merchantpro::MerchantPro,
};
use zygos_core::{
    SharedClock,
    budget::Window,
    clock::{elapsed, later},
    contract::Connector,
    http::Transport,
    stock::Figure,
};
use zygos_engine::{Connection, Engine, Plan};
use zygos_scenarios::{
    flows::{both_ways, gross_prices},
    world::World,
};
use zygos_sim::merchantpro::Windows;

use super::support::{CLUJ, MINUTE, map};

/// A shop with the limits of MerchantPro.
struct Limited {
    world: World,
    engine: Engine,
}

fn windows() -> Vec<Window> {
    [(1, 3), (60, 80), (3600, 3600), (86_400, 60_000)]
        .map(|(seconds, calls)| Window { length: Duration::from_secs(seconds), calls })
        .to_vec()
}

impl Limited {
    /// One in so many of its goods has another price and another figure than in the ERP, and one in three times as many
    /// another name.
    fn new(units: u32, one_in: usize) -> Self {
        let world = World::new(units, Figure::Free, 3);
        let shop = &world.shops[CLUJ];
        shop.sandbox.set_windows(Some(Windows::default()));
        for (place, (sku, unit)) in shop.units.iter().enumerate() {
            if place % one_in != 0 {
                continue;
            }
            let product = world.erp.product_id(sku).expect("the ERP has it");
            let price = world.erp.product(product).expect("a product").price.expect("a price");
            world
                .erp
                .set_list_price(product, price * Decimal::new(11, 1), world.now())
                .expect("it is priced");
            let stock = shop.sandbox.stock(*unit).expect("the unit is there");
            let off = Decimal::from(place % 7 + 1);
            shop.sandbox.edit_stock(*unit, if place % 2 == 0 { stock + off } else { stock - off });
        }
        for (place, product) in shop.sandbox.products().iter().enumerate() {
            if place % (one_in * 3) == 0 {
                let id = product["id"].as_u64().expect("an id");
                let name = map(serde_json::json!({"name": format!("Renamed {place}")}));
                shop.sandbox.edit_product(id, &name, world.now()).expect("it is edited");
            }
        }
        let engine = Self::engine(&world);
        world.block_on(world.approve(&engine));
        Self { world, engine }
    }

    fn engine(world: &World) -> Engine {
        let clock: SharedClock = world.clock.clone();
        let budget = Budgets::default().of("cluj", &windows());
        let transport = Arc::new(BudgetedTransport::new(world.network(), clock.clone(), budget, |_, _| None));
        let counter = transport.counter();
        let secret = |text: &str| SecretString::from(text.to_owned());
        let store = MerchantPro::new(
            "https://cluj.test",
            &secret("key"),
            &secret("secret"),
            None,
            transport as Arc<dyn Transport>,
            clock.clone(),
        );
        let connector: Arc<dyn Connector> = layers::around(Arc::new(store), "cluj", &clock);
        world.engine_with(move |settings| {
            settings.stores.truncate(1);
            let store = &mut settings.stores[0];
            store.products = Some(both_ways());
            store.prices = Some(gross_prices(None));
            store.connection = Connection {
                connector,
                windows: windows(),
                calls_used: Arc::new(move || counter.load(std::sync::atomic::Ordering::Relaxed)),
                ..store.connection.clone()
            };
        })
    }

    fn plan(&self) -> Plan {
        self.world.block_on(self.engine.plan()).expect("both sides can be read")
    }

    /// Everything once, a minute later: the calls to the shop, and the seconds.
    fn sync(&self) -> (u64, u64) {
        self.world.clock.advance_to(later(self.world.now(), MINUTE));
        self.world.transport().clear_log("cluj.test");
        let began = self.world.now();
        assert_eq!(self.world.block_on(self.engine.sync()).expect("the state can be written"), []);
        (self.calls().values().sum(), elapsed(began, self.world.now()).as_secs())
    }

    /// How often each kind of call was made to the shop.
    fn calls(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for entry in self.world.transport().log("cluj.test") {
            let path = entry.path.split('?').next().unwrap_or_default();
            let mut parts: Vec<&str> = path.split('/').collect();
            for part in parts.iter_mut().skip(3) {
                if part.parse::<u64>().is_ok() {
                    *part = "#";
                }
            }
            *counts.entry(format!("{} {}", entry.method, parts.join("/"))).or_default() += 1;
        }
        counts
    }
}

fn assert_close(what: &str, foretold: u64, is: u64) {
    let off = foretold.abs_diff(is);
    assert!(off * 4 <= is, "{what}: {foretold} was foretold and it was {is}");
}

#[test]
fn a_first_synchronisation_takes_the_calls_and_the_time_that_were_foretold() {
    for (units, one_in) in [(200, 1), (200, 10), (700, 3)] {
        let limited = Limited::new(units, one_in);
        let plan = limited.plan();
        let (calls, seconds) = limited.sync();
        let cost = &plan.costs[0];
        assert_close("calls", cost.calls, calls);
        assert_close("seconds", cost.seconds.expect("there are limits"), seconds);
        let rest = limited.plan();
        assert!(rest.stock.is_empty() && rest.products.is_empty(), "{rest:?}");
    }
}

#[test]
fn a_written_figure_costs_hardly_more_than_its_own_call_and_no_window_is_exceeded() {
    let limited = Limited::new(200, 1);
    let plan = limited.plan();
    limited.sync();
    let calls = limited.calls();
    let of = |call: &str| calls.get(call).copied().unwrap_or(0);
    let read = of("GET /api/v2/orders") + of("GET /api/v2/products") + of("GET /api/v2/inventory/id/#");
    assert_eq!(plan.stock.len(), 200);
    assert!(read <= 20, "for 200 figures: {calls:?}");
    for counts in limited.world.shops[CLUJ].sandbox.calls().values() {
        assert_eq!(counts.refused, 0, "{counts:?}");
        assert!(counts.most_in_second <= 3 && counts.most_in_minute <= 80, "{counts:?}");
    }
}
