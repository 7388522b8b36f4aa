//! A second pair of eyes on a plan. It knows nothing of how the plan was made.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    catalogue::FieldChange,
    contract::Side,
    ids::RemoteKey,
    model::{Field, Value},
};

/// From where on a plan waits for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardLimits {
    /// So many units going to zero together, or prices going to zero or jumping, are always fine.
    pub zeroed_free: u32,
    /// Percent of the units looked at that may go to zero together, or whose prices may.
    pub zeroed_percent: u32,
    /// Percent of the units expected that the ERP's answer must cover.
    pub feed_percent: u32,
    /// So many figures and new orders may be written in one run; no limit when `None`.
    pub writes_per_run: Option<u32>,
    /// So many units may always be taken off sale together.
    pub archived_free: u32,
    /// Percent of a side's units that may be taken off sale together.
    pub archived_percent: u32,
    /// So many products may always have the same field written together.
    pub changed_free: u32,
    /// Percent of a side's products that may have the same field written together.
    pub changed_percent: u32,
}

impl Default for GuardLimits {
    fn default() -> Self {
        Self {
            zeroed_free: 10,
            zeroed_percent: 50,
            feed_percent: 80,
            writes_per_run: None,
            archived_free: 10,
            archived_percent: 10,
            changed_free: 50,
            changed_percent: 50,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockChange {
    pub unit: RemoteKey,
    pub sku: Option<String>,
    pub before: Decimal,
    pub after: Decimal,
}

/// How much of what was asked for the ERP answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedShape {
    pub units_expected: u64,
    pub units_read: u64,
    /// Every figure that came is zero.
    pub all_zero: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    Note,
    /// Nothing of it is written until a person agrees.
    Hold,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GuardFinding {
    pub weight: Weight,
    pub text: String,
}

/// Looks at what is about to be written to one store.
pub fn inspect_stock(changes: &[StockChange], feed: FeedShape, limits: &GuardLimits) -> Vec<GuardFinding> {
    let mut findings = Vec::new();
    let free = u64::from(limits.zeroed_free);
    let zeroed = changes
        .iter()
        .filter(|change| change.after <= Decimal::ZERO && change.before > Decimal::ZERO)
        .count();
    let zeroed = u64::try_from(zeroed).unwrap_or(u64::MAX);
    let mut hold = |text: String| findings.push(GuardFinding { weight: Weight::Hold, text });
    if feed.units_expected > free {
        if feed.units_read == 0 {
            hold(format!("the ERP gave no figure for any of {} products", feed.units_expected));
        } else if feed.units_read * 100 < feed.units_expected * u64::from(limits.feed_percent) {
            hold(format!(
                "the ERP gave figures for only {} of {} products",
                feed.units_read, feed.units_expected
            ));
        }
        if feed.all_zero && zeroed > 0 {
            hold(format!("every figure that the ERP gave is zero ({} products)", feed.units_read));
        }
    }
    if zeroed > free && zeroed * 100 > feed.units_expected.max(1) * u64::from(limits.zeroed_percent) {
        hold(format!("{zeroed} of {} products would go to zero together", feed.units_expected));
    }
    findings
}

/// Looks at what went to zero in a store within an hour, a few at a time: each few alone would pass.
pub fn inspect_pace(zeroed: u64, units_in_store: u64, limits: &GuardLimits) -> Option<GuardFinding> {
    let too_many = zeroed > u64::from(limits.zeroed_free)
        && zeroed * 100 > units_in_store.max(1) * u64::from(limits.zeroed_percent);
    too_many.then(|| GuardFinding {
        weight: Weight::Hold,
        text: format!(
            "{zeroed} of the store's {units_in_store} products would have gone to zero within an hour"
        ),
    })
}

/// Looks at paired units that are gone from a side together: their other halves would be taken off sale.
pub fn inspect_gone(gone: u64, units_on_side: u64, limits: &GuardLimits) -> Option<GuardFinding> {
    let too_many = gone > u64::from(limits.archived_free)
        && gone * 100 > units_on_side.max(1) * u64::from(limits.archived_percent);
    too_many.then(|| GuardFinding {
        weight: Weight::Hold,
        text: format!("{gone} of {units_on_side} products are gone together"),
    })
}

/// Looks at how much one run wants to write, what it has written included. What is beyond the limit is held.
pub fn inspect_run(wanted: u64, limits: &GuardLimits) -> Option<GuardFinding> {
    let most = limits.writes_per_run?;
    (wanted > u64::from(most)).then(|| GuardFinding {
        weight: Weight::Hold,
        text: format!("this run wants to write more than the {most} figures and new orders that one run may"),
    })
}

/// What is held of the writes to a side's catalogue: all changes of this field there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CatalogueFinding {
    pub side: Side,
    pub field: Field,
    pub weight: Weight,
    pub text: String,
}

/// How much a side has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatalogueSize {
    pub products: u64,
    pub units: u64,
}

/// Looks at all that is about to be written to the products of one side. Changes that a person is asked about anyway
/// count too: many of them at once have one cause.
pub fn inspect_catalogue(
    side: Side,
    changes: &[FieldChange],
    size: CatalogueSize,
    limits: &GuardLimits,
) -> Vec<CatalogueFinding> {
    let whose = match side {
        Side::Store => "the store's",
        Side::Erp => "the ERP's",
    };
    let is_over = |count: u64, of: u64, free: u32, percent: u32| {
        count > u64::from(free) && u128::from(count) * 100 > u128::from(of.max(1)) * u128::from(percent)
    };
    let mut findings = Vec::new();
    let mut hold = |field: Field, text: String| {
        findings.push(CatalogueFinding { side, field, weight: Weight::Hold, text });
    };
    for field in Field::ALL {
        // What is written as it is, only to go along with something else, is no change.
        let of_field: Vec<&FieldChange> = changes
            .iter()
            .filter(|change| change.to == side && change.field == field && change.before != change.after)
            .collect();
        let count = |wanted: &dyn Fn(&FieldChange) -> bool| -> u64 {
            of_field.iter().filter(|change| wanted(change)).count().try_into().unwrap_or(u64::MAX)
        };
        let archived = count(&|change| field == Field::Active && change.after == Value::Flag(false));
        let doubtful = count(&|change| field == Field::Price && change.hold.is_some());
        let all = count(&|_| true);
        let (of, what) = if field.is_of_unit() { (size.units, "units") } else { (size.products, "products") };
        if is_over(archived, size.units, limits.archived_free, limits.archived_percent) {
            hold(
                field,
                format!("{archived} of {whose} {} units would be taken off sale together", size.units),
            );
        } else if is_over(doubtful, size.units, limits.zeroed_free, limits.zeroed_percent) {
            hold(
                field,
                format!("{doubtful} of {whose} {} prices would go to zero or jump together", size.units),
            );
        } else if is_over(all, of, limits.changed_free, limits.changed_percent) {
            hold(
                field,
                format!("the {} of {all} of {whose} {of} {what} would change together", field.words()),
            );
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zeroing(count: u32) -> Vec<StockChange> {
        (0..count)
            .map(|n| StockChange {
                unit: RemoteKey::new(n.to_string()),
                sku: None,
                before: Decimal::TEN,
                after: Decimal::ZERO,
            })
            .collect()
    }

    #[test]
    fn a_few_products_may_sell_out_together() {
        let feed = FeedShape { units_expected: 10, units_read: 10, all_zero: true };
        assert_eq!(inspect_stock(&zeroing(10), feed, &GuardLimits::default()), []);
    }

    #[test]
    fn an_all_zero_feed_zeroes_nothing() {
        let feed = FeedShape { units_expected: 11, units_read: 11, all_zero: true };
        let findings = inspect_stock(&zeroing(1), feed, &GuardLimits::default());
        assert!(findings.iter().all(|finding| finding.weight == Weight::Hold) && !findings.is_empty());
    }

    #[test]
    fn half_the_shop_going_to_zero_waits() {
        let feed = FeedShape { units_expected: 40, units_read: 40, all_zero: false };
        assert_eq!(inspect_stock(&zeroing(20), feed, &GuardLimits::default()), []);
        assert_eq!(inspect_stock(&zeroing(21), feed, &GuardLimits::default()).len(), 1);
    }

    #[test]
    fn half_the_shop_going_to_zero_a_few_at_a_time_waits() {
        assert_eq!(inspect_pace(20, 40, &GuardLimits::default()), None);
        assert_eq!(
            inspect_pace(21, 40, &GuardLimits::default()).map(|found| found.weight),
            Some(Weight::Hold)
        );
        assert_eq!(inspect_pace(10, 10, &GuardLimits::default()), None);
    }

    #[test]
    fn a_run_that_writes_more_than_it_may_waits() {
        let limits = GuardLimits { writes_per_run: Some(3), ..GuardLimits::default() };
        assert_eq!(inspect_run(3, &limits), None);
        assert_eq!(inspect_run(4, &limits).map(|found| found.weight), Some(Weight::Hold));
        assert_eq!(inspect_run(u64::MAX, &GuardLimits::default()), None);
    }

    #[test]
    fn a_feed_that_shrank_waits() {
        let feed = FeedShape { units_expected: 100, units_read: 79, all_zero: false };
        assert_eq!(inspect_stock(&[], feed, &GuardLimits::default()).len(), 1);
        let nothing = FeedShape { units_expected: 100, units_read: 0, all_zero: false };
        assert_eq!(inspect_stock(&[], nothing, &GuardLimits::default()).len(), 1);
    }
}
