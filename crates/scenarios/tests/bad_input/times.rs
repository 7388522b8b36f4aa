//! The hour that comes twice: at 04:00 on 25 October 2026 the clocks of Bucharest go back to 03:00.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use zygos_core::stock::Figure;
use zygos_engine::Engine;
use zygos_scenarios::{
    stories::{MINUTE, begun, open_issue, open_issues, order, place, plenty, sales_of},
    world::World,
};
use zygos_sim::merchantpro::NewOrder;
use zygos_storage::MemoryRepository;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// An hour before the first of the two hours that are both called three.
fn the_night(figure: Figure) -> World {
    World::on(12, figure, 3, at("2026-10-24T23:00:00Z"), Arc::new(MemoryRepository::new()))
}

fn run_until(world: &World, engine: &Engine, text: &str) {
    let time = at(text).duration_since(world.now());
    world.let_run(engine, Duration::try_from(time).expect("it lies ahead"));
}

fn created(world: &World, order: &str) -> String {
    let shown = world.shops[0].sandbox.order(order).expect("the order");
    shown["date_created"].as_str().expect("a date").to_owned()
}

#[test]
fn orders_of_both_passes_through_the_hour_are_seen_once_each_and_in_their_order() {
    let world = the_night(Figure::Free);
    let engine = begun(&world, world.engine());
    let sku = plenty(&world, 5);
    let cluj = &world.shops[0];
    run_until(&world, &engine, "2026-10-25T00:30:00Z");
    let first = order(cluj, &sku, 1, &world);
    run_until(&world, &engine, "2026-10-25T01:30:00Z");
    let second = order(cluj, &sku, 1, &world);
    // The same time on the wall, an hour apart.
    assert_eq!(created(&world, &first), "2026-10-25T03:30:00+03:00");
    assert_eq!(created(&world, &second), "2026-10-25T03:30:00+02:00");
    run_until(&world, &engine, "2026-10-25T03:00:00Z");
    for id in [&first, &second] {
        assert_eq!(sales_of(&world, cluj, id), 1, "{id}");
    }
    let entered: Vec<String> = world.erp.sales().into_iter().filter_map(|sale| sale.web_id).collect();
    assert_eq!(entered, [format!("C-{first}"), format!("C-{second}")]);
    assert_eq!(open_issues(&world), []);
}

#[test]
fn a_go_live_between_the_two_passes_divides_them() {
    let world = the_night(Figure::Free);
    let engine = world.engine_with(|settings| {
        for flow in settings.stores.iter_mut().filter_map(|store| store.orders.as_mut()) {
            flow.orders_from = at("2026-10-25T03:30:00+02:00");
        }
    });
    let engine = begun(&world, engine);
    let sku = plenty(&world, 5);
    let cluj = &world.shops[0];
    run_until(&world, &engine, "2026-10-25T00:45:00Z");
    // A quarter of an hour after the go-live by the wall, three quarters before it by any clock.
    let before = order(cluj, &sku, 1, &world);
    run_until(&world, &engine, "2026-10-25T01:30:00Z");
    let after = order(cluj, &sku, 1, &world);
    run_until(&world, &engine, "2026-10-25T01:40:00Z");
    assert_eq!((sales_of(&world, cluj, &before), sales_of(&world, cluj, &after)), (0, 1));
    let issue = open_issue(&world, "before_go_live", &before).expect("somebody is asked");
    assert!(issue.text.contains(&before) && issue.text.contains("`orders_from`"), "{}", issue.text);
    world.block_on(engine.answer(issue.id, "import")).expect("it is answered");
    run_until(&world, &engine, "2026-10-25T01:42:00Z");
    assert_eq!((sales_of(&world, cluj, &before), sales_of(&world, cluj, &after)), (1, 1));
    assert_eq!(open_issues(&world), []);
}

#[test]
fn a_busy_store_that_sorts_by_the_wall_clock_hides_no_order_in_the_second_pass() {
    let world = the_night(Figure::Free);
    let engine = begun(&world, world.engine());
    let sku = plenty(&world, 5);
    let cluj = &world.shops[0];
    cluj.sandbox.configure(|shop| shop.sorts_by_local_time = true);
    let by_staff = || NewOrder { created_by: "system".to_owned(), ..NewOrder::default() };
    let one = [(cluj.units[&sku], 1.into())];
    run_until(&world, &engine, "2026-10-25T00:20:00Z");
    // More than a page between 03:20 and 04:00, the first time.
    for _ in 0..110 {
        place(cluj, &one, by_staff(), &world);
        world.let_run(&engine, Duration::from_secs(21));
    }
    run_until(&world, &engine, "2026-10-25T01:05:00Z");
    // Five past three again: it stands below all of them.
    let hidden = place(cluj, &one, by_staff(), &world);
    world.let_run(&engine, 2 * MINUTE);
    assert_eq!(sales_of(&world, cluj, &hidden), 1);
    run_until(&world, &engine, "2026-10-25T03:00:00Z");
    let sales = world.living_sales();
    assert_eq!((sales.len(), sales.values().max()), (111, Some(&1)));
    assert_eq!(open_issues(&world), []);
}
