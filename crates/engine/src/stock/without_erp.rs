//! While the ERP doesn't answer: what other stores sold meanwhile is taken off, and nothing else is touched.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use zygos_core::{RemoteKey, RunId, money::plain};
use zygos_storage::{LedgerRow, OutboxRow, StockBase};

use super::{StockDecision, StockVerdict, units_of};
use crate::{
    engine::Engine,
    error::{EngineError, Result},
    settings::StoreSettings,
};

impl Engine {
    /// Lowers what the ledger alone says is too high: the figure that was right when both sides last agreed, less
    /// what the other stores have sold since. Never raises; the rows stay due for when the ERP answers.
    pub(super) async fn lower_without_erp(
        &self,
        store: &StoreSettings,
        rows: &[OutboxRow],
        why: &EngineError,
        run: Option<&RunId>,
    ) -> Result<()> {
        match self.try_lowering(store, rows, run).await {
            Err(error @ EngineError::Storage(_)) => Err(error),
            Err(error) => {
                let id = &store.connection.id;
                tracing::debug!(connection = %id, "Nothing is lowered while {why}: {error}");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    async fn try_lowering(
        &self,
        store: &StoreSettings,
        rows: &[OutboxRow],
        run: Option<&RunId>,
    ) -> Result<()> {
        let keys = units_of(rows);
        let suspects: Vec<RemoteKey> = self
            .without_erp(store, &keys)
            .await?
            .into_iter()
            .filter(|decision| decision.change().is_some())
            .map(|decision| decision.unit.key)
            .collect();
        if suspects.is_empty() {
            return Ok(());
        }
        // As always: the store's actual figure and its newest orders, then the decision.
        self.read_actual(store, &suspects).await?;
        self.read_orders_since(store, self.now()).await?;
        let decisions = self.without_erp(store, &suspects).await?;
        let mut by_unit: BTreeMap<RemoteKey, StockDecision> =
            decisions.into_iter().map(|decision| (decision.unit.key.clone(), decision)).collect();
        let to_send: Vec<(&OutboxRow, StockDecision)> = rows
            .iter()
            .filter_map(|row| match &row.record {
                zygos_storage::OutboxRecord::Stock(unit) => Some((row, by_unit.remove(unit)?)),
                _ => None,
            })
            .filter(|(_, decision)| decision.change().is_some())
            .collect();
        self.send_all(store, &to_send, self.now(), run).await?;
        Ok(())
    }

    async fn without_erp(&self, store: &StoreSettings, keys: &[RemoteKey]) -> Result<Vec<StockDecision>> {
        let id = &store.connection.id;
        let links: BTreeMap<RemoteKey, RemoteKey> = self
            .repository
            .links_of(id, keys)
            .await?
            .into_iter()
            .map(|link| (link.store_key, link.erp_key))
            .collect();
        let bases: BTreeMap<RemoteKey, StockBase> = self
            .repository
            .stock_bases(id, keys)
            .await?
            .into_iter()
            .map(|base| (base.unit.clone(), base))
            .collect();
        let erp_units: Vec<RemoteKey> = links.values().cloned().collect();
        let ledger = self.repository.ledger(&erp_units).await?;
        // Asking the ERP what its warehouses are called is no use now: unknown, every order counts.
        let rule = self.resolved().await.ok().and_then(|resolved| resolved.stock.get(id).cloned());
        let serves = |row: &LedgerRow| match (&rule, &row.warehouse) {
            (Some(rule), Some(warehouse)) => {
                rule.warehouses.iter().any(|served| &served.warehouse == warehouse)
            }
            _ => true,
        };
        let mut decisions = Vec::new();
        for stored in self.repository.units_by_key(id, keys).await? {
            let key = &stored.unit.key;
            let (Some(erp_unit), Some(base)) = (links.get(key), bases.get(key)) else { continue };
            // The store has taken its own sales off already.
            let sold: Decimal = ledger
                .iter()
                .filter(|row| &row.unit == erp_unit && &row.store != id)
                .filter(|row| row.entered_at > base.read_at && serves(row))
                .map(|row| row.quantity)
                .sum();
            if !stored.unit.tracked || sold <= Decimal::ZERO {
                continue;
            }
            let figure = (base.figure - sold).max(Decimal::ZERO);
            let why = format!(
                "the ERP does not answer; {} were right before, less {} sold elsewhere since",
                plain(base.figure),
                plain(sold)
            );
            decisions.push(StockDecision {
                actual: stored.unit.stock,
                actual_read_at: stored.read_at,
                erp_unit: Some(erp_unit.clone()),
                unit: stored.unit,
                verdict: StockVerdict::AtMost { figure, why },
            });
        }
        Ok(decisions)
    }
}
