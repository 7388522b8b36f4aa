//! Sending a batch where the vendor takes one write a call.

use zygos_core::contract::{ConnectorError, ErrorKind, Outcome};

/// Why the next write of a batch isn't tried: the one before showed that none would come through. Refused
/// credentials stop it too, for vendors lock a key that keeps asking.
pub fn stopped_by(outcomes: &[Outcome]) -> Option<ConnectorError> {
    let Some(Err(last)) = outcomes.last() else { return None };
    let kind = match &last.kind {
        ErrorKind::Unavailable { .. } => ErrorKind::Unavailable { maybe_applied: false },
        ErrorKind::RateLimited { .. } | ErrorKind::Auth => last.kind.clone(),
        ErrorKind::Forbidden
        | ErrorKind::Rejected { .. }
        | ErrorKind::Conflict
        | ErrorKind::NotFound
        | ErrorKind::Unsupported
        | ErrorKind::Protocol { .. } => return None,
    };
    const AFTER: &str = "not tried after the one before: ";
    let message = last.message.strip_prefix(AFTER).unwrap_or(&last.message);
    Some(ConnectorError::new(kind, format!("{AFTER}{message}")))
}

#[cfg(test)]
mod tests {
    use zygos_core::contract::Applied;

    use super::*;

    fn after(kind: ErrorKind) -> Option<ErrorKind> {
        stopped_by(&[Ok(Applied::default()), Err(ConnectorError::new(kind, "why"))]).map(|error| error.kind)
    }

    #[test]
    fn silence_and_refused_credentials_end_a_batch_and_a_bad_record_does_not() {
        let silent = after(ErrorKind::Unavailable { maybe_applied: true });
        assert_eq!(silent, Some(ErrorKind::Unavailable { maybe_applied: false }));
        assert_eq!(after(ErrorKind::Auth), Some(ErrorKind::Auth));
        assert_eq!(after(ErrorKind::Rejected { field: None }), None);
        assert_eq!(stopped_by(&[Ok(Applied::default())]), None);
        assert_eq!(stopped_by(&[]), None);
    }

    #[test]
    fn the_reason_is_told_once_however_long_the_batch() {
        let first = ConnectorError::new(ErrorKind::Auth, "why");
        let second = stopped_by(&[Err(first)]).expect("stopped");
        let third = stopped_by(&[Err(second)]).expect("stopped");
        assert_eq!(third.message, "not tried after the one before: why");
    }
}
