//! Values as the store holds them, and their spelling in JSON.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rust_decimal::Decimal;
use serde_json::{Map, Number, Value as Json, json};

use super::{
    errors::{Failure, Outcome},
    schema::{Field, Kind, reference_model, title},
};

/// One field of one record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Value {
    Null,
    Boolean(bool),
    Integer(i64),
    /// A quantity: a JSON number on the wire.
    Float(Decimal),
    /// An amount or a price: an object with a text on the wire.
    Numeric(Decimal),
    Text(String),
    Date(Date),
    Moment(Timestamp),
    One(i64),
    Many(Vec<i64>),
    Reference(&'static str, i64),
}

pub(super) static NULL: Value = Value::Null;

impl Value {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub(super) fn one(id: Option<i64>) -> Self {
        id.map_or(Self::Null, Self::One)
    }

    pub(super) fn is_null(&self) -> bool {
        *self == Self::Null
    }

    pub(super) fn as_one(&self) -> Option<i64> {
        match self {
            Self::One(id) | Self::Integer(id) | Self::Reference(_, id) => Some(*id),
            _ => None,
        }
    }

    pub(super) fn as_text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }

    pub(super) fn as_decimal(&self) -> Decimal {
        match self {
            Self::Float(number) | Self::Numeric(number) => *number,
            Self::Integer(number) => Decimal::from(*number),
            _ => Decimal::ZERO,
        }
    }

    pub(super) fn as_many(&self) -> &[i64] {
        match self {
            Self::Many(ids) => ids,
            _ => &[],
        }
    }

    pub(super) fn is_true(&self) -> bool {
        *self == Self::Boolean(true)
    }

    /// `stored` booleans are read as 1 and 0: SQLite has no others.
    pub(super) fn to_json(&self, stored: bool) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Boolean(value) if stored => json!(i32::from(*value)),
            Self::Boolean(value) => json!(value),
            Self::Integer(value) | Self::One(value) => json!(value),
            Self::Float(value) => float(*value),
            Self::Numeric(value) => json!({"__class__": "Decimal", "decimal": value.to_string()}),
            Self::Text(value) => json!(value),
            Self::Date(value) => date_json(*value),
            Self::Moment(value) => moment_json(*value),
            Self::Many(ids) => json!(ids),
            Self::Reference(model, id) => json!(format!("{model},{id}")),
        }
    }
}

fn float(value: Decimal) -> Json {
    let mut text = value.normalize().to_string();
    if !text.contains('.') {
        text.push_str(".0");
    }
    serde_json::from_str::<Number>(&text).map_or(Json::Null, Json::Number)
}

fn date_json(date: Date) -> Json {
    json!({"__class__": "date", "year": date.year(), "month": date.month(), "day": date.day()})
}

pub(super) fn moment_json(moment: Timestamp) -> Json {
    let at = moment.to_zoned(TimeZone::UTC);
    json!({
        "__class__": "datetime", "year": at.year(), "month": at.month(), "day": at.day(), "hour": at.hour(),
        "minute": at.minute(), "second": at.second(),
        "microsecond": i32::from(at.millisecond()) * 1000 + i32::from(at.microsecond()),
    })
}

/// What JSON says on its own, without knowing the field: for domains and contexts.
pub(super) fn plain(json: &Json) -> Outcome<Value> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Boolean(*value),
        Json::Number(number) => match number.as_str().parse::<i64>() {
            Ok(value) => Value::Integer(value),
            Err(_) => Value::Float(number_of(number)?),
        },
        Json::String(text) => Value::text(text),
        Json::Object(object) => object_of(object)?,
        Json::Array(_) => return Err(Failure::Server("unhashable type: 'list'".to_owned())),
    })
}

fn number_of(number: &Number) -> Outcome<Decimal> {
    decimal_of(number.as_str())
}

fn decimal_of(text: &str) -> Outcome<Decimal> {
    text.parse()
        .or_else(|_| Decimal::from_scientific(text))
        .map_err(|_| Failure::Server("[<class 'decimal.ConversionSyntax'>]".to_owned()))
}

fn object_of(object: &Map<String, Json>) -> Outcome<Value> {
    let part = |name: &str| object.get(name).and_then(Json::as_i64).unwrap_or(0);
    let small = |name: &str| i8::try_from(part(name)).unwrap_or(0);
    let date = || {
        let year = i16::try_from(part("year")).unwrap_or(0);
        Date::new(year, small("month"), small("day"))
            .map_err(|_| Failure::Server("day is out of range for month".to_owned()))
    };
    match object.get("__class__").and_then(Json::as_str) {
        Some("Decimal") => {
            Ok(Value::Numeric(decimal_of(object.get("decimal").and_then(Json::as_str).unwrap_or(""))?))
        }
        Some("date") => Ok(Value::Date(date()?)),
        Some("datetime") => {
            let nanosecond = i32::try_from(part("microsecond")).unwrap_or(0).saturating_mul(1000);
            let at = date()?
                .at(small("hour"), small("minute"), small("second"), nanosecond)
                .to_zoned(TimeZone::UTC)
                .map_err(|_| Failure::Server("date value out of range".to_owned()))?;
            Ok(Value::Moment(at.timestamp()))
        }
        Some(_) | None => Err(Failure::Server("'dict' object has no attribute 'strip'".to_owned())),
    }
}

/// Reads what a client sent for `field`.
pub(super) fn parse(field: &Field, json: &Json) -> Outcome<Value> {
    if json.is_null() {
        return Ok(Value::Null);
    }
    let wrong = || Failure::Server(format!("'{}' object has no attribute 'strip'", class_of(json)));
    Ok(match field.kind {
        Kind::Char => match json.as_str() {
            Some(text) => {
                let text = text.trim();
                if text.is_empty() { Value::Null } else { Value::text(text) }
            }
            None => return Err(wrong()),
        },
        Kind::Text => json.as_str().map(Value::text).ok_or_else(wrong)?,
        Kind::Selection(allowed) => {
            let text = json.as_str().ok_or_else(wrong)?;
            if !allowed.is_empty() && !allowed.contains(&text) {
                return Err(Failure::user(format!(
                    "The value \"{text}\" for field \"{}\" is not one of the allowed options.",
                    title(field.name)
                )));
            }
            Value::text(text)
        }
        Kind::Boolean => match json {
            Json::Bool(value) => Value::Boolean(*value),
            other => Value::Boolean(other.as_i64().is_some_and(|value| value != 0)),
        },
        Kind::Integer => Value::Integer(json.as_i64().ok_or_else(|| integer_error(json))?),
        Kind::Float => match json {
            Json::Number(number) => Value::Float(number_of(number)?),
            Json::String(text) => Value::Float(decimal_of(text)?),
            other => Value::Float(plain(other)?.as_decimal()),
        },
        Kind::Numeric => Value::Numeric(numeric(field, json)?),
        Kind::Date | Kind::Timestamp => plain(json)?,
        Kind::One(_) => Value::One(json.as_i64().ok_or_else(|| integer_error(json))?),
        Kind::Reference => reference(json.as_str().ok_or_else(wrong)?)?,
        Kind::Children { .. } | Kind::List(_) => {
            return Err(Failure::Server(format!("'{}' object is not iterable", class_of(json))));
        }
    })
}

/// A JSON float is a binary one on the server: refused unless its exact value has at most four decimals.
fn numeric(field: &Field, json: &Json) -> Outcome<Decimal> {
    let (value, binary) = match json {
        Json::Number(number) => (number_of(number)?, number.as_str().parse::<i64>().is_err()),
        Json::String(text) => (decimal_of(text)?, false),
        other => (plain(other)?.as_decimal(), false),
    };
    let exact = !binary || (value * Decimal::from(16)).fract().is_zero();
    if !exact || value.normalize().scale() > field.decimals {
        return Err(digits_error(field.name, &value.to_string(), field.decimals));
    }
    Ok(value)
}

pub(super) fn digits_error(field: &str, value: &str, limit: u32) -> Failure {
    Failure::user(format!(
        "The number of digits in the value \"'{value}'\" for field \"{}\" exceeds the limit of \"(None, {limit})\".",
        title(field)
    ))
}

fn integer_error(json: &Json) -> Failure {
    match json {
        Json::String(text) => Failure::Server(format!("invalid literal for int() with base 10: '{text}'")),
        other => Failure::Server(format!("int() argument must not be '{}'", class_of(other))),
    }
}

pub(super) fn reference(text: &str) -> Outcome<Value> {
    let unpack = || Failure::Server("not enough values to unpack (expected 2, got 1)".to_owned());
    let (model, id) = text.split_once(',').ok_or_else(unpack)?;
    let id = id.parse().map_err(|_| unpack())?;
    Ok(Value::Reference(reference_model(model).ok_or_else(|| Failure::key(model))?, id))
}

pub(super) fn class_of(json: &Json) -> &'static str {
    match json {
        Json::Null => "NoneType",
        Json::Bool(_) => "bool",
        Json::Number(number) if number.as_str().parse::<i64>().is_ok() => "int",
        Json::Number(_) => "float",
        Json::String(_) => "str",
        Json::Array(_) => "list",
        Json::Object(_) => "dict",
    }
}
