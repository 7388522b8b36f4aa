use rust_decimal::Decimal;
use zygos_core::{
    RemoteKey,
    contract::{ConnectorError, ErrorKind, Fetch, ReadMode, Transition, Write, WriteMode},
    model::{Entity, NewParty, PartyQuery, Tracking},
};

use super::{Subject, Verdict, tools};

const ENTITIES: [Entity; 7] = [
    Entity::Product,
    Entity::Stock,
    Entity::Order,
    Entity::Document,
    Entity::Deduction,
    Entity::Customer,
    Entity::Movement,
];

fn must_be_unsupported<T>(answer: Result<T, ConnectorError>, what: &str) {
    match answer {
        Ok(_) => panic!("{what} is not declared and was done all the same"),
        Err(error) => {
            assert_eq!(
                error.kind,
                ErrorKind::Unsupported,
                "{what} is not declared, which is what to answer: {error}"
            );
        }
    }
}

pub(super) async fn what_is_not_declared_answers_unsupported(subject: &dyn Subject) -> Verdict {
    let connector = subject.connector();
    let capabilities = connector.capabilities();
    for entity in ENTITIES {
        let name = entity.name();
        if !capabilities.can_scan(entity) {
            must_be_unsupported(
                connector.scan(&subject.context(), entity, None).await,
                &format!("listing {name}"),
            );
        }
        if !capabilities.can_follow(entity) {
            let answer = connector.changes(&subject.context(), entity, None).await;
            must_be_unsupported(answer, &format!("following {name}"));
        }
    }
    let key = || RemoteKey::new("999999999");
    let lookups = [
        (Entity::Product, Fetch::UnitsBySku { skus: vec!["X".to_owned()] }),
        (Entity::Stock, Fetch::Stock { units: vec![key()], warehouses: vec![key()] }),
        (Entity::Deduction, Fetch::Deductions { shop: None, references: vec!["X".to_owned()] }),
        (Entity::Document, Fetch::Documents { shop: None, references: vec!["X".to_owned()] }),
        (Entity::Customer, Fetch::Parties(PartyQuery::Code("X".to_owned()))),
        (Entity::Order, Fetch::SplitChildren { order: key() }),
        (Entity::Order, Fetch::Keys { entity: Entity::Order, keys: vec![key()] }),
        (Entity::Movement, Fetch::Keys { entity: Entity::Movement, keys: vec![key()] }),
    ];
    for (entity, lookup) in lookups.into_iter().filter(|(entity, _)| !capabilities.can_fetch(*entity)) {
        let answer = connector.fetch(&subject.context(), &lookup).await;
        must_be_unsupported(answer, &format!("the look-up of a {}", entity.name()));
    }
    let party = NewParty {
        code: "X".to_owned(),
        name: "X".to_owned(),
        email: None,
        phone: None,
        vat_number: None,
        language: None,
    };
    let tracking = Tracking { number: "X".to_owned(), carrier: None, url: None };
    let writes = [
        (Entity::Stock, WriteMode::Update, Write::SetStock { unit: key(), figure: Decimal::ONE }),
        (Entity::Customer, WriteMode::Create, Write::CreateParty(party)),
        (Entity::Document, WriteMode::Update, Write::AddDocumentLines { document: key(), lines: Vec::new() }),
        (
            Entity::Document,
            WriteMode::Transition,
            Write::TransitionDocument { document: key(), to: Transition::Confirm },
        ),
        (Entity::Order, WriteMode::Transition, Write::TransitionOrder { order: key(), to: Transition::Ship }),
        (Entity::Order, WriteMode::Tracking, Write::SetTracking { order: key(), tracking }),
        (Entity::Order, WriteMode::Tag, Write::AddTag { order: key(), tag: "X".to_owned() }),
        (Entity::Order, WriteMode::Update, Write::SetErpId { order: key(), erp_id: "X".to_owned() }),
    ];
    for (entity, mode, write) in writes {
        if !capabilities.can_write(entity, mode) {
            let what = format!("{mode:?} of a {}", entity.name());
            must_be_unsupported(tools::apply(subject, write).await, &what);
        }
    }
    for (entity, declared) in &capabilities.entities {
        let reads = declared.read.iter().any(|mode| matches!(mode, ReadMode::Scan | ReadMode::Fetch));
        assert!(!reads || declared.page_size > 0, "pages of {} need a size", entity.name());
        assert!(declared.write.is_empty() || declared.batch > 0, "writes of {} need a batch", entity.name());
    }
    Verdict::Kept
}

pub(super) async fn a_check_tells_what_is_there_and_changes_nothing(subject: &dyn Subject) -> Verdict {
    let report = subject.connector().check(&subject.context()).await.expect("the subject is in order");
    assert!(!report.product.is_empty(), "a check says what it found");
    let blocking = report.findings.iter().find(|f| f.severity == zygos_core::contract::Severity::Blocking);
    assert_eq!(blocking, None, "nothing is wrong with the subject");
    Verdict::Kept
}
