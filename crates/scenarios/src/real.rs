//! Two sandbox stores beside a real Tryton, on the machine's time.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use rust_decimal::Decimal;
use zygos_core::{
    ConnectionId, SharedClock,
    http::{HttpRequest, HttpResponse, Transport, TransportError},
    stock::Figure,
};
use zygos_engine::{Engine, EngineSettings, Pace};
use zygos_sim::{InProcess, merchantpro::NewProduct};
use zygos_storage::{MemoryRepository, Mode, Repository};

use crate::world::{STORES, Shop, settings, shops};

/// Plain products of the seeded server that the stores sell.
const PRODUCTS: u32 = 20;

pub struct RealWorld {
    pub shops: Vec<Shop>,
    pub repository: Arc<dyn Repository>,
    clock: SharedClock,
    url: String,
    password: String,
    figure: Figure,
    transport: Arc<Split>,
}

/// Stores answer in process, everything else goes out.
struct Split {
    stores: InProcess,
    out: Arc<dyn Transport>,
}

#[async_trait]
impl Transport for Split {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let of_store =
            STORES.iter().any(|(_, host, ..)| request.url.starts_with(&format!("https://{host}/")));
        if of_store { self.stores.send(request).await } else { self.out.send(request).await }
    }
}

impl RealWorld {
    /// The stores sell the first products of a Tryton that `scripts/tryton.sh` seeded, and show one of each.
    pub fn new(
        clock: SharedClock,
        url: &str,
        password: &str,
        out: Arc<dyn Transport>,
        figure: Figure,
    ) -> Self {
        Self::selling(PRODUCTS, clock, url, password, out, figure)
    }

    /// As [`Self::new`], with so many products in the stores.
    pub fn selling(
        products: u32,
        clock: SharedClock,
        url: &str,
        password: &str,
        out: Arc<dyn Transport>,
        figure: Figure,
    ) -> Self {
        let now = clock.now();
        let shops = shops(
            |sandbox, _| {
                let tax_id = Some(sandbox.add_tax("VAT 19%", Decimal::from(19)));
                for number in 1..=products {
                    let product = NewProduct {
                        name: format!("Product {number}"),
                        sku: Some(format!("SKU-{number:05}")),
                        price_net: Some(Decimal::from(5 + number)),
                        stock: Decimal::ONE,
                        tax_id,
                        ..NewProduct::default()
                    };
                    sandbox.add_product(product, now);
                }
                sandbox.units().into_iter().map(|(id, sku, _)| (sku, id)).collect::<BTreeMap<_, _>>()
            },
            1,
        );
        let mut stores = InProcess::new(clock.clone());
        for (shop, (_, host, ..)) in shops.iter().zip(STORES) {
            stores = stores.with_host(host, shop.sandbox.clone(), shop.faults.clone());
        }
        Self {
            shops,
            repository: Arc::new(MemoryRepository::new()),
            clock,
            url: url.to_owned(),
            password: password.to_owned(),
            figure,
            transport: Arc::new(Split { stores, out }),
        }
    }

    pub fn engine(&self) -> Engine {
        self.engine_with(|_| {})
    }

    /// As [`Self::engine`], with settings of a merchant's own.
    pub fn engine_with(&self, change: impl FnOnce(&mut EngineSettings)) -> Engine {
        let pace = Pace {
            poll_every: Duration::from_secs(1),
            erp_every: Duration::from_secs(1),
            verify_every: Duration::from_secs(5),
            ..Pace::default()
        };
        let mut settings =
            settings(&self.clock, &self.transport, &self.url, &self.password, self.figure, pace, 1);
        change(&mut settings);
        Engine::new(self.repository.clone(), self.clock.clone(), settings, Box::new(|_| {}))
    }

    /// Lets all connections write.
    pub async fn approve(&self, engine: &Engine) {
        for name in engine.connection_names() {
            engine
                .set_mode(&ConnectionId::new(name), Mode::Live, None)
                .await
                .expect("the state can be written");
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
