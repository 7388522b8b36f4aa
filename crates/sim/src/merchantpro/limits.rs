//! Sliding rate windows and counters per key.

use std::{collections::VecDeque, time::Duration};

use jiff::Timestamp;
use serde::Serialize;
use zygos_core::clock::later;

use super::{errors::ApiError, settings::Windows};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// What one key has called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CallCounts {
    /// Requests that passed sign-in, refused ones included.
    pub calls: u64,
    /// How many of them were answered 429.
    pub refused: u64,
    /// The most requests, refused ones included, inside any one second, minute, hour and day.
    pub most_in_second: u32,
    pub most_in_minute: u32,
    pub most_in_hour: u32,
    pub most_in_day: u32,
}

/// The memory of one key: moments of the last day.
#[derive(Default)]
pub(super) struct Meter {
    accepted: VecDeque<Timestamp>,
    attempted: VecDeque<Timestamp>,
    pub counts: CallCounts,
}

impl Meter {
    /// Counts one request. A refused request uses up nothing (inferred).
    pub fn call(&mut self, windows: Option<Windows>, now: Timestamp) -> Result<(), ApiError> {
        // A request carried out late must not unsort the queues.
        let now = self.attempted.back().map_or(now, |last| now.max(*last));
        push(&mut self.attempted, now);
        self.counts.calls += 1;
        let counts = &mut self.counts;
        for (window, most) in [
            (SECOND, &mut counts.most_in_second),
            (MINUTE, &mut counts.most_in_minute),
            (HOUR, &mut counts.most_in_hour),
            (DAY, &mut counts.most_in_day),
        ] {
            *most = (*most).max(u32::try_from(within(&self.attempted, window, now)).unwrap_or(u32::MAX));
        }
        if let Some(free_at) = windows.and_then(|windows| self.free_at(windows, now)) {
            self.counts.refused += 1;
            let reset_time = ceiling_second(free_at);
            return Err(ApiError::too_many(reset_time, (reset_time - now.as_second()).max(1)));
        }
        push(&mut self.accepted, now);
        Ok(())
    }

    /// When the next request is allowed; `None` when it is now.
    fn free_at(&self, windows: Windows, now: Timestamp) -> Option<Timestamp> {
        let full =
            [(SECOND, windows.second), (MINUTE, windows.minute), (HOUR, windows.hour), (DAY, windows.day)];
        full.into_iter()
            .filter_map(|(window, allowed)| {
                let allowed = usize::try_from(allowed).unwrap_or(usize::MAX);
                if within(&self.accepted, window, now) < allowed {
                    return None;
                }
                let leaver = self.accepted.len().checked_sub(allowed.max(1))?;
                self.accepted.get(leaver).map(|moment| later(*moment, window))
            })
            .max()
    }
}

fn push(moments: &mut VecDeque<Timestamp>, now: Timestamp) {
    while moments.front().is_some_and(|first| later(*first, DAY) <= now) {
        moments.pop_front();
    }
    moments.push_back(now);
}

/// How many moments lie in `(now - window, now]`.
fn within(moments: &VecDeque<Timestamp>, window: Duration, now: Timestamp) -> usize {
    moments.len() - moments.partition_point(|moment| later(*moment, window) <= now)
}

fn ceiling_second(at: Timestamp) -> i64 {
    if at.subsec_nanosecond() > 0 { at.as_second() + 1 } else { at.as_second() }
}
