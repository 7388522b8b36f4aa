//! The in-process transport and its faults, on virtual time.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, future::poll_immediate};
use http::Method;
use jiff::{Timestamp, ToSpan};
use rust_decimal::Decimal;
use zygos_core::http::{HttpRequest, HttpResponse, Transport, TransportError};
use zygos_sim::{Fault, Faults, InProcess, ManualClock};

use crate::support::{Shop, request, shop, start};

struct World {
    shop: Shop,
    clock: Arc<ManualClock>,
    faults: Arc<Faults>,
    transport: InProcess,
}

fn world(seed: u64, latency: Duration) -> World {
    let shop = shop();
    let clock = Arc::new(ManualClock::new(start()));
    let faults = Arc::new(Faults::new(seed));
    let transport = InProcess::new(clock.clone()).with_latency(latency).with_host(
        "shop.test",
        shop.sandbox.clone(),
        faults.clone(),
    );
    World { shop, clock, faults, transport }
}

impl World {
    /// Sends, letting time run from one sleeper to the next.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let mut sending = self.transport.send(request).boxed();
        loop {
            if let Some(result) = poll_immediate(&mut sending).await {
                return result;
            }
            self.clock.advance_to(self.clock.next_deadline().expect("somebody waits for a time"));
        }
    }

    fn set_stock(&self, stock: u32) -> HttpRequest {
        let target = format!("/api/v2/inventory/id/{}", self.shop.lamp);
        request(Method::PATCH, &target, &format!(r#"{{"stock":{stock}}}"#))
    }

    fn stock(&self) -> Decimal {
        self.shop.sandbox.stock(self.shop.lamp).unwrap()
    }

    fn now(&self) -> Timestamp {
        zygos_core::Clock::now(self.clock.as_ref())
    }
}

#[tokio::test]
async fn a_request_takes_its_latency_and_is_logged() {
    let world = world(1, Duration::from_millis(200));
    let response = world.send(world.set_stock(5)).await.unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(world.now(), start() + 200.milliseconds());
    let log = world.transport.log("shop.test");
    assert_eq!((log.len(), log[0].at, log[0].status), (1, start() + 100.milliseconds(), Some(200)));
    assert_eq!(world.transport.requests("shop.test"), 1);
}

#[tokio::test]
async fn an_unknown_host_cannot_be_reached() {
    let world = world(1, Duration::ZERO);
    let mut request = world.set_stock(5);
    request.url = "https://other.test/api/v2/products".to_owned();
    assert!(matches!(world.send(request).await, Err(TransportError::NotSent { .. })));
}

#[tokio::test]
async fn a_lost_answer_leaves_the_write_behind_and_a_lost_request_does_not() {
    let world = world(1, Duration::ZERO);
    for (fault, stock, waited) in [(Fault::NoAnswerBefore, 12, 30), (Fault::NoAnswerAfter, 5, 30)] {
        let begin = world.now();
        world.faults.next(1, Method::PATCH, "/inventory/", fault);
        let result = world.send(world.set_stock(5)).await;
        assert!(matches!(result, Err(TransportError::NoAnswer { .. })));
        assert_eq!(world.stock(), Decimal::from(stock), "{fault:?}");
        assert_eq!(world.now(), begin + waited.seconds());
    }
}

#[tokio::test]
async fn a_request_timed_out_at_30_seconds_can_commit_at_40() {
    let world = world(1, Duration::ZERO);
    let fault = Fault::LateApply { delay: Duration::from_secs(40) };
    world.faults.next(1, Method::PATCH, "/inventory/", fault);
    assert!(world.send(world.set_stock(5)).await.is_err());
    let get = || request(Method::GET, "/api/v2/products?limit=1", "");
    world.send(get()).await.unwrap();
    assert_eq!(world.stock(), Decimal::from(12), "30 seconds after");
    assert_eq!(world.faults.next_due(), Some(start() + 40.seconds()));
    world.clock.advance(Duration::from_secs(10));
    world.send(get()).await.unwrap();
    assert_eq!(world.stock(), Decimal::from(5), "40 seconds after");
}

#[tokio::test]
async fn quiet_forgets_faults_but_not_what_is_under_way() {
    let world = world(1, Duration::ZERO);
    world.faults.next(5, Method::PATCH, "", Fault::LateApply { delay: Duration::from_secs(1) });
    assert!(world.send(world.set_stock(5)).await.is_err());
    world.faults.quiet();
    assert!(world.send(world.set_stock(6)).await.is_ok());
    assert_eq!(world.stock(), Decimal::from(6), "the late one came first");
}

#[tokio::test]
async fn broken_answers_look_broken() {
    let world = world(1, Duration::ZERO);
    for (fault, status, json, stock) in [
        (Fault::InternalError, 500, false, 12),
        (Fault::Unavailable, 503, false, 12),
        (Fault::Redirect, 301, false, 12),
        (Fault::InternalErrorAfter, 500, false, 1),
        (Fault::NotJson, 200, false, 2),
        (Fault::Truncated, 200, false, 3),
        (Fault::Slow { delay: Duration::from_secs(5) }, 200, true, 4),
    ] {
        world.faults.next(1, Method::PATCH, "/inventory/", fault);
        let target = if stock == 12 { 9 } else { stock };
        let response = world.send(world.set_stock(target)).await.unwrap();
        assert_eq!(response.status.as_u16(), status, "{fault:?}");
        let readable = serde_json::from_slice::<serde_json::Value>(&response.body).is_ok();
        assert_eq!((readable, world.stock()), (json, Decimal::from(stock)), "{fault:?}");
    }
    assert_eq!(world.now(), start() + 5.seconds());
}

#[tokio::test]
async fn an_answer_slower_than_the_clients_patience_is_lost_but_carried_out() {
    let world = world(1, Duration::ZERO);
    world.faults.next(1, Method::PATCH, "/inventory/", Fault::Slow { delay: Duration::from_secs(60) });
    assert!(matches!(world.send(world.set_stock(5)).await, Err(TransportError::NoAnswer { .. })));
    assert_eq!((world.stock(), world.now()), (Decimal::from(5), start() + 30.seconds()));
}

#[tokio::test]
async fn a_host_that_is_down_refuses_until_it_is_up() {
    let world = world(1, Duration::ZERO);
    world.faults.down_until(start() + 10.seconds());
    assert!(matches!(world.send(world.set_stock(5)).await, Err(TransportError::NotSent { .. })));
    world.clock.advance(Duration::from_secs(10));
    assert!(world.send(world.set_stock(5)).await.is_ok());
    assert_eq!(world.faults.inflicted()[&Fault::NotSent], 1);
}

#[tokio::test]
async fn equal_seeds_give_equal_luck() {
    async fn luck(seed: u64) -> Vec<bool> {
        let world = world(seed, Duration::ZERO);
        world.faults.set_rate(Fault::Unavailable, 300);
        world.faults.set_rate(Fault::NotSent, 200);
        let mut results = Vec::new();
        for _ in 0..50 {
            let result = world.send(world.set_stock(5)).await;
            results.push(result.is_ok_and(|response| response.status == 200));
        }
        results
    }
    let first = luck(7).await;
    assert_eq!(first, luck(7).await);
    assert_ne!(first, luck(8).await);
    assert!(first.contains(&true) && first.contains(&false));
}

#[tokio::test]
async fn a_fault_asked_for_by_a_text_of_the_body_strikes_only_there() {
    let world = world(1, Duration::ZERO);
    world.faults.next_with(1, "\"stock\":5", Fault::Unavailable);
    for (stock, status) in [(4, 200), (5, 503), (5, 200)] {
        assert_eq!(world.send(world.set_stock(stock)).await.unwrap().status, status);
    }
}
