//! The ledger's rows of an order: what it still takes from the shelf, and whose figures that concerns.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use zygos_core::{
    RemoteKey,
    contract::Lane,
    model::{LineKind, Order, OrderStatus},
    orders::{IgnoreReason, OrderState},
};
use zygos_storage::{LedgerRow, Mutation, StoredOrder};

use crate::{
    engine::Engine,
    error::Result,
    progress::{GoLiveChoice, Progress},
    turn::Turn,
};

/// Brings the ledger in line with an order (or with the root it was split from) and has every store's figure of
/// the units concerned decided again.
pub(crate) async fn ledger_mutations(
    engine: &Engine,
    turn: &Turn<'_>,
    stored: &StoredOrder,
    reason: &str,
) -> Result<Vec<Mutation>> {
    let store = &stored.store;
    let root = match &stored.root {
        Some(root) => match engine.repository.order(store, root).await? {
            Some(root) => root,
            None => stored.clone(),
        },
        None => stored.clone(),
    };
    let wanted = quantities(engine, &root, stored).await?;
    let before = engine.repository.ledger_of_order(store, &root.order.id).await?;
    let progress = Progress::of(&root)?;
    let undecided = progress.is_undecided();
    let mut rows = Vec::new();
    let mut touched: BTreeSet<RemoteKey> = BTreeSet::new();
    for (unit, quantity) in &wanted {
        let known = before.iter().find(|row| &row.unit == unit);
        // What the ERP itself said counts more than the configuration.
        let proven = known.filter(|known| !(known.recorded + known.reserved + known.moved).is_zero());
        let warehouse = proven.and_then(|known| known.warehouse.clone()).or_else(|| turn.warehouse.clone());
        if known.is_none_or(|known| {
            known.quantity != *quantity || known.undecided != undecided || known.warehouse != warehouse
        }) {
            touched.insert(unit.clone());
        }
        rows.push(LedgerRow {
            store: store.clone(),
            order: root.order.id.clone(),
            unit: unit.clone(),
            warehouse,
            quantity: *quantity,
            recorded: known.map_or(Decimal::ZERO, |known| known.recorded),
            reserved: known.map_or(Decimal::ZERO, |known| known.reserved),
            moved: known.map_or(Decimal::ZERO, |known| known.moved),
            proven_at: known.and_then(|known| known.proven_at),
            entered_at: known.map_or_else(|| engine.now(), |known| known.entered_at),
            reference: root.reference.clone(),
            undecided,
        });
    }
    touched.extend(before.iter().filter(|row| !wanted.contains_key(&row.unit)).map(|row| row.unit.clone()));
    if rows == before {
        return Ok(Vec::new());
    }
    let mut mutations =
        vec![Mutation::PutLedger { store: store.clone(), order: root.order.id.clone(), rows }];
    let touched: Vec<RemoteKey> = touched.into_iter().collect();
    mutations.extend(stock_wishes(engine, &touched, Lane::HotStock, reason).await?);
    Ok(mutations)
}

/// Has these units of the ERP re-decided in every store that sells them.
pub(crate) async fn stock_wishes(
    engine: &Engine,
    erp_units: &[RemoteKey],
    lane: Lane,
    reason: &str,
) -> Result<Vec<Mutation>> {
    if erp_units.is_empty() {
        return Ok(Vec::new());
    }
    let links = engine.repository.links_to(&engine.settings.erp.id, erp_units).await?;
    Ok(links
        .iter()
        .filter_map(|link| engine.stock_wish(&link.store, &link.store_key, lane, reason))
        .collect())
}

/// What a root order still takes from the shelf at the store, by ERP unit. `fresh` is the order just read: the root
/// itself or one of its children, not stored yet.
async fn quantities(
    engine: &Engine,
    root: &StoredOrder,
    fresh: &StoredOrder,
) -> Result<BTreeMap<RemoteKey, Decimal>> {
    let progress = Progress::of(root)?;
    let ignored_for_good = match &progress.state {
        OrderState::Ignored(IgnoreReason::BeforeGoLive) => progress.decided == Some(GoLiveChoice::Ignore),
        // Somebody else tells the ERP of it; once the store has handed it over, its goods are theirs to account for.
        OrderState::Ignored(IgnoreReason::NeverImported) => root.order.status.is_closed(),
        _ => false,
    };
    if ignored_for_good {
        return Ok(BTreeMap::new());
    }
    let own = if root.order.status == OrderStatus::Cancelled {
        BTreeMap::new()
    } else {
        by_store_unit(std::iter::once(&root.order))
    };
    let mut children = engine.repository.orders_split_from(&root.store, &root.order.id).await?;
    children.retain(|child| child.order.id != fresh.order.id);
    if fresh.root.is_some() {
        children.push(fresh.clone());
    }
    // A part that was split again holds nothing: its own parts do.
    children.retain(|child| !Progress::of(child).is_ok_and(|progress| progress.split));
    let by_unit = if children.is_empty() {
        own
    } else {
        let of_children = by_store_unit(
            children.iter().map(|child| &child.order).filter(|child| child.status != OrderStatus::Cancelled),
        );
        // Until the root is known to be gone, some children may not have been read yet.
        if progress.split { of_children } else { larger_of(own, of_children) }
    };
    let keys: Vec<RemoteKey> = by_unit.keys().cloned().collect();
    let mut wanted: BTreeMap<RemoteKey, Decimal> = BTreeMap::new();
    for link in engine.repository.links_of(&root.store, &keys).await? {
        if let Some(quantity) = by_unit.get(&link.store_key)
            && *quantity > Decimal::ZERO
        {
            *wanted.entry(link.erp_key).or_default() += *quantity;
        }
    }
    Ok(wanted)
}

fn by_store_unit<'a>(orders: impl Iterator<Item = &'a Order>) -> BTreeMap<RemoteKey, Decimal> {
    let mut by_unit: BTreeMap<RemoteKey, Decimal> = BTreeMap::new();
    for line in orders.flat_map(|order| &order.lines) {
        if line.kind == LineKind::Product
            && let Some(unit) = &line.unit
        {
            *by_unit.entry(unit.clone()).or_default() += line.quantity;
        }
    }
    by_unit
}

fn larger_of(
    mut own: BTreeMap<RemoteKey, Decimal>,
    of_children: BTreeMap<RemoteKey, Decimal>,
) -> BTreeMap<RemoteKey, Decimal> {
    for (unit, quantity) in of_children {
        let entry = own.entry(unit).or_default();
        *entry = quantity.max(*entry);
    }
    own
}

/// The quantity of a store's unit in an order that the store itself has already taken off its figure.
pub(crate) fn quantity_of(order: &Order, unit: &RemoteKey) -> Decimal {
    if order.status == OrderStatus::Cancelled {
        return Decimal::ZERO;
    }
    by_store_unit(std::iter::once(order)).remove(unit).unwrap_or_default()
}
