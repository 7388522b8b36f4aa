//! How single values are stored.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Serialize, de::DeserializeOwned};
use zygos_core::{
    ConnectionId, RemoteKey,
    contract::{Lane, Side},
};

use super::fault::Fault;
use crate::rows::{OutboxKind, OutboxRecord};

type Result<T> = std::result::Result<T, Fault>;

pub(super) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

pub(super) fn optional_micros(at: Option<Timestamp>) -> Option<i64> {
    at.map(micros)
}

pub(super) fn timestamp(what: &str, micros: i64) -> Result<Timestamp> {
    // Not `from_microsecond`, which refuses the last second of time, where saturated sums end.
    let fraction = i32::try_from(micros.rem_euclid(1_000_000) * 1_000).unwrap_or(0);
    Timestamp::new(micros.div_euclid(1_000_000), fraction).map_err(|error| Fault::damaged(what, error))
}

pub(super) fn optional_timestamp(what: &str, micros: Option<i64>) -> Result<Option<Timestamp>> {
    micros.map(|micros| timestamp(what, micros)).transpose()
}

pub(super) fn decimal(what: &str, text: &str) -> Result<Decimal> {
    Decimal::from_str_exact(text).map_err(|error| Fault::damaged(what, error))
}

pub(super) fn to_json<T: Serialize + ?Sized>(what: &str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Fault::damaged(what, error))
}

pub(super) fn from_json<T: DeserializeOwned>(what: &str, text: &str) -> Result<T> {
    // Only where it went wrong is told: the body itself may hold personal data.
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Fault::damaged(what, format_args!("its JSON cannot be read at line {line}, column {column}"))
    })
}

/// A value of an enum of plain words, as that word.
pub(super) fn to_word<T: Serialize>(what: &str, value: T) -> Result<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(_) => Err(Fault::damaged(what, "it is not a plain word")),
        Err(error) => Err(Fault::damaged(what, error)),
    }
}

pub(super) fn from_word<T: DeserializeOwned>(what: &str, word: String) -> Result<T> {
    serde_json::from_value(serde_json::Value::String(word)).map_err(|error| Fault::damaged(what, error))
}

pub(super) fn count(what: &str, stored: i64) -> Result<u32> {
    u32::try_from(stored).map_err(|error| Fault::damaged(what, error))
}

pub(super) fn large_count(what: &str, stored: i64) -> Result<u64> {
    u64::try_from(stored).map_err(|error| Fault::damaged(what, error))
}

/// Positions and limits; SQLite has no larger numbers.
pub(super) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Claims sort by this number: the most urgent lane is the least.
pub(super) fn lane_number(lane: Lane) -> i64 {
    match lane {
        Lane::Orders => 0,
        Lane::HotStock => 1,
        Lane::Corrections => 2,
        Lane::Catalogue => 3,
        Lane::Sweep => 4,
    }
}

pub(super) fn lane(number: i64) -> Result<Lane> {
    Ok(match number {
        0 => Lane::Orders,
        1 => Lane::HotStock,
        2 => Lane::Corrections,
        3 => Lane::Catalogue,
        4 => Lane::Sweep,
        _ => return Err(Fault::damaged("outbox", format_args!("there is no lane {number}"))),
    })
}

pub(super) fn kind_number(kind: OutboxKind) -> i64 {
    match kind {
        OutboxKind::Stock => 0,
        OutboxKind::Order => 1,
        OutboxKind::Feedback => 2,
        OutboxKind::Product => 3,
    }
}

/// Of products in the outbox.
const STORE: &str = "store";
const ERP: &str = "erp";

/// Tombstones sort by this number.
pub(super) fn side_number(side: Side) -> i64 {
    match side {
        Side::Store => 0,
        Side::Erp => 1,
    }
}

pub(super) fn side(what: &str, number: i64) -> Result<Side> {
    match number {
        0 => Ok(Side::Store),
        1 => Ok(Side::Erp),
        _ => Err(Fault::damaged(what, format_args!("there is no side {number}"))),
    }
}

/// An outbox record as kind, store and key; the store is empty where the record's connection says it, and the side
/// of a product.
pub(super) fn record_columns(record: &OutboxRecord) -> (i64, &str, &str) {
    let kind = kind_number(record.kind());
    match record {
        OutboxRecord::Stock(unit) => (kind, "", unit.as_str()),
        OutboxRecord::Order { store, order } => (kind, store.as_str(), order.as_str()),
        OutboxRecord::Feedback(order) => (kind, "", order.as_str()),
        OutboxRecord::Product { side: Side::Store, key } => (kind, STORE, key.as_str()),
        OutboxRecord::Product { side: Side::Erp, key } => (kind, ERP, key.as_str()),
    }
}

pub(super) fn record(kind: i64, store: String, key: String) -> Result<OutboxRecord> {
    Ok(match kind {
        0 => OutboxRecord::Stock(RemoteKey::from(key)),
        1 => OutboxRecord::Order { store: ConnectionId::from(store), order: RemoteKey::from(key) },
        2 => OutboxRecord::Feedback(RemoteKey::from(key)),
        3 if store == STORE => OutboxRecord::Product { side: Side::Store, key: RemoteKey::from(key) },
        3 if store == ERP => OutboxRecord::Product { side: Side::Erp, key: RemoteKey::from(key) },
        3 => return Err(Fault::damaged("outbox", "a product is of neither side")),
        _ => return Err(Fault::damaged("outbox", format_args!("there is no kind {kind}"))),
    })
}
