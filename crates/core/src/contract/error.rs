use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// What happened, as a fact. What to do about it is decided by [`crate::disposition`], never here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// No answer, or an answer that says "not now". `maybe_applied`: a write may have been carried out.
    Unavailable {
        maybe_applied: bool,
    },
    /// The side wants fewer calls. `wait` as it asked, when it did.
    RateLimited {
        wait: Option<Duration>,
    },
    /// The credentials are not accepted.
    Auth,
    /// The credentials are good but may not do this.
    Forbidden,
    /// The side understood and refuses this record; asking again gives the same answer.
    Rejected {
        field: Option<String>,
    },
    /// Somebody else changed the record meanwhile, or it is in a state that doesn't allow this.
    Conflict,
    NotFound,
    /// The connector can't do this at all.
    Unsupported,
    /// The answer is not what this API answers (not JSON, cut off, a redirect).
    Protocol {
        maybe_applied: bool,
    },
}

/// An error of a connector: a fact, and words for a person.
///
/// `message` is a lower-case fragment that names the field or the call and what to do. It holds no secret and no
/// personal data: connectors put vendor text into it only after it was made safe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectorError {
    pub kind: ErrorKind,
    pub message: String,
}

impl ConnectorError {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub fn unsupported(what: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Unsupported, format!("this connector does not support {what}"))
    }

    pub fn not_found(what: impl fmt::Display) -> Self {
        Self::new(ErrorKind::NotFound, format!("{what} does not exist on the other side (any more)"))
    }

    pub fn rejected(field: Option<&str>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Rejected { field: field.map(str::to_owned) }, message)
    }

    /// Says something about what was asked for, not about the connection as a whole.
    pub fn is_of_one_record(&self) -> bool {
        match self.kind {
            ErrorKind::Rejected { .. }
            | ErrorKind::Conflict
            | ErrorKind::NotFound
            | ErrorKind::Unsupported
            | ErrorKind::Protocol { .. } => true,
            ErrorKind::Unavailable { .. }
            | ErrorKind::RateLimited { .. }
            | ErrorKind::Auth
            | ErrorKind::Forbidden => false,
        }
    }

    /// Whether the write that failed so may have been carried out all the same.
    pub fn maybe_applied(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Unavailable { maybe_applied: true } | ErrorKind::Protocol { maybe_applied: true }
        )
    }
}

impl fmt::Display for ConnectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConnectorError {}
