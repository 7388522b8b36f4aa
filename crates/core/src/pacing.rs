//! What work costs in calls, and how long that takes.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    budget::{Budget, Window},
    clock::elapsed,
    contract::Lane,
};

/// The fewest calls that a run could have made: its pages, its readings of the order feed, and its writes one by one.
pub fn calls_least(pages: u64, feed_reads: u64, writes: u64) -> u64 {
    pages + feed_reads + writes
}

const NANOS_A_SECOND: u128 = 1_000_000_000;

/// How long so many calls take within all of these windows, at the pace that they sustain: `None` where there is no
/// window, so nothing to count by. `used`: calls made just now, which every window still counts.
///
/// A window that all of them fit into doesn't slow anything down. On a connection that was idle a burst may be
/// quicker, by less than the longest window that does.
pub fn time_for(calls: u64, used: u64, windows: &[Window]) -> Option<Duration> {
    if windows.is_empty() {
        return None;
    }
    let all = if calls == 0 { 0 } else { calls.saturating_add(used) };
    let slowed = windows.iter().filter(|window| all >= u64::from(window.calls.max(1)));
    Some(slowed.map(|window| at_pace(all, window)).max().unwrap_or_default())
}

/// More calls than this are not stepped through; the time is then that of a part of them, times what it is a part of.
const STEPPED: u64 = 100_000;

/// How long works take one after another when each of their calls leaves as soon as the windows have room for its lane;
/// `None` where there is no window. `used`: calls made just before.
///
/// What the other side and we ourselves need between two calls isn't in it.
pub fn time_in(works: &[(Lane, u64)], used: u64, windows: &[Window]) -> Option<Duration> {
    if windows.is_empty() {
        return None;
    }
    let all = works.iter().fold(used, |sum, (_, calls)| sum.saturating_add(*calls));
    let part = all.div_ceil(STEPPED).max(1);
    let mut budget = Budget::new(windows);
    let began = Timestamp::UNIX_EPOCH;
    // Those made before left when they could; nothing waits for them but what comes now.
    let mut now = began;
    for _ in 0..used / part {
        now = budget.earliest(now, Lane::Orders);
        budget.spend(now);
    }
    let began = now;
    for (lane, calls) in works {
        for _ in 0..calls.div_ceil(part) {
            now = budget.earliest(now, *lane);
            budget.spend(now);
        }
    }
    Some(elapsed(began, now).saturating_mul(u32::try_from(part).unwrap_or(u32::MAX)))
}

/// How far apart the beginnings of works of so many calls must be for them to go on for ever within all of these
/// windows; zero where there is none.
pub fn time_between(calls: u64, windows: &[Window]) -> Duration {
    windows.iter().map(|window| at_pace(calls, window)).max().unwrap_or_default()
}

/// A length of time in its two largest units, as people say it.
pub fn length(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let mut left = seconds;
    let mut parts = Vec::new();
    for (size, name) in units {
        let count = left / size;
        left %= size;
        if count > 0 {
            parts.push(format!("{count} {name}"));
        }
    }
    parts.truncate(2);
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

fn at_pace(calls: u64, window: &Window) -> Duration {
    let nanos = window.length.as_nanos().saturating_mul(u128::from(calls)) / u128::from(window.calls.max(1));
    let seconds = u64::try_from(nanos / NANOS_A_SECOND);
    let rest = u32::try_from(nanos % NANOS_A_SECOND).unwrap_or(0);
    seconds.map_or(Duration::MAX, |seconds| Duration::new(seconds, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(seconds: u64, calls: u32) -> Window {
        Window { length: Duration::from_secs(seconds), calls }
    }

    /// 4 a second, 80 a minute, 3,600 an hour, 60,000 a day.
    fn merchantpro() -> Vec<Window> {
        vec![window(1, 4), window(60, 80), window(3600, 3600), window(86_400, 60_000)]
    }

    fn seconds(calls: u64) -> u64 {
        time_for(calls, 0, &merchantpro()).expect("there are windows").as_secs()
    }

    #[test]
    fn each_size_of_work_is_slowed_by_the_window_that_it_fills() {
        assert_eq!(seconds(0), 0);
        assert_eq!(seconds(3), 0);
        assert_eq!(seconds(40), 10);
        assert_eq!(seconds(80), 60);
        assert_eq!(seconds(800), 600);
        assert_eq!(seconds(10_000), 2 * 3600 + 46 * 60 + 40);
        assert_eq!(seconds(120_000), 2 * 86_400);
    }

    #[test]
    fn work_that_is_done_again_and_again_is_slowed_by_the_window_of_the_slowest_pace() {
        // A day takes fewer calls than its hours together.
        assert_eq!(time_between(625, &merchantpro()), Duration::from_secs(900));
        assert_eq!(time_between(1, &merchantpro()), Duration::from_millis(1440));
        assert_eq!(time_between(625, &[]), Duration::ZERO);
    }

    #[test]
    fn a_length_of_time_is_told_in_its_two_largest_units() {
        let told = [0, 59, 60, 3599, 10_000, 90_061].map(length);
        assert_eq!(told, ["0 s", "59 s", "1 min", "59 min 59 s", "2 h 46 min", "1 d 1 h"]);
    }

    #[test]
    fn calls_made_just_now_count_too_and_no_window_means_no_answer() {
        assert_eq!(time_for(40, 40, &merchantpro()), time_for(80, 0, &merchantpro()));
        assert_eq!(time_for(0, 500, &merchantpro()), Some(Duration::ZERO));
        assert_eq!(time_for(10_000, 0, &[]), None);
        assert_eq!(time_for(u64::MAX, u64::MAX, &[window(u64::MAX, 1)]), Some(Duration::MAX));
    }

    /// When the last of so many calls leaves that each leave as early as every window allows.
    fn as_early_as_possible(calls: u64, windows: &[Window]) -> Duration {
        let mut left: Vec<Duration> = Vec::new();
        for _ in 0..calls {
            let earliest = windows.iter().filter_map(|window| {
                let nth = left.len().checked_sub(usize::try_from(window.calls).expect("small"))?;
                Some(left[nth] + window.length)
            });
            let at = earliest.max().unwrap_or_default().max(left.last().copied().unwrap_or_default());
            left.push(at);
        }
        left.last().copied().unwrap_or_default()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn it_is_never_less_than_what_is_possible_and_not_a_whole_window_more(
            calls in 0_u64..600,
            second in 1_u32..6,
            minute in 1_u32..200,
        ) {
            // The longer a window, the slower the pace that it sustains: as vendors set them.
            let windows = [window(1, second), window(60, minute.min(second * 60))];
            let told = time_for(calls, 0, &windows).expect("there are windows");
            let possible = as_early_as_possible(calls, &windows);
            prop_assert!(possible <= told, "{possible:?} {told:?}");
            let filled = windows.iter().filter(|window| calls >= u64::from(window.calls));
            let longest = filled.map(|window| window.length).max().unwrap_or_default();
            prop_assert!(told <= possible + longest, "{possible:?} {told:?}");
        }

        #[test]
        fn more_work_never_takes_less_and_a_wider_window_never_more(
            calls in 0_u64..100_000,
            more in 0_u64..10_000,
            used in 0_u64..5_000,
            width in 1_u32..5_000,
        ) {
            let windows = [window(60, 80), window(3600, width)];
            let base = time_for(calls, used, &windows);
            prop_assert!(time_for(calls + more, used, &windows) >= base);
            prop_assert!(time_for(calls, used + more, &windows) >= base);
            prop_assert!(time_for(calls, used, &[window(60, 80), window(3600, width + 1)]) <= base);
            prop_assert!(time_for(calls, used, &windows[..1]) <= base);
        }
    }
}
