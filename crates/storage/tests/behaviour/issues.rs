use zygos_storage::{Drift, Issue, Mutation, Repository};

use crate::support::{at, close_drift, close_issue, drift, erp, issue, key, keys, other_store, store};

crate::behaviours![
    an_open_issue_is_renewed_not_doubled,
    a_closed_issue_stays_and_a_new_one_may_be_opened,
    closing_what_is_not_open_does_nothing,
    an_open_drift_is_renewed_not_doubled,
    a_corrected_drift_stays_and_a_new_one_may_be_opened,
    drifts_are_listed_newest_first,
    each_field_of_a_unit_may_drift,
    open_drifts_come_in_the_order_of_their_units_then_by_field,
];

async fn an_open_issue_is_renewed_not_doubled(repository: &dyn Repository) {
    let again = Issue {
        text: "it still waits".to_owned(),
        choices: vec!["cancel".to_owned()],
        opened_at: at(5),
        ..issue("1")
    };
    repository
        .commit(vec![Mutation::OpenIssue(issue("1")), Mutation::OpenIssue(again.clone())])
        .await
        .unwrap();
    let expected = Issue { id: 1, opened_at: at(1), ..again };
    assert_eq!(repository.issues(true).await.unwrap(), std::slice::from_ref(&expected));
    assert_eq!(repository.issue(1).await.unwrap(), Some(expected.clone()));
    assert_eq!(repository.issue(2).await.unwrap(), None);
    assert_eq!(repository.open_issue(&store(), "held", "1").await.unwrap(), Some(expected));
    assert_eq!(repository.open_issue(&erp(), "held", "1").await.unwrap(), None);
    assert_eq!(repository.open_issue(&store(), "guard", "1").await.unwrap(), None);
    assert_eq!(repository.open_issue(&store(), "held", "2").await.unwrap(), None);
}

async fn a_closed_issue_stays_and_a_new_one_may_be_opened(repository: &dyn Repository) {
    repository
        .commit(vec![
            Mutation::OpenIssue(issue("1")),
            close_issue("1", at(9)),
            Mutation::OpenIssue(issue("2")),
            Mutation::OpenIssue(issue("1")),
        ])
        .await
        .unwrap();
    let closed = Issue { id: 1, closed_at: Some(at(9)), answer: Some("import".to_owned()), ..issue("1") };
    let (second, third) = (Issue { id: 2, ..issue("2") }, Issue { id: 3, ..issue("1") });
    assert_eq!(repository.issues(false).await.unwrap(), [second.clone(), third.clone()]);
    assert_eq!(repository.issues(true).await.unwrap(), [closed, second, third.clone()]);
    assert_eq!(repository.open_issue(&store(), "held", "1").await.unwrap(), Some(third));
}

async fn closing_what_is_not_open_does_nothing(repository: &dyn Repository) {
    let nothing = vec![close_issue("1", at(9)), close_drift("a", "stock", at(9))];
    repository.commit(nothing).await.unwrap();
    repository.commit(vec![Mutation::OpenIssue(issue("1")), close_issue("1", at(9))]).await.unwrap();
    repository.commit(vec![close_issue("1", at(99))]).await.unwrap();
    assert_eq!(repository.issue(1).await.unwrap().unwrap().closed_at, Some(at(9)));
    assert_eq!(repository.drifts(None, 10).await.unwrap(), []);
}

async fn an_open_drift_is_renewed_not_doubled(repository: &dyn Repository) {
    let again = Drift {
        should: "4.5".to_owned(),
        cause: "lost_write".to_owned(),
        sku: None,
        found_at: at(7),
        ..drift("a", "-1.000001")
    };
    repository
        .commit(vec![Mutation::OpenDrift(drift("a", "9")), Mutation::OpenDrift(again.clone())])
        .await
        .unwrap();
    let expected = Drift { id: 1, found_at: at(1), ..again };
    assert_eq!(repository.open_drift(&store(), &key("a"), "stock").await.unwrap(), Some(expected.clone()));
    assert_eq!(repository.drifts(None, 10).await.unwrap(), [expected]);
    assert_eq!(repository.open_drift(&other_store(), &key("a"), "stock").await.unwrap(), None);
}

async fn a_corrected_drift_stays_and_a_new_one_may_be_opened(repository: &dyn Repository) {
    let open = Mutation::OpenDrift(drift("a", "9"));
    repository.commit(vec![open, close_drift("a", "stock", at(8))]).await.unwrap();
    assert_eq!(repository.open_drift(&store(), &key("a"), "stock").await.unwrap(), None);
    repository.commit(vec![Mutation::OpenDrift(drift("a", "8"))]).await.unwrap();
    let corrected = Drift { id: 1, corrected_at: Some(at(8)), ..drift("a", "9") };
    assert_eq!(repository.drifts(None, 10).await.unwrap(), [Drift { id: 2, ..drift("a", "8") }, corrected]);
}

async fn drifts_are_listed_newest_first(repository: &dyn Repository) {
    let elsewhere = Drift { store: other_store(), ..drift("c", "1") };
    let put = [drift("a", "1"), elsewhere, drift("b", "1")].map(Mutation::OpenDrift);
    repository.commit(put.to_vec()).await.unwrap();
    let ids = |drifts: Vec<Drift>| drifts.into_iter().map(|drift| drift.id).collect::<Vec<_>>();
    assert_eq!(ids(repository.drifts(None, 10).await.unwrap()), [3, 2, 1]);
    assert_eq!(ids(repository.drifts(None, 1).await.unwrap()), [3]);
    assert_eq!(ids(repository.drifts(Some(&store()), 10).await.unwrap()), [3, 1]);
}

fn drift_of(unit: &str, field: &str) -> Drift {
    Drift { field: field.to_owned(), ..drift(unit, "as it is") }
}

async fn each_field_of_a_unit_may_drift(repository: &dyn Repository) {
    let put = ["stock", "price", "stock"].map(|field| Mutation::OpenDrift(drift_of("a", field)));
    repository.commit(put.to_vec()).await.unwrap();
    let (stock, price) =
        (Drift { id: 1, ..drift_of("a", "stock") }, Drift { id: 2, ..drift_of("a", "price") });
    assert_eq!(repository.drifts(None, 10).await.unwrap(), [price.clone(), stock.clone()]);

    repository.commit(vec![close_drift("a", "price", at(9))]).await.unwrap();
    for (field, expected) in [("price", None), ("stock", Some(stock)), ("name", None)] {
        assert_eq!(repository.open_drift(&store(), &key("a"), field).await.unwrap(), expected, "{field}");
    }
}

async fn open_drifts_come_in_the_order_of_their_units_then_by_field(repository: &dyn Repository) {
    let elsewhere = Drift { store: other_store(), ..drift_of("b", "ean") };
    let put = [drift_of("a", "stock"), drift_of("b", "stock"), drift_of("b", "name"), drift_of("c", "price")];
    let put = put.into_iter().chain([drift_of("b", "price"), elsewhere]).map(Mutation::OpenDrift);
    repository.commit(put.chain([close_drift("b", "price", at(9))]).collect()).await.unwrap();
    let open = repository.open_drifts(&store(), &keys(&["b", "nobody", "a", "b"])).await.unwrap();
    let told: Vec<_> = open.iter().map(|drift| (drift.unit.as_str(), drift.field.as_str())).collect();
    assert_eq!(told, [("b", "name"), ("b", "stock"), ("a", "stock")]);
    assert_eq!(repository.open_drifts(&store(), &[]).await.unwrap(), []);
    assert_eq!(repository.open_drifts(&erp(), &keys(&["a", "b"])).await.unwrap(), []);
}
