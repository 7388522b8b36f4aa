//! The guard holds what would empty a shop, whatever made the plan.

use proptest::prelude::*;
use rust_decimal::Decimal;
use zygos_core::guard::{FeedShape, GuardLimits, StockChange, Weight, inspect_stock};

use crate::samples::{cases, key, whole};

fn changes(zeroed: u64, others: u64) -> Vec<StockChange> {
    (0..zeroed + others)
        .map(|number| StockChange {
            unit: key(&number.to_string()),
            sku: None,
            before: whole(5),
            after: if number < zeroed { Decimal::ZERO } else { whole(4) },
        })
        .collect()
}

#[test]
fn an_ordinary_day_is_not_held() {
    let feed = FeedShape { units_expected: 1_000, units_read: 1_000, all_zero: false };
    assert_eq!(inspect_stock(&changes(60, 300), feed, &GuardLimits::default()), []);
}

#[test]
fn products_that_were_zero_already_do_not_count_as_going_to_zero() {
    let feed = FeedShape { units_expected: 40, units_read: 40, all_zero: false };
    let mut still = changes(40, 0);
    for change in &mut still {
        change.before = Decimal::ZERO;
    }
    assert_eq!(inspect_stock(&still, feed, &GuardLimits::default()), []);
}

#[test]
fn the_finding_says_how_many_of_how_many() {
    let feed = FeedShape { units_expected: 100, units_read: 30, all_zero: false };
    let texts: Vec<String> = inspect_stock(&changes(60, 0), feed, &GuardLimits::default())
        .into_iter()
        .map(|finding| finding.text)
        .collect();
    assert_eq!(
        texts,
        ["the ERP gave figures for only 30 of 100 products", "60 of 100 products would go to zero together"]
    );
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn an_empty_short_or_all_zero_feed_zeroes_nothing_in_a_shop_of_any_size(
        expected in 11_u64..5_000,
        read in 0_u64..5_000,
        zeroed in 1_u64..60,
        all_zero in any::<bool>(),
    ) {
        let read = read.min(expected);
        let zeroed = zeroed.min(expected);
        let feed = FeedShape { units_expected: expected, units_read: read, all_zero };
        let findings = inspect_stock(&changes(zeroed, 0), feed, &GuardLimits::default());
        let held = findings.iter().any(|finding| finding.weight == Weight::Hold);
        let suspicious =
            all_zero || read * 100 < expected * 80 || (zeroed > 10 && zeroed * 100 > expected * 50);
        prop_assert_eq!(held, suspicious, "{:?}", findings);
    }

    #[test]
    fn more_going_to_zero_never_lifts_a_hold(
        expected in 1_u64..200,
        read in 0_u64..200,
        zeroed in 0_u64..100,
        more in 0_u64..100,
        others in 0_u64..50,
        all_zero in any::<bool>(),
    ) {
        let feed = FeedShape { units_expected: expected, units_read: read.min(expected), all_zero };
        let held = |zeroed| !inspect_stock(&changes(zeroed, others), feed, &GuardLimits::default()).is_empty();
        prop_assert!(!held(zeroed) || held(zeroed + more));
    }
}
