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
                "{} products in {} have the SKU \"{sku}\" (ids {}); give each a SKU of its own. Until then none is newly \
                 matched",
                units.len(),
                side_words(*side),
                listed(units)
            ),
            Self::Ambiguous { unit, sku, candidates } => write!(
                f,
                "the store's product {} (id {unit}) cannot be matched for certain (ERP ids {}): several fit, or the one \
                 that fits belongs to another product already; give it a SKU of its own",
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
    let erp_by_sku = without_retired_twins(by_sku(erp));
    let erp_by_ean = by_ean(erp.iter());
    let mut proposals = Vec::new();
    for (side, units, index) in [(Side::Store, store, &store_by_sku), (Side::Erp, erp, &erp_by_sku)] {
        sku_issues(side, units, index, &mut proposals);
    }
    let open: Vec<&Unit> =
        store.iter().filter(|unit| is_linkable(unit) && !linked_store.contains(&unit.key)).collect();
    let mut pairs: BTreeMap<&RemoteKey, LinkProposal> = BTreeMap::new();
    let mut taken = linked_erp;
    // Every SKU before any EAN: a bar code met earlier must not take what a later SKU names exactly.
    for unit in &open {
        let Some(sku) = trimmed(unit) else { continue };
        let only_here = store_by_sku.get(sku).is_some_and(|same| same.len() == 1);
        if let (true, Some([only])) = (only_here, erp_by_sku.get(sku).map(Vec::as_slice))
            && taken.insert(&only.key)
        {
            let link =
                LinkProposal::Link { store: unit.key.clone(), erp: only.key.clone(), by: MatchedBy::Sku };
            pairs.insert(&unit.key, link);
        }
    }
    let left: Vec<&Unit> = open.iter().copied().filter(|unit| !pairs.contains_key(&unit.key)).collect();
    let left_by_ean = by_ean(left.iter().copied());
    for unit in &left {
        let sku = trimmed(unit);
        let doubled = |index: &BTreeMap<&str, Vec<&Unit>>| {
            sku.is_some_and(|sku| index.get(sku).is_some_and(|same| same.len() > 1))
        };
        // Duplicate SKUs are an issue of their own already.
        if doubled(&store_by_sku) || doubled(&erp_by_sku) {
            continue;
        }
        let by_sku = sku.and_then(|sku| erp_by_sku.get(sku)).map(Vec::as_slice).unwrap_or_default();
        let by_ean = ean(unit).and_then(|ean| erp_by_ean.get(ean)).map(Vec::as_slice).unwrap_or_default();
        let candidates = if by_sku.is_empty() { by_ean } else { by_sku };
        let rivals = ean(unit).and_then(|ean| left_by_ean.get(ean)).map_or(0, Vec::len);
        let free: Vec<&&Unit> =
            candidates.iter().filter(|candidate| !taken.contains(&candidate.key)).collect();
        let proposal = match (free.as_slice(), candidates) {
            ([only], [_]) if by_sku.is_empty() && rivals <= 1 => {
                taken.insert(&only.key);
                LinkProposal::Link { store: unit.key.clone(), erp: only.key.clone(), by: MatchedBy::Ean }
            }
            (_, []) => LinkProposal::Issue(match sku {
                Some(sku) => LinkIssue::OnlyInStore { unit: unit.key.clone(), sku: sku.to_owned() },
                None if ean(unit).is_some() => {
                    LinkIssue::BlankSku { side: Side::Store, unit: unit.key.clone(), name: unit.name.clone() }
                }
                // Told by `sku_issues` already.
                None => continue,
            }),
            _ => LinkProposal::Issue(LinkIssue::Ambiguous {
                unit: unit.key.clone(),
                sku: unit.sku.clone(),
                candidates: candidates.iter().map(|candidate| candidate.key.clone()).collect(),
            }),
        };
        pairs.insert(&unit.key, proposal);
    }
    proposals.extend(open.iter().filter_map(|unit| pairs.remove(&unit.key)));
    proposals
}

/// Leaves out the units that are only in the store and are about to be made in the ERP: nobody has to do anything.
pub fn without_those_to_be_made(
    proposals: Vec<LinkProposal>,
    is_to_be_made: impl Fn(&RemoteKey) -> bool,
) -> Vec<LinkProposal> {
    let stays = |proposal: &LinkProposal| match proposal {
        LinkProposal::Issue(LinkIssue::OnlyInStore { unit, .. }) => !is_to_be_made(unit),
        _ => true,
    };
    proposals.into_iter().filter(stays).collect()
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

/// What an ERP sells no more keeps its SKU; the one that is sold is meant.
fn without_retired_twins<'a>(
    mut index: BTreeMap<&'a str, Vec<&'a Unit>>,
) -> BTreeMap<&'a str, Vec<&'a Unit>> {
    for same in index.values_mut().filter(|same| same.iter().any(|unit| unit.active)) {
        same.retain(|unit| unit.active);
    }
    index
}

fn by_ean<'a>(units: impl Iterator<Item = &'a Unit>) -> BTreeMap<&'a str, Vec<&'a Unit>> {
    let mut index: BTreeMap<&str, Vec<&Unit>> = BTreeMap::new();
    for unit in units.filter(|unit| is_linkable(unit)) {
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
