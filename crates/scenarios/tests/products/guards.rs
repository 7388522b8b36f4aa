//! What holds a mass of changes, and how much one run may write.

use zygos_scenarios::flows::{both_ways, gross_prices};

use crate::support::{ATHENS, CLUJ, SKU, Shelf, number};

const MANY: [&str; 8] = ["P00001", "P00002", "P00003", "P00004", "P00006", "P00007", "P00008", "P00009"];

#[test]
fn a_mass_of_prices_waits_for_a_person_and_all_of_it_goes_when_approved() {
    let shelf = Shelf::observing(40, |settings| {
        for store in &mut settings.stores {
            store.products = Some(both_ways());
            store.prices = Some(gross_prices(None));
        }
        settings.guard.changed_free = 5;
        settings.guard.changed_percent = 20;
    });
    shelf.approve();
    shelf.sync();
    shelf.sync();
    let products = shelf.world.shops[CLUJ].sandbox.products();
    let simple: Vec<String> = products
        .iter()
        .filter(|product| product["type"] != "multi_variant")
        .map(|product| crate::support::text(&product["sku"]))
        .collect();
    let before: Vec<_> = simple.iter().map(|sku| shelf.gross(CLUJ, sku)).collect();
    for sku in &simple {
        let price = shelf.in_erp(sku).price.expect("a price") + number("1");
        shelf.erp_price(sku, &price.to_string());
    }
    shelf.sync();
    let held: Vec<_> = shelf.issues().into_iter().filter(|issue| issue.kind == "guard").collect();
    assert_eq!(held.len(), 2, "in each store: {held:?}");
    assert!(held[0].text.contains("price") && held[0].text.contains("zygos approve"), "{}", held[0].text);
    assert_eq!(simple.iter().map(|sku| shelf.gross(CLUJ, sku)).collect::<Vec<_>>(), before);
    for issue in &held {
        shelf.answer(issue, "approve");
    }
    shelf.sync();
    for (sku, before) in simple.iter().zip(&before) {
        assert!(shelf.gross(CLUJ, sku) > *before && shelf.gross(ATHENS, sku) > *before, "{sku}");
    }
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn what_is_beyond_the_writes_of_a_run_waits_until_it_is_approved() {
    let shelf = Shelf::with(|settings| {
        settings.stores[CLUJ].products = Some(both_ways());
        settings.stores[CLUJ].prices = Some(gross_prices(None));
        settings.guard.writes_per_run = Some(3);
    });
    for sku in MANY {
        let price = shelf.in_erp(sku).price.expect("a price") + number("1");
        shelf.erp_price(sku, &price.to_string());
    }
    let before = MANY.map(|sku| shelf.gross(CLUJ, sku));
    let moved = || MANY.iter().zip(&before).filter(|(sku, was)| shelf.gross(CLUJ, sku) != **was).count();
    shelf.sync();
    assert_eq!(moved(), 3);
    let issue = shelf.issue("guard");
    assert_eq!((issue.connection.as_str(), issue.subject.as_str()), ("cluj", "run"));
    shelf.sync();
    assert_eq!(moved(), 3, "another run doesn't lift it");
    shelf.answer(&issue, "approve");
    shelf.sync();
    assert_eq!(moved(), MANY.len());
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn what_is_refused_is_tried_again_by_replay() {
    let shelf = Shelf::both();
    let faults = &shelf.world.shops[CLUJ].faults;
    faults.next(3, http::Method::PATCH, "/products/", zygos_sim::Fault::InternalError);
    shelf.erp_price(SKU, "45");
    shelf.try_sync();
    assert_ne!(shelf.gross(CLUJ, SKU), number("53.55"));
    faults.quiet();
    let found = shelf.world.block_on(shelf.engine.find_to_replay(SKU)).expect("the state can be read");
    assert!(!found.is_empty());
    for what in &found {
        shelf.world.block_on(shelf.engine.replay(what)).expect("it is run again");
    }
    shelf.wait(std::time::Duration::from_secs(1200));
    shelf.sync();
    assert_eq!(shelf.gross(CLUJ, SKU), number("53.55"));
    assert_eq!(shelf.gross(ATHENS, SKU), number("53.55"));
    assert_eq!(shelf.issues(), []);
}
