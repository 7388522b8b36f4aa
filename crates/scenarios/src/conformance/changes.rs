use zygos_core::{
    RemoteKey,
    contract::Transition,
    model::{DocumentState, Entity, Record, ShipmentState},
};

use super::{Step, Subject, Verdict, tools};

fn documents_called(records: &[Record], key: &RemoteKey) -> Vec<DocumentState> {
    let state = |record: &Record| match record {
        Record::Document(document) if &document.key == key => Some(document.state),
        _ => None,
    };
    records.iter().filter_map(state).collect()
}

pub(super) async fn a_feed_of_documents_misses_no_step(subject: &dyn Subject) -> Verdict {
    let (_, begun) = tools::follow(subject, Entity::Document, None).await;
    let reference = subject.unique("CONF");
    let key = tools::create(subject, subject.document(&reference, 1).expect("a document to write")).await;
    let (told, drafted) = tools::follow(subject, Entity::Document, Some(&begun)).await;
    assert_eq!(documents_called(&told, &key), [DocumentState::Draft], "a new document comes once");

    tools::transition(subject, &key, Transition::Confirm).await.expect("a draft can be confirmed");
    let (told, confirmed) = tools::follow(subject, Entity::Document, Some(&drafted)).await;
    let states = documents_called(&told, &key);
    assert!(
        states.iter().all(|state| *state >= DocumentState::Confirmed) && !states.is_empty(),
        "{states:?}"
    );
    // Whoever lost what came after a stored cursor reads it again from there.
    let (again, _) = tools::follow(subject, Entity::Document, Some(&begun)).await;
    assert_eq!(documents_called(&again, &key).len(), 1, "a cursor gives the same again");
    let (idle, _) = tools::follow(subject, Entity::Document, Some(&confirmed)).await;
    assert!(idle.len() <= told.len(), "without changes only the overlap comes");

    let mut at = confirmed;
    for step in [Step::Assign, Step::Pick, Step::Pack, Step::Ship] {
        if subject.step(&key, step).await.is_none() {
            return Verdict::Lacks;
        }
        let (told, next) = tools::follow(subject, Entity::Document, Some(&at)).await;
        let mut mine = told.iter().filter_map(|record| match record {
            Record::Document(document) if document.key == key => Some(document),
            _ => None,
        });
        let document = mine.next().unwrap_or_else(|| panic!("{step:?} of its shipment brings the document"));
        if step == Step::Ship {
            assert!(document.shipments.iter().all(|shipment| shipment.state == ShipmentState::Shipped));
        }
        at = next;
    }
    Verdict::Kept
}

pub(super) async fn a_feed_of_movements_names_the_units_that_moved(subject: &dyn Subject) -> Verdict {
    let unit = subject.units()[1].key.clone();
    let (_, begun) = tools::follow(subject, Entity::Movement, None).await;
    let reference = subject.unique("CONF");
    let key = tools::create(subject, subject.document(&reference, 1).expect("a document to write")).await;
    tools::transition(subject, &key, Transition::Confirm).await.expect("a draft can be confirmed");
    let (told, confirmed) = tools::follow(subject, Entity::Movement, Some(&begun)).await;
    let first = &subject.warehouses()[0];
    let leaves = |record: &Record| {
        matches!(record, Record::Movement(movement)
        if movement.unit == unit && movement.from_warehouse.as_ref() == Some(first) && movement.to_warehouse.is_none())
    };
    assert!(told.iter().any(leaves), "a planned delivery is a movement out of its warehouse: {told:?}");
    if subject.step(&key, Step::Assign).await.is_none() {
        return Verdict::Lacks;
    }
    let (told, _) = tools::follow(subject, Entity::Movement, Some(&confirmed)).await;
    let mine = |record: &Record| matches!(record, Record::Movement(movement) if movement.unit == unit);
    assert!(told.iter().any(mine), "a reservation changes a movement of the unit");
    tools::transition(subject, &key, Transition::Cancel).await.expect("its goods have not left");
    Verdict::Kept
}

pub(super) async fn a_feed_of_products_tells_of_edits(subject: &dyn Subject) -> Verdict {
    let unit = subject.units()[0].key.clone();
    let (_, begun) = tools::follow(subject, Entity::Product, None).await;
    if subject.edit_unit(&unit).await.is_none() {
        return Verdict::Lacks;
    }
    let (told, next) = tools::follow(subject, Entity::Product, Some(&begun)).await;
    assert!(told.iter().any(|record| record.key() == &unit), "an edited unit comes");
    subject.edit_unit(&unit).await;
    let (told, _) = tools::follow(subject, Entity::Product, Some(&next)).await;
    assert!(told.iter().any(|record| record.key() == &unit), "edited again, it comes again");
    Verdict::Kept
}
