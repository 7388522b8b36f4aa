use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::ConnectorError;
use crate::{
    ids::RemoteKey,
    model::{DocumentLine, NewDocument, NewParty, Record, Tracking},
};

/// One write. What a merchant wants is decided before; a connector only carries it out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Write {
    /// Sets the store's one figure of a unit. Absolute.
    SetStock {
        unit: RemoteKey,
        figure: Decimal,
    },
    CreateParty(NewParty),
    /// Makes a draft. Answers with its key, state and totals.
    CreateDocument(Box<NewDocument>),
    /// Adds lines to a draft (the rounding line). Answers with the new totals.
    AddDocumentLines {
        document: RemoteKey,
        lines: Vec<DocumentLine>,
    },
    /// Moves a document on; reads its state first and presses only what is missing.
    TransitionDocument {
        document: RemoteKey,
        to: Transition,
    },
    /// Moves a store's order on; reads its state first and asks only for what is missing.
    TransitionOrder {
        order: RemoteKey,
        to: Transition,
    },
    /// Writes a waybill onto a store's order.
    SetTracking {
        order: RemoteKey,
        tracking: Tracking,
    },
    /// Leaves a short text on a store's order where its staff sees it. Adding one that is there succeeds.
    AddTag {
        order: RemoteKey,
        tag: String,
    },
    /// Leaves the ERP's mark on a store's order.
    SetErpId {
        order: RemoteKey,
        erp_id: String,
    },
}

impl Write {
    /// Doing it twice leaves the same as doing it once, whatever the other side enforces.
    pub fn is_idempotent(&self) -> bool {
        match self {
            Self::SetStock { .. }
            | Self::TransitionDocument { .. }
            | Self::TransitionOrder { .. }
            | Self::SetTracking { .. }
            | Self::AddTag { .. }
            | Self::SetErpId { .. } => true,
            Self::CreateParty(_) | Self::CreateDocument(_) | Self::AddDocumentLines { .. } => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transition {
    Confirm,
    Process,
    Ship,
    Deliver,
    Cancel,
}

impl Transition {
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Process => "process",
            Self::Ship => "ship",
            Self::Deliver => "deliver",
            Self::Cancel => "cancel",
        }
    }
}

/// What a write left, as read back from the answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// The key of what was created.
    pub key: Option<RemoteKey>,
    /// The record as the side now has it, where the answer shows it. The first read-back.
    pub record: Option<Record>,
    /// Nothing had to be sent: it already was so.
    pub already: bool,
}

pub type Outcome = Result<Applied, ConnectorError>;
