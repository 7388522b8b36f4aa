use jiff::civil::{Date, date};
use zygos_core::{money::Currency, orders::ImportWhen, stock::Figure};

use super::{chosen, method, named, rate, survey, tax};
use crate::commands::init::{
    proposal::{Chosen, What, name_of, prefix_of, propose},
    survey::SkuTrouble,
};

const TODAY: Date = date(2026, 11, 24);

#[test]
fn what_there_is_only_one_of_is_proposed() {
    let proposal = propose(&survey(), &chosen(), TODAY).expect("nothing is open");
    assert_eq!(proposal.warehouses.len(), 1);
    assert_eq!((proposal.warehouses[0].code.as_str(), proposal.warehouses[0].figure), ("WH", Figure::Free));
    assert_eq!(proposal.orders_warehouse.value, "WH");
    assert_eq!(proposal.shop.expect("a shop").value, "web shop");
    assert_eq!(proposal.prefix.value, "C-");
    assert_eq!(proposal.orders_from.value, "2026-11-24");
    assert_eq!(proposal.currency.value, "RON", "what orders are paid in counts, not the ERP's own");
    let taxes: Vec<_> =
        proposal.taxes.iter().map(|tax| (tax.percent.to_string(), tax.taxes.clone())).collect();
    assert_eq!(
        taxes,
        [("21".to_owned(), Some(vec!["VAT 21%".to_owned()])), ("0".to_owned(), Some(Vec::new()))],
        "untaxed lines are met sooner or later"
    );
    assert_eq!(proposal.needs, Vec::<String>::new());
}

#[test]
fn whatever_there_are_several_of_is_asked_in_one_report_with_its_choices() {
    let mut survey = survey();
    survey.warehouses.push(named("4", Some("WH2"), "Second"));
    survey.shops.push(named("2", None, "other shop"));
    survey.orders.currencies.clear();
    survey.erp_currency = None;
    let open = propose(&survey, &chosen(), TODAY).expect_err("three choices");
    let asked: Vec<_> = open.iter().map(|open| (open.what, open.choices.join(","))).collect();
    assert_eq!(
        asked,
        [
            (What::Warehouses, "WH,WH2".to_owned()),
            (What::Shop, "web shop,other shop".to_owned()),
            (What::Currency, String::new())
        ]
    );
    let decided = Chosen {
        warehouses: vec![("WH2".to_owned(), Some(Figure::Physical)), ("WH".to_owned(), None)],
        shop: Some("other shop".to_owned()),
        currency: Some("EUR".to_owned()),
        ..chosen()
    };
    let proposal = propose(&survey, &decided, TODAY).expect("all is decided");
    let figures: Vec<_> = proposal.warehouses.iter().map(|line| (line.code.as_str(), line.figure)).collect();
    assert_eq!(figures, [("WH2", Figure::Physical), ("WH", Figure::Free)]);
    assert_eq!(proposal.orders_warehouse.value, "WH2");
}

#[test]
fn what_the_erp_does_not_have_is_asked_again() {
    let wrong = Chosen {
        warehouses: vec![("WH9".to_owned(), None)],
        shop: Some("nowhere".to_owned()),
        currency: Some("EURO".to_owned()),
        ..chosen()
    };
    let open = propose(&survey(), &wrong, TODAY).expect_err("nothing of it is there");
    let text = open.iter().map(|open| open.text.as_str()).collect::<Vec<_>>().join("\n");
    assert!(text.contains("`WH9`") && text.contains("`nowhere`") && text.contains("EURO"), "{text}");
    let twice = Chosen { warehouses: vec![("WH".to_owned(), None), ("3".to_owned(), None)], ..chosen() };
    let open = propose(&survey(), &twice, TODAY).expect_err("it is one warehouse");
    assert!(open[0].text.contains("twice"), "{open:?}");
}

#[test]
fn an_erp_without_shops_is_told_what_to_do() {
    let mut survey = survey();
    survey.shops.clear();
    let open = propose(&survey, &chosen(), TODAY).expect_err("it needs one");
    assert!(open[0].text.contains("make one there") && open[0].choices.is_empty(), "{open:?}");
    survey.needs_shop = false;
    assert_eq!(propose(&survey, &chosen(), TODAY).expect("it needs none").shop, None);
}

#[test]
fn rates_are_mapped_only_where_one_tax_is_the_same() {
    let mut survey = survey();
    survey.rates = vec![rate(9), rate(11), rate(21)];
    survey.erp_taxes = vec![tax("1", "VAT 21%", 21), tax("2", "Sale 9%", 9), tax("3", "Purchase 9%", 9)];
    let proposal = propose(&survey, &chosen(), TODAY).expect("nothing is open");
    let taxes: Vec<_> = proposal
        .taxes
        .iter()
        .map(|tax| (tax.percent.to_string(), tax.taxes.clone(), tax.choices.len()))
        .collect();
    assert_eq!(
        taxes,
        [
            ("21".to_owned(), Some(vec!["VAT 21%".to_owned()]), 0),
            ("11".to_owned(), None, 3),
            ("9".to_owned(), None, 2),
            ("0".to_owned(), Some(Vec::new()), 0)
        ]
    );
    assert_eq!(proposal.needs.len(), 2, "{:?}", proposal.needs);
    // A name that two taxes have names neither.
    survey.erp_taxes = vec![tax("1", "VAT", 21), tax("2", "VAT", 9)];
    survey.rates = vec![rate(21)];
    let proposal = propose(&survey, &chosen(), TODAY).expect("nothing is open");
    assert_eq!(proposal.taxes[0].taxes, Some(vec!["1".to_owned()]));
}

#[test]
fn payment_follows_the_kind_of_method_and_the_rest_is_entered_at_once() {
    let mut survey = survey();
    let codes = ["cash_delivery", "mobilpay", "wire", "card_online", "qrcode", ""];
    survey.orders.methods = codes.map(method).to_vec();
    let proposal = propose(&survey, &chosen(), TODAY).expect("nothing is open");
    let payment: Vec<_> = proposal.payment.iter().map(|line| (line.method.as_str(), line.import)).collect();
    assert_eq!(
        payment,
        [
            ("cash_delivery", Some(ImportWhen::AtOnce)),
            ("mobilpay", Some(ImportWhen::WhenPaid)),
            ("wire", None),
            ("card_online", Some(ImportWhen::WhenPaid)),
            ("qrcode", None),
            ("*", Some(ImportWhen::AtOnce))
        ]
    );
}

#[test]
fn everything_that_will_need_a_person_is_named() {
    let mut survey = survey();
    survey.services.remove("DISCOUNT");
    survey.units.troubles.push(SkuTrouble { kind: "blank_sku", text: "a product has no SKU".to_owned() });
    survey.units.unreadable = 1;
    survey.orders.unknown_statuses.insert("lost".to_owned());
    survey.orders.statuses.insert("lost".to_owned(), 1);
    survey.orders.currencies.insert("EUR".to_owned(), 1);
    let proposal = propose(&survey, &chosen(), TODAY).expect("nothing is open");
    let needs = proposal.needs.join("\n");
    for word in ["DISCOUNT", "SKUs: 1", "products: 1", "status lost", "currency EUR: 1"] {
        assert!(needs.contains(word), "{word}: {needs}");
    }
    let lost = proposal.statuses.iter().find(|line| line.status == "lost").expect("it was met");
    assert!(lost.what.contains("held"), "{lost:?}");
}

#[test]
fn the_currency_is_the_one_most_orders_are_paid_in_else_a_side_s_own() {
    let mut survey = survey();
    survey.orders.currencies = [("EUR".to_owned(), 9), ("RON".to_owned(), 2)].into();
    let currency = |survey: &_| propose(survey, &chosen(), TODAY).expect("nothing is open").currency.value;
    assert_eq!(currency(&survey), "EUR");
    survey.orders.currencies.clear();
    assert_eq!(currency(&survey), "EUR");
    survey.store_currency = Currency::parse("BGN").ok();
    assert_eq!(currency(&survey), "BGN");
}

#[test]
fn names_come_from_addresses_and_prefixes_from_names() {
    for (url, name) in [
        ("https://www.lampi-cluj.example", "lampi-cluj"),
        ("https://Shop.example/", "shop"),
        ("http://127.0.0.1:8401", "shop"),
        ("http://localhost:8401", "shop"),
    ] {
        assert_eq!(name_of(url), name, "{url}");
    }
    assert_eq!(
        (prefix_of("cluj"), prefix_of("-9x"), prefix_of("λ")),
        ("C-".into(), "9-".into(), "S-".into())
    );
}
