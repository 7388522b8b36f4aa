//! How much one run may write: what is beyond it waits for a person, by an issue of the guard.

use std::collections::BTreeSet;

use zygos_core::{ConnectionId, guard::inspect_run};
use zygos_storage::Settled;

use crate::{
    engine::{Engine, lock},
    error::Result,
};

/// The subject of the guard's issue about a run that would write too much.
pub(crate) const SUBJECT: &str = "run";

/// What a run was allowed so far, by connection and record. A second try of the same is not a second write.
#[derive(Debug, Default)]
pub(crate) struct Allowance(BTreeSet<(ConnectionId, String)>);

/// While this lives, figures and new orders are counted against `[limits] writes_per_run`.
pub struct LimitedRun<'a>(&'a Engine);

impl Drop for LimitedRun<'_> {
    fn drop(&mut self) {
        *lock(&self.0.allowance) = None;
    }
}

impl Engine {
    /// Begins a run that may not write more than is configured; `sync` does it by itself. Without one, as in the
    /// loops of [`Self::run`], nothing is counted.
    pub fn limited_run(&self) -> LimitedRun<'_> {
        *lock(&self.allowance) = Some(Allowance::default());
        LimitedRun(self)
    }

    /// Which of these records of a connection may be written in this run, one answer each, in their order.
    pub(crate) async fn allowed(&self, connection: &ConnectionId, records: &[String]) -> Result<Vec<bool>> {
        let everything = vec![true; records.len()];
        let limited = lock(&self.allowance).is_some() && self.settings.guard.writes_per_run.is_some();
        if !limited || self.guard_is_waived(connection).await? {
            return Ok(everything);
        }
        let mut allowance = lock(&self.allowance);
        let Some(allowance) = allowance.as_mut() else { return Ok(everything) };
        let mut grant = |record: &String| {
            let record = (connection.clone(), record.clone());
            if allowance.0.contains(&record) {
                return true;
            }
            let wanted = u64::try_from(allowance.0.len()).unwrap_or(u64::MAX).saturating_add(1);
            let granted = inspect_run(wanted, &self.settings.guard).is_none();
            if granted {
                allowance.0.insert(record);
            }
            granted
        };
        Ok(records.iter().map(&mut grant).collect())
    }

    /// Closes the issues of [`SUBJECT`] for which nothing waits any more, such as after a replay by hand.
    pub(crate) async fn close_answered_limits(&self) -> Result<()> {
        for name in self.connection_names() {
            let id = ConnectionId::new(name);
            let Some(open) = self.repository.open_issue(&id, "guard", SUBJECT).await? else { continue };
            let rows = self.repository.outbox(Some(&id), u32::MAX >> 1).await?;
            if !rows.iter().any(|row| row.held_by == Some(open.id)) {
                self.commit(vec![self.close_issue(&id, "guard", SUBJECT)]).await?;
            }
        }
        Ok(())
    }

    /// Opens or renews the issue about what this run may not write; answers how the rows are to be settled.
    pub(crate) async fn held_by_allowance(&self, connection: &ConnectionId, more: usize) -> Result<Settled> {
        let open = self.repository.open_issue(connection, "guard", SUBJECT).await?;
        let held = match &open {
            Some(open) => {
                let rows = self.repository.outbox(Some(connection), u32::MAX >> 1).await?;
                rows.into_iter().filter(|row| row.held_by == Some(open.id)).count()
            }
            None => 0,
        };
        let finding = inspect_run(u64::MAX, &self.settings.guard);
        let text = format!(
            "{connection}: {}; {} wait here. `zygos plan` shows them. If they are right, approve this issue by its number \
             (`zygos approve`) and run again within a quarter of an hour.",
            finding.map(|finding| finding.text).unwrap_or_default(),
            held + more
        );
        self.commit(vec![self.issue(connection, "guard", SUBJECT, text, &["approve"])]).await?;
        Ok(match self.repository.open_issue(connection, "guard", SUBJECT).await? {
            Some(issue) => Settled::Held { issue: issue.id },
            None => Settled::Again { due_at: self.now(), reason: None, failed: false },
        })
    }
}
