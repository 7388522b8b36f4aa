//! Writes whose answer was lost: when they may be looked up, and what is then found.

use std::collections::BTreeSet;

use zygos_core::{
    RemoteKey,
    catalogue::Halves,
    clock::later,
    contract::{Fetch, Lane, NewProduct, NewVariant, Write},
    model::{Entity, Field, Product},
};
use zygos_storage::{JournalEntry, Mutation, OutboxRow, SentField, SentWrite, Settled};

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
        let Some(sent) = row.sent.as_ref().filter(|sent| !sent.fields.is_empty()) else { return Ok(()) };
        let Subject::Pairs(pairs) = self.subject(work.store, row).await? else { return Ok(()) };
        let of_erp = self.target_of(work.store, sent).id == self.settings.erp.id;
        let mut arrived = Vec::new();
        for pair in &pairs {
            let now = pair.halves(work.prices.as_ref(), work.rule);
            for SentField { base, entry } in &sent.fields {
                let is_there = |(field, halves): (&Field, &Halves)| {
                    let known = pair.bases.get(&base.key).and_then(|bases| bases.get(field));
                    let now = now.get(&(base.key.clone(), *field));
                    let shows = now.is_some_and(|now| match of_erp {
                        true => now.erp == halves.erp,
                        false => now.store == halves.store,
                    });
                    shows && known != Some(halves)
                };
                if !base.halves.is_empty() && base.halves.iter().all(is_there) {
                    arrived.push(Mutation::PutFieldBases(base.clone()));
                    arrived.push(Mutation::AddJournal(JournalEntry { at: sent.at, ..entry.clone() }));
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
        let found = self.find_by_sku(target, skus).await?;
        let made = found.iter().map(|product| {
            Mutation::AddJournal(JournalEntry {
                at: sent.at,
                connection: target.id.clone(),
                entity: Entity::Catalogue,
                key: product.key.clone(),
                field: "created".to_owned(),
                before: None,
                after: Some(product.title().to_owned()),
                why: format!("{} had it not; it was made there, and the answer was lost", target.id),
                run: None,
            })
        });
        self.commit_if_ours(made.collect()).await?;
        self.link().await
    }

    /// Whether a side has products that carry any of these SKUs; they are kept.
    pub(super) async fn has_skus(&self, target: &Connection, skus: Vec<String>) -> Result<bool> {
        let (_, are_there) = self.read_by_sku(target, skus).await?;
        Ok(are_there)
    }

    /// The products of a side with any of these SKUs of which nothing was known; they are kept.
    async fn find_by_sku(&self, target: &Connection, skus: Vec<String>) -> Result<Vec<Product>> {
        let (found, _) = self.read_by_sku(target, skus).await?;
        Ok(found)
    }

    /// Reads the products of a side that carry any of these SKUs, and keeps them. Answers those that are new, and whether
    /// there are any.
    async fn read_by_sku(&self, target: &Connection, skus: Vec<String>) -> Result<(Vec<Product>, bool)> {
        let read_at = self.now();
        let context = self.context(Lane::Catalogue);
        let fetch = Fetch::ProductsBySku { skus };
        let items = self.ask(target, READ, target.connector.fetch(&context, &fetch)).await?;
        let (products, unreadable) = super::products_in(&items);
        let keys: Vec<RemoteKey> = products.iter().map(|product| product.key.clone()).collect();
        let known: BTreeSet<RemoteKey> = self
            .repository
            .products(&target.id, &keys)
            .await?
            .into_iter()
            .map(|kept| kept.product.key)
            .collect();
        self.keep_products(&target.id, &products, read_at).await?;
        let are_there = !products.is_empty() || !unreadable.is_empty();
        Ok((products.into_iter().filter(|product| !known.contains(&product.key)).collect(), are_there))
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
