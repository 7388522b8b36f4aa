//! Query strings, page bounds and the collection envelope.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::{errors::ApiError, settings::ShopSettings};

/// A query string, decoded, with its raw text kept so that links echo exactly what was asked.
#[derive(Default)]
pub(super) struct Query {
    pairs: Vec<Pair>,
}

struct Pair {
    raw: String,
    key: String,
    value: String,
}

/// Parameters every list knows; all else is a filter.
const COMMON: [&str; 6] = ["start", "limit", "sort", "fields", "include", "ignore_nonexistent_fields"];

impl Query {
    /// Brackets in keys may be encoded or not; `+` is a space.
    pub fn parse(raw: &str) -> Self {
        let pairs = raw
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                Pair { raw: pair.to_owned(), key: form_decode(key), value: form_decode(value) }
            })
            .collect();
        Self { pairs }
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|pair| pair.key == key).map(|pair| pair.value.as_str())
    }

    /// Whether a switch such as `ignore_nonexistent_fields=1` is on.
    pub fn is_on(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| !matches!(value, "" | "0" | "false"))
    }

    /// A comma list; empty when absent.
    pub fn list(&self, key: &str) -> Vec<String> {
        let parts = self.get(key).unwrap_or_default().split(',');
        parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
    }

    pub fn includes(&self, name: &str) -> bool {
        self.get("include").is_some_and(|list| list.split(',').any(|part| part.trim() == name))
    }

    /// Everything that is not paging, sorting or field choice.
    pub fn filters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .filter(|pair| !COMMON.contains(&pair.key.as_str()))
            .map(|pair| (pair.key.as_str(), pair.value.as_str()))
    }

    /// `sort=field.asc|desc`: the field and whether it descends.
    pub fn sort(&self, known: &[&'static str]) -> Result<Option<(&'static str, bool)>, ApiError> {
        let Some(text) = self.get("sort").filter(|text| !text.is_empty()) else { return Ok(None) };
        let wrong = || ApiError::bad_request("invalid_sort", format!("No such sort `{text}` defined"));
        let (field, direction) = text.rsplit_once('.').ok_or_else(wrong)?;
        let field = known.iter().find(|name| **name == field).ok_or_else(wrong)?;
        match direction {
            "asc" => Ok(Some((field, false))),
            "desc" => Ok(Some((field, true))),
            _ => Err(wrong()),
        }
    }

    fn link(&self, path: &str, start: usize, limit: usize) -> String {
        let mut link = format!("{path}?start={start}&limit={limit}");
        for pair in &self.pairs {
            if pair.key != "start" && pair.key != "limit" {
                link.push('&');
                link.push_str(&pair.raw);
            }
        }
        link
    }
}

/// The part of a list that is asked for.
#[derive(Clone, Copy)]
pub(super) struct Page {
    pub start: usize,
    pub limit: usize,
}

impl Page {
    pub fn read(query: &Query, settings: &ShopSettings) -> Result<Self, ApiError> {
        let count = |key: &str| match query.get(key) {
            None | Some("") => Ok(None),
            Some(text) => {
                text.parse::<usize>().map(Some).map_err(|_| ApiError::invalid(key, "a whole number"))
            }
        };
        let start = count("start")?.unwrap_or(0);
        let limit = count("limit")?.unwrap_or(settings.default_limit).clamp(1, settings.max_limit);
        Ok(Self { start, limit })
    }

    /// The slice of `rows` on this page.
    pub fn of<T>(self, rows: &[T]) -> &[T] {
        let start = self.start.min(rows.len());
        let end = start.saturating_add(self.limit).min(rows.len());
        rows.get(start..end).unwrap_or_default()
    }
}

/// `{"data", "meta"}` of a collection.
pub(super) fn envelope(path: &str, query: &Query, page: Page, total: usize, rows: Vec<Value>) -> Value {
    let Page { start, limit } = page;
    let next = start.saturating_add(limit);
    let next = if next < total { Value::String(query.link(path, next, limit)) } else { Value::Null };
    let before = start.saturating_sub(limit);
    let previous = if start > 0 { Value::String(query.link(path, before, limit)) } else { Value::Null };
    json!({
        "meta": {
            "count": {"total": total, "current": rows.len(), "start": start, "limit": limit},
            "links": {"current": query.link(path, start, limit), "next": next, "prev": previous},
        },
        "data": rows,
    })
}

/// Applies `fields` to a row; what `include` names stays (seen live with `include=variants`).
pub(super) fn choose_fields(mut row: Map<String, Value>, fields: &[String], included: &[&str]) -> Value {
    if !fields.is_empty() {
        super::json::keep(&mut row, fields, included);
    }
    Value::Object(row)
}

fn form_decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}
