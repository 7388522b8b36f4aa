//! One order as just read from a store: kept, entered into the ledger, and put before whoever must act.

use zygos_core::{
    contract::Lane,
    model::Order,
    orders::{IgnoreReason, OrderState, split::root_of},
};
use zygos_storage::{Mutation, OutboxRecord, StoredOrder};

use crate::{
    engine::{Engine, lock},
    error::Result,
    event::Event,
    ledger::ledger_mutations,
    progress::{GoLiveChoice, Progress, digest},
    settings::StoreSettings,
};

impl Engine {
    /// Keeps one order. Answers whether it was known before, exactly so or not.
    pub(crate) async fn take_in(&self, store: &StoreSettings, order: Order, seen_by: &str) -> Result<bool> {
        let store_id = &store.connection.id;
        let now = self.now();
        if let Ok(memory) = self.memory(store_id) {
            lock(&memory.last_read).insert(order.id.clone(), now);
        }
        let fresh = digest(&order)?;
        let known = self.repository.order(store_id, &order.id).await?;
        if known.is_some_and(|known| known.digest == fresh) {
            return Ok(true);
        }
        let turn = self.turn(store_id).await?;
        let known = self.repository.order(store_id, &order.id).await?;
        let was_known = known.is_some();
        let before = known.as_ref().map(|known| known.order.clone());
        let mut stored = match known {
            Some(known) => StoredOrder { order, digest: fresh, last_read: now, ..known },
            None => self.first_sight(store, order, fresh, seen_by).await?,
        };
        if stored.root.is_some() {
            // Its document is the whole order's; nobody else would ever say that it is through.
            stored.closed = stored.order.status.is_closed();
        }
        if !was_known {
            self.tell(&Event::OrderSeen { store: store_id.clone(), order: stored.order.id.clone() });
        }
        let acted_on = stored.root.clone().unwrap_or_else(|| stored.order.id.clone());
        // One commit: were the order stored without its ledger rows, its next reading would look unchanged.
        let mut mutations = vec![Mutation::PutOrder(Box::new(stored.clone()))];
        // A closed order from long before the go-live is history: nothing will be asked about it.
        if !stored.closed || stored.root.is_some() {
            let record = OutboxRecord::Order { store: store_id.clone(), order: acted_on };
            let reason =
                if was_known { "the order changed in the store" } else { "a new order in the store" };
            mutations.push(self.wish(&self.settings.erp.id, record, Lane::Orders, reason));
        }
        let number = stored.order.id.clone();
        mutations.push(self.close_issue(store_id, "unreadable_order", number.as_str()));
        mutations.extend(self.own_sale(before.as_ref(), &stored).await?);
        if !was_known {
            mutations.extend(self.explained_drifts(store_id, &stored.order).await?);
        }
        mutations
            .extend(ledger_mutations(self, &turn, &stored, &format!("order {number} in {store_id}")).await?);
        self.commit(mutations).await?;
        Ok(was_known)
    }

    async fn first_sight(
        &self,
        store: &StoreSettings,
        order: Order,
        fresh: String,
        seen_by: &str,
    ) -> Result<StoredOrder> {
        let store_id = &store.connection.id;
        let now = self.now();
        let flow = store.orders.as_ref();
        let root_id = root_of(&order.id);
        let root = if root_id == order.id {
            None
        } else {
            self.repository.order(store_id, &root_id).await?.map(|root| root.order.id)
        };
        let history =
            order.status.is_closed() && flow.is_some_and(|flow| order.created_at < flow.orders_from);
        let mut progress = Progress::new();
        if history {
            progress.state = OrderState::Ignored(IgnoreReason::BeforeGoLive);
            progress.decided = Some(GoLiveChoice::Ignore);
        }
        let prefix = flow.map_or("", |flow| flow.prefix.as_str());
        let mut stored = StoredOrder {
            store: store_id.clone(),
            reference: format!("{prefix}{}", order.id),
            digest: fresh,
            state: serde_json::Value::Null,
            state_code: String::new(),
            party: None,
            document: None,
            root,
            first_seen: now,
            last_read: now,
            seen_by: seen_by.to_owned(),
            closed: history,
            order,
        };
        progress.put(&mut stored)?;
        Ok(stored)
    }
}
