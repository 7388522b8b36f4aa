//! Plans that are seen, kept, and carried out exactly as seen; and how much one run may write.

use rust_decimal::Decimal;
use zygos_core::{ConnectionId, RemoteKey, WorkspaceId, stock::Figure};
use zygos_engine::{CarriedOut, EngineSettings, HistoryRange, PlannedStep, SeenPlan, Tried};
use zygos_scenarios::world::World;
use zygos_storage::{Issue, Mode};

use crate::support::{ATHENS, CLUJ, MINUTE, Road};

/// Approved and in balance; the engine rests, as between two runs of the command.
fn at_rest(change: impl FnOnce(&mut EngineSettings)) -> Road {
    let road = Road::observing(World::new(12, Figure::Free, 3), change);
    road.approve();
    sync(&road);
    road
}

fn sync(road: &Road) {
    let troubles = road.world.block_on(road.engine.sync()).expect("the state can be written");
    assert_eq!(troubles, [], "both sides answer");
}

/// As it is read back from a file.
fn seen(road: &Road) -> SeenPlan {
    let plan = road.world.block_on(road.engine.plan()).expect("both sides can be read");
    let workspace = WorkspaceId::new("company");
    let text = serde_json::to_string(&SeenPlan::of(&plan, workspace.clone(), road.world.now()));
    SeenPlan::read(&text.expect("it is written"), &workspace).expect("it is read")
}

fn carry_out(road: &Road, plan: &SeenPlan) -> CarriedOut {
    road.world.block_on(road.engine.carry_out(plan)).expect("both sides can be read")
}

fn lines(lines: &[zygos_engine::PlanLine]) -> Vec<(&str, &str, &str)> {
    lines.iter().map(|line| (line.store.as_str(), line.what.as_str(), line.words.as_str())).collect()
}

/// Three SKUs with more than this in the first warehouse.
fn three(road: &Road, pieces: u32) -> [String; 3] {
    let mut skus = road.skus_with(pieces).into_iter();
    std::array::from_fn(|_| skus.next().expect("three SKUs have enough"))
}

fn limit_issue(road: &Road, connection: &str) -> Option<Issue> {
    road.issues().into_iter().find(|issue| {
        issue.kind == "guard" && issue.subject == "run" && issue.connection.as_str() == connection
    })
}

#[test]
fn what_moved_after_the_plan_is_left_alone_and_told_and_the_rest_is_done() {
    let road = at_rest(|_| {});
    let [first, second, third] = three(&road, 6);
    let before = [&first, &second, &third].map(|sku| road.stocks(sku));
    for sku in [&first, &second] {
        let less = road.in_warehouse(sku, "WH") - Decimal::ONE;
        road.count(sku, "WH", less.to_string().parse().expect("a number"));
    }
    let plan = seen(&road);
    assert_eq!(plan.stock.len(), 4, "two SKUs in two stores: {:?}", plan.stock);

    // The second moves on, and a third changes that the plan doesn't hold.
    road.count(&second, "WH", 1);
    road.receive(&third, 3);
    let carried = carry_out(&road, &plan);
    for (shop, name) in [(CLUJ, "cluj"), (ATHENS, "athens")] {
        assert_eq!(road.stock(shop, &first), before[0][shop] - Decimal::ONE);
        assert_eq!(road.stock(shop, &second), before[1][shop], "what moved is left alone");
        assert_eq!(road.stock(shop, &third), before[2][shop], "nothing beyond the plan is written");
        let moved = lines(&carried.moved);
        let line = moved.iter().find(|line| line.0 == name).expect("it is told");
        let said = before[1][shop] - Decimal::ONE;
        let shows = before[1][shop].normalize();
        assert_eq!(line.1, second);
        assert!(
            line.2.starts_with(&format!(
                "the plan said {shows} → {}, now it would be {shows} → ",
                said.normalize()
            )),
            "{line:?}"
        );
    }
    assert_eq!((carried.done.len(), carried.moved.len(), carried.waiting.len()), (2, 2, 0), "{carried:?}");
    assert_eq!(carried.new_since, 2);

    // Once more, by an interrupted person: what was done is done.
    let again = carry_out(&road, &plan);
    assert_eq!((again.done.len(), again.already.len(), again.moved.len()), (0, 2, 2), "{again:?}");
    sync(&road);
    assert_eq!(road.stock(CLUJ, &third), before[2][CLUJ] + Decimal::from(3));
}

#[test]
fn only_the_orders_of_a_plan_are_entered_and_only_if_they_did_not_change() {
    let road = at_rest(|_| {});
    let sku = road.plenty(8);
    let [good, changed] = [road.order(CLUJ, &sku, 1), road.order(CLUJ, &sku, 1)];
    let plan = seen(&road);
    assert!(plan.orders.iter().all(|order| order.step == PlannedStep::Enter) && plan.orders.len() == 2);
    road.cancel(CLUJ, &changed);
    let later = road.order(CLUJ, &sku, 1);
    let told_before = road.shown(CLUJ, &good);
    let carried = carry_out(&road, &plan);
    road.sale(CLUJ, &good);
    assert_eq!(road.world.living_sales().len(), 1);
    assert_eq!(lines(&carried.moved)[0].1, format!("order {changed}"), "{carried:?}");
    let order_done = carried.done.iter().filter(|line| line.what == format!("order {good}")).count();
    assert_eq!(order_done, 1, "{carried:?}");
    assert_eq!(road.shown(CLUJ, &good), told_before, "the store is told by the next sync");
    road.world.clock.advance_to(zygos_core::clock::later(road.world.now(), MINUTE));
    sync(&road);
    road.sale(CLUJ, &later);
    assert_ne!(road.shown(CLUJ, &good), told_before);
    let again = carry_out(&road, &plan);
    assert!(again.already.iter().any(|line| line.what == format!("order {good}")), "{again:?}");
}

#[test]
fn a_plan_writes_nothing_to_a_connection_that_is_paused() {
    let road = at_rest(|_| {});
    let sku = road.plenty(6);
    let before = road.stocks(&sku);
    road.count(&sku, "WH", 1);
    let order = road.order(ATHENS, &road.plenty(8), 1);
    let plan = seen(&road);
    for name in ["cluj", "athens", "erp"] {
        road.set_mode(name, Mode::Paused);
    }
    let carried = carry_out(&road, &plan);
    assert_eq!(road.stock(CLUJ, &sku), before[CLUJ]);
    assert_eq!(road.sales(ATHENS, &order), []);
    assert_eq!(carried.done, []);
    assert!(!carried.waiting.is_empty());
    assert!(carried.waiting.iter().all(|line| line.words.contains("zygos approve")), "{carried:?}");
}

#[test]
fn a_plan_names_the_stores_and_products_that_are_gone_and_keeps_to_the_limit_of_a_run() {
    let road = at_rest(|settings| settings.guard.writes_per_run = Some(1));
    let [first, second, gone] = three(&road, 4);
    road.set_mode("athens", Mode::Paused);
    for sku in [&first, &second, &gone] {
        road.receive(sku, 5);
    }
    let mut plan = seen(&road);
    plan.stock.retain(|stock| stock.store.as_str() == "cluj");
    let mut elsewhere = plan.stock[0].clone();
    elsewhere.store = ConnectionId::new("closed-down");
    plan.stock.push(elsewhere);
    road.world.shops[CLUJ].sandbox.delete_product(road.unit(CLUJ, &gone));
    let carried = carry_out(&road, &plan);
    let moved = lines(&carried.moved);
    assert!(
        moved.iter().any(|line| line.0 == "closed-down" && line.2.contains("configuration")),
        "{moved:?}"
    );
    assert!(moved.iter().any(|line| line.1 == gone && line.2.contains("gone")), "{moved:?}");
    assert_eq!((carried.done.len(), carried.waiting.len()), (1, 1), "{carried:?}");
    assert!(carried.waiting[0].words.contains("zygos issues"), "{carried:?}");
    assert!(limit_issue(&road, "cluj").is_some());
}

#[test]
fn what_is_beyond_the_writes_of_a_run_waits_until_it_is_approved() {
    let road = at_rest(|settings| settings.guard.writes_per_run = Some(2));
    let skus: Vec<String> = road.skus_with(4).into_iter().take(4).collect();
    let before: Vec<Decimal> = skus.iter().map(|sku| road.stock(CLUJ, sku)).collect();
    let athens = road.stocks(&skus[0])[ATHENS];
    road.set_mode("athens", Mode::Paused);
    for sku in &skus {
        road.receive(sku, 5);
    }
    let raised = || {
        let now = skus.iter().zip(&before);
        now.filter(|(sku, before)| road.stock(CLUJ, sku) == **before + Decimal::from(5)).count()
    };
    sync(&road);
    assert_eq!(raised(), 2);
    let issue = limit_issue(&road, "cluj").expect("a person is asked");
    assert!(issue.text.contains("2 figures") && issue.text.contains("2 wait here"), "{}", issue.text);
    // Waiting is no matter of time or of another run.
    road.world.clock.advance_to(zygos_core::clock::later(road.world.now(), MINUTE * 60));
    sync(&road);
    assert_eq!(raised(), 2);
    road.answer(&issue, "approve");
    sync(&road);
    assert_eq!(raised(), 4);
    assert_eq!(limit_issue(&road, "cluj"), None);
    assert_eq!(road.stocks(&skus[0])[ATHENS], athens, "a paused store is not written to");
}

#[test]
fn what_waited_for_approval_and_was_run_again_by_hand_leaves_no_question_behind() {
    let road = at_rest(|settings| settings.guard.writes_per_run = Some(1));
    let [first, second, _] = three(&road, 4);
    let before = [&first, &second].map(|sku| road.stock(CLUJ, sku));
    road.set_mode("athens", Mode::Paused);
    road.receive(&first, 5);
    road.receive(&second, 5);
    sync(&road);
    assert!(limit_issue(&road, "cluj").is_some());
    road.replay(&first);
    road.replay(&second);
    sync(&road);
    let now = [&first, &second].map(|sku| road.stock(CLUJ, sku));
    assert_eq!(now, before.map(|before| before + Decimal::from(5)));
    assert_eq!(limit_issue(&road, "cluj"), None);
}

#[test]
fn orders_beyond_the_writes_of_a_run_wait_and_lowering_goes_before_raising() {
    let road = at_rest(|settings| settings.guard.writes_per_run = Some(1));
    let sku = road.plenty(8);
    road.set_mode("athens", Mode::Paused);
    let orders = [road.order(CLUJ, &sku, 1), road.order(CLUJ, &sku, 1)];
    sync(&road);
    assert_eq!(road.world.living_sales().len(), 1);
    let issue = limit_issue(&road, "erp").expect("a person is asked");
    road.answer(&issue, "approve");
    sync(&road);
    for order in &orders {
        road.sale(CLUJ, order);
    }

    let [up, down, _] = three(&road, 5);
    let before = [&up, &down].map(|sku| road.stock(CLUJ, sku));
    road.world.clock.advance_to(zygos_core::clock::later(road.world.now(), MINUTE * 60));
    road.receive(&up, 5);
    let less = road.in_warehouse(&down, "WH") - Decimal::ONE;
    road.count(&down, "WH", less.to_string().parse().expect("a number"));
    sync(&road);
    assert_eq!(road.stock(CLUJ, &down), before[1] - Decimal::ONE);
    assert_eq!(road.stock(CLUJ, &up), before[0]);
}

#[test]
fn lowering_is_never_held_by_the_writes_of_a_run() {
    let road = at_rest(|settings| settings.guard.writes_per_run = Some(1));
    let skus = three(&road, 6);
    let before = skus.each_ref().map(|sku| road.stock(CLUJ, sku));
    road.set_mode("athens", Mode::Paused);
    for sku in &skus {
        let less = road.in_warehouse(sku, "WH") - Decimal::ONE;
        road.count(sku, "WH", less.to_string().parse().expect("a number"));
    }
    sync(&road);
    let now = skus.each_ref().map(|sku| road.stock(CLUJ, sku));
    assert_eq!(now, before.map(|before| before - Decimal::ONE));
    assert_eq!(limit_issue(&road, "cluj"), None);
}

#[test]
fn a_raise_that_waits_for_approval_becomes_a_lowering_when_the_figure_falls_meanwhile() {
    let road = at_rest(|settings| settings.guard.writes_per_run = Some(1));
    let skus = three(&road, 6);
    let before = skus.each_ref().map(|sku| road.stock(CLUJ, sku));
    let there = skus.each_ref().map(|sku| road.in_warehouse(sku, "WH"));
    road.set_mode("athens", Mode::Paused);
    for sku in &skus {
        road.receive(sku, 5);
    }
    sync(&road);
    let waits = |place: usize| road.stock(CLUJ, &skus[place]) == before[place];
    let waiting: Vec<usize> = (0..3).filter(|place| waits(*place)).collect();
    let &[falls, stays] = waiting.as_slice() else { panic!("two wait: {waiting:?}") };
    assert!(limit_issue(&road, "cluj").is_some());
    road.world.clock.advance_to(zygos_core::clock::later(road.world.now(), MINUTE * 10));
    let less = there[falls] - Decimal::TWO;
    road.count(&skus[falls], "WH", less.to_string().parse().expect("a number"));
    sync(&road);
    assert_eq!(road.stock(CLUJ, &skus[falls]), before[falls] - Decimal::TWO);
    assert!(waits(stays), "a raise still waits");
    assert!(limit_issue(&road, "cluj").is_some());
}

#[test]
fn the_history_of_a_product_and_of_an_order_tells_every_write_on_every_side() {
    let road = at_rest(|_| {});
    let sku = road.plenty(8);
    let before = road.stocks(&sku);
    let began = road.world.now();
    road.receive(&sku, 2);
    sync(&road);
    let order = road.order(CLUJ, &sku, 1);
    road.world.clock.advance_to(zygos_core::clock::later(road.world.now(), MINUTE));
    sync(&road);

    let told = |what: &str, range: HistoryRange| {
        road.world.block_on(road.engine.history(what, range)).expect("the state can be read")
    };
    let product = told(&sku, HistoryRange { since: Some(began), limit: None });
    let stores: Vec<&str> = product.connections.iter().map(|group| group.connection.as_str()).collect();
    assert_eq!(stores, ["athens", "cluj"]);
    let athens = &product.connections[0].entries;
    let first = athens.first().expect("it was raised");
    assert_eq!(first.before.as_deref(), Some(before[ATHENS].normalize().to_string().as_str()));
    let raised = before[ATHENS] + Decimal::from(2);
    assert_eq!(first.after.as_deref(), Some(raised.normalize().to_string().as_str()));
    assert_eq!((first.outcome, first.field.as_str()), (Tried::Written, "stock"));
    assert!(athens.len() >= 2 && athens.is_sorted_by_key(|entry| entry.at), "newest last: {athens:?}");
    assert_eq!(told(&sku, HistoryRange { since: None, limit: Some(1) }).connections[0].entries.len(), 1);

    let reference = format!("{}{order}", road.world.shops[CLUJ].prefix);
    for name in [order.as_str(), reference.as_str()] {
        let history = told(name, HistoryRange::default());
        let erp =
            history.connections.iter().find(|group| group.connection.as_str() == "erp").expect("the ERP");
        let fields: Vec<&str> = erp.entries.iter().map(|entry| entry.field.as_str()).collect();
        assert!(fields.contains(&"sale") && fields.ends_with(&["confirmation"]), "{fields:?}");
        let cluj = history.connections.iter().find(|group| group.connection.as_str() == "cluj").expect("it");
        assert!(cluj.entries.iter().any(|entry| entry.field == "status"), "{cluj:?}");
    }
    assert!(told("NOTHING", HistoryRange::default()).is_empty());
}

#[test]
fn the_history_marks_what_nobody_answered() {
    let road = at_rest(|_| {});
    let sku = road.plenty(6);
    let cluj = ConnectionId::new("cluj");
    let unit = RemoteKey::new(road.unit(CLUJ, &sku).to_string());
    let attempt = |outcome: &str| {
        zygos_storage::Mutation::AddAttempt(zygos_storage::Attempt {
            at: road.world.now(),
            connection: cluj.clone(),
            record: format!("unit {sku}"),
            write: "stock 4".to_owned(),
            outcome: outcome.to_owned(),
            run: None,
        })
    };
    let tries =
        vec![attempt("no answer: the connection broke"), attempt("the stock is locked"), attempt("applied")];
    road.world.block_on(road.world.repository.commit(tries)).expect("the state can be written");
    let history = road.world.block_on(road.engine.history(unit.as_str(), HistoryRange::default()));
    let history = history.expect("the state can be read");
    let outcomes: Vec<Tried> = history
        .connections
        .iter()
        .filter(|group| group.connection == cluj)
        .flat_map(|group| group.entries.iter().map(|entry| entry.outcome))
        .filter(|outcome| *outcome != Tried::Written)
        .collect();
    assert_eq!(outcomes, [Tried::Unanswered, Tried::Refused]);
    assert!(history.lines().iter().any(|line| line.contains("UNANSWERED stock: 4 (the connection broke)")));
}
