//! Prices: with tax and without, lists, zero, jumps, and a tax that moves.

use std::time::Duration;

use rust_decimal::Decimal;
use zygos_core::{catalogue::Owner, model::Field};
use zygos_engine::{PriceFlow, by_cause};
use zygos_scenarios::flows::{BOTH, both_ways, gross_prices, owned};

use crate::support::{ATHENS, CLUJ, SKU, Shelf, decimal, number};

#[test]
fn a_net_price_that_becomes_a_gross_one_is_never_taken_for_an_edit() {
    let shelf =
        Shelf::of(both_ways(), PriceFlow { direction: BOTH, owner: Owner::Newest, ..gross_prices(None) });
    // 49.90 net is 59.38 with tax, which is 49.8992 net.
    shelf.erp_price(SKU, "49.9");
    shelf.sync();
    assert_eq!(shelf.gross(CLUJ, SKU), number("59.38"));
    shelf.take_written();
    shelf.run(8 * 60);
    assert_eq!(shelf.take_written(), Vec::<String>::new(), "in eight hours nothing is written");
    assert_eq!(shelf.in_erp(SKU).price, Some(number("49.9")));
    assert_eq!(shelf.drifts(), []);
    // An edit of a cent in the store is one.
    shelf.type_price(CLUJ, SKU, "59.39");
    shelf.run(40);
    assert_eq!(shelf.in_erp(SKU).price, Some(number("49.9076")));
    assert_eq!(shelf.gross(ATHENS, SKU), number("59.39"));
    assert_eq!(shelf.issues(), []);
}

#[test]
fn net_prices_move_both_ways_to_the_last_decimal() {
    let shelf = Shelf::net_both_ways();
    shelf.erp_price(SKU, "41.3457");
    shelf.sync();
    assert_eq!((shelf.net(CLUJ, SKU), shelf.net(ATHENS, SKU)), (number("41.3457"), number("41.3457")));
    // A person types what the customer pays; the shop keeps the net price that follows from it.
    shelf.type_price(ATHENS, SKU, "51.18");
    let net = shelf.net(ATHENS, SKU);
    assert_eq!(net, number("43.0084"));
    shelf.sync();
    shelf.sync();
    assert_eq!(shelf.in_erp(SKU).price, Some(net));
    assert_eq!(shelf.net(CLUJ, SKU), net);
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn each_store_shows_the_prices_of_its_own_list() {
    let shelf = Shelf::observing(12, |settings| {
        for (store, list) in settings.stores.iter_mut().zip(["Romania", "Greece"]) {
            store.products = Some(both_ways());
            store.prices = Some(gross_prices(Some(list)));
        }
    });
    let erp = &shelf.world.erp;
    let now = shelf.world.now();
    erp.add_price_list("Romania", Some("unit_price"), &[], now).expect("a list");
    let product = shelf.erp_id(SKU);
    let greece = erp.add_price_list("Greece", Some("unit_price * 1.1"), &[(product, number("35"))], now);
    let greece = greece.expect("a list");
    shelf.approve();
    shelf.sync();
    shelf.sync();
    assert_eq!(shelf.issues(), []);
    shelf.erp_price("P00002", "30");
    shelf.sync();
    assert_eq!(shelf.gross(CLUJ, "P00002"), number("35.70"));
    assert_eq!(shelf.gross(ATHENS, "P00002"), number("39.27"));
    assert_eq!(shelf.gross(ATHENS, SKU), number("41.65"));
    // A line of the list alone.
    erp.set_price_line(greece, product, "36", shelf.world.now()).expect("a line");
    shelf.sync();
    assert_eq!(shelf.gross(ATHENS, SKU), number("42.84"));
    // A new product gets each store's own price too.
    shelf.make_in_erp("LAMP-1", "10");
    shelf.sync();
    assert_eq!(shelf.gross(CLUJ, "LAMP-1"), number("11.90"));
    assert_eq!(shelf.gross(ATHENS, "LAMP-1"), number("13.09"));
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn a_tax_that_changes_in_the_erp_takes_the_price_with_it_in_one_write() {
    let shelf = Shelf::with(|settings| {
        for store in &mut settings.stores {
            let mut flow = owned([(Field::Tax, Owner::Erp)]);
            flow.tax_classes.push((Decimal::from(9), "Reduced rate goods".to_owned()));
            store.products = Some(flow);
            store.prices = Some(gross_prices(None));
        }
    });
    for shop in &shelf.world.shops {
        shop.sandbox.add_tax("VAT 9%", Decimal::from(9));
    }
    shelf.erp_price(SKU, "50");
    shelf.sync();
    assert_eq!(shelf.gross(CLUJ, SKU), number("59.50"));
    shelf.take_written();
    let product = shelf.erp_id(SKU);
    shelf.world.erp.set_tax_class(product, "Reduced rate goods", shelf.world.now()).expect("its tax");
    shelf.sync();
    for shop in [CLUJ, ATHENS] {
        assert_eq!(decimal(&shelf.product(shop, SKU)["tax_value"]), number("9"));
        assert_eq!(shelf.gross(shop, SKU), number("54.50"));
    }
    assert_eq!(shelf.take_written().len(), 2, "one write to each store");
    assert_eq!(shelf.in_erp(SKU).price, Some(number("50")));
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn a_price_that_falls_to_zero_or_jumps_waits_for_a_person() {
    for (price, approved) in [("0", "0"), ("500", "595.00")] {
        for choice in ["approve", "leave"] {
            let shelf = Shelf::with(|settings| {
                settings.stores[CLUJ].products = Some(both_ways());
                settings.stores[CLUJ].prices = Some(gross_prices(None));
            });
            let before = shelf.gross(CLUJ, SKU);
            shelf.erp_price(SKU, price);
            shelf.erp_price(crate::support::BYSTANDER, "55");
            shelf.sync();
            assert_eq!(shelf.gross(CLUJ, SKU), before);
            let issue = shelf.issue("product_hold");
            assert_eq!(issue.choices, ["approve", "leave"]);
            assert!(
                issue.text.starts_with(&format!("cluj: the price of {SKU} would go from ")),
                "{}",
                issue.text
            );
            let group = by_cause(std::slice::from_ref(&issue)).remove(0);
            assert!(
                group.cause.starts_with("cluj: the price would change in the store: it would "),
                "{group:?}"
            );
            assert_eq!(group.about, [SKU]);
            shelf.answer(&issue, choice);
            shelf.sync();
            let expected = if choice == "approve" { number(approved) } else { before };
            assert_eq!(shelf.gross(CLUJ, SKU), expected, "{choice} {price}");
            assert_eq!(shelf.issues(), [], "{choice} {price}");
            shelf.assert_quiet();
        }
    }
}

#[test]
fn a_jump_that_is_taken_back_closes_its_question() {
    let shelf = Shelf::both();
    let right = shelf.in_erp(SKU).price.expect("a price");
    shelf.erp_price(SKU, "500");
    shelf.sync();
    assert_eq!(shelf.kinds(), ["product_hold", "product_hold"], "in each store");
    shelf.erp_price(SKU, &right.to_string());
    shelf.sync();
    assert_eq!(shelf.issues(), []);
    shelf.wait(Duration::from_secs(600));
    shelf.assert_quiet();
}
