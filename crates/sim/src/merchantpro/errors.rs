//! Error answers: `{"error":{"name","message","details"}}`.

use http::StatusCode;
use serde_json::{Value, json};

/// A refusal. Only the name `undefined_filter` and two messages are known; the other words are inferred.
#[derive(Debug)]
pub(super) struct ApiError {
    pub status: StatusCode,
    pub name: &'static str,
    pub message: String,
    /// When the client may come back, as Unix seconds (form inferred).
    pub reset_time: Option<i64>,
    /// Whole seconds, sent as `Retry-After`.
    pub retry_after: Option<i64>,
}

impl ApiError {
    fn new(status: StatusCode, name: &'static str, message: impl Into<String>) -> Self {
        Self { status, name, message: message.into(), reset_time: None, retry_after: None }
    }

    pub fn bad_request(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, name, message)
    }

    pub fn invalid(field: &str, want: &str) -> Self {
        Self::bad_request("invalid_value", format!("Field `{field}` must be {want}"))
    }

    // Seen live, word for word.
    pub fn undefined_filter(filter: &str) -> Self {
        Self::bad_request("undefined_filter", format!("No such filter `{filter}` defined"))
    }

    // By analogy with the filter error (inferred).
    pub fn undefined_field(field: &str) -> Self {
        Self::bad_request("undefined_field", format!("No such field `{field}` defined"))
    }

    // The message is known; that illegal moves cause it is inferred.
    pub fn operation() -> Self {
        Self::bad_request("operation_failed", "Operation could not be completed")
    }

    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Wrong API credentials")
    }

    pub fn locked_out() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Too many wrong logins")
    }

    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "The API user has no permission for this resource")
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "Resource not found")
    }

    pub fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed")
    }

    pub fn too_many(reset_time: i64, retry_after: i64) -> Self {
        let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "Too many requests");
        error.reset_time = Some(reset_time);
        error.retry_after = Some(retry_after);
        error
    }

    pub fn body(&self) -> Value {
        let details = self.reset_time.map_or_else(|| json!({}), |time| json!({"reset_time": time}));
        json!({"error": {"name": self.name, "message": self.message, "details": details}})
    }
}
