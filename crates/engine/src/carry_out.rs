//! Carrying out a plan exactly as it was seen: what has moved since is left alone and told.

use std::collections::BTreeMap;

use serde::Serialize;
use zygos_core::{ConnectionId, RemoteKey, RunId, contract::Lane, money::plain};
use zygos_storage::{OutboxRecord, Run};

use crate::{
    engine::Engine,
    error::Result,
    plan::{Plan, PlannedStep},
    plan_seen::{Fate, Seen, SeenOrder, SeenPlan, SeenStock, change_in_words, record_of},
};

/// A raise that waited too long for its call is decided again so often.
pub(crate) const ROUNDS: u32 = 3;

/// What became of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CarriedOut {
    pub done: Vec<PlanLine>,
    /// It was so by itself by now; nothing was written.
    pub already: Vec<PlanLine>,
    /// It is not as it was seen; nothing was written.
    pub moved: Vec<PlanLine>,
    /// It is as it was seen, and something stood in the way.
    pub waiting: Vec<PlanLine>,
    /// What a plan would hold now that this one doesn't; left alone.
    pub new_since: u64,
    pub troubles: Vec<(ConnectionId, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PlanLine {
    pub store: ConnectionId,
    /// A SKU, or `order 42200017`.
    pub what: String,
    pub words: String,
}

impl Engine {
    /// Computes everything afresh and carries out what is still exactly as `plan` says, and nothing else.
    pub async fn carry_out(&self, plan: &SeenPlan) -> Result<CarriedOut> {
        let _limited = self.limited_run();
        let now = self.plan().await?;
        let seen = Seen::new(plan);
        let configured = self.settings.stores.iter().map(|store| &store.connection.id);
        seen.leave_out_other_stores(&configured.collect());
        let mut carried = CarriedOut { new_since: new_since(&seen, plan, &now), ..CarriedOut::default() };
        carried.moved.extend(plan.orders.iter().filter_map(|order| moved_rest(order, &now)));

        let erp = &self.settings.erp.id;
        let run_id = self.new_run("plan", erp);
        let mut run = Run {
            id: run_id.clone(),
            flow: "plan".to_owned(),
            connection: None,
            started_at: self.now(),
            ended_at: None,
            counts: BTreeMap::new(),
            outcome: None,
        };
        self.commit(vec![zygos_storage::Mutation::PutRun(run.clone())]).await?;
        // First what stock and orders may need.
        self.carry_out_products(&seen, &run_id, plan, &mut carried.troubles).await?;
        self.carry_out_stock(&seen, &run_id, plan, &mut carried).await?;
        self.carry_out_orders(&seen, plan, &mut carried).await?;
        self.close_answered_limits().await?;
        for stock in seen.stock() {
            let (line, to) = self.outcome_of_unit(&seen, stock, &run_id).await?;
            carried.put(line, to);
        }
        for order in seen.orders() {
            let (line, to) = self.outcome_of_order(&seen, order).await?;
            carried.put(line, to);
        }
        for product in seen.products() {
            let (line, to) = self.outcome_of_product(&seen, product).await?;
            carried.put(line, to);
        }
        let count = |lines: &[PlanLine]| u64::try_from(lines.len()).unwrap_or(u64::MAX);
        run.ended_at = Some(self.now());
        run.outcome = Some("complete".to_owned());
        run.counts = BTreeMap::from([
            ("written".to_owned(), count(&carried.done)),
            ("already".to_owned(), count(&carried.already)),
            ("moved".to_owned(), count(&carried.moved)),
            ("waiting".to_owned(), count(&carried.waiting)),
        ]);
        self.commit(vec![zygos_storage::Mutation::PutRun(run)]).await?;
        Ok(carried)
    }

    /// Why nothing of a plan can be carried out in a store; `gone`: what isn't configured any more.
    pub(crate) async fn in_the_way(
        &self,
        store: &ConnectionId,
        gone: Option<&str>,
    ) -> Result<Option<String>> {
        if let Some(gone) = gone {
            return Ok(Some(gone.to_owned()));
        }
        let live = self.is_live(store).await?;
        Ok((!live).then(|| format!("nothing may be written to {store}; `zygos approve {store}` lets it")))
    }

    async fn carry_out_stock(
        &self,
        seen: &Seen<'_>,
        run: &RunId,
        plan: &SeenPlan,
        carried: &mut CarriedOut,
    ) -> Result<()> {
        let reason = format!("the plan of {:.0}", plan.made_at);
        for store in &self.settings.stores {
            let id = &store.connection.id;
            let units: Vec<&RemoteKey> =
                seen.stock().filter(|stock| &stock.store == id).map(|stock| &stock.unit).collect();
            if units.is_empty() {
                continue;
            }
            let gone = store.stock.is_none().then_some("its store takes no stock any more");
            if let Some(why) = self.in_the_way(id, gone).await? {
                units.iter().for_each(|unit| seen.unit_waits(id, unit, &why));
                continue;
            }
            let wishes = units.iter().map(|unit| {
                self.wish(id, OutboxRecord::Stock((*unit).clone()), Lane::Corrections, reason.clone())
            });
            self.commit(wishes.collect()).await?;
            let batch = usize::try_from(self.settings.pace.stock_batch).unwrap_or(usize::MAX).max(1);
            'rounds: for _ in 0..ROUNDS {
                seen.begin_round();
                let mut worked = 0;
                for _ in 0..units.len().div_ceil(batch) {
                    match self.stock_pass_of(store, Some(run), Some(seen)).await {
                        Ok(pass) => worked += pass.looked_at,
                        Err(error) => {
                            self.note_trouble(id, Err(error), &mut carried.troubles)?;
                            break 'rounds;
                        }
                    }
                }
                if worked == 0 {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn carry_out_orders(
        &self,
        seen: &Seen<'_>,
        plan: &SeenPlan,
        carried: &mut CarriedOut,
    ) -> Result<()> {
        let erp = &self.settings.erp.id;
        let mut wishes = Vec::new();
        for order in seen.orders() {
            if seen.fate(&order.store, &record_of(order)).is_some() {
                continue;
            }
            let mut closed = None;
            for connection in [erp, &order.store] {
                if closed.is_none() && !self.is_live(connection).await? {
                    closed = Some(connection);
                }
            }
            match closed {
                Some(closed) => {
                    let why = format!("nothing may be written to {closed}; `zygos approve {closed}` lets it");
                    seen.order_waits(&order.store, &order.order, &why);
                }
                None => {
                    let reason = format!("the plan of {:.0}", plan.made_at);
                    wishes.push(self.wish(erp, record_of(order), Lane::Orders, reason));
                }
            }
        }
        if wishes.is_empty() {
            return Ok(());
        }
        let batch = usize::try_from(self.settings.pace.order_batch).unwrap_or(usize::MAX).max(1);
        let passes = wishes.len().div_ceil(batch);
        self.commit(wishes).await?;
        for _ in 0..ROUNDS {
            seen.begin_round();
            let mut worked = 0;
            for _ in 0..passes {
                match self.order_pass_of(Some(seen)).await {
                    Ok(pass) => worked += pass.looked_at,
                    Err(error) => return self.note_trouble(erp, Err(error), &mut carried.troubles),
                }
            }
            if worked == 0 {
                break;
            }
        }
        Ok(())
    }

    /// The journal says what was written, so a figure counts as done by it alone.
    async fn outcome_of_unit(
        &self,
        seen: &Seen<'_>,
        stock: &SeenStock,
        run: &RunId,
    ) -> Result<(PlanLine, Kind)> {
        let store = &stock.store;
        let line = |words: String| PlanLine { store: store.clone(), what: stock.sku.clone(), words };
        let written = self.repository.journal(Some(store), Some(&stock.unit), 10).await?;
        let mut ours = written.into_iter().filter(|entry| entry.run.as_ref() == Some(run));
        let after = plain(stock.after);
        if let Some(entry) = ours.next() {
            let shows = entry.after.unwrap_or_default();
            if shows != after {
                return Ok((line(format!("the store took {after} and still shows {shows}")), Kind::Waiting));
            }
            return Ok((line(change_in_words(stock.before, stock.after)), Kind::Done));
        }
        let record = OutboxRecord::Stock(stock.unit.clone());
        Ok(match seen.fate(store, &record) {
            Some(Fate::Already) => (line(format!("it shows {after} already")), Kind::Already),
            Some(Fate::Moved(words)) => (line(words), Kind::Moved),
            Some(Fate::Waits(words)) => (line(words), Kind::Waiting),
            None => (line(self.why_it_waits(store, &record).await?), Kind::Waiting),
        })
    }

    async fn outcome_of_order(&self, seen: &Seen<'_>, order: &SeenOrder) -> Result<(PlanLine, Kind)> {
        let store = &order.store;
        let line = |words: String| order_line(order, words);
        match seen.fate(store, &record_of(order)) {
            Some(Fate::Already) => return Ok((line("it is in the ERP already".to_owned()), Kind::Already)),
            Some(Fate::Moved(words)) => return Ok((line(words), Kind::Moved)),
            Some(Fate::Waits(words)) => return Ok((line(words), Kind::Waiting)),
            None => {}
        }
        let Some(stored) = self.repository.order(store, &order.order).await? else {
            return Ok((line("it is not known any more".to_owned()), Kind::Moved));
        };
        match (stored.state_code.as_str(), &stored.document) {
            ("placed" | "closed", Some(document)) => {
                let number = document.number.as_deref().unwrap_or(document.key.as_str());
                Ok((line(format!("entered as {number}")), Kind::Done))
            }
            ("held", _) => Ok((line(self.state_in_words(&stored).await?), Kind::Waiting)),
            _ => {
                Ok((line(self.why_it_waits(&self.settings.erp.id, &record_of(order)).await?), Kind::Waiting))
            }
        }
    }

    pub(crate) async fn why_it_waits(
        &self,
        connection: &ConnectionId,
        record: &OutboxRecord,
    ) -> Result<String> {
        let rows = self.repository.outbox(Some(connection), u32::MAX >> 1).await?;
        Ok(match rows.into_iter().find(|row| &row.record == record) {
            Some(row) => match row.held_by {
                Some(issue) => format!("it waits for a person: issue {issue}"),
                None => format!("it is tried again from {:.0} on: {}", row.due_at, row.reason),
            },
            None => "nothing was written; `zygos explain` says how it stands".to_owned(),
        })
    }
}

pub(crate) enum Kind {
    Done,
    Already,
    Moved,
    Waiting,
}

impl CarriedOut {
    fn put(&mut self, line: PlanLine, kind: Kind) {
        match kind {
            Kind::Done => self.done.push(line),
            Kind::Already => self.already.push(line),
            Kind::Moved => self.moved.push(line),
            Kind::Waiting => self.waiting.push(line),
        }
    }
}

fn order_line(order: &SeenOrder, words: String) -> PlanLine {
    PlanLine { store: order.store.clone(), what: format!("order {}", order.order), words }
}

/// What is to be written now and is in no entry of the plan that was seen.
fn new_since(seen: &Seen<'_>, plan: &SeenPlan, now: &Plan) -> u64 {
    let stock = now.stock.iter().filter(|stock| !seen.holds_unit(&stock.store, &stock.unit)).count();
    let known = |store: &ConnectionId, order: &RemoteKey| {
        plan.orders.iter().any(|known| &known.store == store && &known.order == order)
    };
    let orders = now
        .orders
        .iter()
        .filter(|order| order.step == PlannedStep::Enter && !known(&order.store, &order.order))
        .count();
    let products = now.products.iter().filter(|product| {
        let record = OutboxRecord::Product { side: product.side, key: product.key.clone() };
        product.held.is_none() && !seen.holds_product(&product.store, &record)
    });
    u64::try_from(stock + orders + products.count()).unwrap_or(u64::MAX)
}

/// Of an order about which the plan does nothing: whether that is so still.
fn moved_rest(order: &SeenOrder, now: &Plan) -> Option<PlanLine> {
    if order.step == PlannedStep::Enter {
        return None;
    }
    let today = now.orders.iter().find(|other| other.store == order.store && other.order == order.order);
    let words = match today {
        Some(today) if today.what == order.what => return None,
        Some(today) => format!("the plan said `{}`, now it would be `{}`", order.what, today.what),
        // Orders that were left alone close by themselves.
        None if order.step == PlannedStep::Leave => return None,
        None => format!("the plan said `{}`, now nothing is to be done about it", order.what),
    };
    Some(order_line(order, words))
}
