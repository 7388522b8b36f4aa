use std::collections::BTreeSet;

use rust_decimal::Decimal;
use zygos_core::{
    RemoteKey,
    contract::{Fetch, Write},
    model::{Entity, Record},
};

use super::{Subject, Verdict, tools};

pub(super) async fn there_is_one_row_per_unit_and_warehouse(subject: &dyn Subject) -> Verdict {
    let units: Vec<RemoteKey> = subject.units().into_iter().map(|unit| unit.key).collect();
    let warehouses = subject.warehouses();
    let mut asked = units.clone();
    asked.push(RemoteKey::new("999999999"));
    let rows = tools::fetch(subject, Fetch::Stock { units: asked, warehouses: warehouses.clone() }).await;
    let mut seen: BTreeSet<(RemoteKey, RemoteKey)> = BTreeSet::new();
    for record in rows {
        let Record::Stock(row) = record else { panic!("a look-up of stock gave {record:?}") };
        assert!(
            units.contains(&row.unit),
            "a row of unit {}, which was not asked for or does not exist",
            row.unit
        );
        assert!(
            row.physical.is_some() || row.free.is_some() || row.projected.is_some(),
            "a row without any figure says nothing"
        );
        assert!(
            seen.insert((row.unit.clone(), row.warehouse.clone())),
            "two rows for one unit in one warehouse"
        );
    }
    assert_eq!(seen.len(), units.len() * warehouses.len(), "zeros are rows too");
    Verdict::Kept
}

pub(super) async fn goods_received_are_in_the_next_figures(subject: &dyn Subject) -> Verdict {
    let unit = subject.units()[0].key.clone();
    let before = tools::stock(subject, &unit).await;
    if subject.receive(&unit, Decimal::from(5)).await.is_none() {
        return Verdict::Lacks;
    }
    let after = tools::stock(subject, &unit).await;
    let first = &subject.warehouses()[0];
    for (warehouse, row) in &after {
        let arrived = if warehouse == first { Decimal::from(5) } else { Decimal::ZERO };
        let then = &before[warehouse];
        for (figure, then) in
            [(row.physical, then.physical), (row.free, then.free), (row.projected, then.projected)]
        {
            assert_eq!(
                figure,
                then.map(|then| then + arrived),
                "5 arrived in {first}, looking at {warehouse}"
            );
        }
    }
    Verdict::Kept
}

pub(super) async fn a_figure_that_is_set_is_the_one_read_back(subject: &dyn Subject) -> Verdict {
    for (unit, figure) in subject.units().into_iter().zip([7, 0, 1_000].map(Decimal::from)) {
        for _ in 0..2 {
            let write = Write::SetStock { unit: unit.key.clone(), figure };
            let applied = tools::applied(subject, write).await;
            if let Some(Record::Product(answered)) = &applied.record {
                assert_eq!(answered.stock, Some(figure), "the answer to the write is the first read-back");
            }
            let keys = vec![unit.key.clone()];
            let read = tools::fetch(subject, Fetch::Keys { entity: Entity::Product, keys }).await;
            let [Record::Product(read)] = read.as_slice() else { panic!("the unit is gone: {read:?}") };
            assert_eq!(read.stock, Some(figure), "the figure that was set is read back");
        }
    }
    let nobody = Write::SetStock { unit: RemoteKey::new("999999999"), figure: Decimal::ONE };
    let error = tools::refusal(
        tools::apply(subject, nobody).await,
        "setting the stock of a unit that does not exist",
    );
    assert!(!error.maybe_applied(), "a unit that does not exist can't have been written: {error}");
    Verdict::Kept
}
