//! The three ways in which a Tryton says no.

use http::StatusCode;
use serde_json::{Value as Json, json};

/// Why a call failed. [`Failure::User`] and the next two travel inside HTTP 200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Refused, with a text for people.
    User(String),
    /// Refused, with a text and a second one that says more.
    Explained(String, String),
    /// Refused until the user confirms it: name, text and a second text.
    Warning(String, String, &'static str),
    Concurrency,
    /// The server's own exception; the text is not a class.
    Server(String),
    /// Asks for a login parameter.
    Login(String),
    Http(StatusCode, &'static str),
}

pub(super) type Outcome<T> = Result<T, Failure>;

impl Failure {
    pub(super) fn user(message: impl Into<String>) -> Self {
        Self::User(message.into())
    }

    /// What an unknown field, model or key raises.
    pub(super) fn key(name: &str) -> Self {
        Self::Server(format!("'{name}'"))
    }

    pub(super) fn not_callable(button: &str, record: &str, label: &str) -> Self {
        Self::User(format!("You can not call \"{button}\" on \"{record}\" of \"{label}\"."))
    }

    pub(super) fn read_only(field: &str, label: &str) -> Self {
        Self::User(format!("You are not allowed to modify the field \"{field}\" of \"{label}\"."))
    }

    /// The `error` member of an answer with status 200; `None` for those that are a status.
    pub(super) fn body(&self) -> Option<Json> {
        Some(match self {
            Self::User(message) => json!(["UserError", [message, "", null]]),
            Self::Explained(message, description) => json!(["UserError", [message, description, null]]),
            Self::Warning(name, message, description) => json!(["UserWarning", [name, message, description]]),
            Self::Concurrency => json!(["ConcurrencyException", "Records were modified in the meanwhile"]),
            Self::Server(text) => json!([text, ""]),
            Self::Login(user) => {
                json!(["LoginException", ["password", format!("Password for {user}"), "password"]])
            }
            Self::Http(..) => return None,
        })
    }

    /// The status for a caller that did not use the envelope of `id`, `method` and `params`.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::User(_) | Self::Explained(..) => StatusCode::BAD_REQUEST,
            Self::Warning(..) => StatusCode::CONFLICT,
            Self::Concurrency => StatusCode::LOCKED,
            Self::Server(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Login(_) => StatusCode::UNAUTHORIZED,
            Self::Http(status, _) => *status,
        }
    }
}
