//! A state that can't be written any more: said once, nothing done that the state doesn't know of, nothing lost.

use std::process::Command;

use zygos_core::{ConnectionId, RemoteKey};
use zygos_storage::{OutboxRecord, Repository};

use crate::{process::until, world::World};

/// The smallest room in which the first reading of everything still fits.
const ROOM: u32 = 700;

/// Fills the state until it takes no more, with orders.
fn fill(world: &World, serve: &mut crate::process::Running) {
    for round in 0..400 {
        if serve.log().contains("cannot be written") {
            break;
        }
        let reference = world.place_order(round % 2);
        until(
            &format!("{reference} is placed or the disk is full"),
            || serve.log(),
            || world.is_placed(&reference) || serve.log().contains("cannot be written"),
        );
    }
    serve.until_it_says("cannot be written");
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

#[test]
fn a_full_disk_is_said_and_after_a_restart_nothing_is_lost_or_doubled() {
    let world = World::new();
    world.approve();
    let mut serve = world.serve_with_room_for(ROOM);
    serve.until_it_says("Listening");
    fill(&world, &mut serve);
    let log = serve.log();
    assert!(log.contains("zygos.db cannot be written") && log.contains("free some space"), "{log}");
    assert!(log.contains("it is tried again by itself"), "{log}");
    let late = world.place_order(0);
    serve.kill();
    expect_no_unknown_sale(&world);

    let serve = world.serve();
    world.until_placed(&serve, &late);
    world.until_balanced(&serve, std::time::Duration::from_secs(100));
    world.expect_all_once();
}

#[test]
fn a_server_goes_on_by_itself_once_there_is_space() {
    let world = World::new();
    world.approve();
    let mut serve = world.serve_with_room_for(ROOM);
    serve.until_it_says("Listening");
    fill(&world, &mut serve);
    let late = world.place_order(0);
    let id = serve.id().to_string();
    let lifted = Command::new("prlimit").args(["--pid", &id, "--fsize=unlimited"]).status();
    assert!(lifted.expect("util-linux has prlimit").success());
    serve.until_it_says("The state can be written again");
    world.until_placed(&serve, &late);
    world.until_balanced(&serve, std::time::Duration::from_secs(100));
    world.expect_all_once();
    assert_eq!(serve.stop(), Some(0));
}

#[test]
fn a_command_on_a_full_disk_ends_with_3_and_says_what_to_do() {
    let world = World::new();
    world.approve();
    let reference = world.place_order(0);
    let done = crate::process::Done::of(world.limited(64, "sync")).expect_code(3);
    let all = done.all();
    assert!(all.contains("zygos.db cannot be written") && all.contains("free some space"), "{all}");
    expect_no_unknown_sale(&world);
    world.run(&["sync"]).expect_code(0);
    assert!(world.is_placed(&reference));
    world.expect_all_once();
}
