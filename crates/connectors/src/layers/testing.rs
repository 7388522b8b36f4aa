//! What tests of layers are made of: a clock that jumps and a server that answers from a list.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use zygos_core::{
    Clock, SharedClock,
    http::{HttpRequest, HttpResponse, Transport, TransportError},
};

/// Sleeping moves it on at once.
pub struct SteppingClock(Mutex<Timestamp>);

impl SteppingClock {
    pub fn shared() -> SharedClock {
        Arc::new(Self(Mutex::new(Timestamp::from_second(1_800_000_000).unwrap())))
    }
}

#[async_trait]
impl Clock for SteppingClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    async fn sleep_until(&self, deadline: Timestamp) {
        let mut now = self.0.lock().unwrap();
        *now = (*now).max(deadline);
    }
}

/// Answers with these statuses in turn, then with 200.
pub struct Answers {
    statuses: Mutex<VecDeque<StatusCode>>,
    timeouts: Mutex<Vec<Duration>>,
}

impl Answers {
    pub fn ok() -> Arc<Self> {
        Self::of([])
    }

    pub fn of<const N: usize>(statuses: [StatusCode; N]) -> Arc<Self> {
        Arc::new(Self { statuses: Mutex::new(VecDeque::from(statuses)), timeouts: Mutex::default() })
    }

    /// Of the requests that arrived.
    pub fn timeouts(&self) -> Vec<Duration> {
        self.timeouts.lock().unwrap().clone()
    }
}

#[async_trait]
impl Transport for Answers {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.timeouts.lock().unwrap().push(request.timeout);
        let status = self.statuses.lock().unwrap().pop_front().unwrap_or(StatusCode::OK);
        Ok(HttpResponse { status, headers: HeaderMap::new(), body: Bytes::new() })
    }
}
