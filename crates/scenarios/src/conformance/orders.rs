use http::{HeaderMap, HeaderValue};
use zygos_core::{
    RemoteKey,
    contract::{Fetch, Transition, WebhookRejected, Write},
    model::{Entity, Order, OrderStatus, Record, Tracking},
};

use super::{Subject, Verdict, tools};

async fn order(subject: &dyn Subject, key: &RemoteKey) -> Order {
    let what = Fetch::Keys { entity: Entity::Order, keys: vec![key.clone()] };
    match tools::fetch(subject, what).await.pop() {
        Some(Record::Order(order)) => *order,
        other => panic!("the order {key} was placed and can't be read: {other:?}"),
    }
}

pub(super) async fn the_newest_order_comes_first(subject: &dyn Subject) -> Verdict {
    let mut placed = Vec::new();
    for _ in 0..3 {
        let Some(key) = subject.place_order().await else { return Verdict::Lacks };
        subject.context();
        placed.insert(0, key);
    }
    let pages = tools::scan(subject, Entity::Order).await;
    let keys: Vec<&RemoteKey> = pages[0].1.iter().map(Record::key).collect();
    assert_eq!(keys[..3], placed.iter().collect::<Vec<_>>(), "the newest order comes first");
    for record in pages.iter().flat_map(|(_, records)| records) {
        let Record::Order(order) = record else { panic!("a scan of orders gave {record:?}") };
        assert!(!order.lines.is_empty(), "orders come with their lines");
    }
    Verdict::Kept
}

pub(super) async fn a_transition_of_an_order_reads_the_state_first(subject: &dyn Subject) -> Verdict {
    let Some(key) = subject.place_order().await else { return Verdict::Lacks };
    for (to, reached) in
        [(Transition::Process, OrderStatus::Processing), (Transition::Ship, OrderStatus::Shipped)]
    {
        let write = || Write::TransitionOrder { order: key.clone(), to };
        assert!(!tools::applied(subject, write()).await.already, "{to:?} was missing");
        assert_eq!(order(subject, &key).await.status, reached);
        assert!(tools::applied(subject, write()).await.already, "a repeated {to:?} sends nothing");
    }
    let back = Write::TransitionOrder { order: key.clone(), to: Transition::Process };
    assert!(tools::applied(subject, back).await.already, "an order is never moved back");
    assert_eq!(order(subject, &key).await.status, OrderStatus::Shipped);

    let Some(key) = subject.place_order().await else { return Verdict::Lacks };
    let cancel = || Write::TransitionOrder { order: key.clone(), to: Transition::Cancel };
    tools::applied(subject, cancel()).await;
    assert!(tools::applied(subject, cancel()).await.already, "a repeated cancellation sends nothing");
    let ship = Write::TransitionOrder { order: key, to: Transition::Ship };
    tools::refusal(tools::apply(subject, ship).await, "shipping a cancelled order");
    Verdict::Kept
}

pub(super) async fn a_waybill_can_be_written_twice(subject: &dyn Subject) -> Verdict {
    let Some(key) = subject.place_order().await else { return Verdict::Lacks };
    for _ in 0..2 {
        let tracking = Tracking { number: "AWB-Ω-1".to_owned(), carrier: None, url: None };
        tools::applied(subject, Write::SetTracking { order: key.clone(), tracking }).await;
        assert_eq!(order(subject, &key).await.awb.as_deref(), Some("AWB-Ω-1"));
    }
    Verdict::Kept
}

pub(super) async fn a_tag_can_be_added_twice_and_is_there_once(subject: &dyn Subject) -> Verdict {
    let Some(key) = subject.place_order().await else { return Verdict::Lacks };
    for tag in ["ΤΙΜΟΛΟΓΙΟ 7 😀", "Factură ZY-1"] {
        for _ in 0..2 {
            tools::applied(subject, Write::AddTag { order: key.clone(), tag: tag.to_owned() }).await;
        }
    }
    let mut tags = order(subject, &key).await.tags;
    tags.sort();
    assert_eq!(tags, ["Factură ZY-1", "ΤΙΜΟΛΟΓΙΟ 7 😀"]);
    Verdict::Kept
}

pub(super) async fn a_webhook_is_believed_only_with_its_signature(subject: &dyn Subject) -> Verdict {
    let Some(key) = subject.place_order().await else { return Verdict::Lacks };
    let Some((headers, body)) = subject.webhook().await else { return Verdict::Lacks };
    let connector = subject.connector();
    let hints = connector.parse_webhook(&headers, &body).expect("a genuine webhook is believed");
    assert!(hints.iter().any(|hint| hint.key.is_none() || hint.key.as_ref() == Some(&key)), "{hints:?}");

    let bad = Err(WebhookRejected::BadSignature);
    let mut edited = body.clone();
    edited.push(b' ');
    assert_eq!(connector.parse_webhook(&headers, &edited), bad, "a changed body");
    assert_eq!(connector.parse_webhook(&HeaderMap::new(), &body), bad, "no signature");
    for nonsense in ["", "x", "AAAA", "=="] {
        let mut forged = headers.clone();
        for value in forged.values_mut() {
            *value = HeaderValue::from_static(nonsense);
        }
        assert_eq!(connector.parse_webhook(&forged, &body), bad, "a forged signature");
    }
    Verdict::Kept
}
