//! Calls that must succeed, in few words.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use zygos_core::{
    RemoteKey,
    contract::{Applied, Checkpoint, ConnectorError, Fetch, Outcome, Transition, Write},
    model::{Deduction, Document, Entity, NewDocument, Record, StockRow},
};

use super::Subject;

pub(super) async fn fetch(subject: &dyn Subject, what: Fetch) -> Vec<Record> {
    let items = subject.connector().fetch(&subject.context(), &what).await;
    let items = items.unwrap_or_else(|error| panic!("the look-up {what:?} failed: {error}"));
    items
        .into_iter()
        .map(|item| {
            item.unwrap_or_else(|unreadable| panic!("the look-up {what:?} gave an unreadable: {unreadable}"))
        })
        .collect()
}

pub(super) async fn apply(subject: &dyn Subject, write: Write) -> Outcome {
    let mut outcomes = subject.connector().apply(&subject.context(), &[write]).await;
    assert_eq!(outcomes.len(), 1, "one write has one outcome");
    outcomes.remove(0)
}

pub(super) async fn applied(subject: &dyn Subject, write: Write) -> Applied {
    let what = format!("{write:?}");
    apply(subject, write).await.unwrap_or_else(|error| panic!("{what} failed: {error}"))
}

/// The document that a write answered with.
pub(super) fn document_of(applied: &Applied) -> &Document {
    match &applied.record {
        Some(Record::Document(document)) => document,
        other => panic!("a write to a document must answer with the document read back, not with {other:?}"),
    }
}

pub(super) async fn create(subject: &dyn Subject, new: NewDocument) -> RemoteKey {
    let applied = applied(subject, Write::CreateDocument(Box::new(new))).await;
    applied.key.expect("creating a document answers its key")
}

pub(super) async fn transition(subject: &dyn Subject, document: &RemoteKey, to: Transition) -> Outcome {
    apply(subject, Write::TransitionDocument { document: document.clone(), to }).await
}

pub(super) fn documents(subject: &dyn Subject, reference: &str) -> Fetch {
    Fetch::Documents { shop: subject.shop(), references: vec![reference.to_owned()] }
}

/// Figures by warehouse.
pub(super) async fn stock(subject: &dyn Subject, unit: &RemoteKey) -> BTreeMap<RemoteKey, StockRow> {
    let what = Fetch::Stock { units: vec![unit.clone()], warehouses: subject.warehouses() };
    let rows = fetch(subject, what).await;
    rows.into_iter()
        .map(|record| match record {
            Record::Stock(row) => (row.warehouse.clone(), row),
            other => panic!("a look-up of stock gave {other:?}"),
        })
        .collect()
}

/// What is deducted in all warehouses together: recorded, reserved, moved.
pub(super) async fn deducted(
    subject: &dyn Subject,
    reference: &str,
    unit: &RemoteKey,
) -> BTreeMap<RemoteKey, Deduction> {
    let what = Fetch::Deductions { shop: subject.shop(), references: vec![reference.to_owned()] };
    let mut sums: BTreeMap<RemoteKey, Deduction> = BTreeMap::new();
    for record in fetch(subject, what).await {
        let Record::Deduction(deduction) = record else { panic!("a look-up of deductions gave {record:?}") };
        assert_eq!(deduction.reference, reference, "a deduction of another reference was given");
        if &deduction.unit != unit {
            continue;
        }
        let none = Deduction {
            recorded: Decimal::ZERO,
            reserved: Decimal::ZERO,
            moved: Decimal::ZERO,
            ..deduction.clone()
        };
        let sum = sums.entry(deduction.warehouse.clone()).or_insert(none);
        sum.recorded += deduction.recorded;
        sum.reserved += deduction.reserved;
        sum.moved += deduction.moved;
    }
    sums
}

/// Everything of a scan: the records and the checkpoint that each page was read from.
pub(super) async fn scan(subject: &dyn Subject, entity: Entity) -> Vec<(Option<Checkpoint>, Vec<Record>)> {
    let mut pages = Vec::new();
    let mut asked: BTreeSet<String> = BTreeSet::new();
    let mut from: Option<Checkpoint> = None;
    let mut total = None;
    loop {
        let page = subject.connector().scan(&subject.context(), entity, from.as_ref()).await;
        let page =
            page.unwrap_or_else(|error| panic!("a page of the scan of {} failed: {error}", entity.name()));
        assert_eq!(page.more, page.next.is_some(), "`more` of a scan says whether there is a next page");
        total = page.total.or(total);
        let records =
            page.items.into_iter().map(|item| item.expect("every record of the subject can be read"));
        pages.push((from, records.collect()));
        let Some(next) = page.next else { break };
        assert!(asked.insert(next.0.clone()), "a scan must not come back to a page it had: {next:?}");
        from = Some(next);
    }
    if let Some(total) = total {
        // Variants may come as units of their own beside the records that the side counts.
        let read: usize = pages.iter().map(|(_, records): &(_, Vec<Record>)| records.len()).sum();
        assert!(
            u64::try_from(read).unwrap_or(u64::MAX) >= total,
            "the side says that there are {total} records, the scan gave {read}"
        );
    }
    pages
}

/// What a feed tells until nothing more waits, and where it then stands.
pub(super) async fn follow(
    subject: &dyn Subject,
    entity: Entity,
    since: Option<&Checkpoint>,
) -> (Vec<Record>, Checkpoint) {
    let mut records = Vec::new();
    let mut at = since.cloned();
    for _ in 0..1_000 {
        let page = subject.connector().changes(&subject.context(), entity, at.as_ref()).await;
        let page = page.unwrap_or_else(|error| panic!("the feed of {} failed: {error}", entity.name()));
        records.extend(
            page.items.into_iter().map(|item| item.expect("every record of the subject can be read")),
        );
        let next = page.next.expect("a feed always says where to go on");
        if !page.more {
            return (records, next);
        }
        assert_ne!(Some(&next), at.as_ref(), "a feed that says that more is waiting must move its cursor");
        at = Some(next);
    }
    panic!("the feed of {} has no end", entity.name());
}

/// The error that a write must have met.
pub(super) fn refusal(outcome: Outcome, what: &str) -> ConnectorError {
    match outcome {
        Ok(_) => panic!("{what} must be refused"),
        Err(error) => error,
    }
}
