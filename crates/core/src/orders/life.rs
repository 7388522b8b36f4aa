use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    HoldReason, IgnoreReason, ImportDecision, OrderRule,
    totals::{TotalsVerdict, compare_totals},
};
use crate::{
    ids::RemoteKey,
    model::{Document, DocumentState, Order, OrderStatus, ShipmentState},
    money::plain,
};

/// How far Zygos has brought an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    Seen,
    Held(HoldReason),
    /// Everything is known and the document is about to be made.
    Ready,
    /// In the ERP as a draft; nothing is promised.
    Drafted,
    /// The draft's total is what the customer pays.
    Checked,
    /// Confirmed in the ERP.
    Placed,
    Ignored(IgnoreReason),
    /// Cancelled on both sides.
    Cancelled,
    /// Both sides are through with it.
    Closed,
}

impl OrderState {
    /// Short word for filtering and listing.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Held(_) => "held",
            Self::Ready => "ready",
            Self::Drafted => "drafted",
            Self::Checked => "checked",
            Self::Placed => "placed",
            Self::Ignored(_) => "ignored",
            Self::Cancelled => "cancelled",
            Self::Closed => "closed",
        }
    }
}

/// Both sides of one order, as just read.
#[derive(Clone, Copy, Debug)]
pub struct OrderProgress<'a> {
    pub order: &'a Order,
    pub party: Option<&'a RemoteKey>,
    /// All that carry the order's reference.
    pub documents: &'a [Document],
    pub rule: &'a OrderRule,
    pub decision: &'a ImportDecision,
}

/// The one thing to do next for an order. Each is a step of its own; after it both sides are looked at again.
#[derive(Clone, Debug, PartialEq)]
pub enum NextStep {
    /// Nothing now. This is how it stands.
    Rest(OrderState),
    /// As `Rest`, and a person should look.
    Ask(OrderState, Question),
    FindParty,
    CreateDocument,
    AddRounding {
        document: RemoteKey,
        difference: Decimal,
    },
    Confirm {
        document: RemoteKey,
    },
    Cancel {
        document: RemoteKey,
        why: CancelWhy,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelWhy {
    CancelledInStore,
    /// A second document of the same order, found before it was confirmed.
    Second,
}

/// What a person is asked about an order that goes on living.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    CancelledAfterShipment,
    CancelledInErp,
    EditedAfterImport { store: Decimal, erp: Decimal },
}

impl Question {
    pub fn code(&self) -> &'static str {
        match self {
            Self::CancelledAfterShipment => "cancelled_after_shipment",
            Self::CancelledInErp => "cancelled_in_erp",
            Self::EditedAfterImport { .. } => "edited_after_import",
        }
    }

    /// Every code, for closing those that no longer apply.
    pub const CODES: [&'static str; 3] =
        ["cancelled_after_shipment", "cancelled_in_erp", "edited_after_import"];
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CancelledAfterShipment => f.write_str(
                "it was cancelled in the store, but the ERP has already shipped it; take the goods back or set the order \
                 to shipped again",
            ),
            Self::CancelledInErp => f.write_str(
                "its sale was cancelled in the ERP, but the order lives on in the store; cancel it there, or enter a new \
                 sale by hand",
            ),
            Self::EditedAfterImport { store, erp } => write!(
                f,
                "it was edited in the store after its sale was confirmed: the customer pays {}, the sale says {}; amend \
                 the sale in the ERP",
                plain(*store),
                plain(*erp)
            ),
        }
    }
}

/// What to do next for one order: from both sides as they are, never from what was planned before.
pub fn next_step(progress: &OrderProgress<'_>) -> NextStep {
    let mut active: Vec<&Document> =
        progress.documents.iter().filter(|document| document.state != DocumentState::Cancelled).collect();
    // The oldest stays: the same one for everybody who looks.
    active.sort_by_key(|document| (document.key.as_str().len(), document.key.clone()));
    let second = active.iter().skip(1).find(|document| document.state <= DocumentState::Quoted);
    match (active.as_slice(), second) {
        ([], _) => without_document(progress),
        ([only], _) => with_document(progress, only),
        (_, Some(second)) => NextStep::Cancel { document: second.key.clone(), why: CancelWhy::Second },
        (several, None) => {
            NextStep::Rest(OrderState::Held(HoldReason::SeveralDocuments { count: several.len() }))
        }
    }
}

fn without_document(progress: &OrderProgress<'_>) -> NextStep {
    let was_cancelled_there = !progress.documents.is_empty();
    if was_cancelled_there {
        return if progress.order.status == OrderStatus::Cancelled {
            NextStep::Rest(OrderState::Cancelled)
        } else {
            NextStep::Ask(OrderState::Cancelled, Question::CancelledInErp)
        };
    }
    match progress.decision {
        ImportDecision::Ignore(reason) => NextStep::Rest(OrderState::Ignored(*reason)),
        ImportDecision::Hold(reason) => NextStep::Rest(OrderState::Held(reason.clone())),
        ImportDecision::Import(_) if progress.party.is_none() => NextStep::FindParty,
        ImportDecision::Import(_) => NextStep::CreateDocument,
    }
}

fn with_document(progress: &OrderProgress<'_>, document: &Document) -> NextStep {
    let order = progress.order;
    if order.status == OrderStatus::Cancelled {
        let shipped = document.shipments.iter().any(|shipment| shipment.state == ShipmentState::Shipped);
        return if shipped || document.state == DocumentState::Done {
            NextStep::Ask(OrderState::Placed, Question::CancelledAfterShipment)
        } else {
            NextStep::Cancel { document: document.key.clone(), why: CancelWhy::CancelledInStore }
        };
    }
    if let (ImportDecision::Hold(HoldReason::ForeignCurrency { .. }), true) =
        (progress.decision, document.state > DocumentState::Quoted)
    {
        // Entered by hand in the books' own currency: amounts of two currencies are not compared.
        return NextStep::Rest(placed(order, document));
    }
    let may_round = progress.rule.rounding_product.is_some();
    let totals = compare_totals(order.total, document.total, progress.rule.rounding_limit, may_round);
    if document.state <= DocumentState::Quoted {
        return match (totals, progress.decision) {
            // Whose draft it is nobody knows yet: a person says so first.
            (_, ImportDecision::Ignore(IgnoreReason::BeforeGoLive)) => {
                NextStep::Rest(OrderState::Ignored(IgnoreReason::BeforeGoLive))
            }
            (_, ImportDecision::Hold(reason)) => NextStep::Rest(OrderState::Held(reason.clone())),
            (TotalsVerdict::Equal, _) => NextStep::Confirm { document: document.key.clone() },
            (TotalsVerdict::Rounding { difference }, _) => {
                NextStep::AddRounding { document: document.key.clone(), difference }
            }
            (TotalsVerdict::Mismatch { store, erp }, _) => {
                NextStep::Rest(OrderState::Held(HoldReason::TotalsDiffer { store, erp }))
            }
        };
    }
    let state = placed(order, document);
    match totals {
        TotalsVerdict::Equal => NextStep::Rest(state),
        TotalsVerdict::Rounding { .. } | TotalsVerdict::Mismatch { .. } => {
            NextStep::Ask(state, Question::EditedAfterImport { store: order.total, erp: document.total })
        }
    }
}

fn placed(order: &Order, document: &Document) -> OrderState {
    if document.state == DocumentState::Done && order.status.is_closed() {
        OrderState::Closed
    } else {
        OrderState::Placed
    }
}
