//! How many calls a connection may still make, in every window at once.

use std::{collections::VecDeque, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{clock::later, contract::Lane};

/// At most `calls` in any stretch of `length`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub length: Duration,
    pub calls: u32,
}

impl Window {
    /// Calls of this lane that fit into it; the rest of it is left for more urgent work.
    pub fn calls_of(&self, lane: Lane) -> u32 {
        let left = match lane {
            Lane::Orders | Lane::HotStock | Lane::Corrections => 0,
            Lane::Catalogue => LEFT_FOR_URGENT / 2,
            Lane::Sweep => LEFT_FOR_URGENT,
        };
        (self.calls * (100 - left) / 100).max(1)
    }
}

/// Windows are kept in this many slices. A call counts from the beginning of its slice to one slice past the
/// window's length, so a window is never exceeded, at the price of a sixty-fourth of it.
const SLICES: u32 = 64;

/// Percent of a window that the sweep must leave to more urgent work, and the catalogue half of that.
const LEFT_FOR_URGENT: u32 = 20;

#[derive(Clone, Debug)]
struct Sliding {
    window: Window,
    slice: Duration,
    /// Begin of a slice and the calls in it; oldest first.
    spent: VecDeque<(Timestamp, u32)>,
    total: u32,
}

impl Sliding {
    fn new(window: Window) -> Self {
        // A second is counted exactly: slices of it would cost a call in four.
        let slices = if window.calls <= SLICES { 0 } else { SLICES };
        let slice = window.length.checked_div(slices).unwrap_or(Duration::ZERO);
        Self { window, slice, spent: VecDeque::new(), total: 0 }
    }

    fn forget(&mut self, now: Timestamp) {
        while let Some((begin, calls)) = self.spent.front().copied() {
            if later(begin, self.window.length + self.slice) > now {
                break;
            }
            self.total -= calls;
            self.spent.pop_front();
        }
    }

    /// When one more call fits.
    fn earliest(&mut self, now: Timestamp, lane: Lane) -> Timestamp {
        self.forget(now);
        let allowed = self.window.calls_of(lane);
        let mut total = self.total;
        if total < allowed {
            return now;
        }
        for (begin, calls) in &self.spent {
            total -= calls;
            if total < allowed {
                return later(*begin, self.window.length + self.slice);
            }
        }
        now
    }

    fn spend(&mut self, at: Timestamp) {
        self.total += 1;
        match self.spent.back_mut() {
            Some((begin, calls)) if at < later(*begin, self.slice) => *calls += 1,
            _ => self.spent.push_back((at, 1)),
        }
    }
}

impl Sliding {
    /// A call arrives somewhere between its departure and its answer. A window of seconds is as short as that, so there
    /// it counts from the answer on; in longer ones a slice is more than that.
    fn answered(&mut self, departed: Timestamp, at: Timestamp) {
        if !self.slice.is_zero() {
            return;
        }
        match self.spent.iter().rposition(|(begin, _)| *begin == departed) {
            Some(place) => {
                self.spent.remove(place);
            }
            None => self.total += 1,
        }
        self.spent.push_back((at, 1));
    }
}

/// The calls of one credential. Holds no clock: it is told the time.
#[derive(Clone, Debug)]
pub struct Budget {
    windows: Vec<Sliding>,
    not_before: Option<Timestamp>,
}

impl Budget {
    pub fn new(windows: &[Window]) -> Self {
        Self { windows: windows.iter().copied().map(Sliding::new).collect(), not_before: None }
    }

    /// When the next call of this lane may leave; `now` when at once.
    pub fn earliest(&mut self, now: Timestamp, lane: Lane) -> Timestamp {
        let by_windows =
            self.windows.iter_mut().map(|window| window.earliest(now, lane)).max().unwrap_or(now);
        by_windows.max(self.not_before.unwrap_or(now))
    }

    /// A call leaves at `at`.
    pub fn spend(&mut self, at: Timestamp) {
        for window in &mut self.windows {
            window.spend(at);
        }
    }

    /// The call that left at `departed` was answered at `at`, or given up.
    pub fn answered(&mut self, departed: Timestamp, at: Timestamp) {
        for window in &mut self.windows {
            window.answered(departed, at);
        }
    }

    /// The other side said: nothing before this time.
    pub fn silent_until(&mut self, until: Timestamp) {
        self.not_before = self.not_before.max(Some(until));
    }
}

/// What was spent of a credential's calls, for the process that goes on where this one ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    not_before: Option<Timestamp>,
    windows: Vec<SpentIn>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SpentIn {
    length: Duration,
    /// Begin of a slice and the calls in it; oldest first.
    calls: Vec<(Timestamp, u32)>,
}

impl Budget {
    /// What still counts at `now`.
    pub fn spent(&mut self, now: Timestamp) -> Spent {
        let windows = self.windows.iter_mut().map(|sliding| {
            sliding.forget(now);
            SpentIn { length: sliding.window.length, calls: sliding.spent.iter().copied().collect() }
        });
        Spent { windows: windows.collect(), not_before: self.not_before.filter(|until| *until > now) }
    }

    /// Counts what another process spent before. A window that it didn't have is taken to be untouched.
    pub fn resume(&mut self, before: &Spent) {
        for sliding in &mut self.windows {
            let same = before.windows.iter().find(|spent| spent.length == sliding.window.length);
            let Some(spent) = same else { continue };
            sliding.spent.extend(spent.calls.iter().copied());
            sliding.spent.make_contiguous().sort_unstable_by_key(|(begin, _)| *begin);
            sliding.total = sliding.spent.iter().map(|(_, calls)| calls).sum();
        }
        self.not_before = self.not_before.max(before.not_before);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_microsecond(1_800_000_000_000_000 + micros).expect("within range")
    }

    fn windows() -> Vec<Window> {
        vec![
            Window { length: Duration::from_secs(1), calls: 3 },
            Window { length: Duration::from_secs(60), calls: 80 },
            Window { length: Duration::from_secs(3600), calls: 1200 },
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_window_is_ever_exceeded(gaps in prop::collection::vec((0_i64..3_000_000, 0_u8..5), 200..900)) {
            let lanes = [Lane::Orders, Lane::HotStock, Lane::Corrections, Lane::Catalogue, Lane::Sweep];
            let mut budget = Budget::new(&windows());
            let mut now = 0;
            let mut sent: Vec<i64> = Vec::new();
            for (gap, lane) in gaps {
                now += if gap % 3 == 0 { gap } else { 0 };
                let lane = lanes[usize::from(lane)];
                let go = budget.earliest(at(now), lane);
                now = now.max(go.as_microsecond() - 1_800_000_000_000_000);
                budget.spend(at(now));
                sent.push(now);
            }
            for window in windows() {
                let length = i64::try_from(window.length.as_micros()).expect("short");
                for (index, begin) in sent.iter().enumerate() {
                    let within = sent[index..].iter().take_while(|time| **time < begin + length).count();
                    prop_assert!(within <= usize::try_from(window.calls).expect("small"), "{window:?} at {begin}");
                }
            }
        }
    }

    #[test]
    fn the_sweep_leaves_room_for_orders() {
        let mut budget = Budget::new(&[Window { length: Duration::from_secs(60), calls: 80 }]);
        for _ in 0..64 {
            assert_eq!(budget.earliest(at(0), Lane::Sweep), at(0));
            budget.spend(at(0));
        }
        assert!(budget.earliest(at(0), Lane::Sweep) > at(0));
        assert_eq!(budget.earliest(at(0), Lane::Orders), at(0));
    }

    #[test]
    fn a_call_that_travels_for_long_may_arrive_late_and_counts_until_a_second_after_its_answer() {
        let mut budget = Budget::new(&windows());
        for _ in 0..3 {
            budget.spend(at(0));
        }
        // Two are quick; the third may have arrived when it was answered.
        for answered in [100_000, 100_000, 900_000] {
            budget.answered(at(0), at(answered));
        }
        assert_eq!(budget.earliest(at(900_000), Lane::Orders), at(1_100_000));
        budget.spend(at(1_100_000));
        budget.spend(at(1_100_000));
        assert_eq!(budget.earliest(at(1_100_000), Lane::Orders), at(1_900_000));
        // One whose answer came after its second was over counts all the same.
        budget.answered(at(1_100_000), at(2_900_000));
        budget.answered(at(1_100_000), at(2_900_000));
        assert_eq!(budget.earliest(at(2_900_000), Lane::Orders), at(2_900_000));
        budget.spend(at(2_900_000));
        assert_eq!(budget.earliest(at(2_900_000), Lane::Orders), at(3_900_000));
    }

    #[test]
    fn a_process_goes_on_where_another_one_ended() {
        let (mut first, mut second) = (Budget::new(&windows()), Budget::new(&windows()));
        let mut now = 0;
        for _ in 0..75 {
            now = first.earliest(at(now), Lane::Orders).as_microsecond() - 1_800_000_000_000_000;
            first.spend(at(now));
        }
        first.silent_until(at(now + 2_000_000));
        let kept = serde_json::to_string(&first.spent(at(now))).expect("it is written");
        // What it called before it knew.
        second.spend(at(now));
        second.resume(&serde_json::from_str(&kept).expect("it is read"));
        assert_eq!(second.earliest(at(now), Lane::Orders), at(now + 2_000_000));
        let mut last = now + 2_000_000;
        for _ in 0..4 {
            last = second.earliest(at(last), Lane::Orders).as_microsecond() - 1_800_000_000_000_000;
            second.spend(at(last));
        }
        assert!(second.earliest(at(last), Lane::Orders) >= at(60_000_000), "80 calls are in this minute");
        assert_eq!(first.spent(at(7_200_000_000)).windows[0].calls, []);
    }

    #[test]
    fn a_store_that_asks_for_silence_gets_it() {
        let mut budget = Budget::new(&[]);
        budget.silent_until(at(5_000_000));
        assert_eq!(budget.earliest(at(0), Lane::Orders), at(5_000_000));
    }
}
