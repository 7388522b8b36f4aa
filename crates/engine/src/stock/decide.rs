//! What a figure should be: from the ERP's figures, the ledger and the store's rule.

use std::collections::{BTreeMap, BTreeSet};

use zygos_core::{
    ConnectionId, RemoteKey,
    clock::later,
    contract::{Absence, CallContext, Fetch, Lane},
    model::{Entity, Record},
    stock::{SellableInputs, StockRule, sellable, with_absent},
};
use zygos_storage::{LedgerRow, Mutation, StoredUnit};

use super::{StockDecision, StockVerdict};
use crate::{engine::Engine, error::Result, figures::Figures, health::Deed, settings::StoreSettings};

impl Engine {
    /// Decides these units of a store from figures read now.
    pub(crate) async fn decide(
        &self,
        store: &StoreSettings,
        keys: &[RemoteKey],
    ) -> Result<(Vec<StockDecision>, Figures)> {
        let links = self.repository.links_of(&store.connection.id, keys).await?;
        let mut erp_units: Vec<RemoteKey> = links.into_iter().map(|link| link.erp_key).collect();
        erp_units.sort();
        erp_units.dedup();
        let figures = self.read_figures(&erp_units, Lane::HotStock).await?;
        Ok((self.decide_from(store, keys, &figures).await?, figures))
    }

    /// Decides these units of a store from figures already read and the ledger as it is now.
    pub(crate) async fn decide_from(
        &self,
        store: &StoreSettings,
        keys: &[RemoteKey],
        figures: &Figures,
    ) -> Result<Vec<StockDecision>> {
        let id = &store.connection.id;
        let resolved = self.resolved().await?;
        let Some(rule) = resolved.stock.get(id) else { return Ok(Vec::new()) };
        let links: BTreeMap<RemoteKey, RemoteKey> = self
            .repository
            .links_of(id, keys)
            .await?
            .into_iter()
            .map(|link| (link.store_key, link.erp_key))
            .collect();
        let erp_units: Vec<RemoteKey> =
            links.values().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        let ledger = self.repository.ledger(&erp_units).await?;
        let imported = self.imported_orders(&ledger, figures).await?;
        let decimals: BTreeMap<RemoteKey, Option<u32>> = self
            .repository
            .units_by_key(&self.settings.erp.id, &erp_units)
            .await?
            .into_iter()
            .map(|stored| (stored.unit.key, stored.unit.decimals))
            .collect();
        let absence = self.settings.erp.connector.capabilities().absence;
        let evidence = Evidence { figures, ledger: &ledger, imported: &imported, absence };
        let mut decisions = Vec::new();
        for stored in self.repository.units_by_key(id, keys).await? {
            let erp_unit = links.get(&stored.unit.key).cloned();
            let verdict = match &erp_unit {
                None => StockVerdict::LeaveAlone("it is not linked to a product of the ERP".to_owned()),
                Some(_) if !stored.unit.tracked => StockVerdict::LeaveAlone(
                    "the store does not count its stock (tracking is off)".to_owned(),
                ),
                Some(erp_unit) => {
                    let whole = decimals.get(erp_unit).copied().flatten().unwrap_or(0);
                    verdict(rule, &evidence, erp_unit, whole, &stored)
                }
            };
            decisions.push(StockDecision {
                actual: stored.unit.stock,
                actual_read_at: stored.read_at,
                unit: stored.unit,
                erp_unit,
                verdict,
            });
        }
        Ok(decisions)
    }

    /// Orders in this ledger that have or may have a document in the ERP.
    pub(super) async fn imported_orders(
        &self,
        ledger: &[LedgerRow],
        figures: &Figures,
    ) -> Result<BTreeSet<(ConnectionId, RemoteKey)>> {
        let mut imported = BTreeSet::new();
        for row in ledger.iter().filter(|row| row.entered_at >= figures.began) {
            if let Some(order) = self.repository.order(&row.store, &row.order).await?
                && order.document.is_some()
            {
                imported.insert((row.store.clone(), row.order.clone()));
            }
        }
        Ok(imported)
    }

    /// Reads the store's actual figures of single units; a unit that is gone is forgotten.
    pub(crate) async fn read_actual(&self, store: &StoreSettings, keys: &[RemoteKey]) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let id = &store.connection.id;
        let read_at = self.now();
        let context = CallContext {
            deadline: later(read_at, self.settings.pace.lease / 2),
            ..self.context(Lane::HotStock)
        };
        let fetch = Fetch::Keys { entity: Entity::Product, keys: keys.to_vec() };
        let items = self
            .ask(
                &store.connection,
                Deed::Read(Entity::Product),
                store.connection.connector.fetch(&context, &fetch),
            )
            .await?;
        let mut missing: BTreeSet<RemoteKey> = keys.iter().cloned().collect();
        let mut mutations = Vec::new();
        for item in items {
            match item {
                Ok(Record::Product(unit)) => {
                    missing.remove(&unit.key);
                    mutations.push(Mutation::PutFigure { connection: id.clone(), unit, read_at });
                }
                Ok(_) => {}
                Err(unreadable) => {
                    if let Some(key) = &unreadable.key {
                        missing.remove(key);
                    }
                }
            }
        }
        mutations.extend(missing.into_iter().map(|key| Mutation::DropUnit { connection: id.clone(), key }));
        self.commit(mutations).await
    }
}

/// What was read of the ERP for a batch of units.
struct Evidence<'a> {
    figures: &'a Figures,
    ledger: &'a [LedgerRow],
    imported: &'a BTreeSet<(ConnectionId, RemoteKey)>,
    absence: Absence,
}

fn verdict(
    rule: &StockRule,
    evidence: &Evidence<'_>,
    erp_unit: &RemoteKey,
    decimals: u32,
    stored: &StoredUnit,
) -> StockVerdict {
    let Evidence { figures, ledger, imported, absence } = *evidence;
    let Some(entries) = Engine::ledger_for(figures, erp_unit, ledger, imported) else {
        return StockVerdict::NotNow("its orders are moving in the ERP at this moment".to_owned());
    };
    let no_rows = Vec::new();
    let rows = figures.rows.get(erp_unit).unwrap_or(&no_rows);
    if rows.is_empty() && absence == Absence::Deleted {
        return StockVerdict::LeaveAlone("the ERP has no such product any more".to_owned());
    }
    let rows = with_absent(rows, rule, absence, erp_unit);
    let inputs = SellableInputs { rows: &rows, ledger: &entries, decimals };
    match sellable(rule, &inputs) {
        Err(why) => StockVerdict::NotNow(why.to_string()),
        Ok(explanation) => {
            let undecided = ledger.iter().any(|row| &row.unit == erp_unit && row.undecided);
            if undecided && stored.unit.stock.is_some_and(|actual| explanation.figure > actual) {
                return StockVerdict::LeaveAlone(
                    "an order from before the go-live waits for a decision, so it is not raised".to_owned(),
                );
            }
            StockVerdict::Decided(explanation)
        }
    }
}
