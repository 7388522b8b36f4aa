//! Pairing a store's units with an ERP's, by natural keys. Two candidates ask; they are never guessed between.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use crate::{
    contract::Side,
    ids::RemoteKey,
    model::{Unit, UnitKind},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchedBy {
    Sku,
    Ean,
}

impl MatchedBy {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sku => "sku",
            Self::Ean => "ean",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkProposal {
    Link { store: RemoteKey, erp: RemoteKey, by: MatchedBy },
    Issue(LinkIssue),
}

/// Something about SKUs that a person must put right. Its units wait; everything else is linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkIssue {
    BlankSku { side: Side, unit: RemoteKey, name: String },
    PaddedSku { side: Side, unit: RemoteKey, sku: String },
    DuplicateSku { side: Side, sku: String, units: Vec<RemoteKey> },
    Ambiguous { unit: RemoteKey, sku: Option<String>, candidates: Vec<RemoteKey> },
    OnlyInStore { unit: RemoteKey, sku: String },
}

/// The kinds under which [`LinkIssue`]s are kept; those no longer found are closed.
pub const ISSUE_KINDS: [&str; 5] =
    ["blank_sku", "padded_sku", "duplicate_sku", "ambiguous_sku", "only_in_store"];

impl LinkIssue {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::BlankSku { .. } => "blank_sku",
            Self::PaddedSku { .. } => "padded_sku",
            Self::DuplicateSku { .. } => "duplicate_sku",
            Self::Ambiguous { .. } => "ambiguous_sku",
            Self::OnlyInStore { .. } => "only_in_store",
        }
    }

    /// What it is about; the same for the same trouble at every reading.
    pub fn subject(&self) -> String {
        match self {
            Self::BlankSku { side, unit, .. } | Self::PaddedSku { side, unit, .. } => {
                format!("{} {unit}", side_name(*side))
            }
            Self::DuplicateSku { side, sku, .. } => format!("{} {sku}", side_name(*side)),
            Self::Ambiguous { unit, .. } | Self::OnlyInStore { unit, .. } => unit.to_string(),
        }
    }
}

impl fmt::Display for LinkIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BlankSku { side, unit, name } => write!(
                f,
                "the product \"{name}\" (id {unit}) in {} has no SKU, so it cannot be matched; give it the SKU that \
                 the other side uses",
                side_words(*side)
            ),
            Self::PaddedSku { side, unit, sku } => write!(
                f,
                "the SKU \"{sku}\" (id {unit}) in {} begins or ends with a space; it was matched without it, remove it \
                 there",
                side_words(*side)
            ),
            Self::DuplicateSku { side, sku, units } => write!(
                f,
                "{} products in {} have the SKU \"{sku}\" (ids {}); none of them is matched until only one has it",
                units.len(),
                side_words(*side),
                listed(units)
            ),
            Self::Ambiguous { unit, sku, candidates } => write!(
                f,
                "the store's product {} (id {unit}) fits several products of the ERP (ids {}); give it a SKU that only \
                 one of them has",
                sku.as_deref().unwrap_or("without SKU"),
                listed(candidates)
            ),
            Self::OnlyInStore { unit, sku } => write!(
                f,
                "the SKU \"{sku}\" (id {unit}) is in the store but not in the ERP; create it there or correct the SKU. \
                 Until then its stock is left alone and orders with it are held"
            ),
        }
    }
}

/// Proposes links for the store's units that have none, and names what stands in the way.
///
/// An existing link wins over everything. Then the SKU without surrounding spaces, exactly as written, then the EAN.
/// Parents and services are left out. Equal input gives equal output, in the order of `store`.
pub fn link_units(store: &[Unit], erp: &[Unit], existing: &[(RemoteKey, RemoteKey)]) -> Vec<LinkProposal> {
    let linked_store: BTreeSet<&RemoteKey> = existing.iter().map(|(store, _)| store).collect();
    let linked_erp: BTreeSet<&RemoteKey> = existing.iter().map(|(_, erp)| erp).collect();
    let store_by_sku = by_sku(store);
    let erp_by_sku = by_sku(erp);
    let erp_by_ean = by_ean(erp);
    let mut proposals = Vec::new();
    for (side, units, index) in [(Side::Store, store, &store_by_sku), (Side::Erp, erp, &erp_by_sku)] {
        sku_issues(side, units, index, &mut proposals);
    }
    let mut taken: BTreeMap<&RemoteKey, &RemoteKey> = BTreeMap::new();
    for unit in store.iter().filter(|unit| is_linkable(unit) && !linked_store.contains(&unit.key)) {
        let sku = trimmed(unit);
        if sku.is_some_and(|sku| store_by_sku.get(sku).is_some_and(|same| same.len() > 1)) {
            continue;
        }
        let by_sku = sku.and_then(|sku| erp_by_sku.get(sku));
        let (candidates, by): (&[&Unit], MatchedBy) = match by_sku {
            // Duplicates in the ERP are an issue of their own already.
            Some(same) if same.len() > 1 => continue,
            Some(same) => (same, MatchedBy::Sku),
            None => match ean(unit).and_then(|ean| erp_by_ean.get(ean)) {
                Some(same) => (same, MatchedBy::Ean),
                None => {
                    if let Some(sku) = sku {
                        let issue = LinkIssue::OnlyInStore { unit: unit.key.clone(), sku: sku.to_owned() };
                        proposals.push(LinkProposal::Issue(issue));
                    }
                    continue;
                }
            },
        };
        let free: Vec<&&Unit> = candidates
            .iter()
            .filter(|candidate| !linked_erp.contains(&candidate.key) && !taken.contains_key(&candidate.key))
            .collect();
        match (free.as_slice(), candidates.len()) {
            ([only], 1) => {
                taken.insert(&only.key, &unit.key);
                proposals.push(LinkProposal::Link { store: unit.key.clone(), erp: only.key.clone(), by });
            }
            _ => proposals.push(LinkProposal::Issue(LinkIssue::Ambiguous {
                unit: unit.key.clone(),
                sku: unit.sku.clone(),
                candidates: candidates.iter().map(|candidate| candidate.key.clone()).collect(),
            })),
        }
    }
    proposals
}

fn sku_issues<'a>(
    side: Side,
    units: &'a [Unit],
    index: &BTreeMap<&'a str, Vec<&'a Unit>>,
    proposals: &mut Vec<LinkProposal>,
) {
    for unit in units.iter().filter(|unit| is_linkable(unit)) {
        let issue = match (&unit.sku, trimmed(unit)) {
            // An ERP may hold much that is never sold in a store; only a store's blank SKU is somebody's trouble.
            (_, None) if side == Side::Store && ean(unit).is_none() => {
                LinkIssue::BlankSku { side, unit: unit.key.clone(), name: unit.name.clone() }
            }
            (Some(sku), Some(trimmed)) if sku != trimmed => {
                LinkIssue::PaddedSku { side, unit: unit.key.clone(), sku: sku.clone() }
            }
            _ => continue,
        };
        proposals.push(LinkProposal::Issue(issue));
    }
    for (sku, same) in index.iter().filter(|(_, same)| same.len() > 1) {
        let units = same.iter().map(|unit| unit.key.clone()).collect();
        proposals.push(LinkProposal::Issue(LinkIssue::DuplicateSku { side, sku: (*sku).to_owned(), units }));
    }
}

fn by_sku(units: &[Unit]) -> BTreeMap<&str, Vec<&Unit>> {
    let mut index: BTreeMap<&str, Vec<&Unit>> = BTreeMap::new();
    for unit in units.iter().filter(|unit| is_linkable(unit)) {
        if let Some(sku) = trimmed(unit) {
            index.entry(sku).or_default().push(unit);
        }
    }
    index
}

fn by_ean(units: &[Unit]) -> BTreeMap<&str, Vec<&Unit>> {
    let mut index: BTreeMap<&str, Vec<&Unit>> = BTreeMap::new();
    for unit in units.iter().filter(|unit| is_linkable(unit)) {
        if let Some(ean) = ean(unit) {
            index.entry(ean).or_default().push(unit);
        }
    }
    index
}

fn is_linkable(unit: &Unit) -> bool {
    unit.kind == UnitKind::Goods
}

fn trimmed(unit: &Unit) -> Option<&str> {
    unit.sku.as_deref().map(str::trim).filter(|sku| !sku.is_empty())
}

fn ean(unit: &Unit) -> Option<&str> {
    unit.ean.as_deref().map(str::trim).filter(|ean| !ean.is_empty())
}

fn side_name(side: Side) -> &'static str {
    match side {
        Side::Store => "store",
        Side::Erp => "erp",
    }
}

fn side_words(side: Side) -> &'static str {
    match side {
        Side::Store => "the store",
        Side::Erp => "the ERP",
    }
}

fn listed(keys: &[RemoteKey]) -> String {
    keys.iter().map(RemoteKey::as_str).collect::<Vec<_>>().join(", ")
}
