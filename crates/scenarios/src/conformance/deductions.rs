use std::collections::BTreeMap;

use rust_decimal::Decimal;
use zygos_core::{
    RemoteKey,
    contract::{Fetch, Transition},
    model::StockRow,
};

use super::{Step, Subject, Verdict, tools};

/// Asserts that every figure misses exactly what is deducted, and answers the sums: recorded, reserved, moved.
async fn balance(
    subject: &dyn Subject,
    stage: &str,
    reference: &str,
    unit: &RemoteKey,
    before: &BTreeMap<RemoteKey, StockRow>,
) -> [Decimal; 3] {
    let deducted = tools::deducted(subject, reference, unit).await;
    let now = tools::stock(subject, unit).await;
    let again = tools::deducted(subject, reference, unit).await;
    assert_eq!(deducted, again, "{stage}: nobody works on the document, so its deductions stand still");
    let mut sums = [Decimal::ZERO; 3];
    for (warehouse, row) in &now {
        let then = &before[warehouse];
        let of = deducted.get(warehouse);
        let [recorded, reserved, moved] =
            [of.map(|d| d.recorded), of.map(|d| d.reserved), of.map(|d| d.moved)]
                .map(Option::unwrap_or_default);
        for (name, figure, then, missing) in [
            ("projected", row.projected, then.projected, recorded),
            ("free", row.free, then.free, reserved),
            ("physical", row.physical, then.physical, moved),
        ] {
            assert_eq!(
                figure,
                then.map(|then| then - missing),
                "{stage}: {name} in warehouse {warehouse} was {then:?} and misses {missing}"
            );
        }
        sums[0] += recorded;
        sums[1] += reserved;
        sums[2] += moved;
    }
    sums
}

pub(super) async fn figures_miss_exactly_what_is_deducted_from_draft_to_shipped(
    subject: &dyn Subject,
) -> Verdict {
    let unit = subject.units()[2].key.clone();
    let reference = subject.unique("CONF");
    let document = subject.document(&reference, 2).expect("a document to write");
    let quantity = document.lines[0].quantity;
    let before = tools::stock(subject, &unit).await;
    assert_eq!(balance(subject, "before", &reference, &unit, &before).await, [Decimal::ZERO; 3]);
    let key = tools::create(subject, document).await;
    assert_eq!(balance(subject, "draft", &reference, &unit, &before).await, [Decimal::ZERO; 3]);
    tools::transition(subject, &key, Transition::Confirm).await.expect("a draft can be confirmed");
    let confirmed = balance(subject, "confirmed", &reference, &unit, &before).await;
    assert_eq!(confirmed[2], Decimal::ZERO, "a confirmed document has moved nothing");
    let mut last = confirmed;
    for step in [Step::Assign, Step::Pick, Step::Pack, Step::Ship] {
        if subject.step(&key, step).await.is_none() {
            return Verdict::Lacks;
        }
        last = balance(subject, &format!("after {step:?}"), &reference, &unit, &before).await;
    }
    assert_eq!(last, [quantity; 3], "what was shipped is missing from every figure");
    Verdict::Kept
}

pub(super) async fn a_cancelled_document_deducts_nothing(subject: &dyn Subject) -> Verdict {
    let unit = subject.units()[3].key.clone();
    let before = tools::stock(subject, &unit).await;
    for steps in [&[] as &[Step], &[Step::Assign], &[Step::Assign, Step::Pick]] {
        let reference = subject.unique("CONF");
        let document = subject.document(&reference, 3).expect("a document to write");
        let key = tools::create(subject, document).await;
        tools::transition(subject, &key, Transition::Confirm).await.expect("a draft can be confirmed");
        for step in steps {
            if subject.step(&key, *step).await.is_none() {
                return Verdict::Lacks;
            }
        }
        tools::transition(subject, &key, Transition::Cancel).await.expect("its goods have not left");
        let left = balance(subject, &format!("cancelled after {steps:?}"), &reference, &unit, &before).await;
        assert_eq!(left, [Decimal::ZERO; 3]);
    }
    Verdict::Kept
}

pub(super) async fn an_unknown_reference_deducts_nothing(subject: &dyn Subject) -> Verdict {
    let references = vec![subject.unique("CONF"), subject.unique("CONF")];
    let found = tools::fetch(subject, Fetch::Deductions { shop: subject.shop(), references }).await;
    assert!(found.is_empty(), "nobody deducts for a reference that nobody used: {found:?}");
    Verdict::Kept
}
