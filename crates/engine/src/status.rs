//! What each connection may do, whether it answers, and what waits. Counts only, nobody's data.

use jiff::Timestamp;
use serde::Serialize;
use zygos_core::ConnectionId;
use zygos_storage::{Mode, OutboxSummary};

use crate::{engine::Engine, error::Result, health::CONNECTION};

#[derive(Clone, Debug, Serialize)]
pub struct Status {
    pub connections: Vec<ConnectionStatus>,
    pub open_issues: usize,
}

#[derive(Clone, Debug, Serialize)]
pub struct ConnectionStatus {
    pub connection: ConnectionId,
    pub mode: Mode,
    pub reason: Option<String>,
    /// Since when it doesn't answer or refuses the log-in, and what is to be done; `None` while all is well.
    pub trouble: Option<Trouble>,
    /// Calls made since this process began.
    pub calls_used: u64,
    #[serde(flatten)]
    pub outbox: OutboxSummary,
}

#[derive(Clone, Debug, Serialize)]
pub struct Trouble {
    pub since: Timestamp,
    pub text: String,
}

impl Engine {
    /// As the state tells it, whichever process calls the connections.
    pub async fn status(&self) -> Result<Status> {
        let issues = self.repository.issues(false).await?;
        let all = self.settings.stores.iter().map(|store| &store.connection).chain([&self.settings.erp]);
        let mut connections = Vec::new();
        for connection in all {
            let id = &connection.id;
            let state = self.repository.connection(id).await?;
            let trouble = issues.iter().find(|issue| &issue.connection == id && issue.kind == CONNECTION);
            connections.push(ConnectionStatus {
                connection: id.clone(),
                mode: state.mode,
                reason: state.reason,
                trouble: trouble.map(|issue| Trouble { since: issue.opened_at, text: issue.text.clone() }),
                calls_used: (connection.calls_used)(),
                outbox: self.repository.outbox_summary(id).await?,
            });
        }
        Ok(Status { connections, open_issues: issues.len() })
    }
}
