//! What a store is told of its order: only what it doesn't know, the waybill before the status.

use proptest::prelude::*;
use zygos_core::{
    contract::{Transition, Write},
    model::{Document, DocumentState, Invoice, Order, OrderStatus, ShipmentState},
    orders::{FeedbackRule, feedback::feedback},
};

use crate::samples::{cases, document, key, order, shipment};

fn sent(waybills: &[Option<&str>]) -> Document {
    let mut sale = document("9", DocumentState::Processing, order().total);
    sale.shipments = waybills
        .iter()
        .enumerate()
        .map(|(number, waybill)| shipment(&number.to_string(), ShipmentState::Shipped, *waybill))
        .collect();
    sale
}

fn told(order: &Order, document: &Document) -> Vec<Write> {
    feedback(order, document, &FeedbackRule::default())
}

fn transition(to: Transition) -> Write {
    Write::TransitionOrder { order: order().id, to }
}

fn waybill_of(writes: &[Write]) -> Option<&str> {
    writes.iter().find_map(|write| match write {
        Write::SetTracking { tracking, .. } => Some(tracking.number.as_str()),
        _ => None,
    })
}

#[test]
fn the_waybill_goes_before_the_status_and_the_invoice_follows() {
    let mut sale = sent(&[Some("AWB1")]);
    sale.invoices = vec![Invoice { key: key("I1"), number: Some("F-12".to_owned()), date: None }];
    let writes = told(&order(), &sale);
    assert!(matches!(writes[0], Write::SetTracking { .. }), "{writes:?}");
    assert_eq!(
        writes[1..],
        [transition(Transition::Ship), Write::AddTag { order: order().id, tag: "Invoice F-12".to_owned() }]
    );
}

#[test]
fn an_order_begun_in_the_erp_is_processed_once_and_a_draft_tells_nothing() {
    for state in [DocumentState::Confirmed, DocumentState::Processing, DocumentState::Done] {
        assert_eq!(
            told(&order(), &document("9", state, order().total)),
            [transition(Transition::Process)],
            "{state:?}"
        );
    }
    for state in [DocumentState::Draft, DocumentState::Quoted, DocumentState::Cancelled] {
        assert_eq!(told(&order(), &document("9", state, order().total)), [], "{state:?}");
    }
    let begun = Order { status: OrderStatus::Processing, ..order() };
    assert_eq!(told(&begun, &document("9", DocumentState::Processing, order().total)), []);
}

#[test]
fn an_order_is_shipped_only_when_every_parcel_that_is_not_cancelled_has_left() {
    let begun = Order { status: OrderStatus::Processing, ..order() };
    let mut sale = sent(&[Some("AWB1")]);
    sale.shipments.push(shipment("open", ShipmentState::Picked, None));
    let writes = told(&begun, &sale);
    assert_eq!((writes.len(), waybill_of(&writes)), (1, Some("AWB1")), "{writes:?}");
    sale.shipments[1].state = ShipmentState::Cancelled;
    assert_eq!(told(&begun, &sale).last(), Some(&transition(Transition::Ship)));
    // All cancelled is not shipped.
    sale.shipments[0].state = ShipmentState::Cancelled;
    assert_eq!(told(&begun, &sale), []);
}

#[test]
fn where_shipping_needs_a_waybill_the_status_waits_for_it() {
    let rule = FeedbackRule { status_needs_waybill: true, ..FeedbackRule::default() };
    let begun = Order { status: OrderStatus::Processing, ..order() };
    assert_eq!(feedback(&begun, &sent(&[None]), &rule), []);
    assert_eq!(feedback(&begun, &sent(&[Some("AWB1")]), &rule).last(), Some(&transition(Transition::Ship)));
}

#[test]
fn all_waybills_are_told_and_ours_grows_but_a_strangers_stays() {
    assert_eq!(waybill_of(&told(&order(), &sent(&[Some("AWB1"), Some("AWB2")]))), Some("AWB1, AWB2"));
    assert_eq!(waybill_of(&told(&order(), &sent(&[Some("AWB1"), Some("AWB1")]))), Some("AWB1"));
    let knows = |awb: &str| Order { awb: Some(awb.to_owned()), ..order() };
    assert_eq!(waybill_of(&told(&knows("AWB1"), &sent(&[Some("AWB1"), Some("AWB2")]))), Some("AWB1, AWB2"));
    assert_eq!(waybill_of(&told(&knows("BY HAND"), &sent(&[Some("AWB1")]))), None);
    assert_eq!(waybill_of(&told(&knows("AWB1"), &sent(&[Some("AWB1")]))), None);
    assert_eq!(waybill_of(&told(&knows(""), &sent(&[Some("AWB1")]))), Some("AWB1"));
}

#[test]
fn a_cancelled_or_returned_order_is_told_nothing_and_a_delivered_one_its_invoice() {
    let mut sale = sent(&[Some("AWB1")]);
    sale.invoices = vec![Invoice { key: key("I1"), number: Some("F-12".to_owned()), date: None }];
    for status in [OrderStatus::Cancelled, OrderStatus::Returned] {
        assert_eq!(told(&Order { status, ..order() }, &sale), []);
    }
    let delivered = Order { status: OrderStatus::Delivered, awb: Some("AWB1".to_owned()), ..order() };
    assert_eq!(
        told(&delivered, &sale),
        [Write::AddTag { order: order().id, tag: "Invoice F-12".to_owned() }]
    );
}

#[test]
fn an_invoice_without_a_number_is_not_told() {
    let mut sale = document("9", DocumentState::Draft, order().total);
    sale.invoices = vec![Invoice { key: key("I1"), number: None, date: None }];
    assert_eq!(told(&order(), &sale), []);
}

/// The store does as it is told.
fn obey(order: &mut Order, write: &Write) -> Result<(), TestCaseError> {
    match write {
        Write::SetTracking { tracking, .. } => order.awb = Some(tracking.number.clone()),
        Write::AddTag { tag, .. } => order.tags.push(tag.clone()),
        Write::TransitionOrder { to: Transition::Process, .. } => order.status = OrderStatus::Processing,
        Write::TransitionOrder { to: Transition::Ship, .. } => order.status = OrderStatus::Shipped,
        other => return Err(TestCaseError::fail(format!("{other:?}"))),
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn once_told_there_is_nothing_left_to_tell(
        status in prop::sample::select(vec![
            OrderStatus::New, OrderStatus::Confirmed, OrderStatus::Processing, OrderStatus::Shipped,
            OrderStatus::Delivered, OrderStatus::Returned, OrderStatus::Cancelled,
        ]),
        state in prop::sample::select(vec![
            DocumentState::Draft, DocumentState::Confirmed, DocumentState::Processing, DocumentState::Done,
        ]),
        parcels in prop::collection::vec((
            prop::sample::select(vec![ShipmentState::Planned, ShipmentState::Shipped, ShipmentState::Cancelled]),
            prop::option::of(prop::sample::select(vec!["AWB1", "AWB2", "AWB3"])),
        ), 0..4),
        invoices in prop::collection::vec(prop::option::of(prop::sample::select(vec!["F-1", "F-2"])), 0..3),
        awb in prop::option::of(prop::sample::select(vec!["AWB1", "BY HAND"])),
        rule in (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()),
    ) {
        let mut order = Order { status, awb: awb.map(str::to_owned), ..order() };
        let mut sale = document("9", state, order.total);
        sale.shipments = parcels
            .iter()
            .enumerate()
            .map(|(number, (state, waybill))| shipment(&number.to_string(), *state, *waybill))
            .collect();
        sale.invoices = invoices
            .iter()
            .enumerate()
            .map(|(number, told)| Invoice {
                key: key(&number.to_string()),
                number: told.map(str::to_owned),
                date: None,
            })
            .collect();
        let rule = FeedbackRule {
            status: rule.0,
            tracking: rule.1,
            status_needs_waybill: rule.2,
            invoice_tag: rule.3.then(|| "Invoice".to_owned()),
        };
        let writes = feedback(&order, &sale, &rule);
        let place = |wanted: fn(&Write) -> bool| writes.iter().position(wanted);
        if let (Some(waybill), Some(status)) = (
            place(|write| matches!(write, Write::SetTracking { .. })),
            place(|write| matches!(write, Write::TransitionOrder { .. })),
        ) {
            prop_assert!(waybill < status);
        }
        let moves_status = writes.iter().any(|write| matches!(write, Write::TransitionOrder { .. }));
        prop_assert!(rule.status || !moves_status);
        prop_assert!(rule.tracking || waybill_of(&writes).is_none());
        prop_assert!(writes.iter().all(Write::is_idempotent));
        for write in &writes {
            obey(&mut order, write)?;
        }
        prop_assert_eq!(feedback(&order, &sale, &rule), []);
    }
}
