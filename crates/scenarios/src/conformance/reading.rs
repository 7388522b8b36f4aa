use std::collections::BTreeSet;

use zygos_core::{
    RemoteKey,
    contract::Fetch,
    model::{Entity, Record},
};

use super::{Subject, Verdict, tools};

pub(super) async fn a_scan_of_products_ends_and_has_every_unit_once(subject: &dyn Subject) -> Verdict {
    let mut seen: BTreeSet<RemoteKey> = BTreeSet::new();
    for (_, records) in tools::scan(subject, Entity::Product).await {
        for record in records {
            assert_eq!(record.entity(), Entity::Product, "a scan of products gave something else");
            assert!(seen.insert(record.key().clone()), "the scan gave unit {} twice", record.key());
        }
    }
    for unit in subject.units() {
        assert!(seen.contains(&unit.key), "the scan left out unit {}", unit.key);
    }
    Verdict::Kept
}

pub(super) async fn a_page_can_be_read_again_from_its_checkpoint(subject: &dyn Subject) -> Verdict {
    let pages = tools::scan(subject, Entity::Product).await;
    let (from, before) = &pages[pages.len() - 1];
    let again = subject.connector().scan(&subject.context(), Entity::Product, from.as_ref()).await;
    let again = again.expect("a page that was read can be read again");
    let keys: Vec<&RemoteKey> = before.iter().map(Record::key).collect();
    let read: Vec<&RemoteKey> =
        again.items.iter().filter_map(|item| Some(item.as_ref().ok()?.key())).collect();
    assert_eq!(keys, read, "the same checkpoint gives the same page");
    Verdict::Kept
}

pub(super) async fn a_missing_key_is_absent_and_no_error(subject: &dyn Subject) -> Verdict {
    for entity in [Entity::Product, Entity::Document, Entity::Order, Entity::Customer] {
        if !subject.connector().capabilities().can_fetch(entity) {
            continue;
        }
        let keys = ["999999999", "no such key"].map(RemoteKey::new).to_vec();
        let found = tools::fetch(subject, Fetch::Keys { entity, keys }).await;
        assert!(found.is_empty(), "a {} that does not exist was found: {found:?}", entity.name());
    }
    Verdict::Kept
}

pub(super) async fn a_unit_is_found_by_key_and_by_sku(subject: &dyn Subject) -> Verdict {
    for unit in subject.units() {
        let keys = vec![unit.key.clone(), RemoteKey::new("999999999")];
        for what in [
            Fetch::Keys { entity: Entity::Product, keys },
            Fetch::UnitsBySku { skus: vec![unit.sku.clone(), subject.unique("NO-SKU")] },
        ] {
            let found = tools::fetch(subject, what).await;
            let [Record::Product(found)] = found.as_slice() else {
                panic!("one unit was asked for: {found:?}")
            };
            assert_eq!((&found.key, found.sku.as_deref()), (&unit.key, Some(unit.sku.as_str())));
            assert!(found.tracked, "a unit with stock is counted");
        }
    }
    Verdict::Kept
}
