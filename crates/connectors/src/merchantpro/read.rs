//! Reading the API's JSON: absent and null are the same, numbers come as numbers or texts, empty maps as lists.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Map, Value};
use zygos_core::{
    RemoteKey,
    contract::{ConnectorError, ErrorKind, Unreadable},
};

/// The rows of a list's answer.
pub(super) fn rows(answer: &Value) -> Result<&Vec<Value>, ConnectorError> {
    answer.get("data").and_then(Value::as_array).ok_or_else(|| {
        ConnectorError::new(
            ErrorKind::Protocol { maybe_applied: false },
            "the answer holds no list `data`; check that the address is a MerchantPro store",
        )
    })
}

/// How many rows the whole list has.
pub(super) fn total(answer: &Value) -> Result<u64, ConnectorError> {
    answer.pointer("/meta/count/total").and_then(Value::as_u64).ok_or_else(|| {
        ConnectorError::new(
            ErrorKind::Protocol { maybe_applied: false },
            "the list does not say how long it is (`meta.count.total`)",
        )
    })
}

pub(super) fn key_of(row: &Value) -> Option<RemoteKey> {
    Fields::of(row).ok()?.key("id").ok()?
}

/// An id as the API takes it: a number where it is one.
pub(super) fn id_value(key: &RemoteKey) -> Value {
    key.as_str().parse::<u64>().map_or_else(|_| Value::from(key.as_str()), Value::from)
}

/// The fields of one object.
pub(super) struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    pub fn of(value: &'a Value) -> Result<Self, Unreadable> {
        value.as_object().map(Self).ok_or_else(|| unreadable("record", "it is not an object"))
    }

    /// Whether the field is there, be it null.
    pub fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    pub fn value(&self, field: &str) -> Option<&'a Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    /// A text, trimmed of nothing; `None` when absent, null or empty.
    pub fn text(&self, field: &str) -> Option<String> {
        match self.value(field)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    pub fn required_text(&self, field: &str) -> Result<String, Unreadable> {
        self.text(field).ok_or_else(|| unreadable(field, "it is missing"))
    }

    /// An id, which may come as a number or a text. 0 means none.
    pub fn key(&self, field: &str) -> Result<Option<RemoteKey>, Unreadable> {
        match self.value(field) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() || text == "0" => Ok(None),
            Some(Value::String(text)) => Ok(Some(RemoteKey::new(text))),
            Some(Value::Number(number)) if number.as_u64() == Some(0) => Ok(None),
            Some(Value::Number(number)) => Ok(Some(RemoteKey::new(number.to_string()))),
            Some(_) => Err(unreadable(field, "it is neither a number nor a text")),
        }
    }

    pub fn required_key(&self, field: &str) -> Result<RemoteKey, Unreadable> {
        self.key(field)?.ok_or_else(|| unreadable(field, "it is missing"))
    }

    /// A number, exact. `None` when absent, null or an empty text.
    pub fn decimal(&self, field: &str) -> Result<Option<Decimal>, Unreadable> {
        let text = match self.value(field) {
            None => return Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => return Err(unreadable(field, "it is not a number")),
        };
        let plain = text.parse::<Decimal>().or_else(|_| Decimal::from_scientific(&text));
        plain
            .map(|number| Some(number.normalize()))
            .map_err(|_| unreadable(field, "it is not a number that can be kept"))
    }

    pub fn required_decimal(&self, field: &str) -> Result<Decimal, Unreadable> {
        self.decimal(field)?.ok_or_else(|| unreadable(field, "it is missing"))
    }

    /// A date with its offset (dossier §1, format A).
    pub fn date(&self, field: &str) -> Result<Option<Timestamp>, Unreadable> {
        let Some(text) = self.text(field) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| unreadable(field, "it is not a date with an offset"))
    }

    /// A list; an absent one is empty.
    pub fn list(&self, field: &str) -> &'a [Value] {
        self.value(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }
}

pub(super) fn unreadable(field: &str, message: &str) -> Unreadable {
    Unreadable { key: None, field: field.to_owned(), message: message.to_owned() }
}
