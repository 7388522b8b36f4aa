use zygos_core::{contract::Side, model::Field};
use zygos_storage::{FieldBases, Mutation, Repository, Tombstone};

use crate::support::{at, erp, field_bases, key, keys, other_store, store, tombstone};

crate::behaviours![
    what_was_agreed_on_comes_back,
    fields_are_agreed_on_one_beside_the_other,
    bases_come_in_the_order_they_are_asked_for,
    a_dropped_base_is_gone,
    a_tombstone_is_replaced_not_doubled,
    tombstones_are_listed_by_side_then_unit,
    a_dropped_tombstone_is_gone,
];

async fn what_was_agreed_on_comes_back(repository: &dyn Repository) {
    let agreed = field_bases("p", [(Field::Name, "Chair"), (Field::MetaTitle, "")]);
    repository.commit(vec![Mutation::PutFieldBases(agreed.clone())]).await.unwrap();
    assert_eq!(repository.field_bases(&store(), &keys(&["p"])).await.unwrap(), [agreed]);
    assert_eq!(repository.field_bases(&other_store(), &keys(&["p"])).await.unwrap(), []);
}

async fn fields_are_agreed_on_one_beside_the_other(repository: &dyn Repository) {
    let put = vec![
        Mutation::PutFieldBases(field_bases("p", [(Field::Name, "Chair"), (Field::Brand, "Ana")])),
        Mutation::PutFieldBases(field_bases("p", [(Field::Price, "49.90"), (Field::Name, "Table")])),
        Mutation::PutFieldBases(field_bases("p", [])),
    ];
    repository.commit(put).await.unwrap();
    let expected = field_bases("p", [(Field::Name, "Table"), (Field::Brand, "Ana"), (Field::Price, "49.90")]);
    assert_eq!(repository.field_bases(&store(), &keys(&["p"])).await.unwrap(), [expected]);
}

async fn bases_come_in_the_order_they_are_asked_for(repository: &dyn Repository) {
    let agreed = ["p", "q", "r"].map(|name| field_bases(name, [(Field::Name, name)]));
    let nothing = Mutation::PutFieldBases(field_bases("s", []));
    let put = agreed.clone().map(Mutation::PutFieldBases).into_iter().chain([nothing]);
    repository.commit(put.collect()).await.unwrap();
    let [p, q, r] = agreed;
    let asked = keys(&["r", "s", "p", "nobody", "r", "q"]);
    assert_eq!(repository.field_bases(&store(), &asked).await.unwrap(), [r, p, q]);
    assert_eq!(repository.field_bases(&store(), &[]).await.unwrap(), []);
}

async fn a_dropped_base_is_gone(repository: &dyn Repository) {
    let elsewhere = FieldBases { store: other_store(), ..field_bases("p", [(Field::Name, "Chair")]) };
    let put = vec![
        Mutation::PutFieldBases(field_bases("p", [(Field::Name, "Chair")])),
        Mutation::PutFieldBases(elsewhere.clone()),
        Mutation::DropFieldBases { store: store(), key: key("p") },
        Mutation::DropFieldBases { store: store(), key: key("q") },
    ];
    repository.commit(put).await.unwrap();
    assert_eq!(repository.field_bases(&store(), &keys(&["p"])).await.unwrap(), []);
    assert_eq!(repository.field_bases(&other_store(), &keys(&["p"])).await.unwrap(), [elsewhere]);
}

async fn a_tombstone_is_replaced_not_doubled(repository: &dyn Repository) {
    let decided = Tombstone {
        sku: None,
        at: at(9),
        decided: Some("archive".to_owned()),
        ..tombstone(Side::Store, "a")
    };
    repository.commit(vec![Mutation::PutTombstone(tombstone(Side::Store, "a"))]).await.unwrap();
    assert_eq!(repository.tombstones(&store()).await.unwrap(), [tombstone(Side::Store, "a")]);
    repository.commit(vec![Mutation::PutTombstone(decided.clone())]).await.unwrap();
    assert_eq!(repository.tombstones(&store()).await.unwrap(), [decided]);
}

async fn tombstones_are_listed_by_side_then_unit(repository: &dyn Repository) {
    let elsewhere = Tombstone { store: other_store(), ..tombstone(Side::Store, "a") };
    let put =
        [tombstone(Side::Erp, "a"), tombstone(Side::Store, "b"), tombstone(Side::Store, "a"), elsewhere];
    repository.commit(put.map(Mutation::PutTombstone).to_vec()).await.unwrap();
    let expected = [tombstone(Side::Store, "a"), tombstone(Side::Store, "b"), tombstone(Side::Erp, "a")];
    assert_eq!(repository.tombstones(&store()).await.unwrap(), expected);
    assert_eq!(repository.tombstones(&erp()).await.unwrap(), []);
}

async fn a_dropped_tombstone_is_gone(repository: &dyn Repository) {
    let put = [tombstone(Side::Erp, "a"), tombstone(Side::Store, "a")].map(Mutation::PutTombstone);
    let drop = Mutation::DropTombstone { store: store(), left: Side::Erp, unit: key("a") };
    repository.commit(put.into_iter().chain([drop.clone(), drop]).collect()).await.unwrap();
    assert_eq!(repository.tombstones(&store()).await.unwrap(), [tombstone(Side::Store, "a")]);
}
