//! The API's errors as facts (MerchantPro dossier §3, §4, §9).

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use serde_json::Value;
use zygos_core::{
    clock::elapsed,
    contract::{ConnectorError, ErrorKind},
    http::{HttpResponse, TransportError},
};

use crate::{redirect::redirected_to, safe_text::safe_text};

/// When the store asks for silence but doesn't say how long.
const SILENCE: Duration = Duration::from_secs(60);
/// Longer is not believed: a wrong clock on either side must not stop a shop for a day.
const LONGEST_SILENCE: Duration = Duration::from_secs(3600);
/// The words of a temporary condition, which comes with 400, 405 or 500.
const TEMPORARY: &str = "Operation could not be completed";

/// Whether a request may have changed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    Read,
    Write,
}

pub(super) fn no_answer(error: &TransportError, nature: Nature) -> ConnectorError {
    let maybe_applied = match error {
        TransportError::NotSent { .. } => false,
        TransportError::NoAnswer { .. } => nature == Nature::Write,
    };
    ConnectorError::new(ErrorKind::Unavailable { maybe_applied }, error.to_string())
}

/// The answer's JSON, or what its status says. `kept_in` is where the key and the secret are corrected.
pub(super) fn read(
    answer: &HttpResponse,
    nature: Nature,
    now: Timestamp,
    kept_in: &str,
) -> Result<Value, ConnectorError> {
    let status = answer.status;
    let maybe_applied = nature == Nature::Write;
    if status == StatusCode::NO_CONTENT {
        return Ok(Value::Null);
    }
    if status.is_success() {
        return serde_json::from_slice(&answer.body).map_err(|_| {
            ConnectorError::new(
                ErrorKind::Protocol { maybe_applied },
                "the answer is not whole JSON; if it happens again, check that the address is the store's own and that \
                 nothing between changes its answers",
            )
        });
    }
    if status.is_redirection() {
        return Err(ConnectorError::new(
            ErrorKind::Protocol { maybe_applied: false },
            format!(
                "the store redirects{}; write that address into `url` (with https and, where the store has it, www)",
                redirected_to(&answer.headers)
            ),
        ));
    }
    let words = message(&answer.body);
    let said = words.as_deref().map_or_else(String::new, |words| format!(" ({})", safe_text(words)));
    let kind = match status {
        StatusCode::UNAUTHORIZED => ErrorKind::Auth,
        StatusCode::FORBIDDEN => ErrorKind::Forbidden,
        StatusCode::NOT_FOUND => ErrorKind::NotFound,
        StatusCode::TOO_MANY_REQUESTS => {
            ErrorKind::RateLimited { wait: Some(wait(&answer.headers, &answer.body, now)) }
        }
        StatusCode::BAD_REQUEST | StatusCode::METHOD_NOT_ALLOWED
            if words.as_deref().is_some_and(|words| words.trim_end_matches('.') == TEMPORARY) =>
        {
            ErrorKind::Conflict
        }
        StatusCode::METHOD_NOT_ALLOWED => ErrorKind::Unsupported,
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
            ErrorKind::Rejected { field: words.as_deref().and_then(field_of) }
        }
        status if status.is_server_error() => ErrorKind::Unavailable { maybe_applied },
        _ => ErrorKind::Protocol { maybe_applied },
    };
    let text = match &kind {
        ErrorKind::Auth => {
            format!(
                "the store does not accept the key and secret{said}; take both from the store's API users and correct {kept_in}"
            )
        }
        ErrorKind::Forbidden => format!(
            "the store forbids this to the API user{said}; give it the permission, or wait if the key was locked after wrong \
             log-ins"
        ),
        ErrorKind::NotFound => format!("it does not exist in the store (any more){said}"),
        ErrorKind::RateLimited { .. } => format!("the store wants fewer calls{said}"),
        ErrorKind::Conflict => format!("the store cannot do this now{said}"),
        ErrorKind::Unsupported => format!("the store does not know this call{said}"),
        // Whoever tells of it says who refuses what.
        ErrorKind::Rejected { .. } => {
            words.as_deref().map_or_else(|| "no reason is given".to_owned(), safe_text)
        }
        _ => format!("the store answers with status {}{said}", status.as_u16()),
    };
    Err(ConnectorError::new(kind, text))
}

/// How long to be silent after a 429: `error.details.reset_time` as a point in time or a number of seconds (its form
/// is not documented), else `Retry-After`, else a minute.
pub(super) fn wait(headers: &HeaderMap, body: &[u8], now: Timestamp) -> Duration {
    let reset = serde_json::from_slice::<Value>(body).ok();
    let reset = reset
        .as_ref()
        .and_then(|body| body.pointer("/error/details/reset_time"))
        .and_then(|reset| moment(reset, now));
    let retry = headers
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.trim().parse().ok())
        .map(Duration::from_secs);
    let wait = reset.or(retry).unwrap_or(SILENCE);
    // A point in time that has passed already says only that our clocks differ.
    if wait.is_zero() { Duration::from_secs(5) } else { wait.min(LONGEST_SILENCE) }
}

fn moment(reset: &Value, now: Timestamp) -> Option<Duration> {
    let text = match reset {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    if let Ok(number) = text.parse::<i64>() {
        // Seconds to wait are small, points in time are large.
        return if number < 1_000_000_000 {
            u64::try_from(number).ok().map(Duration::from_secs)
        } else {
            Some(elapsed(now, Timestamp::from_second(number).ok()?))
        };
    }
    Some(elapsed(now, text.parse::<Timestamp>().ok()?))
}

fn message(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let error = body.get("error").unwrap_or(&body);
    let text = match error {
        Value::String(text) => text,
        other => other.get("message")?.as_str()?,
    };
    Some(text.to_owned())
}

/// The field that a message names in backticks.
fn field_of(message: &str) -> Option<String> {
    let mut parts = message.split('`');
    let field = parts.nth(1)?;
    parts.next()?;
    Some(field.to_owned())
}
