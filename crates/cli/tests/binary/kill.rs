//! `kill -9` at the moments where it hurts: the other side has done it, and nobody has heard the answer.

use std::time::Duration;

use http::Method;
use zygos_core::Clock;
use zygos_sim::Fault;

use crate::{
    process::{soon, until},
    world::{MachineClock, World},
};

/// Longer than any of these tests: the answer never comes.
const NEVER: Fault = Fault::Slow { delay: Duration::from_secs(600) };
const ROUNDS: usize = 50;
/// What the ERP is killed in the midst of: mostly the sale itself.
const MOMENTS: [&str; 5] = [
    "model.sale.sale.create",
    "model.party.party.create",
    "model.sale.sale.create",
    "model.sale.sale.confirm",
    "model.sale.sale.create",
];

#[test]
fn fifty_kills_between_the_erps_insert_and_its_answer_lose_and_double_nothing() {
    let world = World::new();
    world.approve();
    let mut serve = world.serve();
    let state = world.state();
    for round in 0..ROUNDS {
        let moment = MOMENTS[round % MOMENTS.len()];
        let before = world.erp.carried_out(moment);
        world.erp.faults.next_with(1, moment, NEVER);
        let reference = world.place_order(round % 2);
        // Carried out, and the answer withheld.
        until(&format!("{moment} is carried out"), || serve.log(), || world.erp.carried_out(moment) > before);
        // Writes to stores have a story of their own, which takes a minute; all but the first rounds let them end.
        if round > 5 {
            soon(|| world.wrong_figures().is_empty() && !world.is_writing_to_stores(&state));
        }
        serve.kill();
        serve = world.serve();
        world.until_placed(&serve, &reference);
    }
    world.until_balanced(&serve, Duration::from_secs(100));
    world.expect_all_once();
    assert_eq!(world.erp.sandbox.sales().len(), ROUNDS);
    // Nobody is a customer twice: each was created once, and whoever was created before the kill was found again.
    assert_eq!(world.erp.carried_out("model.party.party.create"), ROUNDS);
    assert_eq!(serve.stop(), Some(0));
    assert!(world.run(&["issues"]).expect_code(0).out.contains("nothing needs you"));
}

#[test]
fn a_kill_between_a_stores_figure_and_its_answer_is_settled_by_looking() {
    let world = World::new();
    world.approve();
    let mut serve = world.serve();
    serve.until_it_says("Listening");
    let store = &world.shops[1].served;
    for _ in 0..3 {
        let before = store.carried_out("PATCH ");
        store.faults.next(1, Method::PATCH, "/api/v2/", NEVER);
        let reference = world.place_order(0);
        until("a figure is written", || serve.log(), || store.carried_out("PATCH ") > before);
        serve.kill();
        serve = world.serve();
        world.until_placed(&serve, &reference);
    }
    // A write that may still land is waited for: a minute and the time of a call. Goods that arrive meanwhile are not
    // overwritten by it.
    let (product, warehouse) = world.any_product();
    let supplier = world.erp.sandbox.add_party("Wholesale Supplier", MachineClock.now()).unwrap();
    let lines = [(product, 10.into())];
    world.erp.sandbox.receive_purchase(supplier, warehouse, &lines, MachineClock.now()).unwrap();
    world.until_balanced(&serve, Duration::from_secs(100));
    world.expect_all_once();
}

#[test]
fn a_kill_in_the_midst_of_the_first_sync_leaves_nothing_behind() {
    let world = World::new();
    world.approve();
    let references = [world.place_order(0), world.place_order(1), world.place_order(0)];
    // At different depths of the very first run: nothing read yet, the goods read, the first customer, the first sale.
    for (side, moment) in [
        ("erp", "common.db.login"),
        ("store", "/api/v2/products"),
        ("erp", "model.party.party.create"),
        ("erp", "model.sale.sale.create"),
    ] {
        let carried_out = || match side {
            "erp" => world.erp.carried_out(moment),
            _ => world.shops[0].served.carried_out(moment),
        };
        let before = carried_out();
        match side {
            "erp" => world.erp.faults.next_with(1, moment, NEVER),
            _ => world.shops[0].served.faults.next(1, Method::GET, moment, NEVER),
        }
        let sync = crate::process::Running::of(world.command(&["sync"]));
        until(&format!("{moment} is carried out"), || sync.log(), || carried_out() > before);
        sync.kill();
    }
    world.run(&["sync"]).expect_code(0);
    for reference in &references {
        assert!(world.is_placed(reference), "{reference}");
    }
    world.expect_all_once();
    assert_eq!(world.erp.carried_out("model.party.party.create"), 3);
    assert_eq!(world.wrong_figures(), Vec::<String>::new());
}
