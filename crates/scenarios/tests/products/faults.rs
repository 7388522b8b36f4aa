//! Lost answers, late ones, and crashes in the worst moment make no twins.

use std::time::Duration;

use http::Method;
use zygos_sim::Fault;

use crate::support::{ATHENS, CLUJ, SKU, Shelf, number, shirt, size_of};

const LATE: Fault = Fault::LateApply { delay: Duration::from_secs(40) };

/// The fault was met: a test of one that never came would prove nothing.
fn assert_met(shelf: &Shelf, fault: Fault) {
    let faults =
        [&shelf.world.erp_faults, &shelf.world.shops[CLUJ].faults, &shelf.world.shops[ATHENS].faults];
    assert!(faults.iter().any(|faults| faults.inflicted().contains_key(&fault)), "{fault:?}");
}

fn assert_one(shelf: &Shelf, sku: &str) {
    assert_eq!(shelf.all_in_erp(sku).len(), 1, "{sku} is in the ERP once");
    for shop in [CLUJ, ATHENS] {
        assert_eq!(shelf.units(shop, sku).len(), 1, "{sku} is in shop {shop} once: {:?}", shelf.issues());
    }
}

#[test]
fn a_store_that_never_answers_a_create_gets_no_twin() {
    for fault in
        [Fault::NoAnswerAfter, Fault::NoAnswerBefore, LATE, Fault::InternalErrorAfter, Fault::Truncated]
    {
        let shelf = Shelf::both();
        shelf.world.shops[CLUJ].faults.next(1, Method::POST, "/products", fault);
        shelf.make_in_erp("LAMP-1", "10");
        shelf.run(40);
        assert_one(&shelf, "LAMP-1");
        assert_eq!(shelf.gross(CLUJ, "LAMP-1"), number("11.90"), "{fault:?}");
        assert_met(&shelf, fault);
        let journal = shelf.journal(20);
        let made = journal.iter().filter(|line| line.starts_with("cluj ") && line.contains(" created: "));
        assert_eq!(made.count(), 1, "{fault:?}: {journal:#?}");
        assert_eq!(shelf.issues(), [], "{fault:?}");
        shelf.assert_quiet();
    }
}

#[test]
fn an_erp_that_never_answers_a_create_gets_no_twin() {
    for fault in
        [Fault::NoAnswerAfter, Fault::NoAnswerBefore, LATE, Fault::InternalErrorAfter, Fault::Truncated]
    {
        let shelf = Shelf::both();
        shelf.world.erp_faults.next_with(1, "model.product.template.create", fault);
        shelf.world.shops[CLUJ].sandbox.add_product(shirt("SHIRT-", &["S", "M"], "20"), shelf.world.now());
        shelf.run(30);
        for sku in ["SHIRT-S", "SHIRT-M"] {
            assert_one(&shelf, sku);
        }
        assert_met(&shelf, fault);
        assert_eq!(shelf.issues(), [], "{fault:?}");
        shelf.assert_quiet();
    }
}

#[test]
fn a_crash_right_after_a_create_makes_no_twin() {
    let mut shelf = Shelf::both();
    shelf.make_in_erp("LAMP-1", "10");
    shelf.crash_when(|shelf| !shelf.units(CLUJ, "LAMP-1").is_empty());
    shelf.run(30);
    assert_one(&shelf, "LAMP-1");
    shelf.make_in_shop(ATHENS, "MUG-1", "8");
    shelf.crash_when(|shelf| !shelf.all_in_erp("MUG-1").is_empty());
    shelf.run(40);
    assert_one(&shelf, "MUG-1");
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn a_field_whose_write_was_not_answered_is_read_and_is_right_in_the_end() {
    for fault in [Fault::NoAnswerAfter, Fault::NoAnswerBefore, LATE, Fault::NotJson] {
        let shelf = Shelf::both();
        shelf.world.shops[CLUJ].faults.next(1, Method::PATCH, "/products/", fault);
        shelf.erp_price(SKU, "45");
        shelf.world.erp_faults.next_with(1, "model.product.template.write", fault);
        shelf.edit(CLUJ, "P00002", serde_json::json!({"name": "Nou"}));
        shelf.run(40);
        assert_eq!(shelf.gross(CLUJ, SKU), number("53.55"), "{fault:?}");
        assert_eq!(shelf.in_erp("P00002").name, "Nou", "{fault:?}");
        assert_met(&shelf, fault);
        assert_eq!(shelf.issues(), [], "{fault:?}");
        assert_eq!(shelf.drifts(), [], "{fault:?}");
        shelf.assert_quiet();
    }
}

#[test]
fn a_crash_right_after_a_price_was_written_leaves_nothing_to_do_and_nobody_accused() {
    let mut shelf = Shelf::both();
    shelf.erp_price(SKU, "45");
    shelf.crash_when(|shelf| shelf.gross(CLUJ, SKU) == number("53.55"));
    shelf.run(30);
    assert_eq!((shelf.gross(CLUJ, SKU), shelf.gross(ATHENS, SKU)), (number("53.55"), number("53.55")));
    assert_eq!((shelf.issues(), shelf.drifts()), (Vec::new(), Vec::new()));
    let journal = shelf.journal(20);
    let told = journal.iter().filter(|line| line.starts_with("cluj ") && line.contains("\"53.55\""));
    assert_eq!(told.count(), 1, "the journal has it though nobody heard an answer: {journal:#?}");
    shelf.assert_quiet();
}

#[test]
fn what_zygos_wrote_and_died_is_nobodys_edit_when_the_other_side_is_edited_again_or_back() {
    for again in ["46", "44"] {
        let mut shelf = Shelf::net_both_ways();
        shelf.erp_price(SKU, "44");
        shelf.run(30);
        shelf.erp_price(SKU, "45");
        shelf.crash_when(|shelf| shelf.net(CLUJ, SKU) == number("45"));
        shelf.erp_price(SKU, again);
        shelf.run(30);
        let prices = [CLUJ, ATHENS].map(|shop| shelf.net(shop, SKU));
        assert_eq!(prices, [number(again); 2], "{:?}", shelf.journal(6));
        assert_eq!(shelf.in_erp(SKU).price, Some(number(again)), "{:?}", shelf.journal(6));
        assert_eq!((shelf.issues(), shelf.drifts()), (Vec::new(), Vec::new()));
        shelf.assert_quiet();
    }
}

#[test]
fn a_lost_answer_to_new_variants_makes_no_twins_on_either_side() {
    for fault in [Fault::NoAnswerAfter, LATE] {
        let shelf = Shelf::both();
        let parent = shelf.product(CLUJ, "V00005-S")["id"].as_u64().expect("an id");
        shelf.world.erp_faults.next_with(1, "model.product.product.create", fault);
        let new = size_of("V00005-", "XXL");
        shelf.world.shops[CLUJ].sandbox.add_variant(parent, new, shelf.world.now()).expect("a variant");
        shelf.run(40);
        assert_one(&shelf, "V00005-XXL");
        let sister = shelf.product(ATHENS, "V00005-S")["id"].as_u64().expect("an id");
        shelf.world.shops[ATHENS].faults.next(1, Method::PATCH, &format!("/{sister}"), fault);
        let new = zygos_sim::tryton::NewProduct {
            template: Some("V00005-".to_owned()),
            ..zygos_sim::tryton::NewProduct::new("V00005-XS", number("1"))
        };
        shelf.world.erp.add_product(&new, shelf.world.now()).expect("a variant");
        shelf.run(40);
        assert_one(&shelf, "V00005-XS");
        assert_met(&shelf, fault);
        assert_eq!(shelf.issues(), [], "{fault:?}");
        shelf.assert_quiet();
    }
}

#[test]
fn a_product_made_on_all_sides_in_the_same_minute_is_one() {
    let shelf = Shelf::both();
    shelf.make_in_erp("LAMP-1", "10");
    shelf.make_in_shop(CLUJ, "LAMP-1", "10");
    shelf.make_in_shop(ATHENS, "MUG-1", "8");
    shelf.make_in_shop(CLUJ, "MUG-1", "8");
    shelf.run(60);
    assert_one(&shelf, "LAMP-1");
    assert_one(&shelf, "MUG-1");
    let left: Vec<_> = shelf.issues().into_iter().filter(|issue| issue.kind != "product_conflict").collect();
    assert_eq!(left, []);
}

#[test]
fn a_connection_that_is_down_for_an_hour_catches_up_by_itself() {
    let shelf = Shelf::both();
    let until = shelf.world.now() + Duration::from_secs(3600);
    shelf.world.shops[CLUJ].faults.down_until(until);
    shelf.erp_price(SKU, "45");
    shelf.make_in_erp("LAMP-1", "10");
    shelf.run(30);
    assert_eq!(shelf.gross(ATHENS, SKU), number("53.55"), "the other store doesn't wait");
    assert_eq!(shelf.units(ATHENS, "LAMP-1").len(), 1);
    shelf.run(75);
    assert_eq!(shelf.gross(CLUJ, SKU), number("53.55"));
    assert_one(&shelf, "LAMP-1");
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}
