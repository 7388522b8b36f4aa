//! The ERP's figures of some units, with the proof of what they already deduct.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use zygos_core::{
    RemoteKey,
    contract::{Fetch, Lane},
    model::{Deduction, Entity, Record, StockRow},
    stock::{LedgerEntry, consistency::moved_between},
};
use zygos_storage::{LedgerRow, Mutation};

use crate::{engine::Engine, error::Result, health::Deed};

/// Figures of one read, and when the read began and ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    pub rows: BTreeMap<RemoteKey, Vec<StockRow>>,
    pub began: Timestamp,
    pub ended: Timestamp,
    /// Deductions moved while the figures were read: these units can't be decided from this read.
    pub unstable: BTreeSet<RemoteKey>,
    /// The (store, order, unit) whose deductions were read with these figures.
    proven: BTreeSet<(zygos_core::ConnectionId, RemoteKey, RemoteKey)>,
}

impl Engine {
    /// Reads figures between two equal reads of the deductions. Only so is it certain that a figure misses exactly
    /// what the ledger thinks it misses, and nothing jumps when an order moves from the ledger into the ERP.
    pub(crate) async fn read_figures(&self, erp_units: &[RemoteKey], lane: Lane) -> Result<Figures> {
        let warehouses = self.resolved().await?.warehouses();
        let ledger = self.repository.ledger(erp_units).await?;
        let before = self.read_deductions(&ledger, lane).await?;
        let began = self.now();
        let mut figures = Figures { began, ..Figures::default() };
        let erp = &self.settings.erp;
        let page_size =
            erp.connector.capabilities().entity(Entity::Stock).map_or(100, |stock| stock.page_size.max(1));
        for chunk in erp_units.chunks(usize::try_from(page_size).unwrap_or(100)) {
            let context = self.context(lane);
            let fetch = Fetch::Stock { units: chunk.to_vec(), warehouses: warehouses.clone() };
            for item in
                self.ask(erp, Deed::Read(Entity::Stock), erp.connector.fetch(&context, &fetch)).await?
            {
                if let Ok(Record::Stock(row)) = item {
                    figures.rows.entry(row.unit.clone()).or_default().push(row);
                }
            }
        }
        figures.ended = self.now();
        if !ledger.is_empty() {
            let after = self.read_deductions(&ledger, lane).await?;
            figures.unstable = moved_between(&before, &after);
            self.prove(&ledger, &before, &mut figures).await?;
        }
        Ok(figures)
    }

    async fn read_deductions(&self, ledger: &[LedgerRow], lane: Lane) -> Result<Vec<Deduction>> {
        let erp = &self.settings.erp;
        if ledger.is_empty() || !erp.connector.capabilities().can_fetch(Entity::Deduction) {
            return Ok(Vec::new());
        }
        let mut by_shop: BTreeMap<Option<String>, BTreeSet<String>> = BTreeMap::new();
        for row in ledger {
            by_shop.entry(self.shop_of(&row.store)).or_default().insert(row.reference.clone());
        }
        let mut deductions = Vec::new();
        for (shop, references) in by_shop {
            let context = self.context(lane);
            let fetch = Fetch::Deductions { shop, references: references.into_iter().collect() };
            for item in
                self.ask(erp, Deed::Read(Entity::Deduction), erp.connector.fetch(&context, &fetch)).await?
            {
                if let Ok(Record::Deduction(deduction)) = item {
                    deductions.push(deduction);
                }
            }
        }
        Ok(deductions)
    }

    pub(crate) fn shop_of(&self, store: &zygos_core::ConnectionId) -> Option<String> {
        self.store(store)?.orders.as_ref()?.shop.clone()
    }

    /// Writes what was proven into the ledger: deductions of every document with the order's reference, summed.
    async fn prove(
        &self,
        ledger: &[LedgerRow],
        deductions: &[Deduction],
        figures: &mut Figures,
    ) -> Result<()> {
        let mut mutations = Vec::new();
        for row in ledger {
            figures.proven.insert((row.store.clone(), row.order.clone(), row.unit.clone()));
            if figures.unstable.contains(&row.unit) {
                continue;
            }
            let mut proven = LedgerRow {
                recorded: rust_decimal::Decimal::ZERO,
                reserved: rust_decimal::Decimal::ZERO,
                moved: rust_decimal::Decimal::ZERO,
                proven_at: Some(figures.ended),
                ..row.clone()
            };
            for deduction in deductions.iter().filter(|d| d.reference == row.reference && d.unit == row.unit)
            {
                proven.recorded += deduction.recorded;
                proven.reserved += deduction.reserved;
                proven.moved += deduction.moved;
                // The ERP knows from where it is served, whatever the configuration says now.
                proven.warehouse = Some(deduction.warehouse.clone());
            }
            let unchanged = (proven.recorded, proven.reserved, proven.moved, &proven.warehouse)
                == (row.recorded, row.reserved, row.moved, &row.warehouse);
            if !unchanged || row.proven_at.is_none() {
                mutations.push(Mutation::Prove(proven));
            }
        }
        self.commit(mutations).await
    }

    /// The ledger of a unit as it stands now, if these figures can be decided on with it. `None`: an order of the
    /// unit came in after the figures were read and may be in the ERP already; the figures must be read again.
    pub(crate) fn ledger_for(
        figures: &Figures,
        unit: &RemoteKey,
        ledger: &[LedgerRow],
        imported: &BTreeSet<(zygos_core::ConnectionId, RemoteKey)>,
    ) -> Option<Vec<LedgerEntry>> {
        if figures.unstable.contains(unit) {
            return None;
        }
        let mut entries = Vec::new();
        for row in ledger.iter().filter(|row| &row.unit == unit) {
            let order = (row.store.clone(), row.order.clone());
            let proven = figures.proven.contains(&(row.store.clone(), row.order.clone(), row.unit.clone()));
            if !proven && imported.contains(&order) {
                return None;
            }
            entries.push(LedgerEntry {
                store: row.store.clone(),
                order: row.order.clone(),
                unit: row.unit.clone(),
                warehouse: row.warehouse.clone(),
                quantity: row.quantity,
                recorded: row.recorded,
                reserved: row.reserved,
                moved: row.moved,
            });
        }
        Some(entries)
    }
}
