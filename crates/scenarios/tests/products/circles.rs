//! Categories that are above themselves.

use serde_json::json;
use zygos_core::{catalogue::Owner, model::Field};
use zygos_scenarios::flows::{gross_prices, owned};

use crate::{
    bad_input::says,
    support::{ATHENS, CLUJ, SKU, Shelf, number},
};

#[test]
fn a_circle_of_categories_in_a_store_is_named_and_the_rest_of_its_products_moves() {
    let shelf = Shelf::both();
    let sandbox = &shelf.world.shops[CLUJ].sandbox;
    let one = sandbox.add_category("One", 0);
    let two = sandbox.add_category("Two", one);
    assert!(sandbox.move_category(one, two));
    shelf.edit(CLUJ, SKU, json!({"category_id": two, "name": "In a circle"}));
    shelf.bystander_moves();
    shelf.sync();
    let issue = shelf.issue("unreadable_field");
    says(&issue, &["cluj: product In a circle", "categories", "Two"]);
    assert_eq!(shelf.in_erp(SKU).name, "In a circle", "the rest of it moves");
    assert_eq!(shelf.in_erp(SKU).categories, Vec::<Vec<String>>::new());
    shelf.assert_bystander_moved();
    assert!(sandbox.move_category(one, 0));
    shelf.run(30);
    shelf.sync();
    assert_eq!(shelf.in_erp(SKU).categories, [["One", "Two"]]);
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn a_circle_of_categories_in_the_erp_is_named_and_the_rest_of_its_products_moves() {
    let shelf = Shelf::of(owned([(Field::Categories, Owner::Erp)]), gross_prices(None));
    let erp = &shelf.world.erp;
    let one = erp.add_category("One", None, shelf.world.now()).expect("a category");
    let two = erp.add_category("Two", Some(one), shelf.world.now()).expect("a category");
    erp.force_category_parent(one, two, shelf.world.now());
    erp.set_categories(shelf.erp_id(SKU), &[two], shelf.world.now()).expect("it is put there");
    shelf.erp_price(SKU, "45");
    shelf.bystander_moves();
    shelf.sync();
    let issue = shelf.issue("unreadable_field");
    says(&issue, &["erp: product", "categories"]);
    for shop in [CLUJ, ATHENS] {
        assert_eq!(shelf.gross(shop, SKU), number("53.55"), "the rest of it moves");
        assert_eq!(shelf.product(shop, SKU)["categories"], json!([]));
    }
    shelf.assert_bystander_moved();
    erp.move_category(one, None, shelf.world.now()).expect("it is put right");
    shelf.sync();
    assert_eq!(shelf.product(CLUJ, SKU)["categories"][0]["name"], "Two");
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn a_circle_of_categories_in_the_erp_is_not_written_over_while_a_store_owns_them() {
    let shelf = Shelf::of(owned([(Field::Categories, Owner::Store)]), gross_prices(None));
    let erp = &shelf.world.erp;
    let one = erp.add_category("One", None, shelf.world.now()).expect("a category");
    let two = erp.add_category("Two", Some(one), shelf.world.now()).expect("a category");
    erp.set_categories(shelf.erp_id(SKU), &[two], shelf.world.now()).expect("it is put there");
    erp.force_category_parent(one, two, shelf.world.now());
    let lamps = shelf.world.shops[CLUJ].sandbox.add_category("Lamps", 0);
    shelf.edit(CLUJ, SKU, json!({"category_id": lamps}));
    shelf.erp_price(SKU, "45");
    shelf.sync();
    says(&shelf.issue("unreadable_field"), &["erp: product", "categories"]);
    assert_eq!(shelf.gross(CLUJ, SKU), number("53.55"), "the rest of it moves");
    let writes = shelf.take_written();
    assert!(!writes.iter().any(|write| write.contains("categories")), "{writes:#?}");
    erp.move_category(one, None, shelf.world.now()).expect("it is put right");
    shelf.sync();
    assert_eq!(shelf.in_erp(SKU).categories, [["Lamps"]]);
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}
