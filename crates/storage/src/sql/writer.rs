//! The one task that writes. What arrives while it is busy goes into its next transaction together: one flush to
//! the disk for many callers. Each is answered after that flush.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use jiff::Timestamp;
use sqlx::Connection as _;
use tokio::sync::{mpsc, oneshot};
use zygos_core::ConnectionId;

use super::{
    apply, connect,
    dialect::{self, Connection, Place},
    fault::Fault,
    pending::Call,
};
use crate::{
    StorageError,
    mutation::Mutation,
    rows::{Lease, OutboxKind, OutboxRecord, OutboxRow},
};

/// Callers in one transaction at most, so that the first doesn't wait for an endless row of others.
const TOGETHER: usize = 256;

/// Something to be done in a transaction.
pub(super) enum Work {
    Commit(Vec<Mutation>),
    Claim {
        connection: ConnectionId,
        kind: OutboxKind,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    },
    ClaimThese {
        connection: ConnectionId,
        records: Vec<OutboxRecord>,
        now: Timestamp,
        lease_until: Timestamp,
    },
    Lease {
        credential: String,
        owner: String,
        now: Timestamp,
        until: Timestamp,
    },
    ReleaseLease {
        credential: String,
        owner: String,
    },
    Forget {
        before: Timestamp,
    },
}

pub(super) enum Answer {
    Done,
    Claimed(Vec<OutboxRow>),
    Lease(Lease),
}

impl Answer {
    /// An empty claim leaves nothing to be flushed.
    fn changed_something(&self) -> bool {
        !matches!(self, Self::Claimed(rows) if rows.is_empty())
    }
}

pub(super) struct Request {
    pub work: Work,
    pub reply: oneshot::Sender<Result<Answer, StorageError>>,
    pub call: Call,
}

impl Request {
    fn answer(self, answer: Result<Answer, StorageError>) {
        let Self { reply, call, .. } = self;
        // A caller that went away has no use for the answer; what it asked for is done all the same.
        reply.send(answer).ok();
        drop(call);
    }
}

pub(super) enum Message {
    Work(Request),
    /// After everything that came before.
    Close(oneshot::Sender<()>),
}

pub(super) struct Writer {
    pub connection: Connection,
    pub workspace: String,
    pub place: Place,
    pub flushed: Arc<AtomicU64>,
    /// The connection is of no use any more.
    pub lost: bool,
}

impl Writer {
    /// Ends when it is told to, or when nobody can ask anything any more.
    pub async fn run(mut self, mut inbox: mpsc::Receiver<Message>) {
        let mut told = None;
        while told.is_none() {
            match inbox.recv().await {
                Some(Message::Work(request)) => told = self.together(request, &mut inbox).await,
                Some(Message::Close(reply)) => told = Some(reply),
                None => break,
            }
        }
        drop(inbox);
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, place = %self.place, "the writing connection did not close");
        }
        if let Some(reply) = told {
            reply.send(()).ok();
        }
    }

    /// Takes the first request and all that wait into one transaction. Answers who wants the writer closed, if one
    /// was met on the way.
    async fn together(
        &mut self,
        first: Request,
        inbox: &mut mpsc::Receiver<Message>,
    ) -> Option<oneshot::Sender<()>> {
        let mut requests = Vec::new();
        let mut outcomes = Vec::new();
        let mut close = None;
        let mut next = Some(first);
        let mut fault = self.begin().await.err();
        while let Some(request) = next.take() {
            if fault.is_none() {
                match self.apart(&request.work).await {
                    Ok(outcome) => outcomes.push(outcome),
                    Err(error) => fault = Some(error),
                }
            }
            requests.push(request);
            if fault.is_none() && requests.len() < TOGETHER {
                match inbox.try_recv() {
                    Ok(Message::Work(request)) => next = Some(request),
                    Ok(Message::Close(reply)) => close = Some(reply),
                    Err(_) => {}
                }
            }
        }
        if fault.is_none() {
            fault = self.execute("COMMIT").await.err();
        }
        match fault {
            None => {
                if outcomes.iter().any(|outcome| outcome.as_ref().is_ok_and(Answer::changed_something)) {
                    self.flushed.fetch_add(1, Ordering::SeqCst);
                }
                for (request, outcome) in requests.into_iter().zip(outcomes) {
                    request.answer(outcome.map_err(|fault| fault.told(&self.place.to_string())));
                }
            }
            // Whether it is committed nobody knows, so nobody tries again.
            Some(fault) if fault.is_lost() => {
                self.lost = true;
                let error = fault.told(&self.place.to_string());
                for request in requests {
                    request.answer(Err(error.clone()));
                }
            }
            Some(fault) => {
                self.roll_back().await;
                self.one_by_one(requests, fault).await;
            }
        }
        close
    }

    /// One request inside the open transaction; if it may not be done, it alone is undone. `Err`: the transaction
    /// itself is lost.
    async fn apart(&mut self, work: &Work) -> Result<Result<Answer, Fault>, Fault> {
        self.execute("SAVEPOINT request").await?;
        match apply::work(&mut self.connection, &self.workspace, work).await {
            Ok(answer) => {
                self.execute("RELEASE request").await?;
                Ok(Ok(answer))
            }
            Err(fault) if fault.is_local() => {
                self.execute("ROLLBACK TO request").await?;
                self.execute("RELEASE request").await?;
                Ok(Err(fault))
            }
            Err(fault) => Err(fault),
        }
    }

    /// After a transaction of several was lost: whoever can be served alone is.
    async fn one_by_one(&mut self, requests: Vec<Request>, fault: Fault) {
        if requests.len() == 1 {
            let error = fault.told(&self.place.to_string());
            for request in requests {
                request.answer(Err(error.clone()));
            }
            return;
        }
        for request in requests {
            let outcome = self.alone(&request.work).await;
            if let Err(fault) = &outcome {
                self.lost |= fault.is_lost();
                self.roll_back().await;
            } else if outcome.as_ref().is_ok_and(Answer::changed_something) {
                self.flushed.fetch_add(1, Ordering::SeqCst);
            }
            request.answer(outcome.map_err(|fault| fault.told(&self.place.to_string())));
        }
    }

    /// Over a new connection where the old one was lost meanwhile, as it is when a server was started anew.
    async fn begin(&mut self) -> Result<(), Fault> {
        if !self.lost {
            match dialect::begin(&mut self.connection, &self.workspace).await {
                Err(fault) if fault.is_lost() => {}
                other => return other,
            }
        }
        self.lost = true;
        self.connection = connect::writer(&self.place).await?;
        self.lost = false;
        dialect::begin(&mut self.connection, &self.workspace).await
    }

    async fn alone(&mut self, work: &Work) -> Result<Answer, Fault> {
        self.begin().await?;
        let answer = apply::work(&mut self.connection, &self.workspace, work).await?;
        self.execute("COMMIT").await?;
        Ok(answer)
    }

    /// SQLite has already rolled back after some errors; then there is nothing to do.
    async fn roll_back(&mut self) {
        if let Err(Fault::Database(error)) = self.execute("ROLLBACK").await {
            tracing::debug!(%error, place = %self.place, "the transaction was rolled back already");
        }
    }

    async fn execute(&mut self, statement: &'static str) -> Result<(), Fault> {
        sqlx::query(statement).execute(&mut self.connection).await?;
        Ok(())
    }
}
