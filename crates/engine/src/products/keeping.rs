//! Keeping whole products as they are read, and wishing those compared that were edited.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use zygos_core::{
    ConnectionId, RemoteKey,
    contract::{Item, Lane, Side, Unreadable},
    model::{FieldTrouble, Product, Record, Shape, Unit, UnitKind},
};
use zygos_storage::{Mutation, OutboxRecord, StoredProduct, StoredUnit};

use crate::{
    catalogue::{names_differ, position_of_newcomer},
    engine::Engine,
    error::Result,
    progress,
    settings::StoreSettings,
};

pub(crate) const UNREADABLE_FIELD: &str = "unreadable_field";

/// What keeping some products leads to. The mutations are one commit with the cursor they were read up to.
#[derive(Default)]
pub(crate) struct Kept {
    pub mutations: Vec<Mutation>,
    /// Units by which products are paired were renamed, came or went.
    pub renamed: bool,
    /// Keys of the units that were met, in order.
    pub units: Vec<RemoteKey>,
    /// Of those, fields that couldn't be read.
    pub unreadable: BTreeSet<String>,
}

impl Engine {
    /// Whether whole products of a connection are read, as against only what is sold: a flow of products or prices is
    /// configured, and both sides can.
    pub(crate) fn reads_catalogue(&self, connection: &ConnectionId) -> bool {
        let wanted = self
            .settings
            .stores
            .iter()
            .filter(|store| &store.connection.id == connection || &self.settings.erp.id == connection)
            .any(|store| self.product_rule(store).is_some());
        wanted
            && self.connection(connection).is_some_and(|connection| {
                connection.connector.capabilities().can_scan(zygos_core::model::Entity::Catalogue)
            })
    }

    /// What to store of these products and their units; `positions` from the listing they come from, where they do.
    pub(crate) async fn keeping(
        &self,
        connection: &ConnectionId,
        products: &[Product],
        read_at: Timestamp,
        mut position: Option<u64>,
    ) -> Result<Kept> {
        let side = if connection == &self.settings.erp.id { Side::Erp } else { Side::Store };
        let mut kept = Kept::default();
        let keys: Vec<RemoteKey> = products.iter().map(|product| product.key.clone()).collect();
        let known: BTreeMap<RemoteKey, StoredProduct> = self
            .repository
            .products(connection, &keys)
            .await?
            .into_iter()
            .map(|stored| (stored.product.key.clone(), stored))
            .collect();
        let units: Vec<Unit> = products.iter().flat_map(|product| units_of(product, side)).collect();
        let unit_keys: Vec<RemoteKey> = units.iter().map(|unit| unit.key.clone()).collect();
        let known_units: BTreeMap<RemoteKey, StoredUnit> = self
            .repository
            .units_by_key(connection, &unit_keys)
            .await?
            .into_iter()
            .map(|stored| (stored.unit.key.clone(), stored))
            .collect();
        for unit in units {
            let known = known_units.get(&unit.key);
            kept.renamed |= known.is_none_or(|known| names_differ(&known.unit, &unit));
            let place = match (&mut position, known) {
                (Some(position), _) => {
                    *position += 1;
                    *position - 1
                }
                (None, Some(known)) => known.position,
                (None, None) => position_of_newcomer(&unit.key),
            };
            // What shows no figure must not hide the one that was read before.
            let stock = unit.stock.or_else(|| known.and_then(|known| known.unit.stock));
            let unit = StoredUnit { unit: Unit { stock, ..unit }, position: place, read_at };
            kept.mutations.push(Mutation::PutUnit { connection: connection.clone(), unit });
        }
        kept.units = unit_keys;
        for product in products {
            let product = &with_what_a_list_leaves_out(product, known.get(&product.key));
            let digest = progress::product_digest(product)?;
            for trouble in &product.troubles {
                let of = of_variant(trouble);
                let subject = subject_of(product, trouble);
                kept.unreadable.insert(subject.clone());
                let text = format!(
                    "{connection}: product {} (id {}){of}, field {}: {}. Everything else of it goes on",
                    product.title(),
                    product.key,
                    trouble.field,
                    trouble.message
                );
                kept.mutations.push(self.issue(connection, UNREADABLE_FIELD, subject, text, &[]));
            }
            let before = known.get(&product.key).map(|known| &known.product);
            for mended in before.into_iter().flat_map(|before| &before.troubles) {
                let subject = subject_of(product, mended);
                if !kept.unreadable.contains(&subject) {
                    kept.mutations.push(self.close_issue(connection, UNREADABLE_FIELD, subject));
                }
            }
            let edited = known.get(&product.key).is_none_or(|known| known.digest != digest);
            let stored = StoredProduct { product: product.clone(), digest, read_at };
            kept.mutations
                .push(Mutation::PutProduct { connection: connection.clone(), product: Box::new(stored) });
            if edited {
                let was_known = known.contains_key(&product.key);
                kept.mutations.extend(self.edited_product(connection, side, product, was_known).await?);
            }
        }
        Ok(kept)
    }

    /// Keeps products that a feed, a direct read or the answer to a write brought. What isn't a product is left out.
    pub(crate) async fn keep_products(
        &self,
        connection: &ConnectionId,
        products: &[Product],
        read_at: Timestamp,
    ) -> Result<()> {
        let kept = self.keeping(connection, products, read_at, None).await?;
        self.commit(kept.mutations).await?;
        self.relink_if(kept.renamed);
        Ok(())
    }

    /// Who is to look at a product that was edited. What wasn't known before is paired first.
    async fn edited_product(
        &self,
        connection: &ConnectionId,
        side: Side,
        product: &Product,
        was_known: bool,
    ) -> Result<Vec<Mutation>> {
        let reason = match (side, was_known) {
            (Side::Store, true) => "it was edited in the store",
            (Side::Store, false) => "it is new in the store",
            (Side::Erp, true) => "it was edited in the ERP",
            (Side::Erp, false) => "it is new in the ERP",
        };
        match side {
            Side::Store => {
                let store = self.store(connection).filter(|store| self.product_rule(store).is_some());
                Ok(store
                    .map(|_| self.product_wish(connection, side, &product.key, reason))
                    .into_iter()
                    .collect())
            }
            Side::Erp => self.erp_product_wishes(product, reason).await,
        }
    }

    /// A product of the ERP concerns every store that has it or may get it.
    async fn erp_product_wishes(&self, product: &Product, reason: &str) -> Result<Vec<Mutation>> {
        let mut wishes = Vec::new();
        for store in self.settings.stores.iter().filter(|store| self.product_rule(store).is_some()) {
            wishes.extend(self.wishes_of_store(store, product, reason).await?);
        }
        Ok(wishes)
    }

    /// As a store has it: under its own products that are linked to it, or as something that it may get.
    pub(crate) async fn wishes_of_store(
        &self,
        store: &StoreSettings,
        product: &Product,
        reason: &str,
    ) -> Result<Vec<Mutation>> {
        let id = &store.connection.id;
        let units: Vec<RemoteKey> = product.variants.iter().map(|variant| variant.unit.key.clone()).collect();
        let links = self.repository.links_to(&self.settings.erp.id, &units).await?;
        let linked: Vec<RemoteKey> =
            links.into_iter().filter(|link| &link.store == id).map(|link| link.store_key).collect();
        let products: BTreeSet<RemoteKey> =
            self.repository.products_of(id, &linked).await?.into_iter().map(|(_, product)| product).collect();
        if products.is_empty() {
            return Ok(vec![self.product_wish(id, Side::Erp, &product.key, reason)]);
        }
        Ok(products.iter().map(|key| self.product_wish(id, Side::Store, key, reason)).collect())
    }

    /// An edit is news: what waits for a person or was refused is looked at again by it.
    pub(crate) fn product_wish(
        &self,
        store: &ConnectionId,
        side: Side,
        key: &RemoteKey,
        reason: &str,
    ) -> Mutation {
        self.by_hand(store, OutboxRecord::Product { side, key: key.clone() }, Lane::Catalogue, reason)
    }
}

fn of_variant(trouble: &FieldTrouble) -> String {
    trouble.unit.as_ref().map_or(String::new(), |unit| format!(" variant {unit}"))
}

/// What the issue about a field that can't be read is named by.
fn subject_of(product: &Product, trouble: &FieldTrouble) -> String {
    format!("{}{}, {}", product.key, of_variant(trouble), trouble.field)
}

/// A list may leave out long texts, which says nothing about them: what was read before still counts. What couldn't be
/// read doesn't.
fn with_what_a_list_leaves_out(product: &Product, known: Option<&StoredProduct>) -> Product {
    let mut whole = product.clone();
    let known = known.filter(|_| product.troubles.is_empty());
    for (field, value) in known.iter().flat_map(|known| &known.product.facts) {
        whole.facts.entry(*field).or_insert_with(|| value.clone());
    }
    whole
}

/// The products of a page, and what couldn't be read of it.
pub(crate) fn products_in(items: &[Item]) -> (Vec<Product>, Vec<&Unreadable>) {
    let mut products = Vec::new();
    let mut unreadable = Vec::new();
    for item in items {
        match item {
            Ok(Record::Catalogue(product)) => products.push((**product).clone()),
            Ok(_) => {}
            Err(trouble) => unreadable.push(trouble),
        }
    }
    (products, unreadable)
}

/// What is sold of a product; in a store also the parent of variants, so that orders that name it are understood.
fn units_of(product: &Product, side: Side) -> Vec<Unit> {
    let mut units: Vec<Unit> = product.variants.iter().map(|variant| variant.unit.clone()).collect();
    if side == Side::Store && product.shape == Shape::Variants {
        units.push(Unit {
            key: product.key.clone(),
            parent: None,
            kind: UnitKind::Parent,
            sku: product.code.clone(),
            ean: None,
            name: product.title().to_owned(),
            active: true,
            tracked: false,
            stock: None,
            price_net: None,
            price_gross: None,
            tax_percent: None,
            measure: None,
            decimals: None,
        });
    }
    units
}
