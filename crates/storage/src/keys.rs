use std::collections::BTreeSet;

use zygos_core::RemoteKey;

/// The keys in the order given, each once.
pub(crate) fn distinct(keys: &[RemoteKey]) -> Vec<&RemoteKey> {
    let mut met = BTreeSet::new();
    keys.iter().filter(|key| met.insert(*key)).collect()
}

/// SKUs and EANs are looked up without the blanks around them; a blank one isn't one.
pub(crate) fn trimmed(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}
