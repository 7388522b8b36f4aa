//! The main job between two sandbox stores and a real Tryton. `./test` starts one; without it these tests fail.

#![expect(clippy::expect_used, reason = "a test may end where its ground is missing")]

use std::{
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use rust_decimal::Decimal;
use serde_json::{Value, json};
use tokio::process::Command;
use zygos_connectors::transport::HttpTransport;
use zygos_core::{Clock, SharedClock, stock::Figure};
use zygos_scenarios::{
    clerk::{Clerk, MachineClock, env},
    real::RealWorld,
    world::Shop,
};
use zygos_sim::merchantpro::{NewLine, NewOrder};

/// What the staff does that only this story needs.
trait Work {
    async fn sales(&self, reference: &str) -> Vec<Value>;
    async fn ship(&self, sale: &Value, waybill: &str);
}

impl Work for Clerk {
    /// The living sales with this reference.
    async fn sales(&self, reference: &str) -> Vec<Value> {
        let domain = json!([["web_id", "=", reference], ["state", "!=", "cancelled"]]);
        let fields = json!(["state", "total_amount", "shipments"]);
        let found = self
            .call("model.sale.sale.search_read", vec![domain, json!(0), Value::Null, Value::Null, fields])
            .await;
        found.as_array().cloned().unwrap_or_default()
    }

    async fn ship(&self, sale: &Value, waybill: &str) {
        let shipment = sale["shipments"][0].clone();
        for button in ["assign_try", "pick", "pack", "do"] {
            self.call(&format!("model.stock.shipment.out.{button}"), vec![json!([shipment])]).await;
        }
        self.call("model.stock.shipment.out.write", vec![json!([shipment]), json!({"reference": waybill})])
            .await;
    }
}

/// Stops or starts the server itself, as its administrator would.
async fn administer(command: &[&str]) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/tryton.sh");
    let done = Command::new(script).args(command).stdout(Stdio::null()).status().await;
    assert!(done.expect("the script runs").success(), "tryton.sh {command:?}");
}

/// Waits until `done` holds, at most two minutes.
async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !done().await {
        assert!(began.elapsed() < Duration::from_secs(120), "waited two minutes until {what}");
        MachineClock.sleep_until(MachineClock.now() + Duration::from_millis(500)).await;
    }
}

#[tokio::test]
async fn two_stores_and_a_real_tryton_are_kept_in_balance() {
    let clock: SharedClock = Arc::new(MachineClock);
    let transport = Arc::new(HttpTransport::new().expect("a client"));
    let world =
        RealWorld::new(clock, &env("TRYTON_URL"), &env("TRYTON_PASSWORD"), transport.clone(), Figure::Free);
    let clerk = Clerk::log_in(transport).await;
    let engine = world.engine();
    world.approve(&engine).await;
    tokio::select! {
        ended = engine.run(std::future::pending()) => panic!("the engine ended by itself: {ended:?}"),
        () = story(&world, &clerk) => {}
    }
}

async fn story(world: &RealWorld, clerk: &Clerk) {
    let sku = "SKU-00005";
    let [here, there] = [&world.shops[0], &world.shops[1]];
    let stock = |shop: &Shop| shop.sandbox.stock(shop.units[sku]).expect("the unit");

    // Both stores begin with nonsense; the first comparison puts the ERP's figures there.
    until("both stores show the ERP's figure", async || {
        stock(here) == stock(there) && stock(here) > Decimal::ONE
    })
    .await;
    let before = stock(here);

    // An order in one store: one confirmed sale with the same total, and the other store's figure lowered although
    // nothing is reserved in the ERP.
    let order = NewOrder {
        lines: vec![NewLine::new(here.units[sku], 2)],
        shipping_gross: Decimal::new(490, 2),
        ..NewOrder::default()
    };
    let id = here.sandbox.place_order(order, world.now()).expect("the shop takes it");
    let reference = format!("{}{id}", here.prefix);
    until("the order is a confirmed sale", async || {
        clerk.sales(&reference).await.iter().any(|sale| sale["state"] == "processing")
    })
    .await;
    until("the other store shows two less", async || stock(there) == before - Decimal::TWO).await;
    let sales = clerk.sales(&reference).await;
    assert_eq!(sales.len(), 1);
    let total: Decimal =
        sales[0]["total_amount"]["decimal"].as_str().expect("a total").parse().expect("a number");
    let paid = here.sandbox.order(&id).expect("the order")["total_amount"].to_string();
    assert_eq!(total, paid.parse::<Decimal>().expect("a number"));

    // Goods received raise both stores.
    let domain = json!([["code", "=", sku]]);
    let product =
        clerk.call("model.product.product.search", vec![domain, json!(0), Value::Null, Value::Null]).await;
    clerk.receive(product[0].as_i64().expect("an id"), 10).await;
    let raised = before - Decimal::TWO + Decimal::TEN;
    until("both stores show ten more", async || stock(here) == raised && stock(there) == raised).await;

    // The waybill returns, and no figure changes because the goods leave.
    clerk.ship(&sales[0], "AWB-REAL-1").await;
    until("the waybill is in the store", async || {
        here.sandbox.order(&id).expect("the order")["shipping_awb"] == "AWB-REAL-1"
    })
    .await;
    assert_eq!((stock(here), stock(there)), (raised, raised));

    // A hand edit is found and corrected.
    there.sandbox.edit_stock(there.units[sku], Decimal::from(77));
    until("the hand edit is corrected", async || stock(there) == raised).await;

    // Tryton stopped half-way, with orders under way, and started again: nothing is lost, nothing is doubled.
    let place = || {
        let order = NewOrder { lines: vec![NewLine::new(there.units[sku], 1)], ..NewOrder::default() };
        there.sandbox.place_order(order, world.now()).expect("the shop takes it")
    };
    let amid: Vec<String> = (0..3).map(|_| place()).collect();
    until("one of them has begun its way", async || {
        world
            .repository
            .attempts(None, 20)
            .await
            .expect("the state")
            .iter()
            .any(|attempt| amid.iter().any(|id| attempt.record == format!("order {id} of {}", there.id)))
    })
    .await;
    administer(&["stop", &env("TRYTON_DIR")]).await;
    let late = place();
    let began = Instant::now();
    until("some time has passed", async || began.elapsed() > Duration::from_secs(4)).await;
    administer(&["start", &env("TRYTON_DIR"), &env("TRYTON_PORT")]).await;
    let clerk = &Clerk::log_in(Arc::new(HttpTransport::new().expect("a client"))).await;
    for id in amid.iter().chain([&late]) {
        let reference = format!("{}{id}", there.prefix);
        // A server that is stopped between a confirmation and its own processing of it leaves the sale confirmed.
        until("each is a confirmed sale", async || {
            let sales = clerk.sales(&reference).await;
            sales.iter().any(|sale| ["confirmed", "processing"].iter().any(|state| sale["state"] == *state))
        })
        .await;
        assert_eq!(clerk.sales(&reference).await.len(), 1, "{reference}");
    }
    until("both stores show four less", async || {
        let expected = raised - Decimal::from(4);
        stock(here) == expected && stock(there) == expected
    })
    .await;
}
