use std::fs;

use jiff::civil::date;
use rust_decimal::Decimal;
use zygos_core::{money::Currency, orders::ImportWhen, stock::Figure};

use super::{accounts, chosen, method, rate, survey, tax};
use crate::{
    commands::init::{
        file::{may_write, quoted, text, write},
        proposal::propose,
    },
    config,
    failure::Failure,
};

fn read(text: &str) -> config::Config {
    config::read(text).unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"))
}

#[test]
fn the_file_says_what_was_proposed() {
    let mut survey = survey();
    survey.rates = vec![rate(9), rate(21)];
    survey.orders.methods = ["cash_delivery", "mobilpay", "wire"].map(method).to_vec();
    survey.services.remove("ROUNDING");
    let proposal = propose(&survey, &chosen(), date(2026, 11, 24)).expect("nothing is open");
    let text = text(&accounts(), &proposal, &[]);
    let config = read(&text);
    let store = &config.stores[0];
    assert_eq!((config.workspace.as_str(), store.account.name.as_str()), ("cluj", "cluj"));
    let stock = store.stock.as_ref().expect("stock");
    assert_eq!(stock.warehouses, [("WH".to_owned(), Figure::Free)]);
    let orders = store.orders.as_ref().expect("orders");
    assert_eq!((orders.prefix.as_str(), orders.warehouse.as_str()), ("C-", "WH"));
    assert_eq!(orders.orders_from.to_string(), "2026-11-23T22:00:00Z", "midnight in Bucharest");
    assert_eq!(orders.currency, Currency::parse("RON").unwrap());
    assert_eq!(orders.shop.as_deref(), Some("web shop"));
    let payment: Vec<_> = orders.payment.iter().map(|rule| (rule.method.as_str(), rule.import)).collect();
    assert_eq!(
        payment,
        [
            ("cash_delivery", ImportWhen::AtOnce),
            ("mobilpay", ImportWhen::WhenPaid),
            ("*", ImportWhen::AtOnce)
        ]
    );
    assert_eq!(
        orders.taxes,
        [(Decimal::ZERO, Vec::new()), (Decimal::from(21), vec!["VAT 21%".to_owned()])],
        "the rate without a tax is only a comment"
    );
    assert_eq!(orders.shipping_sku.as_deref(), Some("SHIPPING"));
    assert_eq!(orders.rounding_sku, None);
    for words in
        ["make a service product with this SKU", "the ERP has no tax of 9 %", "# \"wire\" = \"when_paid\""]
    {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
}

#[test]
fn a_commented_proposal_becomes_a_setting_when_its_mark_is_removed() {
    let mut survey = survey();
    survey.erp_taxes.push(tax("2", "VAT 21% purchase", 21));
    survey.services.clear();
    let proposal = propose(&survey, &chosen(), date(2026, 11, 24)).expect("nothing is open");
    let text = text(&accounts(), &proposal, &[])
        .replace("# \"21\" = [\"VAT 21% purchase\"]", "\"21\" = [\"VAT 21% purchase\"]")
        .replace("# shipping_sku", "shipping_sku");
    let config = read(&text);
    let orders = config.stores[0].orders.as_ref().expect("orders");
    assert_eq!(orders.taxes[1], (Decimal::from(21), vec!["VAT 21% purchase".to_owned()]));
    assert_eq!(orders.shipping_sku.as_deref(), Some("SHIPPING"));
}

#[test]
fn names_from_outside_cannot_break_out_of_their_place() {
    let evil = "a \"quoted\" \\ name\nwith = \"lines\" \u{7f}\t#";
    let mut survey = survey();
    survey.warehouses[0].code = Some(evil.to_owned());
    survey.warehouses[0].name = evil.to_owned();
    survey.shops[0].name = evil.to_owned();
    survey.erp_taxes[0].name = evil.to_owned();
    survey.orders.methods[0].code = evil.to_owned();
    survey.orders.methods[0].name = evil.to_owned();
    survey.orders.statuses.insert(evil.to_owned(), 1);
    survey.orders.unknown_statuses.insert(evil.to_owned());
    let proposal = propose(&survey, &chosen(), date(2026, 11, 24)).expect("nothing is open");
    let config = read(&text(&accounts(), &proposal, &[]));
    let store = &config.stores[0];
    assert_eq!(store.stock.as_ref().expect("stock").warehouses[0].0, evil);
    let orders = store.orders.as_ref().expect("orders");
    assert_eq!(orders.shop.as_deref(), Some(evil));
    assert_eq!(orders.taxes[1].1, [evil]);
    assert_eq!(quoted("a\u{7f}"), "\"a\\u007F\"");
}

#[test]
fn a_file_that_is_there_is_replaced_only_when_asked_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zygos.toml");
    may_write(&path, false).expect("there is none yet");
    write(&path, "one", false).expect("it is written");
    assert!(matches!(may_write(&path, false), Err(Failure::Configuration(_))));
    // It came to be there after the first look.
    let Err(Failure::Configuration(words)) = write(&path, "two", false) else { panic!("it was replaced") };
    assert!(words.contains("is there already") && words.contains("--force"), "{words}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "one");
    write(&path, "three", true).expect("it is replaced");
    assert_eq!(fs::read_to_string(&path).unwrap(), "three");
    assert_eq!(fs::read_to_string(folder.path().join("zygos.toml.before")).unwrap(), "one");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    let nowhere = folder.path().join("nowhere").join("zygos.toml");
    let Err(Failure::Configuration(words)) = may_write(&nowhere, true) else { panic!("no such folder") };
    assert!(words.contains("no such folder"), "{words}");
}
