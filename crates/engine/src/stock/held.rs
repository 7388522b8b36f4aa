//! Raises that `[limits] writes_per_run` keeps for a person, and what becomes of them meanwhile.

use zygos_core::{RemoteKey, clock::elapsed, contract::Lane};
use zygos_storage::{Mutation, OutboxRecord, Wish};

use super::StockVerdict;
use crate::{
    allowance::SUBJECT,
    engine::{Engine, lock},
    error::{EngineError, Result},
    settings::StoreSettings,
};

impl Engine {
    /// Nobody claims a row that waits for a person, so a figure that was to be raised and must fall by now is looked for
    /// here, every few minutes. What needs no raise any more is worked on at once; the rest goes on waiting.
    pub(super) async fn free_what_falls(&self, store: &StoreSettings) -> Result<()> {
        let id = &store.connection.id;
        let Some(open) = self.repository.open_issue(id, "guard", SUBJECT).await? else { return Ok(()) };
        {
            let mut looked_at = lock(&self.memory(id)?.held_looked_at);
            let now = self.now();
            if looked_at.is_some_and(|at| elapsed(at, now) < self.settings.pace.recheck_held) {
                return Ok(());
            }
            *looked_at = Some(now);
        }
        let rows = self.repository.outbox(Some(id), u32::MAX >> 1).await?;
        let held: Vec<RemoteKey> = rows
            .into_iter()
            .filter(|row| row.held_by == Some(open.id))
            .filter_map(|row| match row.record {
                OutboxRecord::Stock(unit) => Some(unit),
                _ => None,
            })
            .collect();
        let batch = usize::try_from(self.settings.pace.stock_batch).unwrap_or(usize::MAX).max(1);
        for units in held.chunks(batch) {
            let decisions = match self.decide(store, units).await {
                Ok((decisions, _)) => decisions,
                Err(error @ EngineError::Storage(_)) => return Err(error),
                // Looked at again as soon as the ERP answers.
                Err(error) => {
                    tracing::debug!(connection = %id, "What is held is not looked at now: {error}");
                    *lock(&self.memory(id)?.held_looked_at) = None;
                    return Ok(());
                }
            };
            let needs_no_raise = decisions.into_iter().filter(|decision| {
                matches!(decision.verdict, StockVerdict::Decided(_)) && !decision.raises()
            });
            let wishes = needs_no_raise.map(|decision| {
                Mutation::Enqueue(Wish {
                    connection: id.clone(),
                    record: OutboxRecord::Stock(decision.unit.key),
                    lane: Lane::HotStock,
                    reason: "it was to be raised, and is not any more".to_owned(),
                    due_at: self.now(),
                    // Only this frees a row that waits for a person.
                    by_hand: true,
                })
            });
            self.commit(wishes.collect()).await?;
        }
        Ok(())
    }
}
