//! What would be written, shown before; kept plans; and what can be asked afterwards.

use zygos_engine::{HistoryRange, PlannedProduct};
use zygos_scenarios::flows::{both_ways, gross_prices};

use crate::support::{ATHENS, CLUJ, OTHER, SKU, Shelf, number};

#[test]
fn nothing_is_written_while_observing_and_the_plan_shows_all_of_it_with_reasons_and_calls() {
    let shelf = Shelf::observing(12, |settings| {
        for store in &mut settings.stores {
            store.products = Some(both_ways());
            store.prices = Some(gross_prices(None));
        }
    });
    shelf.make_in_erp("LAMP-1", "10");
    shelf.make_in_shop(CLUJ, "MUG-1", "8");
    shelf.erp_price(SKU, "45");
    shelf.run(60);
    assert_eq!(shelf.take_written(), Vec::<String>::new());
    let plan = shelf.world.block_on(shelf.engine.plan()).expect("both sides can be read");
    let find = |store: &str, to: &str, field: &str, name: &str| -> Option<&PlannedProduct> {
        plan.products.iter().find(|planned| {
            (planned.store.as_str(), planned.to.as_str(), planned.field.as_str(), planned.name.as_str())
                == (store, to, field, name)
        })
    };
    for store in ["cluj", "athens"] {
        let lamp = find(store, store, "new", "Product LAMP-1").expect("the lamp");
        assert_eq!(lamp.why, format!("{store} does not have it"));
        let price = find(store, store, "price", SKU).expect("the price");
        assert_eq!(price.after, "53.55");
        assert!(price.why.contains("the ERP owns the price"), "{}", price.why);
    }
    assert!(find("cluj", "erp", "new", "Cană albastră").is_some());
    assert!(plan.costs.iter().all(|cost| cost.calls > 0 && cost.writes > 0), "{:?}", plan.costs);
    shelf.approve();
    shelf.sync();
    shelf.sync();
    assert_eq!(shelf.gross(CLUJ, SKU), number("53.55"));
    assert!(shelf.unit(ATHENS, "LAMP-1").is_some() && shelf.unit(ATHENS, "MUG-1").is_some());
}

#[test]
fn a_kept_plan_is_carried_out_as_seen_and_what_moved_is_left_alone_and_told() {
    let shelf = Shelf::both();
    let before = shelf.gross(CLUJ, OTHER);
    shelf.erp_price(SKU, "45");
    shelf.erp_price(OTHER, "50");
    shelf.make_in_erp("LAMP-1", "10");
    let plan = shelf.kept_plan();
    shelf.erp_price(OTHER, "51");
    shelf.make_in_erp("LAMP-2", "10");
    shelf.wait(crate::support::MINUTE);
    let carried = shelf.world.block_on(shelf.engine.carry_out(&plan)).expect("both sides can be read");
    for shop in [CLUJ, ATHENS] {
        assert_eq!(shelf.gross(shop, SKU), number("53.55"), "{carried:?}");
        assert_eq!(shelf.gross(shop, OTHER), before, "what moved is left alone: {carried:?}");
        assert_eq!(shelf.units(shop, "LAMP-1").len(), 1, "{carried:?}");
        assert_eq!(shelf.unit(shop, "LAMP-2"), None, "nothing beyond the plan is made");
    }
    assert!(carried.moved.iter().any(|line| line.what.contains(OTHER)), "{carried:?}");
    let again = shelf.world.block_on(shelf.engine.carry_out(&plan)).expect("both sides can be read");
    assert_eq!(again.done, [], "{again:?}");
    shelf.sync();
    assert_eq!(shelf.gross(CLUJ, OTHER), number("60.69"));
    assert!(shelf.unit(CLUJ, "LAMP-2").is_some());
    shelf.assert_quiet();
}

#[test]
fn a_field_is_explained_and_its_history_told() {
    let shelf = Shelf::both();
    shelf.erp_price(SKU, "45");
    shelf.sync();
    let stories = shelf.world.block_on(shelf.engine.explain_unit(SKU)).expect("the state can be read");
    let cluj = stories.iter().find(|story| story.store.as_str() == "cluj").expect("the story");
    let lines = cluj.lines().join("\n");
    assert!(lines.contains("53.55") && lines.contains("the ERP's holds"), "{lines}");
    let history = shelf.world.block_on(shelf.engine.history(SKU, HistoryRange::default()));
    let lines = history.expect("the state can be read").lines().join("\n");
    assert!(lines.contains("price") && lines.contains("53.55"), "{lines}");
}

#[test]
fn a_correction_in_the_plan_says_who_edited_what() {
    let shelf = Shelf::both();
    let right = shelf.gross(CLUJ, SKU);
    shelf.type_price(CLUJ, SKU, "41");
    shelf.wait(crate::support::MINUTE);
    let plan = shelf.world.block_on(shelf.engine.plan()).expect("both sides can be read");
    assert_eq!(plan.products.len(), 1, "{:?}", plan.products);
    let planned = &plan.products[0];
    assert_eq!((planned.name.as_str(), planned.before.as_deref()), (SKU, Some("41")));
    assert_eq!(planned.after, right.normalize().to_string());
    assert!(planned.why.starts_with("edited in the store"), "{}", planned.why);
    assert_eq!(shelf.gross(CLUJ, SKU), number("41"), "a plan writes nothing");
}
