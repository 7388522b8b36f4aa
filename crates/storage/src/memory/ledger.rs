use std::collections::{BTreeMap, BTreeSet};

use zygos_core::{ConnectionId, RemoteKey};

use crate::rows::LedgerRow;

type Order = (ConnectionId, RemoteKey);

#[derive(Default)]
pub(super) struct Ledger {
    /// Rows of each order by unit.
    by_order: BTreeMap<Order, BTreeMap<RemoteKey, LedgerRow>>,
    by_unit: BTreeMap<RemoteKey, BTreeSet<Order>>,
}

impl Ledger {
    pub fn put(&mut self, store: ConnectionId, order: RemoteKey, rows: Vec<LedgerRow>) {
        let order = (store, order);
        for unit in self.by_order.remove(&order).unwrap_or_default().into_keys() {
            if let Some(orders) = self.by_unit.get_mut(&unit) {
                orders.remove(&order);
            }
        }
        if rows.is_empty() {
            return;
        }
        let mut by_unit = BTreeMap::new();
        for row in rows {
            self.by_unit.entry(row.unit.clone()).or_default().insert(order.clone());
            let row = LedgerRow { store: order.0.clone(), order: order.1.clone(), ..row };
            by_unit.insert(row.unit.clone(), row);
        }
        self.by_order.insert(order, by_unit);
    }

    pub fn prove(&mut self, proven: LedgerRow) {
        let row = self
            .by_order
            .get_mut(&(proven.store, proven.order))
            .and_then(|rows| rows.get_mut(&proven.unit))
            .filter(|row| row.proven_at <= proven.proven_at);
        if let Some(row) = row {
            row.warehouse = proven.warehouse;
            row.recorded = proven.recorded;
            row.reserved = proven.reserved;
            row.moved = proven.moved;
            row.proven_at = proven.proven_at;
        }
    }

    pub fn of_units(&self, units: &[RemoteKey]) -> Vec<LedgerRow> {
        let units: BTreeSet<&RemoteKey> = units.iter().collect();
        let mut rows = Vec::new();
        for unit in units {
            for order in self.by_unit.get(unit).into_iter().flatten() {
                rows.extend(self.by_order.get(order).and_then(|rows| rows.get(unit)).cloned());
            }
        }
        rows
    }

    pub fn of_order(&self, store: &ConnectionId, order: &RemoteKey) -> Vec<LedgerRow> {
        let rows = self.by_order.get(&(store.clone(), order.clone()));
        rows.into_iter().flat_map(BTreeMap::values).cloned().collect()
    }

    pub fn whole(&self) -> Vec<LedgerRow> {
        self.by_order.values().flat_map(BTreeMap::values).cloned().collect()
    }
}
