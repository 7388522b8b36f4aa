//! What carrying out a plan takes of each connection's calls, and how long.

use std::{collections::BTreeSet, time::Duration};

use serde::Serialize;
use zygos_core::{
    ConnectionId,
    catalogue::{Decision, ProductRule, writes},
    contract::{Lane, NewProduct, PriceKind, Side, Transition, Write},
    model::{Facts, Field, Value},
    pacing::time_in,
};

use crate::{
    engine::{Engine, lock},
    plan::{Plan, PlannedStock},
    products::Paired,
    settings::{Connection, StoreSettings},
    stock::LEAST_TIME,
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// A store, or the ERP.
    pub store: ConnectionId,
    /// Products, figures and answers to orders that are sent to it.
    pub writes: u64,
    /// Calls that these take, and, of a store, the reading before, between and after them.
    pub calls: u64,
    /// What is read is not in the calls.
    pub is_least: bool,
    /// Seconds that the connection's call limits make of them; `None`: no limit is configured.
    pub seconds: Option<u64>,
}

/// What goes to one connection.
#[derive(Default)]
pub(crate) struct Toll {
    pub writes: u64,
    pub calls: u64,
}

impl Toll {
    fn add(&mut self, connection: &Connection, write: &Write) {
        self.writes += 1;
        self.calls += connection.connector.calls_of(write);
    }
}

/// What a plan of one store will send, as it is made.
#[derive(Default)]
pub(crate) struct Expected {
    to_store: Toll,
    pub to_erp: Toll,
    /// Figures of what is only made by then.
    figures: u64,
    categories: BTreeSet<(Side, Vec<String>)>,
}

/// What was read of a store for a plan.
pub(crate) struct Reading {
    /// Calls, all in all: a run makes them again.
    pub calls: u64,
    /// Of them, pages of products.
    pub pages: u64,
}

impl Engine {
    /// Counts what follows from a comparison of two products.
    pub(crate) fn expect_changes(
        &self,
        store: &StoreSettings,
        rule: &ProductRule,
        pair: &Paired,
        decision: &Decision,
        expected: &mut Expected,
    ) {
        let (to_store, to_erp) = writes(&decision.changes, rule);
        for (side, write) in [(Side::Store, to_store), (Side::Erp, to_erp)] {
            let Some(write) = write else { continue };
            self.expect_categories(store, side, &write.facts, expected);
            self.expect(store, side, &Write::UpdateProduct(Box::new(write)), expected);
        }
        let asks = !decision.conflicts.is_empty();
        if asks || decision.changes.iter().any(zygos_core::catalogue::FieldChange::needs_fresh) {
            // The pair is read anew before anybody is overwritten or asked.
            expected.to_store.calls += 1;
        }
        let new = [
            (Side::Store, &decision.new_in_store, &pair.store.product.key),
            (Side::Erp, &decision.new_in_erp, &pair.erp.product.key),
        ];
        for (side, units, product) in new {
            if units.is_empty() {
                continue;
            }
            let product = product.clone();
            let write = Write::CreateVariants { product, variants: Vec::new(), prices: PriceKind::default() };
            self.expect(store, side, &write, expected);
            expected.figures += count(units.len());
        }
    }

    /// Counts a product that is made on the side that isn't `side`.
    pub(crate) fn expect_new(
        &self,
        store: &StoreSettings,
        side: Side,
        new: Box<NewProduct>,
        expected: &mut Expected,
    ) {
        let to = match side {
            Side::Store => Side::Erp,
            Side::Erp => Side::Store,
        };
        self.expect_categories(store, to, &new.facts, expected);
        // What is made in the ERP has nothing in stock there yet, which the store then shows.
        expected.figures += count(new.variants.len());
        self.expect(store, to, &Write::CreateProduct(new), expected);
    }

    fn expect(&self, store: &StoreSettings, to: Side, write: &Write, expected: &mut Expected) {
        match to {
            Side::Store => expected.to_store.add(&store.connection, write),
            Side::Erp => expected.to_erp.add(&self.settings.erp, write),
        }
    }

    fn expect_categories(&self, store: &StoreSettings, to: Side, facts: &Facts, expected: &mut Expected) {
        let Some(Value::Paths(paths)) = facts.get(&Field::Categories) else { return };
        let target = match to {
            Side::Store => &store.connection.id,
            Side::Erp => &self.settings.erp.id,
        };
        for path in paths {
            let is_known = lock(&self.known_categories).contains(&(target.clone(), path.clone()));
            if !is_known && expected.categories.insert((to, path.clone())) {
                self.expect(store, to, &Write::CreateCategory { path: path.clone() }, expected);
            }
        }
    }

    /// What a store's part of a plan costs it. `told`: orders that it hears of.
    pub(crate) fn cost_of_store(
        &self,
        store: &StoreSettings,
        plan: &Plan,
        expected: &Expected,
        told: u64,
        reading: &Reading,
    ) -> Cost {
        let connection = &store.connection;
        let figures: Vec<&PlannedStock> =
            plan.stock.iter().filter(|stock| stock.store == connection.id).collect();
        let raises =
            count(figures.iter().filter(|stock| stock.before.is_none_or(|b| b < stock.after)).count());
        let raises = raises + expected.figures;
        let figures = count(figures.len()) + expected.figures;
        let order = zygos_core::RemoteKey::new("");
        let answer = Write::TransitionOrder { order, to: Transition::Process };
        let told_calls = told.saturating_mul(connection.connector.calls_of(&answer));
        let before = [
            (Lane::Sweep, reading.calls),
            (Lane::Orders, told_calls),
            (Lane::Catalogue, expected.to_store.calls),
        ];
        let stock = self.calls_of_stock(connection, &before, figures, raises, reading.pages);
        let works: Vec<(Lane, u64)> = before.into_iter().chain([(Lane::Corrections, stock)]).collect();
        Cost {
            store: connection.id.clone(),
            writes: expected.to_store.writes + told + figures,
            calls: works.iter().map(|(_, calls)| calls).sum(),
            is_least: false,
            seconds: seconds(time_in(&works, reading.calls, &connection.windows)),
        }
    }

    /// Calls for writing so many figures after other work. A figure counts for so long only after it was read in the
    /// ERP; what can't be sent by then is read again, with the store's own figures and the orders since.
    fn calls_of_stock(
        &self,
        connection: &Connection,
        before: &[(Lane, u64)],
        figures: u64,
        raises: u64,
        pages: u64,
    ) -> u64 {
        if figures == 0 {
            return 0;
        }
        let pace = &self.settings.pace;
        let counts_for = pace.stock_age.saturating_sub((pace.stock_age / 4).min(LEAST_TIME));
        let made_by_then = before.iter().map(|(_, calls)| calls).sum();
        let alone = time_in(&[(Lane::Corrections, figures)], made_by_then, &connection.windows);
        let alone = alone.unwrap_or_default().as_nanos();
        let at_once = (counts_for.as_nanos() * u128::from(figures)).checked_div(alone);
        let at_once = at_once.map_or(u64::MAX, |fits| u64::try_from(fits).unwrap_or(u64::MAX));
        let passes = figures.div_ceil(at_once.clamp(1, u64::from(pace.stock_batch.max(1))));
        // The orders are read before the writes, and after those that raise.
        let feeds = if raises == 0 { passes } else { passes.saturating_mul(2) };
        let waited = time_in(before, 0, &connection.windows).unwrap_or_default();
        let is_read_again = raises > 0 && (passes > 1 || waited > pace.stock_age);
        let again = if is_read_again { raises.min(pages + passes - 1) } else { 0 };
        figures + feeds + again
    }

    /// What all stores' parts of a plan send to the ERP.
    pub(crate) fn cost_of_erp(&self, to_erp: &Toll) -> Cost {
        let erp = &self.settings.erp;
        let works = [(Lane::Catalogue, to_erp.calls)];
        Cost {
            store: erp.id.clone(),
            writes: to_erp.writes,
            calls: to_erp.calls,
            is_least: true,
            seconds: seconds(time_in(&works, 0, &erp.windows)),
        }
    }
}

fn seconds(time: Option<Duration>) -> Option<u64> {
    time.map(|time| time.as_secs() + u64::from(time.subsec_nanos() > 0))
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
