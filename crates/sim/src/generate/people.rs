use crate::merchantpro::{NewAddress, NewOrder};

/// Towns with their country, county and postal code.
const TOWNS: [[&str; 5]; 5] = [
    ["RO", "Romania", "Cluj", "Cluj-Napoca", "400001"],
    ["RO", "Romania", "Timiș", "Timișoara", "300001"],
    ["GR", "Greece", "Αττική", "Αθήνα", "10431"],
    ["GR", "Greece", "Θεσσαλονίκη", "ΘΕΣΣΑΛΟΝΙΚΗ", "54624"],
    ["BG", "Bulgaria", "София", "София", "1000"],
];
const NAMES: [&str; 6] =
    ["Ana Exemplu", "ΜΑΡΙΑ ΠΑΡΑΔΕΙΓΜΑ", "Иван Примеров", "Ioana Probă", "Νίκος Δοκιμή", "Test Customer 🙂"];

/// An order without lines, by one of a few invented people.
pub fn shopper(chance: &mut fastrand::Rng) -> NewOrder {
    let [code, country, state, city, postal_code] = TOWNS[chance.usize(..TOWNS.len())];
    let person = chance.usize(..NAMES.len());
    NewOrder {
        customer_email: Some(format!("person{person}@example.com")),
        billing: NewAddress {
            name: NAMES[person].to_owned(),
            country_code: code.to_owned(),
            country_name: country.to_owned(),
            state: state.to_owned(),
            city: city.to_owned(),
            address: format!("Example Street, {}", person + 1),
            postal_code: Some(postal_code.to_owned()),
            phone: format!("070000000{person}"),
        },
        ..NewOrder::default()
    }
}
