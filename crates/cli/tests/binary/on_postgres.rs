//! The binary with its state in a real PostgreSQL.

use std::time::Duration;

use zygos_sim::Fault;

use crate::{
    process::{until, until_within},
    world::World,
};

fn database() -> String {
    std::env::var("ZYGOS_TEST_POSTGRES").expect("`scripts/postgres.sh start` tells the address")
}

#[test]
fn of_two_servers_on_one_database_one_works_and_the_other_takes_over_when_it_is_killed() {
    let world = World::on_database(&database());
    world.approve();
    let mut first = world.serve();
    first.until_it_says("Listening");
    until("the first has looked at everything", || first.log(), || world.wrong_figures().is_empty());
    let mut second = world.serve();
    second.until_it_says("Another zygos process");
    let reference = world.place_order(0);
    world.until_placed(&first, &reference);
    assert!(!second.log().contains("Listening"), "{}", second.log());
    let sync = world.run(&["sync"]).expect_code(3);
    assert!(sync.err.contains("another zygos process"), "{}", sync.err);

    // Killed while the ERP has the sale and nobody has heard of it.
    let moment = "model.sale.sale.create";
    let before = world.erp.carried_out(moment);
    world.erp.faults.next_with(1, moment, Fault::Slow { delay: Duration::from_secs(600) });
    let lost = world.place_order(1);
    until("the sale is there", || first.log(), || world.erp.carried_out(moment) > before);
    first.kill();
    // No lock on a disk tells that it is dead: its leases must run out first.
    let patience = Duration::from_secs(90);
    until_within(patience, "the second takes over", || second.log(), || second.log().contains("Listening"));
    let another = world.place_order(0);
    world.until_placed(&second, &lost);
    world.until_placed(&second, &another);
    world.until_balanced(&second, Duration::from_secs(100));
    world.expect_all_once();
    assert_eq!(world.erp.sandbox.sales().len(), 3);
    assert_eq!(second.stop(), Some(0));
    assert!(!world.state_file().exists(), "nothing of it is in a file");
    assert!(world.run(&["issues"]).expect_code(0).out.contains("nothing needs you"));
}

#[test]
fn the_demo_comes_into_balance() {
    let world = World::on_database(&database());
    let demo = world.run(&["demo", "--for", "12s", "--units", "60", "--json"]).expect_code(0);
    assert!(demo.out.contains("orders"), "{}", demo.out);
}

#[test]
fn a_database_that_cannot_be_used_is_told_without_its_password() {
    let world = World::new();
    let told = |address: &str, code: i32| {
        let plan = world.run(&["plan", "--database", address]).expect_code(code);
        assert!(!plan.err.contains("Secret"), "{}", plan.err);
        plan.err
    };
    let wrong = told(&database().replace("zygos-Secret-1", "other-Secret-2"), 3);
    assert!(wrong.contains("the user or its password is not accepted"), "{wrong}");
    let nothing = told("postgres://zygos:zygos-Secret-1@127.0.0.1:1/zygos", 3);
    assert!(nothing.contains("postgres://127.0.0.1:1/zygos"), "{nothing}");
    assert!(told("zygos.db", 2).contains("postgres://USER:PASSWORD@HOST:PORT/DATABASE"));
}
