//! Date conditions of list filters.

use jiff::{Timestamp, tz::TimeZone};

use super::{errors::ApiError, times};

/// `created[gte]=2026-01-31` and its kin.
pub(super) struct DateCondition {
    operator: Operator,
    moment: Timestamp,
}

#[derive(Clone, Copy)]
enum Operator {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl DateCondition {
    pub fn holds(&self, at: Timestamp) -> bool {
        match self.operator {
            Operator::Greater => at > self.moment,
            Operator::GreaterOrEqual => at >= self.moment,
            Operator::Less => at < self.moment,
            Operator::LessOrEqual => at <= self.moment,
        }
    }

    /// Reads `base[operator]`. `gt` and `gte` are documented, `lt` and `lte` inferred; `None` for other keys.
    pub fn bracketed(base: &str, key: &str, value: &str, zone: &TimeZone) -> Result<Option<Self>, ApiError> {
        let operator = match bracket(base, key) {
            Some("gt") => Operator::Greater,
            Some("gte") => Operator::GreaterOrEqual,
            Some("lt") => Operator::Less,
            Some("lte") => Operator::LessOrEqual,
            _ => return Ok(None),
        };
        Self::new(operator, key, value, zone).map(Some)
    }

    /// `created_after`: inclusive (inferred).
    pub fn after(key: &str, value: &str, zone: &TimeZone) -> Result<Self, ApiError> {
        Self::new(Operator::GreaterOrEqual, key, value, zone)
    }

    /// `created_before`: up to that moment (inferred).
    pub fn before(key: &str, value: &str, zone: &TimeZone) -> Result<Self, ApiError> {
        Self::new(Operator::LessOrEqual, key, value, zone)
    }

    fn new(operator: Operator, key: &str, value: &str, zone: &TimeZone) -> Result<Self, ApiError> {
        let moment =
            times::read(value, zone).ok_or_else(|| ApiError::invalid(key, "a date such as 2026-01-31"))?;
        Ok(Self { operator, moment })
    }
}

/// The text inside the brackets of `base[inner]`.
pub(super) fn bracket<'a>(base: &str, key: &'a str) -> Option<&'a str> {
    key.strip_prefix(base)?.strip_prefix('[')?.strip_suffix(']')
}
