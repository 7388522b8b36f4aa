//! Whether the disk has room for the state.

use super::{blocking, good, warning};
use crate::contract::CheckFinding;

const MEGABYTE: u64 = 1_000_000;

/// With less than this even a short while of work may not fit.
const LEAST: u64 = 20 * MEGABYTE;

/// A busy store writes for weeks before this is full.
const ENOUGH: u64 = 500 * MEGABYTE;

/// A state that is tidied up or copied before an upgrade needs its own size again, and more while it grows.
const TIMES_THE_STATE: u64 = 3;

/// Octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Free for this user where the state is.
    pub free: u64,
    /// What the state takes now.
    pub state: u64,
}

/// `folder`: where the state is.
pub fn room(folder: &str, room: Room) -> CheckFinding {
    let (free, state) = (size(room.free), size(room.state));
    if room.free < LEAST {
        return blocking(format!(
            "only {free} are free in {folder}: the state cannot be written soon. Free at least {}; nothing is lost until then",
            size(ENOUGH)
        ));
    }
    let enough = ENOUGH.max(room.state.saturating_mul(TIMES_THE_STATE));
    if room.free < enough {
        return warning(format!(
            "{free} are free in {folder}, and the state takes {state}; free some, so that {} are, or put the state on a \
             larger disk (`state` under [workspace])",
            size(enough)
        ));
    }
    good(format!("{free} are free in {folder}; the state takes {state}"))
}

fn size(octets: u64) -> String {
    if octets < MEGABYTE {
        return format!("{} kB", octets / 1000);
    }
    if octets < 1000 * MEGABYTE {
        return format!("{} MB", octets / MEGABYTE);
    }
    format!("{}.{} GB", octets / (1000 * MEGABYTE), octets / (100 * MEGABYTE) % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Severity;

    fn found(free: u64, state: u64) -> CheckFinding {
        room("/srv/zygos", Room { free: free * MEGABYTE, state: state * MEGABYTE })
    }

    #[test]
    fn a_disk_is_judged_by_what_is_free_and_by_how_large_the_state_is() {
        assert_eq!(found(20_000, 40).severity, Severity::Good);
        assert_eq!(found(500, 40).severity, Severity::Good);
        assert_eq!(found(499, 40).severity, Severity::Warning);
        assert_eq!(found(2_999, 1_000).severity, Severity::Warning);
        assert_eq!(found(3_000, 1_000).severity, Severity::Good);
        assert_eq!(found(20, 0).severity, Severity::Warning);
        assert_eq!(found(19, 0).severity, Severity::Blocking);
    }

    #[test]
    fn both_sizes_and_the_place_are_told() {
        let told = found(2_345, 1_000).message;
        for words in ["2.3 GB", "1.0 GB", "3.0 GB", "/srv/zygos", "[workspace]"] {
            assert!(told.contains(words), "{told}");
        }
        let told = room("/", Room { free: 12_345, state: 0 }).message;
        assert!(told.contains("only 12 kB") && told.contains("500 MB"), "{told}");
    }
}
