//! Whether a connection's call limits are wide enough for what is read of it again and again.

use std::time::Duration;

use super::{good, warning};
use crate::{
    budget::Window,
    contract::{CheckFinding, Lane},
    pacing::{length, time_between, time_for},
};

/// One full reading of a connection's products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// As many as were met so far; 0 before the first reading.
    pub products: u64,
    /// Products a page.
    pub page_size: u32,
    /// How often everything is compared (`pace.verify_every`); `None`: it isn't.
    pub every: Option<Duration>,
}

/// Told of when nothing was read yet.
const FOR_EXAMPLE: u64 = 1000;

/// What the limits allow, what a full reading takes, and whether it fits into the time between two. `None`: the
/// connection has no limit.
pub fn calls(windows: &[Window], reading: Reading) -> Option<CheckFinding> {
    if windows.is_empty() {
        return None;
    }
    // A full reading leaves a part of every window to orders.
    let left: Vec<Window> =
        windows.iter().map(|window| Window { calls: window.calls_of(Lane::Sweep), ..*window }).collect();
    let limits: Vec<String> = windows
        .iter()
        .map(|window| format!("{} calls in {}", window.calls, length(window.length.as_secs())))
        .collect();
    let limits = limits.join(", ");
    let products = if reading.products == 0 { FOR_EXAMPLE } else { reading.products };
    let calls = products.div_ceil(u64::from(reading.page_size.max(1)));
    let once = up(time_for(calls, 0, &left).unwrap_or_default());
    let takes = format!("{calls} calls, about {}", length(once));
    if reading.products == 0 {
        return Some(good(format!(
            "it allows {limits}; nothing was read of it yet, and a thousand products take {takes}"
        )));
    }
    let takes = format!("it allows {limits}; one reading of its {products} products takes {takes}");
    let least = up(time_between(calls, &left)).max(once);
    match reading.every {
        Some(every) if every < Duration::from_secs(least) => {
            let minutes = least.div_ceil(60);
            Some(warning(format!(
                "{takes}, and it can be repeated every {} at most often; it is asked for every {}. Write \
                 `verify_every = \"{minutes}m\"` or more under [pace], or have the limits widened",
                length(least),
                length(every.as_secs())
            )))
        }
        _ => Some(good(takes)),
    }
}

/// In whole seconds.
fn up(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Severity;

    /// 4 a second, 80 a minute, 3,600 an hour, 60,000 a day.
    fn merchantpro() -> Vec<Window> {
        [(1, 4), (60, 80), (3600, 3600), (86_400, 60_000)]
            .map(|(seconds, calls)| Window { length: Duration::from_secs(seconds), calls })
            .to_vec()
    }

    fn found(products: u64, minutes: u64) -> CheckFinding {
        let every = Some(Duration::from_secs(60 * minutes));
        calls(&merchantpro(), Reading { products, page_size: 100, every }).expect("there are limits")
    }

    #[test]
    fn a_catalogue_that_is_read_in_time_is_told_with_its_calls() {
        let told = found(5_001, 15);
        assert_eq!(told.severity, Severity::Good);
        assert!(told.message.contains("51 calls, about 17 s"), "{}", told.message);
        assert!(
            told.message.contains("4 calls in 1 s, 80 calls in 1 min, 3600 calls in 1 h, 60000 calls in 1 d")
        );
    }

    #[test]
    fn a_catalogue_that_cannot_be_read_as_often_as_asked_is_a_warning_with_what_to_write() {
        // 50,000 products are 500 calls; a day has 48,000 for them, so 96 readings of 500.
        assert_eq!(found(50_000, 15).severity, Severity::Good);
        let told = found(50_100, 15);
        assert_eq!(told.severity, Severity::Warning);
        for words in
            ["501 calls", "every 15 min 2 s", "asked for every 15 min.", "verify_every = \"16m\"", "[pace]"]
        {
            assert!(told.message.contains(words), "{words}: {}", told.message);
        }
    }

    #[test]
    fn a_single_reading_must_fit_too() {
        let windows = [Window { length: Duration::from_secs(60), calls: 10 }];
        let reading = |minutes: u64| Reading {
            products: 800,
            page_size: 100,
            every: Some(Duration::from_secs(60 * minutes)),
        };
        assert_eq!(calls(&windows, reading(1)).expect("a limit").severity, Severity::Good);
        let windows = [Window { length: Duration::from_secs(60), calls: 5 }];
        assert_eq!(calls(&windows, reading(1)).expect("a limit").severity, Severity::Warning);
        assert_eq!(calls(&windows, reading(2)).expect("a limit").severity, Severity::Good);
    }

    #[test]
    fn without_limits_or_without_comparing_nothing_is_too_slow() {
        let reading = Reading { products: 1_000_000, page_size: 0, every: Some(Duration::from_secs(1)) };
        assert_eq!(calls(&[], reading), None);
        let told = calls(&merchantpro(), Reading { every: None, ..reading }).expect("there are limits");
        assert_eq!(told.severity, Severity::Good);
        let told = found(0, 1);
        assert_eq!(told.severity, Severity::Good);
        assert!(told.message.contains("a thousand products take 10 calls"), "{}", told.message);
    }
}
