//! Two processes on one state: one works, the other waits or says who does.

use crate::{process::until, world::World};

#[test]
fn a_second_server_waits_makes_no_call_and_takes_over_at_once() {
    let world = World::new();
    world.approve();
    let mut first = world.serve();
    first.until_it_says("Listening");
    until("the first has looked at everything", || first.log(), || world.wrong_figures().is_empty());
    let mut second = world.serve();
    second.until_it_says("Another zygos process");
    assert!(second.log().contains(&format!("process {}", first.id())), "{}", second.log());
    let reference = world.place_order(0);
    world.until_placed(&first, &reference);
    assert!(!second.log().contains("Listening"), "{}", second.log());
    // One-shot commands say the same.
    let sync = world.run(&["sync"]).expect_code(3);
    assert!(
        sync.err.contains("another zygos process") && sync.err.contains("work beside it"),
        "{}",
        sync.err
    );

    first.kill();
    second.until_it_says("Listening");
    assert!(!second.log().contains("placed"), "it had worked before:\n{}", second.log());
    let another = world.place_order(1);
    world.until_placed(&second, &another);
    // Its predecessor gone and itself stopped in order, nothing is held up for the next one.
    assert_eq!(second.stop(), Some(0));
    world.run(&["sync"]).expect_code(0);
    world.expect_all_once();
}

#[test]
fn a_server_stopped_in_the_midst_of_a_sale_is_succeeded_at_once() {
    let world = World::new();
    world.approve();
    let mut serve = world.serve();
    serve.until_it_says("Listening");
    let moment = "model.sale.sale.create";
    let never = zygos_sim::Fault::Slow { delay: std::time::Duration::from_secs(600) };
    world.erp.faults.next_with(1, moment, never);
    let reference = world.place_order(0);
    until("the sale is there", || serve.log(), || world.erp.carried_out(moment) == 1);
    assert_eq!(serve.stop(), Some(0));
    let serve = world.serve();
    world.until_placed(&serve, &reference);
    world.expect_all_once();
}
