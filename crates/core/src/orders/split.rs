//! Orders that the store split into parts.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::{
    ids::RemoteKey,
    model::{LineKind, Order, OrderStatus, PaymentStatus},
};

/// The order that this one may be a part of: what stands before the last dot (`95700001.3` → `95700001`). The id
/// itself when it has no such suffix. The form is seen at one store vendor; a vendor that marks parts otherwise
/// tells the parent in [`Order::parent`].
pub fn root_of(id: &RemoteKey) -> RemoteKey {
    match id.as_str().rsplit_once('.') {
        Some((base, part))
            if !base.is_empty() && !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) =>
        {
            // A part of a part still belongs to the first order.
            root_of(&RemoteKey::new(base))
        }
        _ => id.clone(),
    }
}

/// What to make of an order that the store doesn't answer any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SplitVerdict {
    /// No parts were found.
    Gone,
    /// The parts hold what was ordered: they take its place.
    Repartition(Vec<RemoteKey>),
    /// There are parts, but they hold other quantities.
    Differs,
}

pub fn judge(root: &Order, children: &[Order]) -> SplitVerdict {
    if children.is_empty() {
        return SplitVerdict::Gone;
    }
    // A cancelled part was ordered too.
    if quantities([root].into_iter()) == quantities(children.iter()) {
        SplitVerdict::Repartition(children.iter().map(|child| child.id.clone()).collect())
    } else {
        SplitVerdict::Differs
    }
}

fn quantities<'a>(orders: impl Iterator<Item = &'a Order>) -> BTreeMap<Option<&'a RemoteKey>, Decimal> {
    let mut sums: BTreeMap<Option<&RemoteKey>, Decimal> = BTreeMap::new();
    for line in orders.flat_map(|order| &order.lines).filter(|line| line.kind == LineKind::Product) {
        *sums.entry(line.unit.as_ref()).or_default() += line.quantity;
    }
    sums.retain(|_, quantity| !quantity.is_zero());
    sums
}

/// The state of a whole order told by its parts: cancelled when all are, else that of the part furthest behind.
pub fn status_of_parts<'a>(parts: impl Iterator<Item = &'a OrderStatus>) -> Option<OrderStatus> {
    let mut living: Vec<&OrderStatus> = Vec::new();
    let mut any = false;
    for status in parts {
        any = true;
        if *status != OrderStatus::Cancelled {
            living.push(status);
        }
    }
    match (any, living.iter().min_by_key(|status| rank(status))) {
        (false, _) => None,
        (true, None) => Some(OrderStatus::Cancelled),
        (true, Some(status)) => Some((*status).clone()),
    }
}

/// The payment of a whole order told by its living parts: paid when all are, else that of one that isn't.
pub fn payment_of_parts<'a>(parts: impl Iterator<Item = &'a Order>) -> Option<PaymentStatus> {
    let mut payment = None;
    for part in parts.filter(|part| part.status != OrderStatus::Cancelled) {
        payment = Some(part.payment.clone());
        if part.payment != PaymentStatus::Paid {
            break;
        }
    }
    payment
}

fn rank(status: &OrderStatus) -> u8 {
    match status {
        OrderStatus::Temporary => 0,
        OrderStatus::Unknown(_) => 1,
        OrderStatus::New => 2,
        OrderStatus::Confirmed => 3,
        OrderStatus::Processing => 4,
        OrderStatus::Shipped => 5,
        OrderStatus::Delivered => 6,
        OrderStatus::Returned => 7,
        OrderStatus::Cancelled => 8,
    }
}
