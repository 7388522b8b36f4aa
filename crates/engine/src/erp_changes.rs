//! What changed in the ERP: documents to tell the stores of, goods that moved, products that were edited.

use std::collections::BTreeSet;

use zygos_core::{
    RemoteKey,
    clock::elapsed,
    contract::{Checkpoint, Item, Lane, Side},
    model::{Document, Entity, Movement, PriceNews, Record},
};
use zygos_storage::{Mutation, OutboxRecord};

use crate::{
    engine::{Engine, lock},
    error::{EngineError, Result},
    health::Deed,
    ledger::stock_wishes,
    products::products_in,
};

impl Engine {
    /// Follows every feed of changes that the ERP has, to its end. A page, what follows from it and the cursor
    /// behind it are one commit.
    pub async fn follow_erp(&self) -> Result<()> {
        self.read_erp_products_if_due().await?;
        let mut outcome = Ok(());
        let products =
            if self.reads_catalogue(&self.settings.erp.id) { Entity::Catalogue } else { Entity::Product };
        for entity in [Entity::Document, Entity::Movement, products, Entity::Price] {
            if entity == Entity::Price && !self.follows_price_lists() {
                continue;
            }
            if !self.settings.erp.connector.capabilities().can_follow(entity) {
                continue;
            }
            match self.follow(entity).await {
                Ok(()) => {}
                Err(error @ EngineError::Storage(_)) => return Err(error),
                // A feed that can't be read holds no other one up.
                Err(error) => outcome = Err(error),
            }
        }
        outcome
    }

    /// A full reading of the ERP's products now and then: the feed tells of no deletions.
    async fn read_erp_products_if_due(&self) -> Result<()> {
        let erp = &self.settings.erp;
        if !erp.connector.capabilities().can_scan(Entity::Product) {
            return Ok(());
        }
        let due = {
            let last = *lock(&self.erp_products_read);
            last.is_none_or(|last| elapsed(last, self.now()) >= self.settings.pace.erp_products_every)
        };
        if due {
            let began = self.now();
            self.scan_products(erp, Lane::Catalogue).await?;
            *lock(&self.erp_products_read) = Some(began);
        }
        Ok(())
    }

    async fn follow(&self, entity: Entity) -> Result<()> {
        let erp = &self.settings.erp;
        loop {
            let cursor: Option<Checkpoint> = self.repository.cursor(&erp.id, entity.name()).await?;
            let read_at = self.now();
            let context = self.context(Lane::HotStock);
            let page = self
                .ask(erp, Deed::Read(entity), erp.connector.changes(&context, entity, cursor.as_ref()))
                .await?;
            let mut mutations = self.acted_on(entity, &page.items).await?;
            match entity {
                Entity::Product => self.keep_units(&erp.id, &page.items, read_at).await?,
                Entity::Catalogue => {
                    let (products, _) = products_in(&page.items);
                    self.keep_products(&erp.id, &products, read_at).await?;
                }
                _ => {}
            }
            if let Some(checkpoint) = page.next.filter(|next| Some(next) != cursor.as_ref()) {
                mutations.push(Mutation::PutCursor {
                    connection: erp.id.clone(),
                    feed: entity.name().to_owned(),
                    checkpoint,
                });
            }
            self.commit(mutations).await?;
            if !page.more {
                return Ok(());
            }
        }
    }

    async fn acted_on(&self, entity: Entity, items: &[Item]) -> Result<Vec<Mutation>> {
        let mut mutations = Vec::new();
        let mut moved: BTreeSet<RemoteKey> = BTreeSet::new();
        let mut documents: Vec<&Document> = Vec::new();
        for item in items {
            match item {
                Ok(Record::Movement(Movement { unit, .. })) => {
                    moved.insert(unit.clone());
                }
                Ok(Record::Document(document)) => documents.push(&**document),
                Ok(Record::PriceNews(news)) => mutations.extend(self.prices_changed(news).await?),
                Ok(_) => {}
                Err(unreadable) => {
                    let kind = format!("unreadable_{}", entity.name());
                    let subject = unreadable.key.as_ref().map_or("?", RemoteKey::as_str).to_owned();
                    let erp = &self.settings.erp.id;
                    mutations.push(self.issue(erp, &kind, subject, format!("{erp}: {unreadable}"), &[]));
                }
            }
        }
        let moved: Vec<RemoteKey> = moved.into_iter().collect();
        mutations.extend(stock_wishes(self, &moved, Lane::HotStock, "goods moved in the ERP").await?);
        mutations.extend(self.documents_changed(&documents).await?);
        Ok(mutations)
    }

    fn follows_price_lists(&self) -> bool {
        self.settings
            .stores
            .iter()
            .any(|store| store.prices.as_ref().is_some_and(|prices| prices.list.is_some()))
    }

    /// A price list was edited: the products of the stores that use it are compared again, and those that wait for a price
    /// in it are made.
    async fn prices_changed(&self, news: &PriceNews) -> Result<Vec<Mutation>> {
        const TOGETHER: u32 = 1000;
        let erp = &self.settings.erp.id;
        let reason = format!("the price list {} was edited in the ERP", news.list_name);
        let mut mutations = Vec::new();
        for store in &self.settings.stores {
            let list = store.prices.as_ref().and_then(|prices| prices.list.as_deref());
            if list != Some(news.list_name.as_str()) && list != Some(news.list.as_str()) {
                continue;
            }
            let id = &store.connection.id;
            match &news.units {
                Some(units) => {
                    let of = self.repository.products_of(erp, units).await?;
                    let keys: BTreeSet<RemoteKey> = of.into_iter().map(|(_, product)| product).collect();
                    let keys: Vec<RemoteKey> = keys.into_iter().collect();
                    for stored in self.repository.products(erp, &keys).await? {
                        mutations.extend(self.wishes_of_store(store, &stored.product, &reason).await?);
                    }
                }
                None => {
                    let mut after = None;
                    loop {
                        let keys = self.repository.product_keys(id, after.as_ref(), TOGETHER).await?;
                        after = keys.last().cloned();
                        if after.is_none() {
                            break;
                        }
                        mutations
                            .extend(keys.iter().map(|key| self.product_wish(id, Side::Store, key, &reason)));
                    }
                    // What the store hasn't got yet may have waited for a price.
                    self.relink_if(true);
                }
            }
        }
        Ok(mutations)
    }

    async fn documents_changed(&self, documents: &[&Document]) -> Result<Vec<Mutation>> {
        let references: Vec<String> = documents.iter().map(|document| document.reference.clone()).collect();
        let mut mutations = Vec::new();
        for order in self.repository.orders_by_reference(&references).await? {
            let Some(document) = documents.iter().find(|document| document.reference == order.reference)
            else {
                continue;
            };
            let ours = order.document.as_ref();
            // An order whose document was never stored is looked at by its own row, which reads the ERP afresh.
            if ours.is_none_or(|ours| ours.key != document.key || ours == *document) {
                continue;
            }
            mutations.push(Mutation::PutDocument {
                store: order.store.clone(),
                order: order.order.id.clone(),
                document: Box::new((*document).clone()),
            });
            if !order.closed {
                mutations.push(self.wish(
                    &self.settings.erp.id,
                    OutboxRecord::Order { store: order.store.clone(), order: order.order.id.clone() },
                    Lane::Orders,
                    "its sale changed in the ERP",
                ));
                mutations.push(self.wish(
                    &order.store,
                    OutboxRecord::Feedback(order.order.id.clone()),
                    Lane::Orders,
                    "its sale changed in the ERP",
                ));
            }
        }
        Ok(mutations)
    }
}
