//! Writes whose answer was lost: when they may be looked up, and what is then found.

use std::collections::BTreeSet;

use zygos_core::{
    clock::later,
    contract::{Fetch, Lane, NewProduct, NewVariant, Write},
    model::Field,
};
use zygos_storage::{FieldBases, Mutation, OutboxRow, SentWrite, Settled};

use super::{READ, Subject, Work};
use crate::{
    engine::Engine,
    error::Result,
    settings::{Connection, StoreSettings},
};

impl Engine {
    /// Rows whose last write is a question wait until it can't land any more; then it is looked up. Answers the rows that
    /// can be worked on.
    pub(super) async fn settle_product_questions(
        &self,
        store: &StoreSettings,
        rows: &[OutboxRow],
        left: &mut BTreeSet<i64>,
    ) -> Result<Vec<OutboxRow>> {
        let mut ready = Vec::new();
        for row in rows {
            let Some(sent) = &row.sent else {
                ready.push(row.clone());
                continue;
            };
            let target = self.target_of(store, sent);
            let due_at = later(sent.deadline, target.connector.capabilities().max_in_flight);
            if self.now() < due_at {
                self.settle_if_ours(row, Settled::Unknown { due_at }).await?;
                left.remove(&row.id);
                continue;
            }
            self.look_up(target, sent).await?;
            ready.push(row.clone());
        }
        Ok(ready)
    }

    pub(super) fn target_of<'a>(&'a self, store: &'a StoreSettings, sent: &SentWrite) -> &'a Connection {
        match &sent.to {
            Some(to) if to == &self.settings.erp.id => &self.settings.erp,
            _ => &store.connection,
        }
    }

    /// A write that nobody answered and that the other side shows is agreed on like any other: what Zygos wrote itself is
    /// nobody's edit, whatever becomes of the side that it came from.
    pub(super) async fn keep_what_arrived(&self, work: &Work<'_>, row: &OutboxRow) -> Result<()> {
        let Some(sent) = row.sent.as_ref().filter(|sent| !sent.bases.is_empty()) else { return Ok(()) };
        let Subject::Pairs(pairs) = self.subject(work.store, row).await? else { return Ok(()) };
        let of_erp = self.target_of(work.store, sent).id == self.settings.erp.id;
        let mut arrived = Vec::new();
        for pair in &pairs {
            let now = pair.halves(work.prices.as_ref(), work.rule);
            for base in &sent.bases {
                for (field, halves) in &base.halves {
                    let Some(now) = now.get(&(base.key.clone(), *field)) else { continue };
                    let is_there = if of_erp { now.erp == halves.erp } else { now.store == halves.store };
                    if is_there {
                        let halves = [(*field, halves.clone())].into();
                        arrived.push(Mutation::PutFieldBases(FieldBases { halves, ..base.clone() }));
                    }
                }
            }
        }
        self.commit_if_ours(arrived).await
    }

    /// What was made without an answer is found by its SKUs, kept, and linked like anything that is met; what was changed
    /// is simply read.
    async fn look_up(&self, target: &Connection, sent: &SentWrite) -> Result<()> {
        let skus = match &sent.write {
            Write::CreateProduct(product) => skus_of(&product.variants),
            Write::CreateVariants { product, variants, .. } => {
                self.refresh_products(target, std::slice::from_ref(product), Lane::Catalogue).await?;
                skus_of(variants)
            }
            Write::UpdateProduct(changes) => {
                let gone = self
                    .refresh_products(target, std::slice::from_ref(&changes.product), Lane::Catalogue)
                    .await?;
                return self.products_gone(target, &gone).await;
            }
            _ => return Ok(()),
        };
        self.find_by_sku(target, skus).await?;
        self.link().await
    }

    /// Reads the products of a side that carry any of these SKUs, and keeps them. Answers whether there are any.
    pub(super) async fn find_by_sku(&self, target: &Connection, skus: Vec<String>) -> Result<bool> {
        let read_at = self.now();
        let context = self.context(Lane::Catalogue);
        let fetch = Fetch::ProductsBySku { skus };
        let items = self.ask(target, READ, target.connector.fetch(&context, &fetch)).await?;
        let (products, unreadable) = super::products_in(&items);
        self.keep_products(&target.id, &products, read_at).await?;
        Ok(!products.is_empty() || !unreadable.is_empty())
    }
}

pub(super) fn skus_of(variants: &[NewVariant]) -> Vec<String> {
    variants
        .iter()
        .filter_map(|variant| variant.facts.get(&Field::Sku)?.as_text().map(str::to_owned))
        .collect()
}

pub(super) fn skus_of_product(product: &NewProduct) -> Vec<String> {
    skus_of(&product.variants)
}
