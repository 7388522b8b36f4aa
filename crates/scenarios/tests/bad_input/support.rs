//! Somebody with much to hide, and bystanders whom nothing may hold up.

use rust_decimal::Decimal;
use zygos_scenarios::{
    stories::{open_issue, order, place, sales_of, stock},
    world::World,
};
use zygos_sim::merchantpro::{NewAddress, NewOrder};
use zygos_storage::Issue;

/// What identifies [`buyer`]; none of it may be read anywhere but in the two shops' own books.
const PERSONAL: [&str; 7] =
    ["Ionescu", "Tăriceanu", "maria.i", "0740111222", "Zefirului", "Reșița", "sună la interfon"];
/// What opens doors: the ERP's password, and the store's key and secret as they travel.
const SECRETS: [&str; 2] = ["sync-Secret-1", "a2V5OnNlY3JldA"];

/// An order by somebody who can be told from everybody else.
pub fn buyer() -> NewOrder {
    NewOrder {
        customer_email: Some("maria.i@example.com".to_owned()),
        customer_note: Some("Vă rog, sună la interfon".to_owned()),
        billing: NewAddress {
            name: "Maria Ionescu-Tăriceanu".to_owned(),
            city: "Reșița".to_owned(),
            address: "Strada Zefirului 77".to_owned(),
            phone: "0740111222".to_owned(),
            ..NewAddress::default()
        },
        ..NewOrder::default()
    }
}

/// As [`buyer`] orders these units.
pub fn bought(world: &World, shop: usize, units: &[(u64, Decimal)], like: NewOrder) -> String {
    place(&world.shops[shop], units, like, world)
}

/// The issue about an order that is held, after the usual looks at it.
pub fn held(world: &World, order: &str) -> Issue {
    let issue = open_issue(world, "held", order).expect("the order is held and somebody is told");
    assert_private(world);
    issue
}

/// Says exactly this: what a person reads is part of what is promised.
pub fn assert_says(issue: &Issue, text: &str) {
    assert_eq!(issue.text, text);
}

/// Nothing that is kept for people to read holds a secret or anything personal.
pub fn assert_private(world: &World) {
    let repository = &world.repository;
    let mut read = Vec::new();
    for issue in world.block_on(repository.issues(true)).expect("the state can be read") {
        read.push(format!("{} {}", issue.subject, issue.text));
    }
    for attempt in world.block_on(repository.attempts(None, 10_000)).expect("the state can be read") {
        read.push(format!("{} {} {}", attempt.record, attempt.write, attempt.outcome));
    }
    for entry in world.block_on(repository.journal(None, None, 10_000)).expect("the state can be read") {
        read.push(format!("{} {:?} {:?} {}", entry.field, entry.before, entry.after, entry.why));
    }
    for row in world.block_on(repository.outbox(None, 10_000)).expect("the state can be read") {
        read.push(row.reason);
    }
    for text in read {
        for hidden in PERSONAL.iter().chain(&SECRETS) {
            assert!(!text.contains(hidden), "`{hidden}` is in: {text}");
        }
    }
}

/// Orders and figures that the bad input does not concern, in both stores.
pub struct Bystanders {
    orders: [String; 2],
    edited: String,
    right: [Decimal; 2],
}

impl Bystanders {
    /// An order in each store, and in each a figure of another product that somebody typed wrong: too high.
    pub fn appear(world: &World, sku: &str) -> Self {
        let edited = another(world, sku);
        let right = [0, 1].map(|index| stock(&world.shops[index], &edited));
        for (shop, right) in world.shops.iter().zip(right) {
            shop.sandbox.edit_stock(shop.units[&edited], right + Decimal::from(7));
        }
        let orders = [0, 1].map(|index| order(&world.shops[index], sku, 1, world));
        Self { orders, edited, right }
    }

    pub fn order_went_through(&self, world: &World, shop: usize) -> bool {
        sales_of(world, &world.shops[shop], &self.orders[shop]) == 1
    }

    pub fn figure_is_right(&self, world: &World, shop: usize) -> bool {
        stock(&world.shops[shop], &self.edited) == self.right[shop]
    }

    /// All of them, within the quarter of an hour that a verification may take.
    pub fn assert_unharmed(&self, world: &World) {
        for (index, shop) in world.shops.iter().enumerate() {
            assert!(self.order_went_through(world, index), "the other order of {}", shop.id);
            assert!(self.figure_is_right(world, index), "the other figure of {}", shop.id);
        }
    }
}

/// A SKU of the catalogue that is not this one.
pub fn another(world: &World, sku: &str) -> String {
    let known = |other: &&String| *other != sku && world.erp.product_id(other).is_some();
    world.shops[0].units.keys().rfind(known).expect("the catalogue has more than one product").clone()
}
