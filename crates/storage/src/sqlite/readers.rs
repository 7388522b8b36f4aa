use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use sqlx::{Connection, SqliteConnection};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{connect, fault::Fault};

const READERS: u32 = 3;

/// Connections that only read. There is no timer in here: time belongs to whoever runs Zygos.
pub(super) struct Readers {
    free: Mutex<Vec<SqliteConnection>>,
    permits: Semaphore,
}

/// A connection that goes back when it is dropped, also when its caller went away amid a query.
pub(super) struct Reader<'a> {
    connection: Option<SqliteConnection>,
    readers: &'a Readers,
    _permit: SemaphorePermit<'a>,
}

impl Readers {
    pub async fn open(path: &Path) -> Result<Self, Fault> {
        let mut free = Vec::new();
        for _ in 0..READERS {
            free.push(connect::reader(path).await?);
        }
        Ok(Self { permits: Semaphore::new(free.len()), free: Mutex::new(free) })
    }

    pub async fn take(&self) -> Result<Reader<'_>, Fault> {
        let permit = self.permits.acquire().await.map_err(|_| Fault::Closed)?;
        let connection = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Ok(Reader { connection, readers: self, _permit: permit })
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
    pub fn connection(&mut self) -> Result<&mut SqliteConnection, Fault> {
        self.connection.as_mut().ok_or(Fault::Closed)
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.readers.free.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}
