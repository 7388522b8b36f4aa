use futures_util::future::join;
use zygos_core::{
    RemoteKey,
    contract::{Fetch, Write},
    model::{NewParty, PartyQuery, Record},
};

use super::{Subject, Verdict, tools};

fn new(subject: &dyn Subject) -> NewParty {
    let code = subject.unique("CONF-C");
    NewParty {
        email: Some(format!("{}_x@example.com", code.to_lowercase())),
        phone: Some(code.clone()),
        vat_number: Some(format!("RO {code}")),
        name: "Ana Exemplu".to_owned(),
        language: Some("ro_RO".to_owned()),
        code,
    }
}

async fn create(subject: &dyn Subject, party: &NewParty) -> RemoteKey {
    tools::applied(subject, Write::CreateParty(party.clone()))
        .await
        .key
        .expect("creating a customer answers its key")
}

async fn found(subject: &dyn Subject, query: PartyQuery) -> Vec<RemoteKey> {
    let records = tools::fetch(subject, Fetch::Parties(query)).await;
    records
        .into_iter()
        .map(|record| match record {
            Record::Customer(party) => party.key,
            other => panic!("a look-up of customers gave {other:?}"),
        })
        .collect()
}

pub(super) async fn the_same_customer_twice_is_one_party(subject: &dyn Subject) -> Verdict {
    let party = new(subject);
    let (first, second) = join(create(subject, &party), create(subject, &party)).await;
    let third = tools::applied(subject, Write::CreateParty(party)).await;
    assert!(third.already, "creating it again says that it was there");
    assert_eq!((Some(&first), Some(&second)), (third.key.as_ref(), third.key.as_ref()));
    Verdict::Kept
}

pub(super) async fn a_customer_is_found_by_everything_known_of_it(subject: &dyn Subject) -> Verdict {
    let party = new(subject);
    let queries = [
        PartyQuery::Code(party.code.clone()),
        PartyQuery::Email(party.email.clone().expect("it has one")),
        PartyQuery::Phone(party.phone.clone().expect("it has one")),
        PartyQuery::VatNumber(party.vat_number.clone().expect("it has one")),
    ];
    for query in &queries {
        assert!(found(subject, query.clone()).await.is_empty(), "nobody has it yet: {query:?}");
    }
    let key = create(subject, &party).await;
    for query in queries {
        assert_eq!(found(subject, query.clone()).await, std::slice::from_ref(&key), "found by {query:?}");
    }
    let other = format!("{}.x@example.com", party.code.to_lowercase());
    assert!(found(subject, PartyQuery::Email(other)).await.is_empty(), "`_` is a letter and no pattern");
    Verdict::Kept
}

pub(super) async fn a_mistyped_number_does_not_lose_the_customer(subject: &dyn Subject) -> Verdict {
    let mut party = new(subject);
    // Check digits don't fit.
    party.vat_number = Some("RO123".to_owned());
    let key = create(subject, &party).await;
    assert_eq!(found(subject, PartyQuery::Code(party.code)).await, [key]);
    Verdict::Kept
}
