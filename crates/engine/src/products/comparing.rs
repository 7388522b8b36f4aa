//! Verification of products and prices: one page of a store's products held against the ERP's, read now.

use std::collections::{BTreeMap, BTreeSet};

use zygos_core::{
    ConnectionId, RemoteKey,
    catalogue::FieldChange,
    contract::{Lane, Side},
    drift::DriftCause,
    model::Product,
};
use zygos_storage::{Drift, Mutation, OutboxRecord};

use super::{Work, telling::agreed};
use crate::{engine::Engine, error::Result, event::Event, settings::StoreSettings, verify::Verification};

impl Engine {
    /// Compares the products that these units of a store belong to. Differences are recorded and put before the product
    /// pass, which reads and decides them again.
    pub(crate) async fn compare_products(
        &self,
        store: &StoreSettings,
        units: &[RemoteKey],
        found: &mut Verification,
    ) -> Result<()> {
        if self.product_rule(store).is_none() {
            return Ok(());
        }
        let id = &store.connection.id;
        let keys: BTreeSet<RemoteKey> =
            self.repository.products_of(id, units).await?.into_iter().map(|(_, product)| product).collect();
        let keys: Vec<RemoteKey> = keys.into_iter().collect();
        let before = self.pairs(store, &keys).await?;
        let erp_keys: BTreeSet<RemoteKey> = before.into_iter().map(|pair| pair.erp.product.key).collect();
        let erp_keys: Vec<RemoteKey> = erp_keys.into_iter().collect();
        let missing = self.refresh_products(&self.settings.erp, &erp_keys, Lane::Sweep).await?;
        self.products_gone(&self.settings.erp, &missing).await?;
        let pairs = self.pairs(store, &keys).await?;
        let erp_units: Vec<RemoteKey> = pairs.iter().flat_map(super::pairing::Paired::erp_units).collect();
        let (rule, prices) = self.priced(store, &erp_units, Lane::Sweep).await?;
        let work = Work::of(store, &rule, prices);
        let mut mutations = Vec::new();
        for pair in &pairs {
            found.products += 1;
            let decision = self.decide_pair(&work, pair).await?;
            mutations.extend(agreed(id, &decision));
            mutations.extend(self.drifts_of(store, pair, &decision.changes).await?);
            let told = decision.conflicts.len() + decision.troubles.len();
            if !decision.changes.is_empty() {
                found.fields_different += u64::try_from(decision.changes.len()).unwrap_or(u64::MAX);
            }
            let something = !decision.changes.is_empty()
                || !decision.new_in_store.is_empty()
                || !decision.new_in_erp.is_empty()
                || told > 0;
            if something {
                let record = OutboxRecord::Product { side: Side::Store, key: pair.store.product.key.clone() };
                mutations.push(self.wish(id, record, Lane::Catalogue, "verification found a difference"));
            }
        }
        self.commit(mutations).await
    }

    /// Opens a drift for every field that somebody changed who doesn't own it, and closes those that are no more.
    pub(super) async fn drifts_of(
        &self,
        store: &StoreSettings,
        pair: &super::pairing::Paired,
        changes: &[FieldChange],
    ) -> Result<Vec<Mutation>> {
        let id = &store.connection.id;
        let keys: Vec<RemoteKey> =
            pair.links.iter().map(|(unit, _)| unit.clone()).chain([pair.store.product.key.clone()]).collect();
        let open = self.repository.open_drifts(id, &keys).await?;
        let known: BTreeMap<(RemoteKey, String), Drift> =
            open.into_iter().map(|drift| ((drift.unit.clone(), drift.field.clone()), drift)).collect();
        let mut mutations = Vec::new();
        let mut now = BTreeSet::new();
        for change in changes.iter().filter(|change| change.cause.is_drift()) {
            let key = (change.store_key.clone(), change.field.code().to_owned());
            now.insert(key.clone());
            mutations.push(match known.contains_key(&key) {
                true => self.drift_now(id, change),
                false => self.drift_of(id, change, &pair.store.product),
            });
        }
        for ((unit, field), _) in known {
            if field != "stock" && !now.contains(&(unit.clone(), field.clone())) {
                mutations.push(Mutation::CloseDrift { store: id.clone(), unit, field, at: self.now() });
            }
        }
        Ok(mutations)
    }

    /// A difference that nobody knows of yet, told.
    pub(super) fn drift_of(&self, store: &ConnectionId, change: &FieldChange, product: &Product) -> Mutation {
        self.tell(&Event::DriftFound {
            store: store.clone(),
            sku: super::sending::name_of(change, product),
            field: change.field.code().to_owned(),
            should: change.after.to_string(),
            is: change.before.to_string(),
            cause: DriftCause::EditedByHand.code().to_owned(),
        });
        self.drift_now(store, change)
    }

    fn drift_now(&self, store: &ConnectionId, change: &FieldChange) -> Mutation {
        Mutation::OpenDrift(Drift {
            id: 0,
            store: store.clone(),
            unit: change.store_key.clone(),
            sku: change.sku.clone(),
            field: change.field.code().to_owned(),
            should: change.after.to_string(),
            is: change.before.to_string(),
            cause: DriftCause::EditedByHand.code().to_owned(),
            found_at: self.now(),
            corrected_at: None,
        })
    }
}
