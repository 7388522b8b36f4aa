//! Whether a connection answers: after failures it is left alone for a while, and people are told in plain words.
//!
//! A missing permission stops only what it is missing for; everything else of the connection goes on.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Mutex,
    time::Duration,
};

use jiff::Timestamp;
use zygos_core::{
    ConnectionId,
    clock::later,
    contract::{ConnectorError, ErrorKind},
    model::Entity,
};
use zygos_storage::{Issue, Mode, Mutation};

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

/// Failures in a row before people are told that a connection doesn't answer: one is everyday life.
const TELL_AFTER: u32 = 3;

/// The kind of issue about a connection as a whole, and its only subject.
pub(crate) const CONNECTION: &str = "connection";
/// The kind of issue about one thing that the account may not do.
const PERMISSION: &str = "permission";

/// What an account may be allowed or forbidden to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deed {
    /// Taxes, warehouses, shops: what configured names mean.
    Discover,
    Read(Entity),
    Write(Entity),
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Discover => f.write_str("read taxes, warehouses and shops"),
            Self::Read(entity) => write!(f, "read {}", several(*entity)),
            Self::Write(entity) => write!(f, "change {}", several(*entity)),
        }
    }
}

fn several(entity: Entity) -> &'static str {
    match entity {
        Entity::Product | Entity::Catalogue => "products",
        Entity::Price => "prices",
        Entity::Category => "categories",
        Entity::Stock => "stock",
        Entity::Order => "orders",
        Entity::Document => "sales",
        Entity::Deduction => "what sales have taken from stock",
        Entity::Customer => "customers",
        Entity::Movement => "movements of goods",
    }
}

#[derive(Default)]
pub(crate) struct Health {
    /// By connection, and by what may not be done where it is not the whole of it.
    resting: Mutex<BTreeMap<(ConnectionId, Option<Deed>), Rest>>,
    /// What was answered since this process began.
    answered: Mutex<BTreeSet<(ConnectionId, Option<Deed>)>>,
}

/// A connection left alone for a while. Only this process needs to know: another one finds out by itself, and the
/// state keeps nothing that could overwrite what people decided about the connection.
#[derive(Clone)]
struct Rest {
    until: Timestamp,
    /// The first failure in this row of failures.
    since: Timestamp,
    /// In a row.
    failures: u32,
    reason: String,
    /// People were told of it.
    told: bool,
    /// Credentials or a permission were refused: one call finds out for all whether that has changed.
    refused: bool,
}

impl Engine {
    /// Fails when the connection, or this use of it, is to be left alone for now.
    pub(crate) fn check_rested(&self, connection: &Connection, deed: Deed) -> Result<()> {
        self.resting(connection, deed, false)
    }

    /// As [`Self::check_rested`], for a call that is made at once: after a refusal the first caller tries for all, for
    /// several wrong log-ins at the same moment may lock the account.
    pub(crate) fn enter(&self, connection: &Connection, deed: Deed) -> Result<()> {
        self.resting(connection, deed, true)
    }

    fn resting(&self, connection: &Connection, deed: Deed, calls_now: bool) -> Result<()> {
        let now = self.now();
        let mut resting = lock(&self.health.resting);
        let keys = [None, Some(deed)].map(|deed| (connection.id.clone(), deed));
        for key in &keys {
            if let Some(rest) = resting.get(key).filter(|rest| now < rest.until) {
                return Err(EngineError::Resting {
                    connection: connection.id.clone(),
                    reason: rest.reason.clone(),
                    until: rest.until,
                    forbidden: key.1.is_some(),
                });
            }
        }
        for key in keys.iter().filter(|_| calls_now) {
            if let Some(rest) = resting.get_mut(key).filter(|rest| rest.refused) {
                rest.until = later(now, self.settings.pace.call_timeout);
            }
        }
        Ok(())
    }

    /// When a connection may be called again; `None`: now.
    pub(crate) fn rests_until(&self, connection: &ConnectionId) -> Option<Timestamp> {
        let until = lock(&self.health.resting).get(&(connection.clone(), None)).map(|rest| rest.until)?;
        (self.now() < until).then_some(until)
    }

    /// People know already that this connection doesn't answer or refuses the log-in.
    pub(crate) fn is_told_of(&self, connection: &ConnectionId) -> bool {
        let resting = lock(&self.health.resting);
        resting
            .get(&(connection.clone(), None))
            .is_some_and(|rest| rest.told && (rest.refused || rest.failures >= TELL_AFTER))
    }

    pub(crate) async fn answered(&self, connection: &Connection, deed: Deed) -> Result<()> {
        let mut mutations = Vec::new();
        for scope in [None, Some(deed)] {
            let key = (connection.id.clone(), scope);
            let was_resting = lock(&self.health.resting).remove(&key);
            // The first answer after a start ends what an earlier process complained of.
            let is_first = lock(&self.health.answered).insert(key);
            let was_told = was_resting.is_some_and(|rest| rest.told);
            if was_told && scope.is_none() {
                self.tell(&Event::ConnectionBack { connection: connection.id.clone() });
            }
            if was_told || is_first {
                mutations.push(match scope {
                    None => self.close_issue(&connection.id, CONNECTION, CONNECTION),
                    Some(deed) => self.close_issue(&connection.id, PERMISSION, deed.to_string()),
                });
            }
        }
        self.commit(mutations).await
    }

    pub(crate) async fn failed(
        &self,
        connection: &Connection,
        deed: Deed,
        error: &ConnectorError,
    ) -> Result<()> {
        let scope = match &error.kind {
            ErrorKind::Forbidden => Some(deed),
            // The connection is fine; what was asked isn't.
            ErrorKind::Rejected { .. }
            | ErrorKind::Conflict
            | ErrorKind::NotFound
            | ErrorKind::Unsupported => return Ok(()),
            _ => None,
        };
        let key = (connection.id.clone(), scope);
        let known = lock(&self.health.resting).get(&key).cloned();
        let refused = matches!(error.kind, ErrorKind::Auth | ErrorKind::Forbidden);
        // Calls that were under way together fail together; that is one failure, and no reason to wait longer.
        if !refused && known.as_ref().is_some_and(|rest| self.now() < rest.until && !rest.refused) {
            return Ok(());
        }
        let failures = known.as_ref().map_or(0, |rest| rest.failures) + 1;
        let told = known.as_ref().is_some_and(|rest| rest.told);
        let since = known.filter(|rest| rest.told).map_or_else(|| self.now(), |rest| rest.since);
        let wait = match &error.kind {
            ErrorKind::RateLimited { wait } => wait.unwrap_or(Duration::from_secs(60)),
            ErrorKind::Auth | ErrorKind::Forbidden => REFUSED_WAIT,
            _ => self.retry.delay(failures.saturating_sub(1), None, self.jitter()).min(SILENT_WAIT),
        };
        // Waiting for calls is everyday work, not trouble.
        let is_trouble = !matches!(error.kind, ErrorKind::RateLimited { .. });
        let rest = Rest {
            until: later(self.now(), wait),
            since,
            failures,
            reason: error.to_string(),
            told: told || is_trouble,
            refused,
        };
        lock(&self.health.resting).insert(key, rest);
        if is_trouble && !told {
            self.tell(&Event::ConnectionTrouble {
                connection: connection.id.clone(),
                why: error.to_string(),
            });
        }
        match trouble(&connection.id, deed, error, since, failures) {
            Some((kind, subject, text)) => {
                self.commit(vec![self.trouble_issue(&connection.id, kind, subject, text, since)]).await
            }
            None => Ok(()),
        }
    }

    /// An issue that began when the first call failed, not when people were told.
    fn trouble_issue(
        &self,
        connection: &ConnectionId,
        kind: &str,
        subject: String,
        text: String,
        since: Timestamp,
    ) -> Mutation {
        match self.issue(connection, kind, subject, text, &[]) {
            Mutation::OpenIssue(issue) => Mutation::OpenIssue(Issue { opened_at: since, ..issue }),
            other => other,
        }
    }

    /// As [`Self::failed`] for a call about one record: an answer that makes no sense says nothing of the others.
    pub(crate) async fn failed_for_one(
        &self,
        connection: &Connection,
        deed: Deed,
        error: &ConnectorError,
    ) -> Result<()> {
        if matches!(error.kind, ErrorKind::Protocol { .. }) {
            return Ok(());
        }
        self.failed(connection, deed, error).await
    }

    /// Whether writes may go out on a connection now.
    pub(crate) async fn is_live(&self, connection: &ConnectionId) -> Result<bool> {
        Ok(self.repository.connection(connection).await?.mode == Mode::Live)
    }
}

/// Kind, subject and text of the issue that tells people of a failure; `None` for what ends by itself soon.
fn trouble(
    connection: &ConnectionId,
    deed: Deed,
    error: &ConnectorError,
    since: Timestamp,
    failures: u32,
) -> Option<(&'static str, String, String)> {
    let whole = |text: String| Some((CONNECTION, CONNECTION.to_owned(), text));
    match &error.kind {
        ErrorKind::Unavailable { .. } | ErrorKind::Protocol { .. } if failures >= TELL_AFTER => {
            whole(format!(
                "{connection} has not answered properly since {since:.0}: {error}. Nothing is lost; it is tried again by \
             itself."
            ))
        }
        ErrorKind::Auth => whole(format!(
            "{connection} refuses the log-in: {error}. Nothing is lost; all work on {connection} waits, and the log-in is \
             tried again every 15 minutes."
        )),
        ErrorKind::Forbidden => Some((
            PERMISSION,
            deed.to_string(),
            format!(
                "{connection} may not {deed}: {error}.{} Everything else goes on, and this is tried again every 15 \
                 minutes.",
                consequence(deed)
            ),
        )),
        _ => None,
    }
}

/// What a missing permission means beyond the obvious.
fn consequence(deed: Deed) -> &'static str {
    match deed {
        Deed::Read(Entity::Order) => " Until then new orders are not seen, and no store's stock is raised.",
        Deed::Write(Entity::Stock) => " Until then the store's stock stays as it is.",
        Deed::Write(Entity::Document | Entity::Customer) => " Until then no order is entered.",
        Deed::Write(Entity::Order) => " Until then the store is told of no shipment and no status.",
        _ => "",
    }
}
