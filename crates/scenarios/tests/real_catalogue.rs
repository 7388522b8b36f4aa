//! Products and prices between two sandbox stores and a real Tryton. `./test` starts one; without it these tests fail.

#![expect(clippy::expect_used, reason = "a test may end where its ground is missing")]

use std::sync::Arc;

use rust_decimal::Decimal;
use zygos_connectors::transport::HttpTransport;
use zygos_core::{SharedClock, stock::Figure};
use zygos_scenarios::{
    clerk::{MachineClock, env},
    flows::{both_ways, gross_prices},
    real::RealWorld,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_catalogue_of_a_tryton_appears_in_both_stores() {
    let clock: SharedClock = Arc::new(MachineClock);
    let out = Arc::new(HttpTransport::new().expect("a client"));
    let world = RealWorld::selling(0, clock, &env("TRYTON_URL"), &env("TRYTON_PASSWORD"), out, Figure::Free);
    let engine = world.engine_with(|settings| {
        for store in &mut settings.stores {
            store.products = Some(both_ways());
            store.prices = Some(gross_prices(None));
        }
    });
    world.approve(&engine).await;
    for round in 0..3 {
        let troubles = engine.sync().await.expect("the state can be written");
        println!("round {round}: {troubles:?}");
        for issue in world.repository.issues(false).await.expect("issues").iter().take(12) {
            println!("  issue {} {}: {}", issue.kind, issue.subject, issue.text);
        }
        for shop in &world.shops {
            println!("  {} has {} units", shop.id, shop.sandbox.units().len());
        }
        println!("  outbox {}", world.repository.outbox(None, 100_000).await.expect("rows").len());
    }
    let first = world.shops[0].sandbox.products();
    println!("{}", serde_json::to_string_pretty(&first.last()).expect("json"));
    assert!(world.shops.iter().all(|shop| shop.sandbox.units().len() > 200), "{}", Decimal::ONE);
}
