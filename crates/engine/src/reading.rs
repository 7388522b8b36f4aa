//! Seeing every order: newest first until known ground, open ones by id, closed ones now and then.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, tz::TimeZone};
use zygos_core::{
    ConnectionId, RemoteKey,
    clock::elapsed,
    contract::{Checkpoint, Fetch, Item, Lane},
    model::{Entity, Order, Record},
    orders::split::SplitVerdict,
};
use zygos_storage::{Mutation, OrderFilter, StoredOrder};

use crate::{
    engine::{Engine, lock},
    error::Result,
    health::Deed,
    ledger::ledger_mutations,
    progress::Progress,
    settings::StoreSettings,
};

const FEED: &str = "orders";
/// Clocks go back by no more than this.
const REPEATED: std::time::Duration = std::time::Duration::from_secs(3600);
const READ: Deed = Deed::Read(Entity::Order);

impl Engine {
    /// Reads a store's newest orders. Answers when the reading began: every order placed before is stored.
    ///
    /// The cursor is the newest creation time of a reading that reached known ground. A reading that was
    /// interrupted moves nothing: its newest pages are stored, and the next one goes on past them to the old cursor.
    pub async fn read_orders(&self, store: &StoreSettings, seen_by: &str) -> Result<Timestamp> {
        let id = &store.connection.id;
        let Some(flow) = &store.orders else { return Ok(self.now()) };
        let memory = self.memory(id)?;
        let mut last_complete = memory.feed.lock().await;
        let began = self.now();
        let cursor = self.repository.cursor(id, FEED).await?;
        let known_until = cursor.as_ref().and_then(|checkpoint| checkpoint.0.parse::<Timestamp>().ok());
        let floor = match known_until {
            Some(newest) => {
                let floor = earlier(newest, self.settings.pace.overlap);
                earlier(floor, set_back(&flow.timezone, floor, began))
            }
            None => earlier(flow.orders_from, self.settings.pace.return_window),
        };
        let mut newest = known_until;
        let mut from: Option<Checkpoint> = None;
        loop {
            let context = self.context(Lane::Orders);
            let connector = &store.connection.connector;
            let page = self
                .ask(&store.connection, READ, connector.scan(&context, Entity::Order, from.as_ref()))
                .await?;
            let mut all_known = true;
            let mut oldest: Option<Timestamp> = None;
            for item in page.items {
                if let Ok(Record::Order(order)) = &item {
                    newest = newest.max(Some(order.created_at));
                    oldest = Some(oldest.map_or(order.created_at, |oldest| oldest.min(order.created_at)));
                }
                all_known &= self.take_item(store, item, seen_by).await?;
            }
            let at_known_ground = all_known || known_until.is_none();
            if page.next.is_none() || (at_known_ground && oldest.is_some_and(|oldest| oldest < floor)) {
                break;
            }
            from = page.next;
        }
        if let Some(newest) = newest.filter(|_| newest != known_until) {
            self.commit(vec![Mutation::PutCursor {
                connection: id.clone(),
                feed: FEED.to_owned(),
                checkpoint: Checkpoint(newest.to_string()),
            }])
            .await?;
        }
        *last_complete = Some(began);
        *lock(&memory.feed_read) = Some(began);
        Ok(began)
    }

    /// As [`Self::read_orders`], unless a reading that began at or after `since` is there already.
    pub(crate) async fn read_orders_since(&self, store: &StoreSettings, since: Timestamp) -> Result<()> {
        let last = *self.memory(&store.connection.id)?.feed.lock().await;
        if last.is_none_or(|last| last < since) {
            self.read_orders(store, "poll").await?;
        }
        Ok(())
    }

    /// One item of a page of orders. Answers whether it was known.
    async fn take_item(&self, store: &StoreSettings, item: Item, seen_by: &str) -> Result<bool> {
        match item {
            Ok(Record::Order(order)) => self.take_in(store, *order, seen_by).await,
            Ok(_) => Ok(true),
            Err(unreadable) => {
                let id = &store.connection.id;
                let subject = unreadable.key.as_ref().map_or("?", RemoteKey::as_str).to_owned();
                let text = format!(
                    "{id}: {unreadable}. The order waits; correct it in the store and it comes by itself."
                );
                let open = self.repository.open_issue(id, "unreadable_order", &subject).await?;
                if open.is_none_or(|open| open.text != text) {
                    self.commit(vec![self.issue(id, "unreadable_order", subject, text, &[])]).await?;
                }
                // It can't be known; what lies behind it is judged by the others.
                Ok(true)
            }
        }
    }

    /// Reads one order afresh, as a hint or a person asks.
    pub(crate) async fn read_order(
        &self,
        store: &StoreSettings,
        order: &RemoteKey,
        seen_by: &str,
    ) -> Result<()> {
        self.read_by_ids(store, std::slice::from_ref(order), seen_by).await
    }

    /// Hints that wait: each is a reason to look at one order, or at the whole feed.
    pub(crate) async fn follow_hints(&self, store: &StoreSettings) -> Result<()> {
        let id = &store.connection.id;
        loop {
            let hints = self.repository.hints(id, 50).await?;
            if hints.is_empty() {
                return Ok(());
            }
            let mut keys: Vec<RemoteKey> = hints
                .iter()
                .filter(|hint| hint.entity == Entity::Order)
                .filter_map(|hint| hint.key.clone())
                .collect();
            keys.sort();
            keys.dedup();
            if !keys.is_empty() && store.orders.is_some() {
                self.read_by_ids(store, &keys, "hint").await?;
            }
            let units: Vec<RemoteKey> = hints
                .iter()
                .filter(|hint| hint.entity == Entity::Product)
                .filter_map(|hint| hint.key.clone())
                .collect();
            self.read_hinted_products(store, &units).await?;
            let mut mutations: Vec<Mutation> = units
                .into_iter()
                .filter_map(|unit| {
                    self.stock_wish(id, &unit, Lane::Corrections, "the store says the product changed")
                })
                .collect();
            if hints.iter().any(|hint| hint.entity == Entity::Order && hint.key.is_none()) {
                self.read_orders(store, "hint").await?;
            }
            if hints.iter().any(|hint| hint.entity == Entity::Product && hint.key.is_none()) {
                self.memory(id)?.verify_now.notify_one();
            }
            mutations.extend(hints.iter().map(|hint| Mutation::DropHint { id: hint.id }));
            self.commit(mutations).await?;
        }
    }

    /// A hint may name a variant or its product, known or not.
    async fn read_hinted_products(&self, store: &StoreSettings, hinted: &[RemoteKey]) -> Result<()> {
        let id = &store.connection.id;
        if hinted.is_empty() || !self.reads_catalogue(id) {
            return Ok(());
        }
        let of: BTreeMap<RemoteKey, RemoteKey> =
            self.repository.products_of(id, hinted).await?.into_iter().collect();
        let keys: BTreeSet<RemoteKey> = hinted.iter().map(|key| of.get(key).unwrap_or(key).clone()).collect();
        let keys: Vec<RemoteKey> = keys.into_iter().collect();
        let missing = self.refresh_products(&store.connection, &keys, Lane::Catalogue).await?;
        self.products_gone(&store.connection, &missing).await?;
        self.link().await
    }

    /// Orders that may still change are read again by id: the store has no filter by modification.
    pub(crate) async fn read_open_orders(&self, store: &StoreSettings) -> Result<()> {
        let id = &store.connection.id;
        if store.orders.is_none() {
            return Ok(());
        }
        let every = self.settings.pace.open_orders_every;
        let open = self.stored_orders(store, Some(false)).await?;
        let due = self.not_read_within(store, open, every)?;
        self.read_by_ids(store, &due, "poll").await?;

        let memory = self.memory(id)?;
        let closed_due = {
            let last = lock(&memory.closed_orders_read);
            last.is_none_or(|last| elapsed(last, self.now()) >= self.settings.pace.closed_orders_every)
        };
        if closed_due {
            let closed = self.stored_orders(store, Some(true)).await?;
            let window = earlier(self.now(), self.settings.pace.return_window);
            let recent: Vec<StoredOrder> =
                closed.into_iter().filter(|order| order.order.created_at >= window).collect();
            let keys = self.not_read_within(store, recent, every)?;
            self.read_by_ids(store, &keys, "poll").await?;
            *lock(&memory.closed_orders_read) = Some(self.now());
        }
        Ok(())
    }

    async fn stored_orders(&self, store: &StoreSettings, closed: Option<bool>) -> Result<Vec<StoredOrder>> {
        let filter =
            OrderFilter { store: Some(store.connection.id.clone()), closed, ..OrderFilter::default() };
        Ok(self.repository.orders(&filter).await?)
    }

    fn not_read_within(
        &self,
        store: &StoreSettings,
        orders: Vec<StoredOrder>,
        every: std::time::Duration,
    ) -> Result<Vec<RemoteKey>> {
        let last_read = lock(&self.memory(&store.connection.id)?.last_read);
        let now = self.now();
        Ok(orders
            .into_iter()
            // The root of a completed split answers 404 for ever; its children stand for it.
            .filter(|order| !Progress::of(order).is_ok_and(|progress| progress.split))
            .map(|order| order.order.id)
            .filter(|id| last_read.get(id).is_none_or(|last| elapsed(*last, now) >= every))
            .collect())
    }

    pub(crate) async fn read_by_ids(
        &self,
        store: &StoreSettings,
        ids: &[RemoteKey],
        seen_by: &str,
    ) -> Result<()> {
        let capabilities = store.connection.connector.capabilities();
        let page_size = capabilities.entity(Entity::Order).map_or(1, |entity| entity.page_size.max(1));
        for chunk in ids.chunks(usize::try_from(page_size.min(50)).unwrap_or(50)) {
            let context = self.context(Lane::Orders);
            let fetch = Fetch::Keys { entity: Entity::Order, keys: chunk.to_vec() };
            let items =
                self.ask(&store.connection, READ, store.connection.connector.fetch(&context, &fetch)).await?;
            let mut missing: Vec<RemoteKey> = chunk.to_vec();
            for item in items {
                let key = match &item {
                    Ok(record) => Some(record.key().clone()),
                    Err(unreadable) => unreadable.key.clone(),
                };
                missing.retain(|id| Some(id) != key.as_ref());
                self.take_item(store, item, seen_by).await?;
            }
            for id in missing {
                self.order_is_missing(store, &id).await?;
            }
        }
        Ok(())
    }

    /// A stored order that the store doesn't answer any more: split, or an issue; never a silent cancellation.
    async fn order_is_missing(&self, store: &StoreSettings, id: &RemoteKey) -> Result<()> {
        let store_id = &store.connection.id;
        let Some(stored) = self.repository.order(store_id, id).await? else { return Ok(()) };
        // A part may have been split again: its goods are then in further parts of the same order.
        let root = match &stored.root {
            Some(root) => self.repository.order(store_id, root).await?,
            None => None,
        };
        let whole = root.as_ref().unwrap_or(&stored).order.clone();
        let context = self.context(Lane::Orders);
        let fetch = Fetch::SplitChildren { order: whole.id.clone() };
        let found =
            self.ask(&store.connection, READ, store.connection.connector.fetch(&context, &fetch)).await?;
        let children: Vec<Order> = found
            .into_iter()
            .filter_map(|item| match item {
                Ok(Record::Order(child)) => Some(*child),
                _ => None,
            })
            .collect();
        let verdict = zygos_core::orders::split::judge(&whole, &children);
        if stored.root.is_some() && matches!(verdict, SplitVerdict::Repartition(_)) {
            // Before its successors come in, so that nothing counts twice.
            let reason = format!("part {id} was split again in {store_id}");
            self.note_split(store_id, id, &reason, true).await?;
        }
        for child in children {
            self.take_in(store, child, "poll").await?;
        }
        if let Ok(memory) = self.memory(store_id) {
            lock(&memory.last_read).insert(id.clone(), self.now());
        }
        let text = match verdict {
            SplitVerdict::Repartition(_) if stored.root.is_some() => return Ok(()),
            SplitVerdict::Repartition(_) => {
                let reason = format!("order {id} was split in {store_id}");
                return self.note_split(store_id, id, &reason, false).await;
            }
            SplitVerdict::Gone => format!(
                "order {id} cannot be found in {store_id} any more and no parts of it were found. It stays in the ERP as \
                 it is and its goods stay reserved. If it was deleted on purpose, cancel the sale in the ERP."
            ),
            SplitVerdict::Differs => format!(
                "order {id} was split in {store_id}, but its parts do not add up to what was ordered. The sale in the ERP \
                 stays as it is; compare both and amend it by hand."
            ),
        };
        self.commit(vec![self.issue(store_id, "order_missing", id.as_str(), text, &[])]).await
    }

    /// From here on its parts stand for an order; a part that was split again is over.
    async fn note_split(&self, store: &ConnectionId, id: &RemoteKey, reason: &str, over: bool) -> Result<()> {
        let turn = self.turn(store).await?;
        let Some(mut stored) = self.repository.order(store, id).await? else { return Ok(()) };
        let mut progress = Progress::of(&stored)?;
        progress.split = true;
        progress.put(&mut stored)?;
        stored.closed |= over;
        let mut mutations = vec![
            Mutation::PutOrder(Box::new(stored.clone())),
            self.close_issue(store, "order_missing", id.as_str()),
        ];
        mutations.extend(ledger_mutations(self, &turn, &stored, reason).await?);
        self.commit(mutations).await
    }
}

/// By how much a shop's clocks went back between two moments. A list sorted by the wall clock mixes the repeated
/// hour with the hour before, so known ground begins that much earlier.
fn set_back(zone: &str, from: Timestamp, to: Timestamp) -> std::time::Duration {
    let Ok(zone) = TimeZone::get(zone) else { return std::time::Duration::ZERO };
    // An order placed just after the change stands among those of the hour before it.
    let from = earlier(from, REPEATED);
    let seconds = zone.to_offset(from).seconds() - zone.to_offset(to).seconds();
    std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

fn earlier(at: Timestamp, by: std::time::Duration) -> Timestamp {
    at.saturating_sub(by).unwrap_or(Timestamp::MIN)
}
