//! The Tryton connector on a real server, seeded and started by `scripts/tryton.sh`, whose lines are in the
//! environment.

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
use rust_decimal::Decimal;
use secrecy::SecretString;
use serde_json::{Value, json};
use zygos_connectors::{
    transport::HttpTransport,
    tryton::{Tryton, TrytonConfig},
};
use zygos_core::{
    Clock, RemoteKey, SharedClock,
    clock::later,
    contract::{CallContext, Connector, Lane, NewProduct},
    http::Transport,
    model::{NewDocument, Shape},
};
use zygos_scenarios::{
    clerk::{Clerk, MachineClock, env, id},
    conformance::{self, KnownUnit, Step, Subject},
};

struct Real {
    connector: Tryton,
    clerk: Clerk,
    units: Vec<KnownUnit>,
    warehouses: Vec<RemoteKey>,
    keys: support::Keys,
    run: i64,
    used: AtomicU32,
}

impl Real {
    async fn new() -> Self {
        let transport: Arc<dyn Transport> = Arc::new(HttpTransport::new().unwrap());
        let clerk = Clerk::log_in(transport.clone()).await;
        let password = SecretString::from(env("TRYTON_PASSWORD"));
        let config = TrytonConfig::new(&env("TRYTON_URL"), &env("TRYTON_DB"), &env("TRYTON_USER"), password);
        // Far from what other tests trade with.
        let skus: Vec<String> = (191..=194).map(|number| format!("SKU-{number:05}")).collect();
        let found = clerk
            .call(
                "model.product.product.search_read",
                vec![
                    json!([["code", "in", skus]]),
                    json!(0),
                    json!(null),
                    json!([["id", "ASC"]]),
                    json!(["code"]),
                ],
            )
            .await;
        let units = found.as_array().unwrap().iter().map(|row| KnownUnit {
            key: RemoteKey::new(row["id"].to_string()),
            sku: row["code"].as_str().unwrap().to_owned(),
        });
        let key = |name: &str| RemoteKey::new(env(name));
        Self {
            connector: Tryton::new(config, transport, Arc::new(MachineClock) as SharedClock),
            units: units.collect(),
            clerk,
            warehouses: ["TRYTON_WAREHOUSE", "TRYTON_WAREHOUSE2"].map(key).to_vec(),
            keys: support::Keys {
                party: key("TRYTON_CUSTOMER"),
                tax: key("TRYTON_TAX"),
                warehouse: key("TRYTON_WAREHOUSE"),
                shipping: key("TRYTON_SHIPPING"),
            },
            run: MachineClock.now().as_microsecond(),
            used: AtomicU32::new(0),
        }
    }
}

#[async_trait]
impl Subject for Real {
    fn connector(&self) -> &dyn Connector {
        &self.connector
    }

    fn context(&self) -> CallContext {
        let deadline = later(MachineClock.now(), Duration::from_secs(60));
        CallContext { lane: Lane::Orders, deadline }
    }

    fn unique(&self, stem: &str) -> String {
        format!("{stem}-{}-{}", self.run, self.used.fetch_add(1, Ordering::Relaxed))
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

    fn new_product(&self, shape: Shape) -> Option<NewProduct> {
        Some(support::new_product(|stem| self.unique(stem), shape, "Shop goods"))
    }

    async fn step(&self, document: &RemoteKey, step: Step) -> Option<()> {
        let button = match step {
            Step::Assign => "assign_try",
            Step::Pick => "pick",
            Step::Pack => "pack",
            Step::Ship => "do",
        };
        let sale: i64 = document.as_str().parse().unwrap();
        let read = self.clerk.call("model.sale.sale.read", vec![json!([sale]), json!(["shipments"])]).await;
        let shipments = read[0]["shipments"].clone();
        self.clerk.call(&format!("model.stock.shipment.out.{button}"), vec![shipments]).await;
        Some(())
    }

    async fn receive(&self, unit: &RemoteKey, quantity: Decimal) -> Option<()> {
        let product: i64 = unit.as_str().parse().unwrap();
        let quantity: Value = serde_json::from_str(&quantity.to_string()).unwrap();
        let (warehouse, supplier) = (id("TRYTON_WAREHOUSE"), id("TRYTON_SUPPLIER"));
        let call = async |method: &str, params: Vec<Value>| {
            self.clerk.call(&format!("model.{method}"), params).await
        };
        let party = call("party.party.read", vec![json!([supplier]), json!(["addresses"])]).await;
        let purchase = json!({
            "party": supplier, "invoice_address": party[0]["addresses"][0], "warehouse": warehouse,
            "currency": id("TRYTON_CURRENCY"), "invoice_method": "manual",
            "lines": [["create", [{
                "product": product, "quantity": quantity, "unit": id("TRYTON_UNIT"),
                "unit_price": {"__class__": "Decimal", "decimal": "2"},
            }]]],
        });
        let purchase = call("purchase.purchase.create", vec![json!([purchase])]).await;
        call("purchase.purchase.quote", vec![purchase.clone()]).await;
        call("purchase.purchase.confirm", vec![purchase.clone()]).await;
        let domain = json!([["origin.purchase", "=", purchase[0], "purchase.line"]]);
        let moves = call("stock.move.search", vec![domain, json!(0), json!(null), json!(null)]).await;
        let fields = json!(["input_location", "storage_location"]);
        let place = call("stock.location.read", vec![json!([warehouse]), fields]).await;
        let shipment = json!({
            "supplier": supplier, "warehouse": warehouse, "warehouse_input": place[0]["input_location"],
            "warehouse_storage": place[0]["storage_location"], "incoming_moves": [["add", moves]],
        });
        let shipment = call("stock.shipment.in.create", vec![json!([shipment])]).await;
        call("stock.shipment.in.receive", vec![shipment.clone()]).await;
        call("stock.shipment.in.do", vec![shipment]).await;
        Some(())
    }

    async fn edit_unit(&self, unit: &RemoteKey) -> Option<()> {
        let product: i64 = unit.as_str().parse().unwrap();
        let read =
            self.clerk.call("model.product.product.read", vec![json!([product]), json!(["template"])]).await;
        let price = 10 + self.used.fetch_add(1, Ordering::Relaxed);
        let values = json!({"list_price": {"__class__": "Decimal", "decimal": price.to_string()}});
        self.clerk.call("model.product.template.write", vec![json!([read[0]["template"]]), values]).await;
        Some(())
    }
}

#[tokio::test]
async fn tryton_on_a_real_server_keeps_every_promise_it_declares() {
    let summary = conformance::run(&Real::new().await).await;
    assert_eq!(summary.lacking, Vec::<&str>::new());
    assert_eq!(summary.kept.len(), 33, "{:?}", summary.kept);
}

/// Two connectors, shop staff, and a storage zone to count in.
fn erp() -> support::tryton_products::Erp {
    let transport: Arc<dyn Transport> = Arc::new(HttpTransport::new().unwrap());
    let connector = |skip_warnings: bool| {
        let password = SecretString::from(env("TRYTON_PASSWORD"));
        let config = TrytonConfig::new(&env("TRYTON_URL"), &env("TRYTON_DB"), &env("TRYTON_USER"), password);
        let config = TrytonConfig { skip_warnings, ..config };
        Tryton::new(config, transport.clone(), Arc::new(MachineClock) as SharedClock)
    };
    let (user, password) = (env("TRYTON_CLERK_USER"), env("TRYTON_CLERK_PASSWORD"));
    support::tryton_products::Erp {
        connector: connector(false),
        confident: connector(true),
        people: support::people::People::new(transport.clone(), &env("TRYTON_RPC"), &user, &password),
        context: Box::new(|| CallContext {
            lane: Lane::Catalogue,
            deadline: later(MachineClock.now(), Duration::from_secs(60)),
        }),
        run: MachineClock.now().as_microsecond(),
        used: AtomicU32::new(0),
        storage: id("TRYTON_STORAGE"),
    }
}

#[tokio::test]
async fn products_on_a_real_server_are_kept_as_promised() {
    let kept = support::tryton_products::run(&erp()).await;
    assert_eq!(kept.len(), 32, "{kept:?}");
}
