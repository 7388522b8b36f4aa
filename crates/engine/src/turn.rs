//! Orders and their ledger rows are read, decided and written by one at a time.

use tokio::sync::MutexGuard;
use zygos_core::{ConnectionId, RemoteKey};
use zygos_storage::StoredOrder;

use crate::{
    engine::{Engine, lock},
    error::Result,
    progress::Progress,
};

/// While this lives, nobody else changes what is stored of a store's orders. What is written under it must have been
/// read under it: a slower reader would otherwise put an old order, or its old ledger rows, over newer ones.
pub(crate) struct Turn<'a> {
    _held: MutexGuard<'a, ()>,
    /// The warehouse that serves the store's orders; `None` while the ERP hasn't told.
    pub warehouse: Option<RemoteKey>,
}

impl Engine {
    /// Waits for the others. No remote call is made under a turn: whatever is needed from the ERP is asked before.
    pub(crate) async fn turn(&self, store: &ConnectionId) -> Result<Turn<'_>> {
        let warehouse = match self.resolved().await {
            Ok(resolved) => resolved.orders.get(store).map(|rule| rule.warehouse.clone()),
            // The ERP can't be asked now: an unknown warehouse counts against every store, which errs on the safe side.
            // Once it answers, the ledger is gone through again.
            Err(_) => {
                lock(&self.ledger_unplaced).insert(store.clone());
                lock(&self.ledger_renewed).remove(store);
                *lock(&self.relink) = true;
                None
            }
        };
        let held = self.memory(store)?.orders.lock().await;
        Ok(Turn { _held: held, warehouse })
    }

    /// An order as it is stored now, with what was found out about its way into the ERP in the meantime.
    pub(crate) async fn brought_on(
        &self,
        _turn: &Turn<'_>,
        ours: &StoredOrder,
        progress: &mut Progress,
    ) -> Result<StoredOrder> {
        let Some(fresh) = self.repository.order(&ours.store, &ours.order.id).await? else {
            return Ok(ours.clone());
        };
        *progress = Progress { state: progress.state.clone(), ..Progress::of(&fresh)? };
        let mut stored = StoredOrder { party: ours.party.clone(), document: ours.document.clone(), ..fresh };
        progress.put(&mut stored)?;
        Ok(stored)
    }
}
