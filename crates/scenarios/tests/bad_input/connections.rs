//! A connection that refuses, forbids, redirects or is silent.

use std::{collections::BTreeSet, time::Duration};

use rust_decimal::Decimal;
use zygos_core::{
    ConnectionId,
    clock::later,
    contract::{CallContext, Lane, Severity},
    stock::Figure,
};
use zygos_engine::{Engine, Trouble};
use zygos_scenarios::{
    stories::{MINUTE, open_issue, open_issues, order, plenty, ready, sales_of, stock, warehouse},
    world::World,
};
use zygos_sim::{
    Fault,
    merchantpro::{ApiKey, Area},
};

use crate::support::{Bystanders, assert_private, assert_says};

fn trouble(world: &World, engine: &Engine, connection: &str) -> Option<Trouble> {
    let status = world.block_on(engine.status()).expect("the state can be read");
    let id = ConnectionId::new(connection);
    status.connections.into_iter().find(|status| status.connection == id).and_then(|found| found.trouble)
}

/// How many calls of the host were answered with this status.
fn answers(world: &World, host: &str, status: u16) -> usize {
    world.transport().log(host).iter().filter(|entry| entry.status == Some(status)).count()
}

#[test]
fn a_wrong_key_is_named_and_tried_so_seldom_that_the_store_does_not_lock_it() {
    let (world, engine) = ready(Figure::Free);
    let sku = plenty(&world, 5);
    let began = world.now();
    world.shops[0].sandbox.configure(|shop| shop.keys = vec![ApiKey::full("key", "another")]);
    let bystanders = Bystanders::appear(&world, &sku);
    world.let_run(&engine, 40 * MINUTE);

    let issue = open_issue(&world, "connection", "connection").expect("somebody is told");
    assert_says(
        &issue,
        "cluj refuses the log-in: the store does not accept the key and secret (Wrong API credentials); take both from \
         the store's API users and correct the secret that the configuration names. Nothing is lost; all work on cluj waits, and the \
         log-in is tried again every 15 minutes.",
    );
    assert_eq!(issue.connection, world.shops[0].id);
    let since = trouble(&world, &engine, "cluj").expect("the status tells").since;
    assert!(since.duration_since(began) < MINUTE.try_into().expect("a minute"), "{since}");
    assert!(trouble(&world, &engine, "athens").is_none());
    assert_private(&world);
    assert!(bystanders.order_went_through(&world, 1) && bystanders.figure_is_right(&world, 1));
    assert!(!bystanders.order_went_through(&world, 0) && !bystanders.figure_is_right(&world, 0));
    // The first moment may find several calls under way; after it one tries for all.
    let refused = answers(&world, "cluj.test", 401);
    assert!((3..=5).contains(&refused), "{refused} wrong log-ins in 40 minutes");
    assert_eq!(answers(&world, "cluj.test", 403), 0, "the store locked the key");

    world.shops[0].sandbox.configure(|shop| shop.keys = vec![ApiKey::full("key", "secret")]);
    world.let_run(&engine, 31 * MINUTE);
    bystanders.assert_unharmed(&world);
    assert_eq!(open_issues(&world), []);
    assert!(trouble(&world, &engine, "cluj").is_none());
}

#[test]
fn a_wrong_password_of_the_erp_is_named_and_never_locks_the_user_out() {
    let (world, engine) = ready(Figure::Free);
    let sku = plenty(&world, 5);
    let before = stock(&world.shops[1], &sku);
    world.erp.set_password("changed-by-an-administrator");
    let id = order(&world.shops[0], &sku, 2, &world);
    world.let_run(&engine, 40 * MINUTE);

    let issue = open_issue(&world, "connection", "connection").expect("somebody is told");
    assert_says(
        &issue,
        "erp refuses the log-in: Tryton does not accept the user name and password; correct them before trying again, for \
         it locks the user out after six wrong ones. Nothing is lost; all work on erp waits, and the log-in is tried \
         again every 15 minutes.",
    );
    assert_private(&world);
    assert_eq!(sales_of(&world, &world.shops[0], &id), 0);
    assert_eq!(answers(&world, "erp.test", 429), 0, "the user was locked out");
    // What one store sold is taken off the other without the ERP.
    assert_eq!(stock(&world.shops[1], &sku), before - Decimal::TWO);

    world.erp.set_password("sync-Secret-1");
    world.let_run(&engine, 20 * MINUTE);
    assert_eq!(sales_of(&world, &world.shops[0], &id), 1);
    assert_eq!(open_issues(&world), []);
}

#[test]
fn a_key_that_may_not_read_orders_leaves_products_and_stock_at_work_and_raises_nothing() {
    let (world, engine) = ready(Figure::Free);
    let sku = plenty(&world, 5);
    let full = ApiKey::full("key", "secret");
    let read: BTreeSet<Area> = full.read.iter().copied().filter(|area| *area != Area::Orders).collect();
    world.shops[0].sandbox.configure(|shop| shop.keys = vec![ApiKey { read, ..full.clone() }]);
    let bystanders = Bystanders::appear(&world, &sku);
    let before = stock(&world.shops[1], &sku);
    let product = world.erp.product_id(&sku).expect("a product");
    world
        .erp
        .receive_purchase(world.supplier, warehouse(&world), &[(product, Decimal::TEN)], world.now())
        .expect("it is received");
    world.let_run(&engine, 20 * MINUTE);

    let issue = open_issue(&world, "permission", "read orders").expect("somebody is told");
    assert_says(
        &issue,
        "cluj may not read orders: the store forbids this to the API user (The API user has no permission for this \
         resource); give it the permission, or wait if the key was locked after wrong log-ins. Until then new orders are \
         not seen, and no store's stock is raised. Everything else goes on, and this is tried again every 15 minutes.",
    );
    assert_private(&world);
    assert!(bystanders.order_went_through(&world, 1) && !bystanders.order_went_through(&world, 0));
    assert!(bystanders.figure_is_right(&world, 0) && bystanders.figure_is_right(&world, 1));
    // Nobody knows what cluj has sold meanwhile: ten more may be shown when that is known.
    assert_eq!(stock(&world.shops[1], &sku), before);

    world.shops[0].sandbox.configure(|shop| shop.keys = vec![full]);
    world.let_run(&engine, 20 * MINUTE);
    bystanders.assert_unharmed(&world);
    // Less what cluj sold: its own order was off the shelf of athens already.
    assert_eq!(stock(&world.shops[1], &sku), before + Decimal::from(9));
    assert_eq!(open_issues(&world), []);
}

#[test]
fn a_key_that_may_only_read_brings_orders_in_and_its_writes_rest() {
    let (world, engine) = ready(Figure::Free);
    let sku = plenty(&world, 5);
    world.shops[0].sandbox.configure(|shop| shop.keys = vec![ApiKey::read_only("key", "secret")]);
    let bystanders = Bystanders::appear(&world, &sku);
    world.let_run(&engine, 20 * MINUTE);

    let issue = open_issue(&world, "permission", "change stock").expect("somebody is told");
    assert_says(
        &issue,
        "cluj may not change stock: the store forbids this to the API user (The API user has no permission for this \
         resource); give it the permission, or wait if the key was locked after wrong log-ins. Until then the store's \
         stock stays as it is. Everything else goes on, and this is tried again every 15 minutes.",
    );
    assert_private(&world);
    assert!(bystanders.order_went_through(&world, 0) && bystanders.order_went_through(&world, 1));
    assert!(bystanders.figure_is_right(&world, 1) && !bystanders.figure_is_right(&world, 0));
    let refused = answers(&world, "cluj.test", 403);
    assert!(refused <= 6, "{refused} forbidden calls in 20 minutes");

    world.shops[0].sandbox.configure(|shop| shop.keys = vec![ApiKey::full("key", "secret")]);
    world.let_run(&engine, 20 * MINUTE);
    bystanders.assert_unharmed(&world);
    assert_eq!(open_issues(&world), []);
}

#[test]
fn a_store_that_redirects_is_not_followed_and_the_right_address_is_named() {
    let (world, engine) = ready(Figure::Free);
    let sku = plenty(&world, 5);
    let began = world.now();
    world.shops[0].faults.set_rate(Fault::Redirect, 1000);
    let bystanders = Bystanders::appear(&world, &sku);
    world.let_run(&engine, 20 * MINUTE);

    let issue = open_issue(&world, "connection", "connection").expect("somebody is told");
    let since = trouble(&world, &engine, "cluj").expect("the status tells").since;
    assert!(since.duration_since(began) < MINUTE.try_into().expect("a minute"), "{since}");
    assert_says(
        &issue,
        &format!(
            "cluj has not answered properly since {since:.0}: the store redirects to www.elsewhere.test; write that \
             address into `url` (with https and, where the store has it, www). Nothing is lost; it is tried again by \
             itself."
        ),
    );
    assert_private(&world);
    assert!(
        world.transport().strangers().is_empty(),
        "credentials went to {:?}",
        world.transport().strangers()
    );
    assert!(bystanders.order_went_through(&world, 1) && bystanders.figure_is_right(&world, 1));

    world.quiet();
    world.let_run(&engine, 20 * MINUTE);
    bystanders.assert_unharmed(&world);
    assert_eq!(open_issues(&world), []);
}

#[test]
fn an_erp_that_redirects_is_not_followed_and_the_right_address_is_named() {
    let (world, engine) = ready(Figure::Free);
    let sku = plenty(&world, 5);
    world.erp_faults.set_rate(Fault::Redirect, 1000);
    let id = order(&world.shops[0], &sku, 1, &world);
    world.let_run(&engine, 10 * MINUTE);
    let issue = open_issue(&world, "connection", "connection").expect("somebody is told");
    assert_says(
        &issue,
        &format!(
            "erp has not answered properly since {:.0}: the server redirects to www.elsewhere.test; write that address \
             into `url`. Nothing is lost; it is tried again by itself.",
            issue.opened_at
        ),
    );
    assert!(
        world.transport().strangers().is_empty(),
        "credentials went to {:?}",
        world.transport().strangers()
    );
    world.quiet();
    world.let_run(&engine, 3 * MINUTE);
    assert_eq!((sales_of(&world, &world.shops[0], &id), open_issues(&world)), (1, Vec::new()));
}

#[test]
fn an_erp_that_is_down_for_an_hour_loses_nothing_and_raises_nothing() {
    let (world, engine) = ready(Figure::Free);
    let sku = plenty(&world, 5);
    let before = [0, 1].map(|index| stock(&world.shops[index], &sku));
    let went_down = world.now();
    world.erp_faults.down_until(went_down + Duration::from_secs(3600));
    // Somebody typed a figure that is too low; putting it right would be a raise.
    let low = crate::support::another(&world, &sku);
    let right = stock(&world.shops[0], &low);
    assert!(right > Decimal::ZERO);
    world.shops[0].sandbox.edit_stock(world.shops[0].units[&low], Decimal::ZERO);
    let ids = [order(&world.shops[0], &sku, 2, &world), order(&world.shops[1], &sku, 1, &world)];
    world.let_run(&engine, 5 * MINUTE);

    // Each store shows its own sale and the other's, long before the ERP knows of any.
    for (index, shop) in world.shops.iter().enumerate() {
        assert_eq!(stock(shop, &sku), before[index] - Decimal::from(3), "{}", shop.id);
    }
    let told = trouble(&world, &engine, "erp").expect("the status tells");
    assert!(told.since.duration_since(went_down) < MINUTE.try_into().expect("a minute"), "{}", told.since);
    assert_eq!(
        told.text,
        format!(
            "erp has not answered properly since {:.0}: the server cannot be reached: connection refused. Nothing is lost; \
             it is tried again by itself.",
            told.since
        )
    );
    let more = order(&world.shops[0], &sku, 1, &world);
    world.let_run(&engine, 54 * MINUTE);
    for (index, shop) in world.shops.iter().enumerate() {
        assert_eq!(stock(shop, &sku), before[index] - Decimal::from(4), "{}", shop.id);
    }
    assert_eq!(stock(&world.shops[0], &low), Decimal::ZERO, "a figure was raised without the ERP");
    assert!(world.living_sales().is_empty());
    assert_eq!(trouble(&world, &engine, "erp").map(|trouble| trouble.since), Some(told.since));
    assert_private(&world);

    // A minute later it is back, and within three more everything is.
    world.let_run(&engine, 4 * MINUTE);
    for (shop, id) in [(0, &ids[0]), (1, &ids[1]), (0, &more)] {
        assert_eq!(sales_of(&world, &world.shops[shop], id), 1, "{id}");
    }
    assert_eq!(world.living_sales().len(), 3);
    for (index, shop) in world.shops.iter().enumerate() {
        assert_eq!(stock(shop, &sku), before[index] - Decimal::from(4), "{}", shop.id);
    }
    assert_eq!(stock(&world.shops[0], &low), right);
    assert_eq!((open_issues(&world), trouble(&world, &engine, "erp").is_none()), (Vec::new(), true));
}

/// What `zygos check` says of a connection: the findings that block, or the error.
fn checked(world: &World, engine: &Engine, connection: &str) -> Vec<String> {
    let settings = engine.settings();
    let all = settings.stores.iter().map(|store| &store.connection).chain([&settings.erp]);
    let wanted = all.into_iter().find(|known| known.id.as_str() == connection).expect("it is configured");
    let context = CallContext { lane: Lane::Orders, deadline: later(world.now(), MINUTE) };
    match world.block_on(wanted.connector.check(&context)) {
        Ok(report) => {
            let blocking = report.findings.into_iter().filter(|found| found.severity == Severity::Blocking);
            blocking.map(|found| found.message).collect()
        }
        Err(error) => vec![error.to_string()],
    }
}

#[test]
fn the_check_says_what_is_wrong_and_nothing_when_nothing_is() {
    let (world, engine) = ready(Figure::Free);
    let (cluj, full) = (&world.shops[0], ApiKey::full("key", "secret"));
    assert_eq!(checked(&world, &engine, "cluj"), Vec::<String>::new());
    assert_eq!(checked(&world, &engine, "erp"), Vec::<String>::new());

    cluj.sandbox.configure(|shop| shop.keys = vec![ApiKey::full("key", "another")]);
    assert_eq!(
        checked(&world, &engine, "cluj"),
        [
            "the store does not accept the key and secret (Wrong API credentials); take both from the store's API users \
             and correct the secret that the configuration names"
        ]
    );
    let read: BTreeSet<Area> = full.read.iter().copied().filter(|area| *area != Area::Orders).collect();
    cluj.sandbox.configure(|shop| shop.keys = vec![ApiKey { read, ..full.clone() }]);
    assert_eq!(
        checked(&world, &engine, "cluj"),
        ["the API user may not read orders; allow it under Settings, API and webhooks, API users"]
    );
    cluj.sandbox.configure(|shop| shop.keys = vec![full]);
    for (fault, words) in [
        (Fault::Redirect, "the store redirects to www.elsewhere.test; write that address into `url`"),
        (Fault::NotJson, "the answer is not whole JSON"),
        (Fault::Truncated, "the answer is not whole JSON"),
        (Fault::NotSent, "the server cannot be reached: connection refused"),
    ] {
        cluj.faults.set_rate(fault, 1000);
        let told = checked(&world, &engine, "cluj");
        assert!(told.len() == 1 && told[0].starts_with(words), "{told:?}");
        cluj.faults.quiet();
    }
    world.erp.set_password("changed-by-an-administrator");
    let told = checked(&world, &engine, "erp");
    assert!(
        told.len() == 1 && told[0].starts_with("Tryton does not accept the user name and password"),
        "{told:?}"
    );
}
