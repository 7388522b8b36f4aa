//! Products and prices in a configuration.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use zygos_core::{
    catalogue::{Gone, Owner},
    contract::PriceKind,
    model::Field,
    money::Currency,
};
use zygos_engine::{Directions, PriceFlow, ProductFlow};

use super::{GOOD, line_of, problems, read};

const TO_STORE: Directions = Directions { to_store: true, to_erp: false };
const BOTH: Directions = Directions { to_store: true, to_erp: true };

fn flows(text: &str) -> (Option<ProductFlow>, Option<PriceFlow>) {
    let config = read(&format!("{GOOD}{text}")).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let store = config.stores.into_iter().next().expect("a store");
    (store.products, store.prices)
}

#[test]
fn nothing_is_created_and_prices_go_to_the_store_unless_something_else_is_written() {
    assert_eq!(flows(""), (None, None));
    let (products, prices) = flows("[store.products]\n[store.prices]\n");
    let expected = ProductFlow {
        direction: BOTH,
        create: Directions::default(),
        active_in_store: false,
        owners: BTreeMap::new(),
        gone: Gone::Ask,
        option_name: "Variant".to_owned(),
        measure: "Unit".to_owned(),
        tax_classes: Vec::new(),
    };
    assert_eq!(products, Some(expected));
    let expected = PriceFlow {
        direction: TO_STORE,
        owner: Owner::Erp,
        list: None,
        authority: PriceKind::Net,
        places: 4,
        currency: None,
        jump_percent: Decimal::from(50),
    };
    assert_eq!(prices, Some(expected));
}

#[test]
fn everything_about_products_and_prices_can_be_chosen() {
    let (products, prices) = flows(
        r#"
[store.products]
direction = "to_erp"
create = "both"
new_in_store = "active"
gone = "archive"
variant_option = "Mărime"
measure = "Bucată"

[store.products.owners]
name = "store"
tax = "newest"
old_price = "ask"

[store.products.tax_classes]
"19" = "Shop goods"
"9.5" = "Food"

[store.prices]
direction = "both"
owner = "ask"
list = "Shop A"
authority = "gross"
places = 3
currency = "EUR"
jump_percent = 12.5
"#,
    );
    let expected = ProductFlow {
        direction: Directions { to_store: false, to_erp: true },
        create: BOTH,
        active_in_store: true,
        owners: [(Field::Name, Owner::Store), (Field::Tax, Owner::Newest), (Field::OldPrice, Owner::Ask)]
            .into(),
        gone: Gone::Archive,
        option_name: "Mărime".to_owned(),
        measure: "Bucată".to_owned(),
        tax_classes: vec![
            (Decimal::from(19), "Shop goods".to_owned()),
            (Decimal::new(95, 1), "Food".to_owned()),
        ],
    };
    assert_eq!(products, Some(expected));
    let expected = PriceFlow {
        direction: BOTH,
        owner: Owner::Ask,
        list: Some("Shop A".to_owned()),
        authority: PriceKind::Gross,
        places: 3,
        currency: Currency::parse("EUR").ok(),
        jump_percent: Decimal::new(125, 1),
    };
    assert_eq!(prices, Some(expected));
}

#[test]
fn a_price_with_tax_has_two_decimals_unless_something_else_is_written() {
    let places = |text: &str| flows(&format!("[store.prices]\n{text}")).1.map(|prices| prices.places);
    assert_eq!(places("authority = \"gross\"\n"), Some(2));
    assert_eq!(places("authority = \"net\"\n"), Some(4));
    assert_eq!(places("authority = \"gross\"\nplaces = 0\n"), Some(0));
}

#[test]
fn everything_that_is_wrong_with_products_and_prices_is_told_with_what_is_possible() {
    let wrong = r#"
[store.products]
direction = "to_shop"
create = true
new_in_store = "hidden"
gone = "delete"
variant_option = " "
measures = "Unit"

[store.products.owners]
nam = "store"
brand = "shop"
price = "erp"

[store.products.tax_classes]
"19" = "Shop goods"
"19.0" = "Other goods"
"VAT" = "Goods"
"-5" = "Less"
"9" = ""

[store.prices]
direction = "to_stroe"
owner = "me"
list = ""
authority = "grossed"
places = 7
currency = "EURO"
jump_percent = 0
jump = 1
"#;
    let text = format!("{GOOD}{wrong}");
    let found = problems(&text);
    let expected = [
        ("products.direction", "direction = \"to_shop\"", "`to_store`, `to_erp`, `both`, `none`"),
        ("products.create", "create =", "must be a text in quotes"),
        ("products.new_in_store", "new_in_store", "`inactive`, `active`"),
        ("products.gone", "gone =", "`ask`, `archive`, `leave`"),
        ("products.variant_option", "variant_option", "`variant_option = \"Variant\"`"),
        ("products.measures", "measures", "did you mean `measure`?"),
        ("products.owners.nam", "nam =", "did you mean `name`?"),
        ("products.owners.brand", "brand =", "`store`, `erp`, `newest`, `ask`"),
        ("products.owners.price", "price = \"erp\"", "write `owner` under [store.prices]"),
        ("products.tax_classes.19.0", "\"19.0\"", "the same rate as `19`"),
        ("products.tax_classes.VAT", "\"VAT\" = \"Goods\"", "rate in percent"),
        ("products.tax_classes.-5", "\"-5\"", "must not be negative"),
        ("products.tax_classes.9", "\"9\" =", "is empty"),
        ("prices.direction", "direction = \"to_stroe\"", "did you mean `to_store`?"),
        ("prices.owner", "owner = \"me\"", "`store`, `erp`, `newest`, `ask`"),
        ("prices.list", "list =", "is empty"),
        ("prices.authority", "authority", "`net`, `gross`"),
        ("prices.places", "places =", "from 0 to 6"),
        ("prices.currency", "currency = \"EURO\"", "three capital letters"),
        ("prices.jump_percent", "jump_percent", "more than 0"),
        ("prices.jump", "jump = 1", "is not a setting"),
    ];
    for (path, needle, words) in expected {
        let problem = found.iter().find(|problem| problem.path == format!("store[0].{path}"));
        let problem = problem.unwrap_or_else(|| panic!("{path} is not told of: {found:#?}"));
        assert_eq!(problem.line, line_of(&text, needle), "{path}");
        assert!(problem.message.contains(words), "{path}: {}", problem.message);
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");

    let unknown = problems(&format!("{GOOD}[store.products.owners]\nnam = \"store\"\n"));
    assert!(unknown[0].message.contains("`name`") && !unknown[0].message.contains("`price`"), "{unknown:?}");
}

#[test]
fn two_stores_may_fill_the_erp_with_the_same_texts_and_prices() {
    let other = GOOD.split("[[store]]").nth(1).expect("a store");
    let other = other.replace("\"shop\"\nvendor", "\"outlet\"\nvendor").replace("A-", "B-");
    let flows = "[store.products]\ndirection = \"to_erp\"\n[store.prices]\ndirection = \"to_erp\"\n";
    assert_eq!(problems(&format!("{GOOD}{flows}[[store]]{other}{flows}")), []);
}

#[test]
fn the_readme_names_every_field_that_has_an_owner() {
    let readme = include_str!("../../../../../README.md");
    let owners = readme.split("[store.products.owners]").nth(1).and_then(|rest| rest.split("\n[").next());
    let owners = owners.expect("the README shows them");
    for field in Field::ALL.into_iter().filter(|field| *field != Field::Price) {
        assert!(owners.contains(field.code()), "{field}");
    }
}
