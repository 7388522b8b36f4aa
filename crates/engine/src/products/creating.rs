//! Making a product on the side that lacks it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;
use zygos_core::{
    ConnectionId, RemoteKey,
    catalogue::{Missing, ProductRule, decide, new_in_erp, new_in_store},
    clock::{elapsed, later},
    contract::{Applied, Lane, NewProduct, Side, Write},
    model::{Entity, Field, Product, Record, Unit, UnitKind, Variant},
};
use zygos_storage::{
    FieldBases, JournalEntry, Link, Mutation, OutboxRecord, OutboxRow, Settled, StoredProduct, Wish,
};

use super::{
    Went, Work,
    adding::in_words,
    gone::CREATE,
    pairing::{ListPrices, Paired},
    questions::skus_of_product,
    rule::ERPS_OWN,
};
use crate::{
    engine::Engine,
    error::Result,
    event::Event,
    plan_seen::Fate,
    settings::{Connection, StoreSettings},
};

pub(super) const INCOMPLETE: &str = "incomplete_product";
/// When a side's products were last read in full, as a cursor: what isn't known by then isn't there.
pub(crate) const READ_FEED: &str = "products_read";
/// A side that counts calls is not asked again for a SKU when all its products were read so lately.
const KNOWN_FOR: Duration = Duration::from_secs(20 * 60);

/// Whether a product that one side lacks is to be made there.
pub(crate) enum Creation {
    No,
    /// It lacks what the other side needs.
    Waits(Vec<Missing>),
    /// Not all is known yet.
    NotYet,
    Make(Box<NewProduct>),
}

impl Engine {
    /// A product that only `side` has.
    pub(super) async fn lone(
        &self,
        work: &Work<'_>,
        row: &OutboxRow,
        side: Side,
        product: StoredProduct,
    ) -> Result<Went> {
        if let Some(went) = self.archive_left_half(work, row, side, &product, true).await? {
            return Ok(went);
        }
        let id = &work.store.connection.id;
        let subject = self.incomplete(work.store, side, &product.product.key);
        let creation =
            self.creation(work.store, work.rule, side, &product.product, work.prices.as_ref()).await?;
        match creation {
            Creation::Make(new) => self.create(work, row, side, &product.product, *new).await,
            Creation::Waits(_) | Creation::No if work.seen.is_some() => {
                if let Some(seen) = work.seen {
                    let moved = "it is not to be made any more; `zygos plan` shows what is".to_owned();
                    seen.put(id, row.record.clone(), Fate::Moved(moved));
                }
                Ok(Went::Through(0))
            }
            Creation::NotYet => {
                let due_at = later(self.now(), self.settings.pace.recheck_held);
                Ok(Went::Ends(Settled::Again { due_at, reason: None, failed: false }))
            }
            Creation::Waits(missing) => {
                let target = self.other_side(work.store, side);
                let text = format!(
                    "{id}: {} (id {}) is not made in {target} yet: {}",
                    product.product.title(),
                    product.product.key,
                    in_words(&missing)
                );
                self.commit(vec![self.issue(id, INCOMPLETE, subject, text, &[])]).await?;
                Ok(Went::Through(0))
            }
            Creation::No => {
                self.commit_close(id, INCOMPLETE, &subject).await?;
                Ok(Went::Through(0))
            }
        }
    }

    fn home(&self, store: &StoreSettings, side: Side) -> ConnectionId {
        match side {
            Side::Store => store.connection.id.clone(),
            Side::Erp => self.settings.erp.id.clone(),
        }
    }

    /// What the issue about a product is named by that only this side has and that can't be made yet.
    pub(super) fn incomplete(&self, store: &StoreSettings, side: Side, key: &RemoteKey) -> String {
        format!("{} {key}", self.home(store, side))
    }

    /// Closes an issue if it is open.
    pub(super) async fn commit_close(
        &self,
        connection: &ConnectionId,
        kind: &str,
        subject: &str,
    ) -> Result<()> {
        if self.repository.open_issue(connection, kind, subject).await?.is_some() {
            self.commit(vec![self.close_issue(connection, kind, subject)]).await?;
        }
        Ok(())
    }

    pub(crate) async fn creation(
        &self,
        store: &StoreSettings,
        rule: &ProductRule,
        side: Side,
        product: &Product,
        prices: Option<&ListPrices>,
    ) -> Result<Creation> {
        let allowed = match side {
            Side::Erp => rule.create_in_store,
            Side::Store => rule.create_in_erp,
        };
        let sold = product
            .variants
            .iter()
            .any(|variant| variant.unit.kind == UnitKind::Goods && variant.unit.active);
        let nothing_to_sell = !product.variants.is_empty() && !sold;
        if !allowed || nothing_to_sell {
            return Ok(Creation::No);
        }
        let (here, there) = match side {
            Side::Store => (&store.connection, &self.settings.erp),
            Side::Erp => (&self.settings.erp, &store.connection),
        };
        let buried = self.buried(&store.connection.id, side).await?;
        for variant in &product.variants {
            if buried.get(&variant.unit.key).is_some_and(|decided| decided.as_deref() != Some(CREATE)) {
                return Ok(Creation::No);
            }
            // What shares a SKU or a bar code is for linking, which says what stands in the way.
            if self.namesake(&here.id, &variant.unit, true).await?.is_some() {
                return Ok(Creation::No);
            }
            if let Some(other) = self.namesake(&there.id, &variant.unit, false).await? {
                // What is linked already is no question to linking.
                return Ok(match self.belongs_to_another(store, side, product, &other.key).await? {
                    true => Creation::Waits(vec![bears_its_name(side, variant, &other)]),
                    false => Creation::No,
                });
            }
        }
        if self.read_in_full(&here.id).await?.is_none() || self.read_in_full(&there.id).await?.is_none() {
            return Ok(Creation::NotYet);
        }
        let new = match side {
            Side::Erp => new_in_store(product, rule, prices),
            Side::Store => new_in_erp(product, &for_making_in_erp(rule)),
        };
        Ok(match new {
            Ok(new) => Creation::Make(Box::new(new)),
            Err(missing) => Creation::Waits(missing),
        })
    }

    /// Another unit of a side with this SKU or bar code. `same_side`: the unit itself is among them.
    async fn namesake(
        &self,
        connection: &ConnectionId,
        unit: &Unit,
        same_side: bool,
    ) -> Result<Option<Unit>> {
        let names = [(unit.sku.as_deref(), true), (unit.ean.as_deref(), false)];
        for (name, is_sku) in names {
            // On its own side only the SKU must be its own: boxes of one product may share a bar code.
            if same_side && !is_sku {
                continue;
            }
            let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else { continue };
            let called = self.repository.units_called(connection, name).await?;
            let found = called.into_iter().map(|stored| stored.unit).find(|other| {
                let field = if is_sku { &other.sku } else { &other.ean };
                other.kind == UnitKind::Goods
                    && field.as_deref().map(str::trim) == Some(name)
                    && !(same_side && other.key == unit.key)
                    && (other.active || !same_side)
            });
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Whether a unit of the side that a product of `side` would be made on is linked with another product.
    async fn belongs_to_another(
        &self,
        store: &StoreSettings,
        side: Side,
        product: &Product,
        unit: &RemoteKey,
    ) -> Result<bool> {
        let id = &store.connection.id;
        let keys = std::slice::from_ref(unit);
        let links = match side {
            Side::Erp => self.repository.links_of(id, keys).await?,
            Side::Store => self.repository.links_to(&self.settings.erp.id, keys).await?,
        };
        Ok(links.iter().filter(|link| &link.store == id).any(|link| {
            let own = if side == Side::Erp { &link.erp_key } else { &link.store_key };
            product.variant(own).is_none()
        }))
    }

    /// When all products of a connection were last read, from the moment the reading began.
    pub(crate) async fn read_in_full(&self, connection: &ConnectionId) -> Result<Option<Timestamp>> {
        let cursor = self.repository.cursor(connection, READ_FEED).await?;
        Ok(cursor.and_then(|checkpoint| checkpoint.0.parse().ok()))
    }

    async fn create(
        &self,
        work: &Work<'_>,
        row: &OutboxRow,
        side: Side,
        source: &Product,
        new: NewProduct,
    ) -> Result<Went> {
        let store = work.store;
        let target = match side {
            Side::Store => &self.settings.erp,
            Side::Erp => &store.connection,
        };
        let words = format!("make {} in {}", source.title(), target.id);
        if let Some(ends) = self.may_not_write(work, row, target, Some(vec![words])).await? {
            return Ok(ends);
        }
        if self.must_be_asked(target).await? && self.has_skus(target, skus_of_product(&new)).await? {
            // It is there after all: paired like anything that is met, and compared.
            self.link().await?;
            return Ok(Went::Ends(Settled::Again { due_at: self.now(), reason: None, failed: false }));
        }
        if let Some(ends) = self.make_categories(work, row, target, &new.facts).await? {
            return Ok(ends);
        }
        let write = Write::CreateProduct(Box::new(new));
        let record = format!("product {}", source.title());
        let sent = self.send_product(work, row, target, &record, write).await?;
        let (applied, at) = match sent {
            Ok(applied) => applied,
            Err(ends) => return Ok(ends),
        };
        let units: Vec<RemoteKey> = source.variants.iter().map(|variant| variant.unit.key.clone()).collect();
        let (mut mutations, others_came) =
            self.made(work, side, source, (&units, true), target, &applied, at).await?;
        mutations.push(self.close_issue(
            &store.connection.id,
            INCOMPLETE,
            self.incomplete(store, side, &source.key),
        ));
        self.commit_if_ours(mutations).await?;
        // It is linked. What was made in the ERP may be what another store has already.
        self.relink_if(side == Side::Store || others_came);
        self.tell(&Event::ProductMade {
            store: store.connection.id.clone(),
            connection: target.id.clone(),
            name: source.title().to_owned(),
        });
        Ok(Went::Through(1))
    }

    /// Whether a side is asked for a SKU before anything is made of it.
    async fn must_be_asked(&self, target: &Connection) -> Result<bool> {
        if target.windows.is_empty() {
            return Ok(true);
        }
        let known = self.read_in_full(&target.id).await?;
        Ok(known.is_none_or(|known| elapsed(known, self.now()) > KNOWN_FOR))
    }

    /// What is stored of units that were just made: themselves, their links, what both sides now agree on, and why.
    /// Of variants that were added, what the product and its other variants hold is not agreed on by that. And whether
    /// units came to light that somebody else made.
    #[expect(clippy::too_many_arguments, reason = "what was made, of what, where, and the answer")]
    pub(super) async fn made(
        &self,
        work: &Work<'_>,
        side: Side,
        source: &Product,
        (units, whole): (&[RemoteKey], bool),
        target: &Connection,
        applied: &Applied,
        at: Timestamp,
    ) -> Result<(Vec<Mutation>, bool)> {
        let store = work.store;
        let store_id = &store.connection.id;
        let erp_id = &self.settings.erp.id;
        let Some(Record::Catalogue(made)) = &applied.record else {
            // The next reading finds it, and links it by its SKUs.
            return Ok((Vec::new(), false));
        };
        let kept = self.keeping(&target.id, std::slice::from_ref(&**made), at, None).await?;
        let mut mutations = kept.mutations;
        let mut links = Vec::new();
        for variant in &made.variants {
            let same = source
                .variants
                .iter()
                .filter(|other| units.contains(&other.unit.key))
                .find(|other| same_sku(&other.unit, &variant.unit));
            let Some(other) = same else { continue };
            let (store_key, erp_key) = match side {
                Side::Erp => (variant.unit.key.clone(), other.unit.key.clone()),
                Side::Store => (other.unit.key.clone(), variant.unit.key.clone()),
            };
            links.push((store_key.clone(), erp_key.clone()));
            mutations.push(Mutation::PutLink(Link {
                store: store_id.clone(),
                store_key: store_key.clone(),
                erp: erp_id.clone(),
                erp_key,
                matched_by: "created".to_owned(),
            }));
            mutations.extend(self.back_again(store_id, side, &other.unit.key));
            mutations.extend(self.stock_wish(
                store_id,
                &store_key,
                Lane::Corrections,
                "newly made and linked",
            ));
        }
        let mut others: Vec<RemoteKey> = kept.units.into_iter().filter(|unit| *unit != made.key).collect();
        others.retain(|unit| !links.iter().any(|(in_store, in_erp)| in_store == unit || in_erp == unit));
        let others_came = self.repository.units_by_key(&target.id, &others).await?.len() < others.len();
        let (in_store, in_erp) = match side {
            Side::Erp => (&**made, source),
            Side::Store => (source, &**made),
        };
        // What was just made in the ERP has its prices in a list from now on; the others were read for this pass.
        let prices = match side {
            Side::Store => {
                let erp_units: Vec<RemoteKey> = links.iter().map(|(_, erp)| erp.clone()).collect();
                self.list_prices(work.rule, &erp_units, Lane::Catalogue).await?
            }
            Side::Erp => work.prices.clone(),
        };
        let stored = |product: &Product| StoredProduct {
            product: product.clone(),
            digest: String::new(),
            read_at: at,
        };
        let pair =
            Paired { store: stored(in_store), erp: stored(in_erp), links, whole, bases: BTreeMap::new() };
        // What was there before keeps its own base: a difference that waits for a person isn't agreed on by this.
        let store_units: Vec<RemoteKey> = pair.links.iter().map(|(unit, _)| unit.clone()).collect();
        let before = self.repository.links_of(store_id, &store_units).await?;
        let is_new = |key: &RemoteKey| match before.as_slice() {
            [] => true,
            known => store_units.contains(key) && known.iter().all(|link| &link.store_key != key),
        };
        if before.is_empty() && pair.links.len() == source.variants.len() {
            // All of it is new and agreed on below; nothing of it is left to compare for this store.
            mutations.retain(|mutation| !is_wish_about(mutation, store_id, &made.key));
        }
        let agreed = agreed_prices(&pair, prices.as_ref(), work.rule);
        let mut priced_otherwise = false;
        for ((key, field), halves) in pair.halves(prices.as_ref(), work.rule) {
            if !is_new(&key) {
                continue;
            }
            // A price list may sell what was just made for another price than it was made with.
            if field == Field::Price && !agreed.contains(&key) {
                priced_otherwise = true;
                continue;
            }
            mutations.push(Mutation::PutFieldBases(FieldBases {
                store: store_id.clone(),
                key,
                halves: [(field, halves)].into(),
            }));
        }
        if priced_otherwise {
            let reason = "its price list sells it for another price than it was made with";
            mutations.push(self.product_wish(store_id, Side::Store, &in_store.key, reason));
        }
        let from = self.home(store, side);
        mutations.push(Mutation::AddJournal(JournalEntry {
            at,
            connection: target.id.clone(),
            entity: Entity::Catalogue,
            key: made.key.clone(),
            field: "created".to_owned(),
            before: None,
            after: Some(made.title().to_owned()),
            why: format!("{from} has it and {} had not", target.id),
            run: work.run.cloned(),
        }));
        Ok((mutations, others_came))
    }
}

pub(super) fn is_wish_about(mutation: &Mutation, store: &ConnectionId, product: &RemoteKey) -> bool {
    let Mutation::Enqueue(Wish { connection, record: OutboxRecord::Product { key, .. }, .. }) = mutation
    else {
        return false;
    };
    connection == store && key == product
}

/// The store's units whose prices mean the same on both sides.
fn agreed_prices(pair: &Paired, prices: Option<&ListPrices>, rule: &ProductRule) -> BTreeSet<RemoteKey> {
    let nothing = BTreeMap::new();
    let decision = decide(&pair.view(prices, &nothing, &|_, _| None), rule);
    let agreed = decision.agreed.into_iter().filter(|agreement| agreement.field == Field::Price);
    agreed.map(|agreement| agreement.key).collect()
}

/// Why a product of `side` isn't made: what has its SKU or bar code there is another one.
fn bears_its_name(side: Side, variant: &Variant, other: &Unit) -> Missing {
    let there = match side {
        Side::Store => "the ERP",
        Side::Erp => "the store",
    };
    let sku = variant.unit.sku.as_deref().map(str::trim).filter(|sku| !sku.is_empty()).map(str::to_owned);
    let called = sku.as_deref().unwrap_or(variant.unit.key.as_str());
    Missing {
        unit: Some(variant.unit.key.clone()),
        field: Some(Field::Sku),
        message: format!(
            "cannot be created in {there} yet: SKU {called}: its SKU or EAN belongs there to {} (id {}), which is linked \
             with another product; give one of them another",
            other.name, other.key
        ),
        sku,
    }
}

/// A new product gets the ERP's own price, whatever kind its store's list is of.
fn for_making_in_erp(rule: &ProductRule) -> ProductRule {
    let mut rule = rule.clone();
    if let Some(price) = &mut rule.price {
        price.erp_holds = ERPS_OWN;
    }
    rule
}

fn same_sku(one: &Unit, two: &Unit) -> bool {
    let sku =
        |unit: &Unit| unit.sku.as_deref().map(str::trim).filter(|sku| !sku.is_empty()).map(str::to_owned);
    sku(one).is_some() && sku(one) == sku(two)
}
