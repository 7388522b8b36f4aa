//! Products of both sides: read page by page, kept, and paired.

use std::{collections::BTreeSet, sync::Mutex};

use jiff::Timestamp;
use zygos_core::{
    ConnectionId, RemoteKey,
    contract::{Fetch, Item, Lane, Side},
    linking::{LinkProposal, link_units, without_those_to_be_made},
    model::{Entity, Record, Unit},
};
use zygos_storage::{Link, Mutation, OutboxRecord, StoredUnit};

use crate::{
    engine::{Engine, lock},
    error::Result,
    health::Deed,
    ledger::ledger_mutations,
    settings::{Connection, StoreSettings},
};

/// What one full reading of a side's products found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProductScan {
    pub units: u64,
    pub pages: u64,
    pub unreadable: u64,
    /// Everything the side says it has was read; only then does a missing unit mean anything.
    pub complete: bool,
}

impl Engine {
    /// Reads all products of a connection, keeping each page with its figures.
    pub(crate) async fn scan_products(&self, connection: &Connection, lane: Lane) -> Result<ProductScan> {
        let mut scan = ProductScan::default();
        let mut pages = self.product_pages(connection, lane, "products");
        while let Some(units) = self.next_products(&mut pages).await? {
            scan.units += u64::try_from(units.len()).unwrap_or(u64::MAX);
        }
        scan.pages = pages.pages;
        scan.unreadable = pages.unreadable();
        scan.complete = self.end_of_products(&pages).await?;
        Ok(scan)
    }

    /// Units that a complete reading didn't meet are confirmed gone by a direct read before they are forgotten.
    pub(crate) async fn drop_vanished(&self, connection: &Connection, scan_began: Timestamp) -> Result<()> {
        let mut vanished: Vec<RemoteKey> = Vec::new();
        let mut from = 0;
        loop {
            let units = self.repository.units(&connection.id, from, 1000).await?;
            let Some(last) = units.last() else { break };
            from = last.position + 1;
            vanished.extend(
                units
                    .iter()
                    .filter(|stored| is_before(stored.read_at, scan_began))
                    .map(|stored| stored.unit.key.clone()),
            );
        }
        if vanished.is_empty() {
            return Ok(());
        }
        let context = self.context(Lane::Catalogue);
        let fetch = Fetch::Keys { entity: Entity::Product, keys: vanished.clone() };
        let found = self
            .ask(connection, Deed::Read(Entity::Product), connection.connector.fetch(&context, &fetch))
            .await?;
        let there: BTreeSet<RemoteKey> = found
            .iter()
            .filter_map(|item| match item {
                Ok(record) => Some(record.key().clone()),
                Err(unreadable) => unreadable.key.clone(),
            })
            .collect();
        let gone: Vec<RemoteKey> = vanished.into_iter().filter(|key| !there.contains(key)).collect();
        if self.reads_catalogue(&connection.id) {
            let products = self.emptied_by(connection, &gone).await?;
            return self.units_gone(connection, &gone, &products).await;
        }
        let mutations: Vec<Mutation> = gone
            .into_iter()
            .map(|key| Mutation::DropUnit { connection: connection.id.clone(), key })
            .collect();
        // What stood in the way of a link may be gone with them.
        if !mutations.is_empty() {
            *lock(&self.relink) = true;
        }
        self.commit(mutations).await
    }

    /// Products of which nothing is left without these units.
    async fn emptied_by(&self, connection: &Connection, gone: &[RemoteKey]) -> Result<Vec<RemoteKey>> {
        let of = self.repository.products_of(&connection.id, gone).await?;
        let keys: BTreeSet<RemoteKey> = of.into_iter().map(|(_, product)| product).collect();
        let keys: Vec<RemoteKey> = keys.into_iter().collect();
        let products = self.repository.products(&connection.id, &keys).await?;
        Ok(products
            .into_iter()
            .map(|stored| stored.product)
            .filter(|product| product.variants.iter().all(|variant| gone.contains(&variant.unit.key)))
            .map(|product| product.key)
            .collect())
    }

    /// Keeps units that a feed or a direct read brought.
    pub(crate) async fn keep_units(
        &self,
        connection: &ConnectionId,
        items: &[Item],
        read_at: Timestamp,
    ) -> Result<()> {
        let mut mutations = Vec::new();
        let mut renamed = false;
        for item in items {
            let Ok(Record::Product(unit)) = item else { continue };
            let known = self.repository.unit(connection, &unit.key).await?;
            renamed |= known.as_ref().is_none_or(|known| names_differ(&known.unit, unit));
            let position = known.map_or_else(|| position_of_newcomer(&unit.key), |known| known.position);
            let unit = StoredUnit { unit: unit.clone(), position, read_at };
            mutations.push(Mutation::PutUnit { connection: connection.clone(), unit });
        }
        self.commit(mutations).await?;
        self.relink_if(renamed);
        Ok(())
    }

    /// Only after the units are stored: another pass may link at once, and would not see them earlier.
    pub(crate) fn relink_if(&self, renamed: bool) {
        if renamed {
            *lock(&self.relink) = true;
        }
    }

    /// Pairs the units of every store with the ERP's, if anything changed since the last time.
    pub async fn link(&self) -> Result<()> {
        // Until the ERP's products have been read once, "only in the store" would be said of everything.
        let erp = &self.settings.erp.id;
        if self.repository.unit_count(erp).await? == 0 && self.read_in_full(erp).await?.is_none() {
            return Ok(());
        }
        // Whoever comes while another pass links waits for its links.
        let _one_at_a_time = self.linking.lock().await;
        if !std::mem::replace(&mut *lock(&self.relink), false) {
            return Ok(());
        }
        let mut again = Again { relink: &self.relink, wanted: true };
        self.link_all().await?;
        again.wanted = false;
        Ok(())
    }

    /// Both sides' products are known, so that "not linked" means something.
    pub(crate) async fn is_linked(&self) -> Result<bool> {
        let by_products = self.settings.erp.connector.capabilities().can_scan(Entity::Product);
        if !by_products {
            return Ok(true);
        }
        for connection in
            self.settings.stores.iter().map(|store| &store.connection).chain([&self.settings.erp])
        {
            let is_empty = self.repository.unit_count(&connection.id).await? == 0;
            if is_empty && self.read_in_full(&connection.id).await?.is_none() {
                return Ok(false);
            }
        }
        Ok(!*lock(&self.relink))
    }

    async fn link_all(&self) -> Result<()> {
        let erp_units = self.all_units(&self.settings.erp.id).await?;
        for store in &self.settings.stores {
            let store_id = &store.connection.id;
            let store_units = self.all_units(store_id).await?;
            let links = self.repository.links(store_id).await?;
            let existing: Vec<(RemoteKey, RemoteKey)> =
                links.iter().map(|link| (link.store_key.clone(), link.erp_key.clone())).collect();
            let mut mutations = Vec::new();
            let mut still_open = BTreeSet::new();
            let proposals = link_units(&store_units, &erp_units, &existing);
            let makes = self.product_rule(store).is_some_and(|rule| rule.create_in_erp);
            let mut linked: BTreeSet<(RemoteKey, RemoteKey)> = existing.iter().cloned().collect();
            for proposal in without_those_to_be_made(proposals, |_| makes) {
                match proposal {
                    LinkProposal::Link { store, erp, by } => {
                        let matched_by = by.name().to_owned();
                        let link = Link {
                            store: store_id.clone(),
                            store_key: store.clone(),
                            erp: self.settings.erp.id.clone(),
                            erp_key: erp,
                            matched_by,
                        };
                        linked.insert((store.clone(), link.erp_key.clone()));
                        mutations.extend(self.back_again(store_id, Side::Store, &store));
                        mutations.extend(self.back_again(store_id, Side::Erp, &link.erp_key));
                        mutations.push(Mutation::PutLink(link));
                        mutations.extend(self.stock_wish(
                            store_id,
                            &store,
                            Lane::Corrections,
                            "newly linked to the ERP's product",
                        ));
                    }
                    LinkProposal::Issue(issue) => {
                        let kind = issue.kind();
                        let text = format!("{store_id}: {issue}");
                        still_open.insert((kind.to_owned(), issue.subject()));
                        let open = self.repository.open_issue(store_id, kind, &issue.subject()).await?;
                        if open.is_none_or(|open| open.text != text) {
                            mutations.push(self.issue(store_id, kind, issue.subject(), text, &[]));
                        }
                    }
                }
            }
            for open in self.repository.issues(false).await? {
                let of_linking = zygos_core::linking::ISSUE_KINDS.contains(&open.kind.as_str());
                if &open.connection == store_id
                    && of_linking
                    && !still_open.contains(&(open.kind.clone(), open.subject.clone()))
                {
                    mutations.push(self.close_issue(store_id, &open.kind, open.subject));
                }
            }
            mutations.extend(self.unpaired_wishes(store, &linked, &existing).await?);
            let linked_anew = mutations.iter().any(|mutation| matches!(mutation, Mutation::PutLink(_)));
            self.commit(mutations).await?;
            // Also the first time after a start: a crash may have come between the links and the ledger.
            let renewed = lock(&self.ledger_renewed).contains(store_id);
            if linked_anew || !renewed {
                lock(&self.ledger_unplaced).remove(store_id);
                self.renew_ledger(store_id).await?;
                // Should it have found the ERP silent, it is gone through again.
                if !lock(&self.ledger_unplaced).contains(store_id) {
                    lock(&self.ledger_renewed).insert(store_id.clone());
                }
            }
        }
        Ok(())
    }

    /// Products of both sides of which a unit was linked now, or none is linked at all: compared, or made on the other
    /// side.
    async fn unpaired_wishes(
        &self,
        store: &StoreSettings,
        linked: &BTreeSet<(RemoteKey, RemoteKey)>,
        existing: &[(RemoteKey, RemoteKey)],
    ) -> Result<Vec<Mutation>> {
        const TOGETHER: u32 = 1000;
        let Some(rule) = self.product_rule(store) else { return Ok(Vec::new()) };
        let id = &store.connection.id;
        let before: BTreeSet<&RemoteKey> = existing.iter().map(|(store, _)| store).collect();
        let mut mutations = Vec::new();
        for (side, makes) in [(Side::Store, rule.create_in_erp), (Side::Erp, rule.create_in_store)] {
            let connection = if side == Side::Store { id } else { &self.settings.erp.id };
            let here: BTreeSet<&RemoteKey> =
                linked.iter().map(|(store, erp)| if side == Side::Store { store } else { erp }).collect();
            let mut after = None;
            loop {
                let keys = self.repository.product_keys(connection, after.as_ref(), TOGETHER).await?;
                after = keys.last().cloned();
                if after.is_none() {
                    break;
                }
                for stored in self.repository.products(connection, &keys).await? {
                    let units = || stored.product.variants.iter().map(|variant| &variant.unit.key);
                    let is_new = side == Side::Store
                        && units().any(|unit| here.contains(unit) && !before.contains(unit));
                    let is_alone = makes && !units().any(|unit| here.contains(unit));
                    if is_new || is_alone {
                        let record = OutboxRecord::Product { side, key: stored.product.key.clone() };
                        let reason = if is_new { "newly linked" } else { "the other side does not have it" };
                        mutations.push(self.wish(id, record, Lane::Catalogue, reason));
                    }
                }
            }
        }
        Ok(mutations)
    }

    /// Orders seen before their units were linked enter the ledger now, and held ones are looked at again.
    async fn renew_ledger(&self, store: &ConnectionId) -> Result<()> {
        let filter = zygos_storage::OrderFilter {
            store: Some(store.clone()),
            closed: Some(false),
            ..zygos_storage::OrderFilter::default()
        };
        for order in self.repository.orders(&filter).await? {
            let turn = self.turn(store).await?;
            let Some(order) = self.repository.order(store, &order.order.id).await? else { continue };
            let mut mutations = ledger_mutations(self, &turn, &order, "its product was linked").await?;
            if order.state_code == "held" {
                let record = OutboxRecord::Order { store: store.clone(), order: order.order.id.clone() };
                mutations.push(self.wish(
                    &self.settings.erp.id,
                    record,
                    Lane::Orders,
                    "its product was linked",
                ));
            }
            self.commit(mutations).await?;
        }
        Ok(())
    }

    pub(crate) async fn all_units(&self, connection: &ConnectionId) -> Result<Vec<Unit>> {
        let mut all = Vec::new();
        let mut from = 0;
        loop {
            let units = self.repository.units(connection, from, 1000).await?;
            let Some(last) = units.last() else { return Ok(all) };
            from = last.position + 1;
            all.extend(units.into_iter().map(|stored| stored.unit));
        }
    }

    /// The wish to re-decide a store's figure of a unit; none when the store takes no stock from the ERP.
    pub(crate) fn stock_wish(
        &self,
        store: &ConnectionId,
        unit: &RemoteKey,
        lane: Lane,
        reason: &str,
    ) -> Option<Mutation> {
        self.store(store)?.stock.as_ref()?;
        Some(self.wish(store, OutboxRecord::Stock(unit.clone()), lane, reason))
    }
}

pub(crate) fn names_differ(known: &Unit, now: &Unit) -> bool {
    known.sku != now.sku || known.ean != now.ean || known.active != now.active || known.kind != now.kind
}

/// A place behind everything that was listed, for a unit that came by another way than a listing.
pub(crate) fn position_of_newcomer(key: &RemoteKey) -> u64 {
    // FNV-1a: spreads the keys, so that hardly two of them share a place.
    let hash = key.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (1 << 40) | (hash >> 24)
}

/// The state keeps microseconds: a finer comparison would find what was just read to be older than the reading.
fn is_before(read_at: Timestamp, scan_began: Timestamp) -> bool {
    read_at.as_microsecond() < scan_began.as_microsecond()
}

/// Has the linking done again unless it came to its end, whatever ended it.
struct Again<'a> {
    relink: &'a Mutex<bool>,
    wanted: bool,
}

impl Drop for Again<'_> {
    fn drop(&mut self) {
        if self.wanted {
            *lock(self.relink) = true;
        }
    }
}
