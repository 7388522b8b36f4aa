use futures_util::future::join;
use rust_decimal::Decimal;
use zygos_core::{
    RemoteKey,
    contract::{ErrorKind, Fetch, Transition, Write},
    model::{Document, DocumentLine, DocumentState, NewDocument, NewParty, Record},
};

use super::{Step, Subject, Verdict, tools};

/// A sound document with a reference of its own.
fn new(subject: &dyn Subject, unit: usize) -> NewDocument {
    let reference = subject.unique("CONF");
    subject.document(&reference, unit).expect("a subject whose connector writes documents has one to write")
}

async fn found(subject: &dyn Subject, reference: &str) -> Vec<Document> {
    let records = tools::fetch(subject, tools::documents(subject, reference)).await;
    records
        .into_iter()
        .map(|record| match record {
            Record::Document(document) => *document,
            other => panic!("a look-up of documents gave {other:?}"),
        })
        .collect()
}

pub(super) async fn creating_never_confirms(subject: &dyn Subject) -> Verdict {
    let new = new(subject, 0);
    let applied = tools::applied(subject, Write::CreateDocument(Box::new(new.clone()))).await;
    let document = tools::document_of(&applied);
    assert!(document.state < DocumentState::Confirmed, "creating must not confirm: {:?}", document.state);
    assert_eq!(applied.key.as_ref(), Some(&document.key), "the key of what was created");
    assert_eq!(document.reference, new.reference, "it carries the order reference");
    assert!(document.shipments.is_empty(), "a draft plans no shipment");
    assert!(!applied.already, "it was not there before");
    Verdict::Kept
}

pub(super) async fn totals_are_the_customers_before_anything_is_promised(subject: &dyn Subject) -> Verdict {
    let new = new(subject, 0);
    let paid: Decimal = new.lines.iter().map(|line| line.total_gross).sum();
    let applied = tools::applied(subject, Write::CreateDocument(Box::new(new))).await;
    let document = tools::document_of(&applied);
    assert_eq!(document.total, paid, "the draft shows the total that the customer paid");
    assert_eq!(document.untaxed + document.tax, document.total, "net and tax are the total");
    Verdict::Kept
}

pub(super) async fn a_document_is_found_by_its_reference(subject: &dyn Subject) -> Verdict {
    let new = new(subject, 0);
    assert!(found(subject, &new.reference).await.is_empty(), "a reference that nobody used finds nothing");
    let reference = new.reference.clone();
    let key = tools::create(subject, new).await;
    let documents = found(subject, &reference).await;
    let keys: Vec<_> = documents.iter().map(|document| &document.key).collect();
    assert_eq!(keys, [&key], "a lost create is found by its reference");
    Verdict::Kept
}

pub(super) async fn a_document_that_names_an_order_is_a_candidate_until_it_is_cancelled(
    subject: &dyn Subject,
) -> Verdict {
    let new = new(subject, 0);
    let (shop, reference) = (new.shop.clone(), new.reference.clone());
    let key = tools::create(subject, new).await;
    let order = RemoteKey::new(reference.strip_prefix("CONF").unwrap_or(&reference));
    let candidates = || async {
        let fetch = Fetch::Candidates { shop: shop.clone(), order: order.clone() };
        let records = tools::fetch(subject, fetch).await;
        records.iter().map(|record| record.key().clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        candidates().await.as_slice(),
        std::slice::from_ref(&key),
        "the order's id is a part of what the document says"
    );
    let cancel = Write::TransitionDocument { document: key, to: Transition::Cancel };
    tools::applied(subject, cancel).await;
    assert!(candidates().await.is_empty(), "nobody is asked about what is cancelled");
    Verdict::Kept
}

pub(super) async fn the_same_reference_twice_gives_one_document(subject: &dyn Subject) -> Verdict {
    let new = new(subject, 0);
    let write = || Write::CreateDocument(Box::new(new.clone()));
    // At once and one after the other.
    let (first, second) = join(tools::applied(subject, write()), tools::applied(subject, write())).await;
    let third = tools::applied(subject, write()).await;
    assert!(third.already, "creating it again says that it was there");
    assert_eq!(
        (&first.key, &second.key),
        (&third.key, &third.key),
        "every attempt answers the same document"
    );
    assert_eq!(found(subject, &new.reference).await.len(), 1, "there is one document of the reference");
    Verdict::Kept
}

pub(super) async fn a_transition_reads_the_state_first(subject: &dyn Subject) -> Verdict {
    let key = tools::create(subject, new(subject, 1)).await;
    let confirmed =
        tools::transition(subject, &key, Transition::Confirm).await.expect("a draft can be confirmed");
    assert!(!confirmed.already, "it was a draft");
    let state = tools::document_of(&confirmed).state;
    assert!(
        matches!(state, DocumentState::Confirmed | DocumentState::Processing | DocumentState::Done),
        "confirming leads on: {state:?}"
    );
    let again =
        tools::transition(subject, &key, Transition::Confirm).await.expect("asking again is no error");
    assert!(again.already, "a repeated transition sends nothing");
    let nowhere = tools::transition(subject, &"999999999".into(), Transition::Confirm).await;
    let error = tools::refusal(nowhere, "confirming a document that does not exist");
    assert_eq!(error.kind, ErrorKind::NotFound, "{error}");
    tools::transition(subject, &key, Transition::Cancel).await.expect("its goods have not left");
    Verdict::Kept
}

pub(super) async fn a_document_is_cancelled_at_every_stage_before_the_goods_leave(
    subject: &dyn Subject,
) -> Verdict {
    let stages: [&[Step]; 3] = [&[], &[Step::Assign], &[Step::Assign, Step::Pick]];
    let mut documents = vec![tools::create(subject, new(subject, 1)).await];
    for steps in stages {
        let key = tools::create(subject, new(subject, 1)).await;
        tools::transition(subject, &key, Transition::Confirm).await.expect("a draft can be confirmed");
        for step in steps {
            if subject.step(&key, *step).await.is_none() {
                return Verdict::Lacks;
            }
        }
        documents.push(key);
    }
    for key in documents {
        let cancelled = tools::transition(subject, &key, Transition::Cancel).await;
        let cancelled = cancelled.unwrap_or_else(|error| panic!("{key} could not be cancelled: {error}"));
        assert_eq!(tools::document_of(&cancelled).state, DocumentState::Cancelled);
        let again =
            tools::transition(subject, &key, Transition::Cancel).await.expect("asking again is no error");
        assert!(again.already, "a repeated cancellation sends nothing");
        let confirm = tools::transition(subject, &key, Transition::Confirm).await;
        let error = tools::refusal(confirm, "confirming a cancelled document");
        assert!(matches!(error.kind, ErrorKind::Conflict | ErrorKind::Rejected { .. }), "{error}");
    }
    let key = tools::create(subject, new(subject, 1)).await;
    tools::transition(subject, &key, Transition::Confirm).await.expect("a draft can be confirmed");
    for step in [Step::Assign, Step::Pick, Step::Pack, Step::Ship] {
        if subject.step(&key, step).await.is_none() {
            return Verdict::Lacks;
        }
    }
    let cancel = tools::transition(subject, &key, Transition::Cancel).await;
    let error = tools::refusal(cancel, "cancelling what was shipped");
    assert!(matches!(error.kind, ErrorKind::Conflict | ErrorKind::Rejected { .. }), "{error}");
    Verdict::Kept
}

pub(super) async fn lines_can_be_added_until_it_is_confirmed(subject: &dyn Subject) -> Verdict {
    let new = new(subject, 0);
    let line = DocumentLine { quantity: Decimal::ONE, ..new.lines[0].clone() };
    let key = tools::create(subject, new.clone()).await;
    let write = || Write::AddDocumentLines { document: key.clone(), lines: vec![line.clone()] };
    let added = tools::applied(subject, write()).await;
    let document = tools::document_of(&added);
    let paid: Decimal = new.lines.iter().map(|line| line.total_gross).sum();
    assert!(
        document.total > paid,
        "the added line is in the answer's total: {} after {paid}",
        document.total
    );
    assert!(document.state < DocumentState::Confirmed, "adding a line must not confirm");
    tools::transition(subject, &key, Transition::Confirm).await.expect("a draft can be confirmed");
    let error = tools::refusal(tools::apply(subject, write()).await, "adding a line to a confirmed document");
    assert!(matches!(error.kind, ErrorKind::Conflict | ErrorKind::Rejected { .. }), "{error}");
    tools::transition(subject, &key, Transition::Cancel).await.expect("its goods have not left");
    Verdict::Kept
}

pub(super) async fn a_refused_write_names_the_field_and_no_person(subject: &dyn Subject) -> Verdict {
    let Some(spoiled) = subject.spoiled(new(subject, 0)) else { return Verdict::Lacks };
    let personal = [spoiled.billing.name.clone(), spoiled.billing.street.clone(), spoiled.reference.clone()];
    let outcome = tools::apply(subject, Write::CreateDocument(Box::new(spoiled))).await;
    let error = tools::refusal(outcome, "a document with a mistake");
    let ErrorKind::Rejected { field: Some(field) } = &error.kind else {
        panic!("a refusal names the field: {error:?}")
    };
    assert!(!field.is_empty() && !error.message.is_empty(), "a refusal says what is wrong");
    for text in personal.iter().filter(|text| !text.is_empty()) {
        assert!(!error.message.contains(text.as_str()), "a refusal tells of no person: {error}");
    }
    Verdict::Kept
}

pub(super) async fn a_wrong_record_delays_only_itself(subject: &dyn Subject) -> Verdict {
    let Some(spoiled) = subject.spoiled(new(subject, 0)) else { return Verdict::Lacks };
    let batch: Vec<Write> = [new(subject, 0), spoiled, new(subject, 0)]
        .into_iter()
        .map(|document| Write::CreateDocument(Box::new(document)))
        .collect();
    let outcomes = subject.connector().apply(&subject.context(), &batch).await;
    let went: Vec<bool> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(went, [true, false, true], "one outcome per write, in order: {outcomes:?}");
    Verdict::Kept
}

pub(super) async fn texts_of_any_script_and_length_are_taken(subject: &dyn Subject) -> Verdict {
    let capabilities = subject.connector().capabilities();
    let lengths =
        |entity| capabilities.entity(entity).map(|entity| entity.lengths.clone()).unwrap_or_default();
    let limits = lengths(zygos_core::model::Entity::Document);
    let fitted = |field: &str, text: &str| -> String {
        let limit = limits.get(field).map_or(300, |limit| (*limit).min(300));
        text.chars().cycle().take(usize::try_from(limit).unwrap_or(300)).collect()
    };
    let mut document = new(subject, 0);
    document.billing.name = "ΑΓΓΕΛΙΚΗ ΠΑΠΑΔΟΠΟΥΛΟΥ 😀".to_owned();
    document.billing.street = fitted("street", "Λεωφόρος Ελευθερίας, Șoseaua Ștefan \"cel Mare\" ");
    document.shipping.street = fitted("street", "ул. Граф Игнатиев & <вход> ");
    document.note = Some(fitted("note", "Σας παρακαλώ, sunați înainte 🎁\n"));
    document.lines[0].description = fitted("description", "Κούπα καφέ – cană ");
    let reference = document.reference.clone();
    tools::applied(subject, Write::CreateDocument(Box::new(document))).await;
    if capabilities.can_fetch(zygos_core::model::Entity::Document) {
        assert_eq!(found(subject, &reference).await.len(), 1, "it is there");
    }
    if capabilities.can_write(zygos_core::model::Entity::Customer, zygos_core::contract::WriteMode::Create) {
        let code = subject.unique("CONF-C");
        let name = "ΑΓΓΕΛΙΚΗ Œuvre & Söhne <\"quoted\"> 😀";
        let party = NewParty {
            code: code.clone(),
            name: name.to_owned(),
            email: None,
            phone: None,
            vat_number: None,
            language: None,
        };
        tools::applied(subject, Write::CreateParty(party)).await;
        let by_code = Fetch::Parties(zygos_core::model::PartyQuery::Code(code));
        let read = tools::fetch(subject, by_code).await;
        let [Record::Customer(party)] = read.as_slice() else {
            panic!("one customer has the code: {read:?}")
        };
        assert_eq!(party.name, name, "a name comes back letter by letter");
    }
    Verdict::Kept
}
