use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ids::RemoteKey, model::Record};

/// Where to go on reading; opaque to everyone but the connector that made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Checkpoint(pub String);

/// A record that could not be read. It is an item of its page, never the end of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreadable {
    /// `None` when even the key could not be read.
    pub key: Option<RemoteKey>,
    pub field: String,
    /// What is wrong and what to do, without personal data.
    pub message: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "record {key}, field {}: {}", self.field, self.message),
            None => write!(f, "a record without key, field {}: {}", self.field, self.message),
        }
    }
}

pub type Item = Result<Record, Unreadable>;

#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    pub items: Vec<Item>,
    /// `scan`: where the next page begins, `None` after the last. `changes`: the cursor to store with this page.
    pub next: Option<Checkpoint>,
    /// `changes`: more is waiting right now. `scan`: same as `next.is_some()`.
    pub more: bool,
    /// How many records the whole scan has, where the side tells; lets a reader assert completeness.
    pub total: Option<u64>,
}
