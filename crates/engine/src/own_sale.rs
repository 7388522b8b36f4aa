//! What a store's own orders do to its own figures, without asking it.

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;
use rust_decimal::Decimal;
use zygos_core::{
    ConnectionId, RemoteKey,
    clock::later,
    drift::DriftCause,
    model::{Order, Unit},
};
use zygos_storage::{Drift, Mutation, StockBase, StoredOrder};

use crate::{
    engine::{Engine, lock},
    error::Result,
    ledger::quantity_of,
    stock::STOCK,
};

/// As far back as a late order may explain a difference.
const LATEST_DRIFTS: u32 = 100;

impl Engine {
    /// The store has taken an order's goods off its own figures; what Zygos remembers of them follows, so that
    /// a sale is not taken for a hand edit and needs no call to be known.
    pub(crate) async fn own_sale(&self, before: Option<&Order>, now: &StoredOrder) -> Result<Vec<Mutation>> {
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
    pub(crate) async fn explained_drifts(
        &self,
        store: &ConnectionId,
        order: &Order,
    ) -> Result<Vec<Mutation>> {
        let mut mutations = Vec::new();
        let edits = self.repository.drifts(Some(store), LATEST_DRIFTS).await?.into_iter().filter(|drift| {
            let figure = |text: &str| text.parse::<Decimal>().ok();
            let missing = figure(&drift.should).zip(figure(&drift.is)).map(|(should, is)| should - is);
            drift.field == STOCK
                && drift.cause == DriftCause::EditedByHand.code()
                && drift.found_at > order.created_at
                && missing
                    .is_some_and(|missing| !missing.is_zero() && quantity_of(order, &drift.unit) == missing)
        });
        for edit in edits {
            let was_corrected = edit.corrected_at.is_some();
            let unit = edit.unit.clone();
            let cause = DriftCause::MissedOrder.code().to_owned();
            mutations.push(Mutation::OpenDrift(Drift { id: 0, cause, corrected_at: None, ..edit }));
            if was_corrected {
                mutations.push(Mutation::CloseDrift {
                    store: store.clone(),
                    unit,
                    field: STOCK.to_owned(),
                    at: self.now(),
                });
            }
        }
        Ok(mutations)
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
