//! What is to be done about a pair, with all that the decision needs to know.

use std::collections::BTreeMap;

use zygos_core::{
    RemoteKey,
    catalogue::{Choice, Decision, decide},
    contract::{Lane, Side},
    model::{Field, UnitKind},
};

use super::{Work, gone::CREATE, pairing::Paired};
use crate::{engine::Engine, error::Result, settings::StoreSettings};

impl Engine {
    /// What is to be done about a pair, with what people answered in it.
    pub(crate) async fn decide_pair(&self, work: &Work<'_>, pair: &Paired) -> Result<Decision> {
        let decision = self.decide_unanswered(work, pair).await?;
        let answers = self.answers_for(work.store, pair, &decision).await?;
        if answers.is_empty() { Ok(decision) } else { self.decide_with(work, pair, &answers).await }
    }

    pub(super) async fn decide_unanswered(&self, work: &Work<'_>, pair: &Paired) -> Result<Decision> {
        self.decide_with(work, pair, &BTreeMap::new()).await
    }

    async fn decide_with(
        &self,
        work: &Work<'_>,
        pair: &Paired,
        answers: &BTreeMap<(RemoteKey, Field), Choice>,
    ) -> Result<Decision> {
        let taken = self.skus_of_others(work.store, pair).await?;
        let holder = |side: Side, sku: &str| taken.get(&(side, sku.to_owned())).cloned();
        let mut decision = decide(&pair.view(work.prices.as_ref(), answers, &holder), work.rule);
        self.leave_buried(work.store, &mut decision).await?;
        // What the ERP retired is read only there; it is compared again once it is taken back.
        let erp = &pair.erp.product;
        let is_sold = |key: &RemoteKey| match erp.variant(key) {
            Some(variant) => variant.unit.active,
            None => erp.variants.iter().any(|variant| variant.unit.active),
        };
        decision.changes.retain(|change| {
            change.to == Side::Store || change.field == Field::Active || is_sold(&change.key)
        });
        Ok(decision)
    }

    /// A variant that somebody deleted on one side is not made there again, unless a person says so.
    async fn leave_buried(&self, store: &StoreSettings, decision: &mut Decision) -> Result<()> {
        let made_of = [(Side::Erp, &mut decision.new_in_store), (Side::Store, &mut decision.new_in_erp)];
        for (source, units) in made_of {
            if units.is_empty() {
                continue;
            }
            let buried = self.buried(&store.connection.id, source).await?;
            units.retain(|unit| buried.get(unit).is_none_or(|decided| decided.as_deref() == Some(CREATE)));
        }
        Ok(())
    }

    /// Who on each side carries the SKUs that this pair may want to take over.
    async fn skus_of_others(
        &self,
        store: &StoreSettings,
        pair: &Paired,
    ) -> Result<BTreeMap<(Side, String), RemoteKey>> {
        let mut taken = BTreeMap::new();
        for (store_unit, erp_unit) in &pair.links {
            let here = pair.store.product.variant(store_unit).and_then(|variant| variant.unit.sku.as_deref());
            let there = pair.erp.product.variant(erp_unit).and_then(|variant| variant.unit.sku.as_deref());
            if here.map(str::trim) == there.map(str::trim) {
                continue;
            }
            for (side, connection, sku) in
                [(Side::Store, &store.connection.id, there), (Side::Erp, &self.settings.erp.id, here)]
            {
                let Some(sku) = sku.map(str::trim).filter(|sku| !sku.is_empty()) else { continue };
                let called = self.repository.units_called(connection, sku).await?;
                let holder = called.into_iter().map(|stored| stored.unit).find(|unit| {
                    unit.sku.as_deref().map(str::trim) == Some(sku)
                        && unit.kind == UnitKind::Goods
                        && unit.active
                });
                taken.extend(holder.map(|unit| ((side, sku.to_owned()), unit.key)));
            }
        }
        Ok(taken)
    }

    /// Reads both sides of a pair now; `None`: one of them is gone, or they are no pair any more.
    pub(super) async fn read_pair(&self, store: &StoreSettings, pair: &Paired) -> Result<Option<Paired>> {
        for (connection, key) in
            [(&store.connection, &pair.store.product.key), (&self.settings.erp, &pair.erp.product.key)]
        {
            let missing =
                self.refresh_products(connection, std::slice::from_ref(key), Lane::Catalogue).await?;
            if !missing.is_empty() {
                self.products_gone(connection, &missing).await?;
                return Ok(None);
            }
        }
        let pairs = self.pairs(store, std::slice::from_ref(&pair.store.product.key)).await?;
        Ok(pairs.into_iter().find(|now| now.erp.product.key == pair.erp.product.key))
    }
}
