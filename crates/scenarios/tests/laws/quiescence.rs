//! When all is quiet: wait until nothing is left to do, and look whether the laws held.

use std::{collections::BTreeMap, time::Duration};

use rust_decimal::Decimal;
use zygos_core::{ConnectionId, RemoteKey};
use zygos_engine::Engine;
use zygos_scenarios::world::{Shop, World};
use zygos_sim::tryton::SaleView;
use zygos_storage::{Issue, OutboxRecord};

use crate::{
    events::{Events, STRANGER},
    families::{self, Family, root_of},
    truth::Truth,
};

/// Between two looks. The engine's loops are dropped at its end, so it falls together with no claim's end.
const WHILE: Duration = Duration::from_secs(97);
/// Claims of a crashed process run out after 5 minutes, retries wait at most some; nothing takes longer than this.
const PATIENCE: u32 = 80;

pub fn wait(world: &World, engine: &Engine, verifies: bool) {
    let began = world.now();
    // Open orders are read again once more by then.
    world.let_run(engine, WHILE);
    for _ in 0..PATIENCE {
        let verified = world.shops.iter().all(|shop| {
            let at = world.block_on(engine.verified_at(&shop.id)).expect("the state can be read");
            !verifies || at.is_some_and(|at| at >= began)
        });
        if verified && left_to_do(world).is_empty() {
            return;
        }
        world.let_run(engine, WHILE);
    }
    let rows = world.block_on(world.repository.outbox(None, 1000)).expect("the state can be read");
    panic!("still to do after two hours: {:?} of {rows:#?}", left_to_do(world));
}

/// Rows of the outbox, but for those of orders that wait for something outside.
fn left_to_do(world: &World) -> Vec<OutboxRecord> {
    let rows = world.block_on(world.repository.outbox(None, 1000)).expect("the state can be read");
    rows.into_iter().map(|row| row.record).filter(|record| !is_held(world, record)).collect()
}

/// It waits for its payment, or for what an issue says.
fn is_held(world: &World, record: &OutboxRecord) -> bool {
    let OutboxRecord::Order { store, order } = record else { return false };
    if state_of(world, store, order.as_str()) != "held" {
        return false;
    }
    let waits_for_payment = |shop: &Shop| {
        families::of(shop)
            .iter()
            .any(|family| family.root == root_of(order.as_str()) && family.waits_for_payment())
    };
    let issue = world.block_on(world.repository.open_issue(store, "held", order.as_str()));
    issue.expect("the state can be read").is_some()
        || world.shops.iter().any(|shop| shop.id == *store && waits_for_payment(shop))
}

fn state_of(world: &World, store: &ConnectionId, order: &str) -> String {
    let stored = world.block_on(world.repository.order(store, &RemoteKey::new(order)));
    stored.expect("the state can be read").map(|order| order.state_code).unwrap_or_default()
}

pub fn check(world: &World, engine: &Engine, truth: &Truth, events: &Events) {
    let mut sales: BTreeMap<String, Vec<Decimal>> = BTreeMap::new();
    for sale in world.erp.sales().into_iter().filter(|sale| !is_dead(sale)) {
        sales.entry(sale.web_id.unwrap_or_default()).or_default().push(sale.total);
    }
    let issues = world.block_on(world.repository.issues(false)).expect("the state can be read");
    for shop in &world.shops {
        for family in families::of(shop) {
            it_is_there_once_or_visible(world, shop, &family, &sales, &issues);
        }
    }
    no_cursor_is_ahead_of_what_is_stored(world);
    // L3: every figure is what it should be, and nothing is left to write.
    for ((store, sku), should) in truth.now() {
        let shop = world.shops.iter().find(|shop| shop.id.as_str() == store).expect("a shop");
        assert_eq!(shop.sandbox.stock(shop.units[&sku]), Some(should), "L3: {store} {sku}");
    }
    let plan = world.block_on(engine.plan()).expect("a plan");
    assert!(plan.stock.is_empty(), "L3: {:?}", plan.stock);
    // L4: where nobody edited a figure by hand, nobody is said to have.
    if events.hand_edits == 0 {
        let drifts = world.block_on(world.repository.drifts(None, 100)).expect("the state can be read");
        let by_hand: Vec<_> = drifts.iter().filter(|drift| drift.cause == "edited_by_hand").collect();
        assert!(by_hand.is_empty(), "L4: {by_hand:?}");
    }
}

/// Cancelled, or given up with nothing delivered: a sale in processing has no other way to end.
fn is_dead(sale: &SaleView) -> bool {
    let given_up = sale.state == "processing" && sale.shipment_state != "waiting";
    sale.state == "cancelled" || (given_up && sale.lines.iter().all(|line| line.moved.is_zero()))
}

/// L1, L2, L7 and L8 for one order of a customer.
fn it_is_there_once_or_visible(
    world: &World,
    shop: &Shop,
    family: &Family,
    sales: &BTreeMap<String, Vec<Decimal>>,
    issues: &[Issue],
) {
    let name = format!("{} {}", shop.id, family.root);
    let reference = format!("{}{}", shop.prefix, family.root);
    let ids = || std::iter::once(&family.root).chain(family.members.iter().map(|member| &member.id));
    let issue =
        issues.iter().find(|issue| issue.connection == shop.id && ids().any(|id| *id == issue.subject));
    let count = |reference: &str| sales.get(reference).map_or(0, Vec::len);
    let of_root = count(&reference);
    let of_parts: Vec<usize> = family
        .members
        .iter()
        .filter(|member| member.id != family.root)
        .map(|member| count(&format!("{}{}", shop.prefix, member.id)))
        .collect();
    assert!(of_root <= 1 && of_parts.iter().all(|count| *count <= 1), "L2: {name}: {of_root} {of_parts:?}");
    assert!(
        of_root == 0 || of_parts.iter().all(|count| *count == 0),
        "L2: {name} and its parts: {of_parts:?}"
    );

    let is_there = of_root == 1 || (family.was_split() && of_parts.iter().any(|count| *count > 0));
    if family.is_cancelled() {
        assert!(!is_there || issue.is_some(), "L1: {name} is cancelled and its sale lives on without a word");
    } else if family.has(STRANGER) {
        // Parts of an order that was split before anybody saw it whole are orders of their own.
        let strange = family.members.iter().filter(|member| member.has(STRANGER));
        let of_strange = strange.map(|member| count(&format!("{}{}", shop.prefix, member.id))).sum::<usize>();
        assert!(of_root + of_strange == 0, "L8: {name} has a SKU that the ERP doesn't know");
        let named = issue.is_some_and(|issue| issue.text.contains(STRANGER));
        assert!(named || family.waits_for_payment(), "L8: {name}: {issue:?}");
    } else if family.waits_for_payment() {
        // It may have been paid for once and be in the ERP by that.
        let held = ids().any(|id| state_of(world, &shop.id, id) == "held");
        assert!(is_there || held, "L1: {name} waits for its payment and is not held");
    } else {
        assert!(is_there, "L1: {name} is lost: {issue:?}");
        let totals = sales.get(&reference);
        let equal = family.was_split() || totals.is_some_and(|totals| *totals == [family.total()]);
        assert!(equal || issue.is_some(), "L7: {name}: {totals:?} is not {}", family.total());
    }
}

/// L9: every order up to the place that its store's cursor shows is stored.
pub fn no_cursor_is_ahead_of_what_is_stored(world: &World) {
    for shop in &world.shops {
        let cursor =
            world.block_on(world.repository.cursor(&shop.id, "orders")).expect("the state can be read");
        let Some(newest) = cursor.and_then(|cursor| cursor.0.parse::<jiff::Timestamp>().ok()) else {
            continue;
        };
        for order in shop.sandbox.orders() {
            let id = order["id"].as_str().expect("an id");
            let created: jiff::Timestamp =
                order["date_created"].as_str().expect("a date").parse().expect("a date with its offset");
            if created <= newest && !id.contains('.') {
                assert_ne!(
                    state_of(world, &shop.id, id),
                    "",
                    "L9: {} {id} of {created} is not stored",
                    shop.id
                );
            }
        }
    }
}
