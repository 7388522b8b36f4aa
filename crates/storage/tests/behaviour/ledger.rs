use zygos_storage::{LedgerRow, Mutation, Repository};

use crate::support::{at, key, keys, ledger_row, micros_after, number, other_store, put_ledger, store};

crate::behaviours![
    the_ledger_of_an_order_is_replaced,
    the_ledger_is_found_by_unit_order_and_whole,
    ledger_rows_are_exact,
    what_was_proven_later_stays,
    a_proof_changes_only_what_the_erp_tells,
    a_proof_of_a_row_that_is_gone_is_dropped,
];

async fn the_ledger_of_an_order_is_replaced(repository: &dyn Repository) {
    let first = vec![ledger_row("1", "A", "3"), ledger_row("1", "B", "1")];
    repository.commit(vec![put_ledger("1", first.clone())]).await.unwrap();
    assert_eq!(repository.ledger_of_order(&store(), &key("1")).await.unwrap(), first);
    let second = vec![ledger_row("1", "B", "5"), ledger_row("1", "C", "1")];
    repository.commit(vec![put_ledger("1", second.clone())]).await.unwrap();
    assert_eq!(repository.ledger_of_order(&store(), &key("1")).await.unwrap(), second);
    assert_eq!(repository.ledger(&keys(&["A"])).await.unwrap(), []);
    repository.commit(vec![put_ledger("1", Vec::new())]).await.unwrap();
    assert_eq!(repository.whole_ledger().await.unwrap(), []);
}

async fn the_ledger_is_found_by_unit_order_and_whole(repository: &dyn Repository) {
    let elsewhere = LedgerRow { store: other_store(), ..ledger_row("1", "A", "9") };
    let (a1, b1, a2) = (ledger_row("1", "A", "1"), ledger_row("1", "B", "2"), ledger_row("2", "A", "3"));
    repository
        .commit(vec![
            put_ledger("2", vec![a2.clone()]),
            put_ledger("1", vec![b1.clone(), a1.clone()]),
            Mutation::PutLedger { store: other_store(), order: key("1"), rows: vec![elsewhere.clone()] },
        ])
        .await
        .unwrap();
    let by_unit = repository.ledger(&keys(&["B", "A", "A", "Z"])).await.unwrap();
    assert_eq!(by_unit, [elsewhere.clone(), a1.clone(), a2.clone(), b1.clone()]);
    assert_eq!(repository.ledger_of_order(&store(), &key("1")).await.unwrap(), [a1.clone(), b1.clone()]);
    assert_eq!(repository.whole_ledger().await.unwrap(), [elsewhere, a1, b1, a2]);
    assert_eq!(repository.ledger(&[]).await.unwrap(), []);
}

async fn ledger_rows_are_exact(repository: &dyn Repository) {
    let row = LedgerRow {
        warehouse: Some(key("W")),
        recorded: number("0.333333"),
        reserved: number("-0.000001"),
        moved: number("9999999999999999999999.999999"),
        proven_at: Some(micros_after(at(3), 1)),
        entered_at: micros_after(at(2), 999_999),
        undecided: true,
        ..ledger_row("1", "A", "2.500000")
    };
    repository.commit(vec![put_ledger("1", vec![row.clone()])]).await.unwrap();
    let stored = repository.whole_ledger().await.unwrap();
    assert_eq!(stored, [row]);
    assert_eq!(stored[0].quantity.to_string(), "2.500000");
}

fn proven(row: LedgerRow, reserved: &str, seconds: i64) -> LedgerRow {
    LedgerRow { reserved: number(reserved), proven_at: Some(at(seconds)), ..row }
}

async fn what_was_proven_later_stays(repository: &dyn Repository) {
    let row = ledger_row("1", "A", "3");
    repository.commit(vec![put_ledger("1", vec![row.clone()])]).await.unwrap();
    for (reserved, seconds, expected) in [("1", 10, "1"), ("0", 9, "1"), ("2", 10, "2"), ("3", 11, "3")] {
        repository.commit(vec![Mutation::Prove(proven(row.clone(), reserved, seconds))]).await.unwrap();
        let stored = repository.whole_ledger().await.unwrap().remove(0);
        assert_eq!(stored.reserved, number(expected), "a proof of {reserved} at {seconds}");
    }
    repository.commit(vec![Mutation::Prove(row)]).await.unwrap();
    assert_eq!(repository.whole_ledger().await.unwrap()[0].proven_at, Some(at(11)));
}

async fn a_proof_changes_only_what_the_erp_tells(repository: &dyn Repository) {
    let row = ledger_row("1", "A", "3");
    repository.commit(vec![put_ledger("1", vec![row.clone()])]).await.unwrap();
    // The order was edited while the ERP was read.
    let edited = LedgerRow { quantity: number("5"), undecided: true, ..row.clone() };
    repository.commit(vec![put_ledger("1", vec![edited.clone()])]).await.unwrap();
    let proof = LedgerRow {
        warehouse: Some(key("W")),
        recorded: number("3"),
        moved: number("1"),
        ..proven(row, "2", 10)
    };
    repository.commit(vec![Mutation::Prove(proof.clone())]).await.unwrap();
    let expected = LedgerRow { quantity: number("5"), undecided: true, ..proof };
    assert_eq!(repository.whole_ledger().await.unwrap(), [expected]);
}

async fn a_proof_of_a_row_that_is_gone_is_dropped(repository: &dyn Repository) {
    repository.commit(vec![Mutation::Prove(proven(ledger_row("1", "A", "3"), "1", 10))]).await.unwrap();
    assert_eq!(repository.whole_ledger().await.unwrap(), []);
}
