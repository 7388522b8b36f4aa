//! By what a store tells variants apart that the ERP gives no attributes: what their SKUs don't share.

use std::collections::BTreeMap;

use crate::{
    ids::RemoteKey,
    model::{Product, UnitKind},
};

/// The part of each unit's SKU that tells it from its siblings, by unit. The whole SKU where nothing is left of it or
/// the rest is another's too.
pub(super) fn distinctions(product: &Product) -> BTreeMap<&RemoteKey, String> {
    let skus: Vec<(&RemoteKey, &str)> = product
        .variants
        .iter()
        .filter(|variant| variant.unit.kind == UnitKind::Goods)
        .filter_map(|variant| Some((&variant.unit.key, variant.unit.sku.as_deref()?.trim())))
        .filter(|(_, sku)| !sku.is_empty())
        .collect();
    let shared = shared_beginning(product.code.as_deref().unwrap_or_default(), &skus);
    let rest = |sku: &str| {
        let rest: String = sku.chars().skip(shared).collect();
        rest.trim_start_matches(['-', '_', '.', '/', ' ']).to_owned()
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (_, sku) in &skus {
        *counts.entry(rest(sku)).or_default() += 1;
    }
    let each = skus.into_iter().map(|(unit, sku)| {
        let rest = rest(sku);
        let is_telling = !rest.is_empty() && counts.get(&rest) == Some(&1);
        (unit, if is_telling { rest } else { sku.to_owned() })
    });
    each.collect()
}

/// Characters that all SKUs begin with: the product's own code where they all begin with it.
fn shared_beginning(code: &str, skus: &[(&RemoteKey, &str)]) -> usize {
    if !code.is_empty() && skus.iter().all(|(_, sku)| sku.starts_with(code)) {
        return code.chars().count();
    }
    let Some(((_, first), others)) = skus.split_first() else { return 0 };
    let mut shared = first.chars().count();
    for (_, sku) in others {
        shared = shared.min(first.chars().zip(sku.chars()).take_while(|(one, other)| one == other).count());
    }
    shared
}
