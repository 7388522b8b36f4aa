//! What is done with the other half of a product that is gone on one side. Nothing is ever deleted.

use super::{ChangeCause, FieldChange, Gone, Owner, ProductRule, words};
use crate::{
    contract::Side,
    ids::RemoteKey,
    model::{Field, Product, Value},
};

#[derive(Clone, Debug, PartialEq)]
pub enum Removal {
    /// A person decides; why.
    Ask(String),
    /// Its units are taken off sale.
    Archive(Vec<FieldChange>),
    /// It stays as it is, or is off sale already.
    Leave,
}

/// `left` is the side that still has it, `product` as it is there, `links` the units whose other half is gone (the
/// store's first). That they are gone was confirmed by reading them directly. `decided` is what a person said.
pub fn removal(
    left: Side,
    product: &Product,
    links: &[(RemoteKey, RemoteKey)],
    rule: &ProductRule,
    decided: Option<Gone>,
) -> Removal {
    let key_of = |link: &(RemoteKey, RemoteKey)| match left {
        Side::Store => link.0.clone(),
        Side::Erp => link.1.clone(),
    };
    let on_sale: Vec<_> = links
        .iter()
        .filter_map(|link| Some((link, product.variant(&key_of(link))?)))
        .filter(|(_, variant)| variant.unit.active)
        .collect();
    if on_sale.is_empty() {
        return Removal::Leave;
    }
    let (here, gone) = (words::side(left), words::side(words::other(left)));
    let told = format!("\"{}\" (id {}) is no longer in {gone}", product.title(), product.key);
    match decided.unwrap_or(rule.gone) {
        Gone::Leave => Removal::Leave,
        Gone::Ask => {
            Removal::Ask(format!("{told}; take it off sale in {here}, make it again in {gone}, or leave it"))
        }
        Gone::Archive if !rule.may_write(left, Field::Active) => Removal::Ask(format!(
            "{told}; it would be taken off sale in {here}, but this flow doesn't write that there: do it by hand, make it \
             again in {gone}, or leave it"
        )),
        Gone::Archive => {
            let archived = on_sale.into_iter().map(|(link, variant)| {
                let (here, gone) = (Value::Flag(true), Value::Flag(false));
                let (store, erp) = match left {
                    Side::Store => (here.clone(), gone.clone()),
                    Side::Erp => (gone.clone(), here.clone()),
                };
                FieldChange {
                    to: left,
                    product: product.key.clone(),
                    key: variant.unit.key.clone(),
                    store_key: link.0.clone(),
                    sku: variant.unit.sku.as_deref().map(|sku| sku.trim().to_owned()),
                    field: Field::Active,
                    owner: match left {
                        Side::Store => Owner::Erp,
                        Side::Erp => Owner::Store,
                    },
                    before: here,
                    after: gone,
                    store,
                    erp,
                    why: format!("{told}, so it is taken off sale"),
                    cause: match decided {
                        Some(_) => ChangeCause::Answered,
                        None => ChangeCause::OwnerChanged,
                    },
                    hold: None,
                }
            });
            Removal::Archive(archived.collect())
        }
    }
}
