//! A world whose products and prices move, and short words for what people do in it.

use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::{Either, select};
use http::Method;
use rust_decimal::Decimal;
use serde_json::{Map, Value};
use zygos_core::{Clock, WorkspaceId, catalogue::Owner, clock::later, http::HttpRequest, stock::Figure};
use zygos_engine::{Engine, EngineSettings, PriceFlow, ProductFlow, SeenPlan};
use zygos_scenarios::{
    flows::{both_ways, gross_prices, net_prices_both_ways},
    world::World,
};
use zygos_sim::{
    merchantpro::{NewProduct, NewVariant},
    tryton::{self, ProductView},
};
use zygos_storage::{Drift, Issue};

pub const CLUJ: usize = 0;
pub const ATHENS: usize = 1;
pub const MINUTE: Duration = Duration::from_secs(60);
/// Simple products of every world.
pub const SKU: &str = "P00001";
pub const OTHER: &str = "P00002";
pub const BYSTANDER: &str = "P00003";

type Settings = Box<dyn Fn(&mut EngineSettings)>;
type Hook = Box<dyn FnMut(&HttpRequest) + Send>;

/// A world in balance, with an engine that rests between two runs of the command.
pub struct Shelf {
    pub world: World,
    pub engine: Engine,
    settings: Settings,
    /// What was written, as `cluj PATCH /api/v2/products/7` or `erp model.product.template.write`.
    written: Arc<Mutex<Vec<String>>>,
    hook: Arc<Mutex<Option<Hook>>>,
}

impl Shelf {
    /// Everything moves both ways by its usual owner; prices go to both stores with tax.
    pub fn both() -> Self {
        Self::of(both_ways(), gross_prices(None))
    }

    /// The same flows for both stores.
    pub fn of(products: ProductFlow, prices: PriceFlow) -> Self {
        Self::with(move |settings| {
            for store in &mut settings.stores {
                store.products = Some(products.clone());
                store.prices = Some(prices.clone());
            }
        })
    }

    /// With settings of the merchant's own; approved and in balance.
    pub fn with(settings: impl Fn(&mut EngineSettings) + 'static) -> Self {
        let shelf = Self::observing(12, settings);
        shelf.approve();
        shelf.sync();
        shelf.sync();
        assert_eq!(shelf.issues(), [], "nothing is wrong at the beginning");
        shelf.take_written();
        shelf
    }

    /// Prices without tax move both ways and nobody owns them; the two sides agreed on all of them before.
    pub fn net_both_ways() -> Self {
        let flows = |owner: Owner| {
            move |settings: &mut EngineSettings| {
                for store in &mut settings.stores {
                    store.products = Some(both_ways());
                    store.prices = Some(PriceFlow { owner, ..net_prices_both_ways() });
                }
            }
        };
        let mut shelf = Self::with(flows(Owner::Erp));
        shelf.restart_with(flows(Owner::Newest));
        shelf
    }

    /// Nothing is approved and nothing has run yet.
    pub fn observing(units: u32, settings: impl Fn(&mut EngineSettings) + 'static) -> Self {
        let world = World::new(units, Figure::Free, 3);
        let engine = world.engine_with(&settings);
        let written = Arc::new(Mutex::new(Vec::new()));
        let hook: Arc<Mutex<Option<Hook>>> = Arc::default();
        let (log, hooked) = (written.clone(), hook.clone());
        world.watch(move |request, _| {
            if let Some(hook) = &mut *hooked.lock().expect("nobody panicked") {
                hook(request);
            }
            log.lock().expect("nobody panicked").extend(write_of(request));
        });
        Self { world, engine, settings: Box::new(settings), written, hook }
    }

    /// The plan of now as a file of it says it.
    pub fn kept_plan(&self) -> SeenPlan {
        let plan = self.world.block_on(self.engine.plan()).expect("both sides can be read");
        let workspace = WorkspaceId::new("company");
        let text = serde_json::to_string(&SeenPlan::of(&plan, workspace.clone(), self.world.now()));
        SeenPlan::read(&text.expect("it is written"), &workspace).expect("it is read")
    }

    pub fn approve(&self) {
        self.world.block_on(self.world.approve(&self.engine));
    }

    /// As after a start of the process.
    pub fn restart(&mut self) {
        self.engine = self.world.engine_with(&self.settings);
    }

    /// As a merchant who edits the configuration and starts anew.
    pub fn restart_with(&mut self, change: impl Fn(&mut EngineSettings) + 'static) {
        let before = std::mem::replace(&mut self.settings, Box::new(|_| {}));
        self.settings = Box::new(move |settings| {
            before(settings);
            change(settings);
        });
        self.restart();
    }

    /// A minute later, everything once.
    pub fn sync(&self) {
        assert_eq!(self.try_sync(), Vec::<String>::new(), "both sides answer: {:?}", self.issues());
    }

    pub fn try_sync(&self) -> Vec<String> {
        self.wait(MINUTE);
        let troubles = self.world.block_on(self.engine.sync()).expect("the state can be written");
        troubles.into_iter().map(|(connection, words)| format!("{connection}: {words}")).collect()
    }

    pub fn wait(&self, time: Duration) {
        self.world.clock.advance_to(later(self.world.now(), time));
    }

    pub fn run(&self, minutes: u32) {
        self.world.let_run(&self.engine, MINUTE * minutes);
    }

    /// Runs the engine once and lets go of it the moment something is so, as a crash does.
    pub fn crash_when(&mut self, is_so: impl Fn(&Self) -> bool) {
        self.wait(MINUTE);
        let shelf = &*self;
        let watcher = async {
            while !is_so(shelf) {
                shelf.world.clock.sleep_until(later(shelf.world.now(), Duration::from_millis(1))).await;
            }
        };
        let ended = shelf.world.block_on(first(shelf.engine.sync(), watcher));
        assert!(ended.is_none(), "it went through without ever being so");
        self.restart();
    }

    /// Calls this before every request that is sent from now on.
    pub fn before_each(&self, hook: impl FnMut(&HttpRequest) + Send + 'static) {
        *self.hook.lock().expect("nobody panicked") = Some(Box::new(hook));
    }

    pub fn take_written(&self) -> Vec<String> {
        std::mem::take(&mut self.written.lock().expect("nobody panicked"))
    }

    /// Nothing is left to be done.
    pub fn assert_quiet(&self) {
        self.take_written();
        self.sync();
        let written = self.take_written();
        assert_eq!(written, Vec::<String>::new(), "nothing is written any more: {:?}", self.journal(6));
    }

    /// The last entries of the journal.
    pub fn journal(&self, most: u32) -> Vec<String> {
        let entries = self.world.block_on(self.world.repository.journal(None, None, most));
        let line = |entry: zygos_storage::JournalEntry| {
            format!(
                "{} {} {}: {:?} -> {:?} ({})",
                entry.connection, entry.key, entry.field, entry.before, entry.after, entry.why
            )
        };
        entries.expect("the state can be read").into_iter().map(line).collect()
    }

    pub fn issues(&self) -> Vec<Issue> {
        self.world.block_on(self.world.repository.issues(false)).expect("the state can be read")
    }

    /// The only open issue of this kind.
    pub fn issue(&self, kind: &str) -> Issue {
        let mut found: Vec<Issue> = self.issues().into_iter().filter(|issue| issue.kind == kind).collect();
        assert_eq!(found.len(), 1, "one issue {kind}: {:?}", self.issues());
        found.remove(0)
    }

    pub fn kinds(&self) -> Vec<String> {
        self.issues().into_iter().map(|issue| issue.kind).collect()
    }

    pub fn answer(&self, issue: &Issue, choice: &str) {
        self.world.block_on(self.engine.answer(issue.id, choice)).expect("the answer is taken");
    }

    pub fn drifts(&self) -> Vec<Drift> {
        self.world.block_on(self.world.repository.drifts(None, 100)).expect("the state can be read")
    }

    /// The unit's id in a shop now; `None`: it isn't there.
    pub fn unit(&self, shop: usize, sku: &str) -> Option<u64> {
        let mut units = self.units(shop, sku);
        assert!(units.len() < 2, "{sku} is there once: {units:?}");
        units.pop()
    }

    /// All units of this SKU.
    pub fn units(&self, shop: usize, sku: &str) -> Vec<u64> {
        let units = self.world.shops[shop].sandbox.units();
        units.into_iter().filter(|(_, called, _)| called == sku).map(|(id, ..)| id).collect()
    }

    fn id(&self, shop: usize, sku: &str) -> u64 {
        self.unit(shop, sku).unwrap_or_else(|| panic!("shop {shop} has {sku}: {:?}", self.issues()))
    }

    /// The whole product that a unit belongs to, as the shop shows it.
    pub fn product(&self, shop: usize, sku: &str) -> Value {
        let id = self.id(shop, sku);
        let products = self.world.shops[shop].sandbox.products();
        let is_it = |product: &Value| {
            product["id"] == id
                || product["variants"]
                    .as_array()
                    .is_some_and(|variants| variants.iter().any(|variant| variant["id"] == id))
        };
        products.into_iter().find(is_it).expect("a product")
    }

    /// The unit as the shop shows it.
    pub fn shown(&self, shop: usize, sku: &str) -> Value {
        let id = self.id(shop, sku);
        let product = self.product(shop, sku);
        let variant = |product: &Value| {
            product["variants"].as_array()?.iter().find(|variant| variant["id"] == id).cloned()
        };
        variant(&product).unwrap_or(product)
    }

    pub fn name(&self, shop: usize, sku: &str) -> String {
        text(&self.product(shop, sku)["name"])
    }

    pub fn gross(&self, shop: usize, sku: &str) -> Decimal {
        decimal(&self.shown(shop, sku)["price_gross"])
    }

    pub fn net(&self, shop: usize, sku: &str) -> Decimal {
        decimal(&self.shown(shop, sku)["price_net"])
    }

    /// A shop's person edits the whole product.
    pub fn edit(&self, shop: usize, sku: &str, fields: Value) {
        let id = self.product(shop, sku)["id"].as_u64().expect("an id");
        let sandbox = &self.world.shops[shop].sandbox;
        sandbox.edit_product(id, &map(fields), self.world.now()).expect("it is edited");
    }

    pub fn edit_unit(&self, shop: usize, sku: &str, fields: Value) {
        let sandbox = &self.world.shops[shop].sandbox;
        sandbox.edit_unit(self.id(shop, sku), &map(fields), self.world.now()).expect("it is edited");
    }

    pub fn type_price(&self, shop: usize, sku: &str, gross: &str) {
        let sandbox = &self.world.shops[shop].sandbox;
        sandbox.edit_price(self.id(shop, sku), number(gross), self.world.now()).expect("it is edited");
    }

    pub fn erp_id(&self, sku: &str) -> i64 {
        self.world.erp.product_id(sku).unwrap_or_else(|| panic!("the ERP has {sku}: {:?}", self.issues()))
    }

    pub fn in_erp(&self, sku: &str) -> ProductView {
        self.world.erp.product(self.erp_id(sku)).expect("a product")
    }

    /// All of the ERP's products with this SKU.
    pub fn all_in_erp(&self, sku: &str) -> Vec<ProductView> {
        self.world.erp.products().into_iter().filter(|product| product.sku == sku).collect()
    }

    pub fn erp_name(&self, sku: &str, name: &str) {
        self.world.erp.set_name(self.erp_id(sku), name, self.world.now()).expect("it is renamed");
    }

    pub fn erp_price(&self, sku: &str, net: &str) {
        let id = self.erp_id(sku);
        self.world.erp.set_list_price(id, number(net), self.world.now()).expect("it is priced");
    }

    /// A new simple product in the ERP.
    pub fn make_in_erp(&self, sku: &str, net: &str) -> i64 {
        self.world.erp.add_product(&tryton::NewProduct::new(sku, number(net)), self.world.now()).expect("it")
    }

    /// A new simple product in a shop, at 19 %.
    pub fn make_in_shop(&self, shop: usize, sku: &str, net: &str) -> u64 {
        let new = NewProduct { sku: Some(sku.to_owned()), price_net: Some(number(net)), ..mug() };
        self.world.shops[shop].sandbox.add_product(new, self.world.now())
    }

    /// Somebody edits the bystander on both sides in ways that nobody minds.
    pub fn bystander_moves(&self) {
        self.erp_price(BYSTANDER, "55");
        self.edit(CLUJ, BYSTANDER, serde_json::json!({"name": "Bystander"}));
    }

    /// Whatever else went wrong, the bystander's edits are there.
    pub fn assert_bystander_moved(&self) {
        for shop in [CLUJ, ATHENS] {
            assert_eq!(self.gross(shop, BYSTANDER), number("65.45"), "{:?}", self.issues());
        }
        assert_eq!(self.in_erp(BYSTANDER).name, "Bystander");
    }
}

/// The first one's end, or `None` when the second one ended before.
async fn first<T>(work: impl Future<Output = T>, end: impl Future<Output = ()>) -> Option<T> {
    match select(pin!(work), pin!(end)).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}

fn write_of(request: &HttpRequest) -> Option<String> {
    let rest = request.url.split_once("://")?.1;
    let (host, path) = rest.split_once('/')?;
    if let Some(host) = host.strip_suffix(".test").filter(|host| *host != "erp") {
        return (request.method != Method::GET).then(|| format!("{host} {} /{path}", request.method));
    }
    let body: Value = serde_json::from_slice(&request.body).ok()?;
    let method = body["method"].as_str()?;
    let writes = [".create", ".write", ".delete"].iter().any(|end| method.ends_with(end));
    (writes && method.starts_with("model.product.")).then(|| format!("erp {method}"))
}

/// A product with tax and nothing else of interest.
pub fn mug() -> NewProduct {
    NewProduct { name: "Cană albastră".to_owned(), tax_id: Some(1), ..NewProduct::default() }
}

/// One in sizes; each SKU is `code` and the size.
pub fn shirt(code: &str, sizes: &[&str], net: &str) -> NewProduct {
    let variant = |size: &&str| size_of(code, size);
    NewProduct {
        name: "Tricou".to_owned(),
        price_net: Some(number(net)),
        variants: sizes.iter().map(variant).collect(),
        ..mug()
    }
}

pub fn size_of(code: &str, size: &str) -> NewVariant {
    NewVariant {
        sku: Some(format!("{code}{size}")),
        options: vec![("Size".to_owned(), size.to_owned())],
        ..NewVariant::default()
    }
}

pub fn map(fields: Value) -> Map<String, Value> {
    match fields {
        Value::Object(map) => map,
        other => panic!("fields, not {other}"),
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub fn decimal(value: &Value) -> Decimal {
    value.to_string().trim_matches('"').parse().expect("a number")
}

pub fn number(text: &str) -> Decimal {
    text.parse().expect("a number")
}
