//! Everything in memory: for seeded simulations, and as the plainest statement of what a repository does.

mod apply;
mod ledger;
mod links;
mod open;
mod orders;
mod outbox;
mod products;
mod repository;
mod state;
mod units;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use state::State;

/// A repository that lives as long as its last handle. Cloning gives another handle to the same state, so that an
/// engine that "crashed" can be built again over what it left.
#[derive(Clone, Default)]
pub struct MemoryRepository {
    state: Arc<Mutex<State>>,
}

impl MemoryRepository {
    pub fn new() -> Self {
        Self::default()
    }

    /// A commit checks everything that can fail before it changes anything, so a poisoned lock hides no half change.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
