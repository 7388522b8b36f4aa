//! A clock that stands still until it is told to move.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::Mutex,
    task::{Context, Poll, Waker},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use zygos_core::clock::{Clock, later};

use crate::locked;

/// Virtual time. A driver polls its work until everything waits, then moves to [`ManualClock::next_deadline`].
pub struct ManualClock {
    inner: Mutex<Inner>,
}

struct Inner {
    now: Timestamp,
    sleepers: BTreeMap<(Timestamp, u64), Waker>,
    next_sleeper: u64,
}

impl ManualClock {
    /// A clock that shows `now` and stays there.
    pub fn new(now: Timestamp) -> Self {
        let inner = Inner { now, sleepers: BTreeMap::new(), next_sleeper: 0 };
        Self { inner: Mutex::new(inner) }
    }

    /// Moves forward and wakes every sleeper whose time has come, earliest first.
    pub fn advance(&self, by: Duration) {
        let target = later(locked(&self.inner).now, by);
        self.advance_to(target);
    }

    /// Moves forward to `target`; a target in the past changes nothing.
    pub fn advance_to(&self, target: Timestamp) {
        let due = {
            let mut inner = locked(&self.inner);
            inner.now = inner.now.max(target);
            let now = inner.now;
            let waiting = inner.sleepers.split_off(&(now, u64::MAX));
            std::mem::replace(&mut inner.sleepers, waiting)
        };
        // Wake outside the lock: a waker may poll its task at once, and the task asks this clock.
        for waker in due.into_values() {
            waker.wake();
        }
    }

    /// When the next sleeper wants to wake; `None` when nobody sleeps.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        locked(&self.inner).sleepers.keys().next().map(|(deadline, _)| *deadline)
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        locked(&self.inner).now
    }

    async fn sleep_until(&self, deadline: Timestamp) {
        Sleep { clock: self, deadline, registered: None }.await;
    }
}

struct Sleep<'a> {
    clock: &'a ManualClock,
    deadline: Timestamp,
    registered: Option<u64>,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut inner = locked(&self.clock.inner);
        if inner.now >= self.deadline {
            return Poll::Ready(());
        }
        let id = self.registered.unwrap_or_else(|| {
            inner.next_sleeper += 1;
            inner.next_sleeper
        });
        inner.sleepers.insert((self.deadline, id), context.waker().clone());
        drop(inner);
        self.registered = Some(id);
        Poll::Pending
    }
}

// A dropped sleep (a cancelled task) must not hold the driver's next step.
impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.registered {
            locked(&self.clock.inner).sleepers.remove(&(self.deadline, id));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::{FutureExt, future::poll_immediate};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[tokio::test]
    async fn a_sleeper_wakes_when_its_time_is_reached_and_not_before() {
        let clock = Arc::new(ManualClock::new(at(100)));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(at(130)).await }
        });
        tokio::task::yield_now().await;
        assert_eq!(clock.next_deadline(), Some(at(130)));
        clock.advance(Duration::from_secs(29));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance_to(at(130));
        sleeper.await.unwrap();
        assert_eq!(clock.next_deadline(), None);
    }

    #[tokio::test]
    async fn a_cancelled_sleep_leaves_no_deadline() {
        let clock = ManualClock::new(at(0));
        let mut sleep = clock.sleep_until(at(5)).boxed();
        assert!(poll_immediate(&mut sleep).await.is_none());
        assert_eq!(clock.next_deadline(), Some(at(5)));
        drop(sleep);
        assert_eq!(clock.next_deadline(), None);
    }
}
