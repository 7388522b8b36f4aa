//! JSON as PHP writes it, and exact numbers in and out.

use std::{collections::BTreeMap, io, str::FromStr};

use bytes::Bytes;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{
    Map, Number, Value,
    ser::{CompactFormatter, Formatter, Serializer},
};

use super::errors::ApiError;

/// A JSON number without trailing zeros: `16499`, never `16499.0` (seen live).
pub(super) fn number(value: Decimal) -> Value {
    Number::from_str(&value.normalize().to_string()).map_or(Value::Null, Value::Number)
}

pub(super) fn optional_number(value: Option<Decimal>) -> Value {
    value.map_or(Value::Null, number)
}

/// A number or, since PHP is forgiving, a numeric string (inferred).
pub(super) fn decimal(value: &Value) -> Option<Decimal> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    Decimal::from_str(&text).or_else(|_| Decimal::from_scientific(&text)).ok()
}

pub(super) fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

pub(super) fn need_decimal(field: &str, value: &Value) -> Result<Decimal, ApiError> {
    decimal(value).ok_or_else(|| ApiError::invalid(field, "a number"))
}

pub(super) fn need_whole(field: &str, value: &Value) -> Result<u64, ApiError> {
    whole(value).ok_or_else(|| ApiError::invalid(field, "a whole number"))
}

/// Text; null counts as empty and numbers as their digits.
pub(super) fn need_text(field: &str, value: &Value) -> Result<String, ApiError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null => Ok(String::new()),
        _ => Err(ApiError::invalid(field, "a text")),
    }
}

/// Text; null and the empty text are `None`.
pub(super) fn optional_text(field: &str, value: &Value) -> Result<Option<String>, ApiError> {
    need_text(field, value).map(|text| if text.is_empty() { None } else { Some(text) })
}

pub(super) fn need_list<'a>(field: &str, value: &'a Value) -> Result<&'a [Value], ApiError> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| ApiError::invalid(field, "a list"))
}

/// A PHP map: `[]` when empty, an object when filled (seen live).
pub(super) fn php_map(map: &BTreeMap<String, String>) -> Value {
    if map.is_empty() {
        return Value::Array(Vec::new());
    }
    Value::Object(map.iter().map(|(key, value)| (key.clone(), Value::String(value.clone()))).collect())
}

/// Reads such a map back; values become strings.
pub(super) fn read_php_map(field: &str, value: &Value) -> Result<BTreeMap<String, String>, ApiError> {
    match value {
        Value::Null => Ok(BTreeMap::new()),
        Value::Array(list) if list.is_empty() => Ok(BTreeMap::new()),
        Value::Object(map) => {
            map.iter().map(|(key, value)| Ok((key.clone(), need_text(field, value)?))).collect()
        }
        _ => Err(ApiError::invalid(field, "an object")),
    }
}

/// Keeps only the keys in `fields` and `also`.
pub(super) fn keep(row: &mut Map<String, Value>, fields: &[String], also: &[&str]) {
    row.retain(|key, _| fields.iter().any(|field| field == key) || also.contains(&key.as_str()));
}

/// The bytes of an answer.
pub(super) fn to_bytes(value: &Value, php: bool) -> Bytes {
    if !php {
        return Bytes::from(value.to_string());
    }
    let mut out = Vec::with_capacity(1024);
    match value.serialize(&mut Serializer::with_formatter(&mut out, PhpFormatter(CompactFormatter))) {
        Ok(()) => Bytes::from(out),
        // Writing a Value to memory cannot fail; the plain form is as good.
        Err(_) => Bytes::from(value.to_string()),
    }
}

/// `json_encode` defaults: `/` as `\/` and everything beyond ASCII as `\uXXXX`.
struct PhpFormatter(CompactFormatter);

impl Formatter for PhpFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        let mut plain = 0;
        for (index, character) in text.char_indices() {
            if character.is_ascii() && character != '/' {
                continue;
            }
            self.0.write_string_fragment(writer, &text[plain..index])?;
            plain = index + character.len_utf8();
            if character == '/' {
                writer.write_all(b"\\/")?;
            } else {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        self.0.write_string_fragment(writer, &text[plain..])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_escaped_as_php_does_and_read_back_the_same() {
        let value = json!({"url": "https://a/b", "name": "Ștefan 😀 \"x\"\n"});
        let bytes = to_bytes(&value, true);
        let text = std::str::from_utf8(&bytes).unwrap();
        let expected = r#"{"name":"\u0218tefan \ud83d\ude00 \"x\"\n","url":"https:\/\/a\/b"}"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), value);
    }

    #[test]
    fn whole_numbers_have_no_decimals() {
        assert_eq!(number(Decimal::from_str("16499.00").unwrap()).to_string(), "16499");
        assert_eq!(number(Decimal::from_str("-0.0").unwrap()).to_string(), "0");
        assert_eq!(number(Decimal::from_str("13749.1667").unwrap()).to_string(), "13749.1667");
    }
}
