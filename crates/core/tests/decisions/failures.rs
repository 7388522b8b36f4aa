//! From a failure to what is done about it, from a difference to its cause.

use std::time::Duration;

use proptest::prelude::*;
use zygos_core::{
    contract::{ErrorKind, Lookup},
    disposition::{Disposition, RetrySchedule, disposition},
    drift::{DriftCause, DriftEvidence, classify},
    pacing::calls_least,
};

use crate::samples::{cases, whole};

#[test]
fn every_fact_has_one_answer() {
    let seconds = Duration::from_secs(7);
    let table = [
        (ErrorKind::Unavailable { maybe_applied: false }, Disposition::Retry),
        (ErrorKind::Unavailable { maybe_applied: true }, Disposition::ReadBack),
        (ErrorKind::Protocol { maybe_applied: false }, Disposition::Retry),
        (ErrorKind::Protocol { maybe_applied: true }, Disposition::ReadBack),
        (ErrorKind::RateLimited { wait: Some(seconds) }, Disposition::RetryAfter(seconds)),
        (ErrorKind::RateLimited { wait: None }, Disposition::Retry),
        (ErrorKind::Auth, Disposition::PauseConnection),
        (ErrorKind::Forbidden, Disposition::PauseConnection),
        (ErrorKind::Rejected { field: None }, Disposition::Quarantine),
        (ErrorKind::Unsupported, Disposition::Quarantine),
        (ErrorKind::Conflict, Disposition::Replan),
        (ErrorKind::NotFound, Disposition::Replan),
    ];
    for (kind, expected) in table {
        for idempotent in [true, false] {
            assert_eq!(disposition(&kind, idempotent, Lookup::Reference), expected, "{kind:?}");
        }
    }
}

#[test]
fn what_may_have_been_created_and_cannot_be_looked_up_is_never_sent_again_by_itself() {
    for kind in [ErrorKind::Unavailable { maybe_applied: true }, ErrorKind::Protocol { maybe_applied: true }]
    {
        assert_eq!(disposition(&kind, false, Lookup::None), Disposition::AskPerson, "{kind:?}");
        // A figure can be read back whatever the side can look up.
        assert_eq!(disposition(&kind, true, Lookup::None), Disposition::ReadBack, "{kind:?}");
    }
}

#[test]
fn a_difference_is_told_by_its_cause() {
    let evidence = |is: i64, agreed: Option<i64>, written: Option<i64>| DriftEvidence {
        is: whole(is),
        last_agreed: agreed.map(whole),
        unsettled_write: written.map(whole),
    };
    let table = [
        // The store stands where it stood and nothing was sent: what it should show moved.
        (evidence(8, Some(8), None), DriftCause::TargetMoved),
        // It stands where it stood although something was sent.
        (evidence(8, Some(8), Some(6)), DriftCause::LostWrite),
        // What was sent has landed; the answer was lost, or the target moved on.
        (evidence(6, Some(8), Some(6)), DriftCause::TargetMoved),
        (evidence(6, None, Some(6)), DriftCause::TargetMoved),
        (evidence(7, Some(8), None), DriftCause::EditedByHand),
        (evidence(7, Some(8), Some(6)), DriftCause::EditedByHand),
        (evidence(7, None, None), DriftCause::FirstMeeting),
    ];
    for (evidence, cause) in table {
        assert_eq!(classify(&evidence), cause, "{evidence:?}");
    }
}

#[test]
fn only_interference_and_lost_writes_count_as_drift() {
    let all =
        [DriftCause::EditedByHand, DriftCause::LostWrite, DriftCause::TargetMoved, DriftCause::FirstMeeting];
    let drift: Vec<&str> = all.into_iter().filter(|cause| cause.is_drift()).map(DriftCause::code).collect();
    assert_eq!(drift, ["edited_by_hand", "lost_write"]);
}

#[test]
fn a_run_costs_at_least_its_pages_its_feeds_and_its_writes() {
    assert_eq!(calls_least(100, 2, 37), 139);
    assert_eq!(calls_least(0, 0, 0), 0);
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_wait_is_never_shorter_than_asked_for_nor_than_the_step_and_never_endless(
        attempt in prop_oneof![0_u32..10, any::<u32>()],
        hint in prop::option::of(0_u64..100_000),
        jitter in any::<u32>(),
    ) {
        let schedule = RetrySchedule::default();
        let ceiling = Duration::from_secs(900);
        let hint = hint.map(Duration::from_secs);
        let plain = schedule.delay(attempt, None, 0);
        let wait = schedule.delay(attempt, hint, jitter);
        prop_assert!(!plain.is_zero() && plain <= ceiling);
        prop_assert!(wait >= plain && wait <= ceiling);
        match hint {
            Some(hint) => {
                prop_assert!(wait >= hint.min(ceiling));
                prop_assert!(wait <= hint.max(plain + plain / 5));
            }
            None => prop_assert!(wait <= plain + plain / 5),
        }
        prop_assert!(schedule.delay(attempt.saturating_add(1), None, 0) >= plain, "waits never get shorter");
    }
}
