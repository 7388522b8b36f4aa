//! Two sandbox stores, a sandbox ERP and the real engine over one clock that only moves when everything waits.

use std::{
    collections::BTreeMap,
    future::Future,
    path::Path,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Duration,
};

use jiff::Timestamp;
use rust_decimal::Decimal;
use secrecy::SecretString;
use tokio::runtime::{Builder, Runtime};
use zygos_connectors::{
    layers,
    merchantpro::MerchantPro,
    tryton::{Tryton, TrytonConfig},
};
use zygos_core::{
    ConnectionId, SharedClock, WorkspaceId,
    clock::later,
    contract::Connector,
    guard::GuardLimits,
    http::{HttpRequest, Transport},
    money::Currency,
    orders::{FeedbackRule, PaymentRule, TooLong},
    stock::Figure,
};
use zygos_engine::{
    Connection, DriftPolicy, Engine, EngineSettings, GuestFlow, OrderFlow, Pace, PriceFlow, ProductFlow,
    StockFlow, StoreSettings,
};
use zygos_sim::{
    Faults, InProcess, ManualClock, Sandbox,
    generate::{Article, Tongue, catalogue, fill_erp, fill_shop},
    merchantpro::{MerchantProSandbox, ShopSettings},
    tryton::{TrytonSandbox, TrytonSettings},
};
use zygos_storage::{MemoryRepository, Mode, Repository, SqliteRepository};

use crate::watched::Watched;

/// The stores of every world: name, host, order prefix, web shop, warehouses.
pub const STORES: [(&str, &str, &str, &str, [&str; 2]); 2] = [
    ("cluj", "cluj.test", "C-", "shop-a", ["WH", "WH2"]),
    ("athens", "athens.test", "A-", "shop-b", ["WH", "WH3"]),
];

/// Signs every store's webhooks.
pub const HOOK_SECRET: &str = "hook-secret";

/// One store of a world. A clone is the same store.
#[derive(Clone)]
pub struct Shop {
    pub id: ConnectionId,
    pub prefix: &'static str,
    pub warehouses: [&'static str; 2],
    pub sandbox: Arc<MerchantProSandbox>,
    pub faults: Arc<Faults>,
    /// The shop's id of every SKU.
    pub units: BTreeMap<String, u64>,
}

pub struct World {
    pub clock: Arc<ManualClock>,
    pub shops: Vec<Shop>,
    pub erp: Arc<TrytonSandbox>,
    pub erp_faults: Arc<Faults>,
    pub supplier: i64,
    pub repository: Arc<dyn Repository>,
    /// How often and how long; counts from the next engine on.
    pub pace: Pace,
    /// When which payment method is imported; counts from the next engine on.
    pub payment: Vec<PaymentRule>,
    /// What moves of products and prices, by store; counts from the next engine on.
    pub products: BTreeMap<ConnectionId, ProductFlow>,
    pub prices: BTreeMap<ConnectionId, PriceFlow>,
    transport: Arc<Watched>,
    figure: Figure,
    seed: u64,
    disk: Option<OnDisk>,
}

/// What a state on disk needs: its answers come from other threads.
struct OnDisk {
    /// Calls that are under way.
    pending: Box<dyn Fn() -> usize>,
    runtime: Runtime,
}

impl OnDisk {
    fn runtime() -> Runtime {
        Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
    }
}

impl World {
    /// A small catalogue on both sides, equal stock, nothing sold yet. Call limits are off.
    pub fn new(units: u32, figure: Figure, seed: u64) -> Self {
        Self::on(units, figure, seed, start(), Arc::new(MemoryRepository::new()))
    }

    pub fn on(
        units: u32,
        figure: Figure,
        seed: u64,
        start: Timestamp,
        repository: Arc<dyn Repository>,
    ) -> Self {
        let clock = Arc::new(ManualClock::new(start));
        let shared: SharedClock = clock.clone();
        let before = start - Duration::from_secs(3600);
        let articles: Vec<Article> = catalogue(units, seed);
        let erp = Arc::new(TrytonSandbox::new(TrytonSettings::default()));
        fill_erp(&erp, &articles, before).expect("the sandbox takes its own catalogue");
        let supplier = erp.add_party("Wholesale Supplier", before).expect("a supplier");
        let erp_faults = Arc::new(Faults::new(seed));
        let mut transport = InProcess::new(shared).with_latency(Duration::from_millis(30)).with_host(
            "erp.test",
            erp.clone(),
            erp_faults.clone(),
        );
        let shops = shops(
            |sandbox, warehouses| fill_shop(sandbox, &articles, Tongue::Greek, warehouses, before),
            seed,
        );
        for (shop, (_, host, ..)) in shops.iter().zip(STORES) {
            transport = transport.with_host(host, shop.sandbox.clone(), shop.faults.clone());
        }
        Self {
            transport: Arc::new(Watched::new(transport, clock.clone())),
            clock,
            shops,
            erp,
            erp_faults,
            supplier,
            repository,
            pace: Pace {
                idle_look: Duration::from_secs(30),
                poll_every: Duration::from_secs(20),
                erp_every: Duration::from_secs(20),
                ..Pace::default()
            },
            payment: Vec::new(),
            products: BTreeMap::new(),
            prices: BTreeMap::new(),
            figure,
            seed,
            disk: None,
        }
    }

    /// As [`Self::new`], with its state in an SQLite file in `directory`.
    pub fn on_sqlite(units: u32, figure: Figure, seed: u64, directory: &Path) -> Self {
        let runtime = OnDisk::runtime();
        let file = directory.join("state.db");
        let opened = runtime.block_on(SqliteRepository::open(&file, WorkspaceId::new("scenario")));
        let repository = Arc::new(opened.expect("a state file"));
        let world = Self::on(units, figure, seed, start(), repository.clone());
        Self { disk: Some(OnDisk { pending: Box::new(move || repository.pending()), runtime }), ..world }
    }

    /// As [`Self::new`], with its state in a workspace of the PostgreSQL database that `scripts/postgres.sh` started;
    /// `name` tells it from others of this process.
    #[cfg(feature = "real-postgres")]
    pub fn on_postgres(units: u32, figure: Figure, seed: u64, name: &str) -> Self {
        let runtime = OnDisk::runtime();
        let url =
            std::env::var("ZYGOS_TEST_POSTGRES").expect("`scripts/postgres.sh start` tells the address");
        let workspace = WorkspaceId::new(format!("{name} {seed} {}", std::process::id()));
        let opened = runtime.block_on(zygos_storage::PostgresRepository::open(&url, workspace));
        let repository = Arc::new(opened.expect("a database"));
        let world = Self::on(units, figure, seed, start(), repository.clone());
        Self { disk: Some(OnDisk { pending: Box::new(move || repository.pending()), runtime }), ..world }
    }

    /// Has every request told before it is sent: to which host, what, and when.
    pub fn watch(&self, listener: impl Fn(&HttpRequest, Timestamp) + Send + Sync + 'static) {
        self.transport.watch(Box::new(listener));
    }

    /// What the requests go through, for connectors of a test's own.
    pub fn network(&self) -> Arc<dyn Transport> {
        self.transport.clone()
    }

    /// What carries the requests, with its log.
    pub fn transport(&self) -> &InProcess {
        self.transport.inner()
    }

    /// An engine over this world's state, as after a start of the process.
    pub fn engine(&self) -> Engine {
        Engine::new(self.repository.clone(), self.clock.clone(), self.settings(), Box::new(|_| {}))
    }

    /// As [`Self::engine`], with settings of a merchant's own.
    pub fn engine_with(&self, change: impl FnOnce(&mut EngineSettings)) -> Engine {
        let mut settings = self.settings();
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

    fn settings(&self) -> EngineSettings {
        let clock: SharedClock = self.clock.clone();
        let mut settings = settings(
            &clock,
            &self.transport.clone(),
            "http://erp.test",
            "sync-Secret-1",
            self.figure,
            self.pace.clone(),
            self.seed,
        );
        for orders in settings.stores.iter_mut().filter_map(|store| store.orders.as_mut()) {
            orders.payment = self.payment.clone();
        }
        for store in &mut settings.stores {
            store.products = self.products.get(&store.connection.id).cloned();
            store.prices = self.prices.get(&store.connection.id).cloned();
        }
        settings
    }

    /// Runs work until it is done, moving the clock whenever everything waits for it.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.run(work, Timestamp::MAX).expect("the work waits for nothing but time")
    }

    /// Runs work until it is done or the clock has reached `until`; then the work is dropped where it stands.
    pub fn run<T>(&self, work: impl Future<Output = T>, until: Timestamp) -> Option<T> {
        let _entered = self.disk.as_ref().map(|disk| disk.runtime.enter());
        let mut work = pin!(work);
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        loop {
            // Once all is pending twice in a row, only the state's own threads or time can help.
            for _ in 0..2 {
                if let Poll::Ready(done) = work.as_mut().poll(&mut context) {
                    return Some(done);
                }
            }
            if self.disk.as_ref().is_some_and(|disk| (disk.pending)() > 0) {
                // Nobody is woken when the writer is done with what a crash left behind, so look again soon.
                thread::park_timeout(Duration::from_millis(1));
                continue;
            }
            match self.clock.next_deadline() {
                Some(next) if next <= until => self.clock.advance_to(next),
                _ => {
                    self.clock.advance_to(until.min(later(self.now(), Duration::ZERO).max(until)));
                    return None;
                }
            }
        }
    }

    /// Runs the engine's loops for a while, then drops them where they stand.
    pub fn let_run(&self, engine: &Engine, time: Duration) {
        let until = later(self.now(), time);
        if let Some(ended) = self.run(engine.run(std::future::pending()), until) {
            panic!("the engine ended by itself: {ended:?}");
        }
    }

    pub fn now(&self) -> Timestamp {
        use zygos_core::Clock;
        self.clock.now()
    }

    pub fn quiet(&self) {
        self.erp_faults.quiet();
        self.erp_faults.settle(self.erp.as_ref() as &dyn Sandbox, self.now());
        for shop in &self.shops {
            shop.faults.quiet();
            shop.faults.settle(shop.sandbox.as_ref() as &dyn Sandbox, self.now());
        }
    }

    /// References of the ERP's sales that are not cancelled, with how often each occurs.
    pub fn living_sales(&self) -> BTreeMap<String, u32> {
        let mut count = BTreeMap::new();
        for sale in self.erp.sales().into_iter().filter(|sale| sale.state != "cancelled") {
            if let Some(reference) = sale.web_id {
                *count.entry(reference).or_default() += 1;
            }
        }
        count
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn start() -> Timestamp {
    "2026-03-05T08:00:00Z".parse().expect("a date")
}

/// The two sandbox stores, with call limits off; `fill` answers the shop's id of every SKU.
pub(crate) fn shops(
    fill: impl Fn(&MerchantProSandbox, &[&str]) -> BTreeMap<String, u64>,
    seed: u64,
) -> Vec<Shop> {
    STORES
        .iter()
        .map(|(name, host, prefix, _, warehouses)| {
            let sandbox = Arc::new(MerchantProSandbox::new(ShopSettings {
                host: (*host).to_owned(),
                currency: "EUR".to_owned(),
                shipping_tax_percent: Decimal::from(19),
                windows: None,
                php_json: false,
                ..ShopSettings::default()
            }));
            let units = fill(&sandbox, warehouses);
            let faults = Arc::new(Faults::new(seed + 1));
            Shop { id: ConnectionId::new(name), prefix, warehouses: *warehouses, sandbox, faults, units }
        })
        .collect()
}

/// What the engine is given: both stores and the ERP behind one transport.
pub(crate) fn settings<T: Transport + 'static>(
    clock: &SharedClock,
    transport: &Arc<T>,
    erp_url: &str,
    erp_password: &str,
    figure: Figure,
    pace: Pace,
    seed: u64,
) -> EngineSettings {
    let secret = |text: &str| SecretString::from(text.to_owned());
    let connection = |name: &str, connector: Arc<dyn Connector>| Connection {
        id: ConnectionId::new(name),
        connector: layers::around(connector, name, clock),
        credential: name.to_owned(),
        calls_used: Arc::new(|| 0),
        windows: Vec::new(),
        clock_skew: Arc::new(|| None),
    };
    let config = TrytonConfig::new(erp_url, "erp", "sync", secret(erp_password));
    let erp = Tryton::new(config, transport.clone(), clock.clone());
    let stores = STORES
        .iter()
        .map(|(name, host, prefix, shop, warehouses)| {
            let base = format!("https://{host}");
            let store = MerchantPro::new(
                &base,
                &secret("key"),
                &secret("secret"),
                Some(secret(HOOK_SECRET)),
                transport.clone(),
                clock.clone(),
            );
            StoreSettings {
                connection: connection(name, Arc::new(store)),
                products: None,
                prices: None,
                stock: Some(StockFlow {
                    warehouses: warehouses.iter().map(|code| ((*code).to_owned(), figure)).collect(),
                    buffer: Decimal::ZERO,
                    max_listed: None,
                    multiple: Decimal::ONE,
                    backorders: false,
                    drift: DriftPolicy::Correct,
                }),
                orders: Some(order_flow(prefix, shop)),
                feedback: FeedbackRule::default(),
            }
        })
        .collect();
    EngineSettings {
        stores,
        erp: connection("erp", Arc::new(erp)),
        pace,
        guard: GuardLimits::default(),
        owner: "scenario".to_owned(),
        seed,
        text_lengths: BTreeMap::new(),
    }
}

fn order_flow(prefix: &str, shop: &str) -> OrderFlow {
    OrderFlow {
        prefix: prefix.to_owned(),
        orders_from: "2026-01-01T00:00:00Z".parse().expect("a date"),
        currency: Currency::parse("EUR").expect("a currency"),
        shop: Some(shop.to_owned()),
        warehouse: "WH".to_owned(),
        payment: Vec::new(),
        taxes: vec![(Decimal::from(19), vec!["VAT 19%".to_owned()]), (Decimal::ZERO, Vec::new())],
        shipping_sku: Some("SHIPPING".to_owned()),
        discount_sku: Some("DISCOUNT".to_owned()),
        fee_sku: None,
        gift_sku: None,
        rounding_sku: Some("ROUNDING".to_owned()),
        rounding_limit: Decimal::new(5, 2),
        too_long: TooLong::Hold,
        guests: GuestFlow::Match,
        timezone: "Europe/Bucharest".to_owned(),
    }
}
