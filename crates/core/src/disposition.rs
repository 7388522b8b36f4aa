//! From the fact that a connector states to what is done about it. One place, for all connectors.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::contract::{ErrorKind, Lookup};

/// What to do about a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// The same again after a while.
    Retry,
    RetryAfter(Duration),
    /// It may have been carried out: wait until it can't land any more, look, and only then decide.
    ReadBack,
    /// Stop writing on this connection until the credentials are put right.
    PauseConnection,
    /// The other side moved: decide again from the present.
    Replan,
    /// This record only: a person must change something first.
    Quarantine,
    /// It may have been carried out and nothing can tell: only a person can look.
    AskPerson,
}

/// Decides from the fact, from whether doing it twice does harm, and from whether the record can be found again.
pub fn disposition(kind: &ErrorKind, idempotent: bool, lookup: Lookup) -> Disposition {
    match kind {
        ErrorKind::Unavailable { maybe_applied: true } | ErrorKind::Protocol { maybe_applied: true } => {
            match (idempotent, lookup) {
                (true, _) | (false, Lookup::Reference) => Disposition::ReadBack,
                (false, Lookup::None) => Disposition::AskPerson,
            }
        }
        ErrorKind::Unavailable { maybe_applied: false } | ErrorKind::Protocol { maybe_applied: false } => {
            Disposition::Retry
        }
        ErrorKind::RateLimited { wait: Some(wait) } => Disposition::RetryAfter(*wait),
        ErrorKind::RateLimited { wait: None } => Disposition::Retry,
        ErrorKind::Auth | ErrorKind::Forbidden => Disposition::PauseConnection,
        ErrorKind::Conflict | ErrorKind::NotFound => Disposition::Replan,
        ErrorKind::Rejected { .. } | ErrorKind::Unsupported => Disposition::Quarantine,
    }
}

/// Waits between tries, as data: a test can list them and a screen can show them. There is no last try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetrySchedule {
    steps: Vec<Duration>,
    ceiling: Duration,
}

impl Default for RetrySchedule {
    fn default() -> Self {
        Self {
            steps: [1, 2, 5, 15, 60, 300].map(Duration::from_secs).to_vec(),
            ceiling: Duration::from_secs(900),
        }
    }
}

impl RetrySchedule {
    /// The wait after the failure number `attempt` (from 0). `hint` is what the other side asked for; it beats a
    /// shorter step but not the ceiling. `jitter` below 1,000 adds up to a fifth.
    pub fn delay(&self, attempt: u32, hint: Option<Duration>, jitter: u32) -> Duration {
        let index = usize::try_from(attempt).unwrap_or(usize::MAX).min(self.steps.len().saturating_sub(1));
        let step = self.steps.get(index).copied().unwrap_or(Duration::from_secs(60));
        let jittered = step + step * jitter.min(1000) / 5000;
        hint.map_or(jittered, |hint| hint.max(jittered)).min(self.ceiling)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_of_the_other_side_beats_our_step_but_not_the_ceiling() {
        let schedule = RetrySchedule::default();
        assert_eq!(schedule.delay(0, Some(Duration::from_secs(30)), 0), Duration::from_secs(30));
        assert_eq!(schedule.delay(4, Some(Duration::from_secs(30)), 0), Duration::from_secs(60));
        assert_eq!(schedule.delay(0, Some(Duration::from_secs(86_400)), 0), Duration::from_secs(900));
    }

    #[test]
    fn waits_grow_and_never_end() {
        let schedule = RetrySchedule::default();
        let waits: Vec<_> = (0..8).map(|attempt| schedule.delay(attempt, None, 0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 5, 15, 60, 300, 300, 300]);
    }

    #[test]
    fn a_create_without_answer_is_looked_up_where_it_can_be_and_never_repeated_where_it_cannot() {
        let lost = ErrorKind::Unavailable { maybe_applied: true };
        assert_eq!(disposition(&lost, false, Lookup::Reference), Disposition::ReadBack);
        assert_eq!(disposition(&lost, false, Lookup::None), Disposition::AskPerson);
        let refused = ErrorKind::Unavailable { maybe_applied: false };
        assert_eq!(disposition(&refused, false, Lookup::None), Disposition::Retry);
    }
}
