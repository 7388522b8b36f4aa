//! Fields of products that both sides have: edited on one side, on the other, or on both in the same minute.

use serde_json::json;
use zygos_core::{catalogue::Owner, model::Field};
use zygos_scenarios::flows::{gross_prices, owned};
use zygos_storage::Mode;

use crate::support::{ATHENS, CLUJ, OTHER, SKU, Shelf, decimal, number, text};

/// As [`owned`], in the first store only: what nobody owns can't be agreed on by three.
fn only_cluj(owners: impl IntoIterator<Item = (Field, Owner)>) -> Shelf {
    let flow = owned(owners);
    Shelf::with(move |settings| {
        settings.stores[CLUJ].products = Some(flow.clone());
        settings.stores[CLUJ].prices = Some(gross_prices(None));
    })
}

#[test]
fn different_fields_edited_on_both_sides_in_the_same_minute_are_both_kept() {
    let shelf = Shelf::both();
    shelf.edit(CLUJ, SKU, json!({"name": "Nume nou"}));
    shelf.erp_price(SKU, "30");
    shelf.world.erp.set_ean(shelf.erp_id(SKU), Some("4006381333931"), shelf.world.now()).expect("an EAN");
    shelf.sync();
    assert_eq!(shelf.in_erp(SKU).name, "Nume nou");
    assert_eq!(shelf.name(CLUJ, SKU), "Nume nou");
    assert_eq!(shelf.in_erp(SKU).price, Some(number("30")));
    for shop in [CLUJ, ATHENS] {
        assert_eq!(shelf.gross(shop, SKU), number("35.70"));
        assert_eq!(text(&shelf.shown(shop, SKU)["ean"]), "4006381333931");
    }
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn what_the_erp_owns_is_put_back_in_the_store_and_the_hand_edit_is_told() {
    let shelf = Shelf::both();
    let right = shelf.gross(CLUJ, SKU);
    shelf.type_price(CLUJ, SKU, "1.99");
    shelf.sync();
    assert_eq!(shelf.gross(CLUJ, SKU), right);
    let drifts = shelf.drifts();
    assert_eq!(drifts.len(), 1, "{drifts:?}");
    assert_eq!((drifts[0].field.as_str(), drifts[0].cause.as_str()), ("price", "edited_by_hand"));
    assert_eq!(drifts[0].is, "1.99");
    assert!(drifts[0].corrected_at.is_some());
    shelf.assert_quiet();
}

#[test]
fn what_the_store_owns_is_put_back_in_the_erp() {
    let shelf = Shelf::both();
    let right = shelf.name(CLUJ, SKU);
    shelf.erp_name(SKU, "Warehouse jargon");
    shelf.sync();
    assert_eq!(shelf.in_erp(SKU).name, right);
    assert_eq!(shelf.name(CLUJ, SKU), right);
    shelf.assert_quiet();
}

#[test]
fn the_owner_wins_when_both_edited_the_same_field() {
    for (owner, kept) in [(Owner::Store, "In the store"), (Owner::Erp, "In the ERP")] {
        let shelf = only_cluj([(Field::Name, owner)]);
        shelf.edit(CLUJ, SKU, json!({"name": "In the store"}));
        shelf.erp_name(SKU, "In the ERP");
        shelf.sync();
        assert_eq!(shelf.name(CLUJ, SKU), kept, "{owner:?}");
        assert_eq!(shelf.in_erp(SKU).name, kept, "{owner:?}");
        assert_eq!(shelf.issues(), []);
        shelf.assert_quiet();
    }
}

#[test]
fn what_nobody_owns_follows_whoever_edits_it() {
    let shelf = only_cluj([(Field::Name, Owner::Newest)]);
    shelf.edit(CLUJ, SKU, json!({"name": "First in the store"}));
    shelf.sync();
    assert_eq!(shelf.in_erp(SKU).name, "First in the store");
    shelf.erp_name(SKU, "Then in the ERP");
    shelf.sync();
    assert_eq!(shelf.name(CLUJ, SKU), "Then in the ERP");
    assert_eq!(shelf.issues(), []);
    assert_eq!(shelf.drifts(), [], "nobody interfered");
    shelf.assert_quiet();
}

#[test]
fn what_nobody_owns_and_both_edited_waits_for_a_person_and_each_answer_is_carried_out() {
    for (choice, store, erp) in [
        ("store", "In the store", "In the store"),
        ("erp", "In the ERP", "In the ERP"),
        ("leave", "In the store", "In the ERP"),
    ] {
        let shelf = only_cluj([(Field::Name, Owner::Newest)]);
        let was = shelf.name(CLUJ, SKU);
        shelf.edit(CLUJ, SKU, json!({"name": "In the store"}));
        shelf.erp_name(SKU, "In the ERP");
        shelf.bystander_moves();
        shelf.sync();
        assert_eq!(shelf.name(CLUJ, SKU), "In the store");
        assert_eq!(shelf.in_erp(SKU).name, "In the ERP");
        assert_eq!(shelf.gross(CLUJ, crate::support::BYSTANDER), number("65.45"));
        let issue = shelf.issue("product_conflict");
        assert_eq!(issue.choices, ["store", "erp", "leave"]);
        for said in ["cluj", "name", "In the store", "In the ERP", was.as_str(), "zygos approve"] {
            assert!(issue.text.contains(said), "{said}: {}", issue.text);
        }
        shelf.sync();
        assert_eq!(shelf.issue("product_conflict").id, issue.id, "it is asked once");
        shelf.answer(&issue, choice);
        shelf.sync();
        assert_eq!(
            (shelf.name(CLUJ, SKU).as_str(), shelf.in_erp(SKU).name.as_str()),
            (store, erp),
            "{choice}"
        );
        assert_eq!(shelf.issues(), [], "{choice}");
        shelf.assert_quiet();
        // An answer is about two values, not about the field for ever.
        shelf.edit(CLUJ, SKU, json!({"name": "Later"}));
        shelf.sync();
        assert_eq!(shelf.in_erp(SKU).name, "Later", "{choice}");
        assert_eq!(shelf.issues(), [], "{choice}");
    }
}

#[test]
fn a_field_about_which_a_person_wants_to_be_asked_is_never_written_unasked() {
    let shelf = only_cluj([(Field::Name, Owner::Ask)]);
    shelf.edit(CLUJ, SKU, json!({"name": "In the store"}));
    shelf.sync();
    assert_ne!(shelf.in_erp(SKU).name, "In the store");
    let issue = shelf.issue("product_conflict");
    shelf.answer(&issue, "store");
    shelf.sync();
    assert_eq!(shelf.in_erp(SKU).name, "In the store");
    assert_eq!(shelf.issues(), []);
}

#[test]
fn a_question_closes_by_itself_when_the_two_sides_are_made_the_same_by_hand() {
    let shelf = only_cluj([(Field::Name, Owner::Newest)]);
    shelf.edit(CLUJ, SKU, json!({"name": "In the store"}));
    shelf.erp_name(SKU, "In the ERP");
    shelf.sync();
    shelf.issue("product_conflict");
    shelf.erp_name(SKU, "In the store");
    shelf.sync();
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn categories_follow_their_path_and_missing_parents_are_made_first() {
    let shelf = Shelf::of(
        owned([(Field::Categories, Owner::Erp), (Field::Description, Owner::Erp)]),
        gross_prices(None),
    );
    let erp = &shelf.world.erp;
    let now = shelf.world.now();
    let top = erp.add_category("Kitchen", None, now).expect("a category");
    let mid = erp.add_category("Table", Some(top), now).expect("a category");
    let leaf = erp.add_category("Cups", Some(mid), now).expect("a category");
    for sku in [SKU, OTHER] {
        erp.set_categories(shelf.erp_id(sku), &[leaf], now).expect("it is put there");
    }
    shelf.sync();
    for shop in [CLUJ, ATHENS] {
        let tree = shelf.world.shops[shop].sandbox.categories();
        let called = |name: &str| -> Vec<_> { tree.iter().filter(|(_, n, _)| n == name).collect() };
        let [kitchen, table, cups] = ["Kitchen", "Table", "Cups"].map(|name| {
            let found = called(name);
            assert_eq!(found.len(), 1, "{name} is made once: {tree:?}");
            found[0]
        });
        assert_eq!((kitchen.2, table.2, cups.2), (0, kitchen.0, table.0));
        for sku in [SKU, OTHER] {
            assert_eq!(shelf.product(shop, sku)["categories"], json!([{"id": cups.0, "name": "Cups"}]));
        }
    }
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn a_store_that_is_paused_is_not_written_to_and_catches_up_afterwards() {
    let shelf = Shelf::both();
    let athens = shelf.world.shops[ATHENS].id.clone();
    shelf.world.block_on(shelf.engine.set_mode(&athens, Mode::Paused, None)).expect("it is paused");
    let before = shelf.gross(ATHENS, SKU);
    shelf.erp_price(SKU, "30");
    shelf.sync();
    assert_eq!(shelf.gross(CLUJ, SKU), number("35.70"));
    assert_eq!(shelf.gross(ATHENS, SKU), before);
    shelf.world.block_on(shelf.engine.set_mode(&athens, Mode::Live, None)).expect("it goes on");
    shelf.wait(std::time::Duration::from_secs(600));
    shelf.sync();
    assert_eq!(shelf.gross(ATHENS, SKU), number("35.70"));
    shelf.assert_quiet();
}

#[test]
fn variants_are_edited_one_by_one_and_their_sisters_stay() {
    let shelf = Shelf::net_both_ways();
    let before = shelf.product(CLUJ, "V00005-S");
    let small = shelf.erp_id("V00005-S");
    let price = before["variants"][1]["price_net"].clone();
    let new = decimal(&price) + number("1");
    shelf.world.erp.set_own_price(small, Some(new), shelf.world.now()).expect("its own price");
    shelf.sync();
    assert_eq!(shelf.net(CLUJ, "V00005-S"), new);
    assert_eq!(shelf.net(ATHENS, "V00005-S"), new);
    let after = shelf.product(CLUJ, "V00005-S");
    for place in 1..4 {
        assert_eq!(after["variants"][place], before["variants"][place], "a sister is as it was");
    }
    assert_eq!(after["variants"][0]["stock"], before["variants"][0]["stock"]);
    shelf.assert_quiet();
}
