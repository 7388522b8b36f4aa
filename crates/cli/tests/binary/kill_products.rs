//! `kill -9` amid products that are being made and edited on all sides.

use std::time::{Duration, Instant};

use http::Method;
use zygos_core::{Clock, ConnectionId, clock::later};
use zygos_sim::Fault;
use zygos_storage::{Mutation, OutboxKind, OutboxRecord, Repository, Settled, SqliteRepository};

use crate::{
    goods::{ATHENS, CLUJ, FLOWS, Goods},
    process::until_within,
    world::{MachineClock, World},
};

/// Longer than the test: the answer never comes.
const NEVER: Fault = Fault::Slow { delay: Duration::from_secs(600) };
/// Lives in which people make something new.
const LIVES: usize = 25;
/// Deaths with a write to a product under way that nobody heard the answer of. As many lives as that takes, within reason.
const AMID: usize = 25;
const MOST_LIVES: usize = 60;
/// Of a process that finds nothing to write.
const LONGEST_LIFE: Duration = Duration::from_secs(2);
/// Beyond the time in which a write may still land.
const BEYOND: Duration = Duration::from_secs(600);
/// Known to all sides before the first death.
const BASE: usize = 10;
const IN_ERP: usize = 40;
const IN_STORE: usize = 10;

#[test]
fn kills_amid_products_that_are_made_and_edited_on_all_sides_lose_and_double_nothing() {
    let seed = std::env::var("ZYGOS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut random = fastrand::Rng::with_seed(seed);
    let world = World::with(0, FLOWS);
    let mut goods = Goods::begin(&world);
    for _ in 0..BASE {
        goods.make_in_erp(&world);
    }
    world.approve();
    for _ in 0..2 {
        world.run(&["sync"]).expect_code(0);
    }
    assert_eq!(goods.differences(&world), Vec::<String>::new(), "the beginning");
    let state = world.state();
    let (mut life, mut amid) = (0, 0);
    while life < LIVES || amid < AMID {
        assert!(life < MOST_LIVES, "only {amid} of {life} deaths came amid a write to a product");
        people_work(&world, &mut goods, life, &mut random);
        let began = MachineClock.now();
        live_and_die(&world, life, &mut random);
        amid += usize::from(is_amid(&world, &state, began));
        if random.bool() {
            time_passes(&world, &state);
        }
        life += 1;
    }
    println!("{amid} of {life} deaths came amid a write to a product, seed {seed}");
    time_passes(&world, &state);
    let serve = world.serve();
    until_within(
        Duration::from_secs(30),
        "everything is in balance",
        || {
            format!(
                "seed {seed}\n{:#?}\n{:#?}\n{}",
                goods.differences(&world),
                waiting(&world, &state),
                serve.log()
            )
        },
        || goods.differences(&world).is_empty() && waiting(&world, &state).is_empty(),
    );
    assert_eq!(serve.stop(), Some(0));
    let issues = world.run(&["issues"]).expect_code(0).out;
    assert!(issues.contains("nothing needs you"), "{issues}");
    let writes =
        || (world.erp.writes(), world.shops[CLUJ].served.writes(), world.shops[ATHENS].served.writes());
    let before = writes();
    world.run(&["sync"]).expect_code(0);
    assert_eq!(writes(), before, "nothing is left to be written");
}

/// All make and edit something, so that there is something to write in every life.
fn people_work(world: &World, goods: &mut Goods, life: usize, random: &mut fastrand::Rng) {
    let so_far = |life: usize, all: usize| life.min(LIVES) * all / LIVES;
    let share = |all: usize| so_far(life + 1, all) - so_far(life, all);
    for _ in 0..share(IN_ERP) {
        let number = goods.make_in_erp(world);
        if random.bool() {
            goods.edit_in_erp(world, number);
        }
    }
    for _ in 0..share(IN_STORE) {
        goods.make_in_store(world);
    }
    // Each field of each is edited on one side only: what both edit is for a person.
    goods.edit_in_erp(world, random.usize(0..BASE));
    goods.edit_in_cluj(world, random.usize(0..BASE));
    match random.usize(0..BASE) {
        number if number < BASE / 2 => goods.price_in_athens(world, number),
        number => goods.price_in_erp(world, number),
    }
}

/// A process lives until something of it is carried out whose answer it will never hear, or until it has written a few
/// times and a moment longer.
fn live_and_die(world: &World, life: usize, random: &mut fastrand::Rng) {
    let writes = || {
        let of = |shop: usize| world.shops[shop].served.writes().len();
        world.erp.writes().len() + of(CLUJ) + of(ATHENS)
    };
    let struck = || {
        let all = [&world.erp.faults, &world.shops[CLUJ].served.faults, &world.shops[ATHENS].served.faults];
        all.iter().map(|faults| faults.inflicted().get(&NEVER).copied().unwrap_or_default()).sum::<u64>()
    };
    let before = struck();
    let is_withheld = !life.is_multiple_of(4);
    let few = writes() + random.usize(1..6);
    if is_withheld {
        let shop = &world.shops[random.usize(0..2)].served.faults;
        match random.usize(0..5) {
            0 => world.erp.faults.next_with(1, "model.product.template.create", NEVER),
            1 => world.erp.faults.next_with(1, "model.product.template.write", NEVER),
            2 => shop.next(1, Method::POST, "/api/v2/products", NEVER),
            3 => shop.next(1, Method::PATCH, "/api/v2/products", NEVER),
            _ => shop.next(1, Method::PATCH, "/api/v2/inventory", NEVER),
        }
    }
    let serve = world.serve();
    let began = Instant::now();
    while began.elapsed() < LONGEST_LIFE && if is_withheld { struck() == before } else { writes() < few } {
        std::thread::sleep(Duration::from_millis(2));
    }
    std::thread::sleep(Duration::from_millis(random.u64(0..20)));
    serve.kill();
    for faults in [&world.erp.faults, &world.shops[CLUJ].served.faults, &world.shops[ATHENS].served.faults] {
        faults.quiet();
    }
}

fn connections(world: &World) -> Vec<ConnectionId> {
    let shops = world.shops.iter().map(|shop| ConnectionId::new(shop.name));
    shops.chain([ConnectionId::new("erp")]).collect()
}

/// Whether the process that lived since `began` left a write to a product without an answer.
fn is_amid(world: &World, state: &SqliteRepository, began: jiff::Timestamp) -> bool {
    let rows = world.runtime.block_on(state.outbox(None, 10_000)).expect("the outbox");
    rows.iter().any(|row| {
        matches!(row.record, OutboxRecord::Product { .. })
            && row.sent.as_ref().is_some_and(|sent| sent.at >= began)
    })
}

/// What isn't done yet, in words.
fn waiting(world: &World, state: &SqliteRepository) -> Vec<String> {
    let rows = world.runtime.block_on(state.outbox(None, 10_000)).expect("the outbox");
    let words = |row: zygos_storage::OutboxRow| {
        let (connection, record, reason, due_at) = (row.connection, row.record, row.reason, row.due_at);
        let sent = row.sent.map(|sent| (sent.at, sent.write));
        format!("{connection} {record:?}, {reason}: due {due_at}, {} failures, sent {sent:?}", row.attempts)
    };
    rows.into_iter().map(words).collect()
}

/// Nobody waits the minute in which a write may still land: it is put into the past. The sandboxes carry everything out
/// at once, so that nothing lands any more.
fn time_passes(world: &World, state: &SqliteRepository) {
    let now = MachineClock.now();
    for connection in connections(world) {
        let release = Mutation::ReleaseClaims { connection: connection.clone() };
        world.runtime.block_on(state.commit(vec![release])).expect("the state");
        for kind in [OutboxKind::Product, OutboxKind::Stock] {
            let soon = later(now, BEYOND);
            let claim = state.claim(&connection, kind, soon, later(soon, BEYOND), 10_000);
            let mut mutations = Vec::new();
            for row in world.runtime.block_on(claim).expect("the state") {
                let settled = match row.sent.clone() {
                    Some(mut sent) => {
                        sent.deadline = sent.deadline.min(now) - BEYOND;
                        let sent = Box::new(sent);
                        mutations.push(Mutation::MarkSent { row: row.id, fence: row.fence, sent });
                        Settled::Unknown { due_at: now }
                    }
                    None => Settled::Again { due_at: row.due_at, reason: None, failed: false },
                };
                let (fence, revision) = (row.fence, row.revision);
                mutations.push(Mutation::Settle { row: row.id, fence, revision, settled });
            }
            world.runtime.block_on(state.commit(mutations)).expect("the state");
        }
    }
}
