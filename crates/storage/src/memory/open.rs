use std::collections::BTreeMap;

/// Things that are open at most once per key, and are kept when they are closed: issues and drifts.
pub(super) struct Open<Key, Value> {
    by_id: BTreeMap<i64, Value>,
    open: BTreeMap<Key, i64>,
    last_id: i64,
}

impl<Key, Value> Default for Open<Key, Value> {
    fn default() -> Self {
        Self { by_id: BTreeMap::new(), open: BTreeMap::new(), last_id: 0 }
    }
}

impl<Key: Ord, Value> Open<Key, Value> {
    /// Opens what `make` gives for a new id.
    pub fn open(&mut self, key: Key, make: impl FnOnce(i64) -> Value) {
        self.last_id += 1;
        self.open.insert(key, self.last_id);
        self.by_id.insert(self.last_id, make(self.last_id));
    }

    pub fn get_open_mut(&mut self, key: &Key) -> Option<&mut Value> {
        self.open.get(key).and_then(|id| self.by_id.get_mut(id))
    }

    /// Takes the open one of this key out of the open ones, to be marked as closed.
    pub fn close(&mut self, key: &Key) -> Option<&mut Value> {
        let id = self.open.remove(key)?;
        self.by_id.get_mut(&id)
    }

    pub fn get_open(&self, key: &Key) -> Option<&Value> {
        self.open.get(key).and_then(|id| self.by_id.get(id))
    }

    /// The open ones from this key on, by key.
    pub fn open_from(&self, key: &Key) -> impl Iterator<Item = &Value> {
        self.open.range(key..).filter_map(|(_, id)| self.by_id.get(id))
    }

    pub fn get(&self, id: i64) -> Option<&Value> {
        self.by_id.get(&id)
    }

    /// By id.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> {
        self.by_id.values()
    }

    /// Only closed ones may be dropped.
    pub fn retain(&mut self, mut keep: impl FnMut(&Value) -> bool) {
        self.by_id.retain(|_, value| keep(value));
    }
}
