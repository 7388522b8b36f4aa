//! Products that are retired, deleted, or put on sale again.

use zygos_core::catalogue::Gone;
use zygos_scenarios::flows::{both_ways, gross_prices};

use crate::support::{ATHENS, BYSTANDER, CLUJ, OTHER, SKU, Shelf, text};

fn by(gone: Gone) -> Shelf {
    let mut flow = both_ways();
    flow.gone = gone;
    Shelf::of(flow, gross_prices(None))
}

fn status(shelf: &Shelf, shop: usize, sku: &str) -> String {
    text(&shelf.shown(shop, sku)["status"])
}

fn retire(shelf: &Shelf, sku: &str) {
    shelf.world.erp.retire(shelf.erp_id(sku), shelf.world.now()).expect("it is retired");
}

/// Goods without a history of movements: others can't be deleted in the ERP.
fn deletable(shelf: &Shelf) -> i64 {
    let id = shelf.make_in_erp("LAMP-1", "10");
    shelf.sync();
    assert!(shelf.unit(CLUJ, "LAMP-1").is_some() && shelf.unit(ATHENS, "LAMP-1").is_some());
    id
}

#[test]
fn what_the_erp_retires_is_taken_off_sale_by_policy_and_comes_back_with_it() {
    let shelf = by(Gone::Archive);
    let id = shelf.erp_id(SKU);
    retire(&shelf, SKU);
    shelf.sync();
    for shop in [CLUJ, ATHENS] {
        assert_eq!(status(&shelf, shop, SKU), "inactive");
        assert_eq!(status(&shelf, shop, OTHER), "active");
    }
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
    shelf.world.erp.restore(id, shelf.world.now()).expect("it is sold again");
    shelf.sync();
    assert_eq!(status(&shelf, CLUJ, SKU), "active");
    assert_eq!(status(&shelf, ATHENS, SKU), "active");
    shelf.assert_quiet();
}

#[test]
fn what_the_erp_retires_is_asked_about_or_left_as_the_merchant_wishes() {
    let shelf = by(Gone::Ask);
    retire(&shelf, SKU);
    shelf.bystander_moves();
    shelf.sync();
    assert_eq!(status(&shelf, CLUJ, SKU), "active");
    shelf.assert_bystander_moved();
    let asked = shelf.issues();
    assert_eq!(asked.len(), 2, "in each store: {asked:?}");
    assert!(
        asked.iter().all(|issue| issue.kind == "product_conflict" && issue.text.contains("sells it no more"))
    );
    for (issue, choice) in asked.iter().zip(["erp", "leave"]) {
        shelf.answer(issue, choice);
    }
    shelf.sync();
    assert_eq!(shelf.issues(), []);
    let mut now = [status(&shelf, CLUJ, SKU), status(&shelf, ATHENS, SKU)];
    now.sort();
    assert_eq!(now, ["active", "inactive"]);
    shelf.assert_quiet();

    let shelf = by(Gone::Leave);
    retire(&shelf, SKU);
    shelf.sync();
    assert_eq!(status(&shelf, CLUJ, SKU), "active");
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn a_shop_takes_its_product_off_sale_and_nobody_minds() {
    let shelf = Shelf::both();
    shelf.edit(CLUJ, SKU, serde_json::json!({"status": "inactive"}));
    shelf.sync();
    assert!(shelf.in_erp(SKU).active);
    assert_eq!(
        (status(&shelf, CLUJ, SKU), status(&shelf, ATHENS, SKU)),
        ("inactive".into(), "active".into())
    );
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn what_is_deleted_in_the_erp_stays_in_the_stores_until_a_person_decides() {
    for (choice, expected) in [("archive", "inactive"), ("leave", "active")] {
        let shelf = by(Gone::Ask);
        let id = deletable(&shelf);
        shelf.world.erp.delete_product(id, shelf.world.now()).expect("it is deleted");
        shelf.wait(std::time::Duration::from_secs(25 * 3600));
        shelf.sync();
        shelf.sync();
        let asked: Vec<_> = shelf.issues().into_iter().filter(|issue| issue.kind == "product_gone").collect();
        assert_eq!(asked.len(), 2, "{:?}", shelf.issues());
        assert!(
            asked[0].text.contains("LAMP-1 is gone from the ERP and still is in the store"),
            "{}",
            asked[0].text
        );
        assert_eq!(shelf.all_in_erp("LAMP-1"), [], "it isn't made again");
        for issue in &asked {
            shelf.answer(issue, choice);
        }
        shelf.sync();
        assert_eq!(status(&shelf, CLUJ, "LAMP-1"), expected);
        assert_eq!(status(&shelf, ATHENS, "LAMP-1"), expected);
        assert_eq!(shelf.all_in_erp("LAMP-1"), [], "{choice}: it isn't made again");
        assert_eq!(shelf.kinds().iter().filter(|kind| *kind == "product_gone").count(), 0);
        shelf.assert_quiet();
    }
}

#[test]
fn what_is_deleted_in_the_erp_is_made_again_when_a_person_says_so() {
    let shelf = by(Gone::Ask);
    let id = deletable(&shelf);
    shelf.world.erp.delete_product(id, shelf.world.now()).expect("it is deleted");
    shelf.wait(std::time::Duration::from_secs(25 * 3600));
    shelf.sync();
    for issue in shelf.issues().iter().filter(|issue| issue.kind == "product_gone") {
        shelf.answer(issue, "create");
    }
    shelf.sync();
    shelf.sync();
    assert_eq!(shelf.all_in_erp("LAMP-1").len(), 1);
    for shop in [CLUJ, ATHENS] {
        assert_eq!(shelf.units(shop, "LAMP-1").len(), 1);
    }
    // Tryton keeps the template of a variant that is deleted.
    assert_eq!(shelf.kinds(), ["incomplete_product", "incomplete_product"]);
    assert!(shelf.issues()[0].text.contains("it has no variants that could be sold; add one"));
    shelf.assert_quiet();
}

#[test]
fn what_is_deleted_in_a_store_is_confirmed_by_a_direct_read_and_not_made_again_unasked() {
    for (choice, there) in [("leave", 0), ("create", 1)] {
        let shelf = by(Gone::Ask);
        let id = shelf.unit(CLUJ, SKU).expect("it is there");
        assert!(shelf.world.shops[CLUJ].sandbox.delete_product(id));
        shelf.sync();
        shelf.sync();
        let issue = shelf.issue("product_gone");
        assert_eq!(issue.connection.as_str(), "cluj");
        assert!(issue.text.contains(&format!("{SKU} is gone from the store")), "{}", issue.text);
        assert_eq!(shelf.unit(CLUJ, SKU), None);
        shelf.answer(&issue, choice);
        shelf.sync();
        shelf.sync();
        assert_eq!(shelf.units(CLUJ, SKU).len(), there, "{choice}");
        assert!(shelf.in_erp(SKU).active);
        assert_eq!(status(&shelf, ATHENS, SKU), "active");
        assert_eq!(shelf.issues(), [], "{choice}");
        shelf.assert_quiet();
    }
}

#[test]
fn what_is_deleted_in_a_store_is_taken_off_sale_in_the_erp_when_a_person_says_so() {
    let shelf = by(Gone::Ask);
    let product = deletable(&shelf);
    let id = shelf.unit(CLUJ, "LAMP-1").expect("it is there");
    assert!(shelf.world.shops[CLUJ].sandbox.delete_product(id));
    shelf.sync();
    shelf.answer(&shelf.issue("product_gone"), "archive");
    let plan = shelf.world.block_on(shelf.engine.plan()).expect("both sides can be read");
    let [taken] = plan.products.as_slice() else { panic!("{:?}", plan.products) };
    assert_eq!((taken.to.as_str(), taken.name.as_str(), taken.field.as_str()), ("erp", "LAMP-1", "active"));
    assert_eq!((taken.before.as_deref(), taken.after.as_str()), (Some("yes"), "no"));
    let carried = shelf.world.block_on(shelf.engine.carry_out(&shelf.kept_plan()));
    let carried = carried.expect("both sides can be read");
    assert_eq!((carried.done.len(), carried.moved.len()), (1, 0), "{carried:?}");
    let left = shelf.world.erp.product(product).expect("it is never deleted");
    assert!(!left.active, "{:?} {:?}", shelf.issues(), shelf.journal(5));
    assert_eq!(shelf.unit(CLUJ, "LAMP-1"), None);
}

#[test]
fn goods_in_stock_are_not_taken_off_sale_in_an_erp_that_wants_a_person_to_say_so() {
    let shelf = by(Gone::Archive);
    let id = shelf.unit(CLUJ, SKU).expect("it is there");
    assert!(shelf.world.shops[CLUJ].sandbox.delete_product(id));
    shelf.bystander_moves();
    shelf.sync();
    shelf.sync();
    assert!(shelf.in_erp(SKU).active);
    let issue = shelf.issue("product_refused");
    assert!(issue.text.starts_with("erp refuses product"), "{}", issue.text);
    assert!(issue.text.contains("Tryton asks a person to confirm a warning first"), "{}", issue.text);
    assert!(issue.text.contains("Only this product waits"), "{}", issue.text);
    shelf.assert_bystander_moved();
}

#[test]
fn a_mass_removal_is_held_until_it_is_approved_and_nothing_is_forgotten_before() {
    let shelf = Shelf::with(|settings| {
        for store in &mut settings.stores {
            let mut flow = both_ways();
            flow.gone = Gone::Archive;
            store.products = Some(flow);
            store.prices = Some(gross_prices(None));
        }
        settings.guard.archived_free = 2;
        settings.guard.archived_percent = 10;
    });
    // Without stock, or the ERP wants a person for each.
    let skus = ["LAMP-1", "LAMP-2", "LAMP-3", "LAMP-4"];
    for sku in skus {
        shelf.make_in_erp(sku, "10");
    }
    shelf.sync();
    for sku in skus {
        let id = shelf.unit(CLUJ, sku).expect("it is there");
        assert!(shelf.world.shops[CLUJ].sandbox.delete_product(id));
    }
    shelf.bystander_moves();
    shelf.sync();
    shelf.sync();
    let issue = shelf.issue("guard");
    assert_eq!(issue.connection.as_str(), "cluj");
    assert!(issue.text.contains("Nothing was archived"), "{}", issue.text);
    assert!(skus.iter().all(|sku| shelf.in_erp(sku).active));
    shelf.assert_bystander_moved();
    let products = skus.map(|sku| shelf.erp_id(sku));
    shelf.answer(&issue, "approve");
    shelf.sync();
    shelf.sync();
    for product in products {
        assert!(!shelf.world.erp.product(product).expect("it is there").active);
    }
    assert!(shelf.in_erp(BYSTANDER).active);
}
