//! What the demo counts.

use std::collections::BTreeMap;

use serde::Serialize;
use zygos_engine::{Engine, Event};

use super::world::{Happened, World};
use crate::failure::Failure;

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Summary {
    pub orders_placed: u64,
    /// Orders that have exactly one living sale in the ERP.
    pub orders_in_erp: u64,
    pub duplicates: u64,
    pub lost: u64,
    pub hand_edits: u64,
    pub repaired: u64,
    /// Units that a store shows otherwise than it should, at the end.
    pub drift_left: u64,
    pub receipts: u64,
    pub shipped: u64,
    pub stock_written: u64,
    pub calls_used: u64,
    /// Pages, readings of the order feed and writes: the work could not have been done with fewer.
    pub calls_least: u64,
    pub open_issues: u64,
}

impl Summary {
    pub fn note(&mut self, happened: &Happened) {
        match happened {
            Happened::Order { .. } => self.orders_placed += 1,
            Happened::HandEdit { .. } => self.hand_edits += 1,
            Happened::Receipt { .. } => self.receipts += 1,
            Happened::Shipped { .. } => self.shipped += 1,
            Happened::Nothing => {}
        }
    }

    pub fn see(&mut self, event: &Event) {
        match event {
            Event::StockWritten { .. } => self.stock_written += 1,
            Event::DriftCorrected { .. } => self.repaired += 1,
            _ => {}
        }
    }

    /// Counts from the sandboxes themselves, which know better than whoever wrote to them.
    pub async fn complete(&mut self, world: &World, engine: &Engine) -> Result<(), Failure> {
        let mut sales: BTreeMap<String, u64> = BTreeMap::new();
        for reference in world.living_sales() {
            *sales.entry(reference).or_default() += 1;
        }
        let orders = world.orders();
        self.orders_placed = u64::try_from(orders.len()).unwrap_or(u64::MAX);
        for order in &orders {
            match sales.get(order).copied().unwrap_or(0) {
                0 => self.lost += 1,
                1 => self.orders_in_erp += 1,
                more => {
                    self.orders_in_erp += 1;
                    self.duplicates += more - 1;
                }
            }
        }
        self.drift_left = world.unbalanced();
        for store in &engine.settings().stores {
            self.calls_used += (store.connection.calls_used)();
        }
        self.calls_least = world.calls_least();
        self.open_issues = u64::try_from(engine.repository().issues(false).await?.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    pub fn is_good(&self) -> bool {
        self.duplicates == 0 && self.lost == 0 && self.drift_left == 0
    }

    pub fn lines(&self) -> Vec<String> {
        vec![
            String::new(),
            format!(
                "{} orders placed, {} in the ERP, {} doubled, {} lost",
                self.orders_placed, self.orders_in_erp, self.duplicates, self.lost
            ),
            format!(
                "{} hand edits, {} repaired; {} figures written; {} units wrong at the end",
                self.hand_edits, self.repaired, self.stock_written, self.drift_left
            ),
            format!("{} goods receipts, {} orders shipped", self.receipts, self.shipped),
            format!("{} calls on the stores, {} at least", self.calls_used, self.calls_least),
        ]
    }
}
