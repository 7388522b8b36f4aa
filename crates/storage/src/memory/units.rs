use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use zygos_core::{RemoteKey, model::Unit};

use crate::{
    keys::{distinct, trimmed},
    rows::StoredUnit,
};

/// The units of one connection.
#[derive(Default)]
pub(super) struct Units {
    by_key: BTreeMap<RemoteKey, StoredUnit>,
    by_position: BTreeSet<(u64, RemoteKey)>,
}

impl Units {
    /// A figure that was read earlier than the stored one is not taken over; everything else is.
    pub fn put(&mut self, mut unit: StoredUnit) {
        let key = unit.unit.key.clone();
        if let Some(before) = self.by_key.get(&key) {
            if before.read_at > unit.read_at {
                unit.unit.stock = before.unit.stock;
                unit.read_at = before.read_at;
            }
            if before.position != unit.position {
                self.by_position.remove(&(before.position, key.clone()));
            }
        }
        self.by_position.insert((unit.position, key.clone()));
        self.by_key.insert(key, unit);
    }

    pub fn put_figure(&mut self, unit: &Unit, read_at: Timestamp) {
        if let Some(stored) = self.by_key.get_mut(&unit.key)
            && stored.read_at <= read_at
        {
            stored.unit.stock = unit.stock;
            stored.read_at = read_at;
        }
    }

    pub fn drop(&mut self, key: &RemoteKey) {
        if let Some(unit) = self.by_key.remove(key) {
            self.by_position.remove(&(unit.position, unit.unit.key));
        }
    }

    pub fn get(&self, key: &RemoteKey) -> Option<&StoredUnit> {
        self.by_key.get(key)
    }

    pub fn of(&self, keys: &[RemoteKey]) -> Vec<StoredUnit> {
        distinct(keys).into_iter().filter_map(|key| self.by_key.get(key)).cloned().collect()
    }

    pub fn page(&self, from: u64, limit: usize) -> Vec<StoredUnit> {
        let mut page: Vec<StoredUnit> = Vec::new();
        if limit == 0 {
            return page;
        }
        let beginning = (from, RemoteKey::new(""));
        for (position, key) in self.by_position.range(beginning..) {
            if page.len() >= limit && page.last().is_some_and(|last| last.position != *position) {
                break;
            }
            page.extend(self.by_key.get(key).cloned());
        }
        page
    }

    pub fn called(&self, text: &str) -> Vec<StoredUnit> {
        let text = text.trim();
        let is_called = |stored: &&StoredUnit| {
            stored.unit.key.as_str() == text
                || trimmed(stored.unit.sku.as_deref()) == Some(text)
                || trimmed(stored.unit.ean.as_deref()) == Some(text)
        };
        self.by_position
            .iter()
            .filter_map(|(_, key)| self.by_key.get(key))
            .filter(is_called)
            .cloned()
            .collect()
    }

    pub fn len(&self) -> usize {
        self.by_key.len()
    }
}
