//! What is proposed of products and prices.

use jiff::civil::date;
use rust_decimal::Decimal;
use zygos_core::{contract::PriceKind, money::Currency};
use zygos_engine::Directions;

use super::{accounts, chosen, named, rate, survey, tax};
use crate::{
    commands::init::{
        file::text,
        proposal::{Chosen, Open, Proposal, What, propose},
        survey::{PricesFound, Survey},
    },
    config,
};

const BOTH: Directions = Directions { to_store: true, to_erp: true };
const TO_STORE: Directions = Directions { to_store: true, to_erp: false };

fn in_one_currency() -> Survey {
    let mut survey = survey();
    survey.erp_currency = Currency::parse("RON").ok();
    survey
}

fn kept() -> Chosen {
    Chosen { products: Some(BOTH), create: Some(BOTH), prices: Some(TO_STORE), ..chosen() }
}

fn proposed(survey: &Survey, chosen: &Chosen) -> Result<Proposal, Vec<Open>> {
    propose(survey, chosen, date(2026, 11, 24))
}

fn read(text: &str) -> config::StoreConfig {
    let config = config::read(text).unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"));
    config.stores.into_iter().next().expect("a store")
}

#[test]
fn products_and_prices_are_settings_where_they_were_chosen() {
    let mut survey = in_one_currency();
    survey.price_lists = vec![named("8", None, "Shop A"), named("9", Some("B2B"), "Resellers")];
    let chosen = Chosen { price_list: Some("Shop A".to_owned()), ..kept() };
    let store = read(&text(&accounts(), &proposed(&survey, &chosen).expect("nothing is open"), &[]));
    let products = store.products.expect("products");
    assert_eq!((products.direction, products.create, products.measure.as_str()), (BOTH, BOTH, "Unit"));
    assert_eq!(products.tax_classes, [(Decimal::from(21), "Goods 21%".to_owned())]);
    let prices = store.prices.expect("prices");
    assert_eq!((prices.direction, prices.list.as_deref()), (TO_STORE, Some("Shop A")));
    assert_eq!((prices.authority, prices.currency), (PriceKind::Net, Currency::parse("RON").ok()));
}

#[test]
fn what_was_not_chosen_is_a_comment_that_becomes_a_setting_without_its_marks() {
    let mut survey = in_one_currency();
    survey.price_lists = vec![named("8", None, "Shop A")];
    let proposal = proposed(&survey, &chosen()).expect("nothing is open");
    let apart = ["the user may not write products".to_owned()];
    let text = text(&accounts(), &proposal, &apart);
    let store = read(&text);
    assert!(store.products.is_none() && store.prices.is_none());
    assert!(text.contains("# the user may not write products\n"), "{text}");
    assert_eq!(proposal.needs, Vec::<String>::new(), "nobody is asked about what is not kept");
    let settings = [
        "[store.p",
        "direction",
        "create",
        "measure",
        "\"21\" = \"Goods",
        "authority",
        "currency",
        "list = ",
    ];
    let lines = text.lines().map(|line| match line.strip_prefix("# ") {
        Some(rest) if settings.iter().any(|setting| rest.starts_with(setting)) => rest,
        _ => line,
    });
    let store = read(&lines.collect::<Vec<_>>().join("\n"));
    let products = store.products.expect("products");
    assert_eq!((products.direction, products.create), (BOTH, Directions::default()));
    assert_eq!(products.tax_classes.len(), 1);
    assert_eq!(store.prices.expect("prices").list.as_deref(), Some("Shop A"));
}

#[test]
fn the_price_that_has_few_decimals_in_the_store_counts() {
    let authority = |read, short_gross, short_net| {
        let mut survey = in_one_currency();
        survey.prices = PricesFound { read, short_gross, short_net };
        proposed(&survey, &kept()).expect("nothing is open").prices.authority
    };
    assert_eq!(authority(100, 100, 3).value, "gross");
    assert_eq!(authority(100, 91, 3).value, "gross", "one that was typed otherwise changes nothing");
    assert_eq!(authority(100, 12, 100).value, "net");
    assert!(authority(100, 12, 100).why.contains("12 of 100"));
    assert_eq!(authority(0, 0, 0).value, "net");
    let chosen = Chosen { authority: Some(PriceKind::Gross), ..kept() };
    let proposal = proposed(&in_one_currency(), &chosen).expect("nothing is open");
    assert_eq!(proposal.prices.authority.value, "gross");
}

#[test]
fn a_price_list_that_is_not_there_and_another_currency_are_asked_about() {
    let mut survey = in_one_currency();
    survey.price_lists = vec![named("8", None, "Shop A")];
    let chosen = Chosen { price_list: Some("Shop B".to_owned()), ..kept() };
    let open = proposed(&survey, &chosen).expect_err("there is no such list");
    assert_eq!((open[0].what, open[0].choices.join(",")), (What::PriceList, "Shop A,none".to_owned()));
    survey.erp_currency = Currency::parse("EUR").ok();
    let open = proposed(&survey, &kept()).expect_err("prices can't be the same");
    assert_eq!(open[0].what, What::Prices);
    assert!(open[0].text.contains("RON") && open[0].text.contains("EUR"), "{open:?}");
}

#[test]
fn goods_of_each_rate_are_named_where_there_is_one_kind_and_asked_about_where_not() {
    let mut survey = in_one_currency();
    survey.rates = vec![rate(9), rate(11), rate(21)];
    survey.erp_tax_classes = vec![tax("5", "Goods 21%", 21), tax("6", "Food", 9), tax("7", "Books", 9)];
    let proposal = proposed(&survey, &kept()).expect("nothing is open");
    let classes: Vec<_> = proposal
        .products
        .tax_classes
        .iter()
        .map(|line| (line.percent.to_string(), line.class.as_deref(), line.choices.len()))
        .collect();
    assert_eq!(
        classes,
        [("21".to_owned(), Some("Goods 21%"), 0), ("11".to_owned(), None, 3), ("9".to_owned(), None, 2)]
    );
    let asked = proposal.needs.iter().filter(|need| need.starts_with("tax_classes"));
    assert_eq!(asked.count(), 2, "{:?}", proposal.needs);
    let published = Chosen { products: Some(TO_STORE), create: Some(TO_STORE), ..chosen() };
    let proposal = proposed(&survey, &published).expect("nothing is open");
    assert!(!proposal.needs.iter().any(|need| need.starts_with("tax_classes")), "nothing is made in the ERP");
}

#[test]
fn products_are_counted_in_what_the_erp_counts_most_of_its_goods_in() {
    let mut survey = in_one_currency();
    survey.measures = vec![named("1", Some("kg"), "Kilogram"), named("2", Some("buc"), "Bucata")];
    let measure = |survey: &Survey| {
        let proposal = proposed(survey, &kept()).expect("nothing is open");
        proposal.products.measure.map(|measure| measure.value)
    };
    assert_eq!(measure(&survey).as_deref(), Some("kg"));
    survey.measures_used = [("buc".to_owned(), 9), ("kg".to_owned(), 2)].into();
    assert_eq!(measure(&survey).as_deref(), Some("buc"));
    survey.measures.push(named("3", Some("u"), "Unit"));
    assert_eq!(measure(&survey).as_deref(), Some("Unit"));
    survey.measures.clear();
    assert_eq!(measure(&survey), None);
}
