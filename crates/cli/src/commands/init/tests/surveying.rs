//! What is read of a store's orders.

use jiff::SignedDuration;
use rust_decimal::Decimal;
use zygos_connectors::layers::Budgets;
use zygos_sim::merchantpro::{NewAddress, NewLine, NewOrder};

use super::{accounts, chosen, interactive::surroundings};
use crate::commands::init::{
    accounts::{Accounts, Value},
    look,
    survey::Survey,
};

/// Orders by their age in days, oldest first, and what is found of them.
async fn survey_of(ages: impl Iterator<Item = i64>) -> Survey {
    let budgets = Budgets::default();
    let (shop, surroundings) = surroundings(&budgets);
    let (unit, ..) = shop.units()[0].clone();
    shop.edit_stock(unit, Decimal::from(100_000));
    let now = surroundings.clock.now();
    for (index, age) in ages.enumerate() {
        let order = NewOrder {
            billing: NewAddress {
                name: "Customer".to_owned(),
                country_code: "RO".to_owned(),
                country_name: "Romania".to_owned(),
                state: "Cluj".to_owned(),
                city: "Cluj-Napoca".to_owned(),
                address: "Example Street 1".to_owned(),
                postal_code: None,
                phone: "0700000000".to_owned(),
            },
            payment_method_code: if index % 2 == 0 { "cash_delivery" } else { "mobilpay" }.to_owned(),
            lines: vec![NewLine::new(unit, 1)],
            shipping_gross: Decimal::new(490, 2),
            ..NewOrder::default()
        };
        let at = now - SignedDuration::from_hours(24 * age);
        shop.place_order(order, at).expect("the shop takes it");
    }
    look(&logins(), &chosen(), &surroundings).await.expect("both sides answer")
}

fn logins() -> Accounts {
    let mut accounts = accounts();
    let secret = |name: &str| Value::Secret(zygos_core::settings::SecretRef::Env(name.to_owned()));
    accounts.store.values[0].1 = Value::Text("https://www.cluj.test".to_owned());
    accounts.store.values[1].1 = secret("K");
    accounts.store.values[2].1 = secret("S");
    accounts.erp.values[0].1 = Value::Text("http://erp.test".to_owned());
    accounts.erp.values[3].1 = Value::Secret(zygos_core::settings::SecretRef::File("/run/password".into()));
    accounts
}

#[tokio::test]
async fn orders_of_the_last_90_days_are_counted_and_older_ones_are_not() {
    let orders = survey_of([200, 91, 89, 5, 0].into_iter()).await.orders;
    assert_eq!((orders.read, orders.is_cut), (3, false));
    let methods: Vec<_> = orders.methods.iter().map(|method| (method.code.as_str(), method.orders)).collect();
    assert_eq!(methods, [("cash_delivery", 2), ("mobilpay", 1)]);
    assert_eq!(orders.currencies["RON"], 3);
    assert_eq!(orders.statuses["new"], 3);
    assert_eq!(orders.charges["shipping"], 3);
}

#[tokio::test]
async fn a_store_with_more_orders_than_are_read_says_that_it_was_cut() {
    let orders = survey_of(std::iter::repeat_n(1, 1001)).await.orders;
    assert_eq!((orders.read, orders.is_cut), (1000, true));
    let orders = survey_of(std::iter::repeat_n(1, 1000)).await.orders;
    assert_eq!((orders.read, orders.is_cut), (1000, false));
}
