//! Wrong credentials and sides that are not there: who is meant, what to do, and never the secret.

use std::net::TcpListener;

use crate::{
    process::Done,
    world::{ERP_PASSWORD, STORE_SECRET, World},
};

const WRONG: &str = "hunter2-Wrong";

fn says(done: &Done, words: &[&str]) {
    let all = done.all();
    for word in words {
        assert!(all.contains(word), "{word:?} is not said:\n{all}");
    }
    for secret in [ERP_PASSWORD, STORE_SECRET, WRONG] {
        assert!(!all.contains(secret), "{secret:?} is said:\n{all}");
    }
}

fn with(world: &World, command: &str, variable: &str) -> Done {
    let mut command = world.command(&[command]);
    command.env(variable, WRONG);
    Done::of(command).expect_code(3)
}

#[test]
fn a_wrong_key_of_a_store_is_told_with_what_to_do() {
    let world = World::new();
    world.approve();
    says(
        &with(&world, "check", "STORE_SECRET"),
        &["cluj", "does not accept the key and secret", "the environment variable STORE_SECRET"],
    );
    says(&with(&world, "sync", "STORE_SECRET"), &["cluj: ", "does not accept the key and secret"]);
    assert!(world.erp.sandbox.sales().is_empty());
    let issues = world.run(&["issues"]).expect_code(0);
    says(
        &issues,
        &["cluj refuses the log-in", "the environment variable STORE_SECRET", "tried again every 15 minutes"],
    );
}

#[test]
fn a_wrong_password_of_the_erp_is_told_with_what_to_do() {
    let world = World::new();
    world.approve();
    says(&with(&world, "check", "ERP_PASSWORD"), &["erp", "does not accept the user name and password"]);
    let reference = world.place_order(0);
    says(&with(&world, "sync", "ERP_PASSWORD"), &["erp: ", "does not accept the user name and password"]);
    says(
        &world.run(&["issues"]).expect_code(0),
        &["erp refuses the log-in", "correct them before trying again"],
    );
    // Corrected, everything goes on.
    world.run(&["sync"]).expect_code(0);
    assert!(world.is_placed(&reference));
}

#[test]
fn an_erp_that_is_not_there_is_told_and_nothing_is_lost() {
    let world = World::new();
    world.approve();
    let reference = world.place_order(0);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    world.configure(&format!("http://{nobody}"));
    let there = nobody.to_string();
    says(&world.run(&["check"]).expect_code(3), &["erp", "cannot be reached", &there]);
    says(&world.run(&["sync"]).expect_code(3), &["erp: ", "cannot be reached", "run again later"]);
    world.configure(&world.erp.url);
    world.run(&["sync"]).expect_code(0);
    assert!(world.is_placed(&reference));
    world.expect_all_once();
}

#[test]
fn a_secret_that_is_missing_is_told_by_its_variable() {
    let world = World::new();
    let mut command = world.command(&["check"]);
    command.env_remove("STORE_SECRET");
    says(&Done::of(command).expect_code(2), &["connection cluj", "STORE_SECRET is not set"]);
}
