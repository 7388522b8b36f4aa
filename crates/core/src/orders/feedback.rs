//! What a store is to be told of its order, as far as it doesn't know yet.

use serde::{Deserialize, Serialize};

use crate::{
    contract::{Transition, Write},
    model::{Document, DocumentState, Order, OrderStatus, Shipment, ShipmentState, Tracking},
};

/// What a store wants to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedbackRule {
    pub status: bool,
    pub tracking: bool,
    /// "Shipped" waits for a waybill.
    pub status_needs_waybill: bool,
    /// The invoice number becomes a tag behind this word; `None`: not told.
    pub invoice_tag: Option<String>,
}

impl Default for FeedbackRule {
    fn default() -> Self {
        Self {
            status: true,
            tracking: true,
            status_needs_waybill: false,
            invoice_tag: Some("Invoice".to_owned()),
        }
    }
}

/// The writes that bring the store up to date, in the order in which they must be made: the waybill before the
/// status, because the status sends the customer a mail.
pub fn feedback(order: &Order, document: &Document, rule: &FeedbackRule) -> Vec<Write> {
    let mut writes = Vec::new();
    if order.status.is_closed() && order.status != OrderStatus::Delivered {
        return writes;
    }
    let sent: Vec<&Shipment> =
        document.shipments.iter().filter(|shipment| shipment.state == ShipmentState::Shipped).collect();
    let tracking = together(&sent);
    if rule.tracking
        && let Some(tracking) = &tracking
        && may_replace(order.awb.as_deref(), &tracking.number)
    {
        writes.push(Write::SetTracking { order: order.id.clone(), tracking: tracking.clone() });
    }
    if rule.status
        && let Some(to) =
            due_transition(order, document, &sent, rule.status_needs_waybill && tracking.is_none())
    {
        writes.push(Write::TransitionOrder { order: order.id.clone(), to });
    }
    if let Some(word) = &rule.invoice_tag {
        for number in document.invoices.iter().filter_map(|invoice| invoice.number.as_ref()) {
            let tag = format!("{word} {number}");
            if !order.tags.contains(&tag) {
                writes.push(Write::AddTag { order: order.id.clone(), tag });
            }
        }
    }
    writes
}

/// One waybill for all parcels sent so far.
fn together(sent: &[&Shipment]) -> Option<Tracking> {
    let mut parcels = sent.iter().filter_map(|shipment| shipment.tracking.as_ref());
    let first = parcels.next()?;
    let mut number = first.number.clone();
    let mut told = vec![&first.number];
    for parcel in parcels {
        if !told.contains(&&parcel.number) {
            told.push(&parcel.number);
            number.push_str(", ");
            number.push_str(&parcel.number);
        }
    }
    Some(Tracking { number, carrier: first.carrier.clone(), url: first.url.clone() })
}

/// A waybill that somebody entered in the store stays; one of ours grows by further parcels.
fn may_replace(current: Option<&str>, ours: &str) -> bool {
    current.is_none_or(|current| current.is_empty() || ours.starts_with(&format!("{current}, ")))
}

fn due_transition(
    order: &Order,
    document: &Document,
    sent: &[&Shipment],
    lacks_waybill: bool,
) -> Option<Transition> {
    let open = matches!(order.status, OrderStatus::New | OrderStatus::Confirmed | OrderStatus::Processing);
    let mut live =
        document.shipments.iter().filter(|shipment| shipment.state != ShipmentState::Cancelled).peekable();
    let all_sent = live.peek().is_some() && live.all(|shipment| shipment.state == ShipmentState::Shipped);
    if open && all_sent && !sent.is_empty() && !lacks_waybill {
        return Some(Transition::Ship);
    }
    let begun =
        matches!(document.state, DocumentState::Confirmed | DocumentState::Processing | DocumentState::Done);
    let waiting = matches!(order.status, OrderStatus::New | OrderStatus::Confirmed);
    (begun && waiting).then_some(Transition::Process)
}
