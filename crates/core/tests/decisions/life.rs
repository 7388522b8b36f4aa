//! What to do next for an order, from both sides as they are.

use proptest::prelude::*;
use rust_decimal::Decimal;
use zygos_core::{
    RemoteKey,
    model::{Document, DocumentState, Order, OrderStatus, ShipmentState},
    money::Currency,
    orders::{
        CancelWhy, HoldReason, IgnoreReason, ImportDecision, ImportWhen, NextStep, OrderProgress, OrderRule,
        OrderState, PaymentRule, Question, TotalsVerdict, compare_totals, decide_import, next_step,
        rounding_line,
    },
};

use crate::samples::{cases, cents, decimal, document, key, link, order, rule, shipment};

fn step(order: &Order, rule: &OrderRule, party: Option<&RemoteKey>, documents: &[Document]) -> NextStep {
    let decision = decide_import(order, rule, false, &link);
    next_step(&OrderProgress { order, party, documents, rule, decision: &decision })
}

fn step_with(order: &Order, documents: &[Document]) -> NextStep {
    step(order, &rule(), Some(&key("P1")), documents)
}

fn total() -> Decimal {
    order().total
}

fn cancelled() -> Order {
    Order { status: OrderStatus::Cancelled, ..order() }
}

#[test]
fn an_order_goes_from_customer_to_draft_to_sale_one_step_at_a_time() {
    let rule = rule();
    assert_eq!(step(&order(), &rule, None, &[]), NextStep::FindParty);
    assert_eq!(step_with(&order(), &[]), NextStep::CreateDocument);
    for state in [DocumentState::Draft, DocumentState::Quoted] {
        assert_eq!(
            step_with(&order(), &[document("9", state, total())]),
            NextStep::Confirm { document: key("9") }
        );
    }
    for state in [DocumentState::Confirmed, DocumentState::Processing, DocumentState::Done] {
        assert_eq!(step_with(&order(), &[document("9", state, total())]), NextStep::Rest(OrderState::Placed));
    }
    let delivered = Order { status: OrderStatus::Delivered, ..order() };
    assert_eq!(
        step_with(&delivered, &[document("9", DocumentState::Done, total())]),
        NextStep::Rest(OrderState::Closed)
    );
}

#[test]
fn a_draft_that_misses_the_total_by_a_little_gets_a_rounding_line() {
    let draft = document("9", DocumentState::Draft, decimal("115.98"));
    assert_eq!(
        step_with(&order(), std::slice::from_ref(&draft)),
        NextStep::AddRounding { document: key("9"), difference: decimal("0.02") }
    );
    let no_product = OrderRule { rounding_product: None, ..rule() };
    assert_eq!(
        step(&order(), &no_product, Some(&key("P1")), &[draft]),
        NextStep::Rest(OrderState::Held(HoldReason::TotalsDiffer { store: total(), erp: decimal("115.98") }))
    );
}

#[test]
fn a_draft_that_misses_the_total_by_more_is_held_with_both_sums() {
    let step = step_with(&order(), &[document("9", DocumentState::Draft, decimal("115.94"))]);
    let NextStep::Rest(OrderState::Held(reason)) = step else { panic!("{step:?}") };
    assert_eq!(
        reason.to_string(),
        "the customer pays 116 but the ERP computes 115.94; compare prices and taxes of its lines. Nothing was confirmed"
    );
}

#[test]
fn an_order_cancelled_before_it_was_imported_leaves_a_tombstone_and_no_document() {
    assert_eq!(
        step_with(&cancelled(), &[]),
        NextStep::Rest(OrderState::Ignored(IgnoreReason::CancelledBefore))
    );
}

#[test]
fn an_order_cancelled_in_the_store_cancels_what_has_not_left_and_asks_about_what_has() {
    let states =
        [DocumentState::Draft, DocumentState::Quoted, DocumentState::Confirmed, DocumentState::Processing];
    for state in states {
        let mut sale = document("9", state, total());
        sale.shipments =
            vec![shipment("1", ShipmentState::Picked, None), shipment("2", ShipmentState::Cancelled, None)];
        assert_eq!(
            step_with(&cancelled(), &[sale]),
            NextStep::Cancel { document: key("9"), why: CancelWhy::CancelledInStore },
            "{state:?}"
        );
    }
    let mut partly_sent = document("9", DocumentState::Processing, total());
    partly_sent.shipments =
        vec![shipment("1", ShipmentState::Planned, None), shipment("2", ShipmentState::Shipped, None)];
    for sale in [partly_sent, document("9", DocumentState::Done, total())] {
        assert_eq!(
            step_with(&cancelled(), &[sale]),
            NextStep::Ask(OrderState::Placed, Question::CancelledAfterShipment)
        );
    }
    assert_eq!(
        step_with(&cancelled(), &[document("9", DocumentState::Cancelled, total())]),
        NextStep::Rest(OrderState::Cancelled)
    );
}

#[test]
fn a_sale_cancelled_in_the_erp_is_asked_about_and_never_made_again() {
    assert_eq!(
        step_with(&order(), &[document("9", DocumentState::Cancelled, total())]),
        NextStep::Ask(OrderState::Cancelled, Question::CancelledInErp)
    );
}

#[test]
fn of_two_drafts_the_oldest_stays_whatever_the_order_of_the_answer() {
    let (old, young) =
        (document("9", DocumentState::Draft, total()), document("10", DocumentState::Draft, total()));
    for documents in [[old.clone(), young.clone()], [young.clone(), old.clone()]] {
        assert_eq!(
            step_with(&order(), &documents),
            NextStep::Cancel { document: key("10"), why: CancelWhy::Second }
        );
    }
    let cancelled = Document { state: DocumentState::Cancelled, ..young };
    assert_eq!(step_with(&order(), &[cancelled, old]), NextStep::Confirm { document: key("9") });
}

#[test]
fn two_sales_that_are_both_promised_are_a_persons_business() {
    let documents = [
        document("9", DocumentState::Confirmed, total()),
        document("10", DocumentState::Processing, total()),
    ];
    assert_eq!(
        step_with(&order(), &documents),
        NextStep::Rest(OrderState::Held(HoldReason::SeveralDocuments { count: 2 }))
    );
}

#[test]
fn an_edit_after_the_sale_was_confirmed_is_asked_about_with_both_sums() {
    let step = step_with(&order(), &[document("9", DocumentState::Confirmed, decimal("100.00"))]);
    let NextStep::Ask(OrderState::Placed, question) = step else { panic!("{step:?}") };
    assert_eq!(question.code(), "edited_after_import");
    assert_eq!(
        question.to_string(),
        "it was edited in the store after its sale was confirmed: the customer pays 116, the sale says 100; amend the \
         sale in the ERP"
    );
    assert!(Question::CODES.contains(&question.code()));
}

#[test]
fn a_draft_waits_when_its_order_is_held_again() {
    let when_paid = OrderRule {
        payment: vec![PaymentRule { method: "*".to_owned(), import: ImportWhen::WhenPaid }],
        ..rule()
    };
    let step = step(&order(), &when_paid, Some(&key("P1")), &[document("9", DocumentState::Draft, total())]);
    assert!(
        matches!(step, NextStep::Rest(OrderState::Held(HoldReason::WaitingForPayment { .. }))),
        "{step:?}"
    );
}

/// An ERP that does what it is told, sometimes twice, and whose people work on meanwhile.
struct Erp {
    documents: Vec<Document>,
    party: Option<RemoteKey>,
    /// By how many cents its sums differ from the store's.
    off_by: i64,
}

impl Erp {
    /// `twice`: the answer was lost, somebody else came in between, and the creation was made again.
    fn carry_out(&mut self, step: &NextStep, order: &Order, twice: bool) -> Result<(), TestCaseError> {
        match step {
            NextStep::Rest(_) | NextStep::Ask(..) => {}
            NextStep::FindParty => self.party = Some(key("P1")),
            NextStep::CreateDocument => {
                for _ in 0..if twice { 2 } else { 1 } {
                    let number = (8 + self.documents.len()).to_string();
                    self.documents.push(document(
                        &number,
                        DocumentState::Draft,
                        order.total - cents(self.off_by),
                    ));
                }
            }
            NextStep::AddRounding { document, difference } => {
                prop_assert!(difference.abs() <= rule().rounding_limit);
                self.named(document)?.total += *difference;
            }
            NextStep::Confirm { document } => {
                let active = self.documents.iter().filter(|d| d.state != DocumentState::Cancelled).count();
                prop_assert_eq!(active, 1, "confirmed beside a second one");
                let document = self.named(document)?;
                prop_assert_eq!(document.total, order.total, "confirmed with another total");
                prop_assert!(document.state <= DocumentState::Quoted, "confirmed twice");
                document.state = DocumentState::Confirmed;
            }
            NextStep::Cancel { document, why } => {
                let document = self.named(document)?;
                prop_assert!(document.shipments.iter().all(|s| s.state != ShipmentState::Shipped));
                match why {
                    CancelWhy::Second => prop_assert!(document.state <= DocumentState::Quoted),
                    CancelWhy::CancelledInStore => prop_assert_eq!(&order.status, &OrderStatus::Cancelled),
                }
                document.state = DocumentState::Cancelled;
            }
        }
        Ok(())
    }

    fn named(&mut self, named: &RemoteKey) -> Result<&mut Document, TestCaseError> {
        self.documents
            .iter_mut()
            .find(|document| document.key == *named)
            .ok_or_else(|| TestCaseError::fail("there is no such document"))
    }

    fn people_work(&mut self) {
        for document in &mut self.documents {
            match document.state {
                DocumentState::Confirmed => document.state = DocumentState::Processing,
                DocumentState::Processing if document.shipments.is_empty() => {
                    document.shipments.push(shipment("1", ShipmentState::Shipped, None));
                }
                DocumentState::Processing => document.state = DocumentState::Done,
                DocumentState::Draft
                | DocumentState::Quoted
                | DocumentState::Done
                | DocumentState::Cancelled => {}
            }
        }
    }
}

/// What happens between two steps.
#[derive(Clone, Copy, Debug)]
enum Meanwhile {
    Nothing,
    ErpWorks,
    StoreCancels,
    StoreEdits(i64),
    ErpCancels,
}

fn meanwhile() -> impl Strategy<Value = Meanwhile> {
    prop_oneof![
        6 => Just(Meanwhile::Nothing),
        4 => Just(Meanwhile::ErpWorks),
        1 => Just(Meanwhile::StoreCancels),
        1 => (-4_i64..400).prop_map(Meanwhile::StoreEdits),
        1 => Just(Meanwhile::ErpCancels),
    ]
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn whatever_happens_an_order_comes_to_rest_with_one_right_sale_or_a_reason(
        off_by in -8_i64..9,
        twice in any::<bool>(),
        events in prop::collection::vec(meanwhile(), 0..12),
    ) {
        let mut order = order();
        let mut erp = Erp { documents: Vec::new(), party: None, off_by };
        for event in &events {
            match event {
                Meanwhile::Nothing => {}
                Meanwhile::ErpWorks => erp.people_work(),
                Meanwhile::StoreCancels => order.status = OrderStatus::Cancelled,
                Meanwhile::StoreEdits(more) => {
                    order.lines[0].total_gross += cents(*more);
                    order.total += cents(*more);
                }
                Meanwhile::ErpCancels => {
                    if let Some(document) = erp.documents.first_mut() {
                        document.state = DocumentState::Cancelled;
                    }
                }
            }
            let next = step(&order, &rule(), erp.party.as_ref(), &erp.documents);
            erp.carry_out(&next, &order, twice)?;
        }
        // Nothing moves any more: it must come to rest, soon.
        let mut rest = None;
        for _ in 0..8 {
            let next = step(&order, &rule(), erp.party.as_ref(), &erp.documents);
            if matches!(next, NextStep::Rest(_) | NextStep::Ask(..)) {
                rest = Some(next);
                break;
            }
            erp.carry_out(&next, &order, twice)?;
        }
        let active: Vec<&Document> =
            erp.documents.iter().filter(|document| document.state != DocumentState::Cancelled).collect();
        match rest {
            None => return Err(TestCaseError::fail("it never comes to rest")),
            Some(NextStep::Rest(OrderState::Placed | OrderState::Closed)) => {
                prop_assert_eq!(active.len(), 1);
                prop_assert_eq!(active[0].total, order.total);
                prop_assert!(active[0].state > DocumentState::Quoted);
            }
            Some(NextStep::Rest(OrderState::Held(HoldReason::TotalsDiffer { store, erp }))) => {
                prop_assert!((store - erp).abs() > rule().rounding_limit);
                prop_assert!(active[0].state <= DocumentState::Quoted, "held after it was confirmed");
            }
            Some(NextStep::Rest(OrderState::Cancelled | OrderState::Ignored(IgnoreReason::CancelledBefore))) => {
                prop_assert_eq!(&order.status, &OrderStatus::Cancelled);
                prop_assert!(active.is_empty());
            }
            Some(NextStep::Ask(OrderState::Cancelled, Question::CancelledInErp)) => {
                prop_assert!(active.is_empty() && order.status != OrderStatus::Cancelled);
            }
            Some(NextStep::Ask(OrderState::Placed, Question::CancelledAfterShipment)) => {
                prop_assert!(active.len() == 1 && order.status == OrderStatus::Cancelled);
            }
            Some(NextStep::Ask(_, Question::EditedAfterImport { store, erp })) => {
                prop_assert_eq!(store, order.total);
                prop_assert!(store != erp && erp == active[0].total);
            }
            Some(other) => return Err(TestCaseError::fail(format!("came to rest at {other:?}"))),
        }
    }

    #[test]
    fn a_rounding_line_closes_the_difference_to_the_cent_and_never_more_than_allowed(
        store in -99_999_i64..99_999,
        off_by in -12_i64..13,
        limit in 0_i64..10,
        may_round in any::<bool>(),
    ) {
        let (store, erp, limit) = (cents(store), cents(store - off_by), cents(limit));
        match compare_totals(store, erp, limit, may_round) {
            TotalsVerdict::Equal => prop_assert_eq!(store, erp),
            TotalsVerdict::Rounding { difference } => {
                prop_assert!(may_round && difference.abs() <= limit);
                let line = rounding_line(&rule(), difference);
                let Some(line) = line else { return Err(TestCaseError::fail("no line")) };
                prop_assert_eq!(erp + line.total_gross, store);
                prop_assert_eq!(erp + line.quantity * line.unit_price_net, store);
                prop_assert!(line.taxes.is_empty());
            }
            TotalsVerdict::Mismatch { store: told, erp: computed } => {
                prop_assert_eq!((told, computed), (store, erp));
                prop_assert!(!may_round || (store - erp).abs() > limit);
            }
        }
    }
}

#[test]
fn there_is_no_rounding_line_without_a_product_for_it() {
    assert_eq!(rounding_line(&OrderRule { rounding_product: None, ..rule() }, cents(1)), None);
}

#[test]
fn an_order_that_is_not_to_be_imported_is_never_made_in_the_erp() {
    let decisions = [
        ImportDecision::Ignore(IgnoreReason::BeforeGoLive),
        ImportDecision::Ignore(IgnoreReason::PartOfSplit),
        ImportDecision::Hold(HoldReason::NoLines),
    ];
    for decision in decisions {
        for party in [None, Some(&key("P1"))] {
            let next = next_step(&OrderProgress {
                order: &order(),
                party,
                documents: &[],
                rule: &rule(),
                decision: &decision,
            });
            assert!(matches!(next, NextStep::Rest(OrderState::Held(_) | OrderState::Ignored(_))), "{next:?}");
        }
    }
}

#[test]
fn an_order_in_a_foreign_currency_that_somebody_entered_by_hand_is_at_rest() {
    let foreign = Order { currency: Currency::parse("HUF").unwrap(), total: decimal("9000"), ..order() };
    let by_hand = document("9", DocumentState::Confirmed, total());
    assert_eq!(step_with(&foreign, &[by_hand]), NextStep::Rest(OrderState::Placed));
    let draft = document("9", DocumentState::Draft, total());
    assert!(matches!(
        step_with(&foreign, &[draft]),
        NextStep::Rest(OrderState::Held(HoldReason::ForeignCurrency { .. }))
    ));
}
