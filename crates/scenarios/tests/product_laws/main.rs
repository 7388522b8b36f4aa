//! The laws of products and prices under seeded faults, on virtual time: two stores and an ERP, random edits on either
//! side or on both at once, things made, renamed, retired, deleted and made wrongly; lost answers, late commits,
//! errors, webhooks twice and out of order, crashes and restarts. When all is quiet again L3 to L5 and L8 must hold,
//! nothing is there twice, and nothing that was deleted is back.
//!
//! `ZYGOS_SEEDS=5000` runs more; `ZYGOS_SEED=17` replays one, `ZYGOS_TRACE=1` says what happens in it.

#![expect(clippy::expect_used, reason = "a test may end where its ground is missing")]

mod events;
mod quiescence;
mod shelf;
mod watch;
mod wishes;

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use zygos_core::stock::Figure;
use zygos_engine::{Engine, Pace};
use zygos_scenarios::{
    seeds::{chosen, deliver_webhooks, in_a_directory, let_faults_begin, on_both_cores},
    world::World,
};

use crate::{events::Events, quiescence::Compared, watch::Watch, wishes::Wishes};

/// Most of the seeds' time goes into small pieces of memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SEEDS: u64 = 1_000;
const SEEDS_ON_SQLITE: u64 = 50;
const STEPS: u32 = 12;
const UNITS: u32 = 8;

#[test]
fn when_edits_and_faults_stop_both_sides_agree() {
    let (compared, excused) = (AtomicU64::new(0), AtomicU64::new(0));
    let seeds = chosen(SEEDS, u64::MAX);
    let many = seeds.end - seeds.start >= 100;
    on_both_cores(seeds, |seed| {
        let found = play(World::new(UNITS, Figure::Physical, seed), seed);
        compared.fetch_add(found.fields, Ordering::Relaxed);
        excused.fetch_add(found.excused, Ordering::Relaxed);
    });
    let (compared, excused) = (compared.into_inner(), excused.into_inner());
    eprintln!("{compared} fields compared, {excused} of them differ and a person is asked about them");
    // Else the seeds would prove little.
    assert!(!many || excused * 20 < compared, "{excused} of {compared} fields wait for a person");
}

#[test]
fn when_edits_and_faults_stop_both_sides_agree_with_the_state_on_sqlite() {
    on_both_cores(chosen(SEEDS_ON_SQLITE, SEEDS_ON_SQLITE), |seed| {
        in_a_directory("product-laws", seed, |directory| {
            play(World::on_sqlite(UNITS, Figure::Physical, seed, directory), seed);
        });
    });
}

/// Only products and prices move.
fn engine(world: &World) -> Engine {
    world.engine_with(|settings| {
        for store in &mut settings.stores {
            (store.stock, store.orders) = (None, None);
        }
    })
}

fn play(mut world: World, seed: u64) -> Compared {
    let seconds = Duration::from_secs;
    let wishes = Wishes::of(seed);
    wishes.put_into(&mut world);
    world.pace = Pace {
        poll_every: seconds(90),
        erp_every: seconds(90),
        erp_products_every: seconds(500),
        idle_look: seconds(90),
        verify_every: seconds(270),
        recheck_held: seconds(120),
        ..Pace::default()
    };
    let mut events = Events::new(&world, seed, wishes.has_list());
    let mut now = engine(&world);
    world.block_on(world.approve(&now));
    world.let_run(&now, seconds(30));

    let watch = Watch::over(&world, &wishes);
    let_faults_begin(&world);
    for _ in 0..STEPS {
        for _ in 0..events.chance().u8(1..3) {
            events.next(&world);
        }
        if events.webhooks {
            deliver_webhooks(&world, &now, events.chance());
        }
        let time = Duration::from_millis(events.chance().u64(100..90_000));
        world.let_run(&now, time);
        if events.chance().u8(..4) == 0 {
            // At whatever it was doing.
            drop(now);
            now = engine(&world);
        }
    }
    world.quiet();
    drop(now);
    world.pace = Pace {
        poll_every: seconds(300),
        erp_every: seconds(300),
        erp_products_every: seconds(300),
        idle_look: seconds(300),
        verify_every: seconds(300),
        ..world.pace
    };
    let now = engine(&world);
    quiescence::wait(&world, &now);
    let (compared, before) = quiescence::check(&world, &now, &wishes, &events);
    watch.nothing_may_be_written_now();
    world.pace.verify_every = seconds(1_500);
    world.pace.erp_products_every = seconds(1_500);
    world.pace.erp_every = seconds(1_200);
    world.pace.idle_look = seconds(1_200);
    world.pace.poll_every = seconds(1_200);
    let now = engine(&world);
    world.let_run(&now, seconds(3_600));
    let after = quiescence::waiting(&world, &now);
    watch.check();
    assert_eq!(before, after, "L4: something else waits a quiet hour later");
    compared
}
