//! Whether a connection answers: after failures it is left alone for a while, and people are told in plain words.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
    time::Duration,
};

use jiff::Timestamp;
use zygos_core::{
    ConnectionId,
    clock::later,
    contract::{ConnectorError, ErrorKind},
};
use zygos_storage::Mode;

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
    resting: Mutex<BTreeMap<ConnectionId, Rest>>,
    /// Connections that answered since this process began.
    answered: Mutex<BTreeSet<ConnectionId>>,
}

/// A connection left alone for a while. Only this process needs to know: another one finds out by itself, and the
/// state keeps nothing that could overwrite what people decided about the connection.
#[derive(Clone)]
struct Rest {
    until: Timestamp,
    /// In a row.
    failures: u32,
    reason: String,
    /// People were told that it doesn't answer.
    told: bool,
}

impl Engine {
    /// Fails when the connection is to be left alone for now.
    pub(crate) async fn check_rested(&self, connection: &Connection) -> Result<()> {
        let resting = lock(&self.health.resting).get(&connection.id).cloned();
        match resting.filter(|rest| self.now() < rest.until) {
            Some(rest) => {
                Err(EngineError::Resting { connection: connection.id.clone(), reason: rest.reason })
            }
            None => Ok(()),
        }
    }

    /// When a connection may be called again; `None`: now.
    pub(crate) fn rests_until(&self, connection: &ConnectionId) -> Option<Timestamp> {
        let until = lock(&self.health.resting).get(connection).map(|rest| rest.until)?;
        (self.now() < until).then_some(until)
    }

    /// Why a connection is left alone now, in plain words; `None` while it answers.
    pub fn trouble(&self, connection: &ConnectionId) -> Option<String> {
        let resting = lock(&self.health.resting);
        resting.get(connection).filter(|rest| rest.told).map(|rest| rest.reason.clone())
    }

    pub(crate) async fn answered(&self, connection: &Connection) -> Result<()> {
        let was_resting = lock(&self.health.resting).remove(&connection.id);
        // The first answer after a start ends what an earlier process complained of.
        let is_first = lock(&self.health.answered).insert(connection.id.clone());
        if was_resting.is_some_and(|rest| rest.told) {
            self.tell(&Event::ConnectionBack { connection: connection.id.clone() });
        } else if !is_first {
            return Ok(());
        }
        self.commit(vec![self.close_issue(&connection.id, "connection", "connection")]).await
    }

    pub(crate) async fn failed(&self, connection: &Connection, error: &ConnectorError) -> Result<()> {
        let known = lock(&self.health.resting).get(&connection.id).cloned();
        let failures = known.as_ref().map_or(0, |rest| rest.failures) + 1;
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
        // Waiting for calls is everyday work, not trouble.
        let is_trouble = !matches!(error.kind, ErrorKind::RateLimited { .. });
        let told = known.is_some_and(|rest| rest.told);
        let rest = Rest {
            until: later(self.now(), wait),
            failures,
            reason: error.to_string(),
            told: told || is_trouble,
        };
        lock(&self.health.resting).insert(connection.id.clone(), rest);
        if is_trouble && !told {
            self.tell(&Event::ConnectionTrouble {
                connection: connection.id.clone(),
                why: error.to_string(),
            });
        }
        match issue {
            Some(text) => {
                self.commit(vec![self.issue(&connection.id, "connection", "connection", text, &[])]).await
            }
            None => Ok(()),
        }
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
