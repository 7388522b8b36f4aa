//! What went wrong, as facts, and vendor text made safe.
//!
//! Refusals quote names of records, which may be names of people: every quoted part is replaced by `…` unless the
//! words before it say that it is the name of a field. E-mail addresses and long numbers go as well, quoted or not.

use http::{HeaderMap, StatusCode};
use serde_json::Value;
use zygos_core::{
    contract::{ConnectorError, ErrorKind},
    http::TransportError,
};

use crate::redirect::redirected_to;

/// Whether an unknown outcome leaves something behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    Read,
    Write,
}

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The session is over, or never was.
    NoSession,
    /// Refused; nothing was changed.
    Refused {
        field: Option<String>,
        message: String,
    },
    /// Refused until the warning of this name is confirmed.
    Warned {
        name: String,
        message: String,
    },
    Other(ConnectorError),
}

impl From<Failure> for ConnectorError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NoSession => Self::new(
                ErrorKind::Auth,
                "Tryton does not accept the session right after the login; check that the server's clock and \
                 session settings are right",
            ),
            Failure::Refused { field, message } => Self::new(ErrorKind::Rejected { field }, message),
            Failure::Warned { message, .. } => Self::new(
                ErrorKind::Rejected { field: None },
                format!(
                    "Tryton asks a person to confirm a warning first: {message} Do it in Tryton, or let this \
                     connection skip warnings"
                ),
            ),
            Failure::Other(error) => error,
        }
    }
}

impl From<ConnectorError> for Failure {
    fn from(error: ConnectorError) -> Self {
        Self::Other(error)
    }
}

pub(super) fn unreachable(error: &TransportError, nature: Nature) -> ConnectorError {
    match error {
        TransportError::NotSent { .. } => {
            ConnectorError::new(ErrorKind::Unavailable { maybe_applied: false }, error.to_string())
        }
        TransportError::NoAnswer { .. } => ConnectorError::new(
            ErrorKind::Unavailable { maybe_applied: nature == Nature::Write },
            error.to_string(),
        ),
    }
}

/// Another address answers for this one. Nothing was carried out, and nobody is followed with a log-in.
pub(super) fn redirected(headers: &HeaderMap) -> Failure {
    Failure::Other(ConnectorError::new(
        ErrorKind::Protocol { maybe_applied: false },
        format!("the server redirects{}; write that address into `url`", redirected_to(headers)),
    ))
}

/// An answer that is not 200.
pub(super) fn status(status: StatusCode, nature: Nature) -> Failure {
    let maybe_applied = nature == Nature::Write;
    let (kind, message) = match status.as_u16() {
        401 => return Failure::NoSession,
        403 => (
            ErrorKind::Forbidden,
            "Tryton does not let this user call that, or a module that Zygos needs is not activated; run the check \
             of this connection"
                .to_owned(),
        ),
        404 => (
            ErrorKind::Protocol { maybe_applied: false },
            "Tryton knows no database of the configured name, or is older than 8.0".to_owned(),
        ),
        422 => (ErrorKind::Protocol { maybe_applied: false }, "Tryton does not accept the parameters of the call".to_owned()),
        429 => (
            ErrorKind::RateLimited { wait: None },
            "Tryton wants fewer calls; after wrong passwords it refuses the right one too for a while".to_owned(),
        ),
        code if status.is_server_error() => (
            ErrorKind::Unavailable { maybe_applied },
            format!("Tryton or its database can't answer now (HTTP {code})"),
        ),
        code => (ErrorKind::Protocol { maybe_applied }, format!("Tryton answered HTTP {code}, which it never should")),
    };
    Failure::Other(ConnectorError::new(kind, message))
}

/// The `error` of an answer with status 200. The transaction was rolled back.
pub(super) fn refusal(error: &Value) -> Failure {
    let name = error.get(0).and_then(Value::as_str).unwrap_or_default();
    let text = |index: usize| {
        error.get(1).and_then(|told| told.get(index)).and_then(Value::as_str).unwrap_or_default()
    };
    match name {
        "UserError" => Failure::Refused { field: field_named_in(text(0)), message: safe(text(0)) },
        "UserWarning" => Failure::Warned { name: text(0).to_owned(), message: safe(text(1)) },
        "ConcurrencyException" => Failure::Other(ConnectorError::new(
            ErrorKind::Conflict,
            "somebody changed the record in Tryton at the same time",
        )),
        other => Failure::Other(ConnectorError::new(
            ErrorKind::Protocol { maybe_applied: false },
            format!("Tryton failed on its own account ({}); its server log says where", safe(other)),
        )),
    }
}

const OPENING: [char; 5] = ['"', '“', '„', '«', '\u{2018}'];
const CLOSING: [char; 5] = ['"', '”', '“', '»', '\u{2019}'];

/// Whether what stands before a quotation says that it quotes a field's name.
fn introduces_a_field(before: &str) -> bool {
    before.trim_end().rsplit(' ').next() == Some("field")
}

fn quotations(line: &str) -> Vec<(std::ops::Range<usize>, bool)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some((start, open)) =
        line[from..].char_indices().find(|(_, c)| OPENING.contains(c)).map(|(at, c)| (from + at, c))
    {
        let inner = start + open.len_utf8();
        // Without an end everything that follows is suspect. A quoted value may hold quotation marks itself; what
        // is left between two is then taken for plain words, hence the other rules of `safe`.
        let end = line[inner..].find(CLOSING).map_or(line.len(), |at| inner + at);
        found.push((inner..end, introduces_a_field(&line[..start])));
        from = line[end..].chars().next().map_or(line.len(), |close| end + close.len_utf8());
    }
    found
}

/// The field's name as people see it, when the refusal tells one.
fn field_named_in(message: &str) -> Option<String> {
    let line = message.lines().next().unwrap_or_default();
    quotations(line).into_iter().find(|(_, is_field)| *is_field).map(|(range, _)| line[range].to_owned())
}

/// The first line of a vendor's message without anything that may be a person's.
pub(super) fn safe(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let mut cleaned = String::new();
    let mut from = 0;
    for (range, is_field) in quotations(line) {
        cleaned.push_str(&line[from..range.start]);
        cleaned.push_str(if is_field { &line[range.clone()] } else { "…" });
        from = range.end;
    }
    cleaned.push_str(&line[from..]);
    let words = cleaned.split(' ').map(|word| if may_be_personal(word) { "…" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

fn may_be_personal(word: &str) -> bool {
    word.contains('@') || word.chars().filter(char::is_ascii_digit).count() >= 5
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_names_the_field_and_no_record() {
        let error = json!([
            "UserError",
            ["A value is required for field \"Web ID\" in record \"Ana Pop (6)\" of \"Sale\".", "", null]
        ]);
        let Failure::Refused { field, message } = refusal(&error) else { panic!() };
        assert_eq!(field.as_deref(), Some("Web ID"));
        assert_eq!(message, "A value is required for field \"Web ID\" in record \"…\" of \"…\".");
    }

    #[test]
    fn people_are_taken_out_of_messages_in_any_language_and_quoted_or_not() {
        let told = safe(
            "Le numéro « 0722123456 » de „Ana Pop“ (ana@example.com, 0722123456) n'est pas valide.\nAna Pop",
        );
        assert!(!told.contains("Ana") && !told.contains("0722") && !told.contains('@'), "{told}");
        assert!(told.ends_with("n'est pas valide."));
    }

    #[test]
    fn a_quotation_without_end_hides_the_rest() {
        assert_eq!(safe("wrong \"Ana Pop lives here"), "wrong \"…");
    }

    #[test]
    fn an_unknown_answer_to_a_write_says_so_and_to_a_read_does_not() {
        let lost = TransportError::NoAnswer { reason: "time-out".to_owned() };
        assert!(unreachable(&lost, Nature::Write).maybe_applied());
        assert!(!unreachable(&lost, Nature::Read).maybe_applied());
        let refused = TransportError::NotSent { reason: "connection refused".to_owned() };
        assert!(!unreachable(&refused, Nature::Write).maybe_applied());
        for code in [StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT, StatusCode::BAD_GATEWAY] {
            let Failure::Other(error) = status(code, Nature::Write) else { panic!() };
            assert_eq!(error.kind, ErrorKind::Unavailable { maybe_applied: true });
        }
    }

    #[test]
    fn the_servers_own_exception_is_no_refusal() {
        let Failure::Other(error) = refusal(&json!(["'nofield'", ""])) else { panic!() };
        assert_eq!(error.kind, ErrorKind::Protocol { maybe_applied: false });
    }
}
