//! A configuration that doesn't fit the ERP.

use zygos_core::stock::Figure;
use zygos_engine::EngineError;
use zygos_scenarios::world::World;

use crate::support::{ATHENS, CLUJ, Road, flow, orders};

#[test]
fn every_name_that_the_erp_does_not_know_is_told_at_once_with_what_was_probably_meant() {
    let road = Road::observing(World::new(12, Figure::Free, 3), |settings| {
        flow(settings, CLUJ).warehouses[1].0 = "WH22".to_owned();
        let cluj = orders(settings, CLUJ);
        cluj.warehouse = "Wh".to_owned();
        cluj.shop = Some("shopa".to_owned());
        cluj.taxes[0].1 = vec!["VAT 91%".to_owned()];
        orders(settings, ATHENS).shipping_sku = Some("POSTAGE".to_owned());
    });
    let Err(EngineError::Unfit(problems)) = road.world.block_on(road.engine.resolved()) else {
        panic!("it does not fit");
    };
    let expected = [
        ("store cluj, stock.warehouses", "did you mean `WH2`?"),
        ("store cluj, orders.warehouse", "did you mean `WH`?"),
        ("store cluj, orders.shop", "did you mean `shop-a`?"),
        ("store cluj, orders.taxes", "did you mean `VAT 19%`?"),
        ("store athens, orders.shipping_sku", "`POSTAGE`"),
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for ((place, words), problem) in expected.into_iter().zip(&problems) {
        assert!(problem.starts_with(place) && problem.contains(words), "{place}: {problem}");
    }
    // It stands among the issues too, and goes when it is right.
    assert!(road.issues().iter().any(|issue| issue.kind == "configuration"));
    let mended = road.world.engine();
    assert!(road.world.block_on(mended.resolved()).is_ok());
    assert!(road.issues().iter().all(|issue| issue.kind != "configuration"));
}
