//! What the writer does for one request, inside the transaction that is open.

use std::collections::BTreeMap;

use sqlx::query::Query;
use zygos_core::{ConnectionId, RemoteKey, model::Unit};

use super::{
    decode::{LeaseColumns, LedgerColumns, Meaning, OutboxColumns},
    dialect::{Arguments, Connection, Db},
    fault::Fault,
    statements,
    values::{
        integer, kind_number, lane_number, micros, optional_micros, record_columns, side_number, to_json,
        to_word,
    },
    writer::{Answer, Work},
};
use crate::{
    keys::trimmed,
    mutation::Mutation,
    rows::{
        Attempt, Drift, Issue, JournalEntry, LedgerRow, Link, OutboxRow, Run, Settled, StockBase, StoredHint,
        StoredOrder, StoredUnit, Wish,
    },
};

type Result<T> = std::result::Result<T, Fault>;

pub(super) async fn work(connection: &mut Connection, workspace: &str, work: &Work) -> Result<Answer> {
    let mut apply = Apply { connection, workspace };
    match work {
        Work::Commit(mutations) => {
            for mutation in mutations {
                apply.mutation(mutation).await?;
            }
            Ok(Answer::Done)
        }
        Work::Claim { connection, kind, now, lease_until, limit } => {
            let claim = sqlx::query_as(statements::CLAIM)
                .bind(workspace)
                .bind(connection.as_str())
                .bind(kind_number(*kind))
                .bind(micros(*now))
                .bind(micros(*lease_until))
                .bind(i64::from(*limit));
            let rows: Vec<OutboxColumns> = claim.fetch_all(&mut *apply.connection).await?;
            let mut rows = rows.into_iter().map(Meaning::meaning).collect::<Result<Vec<OutboxRow>>>()?;
            rows.sort_by_key(|row| (row.lane, row.due_at, row.id));
            Ok(Answer::Claimed(rows))
        }
        Work::ClaimThese { connection, records, now, lease_until } => {
            let mut claimed = Vec::new();
            for wanted in records {
                let (kind, store, key) = record_columns(wanted);
                let claim = sqlx::query_as(statements::CLAIM_THIS)
                    .bind(workspace)
                    .bind(connection.as_str())
                    .bind(kind)
                    .bind(store)
                    .bind(key)
                    .bind(micros(*now))
                    .bind(micros(*lease_until));
                let row: Option<OutboxColumns> = claim.fetch_optional(&mut *apply.connection).await?;
                claimed.extend(row.map(Meaning::meaning).transpose()?);
            }
            claimed.sort_by_key(|row: &OutboxRow| (row.lane, row.due_at, row.id));
            Ok(Answer::Claimed(claimed))
        }
        Work::Lease { credential, owner, now, until } => {
            let take = apply.query(statements::TAKE_LEASE).bind(credential).bind(owner);
            let take = take.bind(micros(*until)).bind(micros(*now));
            apply.run(take).await?;
            let lease: LeaseColumns = sqlx::query_as(statements::LEASE)
                .bind(workspace)
                .bind(credential)
                .fetch_one(&mut *apply.connection)
                .await?;
            Ok(Answer::Lease(lease.meaning()?))
        }
        Work::ReleaseLease { credential, owner } => {
            let release = apply.query(statements::RELEASE_LEASE).bind(credential).bind(owner);
            apply.run(release).await?;
            Ok(Answer::Done)
        }
        Work::Forget { before } => {
            let forget = [
                statements::FORGET_ATTEMPTS,
                statements::FORGET_ISSUES,
                statements::FORGET_DRIFTS,
                statements::FORGET_RUNS,
            ];
            for statement in forget {
                let forget = apply.query(statement).bind(micros(*before));
                apply.run(forget).await?;
            }
            Ok(Answer::Done)
        }
    }
}

pub(super) struct Apply<'a> {
    pub(super) connection: &'a mut Connection,
    pub(super) workspace: &'a str,
}

impl<'a> Apply<'a> {
    /// With the workspace bound.
    pub(super) fn query(&self, statement: &'static str) -> Query<'a, Db, Arguments> {
        sqlx::query(statement).bind(self.workspace)
    }

    /// Answers how many rows it touched.
    pub(super) async fn run(&mut self, query: Query<'_, Db, Arguments>) -> Result<u64> {
        Ok(query.execute(&mut *self.connection).await?.rows_affected())
    }

    async fn next_id(&mut self, name: &'static str) -> Result<i64> {
        let next = sqlx::query_scalar(statements::NEXT_ID).bind(self.workspace).bind(name);
        Ok(next.fetch_one(&mut *self.connection).await?)
    }

    async fn mutation(&mut self, mutation: &Mutation) -> Result<()> {
        match mutation {
            Mutation::PutConnection { connection, state } => {
                let put = self
                    .query(statements::PUT_CONNECTION)
                    .bind(connection.as_str())
                    .bind(to_word("connection", state.mode)?)
                    .bind(state.reason.as_deref());
                self.run(put).await?;
            }
            Mutation::PutCursor { connection, feed, checkpoint } => {
                let put = self.query(statements::PUT_CURSOR).bind(connection.as_str());
                self.run(put.bind(feed).bind(&checkpoint.0)).await?;
            }
            Mutation::PutUnit { connection, unit } => self.put_unit(connection, unit).await?,
            Mutation::PutFigure { connection, unit, read_at } => {
                let put = self
                    .query(statements::PUT_FIGURE)
                    .bind(connection.as_str())
                    .bind(unit.key.as_str())
                    .bind(unit.stock.map(|stock| stock.to_string()))
                    .bind(micros(*read_at));
                self.run(put).await?;
            }
            Mutation::DropUnit { connection, key } => {
                let drop = self.query(statements::DROP_UNIT).bind(connection.as_str()).bind(key.as_str());
                self.run(drop).await?;
            }
            Mutation::PutProduct { connection, product } => self.put_product(connection, product).await?,
            Mutation::DropProduct { connection, key } => {
                let drop = self.query(statements::DROP_PRODUCT).bind(connection.as_str()).bind(key.as_str());
                self.run(drop).await?;
            }
            Mutation::PutFieldBases(bases) => self.put_field_bases(bases).await?,
            Mutation::DropFieldBases { store, key } => {
                let drop = self.query(statements::DROP_FIELD_BASE).bind(store.as_str()).bind(key.as_str());
                self.run(drop).await?;
            }
            Mutation::PutTombstone(tombstone) => self.put_tombstone(tombstone).await?,
            Mutation::DropTombstone { store, left, unit } => {
                let drop = self.query(statements::DROP_TOMBSTONE).bind(store.as_str());
                self.run(drop.bind(side_number(*left)).bind(unit.as_str())).await?;
            }
            Mutation::PutLink(link) => self.put_link(link).await?,
            Mutation::DropLink { store, store_key } => {
                let drop = self.query(statements::DROP_LINK).bind(store.as_str()).bind(store_key.as_str());
                self.run(drop).await?;
            }
            Mutation::PutStockBase(base) => self.put_stock_base(base).await?,
            Mutation::DropStockBase { store, unit } => {
                let drop = self.query(statements::DROP_STOCK_BASE).bind(store.as_str()).bind(unit.as_str());
                self.run(drop).await?;
            }
            Mutation::PutOrder(order) => self.put_order(order).await?,
            Mutation::PutDocument { store, order, document } => {
                let put = self.query(statements::PUT_DOCUMENT).bind(store.as_str()).bind(order.as_str());
                self.run(put.bind(to_json("store_order_body", document)?)).await?;
            }
            Mutation::PutLedger { store, order, rows } => self.put_ledger(store, order, rows).await?,
            Mutation::Prove(row) => self.prove(row).await?,
            Mutation::Enqueue(wish) => self.enqueue(wish).await?,
            Mutation::MarkSent { row, fence, sent } => {
                let mark = self.query(statements::MARK_SENT).bind(*row).bind(*fence);
                if self.run(mark.bind(to_json("outbox", sent)?)).await? == 0 {
                    return Err(Fault::Fenced(*row));
                }
            }
            Mutation::Settle { row, fence, revision, settled } => {
                if !self.settle(*row, *fence, *revision, settled).await? {
                    return Err(Fault::Fenced(*row));
                }
            }
            Mutation::ReleaseClaims { connection } => {
                let release = self.query(statements::RELEASE_CLAIMS).bind(connection.as_str());
                self.run(release).await?;
            }
            Mutation::AddAttempt(attempt) => self.add_attempt(attempt).await?,
            Mutation::AddJournal(entry) => self.add_journal(entry).await?,
            Mutation::OpenIssue(issue) => self.open_issue(issue).await?,
            Mutation::CloseIssue { connection, kind, subject, at, answer } => {
                let close = self
                    .query(statements::CLOSE_ISSUE)
                    .bind(connection.as_str())
                    .bind(kind)
                    .bind(subject)
                    .bind(micros(*at))
                    .bind(answer.as_deref());
                self.run(close).await?;
            }
            Mutation::OpenDrift(drift) => self.open_drift(drift).await?,
            Mutation::CloseDrift { store, unit, field, at } => {
                let close = self.query(statements::CLOSE_DRIFT).bind(store.as_str()).bind(unit.as_str());
                self.run(close.bind(field).bind(micros(*at))).await?;
            }
            Mutation::PutRun(run) => self.put_run(run).await?,
            Mutation::AddHint(hint) => self.add_hint(hint).await?,
            Mutation::DropHint { id } => {
                let drop = self.query(statements::DROP_HINT).bind(*id);
                self.run(drop).await?;
            }
        }
        Ok(())
    }

    async fn put_unit(&mut self, connection: &ConnectionId, stored: &StoredUnit) -> Result<()> {
        let unit = &stored.unit;
        // The figure has a row of its own: it changes far more often than the rest.
        let body = to_json("unit", &Unit { stock: None, ..unit.clone() })?;
        let put = self
            .query(statements::PUT_UNIT)
            .bind(connection.as_str())
            .bind(unit.key.as_str())
            .bind(integer(stored.position))
            .bind(trimmed(unit.sku.as_deref()))
            .bind(trimmed(unit.ean.as_deref()))
            .bind(body);
        self.run(put).await?;
        let figure = self
            .query(statements::PUT_UNIT_FIGURE)
            .bind(connection.as_str())
            .bind(unit.key.as_str())
            .bind(unit.stock.map(|stock| stock.to_string()))
            .bind(micros(stored.read_at));
        self.run(figure).await?;
        Ok(())
    }

    async fn put_link(&mut self, link: &Link) -> Result<()> {
        let put = self
            .query(statements::PUT_LINK)
            .bind(link.store.as_str())
            .bind(link.store_key.as_str())
            .bind(link.erp.as_str())
            .bind(link.erp_key.as_str())
            .bind(&link.matched_by);
        self.run(put).await?;
        Ok(())
    }

    async fn put_stock_base(&mut self, base: &StockBase) -> Result<()> {
        let put = self
            .query(statements::PUT_STOCK_BASE)
            .bind(base.store.as_str())
            .bind(base.unit.as_str())
            .bind(base.figure.to_string())
            .bind(micros(base.read_at));
        self.run(put).await?;
        Ok(())
    }

    async fn put_order(&mut self, stored: &StoredOrder) -> Result<()> {
        let put = self
            .query(statements::PUT_ORDER)
            .bind(stored.store.as_str())
            .bind(stored.order.id.as_str())
            .bind(micros(stored.order.created_at))
            .bind(&stored.digest)
            .bind(to_json("store_order", &stored.state)?)
            .bind(&stored.state_code)
            .bind(&stored.reference)
            .bind(stored.party.as_ref().map(RemoteKey::as_str))
            .bind(stored.root.as_ref().map(RemoteKey::as_str))
            .bind(micros(stored.first_seen))
            .bind(micros(stored.last_read))
            .bind(&stored.seen_by)
            .bind(stored.closed);
        self.run(put).await?;
        let document = stored.document.as_ref().map(|document| to_json("store_order_body", document));
        let body = self
            .query(statements::PUT_ORDER_BODY)
            .bind(stored.store.as_str())
            .bind(stored.order.id.as_str())
            .bind(to_json("store_order_body", &stored.order)?)
            .bind(document.transpose()?);
        self.run(body).await?;
        Ok(())
    }

    async fn put_ledger(
        &mut self,
        store: &ConnectionId,
        order: &RemoteKey,
        rows: &[LedgerRow],
    ) -> Result<()> {
        let by_unit: BTreeMap<&RemoteKey, LedgerRow> = rows
            .iter()
            .map(|row| (&row.unit, LedgerRow { store: store.clone(), order: order.clone(), ..row.clone() }))
            .collect();
        let rows: Vec<LedgerRow> = by_unit.into_values().collect();
        let stored: Vec<LedgerColumns> = sqlx::query_as(statements::LEDGER_OF_ORDER)
            .bind(self.workspace)
            .bind(store.as_str())
            .bind(order.as_str())
            .fetch_all(&mut *self.connection)
            .await?;
        let there_are = !stored.is_empty();
        if stored.into_iter().map(Meaning::meaning).collect::<Result<Vec<_>>>()? == rows {
            return Ok(());
        }
        if there_are {
            let drop = self.query(statements::DROP_LEDGER).bind(store.as_str()).bind(order.as_str());
            self.run(drop).await?;
        }
        for row in &rows {
            let put = self
                .query(statements::PUT_LEDGER_ROW)
                .bind(row.store.as_str())
                .bind(row.order.as_str())
                .bind(row.unit.as_str())
                .bind(row.warehouse.as_ref().map(RemoteKey::as_str))
                .bind(row.quantity.to_string())
                .bind(row.recorded.to_string())
                .bind(row.reserved.to_string())
                .bind(row.moved.to_string())
                .bind(optional_micros(row.proven_at))
                .bind(micros(row.entered_at))
                .bind(&row.reference)
                .bind(row.undecided);
            self.run(put).await?;
        }
        Ok(())
    }

    async fn prove(&mut self, row: &LedgerRow) -> Result<()> {
        let prove = self
            .query(statements::PROVE)
            .bind(row.store.as_str())
            .bind(row.order.as_str())
            .bind(row.unit.as_str())
            .bind(row.warehouse.as_ref().map(RemoteKey::as_str))
            .bind(row.recorded.to_string())
            .bind(row.reserved.to_string())
            .bind(row.moved.to_string())
            .bind(optional_micros(row.proven_at));
        self.run(prove).await?;
        Ok(())
    }

    async fn enqueue(&mut self, wish: &Wish) -> Result<()> {
        let (kind, store, key) = record_columns(&wish.record);
        let wished = |query: Query<'a, Db, Arguments>| {
            query
                .bind(wish.connection.as_str().to_owned())
                .bind(kind)
                .bind(store.to_owned())
                .bind(key.to_owned())
                .bind(lane_number(wish.lane))
                .bind(wish.reason.clone())
                .bind(micros(wish.due_at))
        };
        let join = wished(self.query(statements::JOIN_OUTBOX)).bind(wish.by_hand);
        if self.run(join).await? == 0 {
            let id = self.next_id("outbox").await?;
            let add = wished(self.query(statements::ADD_OUTBOX)).bind(id);
            self.run(add).await?;
        }
        Ok(())
    }

    /// Answers whether the claim was there.
    async fn settle(&mut self, row: i64, fence: i64, revision: i64, settled: &Settled) -> Result<bool> {
        let claimed = |query: Query<'a, Db, Arguments>| query.bind(row).bind(fence);
        let settle = match settled {
            Settled::Done => {
                let done = claimed(self.query(statements::SETTLE_DONE)).bind(revision);
                if self.run(done).await? > 0 {
                    return Ok(true);
                }
                claimed(self.query(statements::SETTLE_ASKED_AGAIN))
            }
            Settled::Again { due_at, reason, failed } => claimed(self.query(statements::SETTLE_AGAIN))
                .bind(revision)
                .bind(micros(*due_at))
                .bind(*failed)
                .bind(reason.as_deref()),
            Settled::Unknown { due_at } => {
                claimed(self.query(statements::SETTLE_UNKNOWN)).bind(micros(*due_at))
            }
            Settled::Held { issue } => {
                claimed(self.query(statements::SETTLE_HELD)).bind(revision).bind(*issue)
            }
        };
        Ok(self.run(settle).await? > 0)
    }

    async fn add_attempt(&mut self, attempt: &Attempt) -> Result<()> {
        let id = self.next_id("attempt").await?;
        let add = self
            .query(statements::ADD_ATTEMPT)
            .bind(id)
            .bind(micros(attempt.at))
            .bind(attempt.connection.as_str())
            .bind(&attempt.record)
            .bind(&attempt.write)
            .bind(&attempt.outcome)
            .bind(attempt.run.as_ref().map(|run| run.as_str()));
        self.run(add).await?;
        Ok(())
    }

    async fn add_journal(&mut self, entry: &JournalEntry) -> Result<()> {
        let id = self.next_id("journal").await?;
        let add = self
            .query(statements::ADD_JOURNAL)
            .bind(id)
            .bind(micros(entry.at))
            .bind(entry.connection.as_str())
            .bind(to_word("journal", entry.entity)?)
            .bind(entry.key.as_str())
            .bind(&entry.field)
            .bind(entry.before.as_deref())
            .bind(entry.after.as_deref())
            .bind(&entry.why)
            .bind(entry.run.as_ref().map(|run| run.as_str()));
        self.run(add).await?;
        Ok(())
    }

    async fn open_issue(&mut self, issue: &Issue) -> Result<()> {
        let choices = to_json("issue", &issue.choices)?;
        let described = |query: Query<'a, Db, Arguments>| {
            query
                .bind(issue.connection.as_str().to_owned())
                .bind(issue.kind.clone())
                .bind(issue.subject.clone())
                .bind(issue.text.clone())
                .bind(choices.clone())
        };
        let renew = described(self.query(statements::RENEW_ISSUE));
        if self.run(renew).await? == 0 {
            let id = self.next_id("issue").await?;
            let add = described(self.query(statements::ADD_ISSUE)).bind(micros(issue.opened_at)).bind(id);
            self.run(add).await?;
        }
        Ok(())
    }

    async fn open_drift(&mut self, drift: &Drift) -> Result<()> {
        let described = |query: Query<'a, Db, Arguments>| {
            query
                .bind(drift.store.as_str().to_owned())
                .bind(drift.unit.as_str().to_owned())
                .bind(drift.field.clone())
                .bind(drift.sku.clone())
                .bind(drift.should.clone())
                .bind(drift.is.clone())
                .bind(drift.cause.clone())
        };
        let renew = described(self.query(statements::RENEW_DRIFT));
        if self.run(renew).await? == 0 {
            let id = self.next_id("drift").await?;
            let add = described(self.query(statements::ADD_DRIFT)).bind(micros(drift.found_at)).bind(id);
            self.run(add).await?;
        }
        Ok(())
    }

    async fn put_run(&mut self, run: &Run) -> Result<()> {
        let put = self
            .query(statements::PUT_RUN)
            .bind(run.id.as_str())
            .bind(&run.flow)
            .bind(run.connection.as_ref().map(ConnectionId::as_str))
            .bind(micros(run.started_at))
            .bind(optional_micros(run.ended_at))
            .bind(to_json("run", &run.counts)?)
            .bind(run.outcome.as_deref());
        self.run(put).await?;
        Ok(())
    }

    async fn add_hint(&mut self, hint: &StoredHint) -> Result<()> {
        let known: i64 = sqlx::query_scalar(statements::HINT_KNOWN)
            .bind(self.workspace)
            .bind(hint.connection.as_str())
            .bind(&hint.digest)
            .fetch_one(&mut *self.connection)
            .await?;
        if known > 0 {
            return Ok(());
        }
        let id = self.next_id("hint").await?;
        let add = self
            .query(statements::ADD_HINT)
            .bind(id)
            .bind(hint.connection.as_str())
            .bind(to_word("hint", hint.entity)?)
            .bind(hint.key.as_ref().map(RemoteKey::as_str))
            .bind(&hint.digest)
            .bind(micros(hint.received_at));
        self.run(add).await?;
        Ok(())
    }
}
