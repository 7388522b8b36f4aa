//! A transport that tells of every request before it is sent.

use std::sync::{Arc, RwLock};

use async_trait::async_trait;
use jiff::Timestamp;
use zygos_core::{
    Clock,
    http::{HttpRequest, HttpResponse, Transport, TransportError},
};
use zygos_sim::{InProcess, ManualClock};

type Listener = Box<dyn Fn(&HttpRequest, Timestamp) + Send + Sync>;

pub(crate) struct Watched {
    inner: InProcess,
    clock: Arc<ManualClock>,
    listener: RwLock<Option<Listener>>,
}

impl Watched {
    pub fn new(inner: InProcess, clock: Arc<ManualClock>) -> Self {
        Self { inner, clock, listener: RwLock::new(None) }
    }

    pub fn watch(&self, listener: Listener) {
        *self.listener.write().expect("nobody panicked while listening") = Some(listener);
    }

    pub fn inner(&self) -> &InProcess {
        &self.inner
    }
}

#[async_trait]
impl Transport for Watched {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        if let Some(listener) = &*self.listener.read().expect("nobody panicked while listening") {
            listener(&request, self.clock.now());
        }
        self.inner.send(request).await
    }
}
