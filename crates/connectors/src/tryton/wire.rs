//! Tryton's spelling of values: objects with a `__class__` beside plain JSON.

use std::str::FromStr;

use jiff::{Timestamp, civil};
use rust_decimal::Decimal;
use serde_json::{Map, Number, Value, json};
use zygos_core::{RemoteKey, money::plain};

/// What is wrong with one field of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    pub field: String,
    pub message: String,
}

impl Trouble {
    pub fn new(field: &str, message: impl Into<String>) -> Self {
        Self { field: field.to_owned(), message: message.into() }
    }
}

/// A numeric. As text, for a JSON float is refused as soon as it is not exact in binary.
pub(super) fn decimal(amount: Decimal) -> Value {
    json!({"__class__": "Decimal", "decimal": plain(amount)})
}

/// A quantity: a JSON number, written from the decimal's own digits.
pub(super) fn quantity(quantity: Decimal) -> Value {
    Value::Number(Number::from_string_unchecked(plain(quantity)))
}

pub(super) fn date(date: civil::Date) -> Value {
    json!({"__class__": "date", "year": date.year(), "month": date.month(), "day": date.day()})
}

/// A timestamp given as microseconds since 1970; Tryton's are UTC.
pub(super) fn timestamp(micros: i64) -> Value {
    let at = Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX);
    let at = jiff::tz::TimeZone::UTC.to_datetime(at);
    json!({
        "__class__": "datetime",
        "year": at.year(), "month": at.month(), "day": at.day(),
        "hour": at.hour(), "minute": at.minute(), "second": at.second(),
        "microsecond": at.subsec_nanosecond() / 1000,
    })
}

/// The number that Tryton knows a record by; `None` for a key that no record of Tryton can have.
pub(super) fn id(key: &RemoteKey) -> Option<i64> {
    key.as_str().parse().ok()
}

pub(super) fn key(id: i64) -> RemoteKey {
    RemoteKey::new(id.to_string())
}

/// One record as read, or a record inside one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a>(&'a Map<String, Value>);

impl<'a> Row<'a> {
    pub fn of(value: &'a Value) -> Option<Self> {
        value.as_object().map(Self)
    }

    fn get(&self, field: &str) -> Option<&'a Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    pub fn id(&self) -> Result<i64, Trouble> {
        self.number("id")?.ok_or_else(|| Trouble::new("id", "is missing"))
    }

    pub fn key(&self) -> Result<RemoteKey, Trouble> {
        self.id().map(key)
    }

    /// A whole number, or the id of a many2one.
    pub fn number(&self, field: &str) -> Result<Option<i64>, Trouble> {
        let Some(value) = self.get(field) else { return Ok(None) };
        value.as_i64().map(Some).ok_or_else(|| Trouble::new(field, "is not a whole number"))
    }

    pub fn text(&self, field: &str) -> Result<Option<&'a str>, Trouble> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let text = value.as_str().ok_or_else(|| Trouble::new(field, "is not a text"))?;
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    pub fn needed(&self, field: &str) -> Result<&'a str, Trouble> {
        self.text(field)?.ok_or_else(|| Trouble::new(field, "is empty; fill it in Tryton"))
    }

    /// SQLite gives stored booleans as 1 and 0, computed ones as true and false.
    pub fn flag(&self, field: &str) -> bool {
        self.get(field).is_some_and(|value| value.as_bool().unwrap_or_else(|| value.as_i64() == Some(1)))
    }

    /// The flag was read and is false.
    pub fn is_off(&self, field: &str) -> bool {
        self.get(field).is_some() && !self.flag(field)
    }

    pub fn decimal(&self, field: &str) -> Result<Option<Decimal>, Trouble> {
        let Some(value) = self.get(field) else { return Ok(None) };
        read_decimal(value)
            .map(Some)
            .ok_or_else(|| Trouble::new(field, "is not a number that can be kept exactly"))
    }

    pub fn needed_decimal(&self, field: &str) -> Result<Decimal, Trouble> {
        self.decimal(field)?.ok_or_else(|| Trouble::new(field, "is missing"))
    }

    pub fn date(&self, field: &str) -> Result<Option<civil::Date>, Trouble> {
        let Some(value) = self.get(field) else { return Ok(None) };
        read_date(value).map(Some).ok_or_else(|| Trouble::new(field, "is not a date"))
    }

    pub fn timestamp(&self, field: &str) -> Result<Option<Timestamp>, Trouble> {
        let Some(value) = self.get(field) else { return Ok(None) };
        read_timestamp(value).map(Some).ok_or_else(|| Trouble::new(field, "is not a timestamp"))
    }

    /// The record behind a many2one, asked for as `"field.name"`.
    pub fn inside(&self, field: &str) -> Option<Row<'a>> {
        self.get(&format!("{field}.")).and_then(Row::of)
    }

    /// The records behind an x2many, asked for as `"field.name"`.
    pub fn many(&self, field: &str) -> impl Iterator<Item = Row<'a>> + use<'a> {
        self.get(&format!("{field}.")).and_then(Value::as_array).into_iter().flatten().filter_map(Row::of)
    }

    /// The ids behind an x2many, asked for by its name alone.
    pub fn ids(&self, field: &str) -> Vec<i64> {
        let ids = self.get(field).and_then(Value::as_array);
        ids.into_iter().flatten().filter_map(Value::as_i64).collect()
    }
}

/// The records of an answer.
pub(super) fn rows(answer: &Value) -> impl Iterator<Item = Row<'_>> {
    answer.as_array().into_iter().flatten().filter_map(Row::of)
}

/// A numeric or a float. Floats come as shortest decimal text, which is kept; summing may have left noise in the
/// last digits, so quantities are rounded to their unit by who knows it.
fn read_decimal(value: &Value) -> Option<Decimal> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::Object(object) if object.get("__class__")? == "Decimal" => {
            object.get("decimal")?.as_str()?.to_owned()
        }
        _ => return None,
    };
    Decimal::from_str(&text).or_else(|_| Decimal::from_scientific(&text)).ok()
}

pub(super) fn read_date(value: &Value) -> Option<civil::Date> {
    let part = |name: &str| value.get(name).and_then(Value::as_i64);
    let year = i16::try_from(part("year")?).ok()?;
    let month = i8::try_from(part("month")?).ok()?;
    civil::Date::new(year, month, i8::try_from(part("day")?).ok()?).ok()
}

fn read_timestamp(value: &Value) -> Option<Timestamp> {
    let part = |name: &str| value.get(name).and_then(Value::as_i64).unwrap_or(0);
    let small = |name: &str| i8::try_from(part(name)).ok();
    let nanosecond = i32::try_from(part("microsecond")).ok()?.checked_mul(1000)?;
    let time = civil::Time::new(small("hour")?, small("minute")?, small("second")?, nanosecond).ok()?;
    read_date(value)?.to_datetime(time).to_zoned(jiff::tz::TimeZone::UTC).ok().map(|at| at.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_leave_as_numbers_with_their_own_digits_and_amounts_as_text() {
        let sent = json!([
            quantity(Decimal::new(15, 1)),
            quantity(Decimal::new(200, 2)),
            decimal(Decimal::new(-51, 1))
        ]);
        assert_eq!(sent.to_string(), r#"[1.5,2,{"__class__":"Decimal","decimal":"-5.1"}]"#);
    }

    #[test]
    fn numbers_are_read_in_every_spelling() {
        let row =
            json!({"a": 98.0, "b": {"__class__": "Decimal", "decimal": "12.340"}, "c": 1e-05, "d": "x"});
        let row = Row::of(&row).unwrap();
        assert_eq!(row.decimal("a").unwrap(), Some(Decimal::new(98, 0)));
        assert_eq!(row.decimal("b").unwrap(), Some(Decimal::new(1234, 2)));
        assert_eq!(row.decimal("c").unwrap(), Some(Decimal::new(1, 5)));
        assert_eq!(row.decimal("e").unwrap(), None);
        assert_eq!(row.decimal("d").unwrap_err().field, "d");
    }

    #[test]
    fn a_timestamp_survives_the_way_there_and_back_to_the_microsecond() {
        let micros = 1_795_512_857_149_722;
        let read = read_timestamp(&timestamp(micros)).unwrap();
        assert_eq!(read.as_microsecond(), micros);
        assert_eq!(read.to_string(), "2026-11-24T09:34:17.149722Z");
    }
}
