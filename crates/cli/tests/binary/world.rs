//! Two sandbox stores and a sandbox ERP on sockets of this machine, and a configuration for them.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::PathBuf,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{net::TcpListener, runtime::Runtime};
use zygos_connectors::transport::HttpTransport;
use zygos_core::{
    Clock, ConnectionId, SharedClock, WorkspaceId,
    clock::elapsed,
    http::{HttpRequest, HttpResponse, Transport},
};
use zygos_sim::{
    Faults, Sandbox,
    generate::{Tongue, catalogue, fill_erp, fill_shop},
    merchantpro::{MerchantProSandbox, NewAddress, NewLine, NewOrder, ShopSettings},
    serve::serve,
    tryton::{OverSocket, SaleView, TrytonSandbox, TrytonSettings},
};
use zygos_storage::{Repository, SqliteRepository};

use crate::process::{Done, Running, until};

pub const ERP_PASSWORD: &str = "sync-Secret-1";
pub const STORE_SECRET: &str = "secret-of-the-store";
const UNITS: u32 = 20;
const SEED: u64 = 1;
/// Name, order prefix, web shop, warehouses.
const STORES: [(&str, &str, &str, [&str; 2]); 2] =
    [("cluj", "C-", "shop-a", ["WH", "WH2"]), ("athens", "A-", "shop-b", ["WH", "WH3"])];

/// The sandboxes and the binary keep the machine's time.
pub struct MachineClock;

#[async_trait]
impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "another process keeps real time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(clippy::disallowed_methods, reason = "another process keeps real time")]
    async fn sleep_until(&self, deadline: Timestamp) {
        tokio::time::sleep(elapsed(self.now(), deadline)).await;
    }
}

/// A sandbox that remembers which requests it carried out: `PATCH /api/v2/…`, or the method of an RPC.
struct Recorded {
    inner: Arc<dyn Sandbox>,
    calls: Mutex<Vec<String>>,
}

impl Sandbox for Recorded {
    fn handle(&self, request: &HttpRequest, now: Timestamp) -> HttpResponse {
        let path = request.url.splitn(4, '/').nth(3).unwrap_or_default();
        let rpc = serde_json::from_slice::<Value>(&request.body).ok();
        let rpc = rpc.as_ref().and_then(|body| body.get("method")).and_then(Value::as_str);
        let call = rpc.map_or_else(|| format!("{} /{path}", request.method), str::to_owned);
        self.calls.lock().expect("the calls").push(call);
        self.inner.handle(request, now)
    }
}

/// One side behind a socket.
pub struct Served<S> {
    pub sandbox: Arc<S>,
    pub faults: Arc<Faults>,
    pub url: String,
    recorded: Arc<Recorded>,
}

impl<S: 'static> Served<S> {
    fn start(runtime: &Runtime, sandbox: Arc<S>, socket: Arc<dyn Sandbox>) -> Self {
        let recorded = Arc::new(Recorded { inner: socket, calls: Mutex::default() });
        let faults = Arc::new(Faults::new(SEED));
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let clock: SharedClock = Arc::new(MachineClock);
        runtime.spawn(serve(listener, recorded.clone(), faults.clone(), clock, std::future::pending()));
        Self { sandbox, faults, url, recorded }
    }

    /// How many requests of this kind were carried out.
    pub fn carried_out(&self, kind: &str) -> usize {
        self.recorded.calls.lock().expect("the calls").iter().filter(|call| call.contains(kind)).count()
    }

    /// Requests that change something at the other side.
    pub fn writes(&self) -> Vec<String> {
        let writing = ["PATCH ", "POST ", "PUT ", "DELETE "];
        let reading = ["search", "read", "get_", "fields_get", "login", "version", "today"];
        let calls = self.recorded.calls.lock().expect("the calls");
        let is_rpc = |call: &str| !call.contains(' ');
        calls
            .iter()
            .filter(|call| {
                if is_rpc(call) {
                    !reading.iter().any(|word| call.contains(word))
                } else {
                    writing.iter().any(|verb| call.starts_with(verb))
                }
            })
            .cloned()
            .collect()
    }
}

pub struct Shop {
    pub name: &'static str,
    pub prefix: &'static str,
    warehouses: [&'static str; 2],
    pub served: Served<MerchantProSandbox>,
    /// The shop's id of every SKU.
    units: BTreeMap<String, u64>,
}

pub struct World {
    pub erp: Served<TrytonSandbox>,
    pub shops: Vec<Shop>,
    pub runtime: Runtime,
    directory: TempDir,
    /// What each store's part of the configuration says beyond stock and orders.
    flows: [&'static str; 2],
    workspace: String,
    /// Where the state is, unless in a file beside the configuration.
    database: Option<String>,
    placed: Mutex<u64>,
}

impl World {
    /// Both sides with the same goods, nothing sold yet, a state that doesn't exist yet.
    pub fn new() -> Self {
        Self::with(UNITS, [""; 2])
    }

    /// With so many units of stock, and more flows in the configuration of each store.
    pub fn with(units: u32, flows: [&'static str; 2]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("threads");
        let before = MachineClock.now() - Duration::from_secs(3600);
        let articles = catalogue(units, SEED);
        let erp = Arc::new(TrytonSandbox::new(TrytonSettings::default()));
        fill_erp(&erp, &articles, before).expect("the sandbox takes its own catalogue");
        let socket = Arc::new(OverSocket(erp.clone()));
        let erp = Served::start(&runtime, erp, socket);
        let shops = STORES
            .iter()
            .map(|(name, prefix, _, warehouses)| {
                let mut settings = ShopSettings {
                    host: format!("{name}.test"),
                    currency: "EUR".to_owned(),
                    shipping_tax_percent: Decimal::from(19),
                    windows: None,
                    ..ShopSettings::default()
                };
                for key in &mut settings.keys {
                    STORE_SECRET.clone_into(&mut key.secret);
                }
                let sandbox = Arc::new(MerchantProSandbox::new(settings));
                let units = fill_shop(&sandbox, &articles, Tongue::Romanian, warehouses, before);
                let served = Served::start(&runtime, sandbox.clone(), sandbox);
                Shop { name, prefix, warehouses: *warehouses, served, units }
            })
            .collect();
        let directory = TempDir::new().expect("a folder");
        let workspace = "test".to_owned();
        let placed = Mutex::new(0);
        let world = Self { erp, shops, runtime, directory, flows, workspace, database: None, placed };
        world.configure(&world.erp.url);
        world
    }

    /// As [`Self::new`], with the state in a workspace of its own of the PostgreSQL database at this address.
    #[cfg(feature = "real-postgres")]
    pub fn on_database(address: &str) -> Self {
        let workspace = format!("binary {}", uuid::Uuid::now_v7());
        let world = Self { workspace, database: Some(address.to_owned()), ..Self::new() };
        world.configure(&world.erp.url);
        world
    }

    /// Writes the configuration, with the ERP at `erp_url`.
    pub fn configure(&self, erp_url: &str) {
        let mut text = format!(
            "[workspace]\nname = \"{workspace}\"\nlisten = \"127.0.0.1:0\"\n\n[erp]\nname = \"erp\"\nvendor = \"tryton\"\n\
             url = \"{erp_url}\"\ndatabase = \"erp\"\nuser = \"sync\"\npassword = {{ env = \"ERP_PASSWORD\" }}\n\n\
             [pace]\npoll_every = \"1s\"\nerp_every = \"1s\"\nverify_every = \"3s\"\ncall_timeout = \"5s\"\n",
            workspace = self.workspace
        );
        for ((shop, flows), (name, prefix, web_shop, [first, second])) in
            self.shops.iter().zip(self.flows).zip(STORES)
        {
            let url = &shop.served.url;
            write!(
                text,
                "\n[[store]]\nname = \"{name}\"\nvendor = \"merchantpro\"\nurl = \"{url}\"\n\
                 key = {{ env = \"STORE_KEY\" }}\nsecret = {{ env = \"STORE_SECRET\" }}\n\
                 calls_a_second = 1000000\ncalls_a_minute = 1000000\ncalls_an_hour = 1000000\ncalls_a_day = 1000000\n\n\
                 [store.stock]\nwarehouses = {{ {first} = \"free\", {second} = \"free\" }}\n\n\
                 [store.orders]\nprefix = \"{prefix}\"\norders_from = \"2020-01-01\"\ncurrency = \"EUR\"\n\
                 shop = \"{web_shop}\"\nwarehouse = \"WH\"\ntaxes = {{ \"19\" = [\"VAT 19%\"], \"0\" = [] }}\n\
                 shipping_sku = \"SHIPPING\"\ndiscount_sku = \"DISCOUNT\"\nrounding_sku = \"ROUNDING\"\n{flows}"
            )
            .expect("text");
        }
        fs::write(self.directory.path().join("zygos.toml"), text).expect("a file");
    }

    /// A file in the folder that commands run in.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn state_file(&self) -> PathBuf {
        self.directory.path().join("zygos.db")
    }

    /// The state as this test's own process reads it.
    pub fn state(&self) -> SqliteRepository {
        self.runtime
            .block_on(SqliteRepository::open(&self.state_file(), WorkspaceId::new("test")))
            .expect("a state")
    }

    /// Whether a store was sent something that isn't settled.
    pub fn is_writing_to_stores(&self, state: &SqliteRepository) -> bool {
        self.shops.iter().any(|shop| {
            let store = ConnectionId::new(shop.name);
            let rows = self.runtime.block_on(state.outbox(Some(&store), 10_000));
            rows.expect("the outbox").iter().any(|row| row.sent.is_some())
        })
    }

    /// A command of the binary, with the right secrets.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zygos"));
        self.surround(&mut command);
        command.args(arguments);
        command
    }

    /// A command whose files may have so many kilobytes each: a disk that is nearly full.
    pub fn on_a_disk(&self, kilobytes: &str, command: &str) -> Command {
        let binary = env!("CARGO_BIN_EXE_zygos");
        // Only the soft limit: whoever frees space can lift it again. The signal would end the process instead.
        let script = format!("trap '' XFSZ; ulimit -S -f {kilobytes}; exec {binary} {command}");
        let mut shell = Command::new("bash");
        self.surround(&mut shell);
        shell.args(["-c", &script]);
        shell
    }

    fn surround(&self, command: &mut Command) {
        command
            .current_dir(self.directory.path())
            .env_clear()
            .envs(self.database.iter().map(|address| ("ZYGOS_DATABASE", address)))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("ERP_PASSWORD", ERP_PASSWORD)
            .env("STORE_KEY", "key")
            .env("STORE_SECRET", STORE_SECRET);
    }

    pub fn run(&self, arguments: &[&str]) -> Done {
        Done::of(self.command(arguments))
    }

    pub fn approve(&self) {
        self.run(&["approve"]).expect_code(0);
    }

    pub fn serve(&self) -> Running {
        Running::of(self.command(&["serve"]))
    }

    /// A customer who is not seen twice buys one piece of something that is there; the reference of its sale.
    pub fn place_order(&self, shop: usize) -> String {
        let mut placed = self.placed.lock().expect("the count");
        *placed += 1;
        let number = *placed;
        let shop = &self.shops[shop];
        let in_stock: Vec<u64> = shop
            .served
            .sandbox
            .units()
            .into_iter()
            .filter(|(_, sku, stock)| *stock >= Decimal::TWO && shop.units.contains_key(sku))
            .map(|(id, ..)| id)
            .collect();
        let unit = in_stock[usize::try_from(number * 7).expect("small") % in_stock.len()];
        let order = NewOrder {
            customer_email: Some(format!("customer{number}@example.com")),
            billing: NewAddress {
                name: format!("Customer Number{number}"),
                country_code: "RO".to_owned(),
                country_name: "Romania".to_owned(),
                state: "Cluj".to_owned(),
                city: "Cluj-Napoca".to_owned(),
                address: format!("Example Street {number}"),
                postal_code: Some("400001".to_owned()),
                phone: format!("07{number:08}"),
            },
            lines: vec![NewLine::new(unit, 1)],
            shipping_gross: Decimal::new(490, 2),
            ..NewOrder::default()
        };
        let id = shop.served.sandbox.place_order(order, MachineClock.now()).expect("the shop takes it");
        format!("{}{id}", shop.prefix)
    }

    /// A product of the ERP and a warehouse that all stores sell from.
    pub fn any_product(&self) -> (i64, i64) {
        let sku = self.shops[0].units.keys().next().expect("a unit");
        let product = self.erp.sandbox.product_id(sku).expect("the ERP has it");
        (product, self.erp.sandbox.warehouse_id("WH").expect("the warehouse"))
    }

    /// All sales with this reference, cancelled ones included.
    pub fn sales(&self, reference: &str) -> Vec<SaleView> {
        let sales = self.erp.sandbox.sales();
        sales.into_iter().filter(|sale| sale.web_id.as_deref() == Some(reference)).collect()
    }

    pub fn is_placed(&self, reference: &str) -> bool {
        self.sales(reference)
            .iter()
            .any(|sale| matches!(sale.state.as_str(), "confirmed" | "processing" | "done"))
    }

    /// References that all orders of all stores must have in the ERP.
    pub fn references(&self) -> Vec<String> {
        let all = self.shops.iter().flat_map(|shop| {
            let orders = shop.served.sandbox.orders().into_iter();
            orders.filter_map(|order| Some(format!("{}{}", shop.prefix, order.get("id")?.as_str()?)))
        });
        all.collect()
    }

    /// Every order is one confirmed sale with the total that was paid, and there is no other sale.
    pub fn expect_all_once(&self) {
        let references = self.references();
        for reference in &references {
            let sales = self.sales(reference);
            assert_eq!(sales.len(), 1, "{reference}: {sales:?}");
            assert!(self.is_placed(reference), "{reference}: {}", sales[0].state);
            let (prefix, id) = reference.split_at(2);
            let shop = self.shops.iter().find(|shop| shop.prefix == prefix).expect("its store");
            let paid = shop.served.sandbox.order(id).expect("the order")["total_amount"].to_string();
            assert_eq!(sales[0].total, paid.parse::<Decimal>().expect("a number"), "{reference}");
        }
        assert_eq!(self.erp.sandbox.sales().len(), references.len());
    }

    /// Units that a store shows otherwise than the ERP's stock less what was ordered and is not reserved there;
    /// nothing is reserved in these stories. Computed from the sandboxes alone.
    pub fn wrong_figures(&self) -> Vec<String> {
        let mut ordered: BTreeMap<String, Decimal> = BTreeMap::new();
        for shop in &self.shops {
            for order in shop.served.sandbox.orders() {
                for line in order["line_items"].as_array().into_iter().flatten() {
                    let sku = line["product_sku"].as_str().unwrap_or_default().to_owned();
                    let quantity: Decimal = line["quantity"].to_string().parse().expect("a number");
                    *ordered.entry(sku).or_default() += quantity;
                }
            }
        }
        let mut wrong = Vec::new();
        for shop in &self.shops {
            for (sku, id) in &shop.units {
                let Some(product) = self.erp.sandbox.product_id(sku) else { continue };
                let mut should = Decimal::ZERO;
                for code in shop.warehouses {
                    let warehouse = self.erp.sandbox.warehouse_id(code).expect("the warehouse");
                    let taken = if code == "WH" { ordered.get(sku).copied() } else { None };
                    let figure = self.erp.sandbox.quantity(product, warehouse);
                    should += (figure - taken.unwrap_or_default()).max(Decimal::ZERO);
                }
                let is = shop.served.sandbox.stock(*id);
                if is != Some(should) {
                    wrong.push(format!("{} shows {is:?} of {sku} instead of {should}", shop.name));
                }
            }
        }
        wrong
    }

    /// Waits until all orders are placed and all figures right.
    pub fn until_balanced(&self, serve: &Running, patience: Duration) {
        crate::process::until_within(
            patience,
            "everything is in balance",
            || format!("{:?}\n{}", self.wrong_figures(), serve.log()),
            || {
                self.references().iter().all(|reference| self.is_placed(reference))
                    && self.wrong_figures().is_empty()
            },
        );
    }

    pub fn until_placed(&self, serve: &Running, reference: &str) {
        until(&format!("{reference} is placed"), || serve.log(), || self.is_placed(reference));
    }

    /// What `/status` of a process answers that has said where it listens.
    pub fn status(&self, serve: &Running) -> Value {
        let log = serve.log();
        let address = log.split("Listening on ").nth(1).and_then(|rest| rest.split(';').next());
        let address = address.expect("it listens");
        let request = HttpRequest {
            method: Method::GET,
            url: format!("http://{address}/status"),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            timeout: Duration::from_secs(5),
        };
        let transport = HttpTransport::new().expect("a client");
        let answer = self.runtime.block_on(transport.send(request)).expect("an answer");
        serde_json::from_slice(&answer.body).expect("JSON")
    }
}
