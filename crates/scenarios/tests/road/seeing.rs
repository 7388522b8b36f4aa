//! Every order is seen: by polling, by hints, and however many came meanwhile.

use std::time::Duration;

use http::{HeaderMap, HeaderName};
use jiff::SignedDuration;
use rust_decimal::Decimal;
use zygos_scenarios::world::HOOK_SECRET;
use zygos_sim::merchantpro::{ShippingStatus, Webhook};

use crate::support::{ATHENS, CLUJ, MINUTE, Road};

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn an_order_is_found_although_two_pages_of_newer_ones_came_meanwhile() {
    let road = Road::ready();
    let sku = road.plenty(3);
    let until = road.world.now() + Duration::from_secs(3600);
    road.world.shops[CLUJ].faults.down_until(until);
    let id = road.order(CLUJ, &sku, 1);
    let (first, last) = (road.stock(ATHENS, &sku), Decimal::from(230));
    for _ in 0..230 {
        let mut newer = road.basket(CLUJ, &sku, 1);
        newer.shipping_status = ShippingStatus::Temporary;
        newer.created_by = "system".to_owned();
        road.place(CLUJ, newer);
    }
    road.run(90);
    road.sale(CLUJ, &id);
    assert_eq!(road.world.living_sales().len(), 1, "a checkout that isn't finished is never imported");
    // … but its goods are taken.
    assert_eq!(road.stock(ATHENS, &sku), (first - Decimal::ONE - last).max(Decimal::ZERO));
}

#[test]
fn a_checkout_that_is_given_up_puts_its_goods_back_into_the_other_store() {
    let road = Road::ready();
    let sku = road.plenty(6);
    let before = road.stocks(&sku);
    let mut order = road.basket(CLUJ, &sku, 4);
    order.shipping_status = ShippingStatus::Temporary;
    let id = road.place(CLUJ, order);
    road.run(2);
    assert_eq!(road.stock(ATHENS, &sku), before[ATHENS] - Decimal::from(4));
    road.cancel(CLUJ, &id);
    road.run(30);
    assert_eq!(road.stocks(&sku), before);
    assert!(road.world.erp.sales().is_empty());
}

#[test]
fn a_finished_checkout_is_imported() {
    let road = Road::ready();
    let sku = road.plenty(6);
    let mut order = road.basket(CLUJ, &sku, 1);
    order.shipping_status = ShippingStatus::Temporary;
    let id = road.place(CLUJ, order);
    road.run(10);
    assert!(road.world.erp.sales().is_empty());
    let shop = &road.world.shops[CLUJ].sandbox;
    shop.set_shipping_status(&id, ShippingStatus::Awaiting, road.world.now()).expect("it is finished");
    road.run(10);
    road.sale(CLUJ, &id);
}

#[test]
fn a_hint_is_followed_at_once_and_a_forged_one_never() {
    let road = Road::with(|settings| {
        settings.pace.poll_every = DAY;
        settings.pace.verify_every = DAY;
    });
    let sku = road.plenty(6);
    let shop = &road.world.shops[CLUJ];
    shop.sandbox.configure(|settings| {
        settings.webhooks = vec![Webhook {
            url: "https://zygos.test/hooks/cluj".to_owned(),
            secret: HOOK_SECRET.to_owned(),
            topics: std::collections::BTreeSet::new(),
        }];
    });
    road.meanwhile(async {
        road.pass(MINUTE).await;
        let id = road.order(CLUJ, &sku, 1);
        let hooks = shop.sandbox.take_webhooks();
        let hook = hooks.iter().find(|hook| hook.topic == "order.created").expect("the shop tells of it");
        let forged = road.engine.take_webhook(&shop.id, &HeaderMap::new(), &hook.body).await;
        assert!(forged.expect("the state can be written").is_err());
        road.pass(60 * MINUTE).await;
        assert!(road.world.erp.sales().is_empty(), "nobody believes a hint without its signature");

        let headers: HeaderMap = hook
            .headers
            .iter()
            .map(|(name, value)| {
                let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
                (name, value.parse().expect("a value"))
            })
            .collect();
        // Delivered twice, as webhooks are.
        for _ in 0..2 {
            let taken = road.engine.take_webhook(&shop.id, &headers, &hook.body).await;
            assert_eq!(taken.expect("the state can be written"), Ok(()));
        }
        road.pass(MINUTE).await;
        assert_eq!(road.sales(CLUJ, &id).len(), 1);
    });
}

#[test]
fn a_store_whose_clock_is_hours_off_loses_no_order() {
    for hours in [-5, 5] {
        let road = Road::ready();
        let sku = road.plenty(6);
        let first = road.order(CLUJ, &sku, 1);
        road.run(2);
        road.world.shops[CLUJ].sandbox.move_time(SignedDuration::from_hours(hours));
        let second = road.order(CLUJ, &sku, 1);
        road.run(2);
        road.world.shops[CLUJ].sandbox.move_time(SignedDuration::from_hours(-hours));
        let third = road.order(CLUJ, &sku, 1);
        road.run(2);
        for id in [first, second, third] {
            road.sale(CLUJ, &id);
        }
    }
}
