//! Who ordered: found in the ERP by VAT number, code, e-mail, telephone; made when nobody is.

use zygos_core::stock::Figure;
use zygos_engine::GuestFlow;
use zygos_scenarios::world::World;
use zygos_sim::merchantpro::{NewCompany, NewOrder};

use crate::support::{ATHENS, CLUJ, Road, orders};

const VAT: &str = "RO18547290";

/// An order by somebody with this e-mail address and telephone number.
fn by(road: &Road, email: Option<&str>, phone: &str) -> NewOrder {
    let mut order = road.basket(CLUJ, &road.plenty(8), 1);
    order.customer_email = email.map(str::to_owned);
    order.billing.phone = phone.to_owned();
    order
}

fn company(order: NewOrder) -> NewOrder {
    let company = NewCompany { name: "Exemplu SRL".to_owned(), vat: VAT.to_owned(), registration: None };
    NewOrder { company: Some(company), ..order }
}

fn party_of(road: &Road, id: &str) -> i64 {
    road.sale(CLUJ, id).party.expect("a sale has a customer")
}

fn parties(road: &Road) -> usize {
    road.world.erp.parties().len()
}

/// A road with a customer that the office entered.
fn with_customer(email: Option<&str>, phone: Option<&str>, vat: Option<&str>) -> (Road, i64) {
    let world = World::new(12, Figure::Free, 3);
    let party = world.erp.add_customer("Known", email, phone, vat, world.now()).expect("the ERP takes it");
    let road = Road::observing(world, |_| {});
    road.approve();
    road.run(1);
    (road, party)
}

#[test]
fn a_known_customer_is_found_by_vat_number_e_mail_or_telephone() {
    type Case = (Option<&'static str>, Option<&'static str>, Option<&'static str>, bool);
    let cases: [Case; 3] = [
        (None, None, Some(VAT), true),
        (Some("Ana@Example.com"), None, None, false),
        (None, Some("0721000111"), None, false),
    ];
    for (email, phone, vat, is_company) in cases {
        let (road, known) = with_customer(email, phone, vat);
        let before = parties(&road);
        let order = by(&road, Some("ana@example.com"), "0721000111");
        let id = road.place(CLUJ, if is_company { company(order) } else { order });
        road.run(5);
        assert_eq!((party_of(&road, &id), parties(&road)), (known, before), "{email:?} {phone:?} {vat:?}");
    }
}

#[test]
fn the_vat_number_goes_before_the_e_mail_address() {
    let (road, by_vat) = with_customer(None, None, Some(VAT));
    road.world
        .erp
        .add_customer("By mail", Some("ana@example.com"), None, None, road.world.now())
        .expect("the ERP takes it");
    let id = road.place(CLUJ, company(by(&road, Some("ana@example.com"), "0721000111")));
    road.run(5);
    assert_eq!(party_of(&road, &id), by_vat);
}

#[test]
fn several_customers_that_fit_hold_the_order_until_one_is_left() {
    let (road, _) = with_customer(Some("ana@example.com"), None, None);
    road.world
        .erp
        .add_customer("Twin", Some("ana@example.com"), None, None, road.world.now())
        .expect("the ERP takes it");
    let before = parties(&road);
    let id = road.place(CLUJ, by(&road, Some("ana@example.com"), "0721000111"));
    road.run(10);
    let issue = road.issue("held", &id).expect("it is held");
    assert!(issue.text.contains("2 customers with this e-mail address"), "{}", issue.text);
    assert!(!issue.text.contains("ana@"), "an issue holds no personal data");
    assert!(road.world.erp.sales().is_empty());
    assert_eq!(parties(&road), before);
}

#[test]
fn a_second_order_of_the_same_customer_makes_no_second_customer() {
    for together in [true, false] {
        let road = Road::ready();
        let before = parties(&road);
        let first = road.place(CLUJ, by(&road, Some("ana@example.com"), "0721000111"));
        if !together {
            road.run(5);
        }
        let second = road.place(CLUJ, by(&road, Some("ana@example.com"), "0721000111"));
        road.run(5);
        assert_eq!(party_of(&road, &first), party_of(&road, &second), "together: {together}");
        assert_eq!(parties(&road), before + 1);
    }
}

#[test]
fn a_guest_who_orders_twice_at_once_is_one_customer() {
    let road = Road::ready();
    let before = parties(&road);
    let ids: Vec<String> = (0..3).map(|_| road.place(CLUJ, by(&road, None, "0721000111"))).collect();
    road.run(5);
    let found: Vec<i64> = ids.iter().map(|id| party_of(&road, id)).collect();
    assert_eq!(parties(&road), before + 1, "{found:?}");
}

#[test]
fn a_customer_of_both_stores_is_one_customer() {
    let road = Road::ready();
    let before = parties(&road);
    let first = road.place(CLUJ, by(&road, Some("ana@example.com"), "0721000111"));
    let other = by(&road, Some("ana@example.com"), "0721000111");
    let sku = road.plenty(8);
    let other = NewOrder { lines: road.basket(ATHENS, &sku, 1).lines, ..other };
    let second = road.place(ATHENS, other);
    road.run(5);
    assert_eq!(road.sale(ATHENS, &second).party, Some(party_of(&road, &first)));
    assert_eq!(parties(&road), before + 1);
}

#[test]
fn all_guests_can_be_booked_on_one_customer_and_others_are_not() {
    let world = World::new(12, Figure::Free, 3);
    let guests = world.erp.parties().into_iter().find(|party| party.name == "Web guest").expect("a guest");
    let code = guests.code.clone();
    let road = Road::observing(world, |settings| orders(settings, CLUJ).guests = GuestFlow::Fixed(code));
    road.approve();
    road.run(1);
    let guest = road.place(CLUJ, by(&road, None, "0721000111"));
    let known = road.place(CLUJ, by(&road, Some("ana@example.com"), "0721000222"));
    road.run(5);
    assert_eq!(party_of(&road, &guest), guests.id);
    assert_ne!(party_of(&road, &known), guests.id);
}

#[test]
fn who_orders_for_a_company_and_privately_is_two_customers() {
    for company_first in [true, false] {
        let road = Road::ready();
        let before = parties(&road);
        let private = || by(&road, Some("ana@example.com"), "0721000111");
        let mut ids = Vec::new();
        for is_company in [company_first, !company_first, company_first, !company_first] {
            let order = if is_company { company(private()) } else { private() };
            ids.push((is_company, road.place(CLUJ, order)));
            road.run(5);
        }
        let of = |wanted: bool| -> Vec<i64> {
            ids.iter()
                .filter(|(is_company, _)| *is_company == wanted)
                .map(|(_, id)| party_of(&road, id))
                .collect()
        };
        let (companies, people) = (of(true), of(false));
        assert_eq!(companies[0], companies[1], "company first: {company_first}");
        assert_eq!(people[0], people[1], "company first: {company_first}");
        assert_ne!(companies[0], people[0], "company first: {company_first}");
        assert_eq!(parties(&road), before + 2);
        let party =
            road.world.erp.parties().into_iter().find(|party| party.id == companies[0]).expect("it is there");
        assert_eq!((party.name.as_str(), party.identifiers), ("Exemplu SRL", vec![VAT.to_owned()]));
    }
}
