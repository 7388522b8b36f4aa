//! Every kind of line, and totals to the cent.

use rust_decimal::Decimal;
use zygos_core::stock::Figure;
use zygos_scenarios::world::World;
use zygos_sim::{
    merchantpro::{NewDiscount, NewLine},
    tryton,
};

use crate::support::{CLUJ, Road, number, orders};

fn discount(kind: &str, gross: &str) -> NewDiscount {
    NewDiscount { item_type: kind.to_owned(), name: kind.to_owned(), gross: number(gross), tax_percent: None }
}

#[test]
fn shipping_discounts_and_coupons_are_lines_of_their_own_and_the_total_is_what_the_customer_paid() {
    let road = Road::ready();
    let sku = road.plenty(8);
    for kind in ["promo_cart", "promo_product", "discount", "coupon"] {
        let mut order = road.basket(CLUJ, &sku, 2);
        order.discounts = vec![discount(kind, "1.37")];
        let id = road.place(CLUJ, order);
        road.run(5);
        let sale = road.sale(CLUJ, &id);
        assert_eq!((sale.total, sale.state.as_str()), (road.paid(CLUJ, &id), "processing"), "{kind}");
        let skus: Vec<&str> = sale.lines.iter().filter_map(|line| line.sku.as_deref()).collect();
        assert!(skus.contains(&"SHIPPING") && skus.contains(&"DISCOUNT"), "{kind}: {skus:?}");
    }
}

#[test]
fn gift_cards_and_store_credit_are_held_without_a_product_for_them_and_imported_with_one() {
    for kind in ["gift_card", "wallet"] {
        for configured in [false, true] {
            let world = World::new(12, Figure::Free, 3);
            let gift = tryton::NewProduct {
                category: "Untaxed".to_owned(),
                ..tryton::NewProduct::new("GIFT", Decimal::ZERO)
            };
            world.erp.add_product(&gift, world.now()).expect("the ERP takes it");
            let road = Road::observing(world, |settings| {
                orders(settings, CLUJ).gift_sku = configured.then(|| "GIFT".to_owned());
            });
            road.approve();
            road.run(1);
            let sku = road.plenty(8);
            let mut order = road.basket(CLUJ, &sku, 1);
            if kind == "wallet" {
                order.wallet = number("1.50");
            } else {
                order.discounts =
                    vec![NewDiscount { tax_percent: Some(Decimal::ZERO), ..discount(kind, "1.50") }];
            }
            let id = road.place(CLUJ, order);
            road.run(5);
            if configured {
                assert_eq!(road.sale(CLUJ, &id).total, road.paid(CLUJ, &id), "{kind}");
            } else {
                let issue = road.issue("held", &id).expect("it is held");
                assert!(issue.text.contains("orders.gift_sku"), "{}", issue.text);
            }
        }
    }
}

/// A basket whose promotion prices make nets of four decimals.
fn crooked(road: &Road) -> Vec<NewLine> {
    let skus = road.skus_with(8);
    ["0.99", "1.01", "2.03"]
        .into_iter()
        .zip(&skus)
        .map(|(gross, sku)| NewLine {
            unit_price_gross: Some(number(gross)),
            ..NewLine::new(road.unit(CLUJ, sku), 7)
        })
        .collect()
}

#[test]
fn cents_that_rounding_leaves_are_closed_by_a_line_and_more_is_held_with_both_sums() {
    let road = Road::ready();
    let mut rounded = 0;
    for shipping in ["0.01", "1.11", "3.33"] {
        let mut order = road.basket(CLUJ, &road.plenty(8), 1);
        order.lines = crooked(&road);
        order.shipping_gross = number(shipping);
        let id = road.place(CLUJ, order);
        road.run(5);
        let sale = road.sale(CLUJ, &id);
        assert_eq!(sale.total, road.paid(CLUJ, &id));
        rounded += sale.lines.iter().filter(|line| line.sku.as_deref() == Some("ROUNDING")).count();
        for sku in road.skus_with(0) {
            road.receive(&sku, 30);
        }
        road.run(2);
    }
    assert!(rounded > 0, "none of the baskets needed rounding: the story shows nothing");
}

#[test]
fn a_sale_whose_total_is_not_what_the_customer_paid_stays_a_draft() {
    let road = Road::with(|settings| {
        // The store's rate is booked under the wrong tax.
        orders(settings, CLUJ).taxes[0].1 = vec!["VAT 9%".to_owned()];
    });
    let sku = road.plenty(8);
    let id = road.order(CLUJ, &sku, 1);
    road.run(10);
    let sale = road.sale(CLUJ, &id);
    assert_ne!(sale.state, "processing");
    assert!(sale.lines.iter().all(|line| line.sku.as_deref() != Some("ROUNDING")), "{sale:?}");
    let issue = road.issue("held", &id).expect("it is held");
    let sums = [road.paid(CLUJ, &id), sale.total];
    assert!(sums.iter().all(|sum| issue.text.contains(&sum.normalize().to_string())), "{}", issue.text);
}
