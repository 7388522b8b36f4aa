//! Categories: what their tree allows, and what stays when one goes.

use std::collections::BTreeSet;

use super::{
    errors::{Failure, Outcome},
    price_lists,
    store::Store,
    values::Value,
};

const CATEGORY: &str = "product.category";

pub(super) fn check(store: &Store, id: i64) -> Outcome<()> {
    let name = store.text(CATEGORY, id, "name");
    let outside = |field: &str, value: &str| {
        Err(Failure::user(format!(
            "The value \"{value}\" for field \"{field}\" in record \"{}\" of \"Product Category\" is not valid \
             according to its domain.",
            store.record_name(CATEGORY, id)
        )))
    };
    if name.contains(" / ") {
        return outside("Name", name);
    }
    let Some(parent) = store.one(CATEGORY, id, "parent") else { return Ok(()) };
    let mut seen = BTreeSet::from([id]);
    let mut above = Some(parent);
    while let Some(next) = above {
        if !seen.insert(next) {
            return Err(Failure::user(format!(
                "Recursion error: Record \"{name}\" with parent \"{}\" was configured as ancestor of itself.",
                store.text(CATEGORY, parent, "name")
            )));
        }
        above = store.one(CATEGORY, next, "parent");
    }
    let accounts = |id: i64| store.get(CATEGORY, id, "accounting").is_true();
    if accounts(id) != accounts(parent) {
        return outside("Parent", &store.record_name(CATEGORY, parent));
    }
    Ok(())
}

/// A category may be deleted while it is used: what pointed to it points nowhere, and no date of change moves.
pub(super) fn forget(store: &mut Store, id: i64) {
    for child in store.pointing(CATEGORY, "parent", id) {
        store.set(CATEGORY, child, "parent", Value::Null);
    }
    for template in store.ids("product.template") {
        let categories = store.get("product.template", template, "categories").as_many();
        if categories.contains(&id) {
            let left = categories.iter().copied().filter(|other| *other != id).collect();
            store.set_silently("product.template", template, "categories", Value::Many(left));
        }
        if store.one("product.template", template, "account_category") == Some(id) {
            store.set_silently("product.template", template, "account_category", Value::Null);
        }
    }
    price_lists::forget(store, "category", id);
}
