//! Whether a connection answers: after failures it is left alone for a while, and people are told in plain words.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use jiff::Timestamp;
use zygos_core::{
    ConnectionId,
    clock::later,
    contract::{ConnectorError, ErrorKind},
};
use zygos_storage::{ConnectionState, Mode, Mutation};

use crate::{
    engine::{Engine, lock},
    error::{EngineError, Result},
    event::Event,
    settings::Connection,
};

/// Refused credentials are tried again this seldom: a store that counts wrong log-ins locks the key.
const REFUSED_WAIT: Duration = Duration::from_secs(15 * 60);
/// The longest that a connection which doesn't answer is left alone.
const SILENT_WAIT: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(crate) struct Health {
    resting: Mutex<BTreeMap<ConnectionId, (Timestamp, u32, String)>>,
}

impl Engine {
    /// Fails when the connection is to be left alone for now.
    pub(crate) async fn check_rested(&self, connection: &Connection) -> Result<()> {
        let resting = lock(&self.health.resting).get(&connection.id).cloned();
        match resting {
            Some((until, _, reason)) if self.now() < until => {
                Err(EngineError::Resting { connection: connection.id.clone(), reason })
            }
            _ => Ok(()),
        }
    }

    /// When a connection may be called again; `None`: now.
    pub(crate) fn rests_until(&self, connection: &ConnectionId) -> Option<Timestamp> {
        let until = lock(&self.health.resting).get(connection).map(|(until, _, _)| *until)?;
        (self.now() < until).then_some(until)
    }

    pub(crate) async fn answered(&self, connection: &Connection) -> Result<()> {
        let had_failed = lock(&self.health.resting).remove(&connection.id).is_some();
        if had_failed {
            self.tell(&Event::ConnectionBack { connection: connection.id.clone() });
            let mut state = self.repository.connection(&connection.id).await?;
            state.wait_until = None;
            state.failures = 0;
            self.commit(vec![
                Mutation::PutConnection { connection: connection.id.clone(), state },
                self.close_issue(&connection.id, "connection", "connection"),
            ])
            .await?;
        }
        Ok(())
    }

    pub(crate) async fn failed(&self, connection: &Connection, error: &ConnectorError) -> Result<()> {
        let failures = {
            let resting = lock(&self.health.resting);
            resting.get(&connection.id).map_or(0, |(_, failures, _)| *failures) + 1
        };
        let (wait, issue) = match &error.kind {
            ErrorKind::Unavailable { .. } | ErrorKind::Protocol { .. } => {
                let wait = self.retry.delay(failures.saturating_sub(1), None, self.jitter()).min(SILENT_WAIT);
                // One lost answer is everyday life; people are told when it goes on.
                let text = format!(
                    "{} does not answer properly: {error}. Nothing is lost; it is tried again by itself.",
                    connection.id
                );
                (wait, (failures >= 3).then_some(text))
            }
            ErrorKind::RateLimited { wait } => (wait.unwrap_or(Duration::from_secs(60)), None),
            ErrorKind::Auth | ErrorKind::Forbidden => (
                REFUSED_WAIT,
                Some(format!(
                    "{} refuses the credentials or a permission: {error}. Correct them and run `zygos check`; \
                     everything waits and is tried again every 15 minutes.",
                    connection.id
                )),
            ),
            // The connection is fine; what was asked isn't.
            ErrorKind::Rejected { .. }
            | ErrorKind::Conflict
            | ErrorKind::NotFound
            | ErrorKind::Unsupported => {
                return Ok(());
            }
        };
        let until = later(self.now(), wait);
        lock(&self.health.resting).insert(connection.id.clone(), (until, failures, error.to_string()));
        let mut mutations = Vec::new();
        if failures == 1 || issue.is_some() {
            self.tell(&Event::ConnectionTrouble {
                connection: connection.id.clone(),
                why: error.to_string(),
            });
            let state = self.repository.connection(&connection.id).await?;
            mutations.push(Mutation::PutConnection {
                connection: connection.id.clone(),
                state: ConnectionState { wait_until: Some(until), failures, ..state },
            });
        }
        if let Some(text) = issue {
            mutations.push(self.issue(&connection.id, "connection", "connection", text, &[]));
        }
        self.commit(mutations).await
    }

    /// As [`Self::failed`] for a call about one record: an answer that makes no sense says nothing of the others.
    pub(crate) async fn failed_for_one(&self, connection: &Connection, error: &ConnectorError) -> Result<()> {
        if matches!(error.kind, ErrorKind::Protocol { .. }) {
            return Ok(());
        }
        self.failed(connection, error).await
    }

    /// Whether writes may go out on a connection now.
    pub(crate) async fn is_live(&self, connection: &ConnectionId) -> Result<bool> {
        Ok(self.repository.connection(connection).await?.mode == Mode::Live)
    }
}
