//! Verification compares fields too, names what it finds, corrects it and counts it.

use serde_json::json;
use zygos_core::{catalogue::Owner, model::Field};
use zygos_scenarios::flows::{gross_prices, owned};

use crate::support::{ATHENS, CLUJ, OTHER, SKU, Shelf};

#[test]
fn hand_edits_in_a_store_are_found_with_their_cause_corrected_and_counted() {
    let shelf = Shelf::of(owned([(Field::Name, Owner::Erp)]), gross_prices(None));
    let (price, name) = (shelf.gross(CLUJ, SKU), shelf.name(CLUJ, OTHER));
    shelf.type_price(CLUJ, SKU, "41");
    shelf.edit(CLUJ, OTHER, json!({"name": "By hand"}));
    shelf.wait(crate::support::MINUTE);
    let settings = &shelf.engine.settings().stores[CLUJ];
    let found = shelf.world.block_on(shelf.engine.verify(settings)).expect("both sides answer");
    assert_eq!((found.products, found.fields_different), (9, 2), "{found:?}");
    let mut drifts = shelf.drifts();
    drifts.sort_by(|one, two| one.field.cmp(&two.field));
    let told: Vec<_> = drifts
        .iter()
        .map(|drift| (drift.store.as_str(), drift.field.as_str(), drift.is.as_str(), drift.cause.as_str()))
        .collect();
    assert_eq!(
        told,
        [("cluj", "name", "By hand", "edited_by_hand"), ("cluj", "price", "41", "edited_by_hand")]
    );
    shelf.sync();
    assert_eq!((shelf.gross(CLUJ, SKU), shelf.name(CLUJ, OTHER)), (price, name));
    assert!(shelf.drifts().iter().all(|drift| drift.corrected_at.is_some()), "{:?}", shelf.drifts());
    let again = shelf.world.block_on(shelf.engine.verify(settings)).expect("both sides answer");
    assert_eq!((again.products, again.fields_different), (9, 0), "{again:?}");
    assert_eq!(shelf.gross(ATHENS, SKU), price);
    shelf.assert_quiet();
}

#[test]
fn a_running_engine_corrects_a_hand_edit_without_being_asked() {
    let shelf = Shelf::both();
    let price = shelf.gross(ATHENS, SKU);
    shelf.type_price(ATHENS, SKU, "41");
    shelf.run(20);
    assert_eq!(shelf.gross(ATHENS, SKU), price);
    let drifts = shelf.drifts();
    assert_eq!(drifts.len(), 1, "{drifts:?}");
    assert!(drifts[0].corrected_at.is_some());
}
