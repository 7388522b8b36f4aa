//! Products that are gone on one side: confirmed by a direct read, remembered, and their other half dealt with by policy.

use std::collections::{BTreeMap, BTreeSet};

use zygos_core::{
    ConnectionId, RemoteKey,
    catalogue::Gone,
    contract::{PriceKind, ProductChanges, Side, Write},
    guard::inspect_gone,
    model::{Entity, Facts, Field, Product, Record, Value},
};
use zygos_storage::{JournalEntry, Mutation, OutboxRow, StoredProduct, Tombstone};

use super::{Went, Work, creating::is_wish_about};
use crate::{
    engine::Engine,
    error::Result,
    settings::{Connection, StoreSettings},
};

const KIND: &str = "product_gone";
pub(super) const HALF_GONE: &str = "its other half is gone";
/// The guard's issue about products that went together.
const GUARD_SUBJECT: &str = "products gone";

/// What is decided about the half that is left.
pub(crate) const ARCHIVE: &str = "archive";
pub(crate) const LEAVE: &str = "leave";
pub(crate) const CREATE: &str = "create";

/// Units whose other half is gone.
#[derive(Default)]
pub(super) struct LeftHalves {
    /// To be taken off sale.
    pub decided: Vec<RemoteKey>,
    /// Those of them that are on sale.
    pub on_sale: Vec<RemoteKey>,
}

impl LeftHalves {
    /// What a plan has of it, each unit in words that are equal when the same is written.
    pub fn words(&self, side: Side) -> Vec<String> {
        self.on_sale.iter().map(|unit| words_of_archive(side, unit)).collect()
    }
}

pub(super) fn words_of_archive(side: Side, unit: &RemoteKey) -> String {
    match side {
        Side::Store => format!("store, {unit} is taken off sale"),
        Side::Erp => format!("ERP, {unit} is taken off sale"),
    }
}

fn is_to_archive(buried: &BTreeMap<RemoteKey, Option<String>>, unit: &RemoteKey) -> bool {
    buried.get(unit).is_some_and(|decided| decided.as_deref() == Some(ARCHIVE))
}

impl Engine {
    /// Whole products that a direct read did not find.
    pub(crate) async fn products_gone(&self, connection: &Connection, keys: &[RemoteKey]) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let units = super::pairing::units_of(&self.repository.products(&connection.id, keys).await?);
        self.units_gone(connection, &units, keys).await
    }

    /// Forgets units and products that are confirmed to be gone, and remembers their other halves, unless so many went
    /// together that a person must say whether that is meant.
    pub(crate) async fn units_gone(
        &self,
        connection: &Connection,
        units: &[RemoteKey],
        products: &[RemoteKey],
    ) -> Result<()> {
        let id = &connection.id;
        if self.hold_mass_removal(connection, units).await? {
            return Ok(());
        }
        let mut mutations: Vec<Mutation> = Vec::new();
        for key in products {
            mutations.push(Mutation::DropProduct { connection: id.clone(), key: key.clone() });
        }
        for key in units {
            mutations.push(Mutation::DropUnit { connection: id.clone(), key: key.clone() });
        }
        let links = if id == &self.settings.erp.id {
            self.repository.links_to(id, units).await?
        } else {
            self.repository.links_of(id, units).await?
        };
        let here = if id == &self.settings.erp.id { Side::Erp } else { Side::Store };
        for link in links {
            let Some(store) = self.store(&link.store) else { continue };
            if self.product_rule(store).is_none_or(|rule| !rule.to_store && !rule.to_erp) {
                continue;
            }
            let (left, other, unit) = match here {
                Side::Erp => (Side::Store, &link.store, link.store_key.clone()),
                Side::Store => (Side::Erp, &link.erp, link.erp_key.clone()),
            };
            mutations
                .push(Mutation::DropLink { store: link.store.clone(), store_key: link.store_key.clone() });
            let Some(stored) = self.repository.unit(other, &unit).await? else { continue };
            let tombstone = Tombstone {
                store: link.store.clone(),
                left,
                unit,
                sku: stored.unit.sku.clone(),
                at: self.now(),
                decided: None,
            };
            mutations.extend(self.dealt_with(store, tombstone).await?);
        }
        self.commit(mutations).await?;
        self.relink_if(true);
        Ok(())
    }

    /// What follows from a unit that is gone on one side, by policy.
    async fn dealt_with(&self, store: &StoreSettings, tombstone: Tombstone) -> Result<Vec<Mutation>> {
        let policy = store.products.as_ref().map_or(Gone::Leave, |flow| flow.gone);
        let decided = match policy {
            Gone::Ask => None,
            Gone::Archive => Some(ARCHIVE),
            Gone::Leave => Some(LEAVE),
        };
        let mut mutations = Vec::new();
        let tombstone = Tombstone { decided: decided.map(str::to_owned), ..tombstone };
        match decided {
            None => {
                let id = &store.connection.id;
                let (gone, left) = match tombstone.left {
                    Side::Store => ("the ERP", "the store"),
                    Side::Erp => ("the store", "the ERP"),
                };
                let sku = tombstone.sku.as_deref().unwrap_or(tombstone.unit.as_str());
                let text = format!(
                    "{id}: {sku} is gone from {gone} and still is in {left}. Answer `archive` to take it off sale there, \
                     `create` to have it made again in {gone}, `leave` to leave it as it is (`zygos approve NUMBER \
                     WORD`)."
                );
                let subject = subject_of(tombstone.left, &tombstone.unit);
                mutations.push(self.issue(id, KIND, subject, text, &[ARCHIVE, CREATE, LEAVE]));
            }
            Some(_) => {
                mutations.extend(self.left_half_wish(&tombstone, "it is gone from the other side").await?)
            }
        }
        mutations.push(Mutation::PutTombstone(tombstone));
        Ok(mutations)
    }

    async fn left_half_wish(&self, tombstone: &Tombstone, reason: &str) -> Result<Vec<Mutation>> {
        let connection = match tombstone.left {
            Side::Store => &tombstone.store,
            Side::Erp => &self.settings.erp.id,
        };
        let product =
            self.repository.products_of(connection, std::slice::from_ref(&tombstone.unit)).await?.pop();
        Ok(product
            .map(|(_, product)| self.product_wish(&tombstone.store, tombstone.left, &product, reason))
            .into_iter()
            .collect())
    }

    /// A person said what becomes of the half that is left.
    pub(crate) async fn gone_answer(
        &self,
        store: &ConnectionId,
        subject: &str,
        choice: &str,
    ) -> Result<Vec<Mutation>> {
        let mut mutations = Vec::new();
        for tombstone in self.repository.tombstones(store).await? {
            if subject_of(tombstone.left, &tombstone.unit) != subject {
                continue;
            }
            let tombstone = Tombstone { decided: Some(choice.to_owned()), ..tombstone };
            mutations.extend(self.left_half_wish(&tombstone, "a person decided about it").await?);
            mutations.push(Mutation::PutTombstone(tombstone));
        }
        Ok(mutations)
    }

    /// What was decided about units of a side whose other half is gone; undecided ones are `None`.
    pub(crate) async fn buried(
        &self,
        store: &ConnectionId,
        left: Side,
    ) -> Result<BTreeMap<RemoteKey, Option<String>>> {
        let tombstones = self.repository.tombstones(store).await?;
        Ok(tombstones
            .into_iter()
            .filter(|tombstone| tombstone.left == left)
            .map(|tombstone| (tombstone.unit, tombstone.decided))
            .collect())
    }

    /// The units of a product whose other half is gone and that are to be taken off sale for it, as was decided.
    pub(super) async fn left_halves(
        &self,
        store: &StoreSettings,
        side: Side,
        product: &Product,
    ) -> Result<LeftHalves> {
        let buried = self.buried(&store.connection.id, side).await?;
        let units = product.variants.iter().map(|variant| &variant.unit);
        let mut left = LeftHalves::default();
        for unit in units.filter(|unit| is_to_archive(&buried, &unit.key)) {
            left.decided.push(unit.key.clone());
            if unit.active {
                left.on_sale.push(unit.key.clone());
            }
        }
        Ok(left)
    }

    /// Takes units off sale whose other half is gone, where that was decided. `None`: there are none. `is_alone`: the
    /// product is in no pair, and a plan that is carried out must hold this.
    pub(super) async fn archive_left_half(
        &self,
        work: &Work<'_>,
        row: &OutboxRow,
        side: Side,
        product: &StoredProduct,
        is_alone: bool,
    ) -> Result<Option<Went>> {
        let store = work.store;
        let left = self.left_halves(store, side, &product.product).await?;
        if left.decided.is_empty() {
            return Ok(None);
        }
        let target = match side {
            Side::Store => &store.connection,
            Side::Erp => &self.settings.erp,
        };
        let units: BTreeMap<RemoteKey, Facts> = left
            .on_sale
            .iter()
            .map(|key| (key.clone(), Facts::from([(Field::Active, Value::Flag(false))])))
            .collect();
        let mut mutations = Vec::new();
        let mut written = 0;
        if !units.is_empty() {
            let seen = is_alone.then(|| left.words(side));
            if let Some(ends) = self.may_not_write(work, row, target, seen).await? {
                return Ok(Some(ends));
            }
            let write = Write::UpdateProduct(Box::new(ProductChanges {
                product: product.product.key.clone(),
                facts: Facts::new(),
                tax_class: None,
                units: units.clone(),
                prices: PriceKind::Net,
                price_list: None,
            }));
            let record = format!("product {}", product.product.title());
            let (applied, at) = match self.send_product(work, row, target, &record, write).await? {
                Ok(applied) => applied,
                Err(ends) => return Ok(Some(ends)),
            };
            if let Some(Record::Catalogue(shown)) = &applied.record {
                let kept = self.keeping(&target.id, std::slice::from_ref(&**shown), at, None).await?;
                // In no pair, nothing else of it is left to compare for this store.
                let of_store = &store.connection.id;
                let is_news = |mutation: &Mutation| {
                    !(is_alone && is_wish_about(mutation, of_store, &product.product.key))
                };
                mutations.extend(kept.mutations.into_iter().filter(is_news));
            }
            mutations.extend(units.into_keys().map(|key| {
                Mutation::AddJournal(JournalEntry {
                    at,
                    connection: target.id.clone(),
                    entity: Entity::Catalogue,
                    key,
                    field: Field::Active.code().to_owned(),
                    before: Some(Value::Flag(true).to_string()),
                    after: Some(Value::Flag(false).to_string()),
                    why: HALF_GONE.to_owned(),
                    run: work.run.cloned(),
                })
            }));
            written = 1;
        }
        // Done once: whoever puts it on sale again afterwards means it.
        let tombstones = self.repository.tombstones(&store.connection.id).await?;
        let done = tombstones
            .into_iter()
            .filter(|tombstone| tombstone.left == side && left.decided.contains(&tombstone.unit));
        mutations.extend(done.map(|tombstone| {
            Mutation::PutTombstone(Tombstone { decided: Some(LEAVE.to_owned()), ..tombstone })
        }));
        self.commit_if_ours(mutations).await?;
        Ok(Some(Went::Through(written)))
    }

    /// What came back isn't gone any more: its unit is linked again.
    pub(crate) fn back_again(&self, store: &ConnectionId, left: Side, unit: &RemoteKey) -> Vec<Mutation> {
        vec![
            Mutation::DropTombstone { store: store.clone(), left, unit: unit.clone() },
            self.close_issue(store, KIND, subject_of(left, unit)),
        ]
    }

    /// Whether so many linked units of a side are gone together that nothing is done before a person agrees.
    async fn hold_mass_removal(&self, connection: &Connection, units: &[RemoteKey]) -> Result<bool> {
        let id = &connection.id;
        let links = if id == &self.settings.erp.id {
            self.repository.links_to(id, units).await?
        } else {
            self.repository.links_of(id, units).await?
        };
        let gone: BTreeSet<&RemoteKey> = links
            .iter()
            .map(|link| if id == &link.store { &link.store_key } else { &link.erp_key })
            .collect();
        let of = self.repository.unit_count(id).await?;
        let finding = inspect_gone(u64::try_from(gone.len()).unwrap_or(u64::MAX), of, &self.settings.guard);
        let open = self.repository.open_issue(id, "guard", GUARD_SUBJECT).await?;
        match finding {
            Some(finding) if !self.guard_is_waived(id).await? => {
                let text = format!(
                    "{id}: {}. Nothing was archived, and nothing of them is forgotten. If they are really gone, approve this \
                     issue by its number (`zygos approve`); if not, bring them back there.",
                    finding.text
                );
                if open.is_none_or(|open| open.text != text) {
                    self.commit(vec![self.issue(id, "guard", GUARD_SUBJECT, text, &["approve"])]).await?;
                }
                Ok(true)
            }
            _ => {
                if open.is_some() {
                    self.commit(vec![self.close_issue(id, "guard", GUARD_SUBJECT)]).await?;
                }
                Ok(false)
            }
        }
    }
}

fn subject_of(left: Side, unit: &RemoteKey) -> String {
    match left {
        Side::Store => format!("store {unit}"),
        Side::Erp => format!("erp {unit}"),
    }
}
