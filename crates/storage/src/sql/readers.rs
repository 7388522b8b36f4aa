use std::sync::{Mutex, PoisonError};

use sqlx::Connection as _;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{
    connect,
    dialect::{Connection, Place},
    fault::Fault,
};

const READERS: u32 = 3;

/// Connections that only read. There is no timer in here: time belongs to whoever runs Zygos.
pub(super) struct Readers {
    place: Place,
    free: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

/// A connection that goes back when it is dropped, also when its caller went away amid a query.
pub(super) struct Reader<'a> {
    connection: Option<Connection>,
    readers: &'a Readers,
    _permit: SemaphorePermit<'a>,
}

impl Readers {
    pub async fn open(place: Place) -> Result<Self, Fault> {
        let mut free = Vec::new();
        for _ in 0..READERS {
            free.push(connect::reader(&place).await?);
        }
        Ok(Self { place, permits: Semaphore::new(free.len()), free: Mutex::new(free) })
    }

    pub async fn take(&self) -> Result<Reader<'_>, Fault> {
        let permit = self.permits.acquire().await.map_err(|_| Fault::Closed)?;
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match free {
            Some(connection) => connection,
            // One was lost.
            None => connect::reader(&self.place).await?,
        };
        Ok(Reader { connection: Some(connection), readers: self, _permit: permit })
    }

    /// Waits for those in use.
    pub async fn close(&self) {
        let in_use = self.permits.acquire_many(READERS).await;
        let free = std::mem::take(&mut *self.free.lock().unwrap_or_else(PoisonError::into_inner));
        self.permits.close();
        drop(in_use);
        for connection in free {
            if let Err(error) = connection.close().await {
                tracing::warn!(%error, "a reading connection did not close");
            }
        }
    }
}

impl Reader<'_> {
    pub fn connection(&mut self) -> Result<&mut Connection, Fault> {
        self.connection.as_mut().ok_or(Fault::Closed)
    }
}

impl Reader<'_> {
    /// It was lost: another one takes its place.
    pub fn discard(&mut self) {
        self.connection = None;
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.readers.free.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}
