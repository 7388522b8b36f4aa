//! Everything in one SQLite file: nothing to install, and as durable as the disk.

mod apply;
mod apply_catalogue;
mod connect;
mod decode;
mod fault;
mod pending;
mod readers;
mod repository;
mod statements;
mod values;
mod writer;

#[cfg(test)]
mod tests;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use sqlx::SqliteConnection;
use tokio::sync::{mpsc, oneshot};
use zygos_core::WorkspaceId;

use self::{
    fault::Fault,
    pending::Pending,
    readers::Readers,
    writer::{Answer, Message, Request, Work, Writer},
};
use crate::StorageError;

/// Requests that wait for the writer at most; further callers wait for their turn.
const WAITING: usize = 1024;

/// A repository in a SQLite file. Cloning gives another handle to the same connections.
///
/// The file may be open in several processes at once. Dropping the last handle lets the writer finish what it was
/// given; [`SqliteRepository::close`] waits for that.
#[derive(Clone)]
pub struct SqliteRepository {
    inner: Arc<Inner>,
}

struct Inner {
    workspace: String,
    place: String,
    writer: mpsc::Sender<Message>,
    readers: Readers,
    pending: Pending,
    flushed: Arc<AtomicU64>,
}

impl SqliteRepository {
    /// The version of the schema that this program knows. A file that is open has it: an older one was brought to it,
    /// and a newer one is refused.
    pub fn schema_version() -> usize {
        connect::MIGRATIONS.len()
    }

    /// Opens the file, makes it if there is none, and brings it to today's schema. Must be called inside a tokio
    /// runtime: the writer is a task of it.
    pub async fn open(path: &Path, workspace: WorkspaceId) -> Result<Self, StorageError> {
        Self::over(connect::writer(path).await?, path, workspace).await
    }

    async fn over(
        connection: SqliteConnection,
        path: &Path,
        workspace: WorkspaceId,
    ) -> Result<Self, StorageError> {
        let place = path.display().to_string();
        let readers = Readers::open(path).await.map_err(|fault| fault.told(&place))?;
        let flushed = Arc::new(AtomicU64::new(0));
        let workspace = workspace.as_str().to_owned();
        let writer = Writer {
            connection,
            workspace: workspace.clone(),
            place: place.clone(),
            flushed: Arc::clone(&flushed),
        };
        let (sender, inbox) = mpsc::channel(WAITING);
        tokio::spawn(writer.run(inbox));
        let pending = Pending::default();
        Ok(Self { inner: Arc::new(Inner { workspace, place, writer: sender, readers, pending, flushed }) })
    }

    /// Waits until everything asked for is done and the file is closed. Later calls answer that it was closed.
    pub async fn close(self) {
        let _call = self.inner.pending.begin();
        self.inner.readers.close().await;
        let (reply, closed) = oneshot::channel();
        if self.inner.writer.send(Message::Close(reply)).await.is_ok() {
            // An error means that it was closed already.
            drop(closed.await);
        }
    }

    /// Calls that are under way now. Virtual time may move on only while there are none.
    pub fn pending(&self) -> usize {
        self.inner.pending.count()
    }

    /// Transactions flushed to the disk since it was opened.
    pub fn commits(&self) -> u64 {
        self.inner.flushed.load(Ordering::SeqCst)
    }

    async fn write(&self, work: Work) -> Result<Answer, StorageError> {
        let call = self.inner.pending.begin();
        let (reply, answer) = oneshot::channel();
        let request = Request { work, reply, call: call.clone() };
        let closed = || Fault::Closed.told(&self.inner.place);
        self.inner.writer.send(Message::Work(request)).await.map_err(|_| closed())?;
        let answer = answer.await.map_err(|_| closed())?;
        drop(call);
        answer
    }
}
