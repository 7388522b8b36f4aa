//! Passes that didn't come to their end: when they are tried again, and when people are told.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
    time::Duration,
};

use jiff::Timestamp;
use zygos_core::{
    ConnectionId,
    clock::{elapsed, later},
};
use zygos_storage::{Issue, Mutation};

use crate::{
    engine::{Engine, lock},
    error::{EngineError, Result},
};

/// The longest wait of a pass that fails while its connection answers, unless it is looked at less often anyway.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Until a configuration that doesn't fit the ERP is compared with it again: only a person can mend it.
const UNFIT: Duration = Duration::from_secs(60);
/// People are told of a pass that has failed for so long; less is everyday life.
const PATIENCE: Duration = Duration::from_secs(2 * 60);
const KIND: &str = "put_off";

/// One kind of work on one connection, in words that follow "cluj: ".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pass {
    Orders,
    ErpChanges,
    Entering,
    Stock,
    Feedback,
    Verification,
    Products,
}

impl Pass {
    fn words(self) -> &'static str {
        match self {
            Self::Orders => "reading orders",
            Self::ErpChanges => "reading what changes",
            Self::Entering => "entering orders",
            Self::Stock => "writing stock",
            Self::Feedback => "telling the store of its orders",
            Self::Verification => "comparing both sides",
            Self::Products => "writing products and prices",
        }
    }
}

/// Which passes fail, since when and how often in a row; and which have come to their end since this process began.
#[derive(Default)]
pub(crate) struct PutOff {
    failing: Mutex<BTreeMap<(ConnectionId, Pass), Failing>>,
    ended: Mutex<BTreeSet<(ConnectionId, Pass)>>,
}

#[derive(Clone, Copy)]
struct Failing {
    since: Timestamp,
    times: u32,
    told: bool,
}

impl Engine {
    /// When a loop looks again. Only the state itself failing ends a loop; what a connection does never does.
    pub(crate) async fn after(
        &self,
        connection: &ConnectionId,
        pass: Pass,
        outcome: Result<()>,
        every: Duration,
    ) -> Result<Timestamp> {
        match outcome {
            Ok(()) => {
                self.came_to_its_end(connection, pass).await?;
                Ok(later(self.now(), every))
            }
            Err(EngineError::Storage(error)) => Err(error.into()),
            Err(EngineError::Resting { until, .. }) => {
                Ok(until.max(later(self.now(), Duration::from_secs(1))))
            }
            Err(EngineError::Unfit(_)) => Ok(later(self.now(), UNFIT)),
            Err(error) => self.failed_pass(connection, pass, &error, every).await,
        }
    }

    async fn came_to_its_end(&self, connection: &ConnectionId, pass: Pass) -> Result<()> {
        let key = (connection.clone(), pass);
        let was = lock(&self.put_off.failing).remove(&key);
        // The first after a start ends what an earlier process complained of.
        let is_first = lock(&self.put_off.ended).insert(key);
        if is_first || was.is_some_and(|was| was.told) {
            self.commit(vec![self.close_issue(connection, KIND, pass.words())]).await?;
        }
        Ok(())
    }

    async fn failed_pass(
        &self,
        connection: &ConnectionId,
        pass: Pass,
        error: &EngineError,
        every: Duration,
    ) -> Result<Timestamp> {
        let why = match error.trouble() {
            Some((other, why)) if other == connection => why,
            _ => error.to_string(),
        };
        let what = pass.words();
        tracing::warn!(connection = %connection, "{what} is put off: {why}");
        let rest = error.trouble().and_then(|(in_the_way, _)| self.rests_until(in_the_way));
        let known = error.trouble().is_some_and(|(in_the_way, _)| self.is_told_of(in_the_way));
        if let Some(until) = rest.filter(|_| known) {
            // A connection that doesn't answer at all is told of as a whole, and its rest is all the waiting.
            return Ok(until.max(later(self.now(), Duration::from_secs(1))));
        }
        let key = (connection.clone(), pass);
        let failing = {
            let mut all = lock(&self.put_off.failing);
            let failing = all.entry(key).or_insert(Failing { since: self.now(), times: 0, told: false });
            failing.times += 1;
            failing.told |= elapsed(failing.since, self.now()) >= PATIENCE;
            *failing
        };
        if failing.told {
            let text = format!(
                "{connection}: {what} has not come to its end since {:.0}: {why}. What was done before that counts, and it \
                 is tried again by itself.",
                failing.since
            );
            if let Mutation::OpenIssue(issue) = self.issue(connection, KIND, what, text, &[]) {
                let issue = Issue { opened_at: failing.since, ..issue };
                self.commit(vec![Mutation::OpenIssue(issue)]).await?;
            }
        }
        let wait = self.retry.delay(failing.times - 1, None, self.jitter()).min(every.max(LONGEST_WAIT));
        let again = later(self.now(), wait);
        Ok(rest.map_or(again, |rest| rest.max(again)))
    }
}
