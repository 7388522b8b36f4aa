use std::collections::{BTreeMap, BTreeSet};

use zygos_core::RemoteKey;

use crate::{
    keys::{distinct, units_of},
    rows::StoredProduct,
};

/// The products of one connection, and which unit belongs to which.
#[derive(Default)]
pub(super) struct Products {
    by_key: BTreeMap<RemoteKey, StoredProduct>,
    of_unit: BTreeMap<RemoteKey, RemoteKey>,
    units_of: BTreeMap<RemoteKey, BTreeSet<RemoteKey>>,
}

impl Products {
    pub fn put(&mut self, mut product: StoredProduct) {
        let key = product.product.key.clone();
        let units: BTreeSet<RemoteKey> = units_of(&product.product).into_iter().cloned().collect();
        if let Some(known) = self.by_key.get(&key) {
            if known.read_at > product.read_at {
                return;
            }
            if known.digest == product.digest {
                product.product = known.product.clone();
            }
        }
        let read_at = product.read_at;
        self.by_key.insert(key.clone(), product);
        let before = self.units_of.remove(&key).unwrap_or_default();
        for unit in before.difference(&units) {
            self.of_unit.remove(unit);
        }
        let mut belonging = BTreeSet::new();
        for unit in units {
            if let Some(other) = self.of_unit.get(&unit).filter(|other| **other != key) {
                if self.by_key.get(other).is_some_and(|other| other.read_at > read_at) {
                    continue;
                }
                if let Some(units) = self.units_of.get_mut(other) {
                    units.remove(&unit);
                }
            }
            self.of_unit.insert(unit.clone(), key.clone());
            belonging.insert(unit);
        }
        self.units_of.insert(key, belonging);
    }

    pub fn drop(&mut self, key: &RemoteKey) {
        self.by_key.remove(key);
        for unit in self.units_of.remove(key).unwrap_or_default() {
            self.of_unit.remove(&unit);
        }
    }

    pub fn of(&self, keys: &[RemoteKey]) -> Vec<StoredProduct> {
        distinct(keys).into_iter().filter_map(|key| self.by_key.get(key)).cloned().collect()
    }

    pub fn of_units(&self, units: &[RemoteKey]) -> Vec<(RemoteKey, RemoteKey)> {
        let belongs = |unit: &RemoteKey| Some((unit.clone(), self.of_unit.get(unit)?.clone()));
        distinct(units).into_iter().filter_map(belongs).collect()
    }

    pub fn keys(&self, after: Option<&RemoteKey>, limit: usize) -> Vec<RemoteKey> {
        let behind = |key: &&RemoteKey| after.is_none_or(|after| *key > after);
        self.by_key.keys().filter(behind).take(limit).cloned().collect()
    }
}
