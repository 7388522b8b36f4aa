//! What people do by hand: approve, pause, answer, run again.

use zygos_core::{
    ConnectionId, RemoteKey,
    contract::{Checkpoint, Lane, Side},
    model::{Document, Entity, Unit},
};
use zygos_storage::{
    ConnectionState, Issue, Mode, Mutation, OrderFilter, OutboxKind, OutboxRecord, StoredHint, StoredOrder,
    Wish,
};

use crate::{
    advance::number_of,
    engine::Engine,
    error::{EngineError, Result},
    ledger::ledger_mutations,
    progress::{GoLiveChoice, Progress},
    turn::Turn,
};

/// An approved hold of the guard counts for this long; the next one asks again.
const WAIVER: std::time::Duration = std::time::Duration::from_secs(15 * 60);
const WAIVER_FEED: &str = "guard_waived_until";

/// What is run again by hand.
#[derive(Clone, Debug, PartialEq)]
pub enum Replay {
    Order(Box<StoredOrder>),
    Unit { store: ConnectionId, unit: RemoteKey },
    Connection(ConnectionId),
}

impl Engine {
    /// Lets writes out on a connection, or stops them.
    pub async fn set_mode(
        &self,
        connection: &ConnectionId,
        mode: Mode,
        reason: Option<String>,
    ) -> Result<()> {
        if self.connection(connection).is_none() {
            return Err(EngineError::Asked(format!(
                "there is no connection called {connection}; there are {}",
                self.connection_names().join(", ")
            )));
        }
        let state = ConnectionState { mode, reason };
        let mut mutations = vec![Mutation::PutConnection { connection: connection.clone(), state }];
        if mode == Mode::Live {
            // Products that waited for this side are on the rows of any store.
            let rows = self.repository.outbox(None, u32::MAX >> 1).await?;
            let products = rows.into_iter().filter(|row| {
                row.record.kind() == OutboxKind::Product && row.held_by.is_none() && row.sent.is_none()
            });
            mutations.extend(products.map(|row| {
                self.wish(
                    &row.connection,
                    row.record,
                    row.lane,
                    format!("writing to {connection} is allowed now"),
                )
            }));
        }
        self.commit(mutations).await?;
        self.wake(connection);
        Ok(())
    }

    pub fn connection_names(&self) -> Vec<String> {
        let stores = self.settings.stores.iter().map(|store| store.connection.id.to_string());
        stores.chain([self.settings.erp.id.to_string()]).collect()
    }

    /// Carries out a person's answer to an issue.
    pub async fn answer(&self, id: i64, choice: &str) -> Result<String> {
        let Some(issue) = self.repository.issue(id).await? else {
            return Err(EngineError::Asked(format!("there is no issue {id}; `zygos issues` lists them")));
        };
        if issue.closed_at.is_some() {
            return Err(EngineError::Asked(format!("issue {id} is closed already")));
        }
        if !issue.choices.iter().any(|possible| possible == choice) {
            return Err(EngineError::Asked(format!(
                "issue {id} can be answered by {}",
                if issue.choices.is_empty() {
                    "nothing: it closes by itself once its cause is gone".to_owned()
                } else {
                    issue.choices.join(" or ")
                }
            )));
        }
        let mut mutations = vec![Mutation::CloseIssue {
            connection: issue.connection.clone(),
            kind: issue.kind.clone(),
            subject: issue.subject.clone(),
            at: self.now(),
            answer: Some(choice.to_owned()),
        }];
        // Kept until what was decided under it is written.
        let mut held = None;
        match (issue.kind.as_str(), choice) {
            ("guard", "approve") => {
                let until = zygos_core::clock::later(self.now(), WAIVER);
                mutations.push(Mutation::PutCursor {
                    connection: issue.connection.clone(),
                    feed: WAIVER_FEED.to_owned(),
                    checkpoint: Checkpoint(until.to_string()),
                });
                for row in self.repository.outbox(Some(&issue.connection), u32::MAX >> 1).await? {
                    let waits = matches!(row.record.kind(), OutboxKind::Stock | OutboxKind::Product);
                    if waits || row.held_by == Some(issue.id) {
                        mutations.push(self.by_hand(
                            &row.connection,
                            row.record,
                            row.lane,
                            "a person agreed",
                        ));
                    }
                }
            }
            ("product_conflict" | "product_hold", _) => {
                mutations.extend(self.field_answer(&issue, choice).await?)
            }
            ("product_gone", _) => {
                mutations.extend(self.gone_answer(&issue.connection, &issue.subject, choice).await?);
            }
            ("before_go_live", _) => {
                let chosen = self.chosen_candidate(&issue, choice).await?;
                let turn = held.insert(self.turn(&issue.connection).await?);
                mutations.extend(self.go_live_answer(turn, &issue, choice, chosen).await?);
            }
            _ => mutations.extend(self.wake_held(&issue).await?),
        }
        self.commit(mutations).await?;
        self.wake(&issue.connection);
        self.wake(&self.settings.erp.id);
        Ok(format!("issue {id} is answered with `{choice}`"))
    }

    /// The ERP's document that a person answered with: `link:NUMBER`.
    async fn chosen_candidate(&self, issue: &Issue, choice: &str) -> Result<Option<Document>> {
        let Some(number) = choice.strip_prefix("link:") else { return Ok(None) };
        let order = RemoteKey::new(&issue.subject);
        let Some(stored) = self.repository.order(&issue.connection, &order).await? else { return Ok(None) };
        let candidates = self.candidates(&stored).await?;
        let chosen = candidates.into_iter().find(|document| number_of(document) == number);
        chosen.map(Some).ok_or_else(|| {
            EngineError::Asked(format!("the ERP has no sale {number} that names order {order} any more"))
        })
    }

    async fn go_live_answer(
        &self,
        turn: &Turn<'_>,
        issue: &Issue,
        choice: &str,
        chosen: Option<Document>,
    ) -> Result<Vec<Mutation>> {
        let order = RemoteKey::new(&issue.subject);
        let Some(mut stored) = self.repository.order(&issue.connection, &order).await? else {
            return Ok(Vec::new());
        };
        let mut progress = Progress::of(&stored)?;
        progress.decided = Some(match chosen {
            Some(document) => {
                stored.reference.clone_from(&document.reference);
                stored.document = Some(document);
                GoLiveChoice::Link
            }
            None if choice == "import" => GoLiveChoice::Import,
            None => GoLiveChoice::Ignore,
        });
        progress.put(&mut stored)?;
        let mut mutations = vec![Mutation::PutOrder(Box::new(stored.clone()))];
        mutations
            .extend(ledger_mutations(self, turn, &stored, &format!("order {order} was decided on")).await?);
        mutations.push(self.by_hand(
            &self.settings.erp.id,
            OutboxRecord::Order { store: issue.connection.clone(), order },
            Lane::Orders,
            "a person decided about it",
        ));
        Ok(mutations)
    }

    /// The rows that wait for this issue become due.
    async fn wake_held(&self, issue: &Issue) -> Result<Vec<Mutation>> {
        let rows = self.repository.outbox(None, u32::MAX >> 1).await?;
        let mut mutations: Vec<Mutation> = rows
            .into_iter()
            .filter(|row| row.held_by == Some(issue.id))
            .map(|row| self.by_hand(&row.connection, row.record, row.lane, "a person agreed"))
            .collect();
        if mutations.is_empty()
            && self.repository.order(&issue.connection, &RemoteKey::new(&issue.subject)).await?.is_some()
        {
            let order = RemoteKey::new(&issue.subject);
            let record = OutboxRecord::Order { store: issue.connection.clone(), order };
            mutations.push(self.by_hand(&self.settings.erp.id, record, Lane::Orders, "run again by hand"));
        }
        Ok(mutations)
    }

    pub(crate) fn by_hand(
        &self,
        connection: &ConnectionId,
        record: OutboxRecord,
        lane: Lane,
        reason: &str,
    ) -> Mutation {
        Mutation::Enqueue(Wish {
            connection: connection.clone(),
            record,
            lane,
            reason: reason.to_owned(),
            due_at: self.now(),
            by_hand: true,
        })
    }

    pub(crate) async fn guard_is_waived(&self, store: &ConnectionId) -> Result<bool> {
        Ok(self.guard_waived_until(store).await?.is_some_and(|until| self.now() < until))
    }

    /// Until when a person's last agreement to a hold of the guard counts, or counted.
    pub(crate) async fn guard_waived_until(&self, store: &ConnectionId) -> Result<Option<jiff::Timestamp>> {
        let until = self.repository.cursor(store, WAIVER_FEED).await?;
        Ok(until.and_then(|checkpoint| checkpoint.0.parse::<jiff::Timestamp>().ok()))
    }

    /// What a person answered to an issue of this kind and subject at or after `since`.
    pub(crate) async fn answer_since(
        &self,
        connection: &ConnectionId,
        kind: &str,
        subject: &str,
        since: jiff::Timestamp,
    ) -> Result<Option<String>> {
        let all = self.repository.issues(true).await?;
        let last = all
            .into_iter()
            .rfind(|issue| &issue.connection == connection && issue.kind == kind && issue.subject == subject);
        Ok(last.filter(|issue| issue.closed_at.is_some_and(|at| at >= since)).and_then(|issue| issue.answer))
    }

    /// Finds what a person means: an order id, a SKU, a connection, or one store's order or SKU as `STORE/IT`.
    pub async fn find_to_replay(&self, text: &str) -> Result<Vec<Replay>> {
        let connection = ConnectionId::new(text);
        if self.connection(&connection).is_some() {
            return Ok(vec![Replay::Connection(connection)]);
        }
        let (only, text) = self.store_and_rest(text);
        let mut found = Vec::new();
        for store in &self.settings.stores {
            let id = &store.connection.id;
            if only.as_ref().is_some_and(|only| only != id) {
                continue;
            }
            if let Some(order) = self.repository.order(id, &RemoteKey::new(text)).await? {
                found.push(Replay::Order(Box::new(order)));
            }
            for unit in self.repository.units_called(id, text).await? {
                found.push(Replay::Unit { store: id.clone(), unit: unit.unit.key });
            }
        }
        Ok(found)
    }

    /// Runs something again: both sides are read afresh and decided from the present, never from what was sent then.
    pub async fn replay(&self, what: &Replay) -> Result<u64> {
        let reason = "run again by hand";
        let mut mutations = Vec::new();
        match what {
            Replay::Order(order) => mutations.extend(self.replay_order(order, reason)),
            Replay::Unit { store, unit } => {
                mutations.extend(self.forget_figure(store, unit).await?);
                mutations.push(self.by_hand(
                    store,
                    OutboxRecord::Stock(unit.clone()),
                    Lane::HotStock,
                    reason,
                ));
                let products = self.repository.products_of(store, std::slice::from_ref(unit)).await?;
                mutations.extend(
                    products.iter().map(|(_, key)| self.product_wish(store, Side::Store, key, reason)),
                );
            }
            Replay::Connection(connection) => {
                for row in self.repository.outbox(Some(connection), u32::MAX >> 1).await? {
                    mutations.push(self.by_hand(connection, row.record, row.lane, reason));
                }
                // A store's orders and figures are looked through by whoever holds its lease.
                if self.store(connection).is_some() {
                    for entity in [Entity::Order, Entity::Product] {
                        mutations.push(Mutation::AddHint(StoredHint {
                            id: 0,
                            connection: connection.clone(),
                            entity,
                            key: None,
                            digest: format!("by hand, {}, {}", entity.name(), self.now()),
                            received_at: self.now(),
                        }));
                    }
                }
                let filter = OrderFilter {
                    store: self.store(connection).map(|_| connection.clone()),
                    closed: Some(false),
                    ..OrderFilter::default()
                };
                for order in self.repository.orders(&filter).await? {
                    mutations.extend(self.replay_order(&order, reason));
                }
            }
        }
        let count = u64::try_from(mutations.len()).unwrap_or(u64::MAX);
        self.commit(mutations).await?;
        for name in self.connection_names() {
            self.wake(&ConnectionId::new(name));
        }
        Ok(count)
    }

    /// What a store showed when it was read last doesn't count any more: it is read again before it is compared.
    async fn forget_figure(&self, store: &ConnectionId, unit: &RemoteKey) -> Result<Option<Mutation>> {
        let known = self.repository.unit(store, unit).await?;
        Ok(known.map(|stored| Mutation::PutFigure {
            connection: store.clone(),
            unit: Unit { stock: None, ..stored.unit },
            read_at: self.now(),
        }))
    }

    fn replay_order(&self, order: &StoredOrder, reason: &str) -> Vec<Mutation> {
        let id = order.root.clone().unwrap_or_else(|| order.order.id.clone());
        if let Ok(memory) = self.memory(&order.store) {
            crate::engine::lock(&memory.last_read).remove(&id);
        }
        let record = OutboxRecord::Order { store: order.store.clone(), order: id.clone() };
        let mut mutations = vec![self.by_hand(&self.settings.erp.id, record, Lane::Orders, reason)];
        if order.document.is_some() {
            mutations.push(self.by_hand(&order.store, OutboxRecord::Feedback(id), Lane::Orders, reason));
        }
        mutations
    }
}
