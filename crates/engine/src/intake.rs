//! One order as just read from a store: kept, entered into the ledger, and put before whoever must act.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;
use rust_decimal::Decimal;
use zygos_core::{
    ConnectionId, RemoteKey,
    clock::later,
    contract::Lane,
    drift::DriftCause,
    model::{LineKind, Order, OrderStatus, Unit},
    orders::{IgnoreReason, OrderState, split::root_of},
};
use zygos_storage::{Drift, LedgerRow, Mutation, OutboxRecord, StockBase, StoredOrder};

use crate::{
    engine::{Engine, lock},
    error::Result,
    event::Event,
    progress::{GoLiveChoice, Progress, digest},
    settings::StoreSettings,
    turn::Turn,
};

/// As far back as a late order may explain a difference.
const LATEST_DRIFTS: u32 = 100;

impl Engine {
    /// Keeps one order. Answers whether it was known before, exactly so or not.
    pub(crate) async fn take_in(&self, store: &StoreSettings, order: Order, seen_by: &str) -> Result<bool> {
        let store_id = &store.connection.id;
        let now = self.now();
        if let Ok(memory) = self.memory(store_id) {
            lock(&memory.last_read).insert(order.id.clone(), now);
        }
        let fresh = digest(&order)?;
        let known = self.repository.order(store_id, &order.id).await?;
        if known.is_some_and(|known| known.digest == fresh) {
            return Ok(true);
        }
        let turn = self.turn(store_id).await?;
        let known = self.repository.order(store_id, &order.id).await?;
        let was_known = known.is_some();
        let before = known.as_ref().map(|known| known.order.clone());
        let mut stored = match known {
            Some(known) => StoredOrder { order, digest: fresh, last_read: now, ..known },
            None => self.first_sight(store, order, fresh, seen_by).await?,
        };
        if stored.root.is_some() {
            // Its document is the whole order's; nobody else would ever say that it is through.
            stored.closed = stored.order.status.is_closed();
        }
        if !was_known {
            self.tell(&Event::OrderSeen { store: store_id.clone(), order: stored.order.id.clone() });
        }
        let acted_on = stored.root.clone().unwrap_or_else(|| stored.order.id.clone());
        // One commit: were the order stored without its ledger rows, its next reading would look unchanged.
        let mut mutations = vec![Mutation::PutOrder(Box::new(stored.clone()))];
        // A closed order from long before the go-live is history: nothing will be asked about it.
        if !stored.closed || stored.root.is_some() {
            let record = OutboxRecord::Order { store: store_id.clone(), order: acted_on };
            let reason =
                if was_known { "the order changed in the store" } else { "a new order in the store" };
            mutations.push(self.wish(&self.settings.erp.id, record, Lane::Orders, reason));
        }
        let number = stored.order.id.clone();
        mutations.push(self.close_issue(store_id, "unreadable_order", number.as_str()));
        mutations.extend(self.own_sale(before.as_ref(), &stored).await?);
        if !was_known {
            mutations.extend(self.explained_drifts(store_id, &stored.order).await?);
        }
        mutations
            .extend(ledger_mutations(self, &turn, &stored, &format!("order {number} in {store_id}")).await?);
        self.commit(mutations).await?;
        Ok(was_known)
    }

    /// The store has taken an order's goods off its own figures; what Zygos remembers of them follows, so that
    /// a sale is not taken for a hand edit and needs no call to be known.
    async fn own_sale(&self, before: Option<&Order>, now: &StoredOrder) -> Result<Vec<Mutation>> {
        let store = &now.store;
        // The parts of a split order take nothing that the whole has not taken already.
        if before.is_none() && now.root.is_some() {
            return Ok(Vec::new());
        }
        let units: BTreeSet<RemoteKey> = before
            .into_iter()
            .chain([&now.order])
            .flat_map(|order| &order.lines)
            .filter_map(|line| line.unit.clone())
            .collect();
        let keys: Vec<RemoteKey> = units.into_iter().collect();
        let sold = |unit: &RemoteKey| {
            quantity_of(&now.order, unit) - before.map_or(Decimal::ZERO, |old| quantity_of(old, unit))
        };
        let feed_read = *lock(&self.memory(store)?.feed_read);
        // Whether and when the store counts an edit or a cancellation back is its own affair.
        let happened = |read_at| match before {
            None => sale_against_reading(now.order.created_at, read_at, feed_read),
            Some(_) => Happened::Unknown,
        };
        let mut mutations = Vec::new();
        for base in self.repository.stock_bases(store, &keys).await? {
            let sold = sold(&base.unit);
            match happened(base.read_at) {
                _ if sold.is_zero() => {}
                Happened::Before => {}
                Happened::After => {
                    mutations.push(Mutation::PutStockBase(StockBase { figure: base.figure - sold, ..base }));
                }
                Happened::Unknown => {
                    mutations.push(Mutation::DropStockBase { store: store.clone(), unit: base.unit });
                }
            }
        }
        for stored in self.repository.units_by_key(store, &keys).await? {
            let sold = sold(&stored.unit.key);
            let Some(figure) = stored.unit.stock.filter(|_| !sold.is_zero()) else { continue };
            let stock = match happened(stored.read_at) {
                Happened::Before => continue,
                Happened::After => Some(figure - sold),
                // Better read than guessed.
                Happened::Unknown => None,
            };
            let read_at = stored.read_at;
            mutations.push(Mutation::PutFigure {
                connection: store.clone(),
                unit: Unit { stock, ..stored.unit },
                read_at,
            });
        }
        Ok(mutations)
    }

    /// Differences that were taken for hand edits and that this order, seen only now, explains.
    async fn explained_drifts(&self, store: &ConnectionId, order: &Order) -> Result<Vec<Mutation>> {
        let mut mutations = Vec::new();
        let edits = self.repository.drifts(Some(store), LATEST_DRIFTS).await?.into_iter().filter(|drift| {
            drift.cause == DriftCause::EditedByHand.code()
                && drift.found_at > order.created_at
                && !drift.is.eq(&drift.should)
                && quantity_of(order, &drift.unit) == drift.should - drift.is
        });
        for edit in edits {
            let was_corrected = edit.corrected_at.is_some();
            let unit = edit.unit.clone();
            let cause = DriftCause::MissedOrder.code().to_owned();
            mutations.push(Mutation::OpenDrift(Drift { id: 0, cause, corrected_at: None, ..edit }));
            if was_corrected {
                mutations.push(Mutation::CloseDrift { store: store.clone(), unit, at: self.now() });
            }
        }
        Ok(mutations)
    }

    async fn first_sight(
        &self,
        store: &StoreSettings,
        order: Order,
        fresh: String,
        seen_by: &str,
    ) -> Result<StoredOrder> {
        let store_id = &store.connection.id;
        let now = self.now();
        let flow = store.orders.as_ref();
        let root_id = root_of(&order.id);
        let root = if root_id == order.id {
            None
        } else {
            self.repository.order(store_id, &root_id).await?.map(|root| root.order.id)
        };
        let history =
            order.status.is_closed() && flow.is_some_and(|flow| order.created_at < flow.orders_from);
        let mut progress = Progress::new();
        if history {
            progress.state = OrderState::Ignored(IgnoreReason::BeforeGoLive);
            progress.decided = Some(GoLiveChoice::Ignore);
        }
        let prefix = flow.map_or("", |flow| flow.prefix.as_str());
        let mut stored = StoredOrder {
            store: store_id.clone(),
            reference: format!("{prefix}{}", order.id),
            digest: fresh,
            state: serde_json::Value::Null,
            state_code: String::new(),
            party: None,
            document: None,
            root,
            first_seen: now,
            last_read: now,
            seen_by: seen_by.to_owned(),
            closed: history,
            order,
        };
        progress.put(&mut stored)?;
        Ok(stored)
    }
}

/// Whether a sale came before or after a reading of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Happened {
    Before,
    After,
    Unknown,
}

/// A store's clock may differ from ours by this much; times closer together than this tell no order.
const CLOCKS_DIFFER: Duration = Duration::from_secs(5 * 60);

/// For a sale seen for the first time. `feed_read`: when the last complete reading of the store's orders began; it
/// did not have this one.
fn sale_against_reading(created_at: Timestamp, read_at: Timestamp, feed_read: Option<Timestamp>) -> Happened {
    if feed_read.is_some_and(|began| began >= read_at) || created_at > later(read_at, CLOCKS_DIFFER) {
        Happened::After
    } else if later(created_at, CLOCKS_DIFFER) < read_at {
        Happened::Before
    } else {
        Happened::Unknown
    }
}

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
