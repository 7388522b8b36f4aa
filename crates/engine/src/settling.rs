//! Settling rows of the outbox under their fence.

use std::time::Duration;

use jiff::Timestamp;
use zygos_core::{
    clock::later,
    contract::{ConnectorError, ErrorKind, Outcome},
};
use zygos_storage::{Mutation, OutboxRow, SentWrite, Settled, StorageError};

use crate::{
    engine::Engine,
    error::{EngineError, Result},
};

impl Engine {
    pub(crate) fn retry_at(&self, row: &OutboxRow) -> Timestamp {
        let attempt = row.attempts;
        later(self.now(), self.retry.delay(attempt, None, self.jitter()).max(Duration::from_millis(500)))
    }

    /// When a row is tried again whose pass was put off. While a connection doesn't answer, its rest is all the
    /// waiting there is: once it is back, nothing waits any longer.
    pub(crate) fn again_after(&self, row: &OutboxRow, error: &EngineError) -> Settled {
        match error.trouble().and_then(|(connection, _)| self.rests_until(connection)) {
            Some(due_at) => Settled::Again { due_at, reason: None, failed: false },
            None => Settled::Again { due_at: self.retry_at(row), reason: None, failed: true },
        }
    }

    /// Marks a row as sent; `false` when somebody else holds it now.
    pub(crate) async fn mark_sent(&self, row: &OutboxRow, sent: SentWrite) -> Result<bool> {
        let marked = self
            .commit(vec![Mutation::MarkSent { row: row.id, fence: row.fence, sent: Box::new(sent) }])
            .await;
        match marked {
            Ok(()) => Ok(true),
            Err(EngineError::Storage(StorageError::Fenced { .. })) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn settle_if_ours(&self, row: &OutboxRow, settled: Settled) -> Result<()> {
        self.commit_if_ours(vec![settle(row, settled)]).await
    }

    /// Commits what belongs to a claim. When the claim is lost, the other holder looks afresh and this is void.
    pub(crate) async fn commit_if_ours(&self, mutations: Vec<Mutation>) -> Result<()> {
        match self.commit(mutations).await {
            Err(EngineError::Storage(StorageError::Fenced { .. })) => Ok(()),
            other => other,
        }
    }
}

pub(crate) fn settle(row: &OutboxRow, settled: Settled) -> Mutation {
    Mutation::Settle { row: row.id, fence: row.fence, revision: row.revision, settled }
}

/// The only outcome of a batch of one.
pub(crate) fn one(mut outcomes: Vec<Outcome>) -> Outcome {
    outcomes.pop().unwrap_or_else(|| {
        Err(ConnectorError::new(
            ErrorKind::Protocol { maybe_applied: true },
            "the connector gave no outcome for a write",
        ))
    })
}
