//! The Tryton connector on the sandbox.

#![expect(clippy::unwrap_used, reason = "a subject that cannot be set up ends its test")]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use rust_decimal::Decimal;
use secrecy::SecretString;
use serde_json::json;
use zygos_connectors::tryton::{Tryton, TrytonConfig};
use zygos_core::{
    Clock, RemoteKey, SharedClock,
    clock::later,
    contract::{CallContext, Connector, Fetch, Lane, NewProduct as NewProductWrite, Transition, Write},
    http::{HttpRequest, HttpResponse, Transport, TransportError},
    model::{DocumentState, Entity, Facts, Field, NewDocument, Record, Shape, Value},
};
use zygos_scenarios::conformance::{
    self, KnownUnit, Step, Subject,
    products::{self, Shelf},
};
use zygos_sim::{
    Fault, Faults, InProcess, ManualClock,
    faults::Script,
    tryton::{NewProduct, TrytonSandbox, TrytonSettings},
};

struct Sandbox {
    connector: Tryton,
    erp: Arc<TrytonSandbox>,
    clock: Arc<ManualClock>,
    units: Vec<KnownUnit>,
    warehouses: Vec<RemoteKey>,
    keys: support::Keys,
    supplier: i64,
    used: AtomicU32,
}

fn key(id: i64) -> RemoteKey {
    RemoteKey::new(id.to_string())
}

impl Sandbox {
    fn new(settings: TrytonSettings) -> Self {
        let start: Timestamp = "2026-03-05T08:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::new(start));
        let erp = Arc::new(TrytonSandbox::new(settings));
        let warehouses: Vec<i64> = [("WH", "Main"), ("WH2", "Second")]
            .into_iter()
            .map(|(code, name)| erp.add_warehouse(code, name, start).unwrap())
            .collect();
        // More than a page of the scan.
        let mut units = Vec::new();
        for number in 1..=250_u32 {
            let sku = format!("SKU-{number:03}");
            let product = erp.add_product(&NewProduct::new(&sku, Decimal::from(number)), start).unwrap();
            if number > 246 {
                erp.set_stock(product, warehouses[0], Decimal::from(100), start).unwrap();
                units.push(KnownUnit { key: key(product), sku });
            }
        }
        let keys = support::Keys {
            party: key(erp.add_party("Ana Exemplu", start).unwrap()),
            tax: key(erp
                .add_tax("Goods of the suite", "VAT 19% of the suite", Decimal::new(19, 2), start)
                .unwrap()),
            warehouse: key(warehouses[0]),
            shipping: key(erp.product_id("SHIPPING").unwrap()),
        };
        let supplier = erp.add_party("Wholesale", start).unwrap();
        let shared: SharedClock = clock.clone();
        let transport =
            InProcess::new(shared.clone()).with_host("erp.test", erp.clone(), Arc::new(Faults::new(1)));
        let password = SecretString::from("sync-Secret-1".to_owned());
        let config = TrytonConfig::new("http://erp.test", "erp", "sync", password);
        Self {
            connector: Tryton::new(config, Arc::new(transport), shared),
            erp,
            clock,
            units,
            warehouses: warehouses.into_iter().map(key).collect(),
            keys,
            supplier,
            used: AtomicU32::new(0),
        }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

#[async_trait]
impl Subject for Sandbox {
    fn connector(&self) -> &dyn Connector {
        &self.connector
    }

    fn context(&self) -> CallContext {
        self.clock.advance(Duration::from_secs(1));
        CallContext { lane: Lane::Orders, deadline: later(self.now(), Duration::from_secs(60)) }
    }

    fn unique(&self, stem: &str) -> String {
        format!("{stem}-{}", self.used.fetch_add(1, Ordering::Relaxed))
    }

    fn units(&self) -> Vec<KnownUnit> {
        self.units.clone()
    }

    fn warehouses(&self) -> Vec<RemoteKey> {
        self.warehouses.clone()
    }

    fn shop(&self) -> Option<String> {
        Some("shop-a".to_owned())
    }

    fn document(&self, reference: &str, unit: usize) -> Option<NewDocument> {
        Some(support::document(&self.keys, "shop-a", reference, &self.units[unit].key))
    }

    fn spoiled(&self, document: NewDocument) -> Option<NewDocument> {
        Some(support::spoiled(document))
    }

    fn new_product(&self, shape: Shape) -> Option<NewProductWrite> {
        Some(support::new_product(|stem| self.unique(stem), shape, "Goods of the suite"))
    }

    async fn step(&self, document: &RemoteKey, step: Step) -> Option<()> {
        let button = match step {
            Step::Assign => "assign_try",
            Step::Pick => "pick",
            Step::Pack => "pack",
            Step::Ship => "do",
        };
        self.context();
        self.erp.press_shipment(document.as_str().parse().unwrap(), &[button], self.now()).unwrap();
        Some(())
    }

    async fn receive(&self, unit: &RemoteKey, quantity: Decimal) -> Option<()> {
        let lines = [(unit.as_str().parse().unwrap(), quantity)];
        let warehouse = self.warehouses[0].as_str().parse().unwrap();
        self.erp.receive_purchase(self.supplier, warehouse, &lines, self.now()).unwrap();
        Some(())
    }

    async fn edit_unit(&self, unit: &RemoteKey) -> Option<()> {
        let price = Decimal::from(self.used.fetch_add(1, Ordering::Relaxed));
        self.context();
        self.erp.set_list_price(unit.as_str().parse().unwrap(), price, self.now()).unwrap();
        Some(())
    }
}

#[tokio::test]
async fn tryton_on_the_sandbox_keeps_every_promise_it_declares() {
    let summary = conformance::run(&Sandbox::new(TrytonSettings::default())).await;
    assert_eq!(summary.lacking, Vec::<&str>::new());
    assert_eq!(
        summary.not_declared,
        [
            "a_figure_that_is_set_is_the_one_read_back",
            "the_newest_order_comes_first",
            "a_transition_of_an_order_reads_the_state_first",
            "a_waybill_can_be_written_twice",
            "a_tag_can_be_added_twice_and_is_there_once",
            "a_webhook_is_believed_only_with_its_signature",
        ]
    );
}

#[tokio::test]
async fn a_session_that_ends_between_two_calls_is_renewed_without_anybody_noticing() {
    let subject = Sandbox::new(TrytonSettings::default());
    subject.connector.discover(&subject.context()).await.unwrap();
    subject.erp.kill_sessions();
    subject.connector.discover(&subject.context()).await.unwrap();
}

#[tokio::test]
async fn an_order_that_is_overdue_is_neither_in_the_forecast_nor_in_the_deductions() {
    let subject = Sandbox::new(TrytonSettings::default());
    let unit = subject.units[0].key.clone();
    let projected = async || {
        let what =
            Fetch::Stock { units: vec![unit.clone()], warehouses: vec![subject.warehouses[0].clone()] };
        match subject.connector.fetch(&subject.context(), &what).await.unwrap().pop() {
            Some(Ok(Record::Stock(row))) => row.projected.unwrap(),
            other => panic!("{other:?}"),
        }
    };
    let recorded = async || {
        let what = Fetch::Deductions { shop: subject.shop(), references: vec!["LATE-1".to_owned()] };
        match subject.connector.fetch(&subject.context(), &what).await.unwrap().pop() {
            Some(Ok(Record::Deduction(deduction))) => deduction.recorded,
            other => panic!("{other:?}"),
        }
    };
    let new = Box::new(subject.document("LATE-1", 0).unwrap());
    let created =
        subject.connector.apply(&subject.context(), &[Write::CreateDocument(new)]).await.remove(0).unwrap();
    let confirm = Write::TransitionDocument { document: created.key.unwrap(), to: Transition::Confirm };
    subject.connector.apply(&subject.context(), &[confirm]).await.remove(0).unwrap();
    assert_eq!((projected().await, recorded().await), (Decimal::from(98), Decimal::TWO));
    subject.clock.advance(Duration::from_secs(24 * 3_600));
    assert_eq!((projected().await, recorded().await), (Decimal::from(100), Decimal::ZERO));
}

#[tokio::test]
async fn a_sale_that_is_processed_later_is_confirmed_and_deducts_nothing_yet() {
    let delay = Some(Duration::from_secs(3_600));
    let subject = Sandbox::new(TrytonSettings { worker_delay: delay, ..TrytonSettings::default() });
    let new = Box::new(subject.document("SLOW-1", 0).unwrap());
    let created =
        subject.connector.apply(&subject.context(), &[Write::CreateDocument(new)]).await.remove(0).unwrap();
    let document = created.key.unwrap();
    for already in [false, true] {
        let confirm = Write::TransitionDocument { document: document.clone(), to: Transition::Confirm };
        let applied = subject.connector.apply(&subject.context(), &[confirm]).await.remove(0).unwrap();
        let Some(Record::Document(read)) = applied.record else { panic!("the document is read back") };
        assert_eq!((read.state, applied.already), (DocumentState::Confirmed, already));
    }
    let what = Fetch::Deductions { shop: subject.shop(), references: vec!["SLOW-1".to_owned()] };
    let Some(Ok(Record::Deduction(deduction))) =
        subject.connector.fetch(&subject.context(), &what).await.unwrap().pop()
    else {
        panic!("its line is there")
    };
    assert_eq!((deduction.recorded, deduction.reserved, deduction.moved), Default::default());
}

/// Answers through to the sandbox, counted, and the faults of its line.
struct Line {
    inner: InProcess,
    calls: AtomicU32,
}

#[async_trait]
impl Transport for Line {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.inner.send(request).await
    }
}

struct Shop {
    erp: support::tryton_products::Erp,
    sandbox: Arc<TrytonSandbox>,
    faults: Arc<Faults>,
    line: Arc<Line>,
    clock: Arc<ManualClock>,
}

/// Two connectors, shop staff, and a storage zone to count in.
async fn shop() -> Shop {
    let start: Timestamp = "2026-03-05T08:00:00Z".parse().unwrap();
    let clock = Arc::new(ManualClock::new(start));
    let erp = Arc::new(TrytonSandbox::new(TrytonSettings::default()));
    erp.add_warehouse("WH", "Main", start).unwrap();
    for number in 1..=150_u32 {
        let sku = format!("SKU-{number:03}");
        erp.add_product(&NewProduct::new(&sku, Decimal::from(number)), start).unwrap();
    }
    let shared: SharedClock = clock.clone();
    let faults = Arc::new(Faults::new(1));
    let inner = InProcess::new(shared.clone()).with_host("erp.test", erp.clone(), faults.clone());
    let line = Arc::new(Line { inner, calls: AtomicU32::new(0) });
    let transport: Arc<dyn Transport> = line.clone();
    let connector = |skip_warnings: bool| {
        let password = SecretString::from("sync-Secret-1".to_owned());
        let config = TrytonConfig::new("http://erp.test", "erp", "sync", password);
        Tryton::new(TrytonConfig { skip_warnings, ..config }, transport.clone(), shared.clone())
    };
    let url = "http://erp.test/erp/rpc/";
    let moving = clock.clone();
    let mut kept = support::tryton_products::Erp {
        connector: connector(false),
        confident: connector(true),
        people: support::people::People::new(transport.clone(), url, "clerk", "clerk-Secret-1"),
        context: Box::new(move || {
            moving.advance(Duration::from_secs(1));
            CallContext { lane: Lane::Catalogue, deadline: later(moving.now(), Duration::from_secs(60)) }
        }),
        run: 1,
        used: AtomicU32::new(0),
        storage: 0,
    };
    let storage = json!([[["type", "=", "warehouse"]], 0, null, null, ["storage_location"]]);
    let storage = kept.people.call("stock.location.search_read", storage).await;
    kept.storage = storage[0]["storage_location"].as_i64().unwrap();
    Shop { erp: kept, sandbox: erp, faults, line, clock }
}

#[tokio::test]
async fn products_on_the_sandbox_are_kept_as_promised() {
    let kept = support::tryton_products::run(&shop().await.erp).await;
    assert_eq!(kept.len(), 32, "{kept:?}");
}

#[tokio::test]
async fn a_creation_that_breaks_off_half_way_is_found_by_its_skus_and_completed() {
    let shop = shop().await;
    let skus: Vec<String> = (0..120).map(|number| format!("HALF-{number:03}")).collect();
    let new = shop.erp.product("HALF-", &skus);
    let variants = new.variants.clone();
    shop.faults.script(Script {
        fault: Fault::NotSent,
        times: 1,
        method: None,
        path: None,
        body: Some("model.product.product.create".to_owned()),
    });
    let broken = products::apply(&shop.erp, Write::CreateProduct(Box::new(new))).await.unwrap_err();
    assert!(broken.maybe_applied(), "{broken:?}");
    let found = products::fetch(&shop.erp, Fetch::ProductsBySku { skus: skus.clone() }).await;
    assert_eq!((found.len(), found[0].variants.len()), (1, 50));
    let complete = Write::CreateVariants {
        product: found[0].key.clone(),
        variants,
        prices: zygos_core::contract::PriceKind::Net,
    };
    let applied = products::applied(&shop.erp, complete).await;
    let whole = products::product_of(&applied);
    assert_eq!(whole.variants.len(), 120);
    assert!(whole.variants.iter().all(|variant| variant.unit.price_net == Some(Decimal::new(1990, 2))));
}

#[tokio::test]
async fn a_category_that_is_above_itself_is_a_trouble_of_the_products_in_it_alone() {
    let shop = shop().await;
    let now = shop.clock.now();
    let one = shop.sandbox.add_category("One", None, now).unwrap();
    let two = shop.sandbox.add_category("Two", Some(one), now).unwrap();
    let product = shop.sandbox.product_id("SKU-001").unwrap();
    shop.sandbox.set_categories(product, &[two], now).unwrap();
    shop.sandbox.force_category_parent(one, two, now);
    let context = shop.erp.context();
    let page = shop.erp.connector.scan(&context, Entity::Catalogue, None).await.unwrap();
    let troubled: Vec<String> = page
        .items
        .into_iter()
        .filter_map(|item| match item {
            Ok(Record::Catalogue(product)) if !product.troubles.is_empty() => {
                assert!(!product.facts.contains_key(&Field::Categories));
                Some(product.troubles[0].field.clone())
            }
            _ => None,
        })
        .collect();
    assert_eq!(troubled, ["categories"]);
}

#[tokio::test]
async fn what_products_cost_in_calls_is_what_is_documented() {
    let shop = shop().await;
    let erp = &shop.erp;
    let spent = || shop.line.calls.swap(0, Ordering::Relaxed);
    let skus = |stem: &str, count: usize| -> Vec<String> {
        (0..count).map(|number| format!("{stem}-{number:03}")).collect()
    };
    // Logs in and reads names and the tree.
    products::create(erp, erp.product("", &skus("FIRST", 1))).await;
    spent();
    let made = products::create(erp, erp.product("A-", &skus("A", 50))).await;
    assert_eq!(spent(), 3, "the product, and reading it back");
    let many = products::create(erp, erp.product("B-", &skus("B", 120))).await;
    assert_eq!(spent(), 6, "whether the SKUs are free, three parts, reading it back");
    products::by_key(erp, &many.key).await;
    assert_eq!(spent(), 2);
    products::fetch(erp, Fetch::ProductsBySku { skus: skus("A", 50) }).await;
    assert_eq!(spent(), 3);
    let mut change = products::change_of(&made);
    change.facts.insert(Field::Name, Value::text("Another"));
    change.facts.insert(Field::Description, Value::text("Another"));
    products::applied(erp, Write::UpdateProduct(Box::new(change.clone()))).await;
    assert_eq!(spent(), 5, "as it is, the change, reading it back");
    products::applied(erp, Write::UpdateProduct(Box::new(change))).await;
    assert_eq!(spent(), 4);
    let list = shop.sandbox.add_price_list("Retail", Some("unit_price"), &[], shop.clock.now()).unwrap();
    assert!(list > 0);
    let units: Vec<RemoteKey> = made.variants.iter().map(|variant| variant.unit.key.clone()).collect();
    let prices = Fetch::Prices { list: "Retail".to_owned(), units: units.clone() };
    let ask = async || erp.connector.fetch(&erp.context(), &prices).await.unwrap().len();
    assert_eq!(ask().await, 50);
    assert_eq!(spent(), 3, "which fields sales have, the lists, the prices");
    ask().await;
    assert_eq!(spent(), 1);
    let mut change = products::change_of(&made);
    change.units.insert(units[0].clone(), Facts::from([(Field::Price, Value::number(Decimal::ONE))]));
    change.price_list = Some("Retail".to_owned());
    products::applied(erp, Write::UpdateProduct(Box::new(change.clone()))).await;
    assert_eq!(spent(), 7, "as it is, the list's lines, room, the line, reading it back");
    let path = vec!["Deep".to_owned(), "Deeper".to_owned()];
    products::applied(erp, Write::CreateCategory { path: path.clone() }).await;
    assert_eq!(spent(), 3);
    products::applied(erp, Write::CreateCategory { path }).await;
    assert_eq!(spent(), 1);
    // Long after everything else, so that a look goes back over nothing but this.
    shop.clock.advance(Duration::from_secs(3_600));
    let now = shop.clock.now();
    shop.sandbox.set_name(units[0].as_str().parse().unwrap(), "Later", now).unwrap();
    shop.sandbox.rename_category(shop.sandbox.categories()[0].id, "Later", now).unwrap();
    shop.sandbox.set_ean(units[0].as_str().parse().unwrap(), Some("96385074"), now).unwrap();
    shop.sandbox.set_description(units[0].as_str().parse().unwrap(), "Later", now).unwrap();
    let (_, at) = products::follow(erp, Entity::Catalogue, None).await;
    assert_eq!(spent(), 4, "one a model");
    shop.sandbox.set_name(units[0].as_str().parse().unwrap(), "Latest", now).unwrap();
    let (told, at) = products::follow(erp, Entity::Catalogue, Some(&at)).await;
    assert_eq!((told.len(), spent()), (1, 6), "and two for what changed");
    products::follow(erp, Entity::Catalogue, Some(&at)).await;
    assert_eq!(spent(), 4);
}
