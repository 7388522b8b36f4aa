//! Orders that wait, why, and what ends it.

use rust_decimal::Decimal;
use zygos_core::orders::{ImportWhen, PaymentRule};
use zygos_sim::{
    merchantpro::{NewLine, NewOrder, NewProduct, PaymentStatus},
    tryton,
};

use crate::support::{ATHENS, CLUJ, Road, orders};

fn by_payment() -> Road {
    Road::with(|settings| {
        let rule = |method: &str, import| PaymentRule { method: method.to_owned(), import };
        orders(settings, CLUJ).payment = vec![
            rule("mobilpay", ImportWhen::WhenPaid),
            rule("wire", ImportWhen::Never),
            rule("*", ImportWhen::AtOnce),
        ];
    })
}

fn paid_by(road: &Road, sku: &str, method: &str) -> String {
    let mut order = road.basket(CLUJ, sku, 1);
    order.payment_method_code = method.to_owned();
    road.place(CLUJ, order)
}

#[test]
fn cash_on_delivery_goes_at_once_and_a_card_when_it_is_paid() {
    let road = by_payment();
    let sku = road.plenty(8);
    let before = road.stock(ATHENS, &sku);
    let cash = paid_by(&road, &sku, "cash_delivery");
    let card = paid_by(&road, &sku, "mobilpay");
    let wire = paid_by(&road, &sku, "wire");
    road.run(10);
    road.sale(CLUJ, &cash);
    assert_eq!(road.world.living_sales().len(), 1);
    assert_eq!(road.stored(CLUJ, &card).state_code, "held");
    assert_eq!(road.stored(CLUJ, &wire).state_code, "ignored");
    assert_eq!(road.issue("held", &card), None, "waiting for a payment is everyday life");
    assert_eq!(road.stock(ATHENS, &sku), before - Decimal::from(3), "all three took their goods");

    road.world.shops[CLUJ]
        .sandbox
        .set_payment_status(&card, PaymentStatus::Paid, road.world.now())
        .expect("it can be paid");
    road.run(10);
    road.sale(CLUJ, &card);
    assert_eq!(road.world.living_sales().len(), 2);
    assert_eq!(road.stock(ATHENS, &sku), before - Decimal::from(3));
}

#[test]
fn a_held_order_goes_on_by_itself_once_the_erp_has_the_product() {
    let road = Road::ready();
    let stranger = road.world.shops[CLUJ].sandbox.add_product(
        NewProduct {
            name: "Stranger".to_owned(),
            sku: Some("NEW-1".to_owned()),
            price_net: Some(Decimal::TEN),
            stock: Decimal::TEN,
            tax_id: Some(1),
            ..NewProduct::default()
        },
        road.world.now(),
    );
    let order = NewOrder { lines: vec![NewLine::new(stranger, 1)], ..NewOrder::default() };
    let id = road.place(CLUJ, order);
    road.run(10);
    assert!(road.issue("held", &id).expect("it is held").text.contains("NEW-1"));
    let product = tryton::NewProduct::new("NEW-1", Decimal::TEN);
    road.world.erp.add_product(&product, road.world.now()).expect("the ERP takes it");
    road.run(10);
    assert_eq!(road.sale(CLUJ, &id).total, road.paid(CLUJ, &id));
    assert_eq!(road.issue("held", &id), None);
}

#[test]
fn a_tax_or_a_currency_that_nobody_mapped_holds_the_order_with_its_reason() {
    let road = Road::ready();
    let sku = road.plenty(8);
    let mut taxed = road.basket(CLUJ, &sku, 1);
    taxed.shipping_tax_percent = Some(Decimal::from(11));
    let taxed = road.place(CLUJ, taxed);
    let mut foreign = road.basket(CLUJ, &sku, 1);
    foreign.currency = Some("HUF".to_owned());
    let foreign = road.place(CLUJ, foreign);
    let good = road.order(CLUJ, &sku, 1);
    road.run(5);
    assert!(road.issue("held", &taxed).expect("it is held").text.contains("11 %"));
    assert!(road.issue("held", &foreign).expect("it is held").text.contains("HUF"));
    road.sale(CLUJ, &good);
    assert_eq!(road.world.living_sales().len(), 1);
}
