//! Why a figure is not what it should be.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftCause {
    /// The store's figure moved and no order explains it.
    EditedByHand,
    /// A write of ours was never seen to land.
    LostWrite,
    /// What looked like a hand edit was an order that the store showed later than its effect.
    MissedOrder,
    /// The store did nothing; what it should show moved. Not a drift but everyday work.
    TargetMoved,
    /// Both were never equal before.
    FirstMeeting,
}

impl DriftCause {
    pub fn code(self) -> &'static str {
        match self {
            Self::EditedByHand => "edited_by_hand",
            Self::LostWrite => "lost_write",
            Self::MissedOrder => "missed_order",
            Self::TargetMoved => "target_moved",
            Self::FirstMeeting => "first_meeting",
        }
    }

    pub fn text(self) -> &'static str {
        match self {
            Self::EditedByHand => "it was changed in the store and no order explains it",
            Self::MissedOrder => "an order that the store showed too late explains it",
            Self::LostWrite => "what Zygos wrote last never arrived",
            Self::TargetMoved => "what it should show has changed",
            Self::FirstMeeting => "it was never compared before",
        }
    }

    /// Something went wrong or somebody interfered, as against the world going on.
    pub fn is_drift(self) -> bool {
        matches!(self, Self::EditedByHand | Self::LostWrite | Self::MissedOrder)
    }
}

/// What is known about a figure that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriftEvidence {
    /// The store's figure as read.
    pub is: Decimal,
    /// What it was when both sides last agreed, less the store's own orders since; `None` before the first time.
    pub last_agreed: Option<Decimal>,
    /// What was written last without a known outcome.
    pub unsettled_write: Option<Decimal>,
}

pub fn classify(evidence: &DriftEvidence) -> DriftCause {
    match (evidence.last_agreed, evidence.unsettled_write) {
        (Some(agreed), _) if agreed == evidence.is && evidence.unsettled_write.is_some() => {
            DriftCause::LostWrite
        }
        (Some(agreed), _) if agreed == evidence.is => DriftCause::TargetMoved,
        (_, Some(written)) if written == evidence.is => DriftCause::TargetMoved,
        (None, _) => DriftCause::FirstMeeting,
        (Some(_), _) => DriftCause::EditedByHand,
    }
}
