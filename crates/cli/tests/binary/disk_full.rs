//! A state that can't be written any more: said once, nothing done that the state doesn't know of, nothing lost.
//!
//! The disk is a limit on the size of the process's files, which can be set and lifted while it runs.

use std::{process::Command, time::Duration};

use zygos_core::{ConnectionId, RemoteKey};
use zygos_sim::Fault;
use zygos_storage::{OutboxRecord, Repository};

use crate::{
    process::{Done, Running, soon, until},
    world::World,
};

/// Nothing can be added to any file of the process, or everything.
fn limit(serve: &Running, bytes: &str) {
    let (id, size) = (serve.id().to_string(), format!("--fsize={bytes}:unlimited"));
    let set = Command::new("prlimit").args(["--pid", &id, &size]).status();
    assert!(set.expect("util-linux has prlimit").success());
}

/// Every sale of the ERP is one that the state knows of: as the order's document, or as a question of its row.
fn expect_no_unknown_sale(world: &World) {
    let state = world.state();
    world.runtime.block_on(async {
        let rows = state.outbox(Some(&ConnectionId::new("erp")), 10_000).await.unwrap();
        for sale in world.erp.sandbox.sales() {
            let reference = sale.web_id.expect("a reference");
            let (prefix, id) = reference.split_at(2);
            let store = ConnectionId::new(if prefix == "C-" { "cluj" } else { "athens" });
            let stored = state.order(&store, &RemoteKey::new(id)).await.unwrap();
            let is_known = stored.is_some_and(|stored| stored.document.is_some());
            let record = OutboxRecord::Order { store, order: RemoteKey::new(id) };
            let is_asked = rows.iter().any(|row| row.record == record && row.sent.is_some());
            assert!(is_known || is_asked, "the state knows nothing of {reference}");
        }
        state.close().await;
    });
}

/// The disk is full at the worst moment: the sale is entered, and its answer can't be stored. Another order comes in
/// meanwhile. Answers the references of both.
fn fill_in_the_midst_of_a_sale(world: &World, serve: &mut Running) -> [String; 2] {
    serve.until_it_says("Listening");
    let first = world.place_order(0);
    world.until_placed(serve, &first);
    world.erp.faults.next_with(
        1,
        "model.sale.sale.create",
        Fault::Slow { delay: Duration::from_millis(500) },
    );
    let amid = world.place_order(1);
    until("the sale is entered", || serve.log(), || !world.sales(&amid).is_empty());
    limit(serve, "1");
    serve.until_it_says("cannot be written");
    let late = world.place_order(0);
    let writes = world.erp.writes();
    let before = world.erp.carried_out("");
    // Tried again at least twice, each time in vain: not a single write leaves, and it is said only once.
    for _ in 0..12 {
        soon(|| world.is_placed(&late));
    }
    assert_eq!(world.erp.writes(), writes, "{}", serve.log());
    assert_eq!(world.erp.carried_out(""), before, "{}", serve.log());
    let log = serve.log();
    assert_eq!(log.matches("cannot be written").count(), 1, "{log}");
    assert!(log.contains("zygos.db cannot be written") && log.contains("free some space"), "{log}");
    assert!(log.contains("it is tried again by itself"), "{log}");
    [amid, late]
}

#[test]
fn a_full_disk_is_said_and_after_a_restart_nothing_is_lost_or_doubled() {
    let world = World::new();
    world.approve();
    let mut serve = Running::of(world.on_a_disk("unlimited", "serve"));
    let references = fill_in_the_midst_of_a_sale(&world, &mut serve);
    serve.kill();
    expect_no_unknown_sale(&world);

    let serve = world.serve();
    for reference in &references {
        world.until_placed(&serve, reference);
    }
    world.until_balanced(&serve, Duration::from_secs(100));
    world.expect_all_once();
}

#[test]
fn a_server_goes_on_by_itself_once_there_is_space() {
    let world = World::new();
    world.approve();
    let mut serve = Running::of(world.on_a_disk("unlimited", "serve"));
    let references = fill_in_the_midst_of_a_sale(&world, &mut serve);
    limit(&serve, "unlimited");
    serve.until_it_says("The state can be written again");
    for reference in &references {
        world.until_placed(&serve, reference);
    }
    world.until_balanced(&serve, Duration::from_secs(100));
    world.expect_all_once();
    assert_eq!(serve.stop(), Some(0));
}

#[test]
fn a_server_that_starts_on_a_full_disk_waits_for_space_too() {
    let world = World::new();
    let mut serve = Running::of(world.on_a_disk("8", "serve"));
    serve.until_it_says("cannot be written");
    assert_eq!(world.erp.carried_out(""), 0);
    limit(&serve, "unlimited");
    serve.until_it_says("Listening");
    world.approve();
    let reference = world.place_order(0);
    world.until_placed(&serve, &reference);
}

#[test]
fn a_command_on_a_full_disk_ends_with_3_and_says_what_to_do() {
    let world = World::new();
    world.approve();
    let reference = world.place_order(0);
    // Room for nothing, for the state itself, for some of what is read.
    for kilobytes in ["1", "100", "200", "300"] {
        let done = Done::of(world.on_a_disk(kilobytes, "sync")).expect_code(3);
        let all = done.all();
        assert!(all.contains("cannot be written") && all.contains("free some space"), "{all}");
        expect_no_unknown_sale(&world);
    }
    world.run(&["sync"]).expect_code(0);
    assert!(world.is_placed(&reference));
    world.expect_all_once();
}
