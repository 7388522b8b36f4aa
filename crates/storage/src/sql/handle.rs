use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::{mpsc, oneshot};
use zygos_core::WorkspaceId;

use super::{
    connect,
    dialect::{Connection, Place},
    fault::Fault,
    pending::Pending,
    readers::Readers,
    writer::{Answer, Message, Request, Work, Writer},
};
use crate::StorageError;

/// Requests that wait for the writer at most; further callers wait for their turn.
const WAITING: usize = 1024;

/// A repository in a database. Cloning gives another handle to the same connections.
///
/// The database may be open in several processes at once. Dropping the last handle lets the writer finish what it was
/// given; [`SqlRepository::close`] waits for that.
#[derive(Clone)]
pub struct SqlRepository {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub workspace: String,
    pub place: String,
    writer: mpsc::Sender<Message>,
    pub readers: Readers,
    pub pending: Pending,
    flushed: Arc<AtomicU64>,
}

impl SqlRepository {
    /// The version of the schema that this program knows. A database that is open has it: an older one was brought to it,
    /// and a newer one is refused.
    pub fn schema_version() -> usize {
        connect::MIGRATIONS.len()
    }

    /// Brings the database to today's schema.
    pub(super) async fn at(place: Place, workspace: WorkspaceId) -> Result<Self, StorageError> {
        let connection = connect::writer(&place).await.map_err(|fault| fault.told(&place.to_string()))?;
        Self::over(connection, place, workspace).await
    }

    pub(super) async fn over(
        connection: Connection,
        place: Place,
        workspace: WorkspaceId,
    ) -> Result<Self, StorageError> {
        let shown = place.to_string();
        let readers = Readers::open(place.clone()).await.map_err(|fault| fault.told(&shown))?;
        let flushed = Arc::new(AtomicU64::new(0));
        let workspace = workspace.as_str().to_owned();
        let writer = Writer {
            connection,
            workspace: workspace.clone(),
            place,
            flushed: Arc::clone(&flushed),
            lost: false,
        };
        let (sender, inbox) = mpsc::channel(WAITING);
        tokio::spawn(writer.run(inbox));
        let pending = Pending::default();
        Ok(Self {
            inner: Arc::new(Inner { workspace, place: shown, writer: sender, readers, pending, flushed }),
        })
    }

    /// Waits until everything asked for is done and the database is closed. Later calls answer that it was closed.
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

    pub(super) async fn write(&self, work: Work) -> Result<Answer, StorageError> {
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
