//! What goes wrong in everyday life: run again, answer lost, refused for a while. `kill` has the fourth.

use http::Method;
use zygos_sim::Fault;

use crate::{
    process::{Running, until},
    world::World,
};

#[test]
fn what_is_run_again_writes_nothing_and_makes_no_second_order() {
    let world = World::new();
    world.approve();
    let reference = world.place_order(0);
    world.run(&["sync"]).expect_code(0);
    world.expect_all_once();
    assert_eq!(world.wrong_figures(), Vec::<String>::new());
    let writes = || (world.erp.writes(), world.shops[0].served.writes(), world.shops[1].served.writes());
    let before = writes();
    let done = world.run(&["sync"]).expect_code(0);
    assert!(done.out.contains("changes that wait: 0, open issues: 0"), "{}", done.out);
    assert_eq!(writes(), before);

    let order = reference.trim_start_matches("C-");
    world.run(&["replay", order]).expect_code(0);
    world.run(&["sync"]).expect_code(0);
    assert_eq!(writes(), before);
    world.expect_all_once();

    // Also beside a server that runs.
    let mut serve = world.serve();
    serve.until_it_says("Listening");
    let looked = || world.erp.carried_out("model.sale.sale.search_read");
    let before_replay = looked();
    world.run(&["replay", order]).expect_code(0);
    until("the server looks at the order again", || serve.log(), || looked() > before_replay);
    let another = world.place_order(0);
    world.until_placed(&serve, &another);
    world.expect_all_once();
}

#[test]
fn an_answer_that_is_lost_after_storing_makes_no_second_sale() {
    let world = World::new();
    world.approve();
    let mut serve = world.serve();
    serve.until_it_says("Listening");
    for moment in ["model.party.party.create", "model.sale.sale.create", "model.sale.sale.confirm"] {
        for lost in [Fault::NoAnswerAfter, Fault::Truncated, Fault::InternalErrorAfter] {
            let before = world.erp.carried_out(moment);
            world.erp.faults.next_with(1, moment, lost);
            let reference = world.place_order(0);
            world.until_placed(&serve, &reference);
            assert!(world.erp.carried_out(moment) > before);
            assert!(world.erp.faults.inflicted().contains_key(&lost), "{lost:?} never struck");
        }
    }
    world.expect_all_once();
    assert_eq!(world.erp.carried_out("model.party.party.create"), 9);
}

/// What a one-shot command and a server say and do while the ERP refuses, and after.
#[test]
fn an_erp_that_refuses_for_a_while_gets_everything_once_when_it_is_back() {
    let world = World::new();
    world.approve();
    let mut serve = world.serve();
    serve.until_it_says("Listening");
    let first = world.place_order(0);
    world.until_placed(&serve, &first);
    let mut references = Vec::new();
    for fault in [Fault::NotSent, Fault::Unavailable, Fault::InternalError] {
        world.erp.faults.set_rate(fault, 1000);
        references.extend([world.place_order(0), world.place_order(1)]);
        told_of(&world, &serve);
        assert!(references.iter().rev().take(2).all(|reference| world.sales(reference).is_empty()));
        world.erp.faults.set_rate(fault, 0);
        for reference in &references {
            world.until_placed(&serve, reference);
        }
        until(
            "the trouble is over",
            || serve.log(),
            || {
                let issues = world.run(&["issues"]);
                issues.code == Some(0) && issues.out.contains("nothing needs you")
            },
        );
    }
    world.until_balanced(&serve, crate::process::PATIENCE);
    world.expect_all_once();
    // The ERP shows an order before its answer has arrived and is settled here.
    until(
        "nothing waits any more",
        || format!("{}\n{}", status_of(&world, &serve, "erp"), serve.log()),
        || {
            let erp = status_of(&world, &serve, "erp");
            erp["trouble"].is_null() && erp["waiting"] == 0
        },
    );
}

/// The ERP does not answer: the log, `issues` and `/status` say so in plain words, and what waits is counted.
fn told_of(world: &World, serve: &Running) {
    until(
        "people are told",
        || serve.log(),
        || world.run(&["issues"]).out.contains("erp has not answered properly"),
    );
    let issues = world.run(&["issues"]).expect_code(0).out;
    assert!(issues.contains("Nothing is lost; it is tried again by itself"), "{issues}");
    until(
        "the orders are seen",
        || serve.log(),
        || status_of(world, serve, "erp")["waiting"].as_u64() >= Some(2),
    );
    let erp = status_of(world, serve, "erp");
    let trouble = erp["trouble"]["text"].as_str().unwrap_or_default();
    assert!(!trouble.is_empty(), "{erp}");
}

fn status_of(world: &World, serve: &Running, name: &str) -> serde_json::Value {
    let status = world.status(serve);
    let connections = status["connections"].as_array().expect("connections");
    connections.iter().find(|connection| connection["connection"] == name).expect("it is listed").clone()
}

#[test]
fn a_store_whose_answers_are_lost_is_told_everything_once() {
    let world = World::new();
    world.approve();
    let mut serve = world.serve();
    serve.until_it_says("Listening");
    let reference = world.place_order(0);
    world.until_placed(&serve, &reference);
    // A stock write is carried out and its answer lost; another store's figure is never raised by it.
    world.shops[1].served.faults.next(1, Method::PATCH, "/api/v2/", Fault::NoAnswerAfter);
    let another = world.place_order(0);
    world.until_placed(&serve, &another);
    // A write that may still land is waited for, then read back: a minute and the time of a call.
    world.until_balanced(&serve, std::time::Duration::from_secs(100));
    world.expect_all_once();
}
