//! Two sandbox stores beside a real Tryton, on the machine's time.

use std::{
    cell::Cell,
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use http::Method;
use jiff::Timestamp;
use rust_decimal::Decimal;
use zygos_core::{
    Clock, ConnectionId, SharedClock,
    http::{HttpRequest, HttpResponse, Transport, TransportError},
    stock::Figure,
};
use zygos_engine::{Engine, EngineSettings, Pace};
use zygos_sim::{InProcess, merchantpro::NewProduct};
use zygos_storage::{MemoryRepository, Mode, Repository};

use crate::{
    clerk::MachineClock,
    world::{STORES, Shop, settings, shops},
};

/// Plain products of the seeded server that the stores sell.
const PRODUCTS: u32 = 20;

pub struct RealWorld {
    pub shops: Vec<Shop>,
    /// The stores' ids of the taxes of 19 and 9 %.
    pub taxes: [u64; 2],
    pub repository: Arc<dyn Repository>,
    clock: SharedClock,
    url: String,
    password: String,
    figure: Figure,
    transport: Arc<Split>,
}

/// Between a request to a store and its arrival, and again before the answer: room to be dropped in.
const LATENCY: Duration = Duration::from_millis(1);
/// Methods of Tryton that change nothing.
const READING: [&str; 7] = ["search", "read", "get", "login", "version", "default", "today"];

/// Stores answer in process, everything else goes out.
struct Split {
    stores: InProcess,
    out: Arc<dyn Transport>,
    /// Requests that went out and are not answered yet.
    under_way: Arc<AtomicU64>,
    writes: Mutex<Vec<String>>,
}

struct UnderWay(Arc<AtomicU64>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Split {
    fn note(&self, request: &HttpRequest, of_store: bool) {
        let name = if of_store {
            (request.method != Method::GET).then(|| format!("{} {}", request.method, request.url))
        } else {
            let body: Option<serde_json::Value> = serde_json::from_slice(&request.body).ok();
            let method = body.and_then(|body| Some(body.get("method")?.as_str()?.to_owned()));
            method.filter(|method| {
                let called = method.rsplit('.').next().unwrap_or_default();
                !READING.iter().any(|reading| called.contains(reading))
            })
        };
        self.writes.lock().unwrap_or_else(PoisonError::into_inner).extend(name);
    }
}

#[async_trait]
impl Transport for Split {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let of_store =
            STORES.iter().any(|(_, host, ..)| request.url.starts_with(&format!("https://{host}/")));
        self.note(&request, of_store);
        if of_store {
            return self.stores.send(request).await;
        }
        // The server carries out what it got, whether or not anybody is left who waits for the answer.
        self.under_way.fetch_add(1, Ordering::SeqCst);
        let (out, under_way) = (self.out.clone(), UnderWay(self.under_way.clone()));
        let sent = tokio::spawn(async move {
            let _under_way = under_way;
            out.send(request).await
        });
        sent.await.unwrap_or_else(|error| Err(TransportError::NoAnswer { reason: error.to_string() }))
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

    /// As [`Self::new`], with so many products in the stores, which know the taxes of 19 and 9 %.
    pub fn selling(
        products: u32,
        clock: SharedClock,
        url: &str,
        password: &str,
        out: Arc<dyn Transport>,
        figure: Figure,
    ) -> Self {
        let now = clock.now();
        let taxes = Cell::new([0; 2]);
        let shops = shops(
            |sandbox, _| {
                let [usual, reduced] = [19, 9]
                    .map(|percent| sandbox.add_tax(&format!("VAT {percent}%"), Decimal::from(percent)));
                taxes.set([usual, reduced]);
                let tax_id = Some(usual);
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
        let mut stores = InProcess::new(clock.clone()).with_latency(2 * LATENCY);
        for (shop, (_, host, ..)) in shops.iter().zip(STORES) {
            stores = stores.with_host(host, shop.sandbox.clone(), shop.faults.clone());
        }
        Self {
            shops,
            taxes: taxes.get(),
            repository: Arc::new(MemoryRepository::new()),
            clock,
            url: url.to_owned(),
            password: password.to_owned(),
            figure,
            transport: Arc::new(Split { stores, out, under_way: Arc::default(), writes: Mutex::default() }),
        }
    }

    /// The same world with another state.
    #[must_use]
    pub fn with_state(self, repository: Arc<dyn Repository>) -> Self {
        Self { repository, ..self }
    }

    /// Waits until the server has carried out everything that was ever sent to it.
    pub async fn all_has_landed(&self) {
        while self.transport.under_way.load(Ordering::SeqCst) > 0 {
            MachineClock.sleep_until(MachineClock.now() + Duration::from_millis(5)).await;
        }
    }

    /// Every request so far that was to change something on any side.
    pub fn writes(&self) -> Vec<String> {
        self.transport.writes.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
