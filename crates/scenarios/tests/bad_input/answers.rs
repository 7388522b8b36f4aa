//! Answers that are not what the API answers: pages instead of JSON, and lists that end in the middle.

use http::Method;
use rust_decimal::Decimal;
use zygos_core::{ConnectionId, stock::Figure};
use zygos_engine::Engine;
use zygos_scenarios::{
    stories::{MINUTE, begun, open_issue, open_issues, place, plenty, ready, sales_of, stock},
    world::World,
};
use zygos_sim::{Fault, merchantpro::NewOrder};
use zygos_storage::Mode;

use crate::support::{Bystanders, another, assert_private, assert_says};

/// More products than one page of either side holds.
const MANY: u32 = 250;

fn figures(world: &World) -> Vec<Decimal> {
    world.shops.iter().flat_map(|shop| shop.sandbox.units()).map(|(_, _, stock)| stock).collect()
}

fn units_known(world: &World, connection: &ConnectionId) -> u64 {
    world.block_on(world.repository.unit_count(connection)).expect("the state can be read")
}

#[test]
fn a_store_that_answers_with_pages_instead_of_json_is_named_and_changes_nothing() {
    let (world, engine) = ready(Figure::Free);
    let sku = plenty(&world, 5);
    world.shops[0].faults.set_rate(Fault::NotJson, 1000);
    let bystanders = Bystanders::appear(&world, &sku);
    let shown = stock(&world.shops[0], &another(&world, &sku));
    world.let_run(&engine, 20 * MINUTE);

    let issue = open_issue(&world, "connection", "connection").expect("somebody is told");
    assert_says(
        &issue,
        &format!(
            "cluj has not answered properly since {:.0}: the answer is not whole JSON; if it happens again, check that the \
             address is the store's own and that nothing between changes its answers. Nothing is lost; it is tried again \
             by itself.",
            issue.opened_at
        ),
    );
    assert_private(&world);
    assert!(bystanders.order_went_through(&world, 1) && bystanders.figure_is_right(&world, 1));
    assert_eq!(stock(&world.shops[0], &another(&world, &sku)), shown, "nothing is written on such answers");

    world.quiet();
    world.let_run(&engine, 20 * MINUTE);
    bystanders.assert_unharmed(&world);
    assert_eq!(open_issues(&world), []);
}

#[test]
fn an_erp_that_answers_with_pages_instead_of_json_is_named_and_zeroes_nothing() {
    let (world, engine) = ready(Figure::Free);
    let sku = plenty(&world, 5);
    let before = figures(&world);
    world.erp_faults.set_rate(Fault::NotJson, 1000);
    world.let_run(&engine, 20 * MINUTE);
    let issue = open_issue(&world, "connection", "connection").expect("somebody is told");
    assert_says(
        &issue,
        &format!(
            "erp has not answered properly since {:.0}: the answer is not JSON-RPC; check that the address is Tryton's own \
             and not a page in front of it. Nothing is lost; it is tried again by itself.",
            issue.opened_at
        ),
    );
    assert_eq!(figures(&world), before);
    let bystanders = Bystanders::appear(&world, &sku);
    world.quiet();
    world.let_run(&engine, 20 * MINUTE);
    bystanders.assert_unharmed(&world);
    assert_eq!(open_issues(&world), []);
}

#[test]
fn a_list_of_products_that_ends_in_the_middle_zeroes_and_forgets_nothing() {
    for fault in [Fault::Truncated, Fault::NotJson] {
        let world = World::new(MANY, Figure::Free, 3);
        let engine = begun(&world, world.engine());
        let sku = plenty(&world, 5);
        let (cluj, known) = (&world.shops[0], units_known(&world, &world.shops[0].id));
        let before = figures(&world);
        // Only the second page: the first is whole every time.
        cluj.faults.next(u32::MAX, Method::GET, "/products?start=100", fault);
        world.let_run(&engine, 60 * MINUTE);
        assert!(cluj.faults.inflicted().get(&fault).is_some_and(|times| *times > 2));
        assert_eq!((figures(&world), units_known(&world, &cluj.id)), (before, known), "{fault:?}");
        let issue = open_issue(&world, "put_off", "comparing both sides").expect("somebody is told");
        assert_says(
            &issue,
            &format!(
                "cluj: comparing both sides has not come to its end since {:.0}: the answer is not whole JSON; if it happens \
                 again, check that the address is the store's own and that nothing between changes its answers. What was \
                 done before that counts, and it is tried again by itself.",
                issue.opened_at
            ),
        );

        // What stands on the page that can't be read is wrong; what stands before it is put right all the same.
        let bystanders = Bystanders::appear(&world, &sku);
        world.let_run(&engine, 60 * MINUTE);
        assert!(bystanders.order_went_through(&world, 0) && bystanders.order_went_through(&world, 1));
        assert!(bystanders.figure_is_right(&world, 1));

        world.quiet();
        world.let_run(&engine, 40 * MINUTE);
        bystanders.assert_unharmed(&world);
        assert_eq!((units_known(&world, &cluj.id), open_issues(&world)), (known, Vec::new()));
    }
}

#[test]
fn lists_of_the_erp_that_end_in_the_middle_zero_and_forget_nothing() {
    let world = World::new(MANY, Figure::Free, 3);
    world.erp_faults.set_rate(Fault::Truncated, 500);
    let before = figures(&world);
    let engine = begun(&world, world.engine());
    world.let_run(&engine, 40 * MINUTE);
    assert!(world.erp_faults.inflicted().get(&Fault::Truncated).is_some_and(|times| *times > 20));
    // Both sides agreed from the beginning: whatever was written came from half an answer.
    assert_eq!(figures(&world), before);
    world.quiet();
    let bystanders = Bystanders::appear(&world, &plenty(&world, 5));
    world.let_run(&engine, 20 * MINUTE);
    bystanders.assert_unharmed(&world);
    assert_eq!(open_issues(&world), []);
}

#[test]
fn a_list_of_orders_that_ends_in_the_middle_moves_no_cursor_and_the_next_reading_is_whole() {
    let (world, engine) = ready(Figure::Physical);
    let (cluj, sku) = (&world.shops[0], plenty(&world, 5));
    let cursor = || {
        let read = world.block_on(world.repository.cursor(&cluj.id, "orders"));
        read.expect("the state can be read").map(|checkpoint| checkpoint.0)
    };
    let first = place(cluj, &[(cluj.units[&sku], Decimal::ONE)], NewOrder::default(), &world);
    world.let_run(&engine, 2 * MINUTE);
    let before = cursor();
    assert!(before.is_some());
    // A hundred stand on a page; the shop's own staff may sell what is not there.
    let flood = || NewOrder { created_by: "system".to_owned(), ..NewOrder::default() };
    let ids: Vec<String> =
        (0..110).map(|_| place(cluj, &[(cluj.units[&sku], Decimal::ONE)], flood(), &world)).collect();
    cluj.faults.next(
        u32::MAX,
        Method::GET,
        "/orders?sort=date_created.desc&include=line_items,tags&start=100",
        Fault::Truncated,
    );
    world.let_run(&engine, 10 * MINUTE);

    assert_eq!(cursor(), before, "the cursor passed what is not stored");
    let entered = ids.iter().filter(|id| sales_of(&world, cluj, id) == 1).count();
    assert_eq!(entered, 100, "what was read goes on");
    world.quiet();
    world.let_run(&engine, 10 * MINUTE);
    for id in ids.iter().chain([&first]) {
        assert_eq!(sales_of(&world, cluj, id), 1, "{id}");
    }
    assert_ne!(cursor(), before);
    assert_eq!(stock(&world.shops[1], &sku), Decimal::ZERO.max(left(&world, &sku)));
    assert_eq!(open_issues(&world), []);
}

/// What athens may still sell of a SKU of which cluj has sold 111 from the common warehouse.
fn left(world: &World, sku: &str) -> Decimal {
    let product = world.erp.product_id(sku).expect("a product");
    let there = |code: &str| world.erp.quantity(product, world.erp.warehouse_id(code).expect("a warehouse"));
    there("WH") + there("WH3") - Decimal::from(111)
}

#[test]
fn an_engine_that_starts_while_nothing_answers_writes_nothing_and_catches_up() {
    let world = World::new(12, Figure::Free, 3);
    let before = figures(&world);
    world.erp_faults.set_rate(Fault::Truncated, 1000);
    let engine: Engine = begun(&world, world.engine());
    world.let_run(&engine, 20 * MINUTE);
    assert_eq!(figures(&world), before);
    for name in engine.connection_names() {
        let state = world.block_on(world.repository.connection(&ConnectionId::new(name)));
        assert_eq!(state.expect("the state can be read").mode, Mode::Live);
    }
    world.quiet();
    let bystanders = Bystanders::appear(&world, &plenty(&world, 5));
    world.let_run(&engine, 20 * MINUTE);
    bystanders.assert_unharmed(&world);
}
