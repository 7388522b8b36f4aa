//! Time as a parameter.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;

/// Where the time comes from. Production code holds one and never asks the machine directly.
#[async_trait]
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;

    /// Returns once `now()` is at or past `deadline`.
    async fn sleep_until(&self, deadline: Timestamp);
}

pub type SharedClock = Arc<dyn Clock>;

/// `at + wait`, staying at the end of time rather than overflowing.
pub fn later(at: Timestamp, wait: Duration) -> Timestamp {
    at.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// How much time passed from `since` to `now`; zero when `since` is in the future (a skewed clock).
pub fn elapsed(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or(Duration::ZERO)
}
