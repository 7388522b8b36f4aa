//! Whether figures can be matched with the ledger: the deductions must not move while the figures are read.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::{ids::RemoteKey, model::Deduction};

type Total = (Decimal, Decimal, Decimal);

/// The units whose deductions differ between two reads. A figure that was read between them may or may not miss
/// the difference, so it decides nothing.
pub fn moved_between(before: &[Deduction], after: &[Deduction]) -> BTreeSet<RemoteKey> {
    let before = totals(before);
    let after = totals(after);
    before
        .keys()
        .chain(after.keys())
        .filter(|key| before.get(*key) != after.get(*key))
        .map(|(unit, _, _)| (*unit).clone())
        .collect()
}

fn totals(deductions: &[Deduction]) -> BTreeMap<(&RemoteKey, &str, &RemoteKey), Total> {
    let mut totals: BTreeMap<_, Total> = BTreeMap::new();
    for deduction in deductions {
        if deduction.recorded.is_zero() && deduction.reserved.is_zero() && deduction.moved.is_zero() {
            continue;
        }
        let total = totals
            .entry((&deduction.unit, deduction.reference.as_str(), &deduction.warehouse))
            .or_insert((Decimal::ZERO, Decimal::ZERO, Decimal::ZERO));
        total.0 += deduction.recorded;
        total.1 += deduction.reserved;
        total.2 += deduction.moved;
    }
    totals
}
