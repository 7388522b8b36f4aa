use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use jiff::Timestamp;
use zygos_core::{ConnectionId, RemoteKey, model::Document};

use crate::rows::{OrderFilter, StoredOrder};

type OrderKey = (ConnectionId, RemoteKey);
type ByAge = BTreeSet<(Reverse<Timestamp>, ConnectionId, RemoteKey)>;

#[derive(Default)]
pub(super) struct Orders {
    by_key: BTreeMap<OrderKey, StoredOrder>,
    /// Newest first.
    open: ByAge,
    closed: ByAge,
    /// Roots only.
    by_reference: BTreeMap<String, BTreeSet<OrderKey>>,
    by_root: BTreeMap<OrderKey, BTreeSet<RemoteKey>>,
}

impl Orders {
    pub fn put(&mut self, order: StoredOrder) {
        let key = (order.store.clone(), order.order.id.clone());
        if let Some(before) = self.by_key.remove(&key) {
            self.forget_places_of(&before);
        }
        let place = (Reverse(order.order.created_at), key.0.clone(), key.1.clone());
        if order.closed { &mut self.closed } else { &mut self.open }.insert(place);
        match &order.root {
            None => {
                self.by_reference.entry(order.reference.clone()).or_default().insert(key.clone());
            }
            Some(root) => {
                self.by_root.entry((key.0.clone(), root.clone())).or_default().insert(key.1.clone());
            }
        }
        self.by_key.insert(key, order);
    }

    fn forget_places_of(&mut self, order: &StoredOrder) {
        let key = (order.store.clone(), order.order.id.clone());
        let place = (Reverse(order.order.created_at), key.0.clone(), key.1.clone());
        if order.closed { &mut self.closed } else { &mut self.open }.remove(&place);
        match &order.root {
            None => {
                if let Some(keys) = self.by_reference.get_mut(&order.reference) {
                    keys.remove(&key);
                }
            }
            Some(root) => {
                if let Some(ids) = self.by_root.get_mut(&(key.0, root.clone())) {
                    ids.remove(&key.1);
                }
            }
        }
    }

    pub fn put_document(&mut self, store: ConnectionId, order: RemoteKey, document: Document) {
        if let Some(stored) = self.by_key.get_mut(&(store, order)) {
            stored.document = Some(document);
        }
    }

    pub fn get(&self, store: &ConnectionId, id: &RemoteKey) -> Option<&StoredOrder> {
        self.by_key.get(&(store.clone(), id.clone()))
    }

    pub fn digests(&self, store: &ConnectionId, ids: &[RemoteKey]) -> Vec<(RemoteKey, String)> {
        let ids: BTreeSet<&RemoteKey> = ids.iter().collect();
        ids.into_iter()
            .filter_map(|id| self.get(store, id))
            .map(|stored| (stored.order.id.clone(), stored.digest.clone()))
            .collect()
    }

    pub fn list(&self, filter: &OrderFilter) -> Vec<StoredOrder> {
        let limit = filter.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let places: Box<dyn Iterator<Item = &(Reverse<Timestamp>, ConnectionId, RemoteKey)>> =
            match filter.closed {
                Some(false) => Box::new(self.open.iter()),
                Some(true) => Box::new(self.closed.iter()),
                None => Box::new(merged(&self.open, &self.closed)),
            };
        places
            .filter_map(|(_, store, id)| self.by_key.get(&(store.clone(), id.clone())))
            .filter(|stored| fits(stored, filter))
            .take(limit)
            .cloned()
            .collect()
    }

    pub fn by_reference(&self, references: &[String]) -> Vec<StoredOrder> {
        let references: BTreeSet<&String> = references.iter().collect();
        references
            .into_iter()
            .filter_map(|reference| self.by_reference.get(reference))
            .flatten()
            .filter_map(|key| self.by_key.get(key))
            .cloned()
            .collect()
    }

    pub fn split_from(&self, store: &ConnectionId, root: &RemoteKey) -> Vec<StoredOrder> {
        self.by_root
            .get(&(store.clone(), root.clone()))
            .into_iter()
            .flatten()
            .filter_map(|id| self.get(store, id))
            .cloned()
            .collect()
    }
}

/// Both sets as one, in their common order.
fn merged<'a, T: Ord>(left: &'a BTreeSet<T>, right: &'a BTreeSet<T>) -> impl Iterator<Item = &'a T> {
    left.union(right)
}

fn fits(stored: &StoredOrder, filter: &OrderFilter) -> bool {
    filter.store.as_ref().is_none_or(|store| *store == stored.store)
        && filter.state_code.as_ref().is_none_or(|code| *code == stored.state_code)
        && filter.last_read_before.is_none_or(|before| stored.last_read < before)
        && filter.created_from.is_none_or(|from| stored.order.created_at >= from)
}
