use std::collections::BTreeSet;

use zygos_core::{RemoteKey, model::Product};

/// The keys in the order given, each once.
pub(crate) fn distinct(keys: &[RemoteKey]) -> Vec<&RemoteKey> {
    let mut met = BTreeSet::new();
    keys.iter().filter(|key| met.insert(*key)).collect()
}

/// The units that belong to a product, each once. One that couldn't be read belongs to it all the same.
pub(crate) fn units_of(product: &Product) -> BTreeSet<&RemoteKey> {
    let read = product.variants.iter().map(|variant| &variant.unit.key);
    read.chain(product.troubles.iter().filter_map(|trouble| trouble.unit.as_ref())).collect()
}

/// SKUs and EANs are looked up without the blanks around them; a blank one isn't one.
pub(crate) fn trimmed(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}
