use std::collections::{BTreeMap, BTreeSet};

use zygos_core::{ConnectionId, RemoteKey};

use crate::rows::Link;

type StoreUnit = (ConnectionId, RemoteKey);
type ErpUnit = (ConnectionId, RemoteKey);

#[derive(Default)]
pub(super) struct Links {
    by_store: BTreeMap<ConnectionId, BTreeMap<RemoteKey, Link>>,
    by_erp: BTreeMap<ErpUnit, BTreeSet<StoreUnit>>,
}

impl Links {
    pub fn put(&mut self, link: Link) {
        self.drop(&link.store, &link.store_key);
        self.by_erp
            .entry((link.erp.clone(), link.erp_key.clone()))
            .or_default()
            .insert((link.store.clone(), link.store_key.clone()));
        self.by_store.entry(link.store.clone()).or_default().insert(link.store_key.clone(), link);
    }

    pub fn drop(&mut self, store: &ConnectionId, store_key: &RemoteKey) {
        let Some(link) = self.by_store.get_mut(store).and_then(|links| links.remove(store_key)) else {
            return;
        };
        if let Some(linked) = self.by_erp.get_mut(&(link.erp, link.erp_key)) {
            linked.remove(&(link.store, link.store_key));
        }
    }

    pub fn all(&self, store: &ConnectionId) -> Vec<Link> {
        self.by_store.get(store).into_iter().flat_map(BTreeMap::values).cloned().collect()
    }

    pub fn of(&self, store: &ConnectionId, keys: &[RemoteKey]) -> Vec<Link> {
        let Some(links) = self.by_store.get(store) else { return Vec::new() };
        let keys: BTreeSet<&RemoteKey> = keys.iter().collect();
        keys.into_iter().filter_map(|key| links.get(key)).cloned().collect()
    }

    pub fn to(&self, erp: &ConnectionId, keys: &[RemoteKey]) -> Vec<Link> {
        let linked: BTreeSet<&StoreUnit> =
            keys.iter().filter_map(|key| self.by_erp.get(&(erp.clone(), key.clone()))).flatten().collect();
        linked
            .into_iter()
            .filter_map(|(store, key)| self.by_store.get(store).and_then(|links| links.get(key)))
            .cloned()
            .collect()
    }
}
