//! The vendor's three spellings of a moment, and the one of a date in a filter.

use jiff::{Timestamp, civil, tz::TimeZone};
use serde_json::Value;

/// Date format A (seen live): `2026-03-05T10:40:46+02:00`, shop-local.
pub(super) fn with_offset(at: Timestamp, zone: &TimeZone) -> Value {
    Value::String(at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

/// Date format B (seen live): `2026-03-05 10:40:46`, shop-local without saying so.
pub(super) fn without_zone(at: Timestamp, zone: &TimeZone) -> Value {
    Value::String(at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// What a list sorted by a date is sorted by: the moment itself, or the shop's wall clock, on which an hour repeats
/// when the clocks go back.
pub(super) fn as_sorted(at: Timestamp, zone: Option<&TimeZone>) -> civil::DateTime {
    at.to_zoned(zone.cloned().unwrap_or(TimeZone::UTC)).datetime()
}

/// A filter's date, or date and time, in `zone`. A date alone is its midnight.
pub(super) fn read(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let moment = match text.len() {
        10 => text.parse::<civil::Date>().ok()?.at(0, 0, 0, 0),
        19 => text.parse::<civil::DateTime>().ok()?,
        _ => return text.parse::<Timestamp>().ok(),
    };
    moment.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp())
}
