//! Lost answers, late ones, and crashes in the worst moment make no twins.

use std::time::Duration;

use http::Method;
use zygos_sim::Fault;

use crate::support::{ATHENS, CLUJ, SKU, Shelf, number, shirt};

const LATE: Fault = Fault::LateApply { delay: Duration::from_secs(40) };

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
        shelf.run(60);
        for sku in ["SHIRT-S", "SHIRT-M"] {
            assert_one(&shelf, sku);
        }
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
        assert_eq!(shelf.issues(), [], "{fault:?}");
        assert_eq!(shelf.drifts(), [], "{fault:?}");
        shelf.assert_quiet();
    }
}
