//! A door that keeps within a connection's call limits, whoever calls.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use http::StatusCode;
use jiff::Timestamp;
use zygos_core::{
    SharedClock,
    budget::{Budget, Window},
    contract::Lane,
    http::{HttpRequest, HttpResponse, Transport, TransportError},
};

/// Reads from a 429 until when the vendor wants silence.
pub type SilenceOf = fn(&HttpResponse, Timestamp) -> Timestamp;

/// Waits before each request until it fits into every window, urgent lanes first, and learns from 429 answers.
/// Every clone of the `Arc` shares the budget: one for all work on a credential.
pub struct BudgetedTransport {
    inner: Arc<dyn Transport>,
    clock: SharedClock,
    budget: Mutex<Budget>,
    silence: SilenceOf,
    calls: AtomicU64,
}

impl BudgetedTransport {
    pub fn new(inner: Arc<dyn Transport>, clock: SharedClock, windows: &[Window], silence: SilenceOf) -> Self {
        Self { inner, clock, budget: Mutex::new(Budget::new(windows)), silence, calls: AtomicU64::new(0) }
    }

    /// Requests sent so far.
    pub fn calls_used(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Takes a call out of the budget, or tells when to ask again.
    fn take(&self, lane: Lane) -> Option<Timestamp> {
        let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let earliest = budget.earliest(now, lane);
        if earliest > now {
            return Some(earliest);
        }
        budget.spend(now);
        None
    }
}

#[async_trait]
impl Transport for BudgetedTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.send_in(Lane::Orders, request).await
    }

    async fn send_in(&self, lane: Lane, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        while let Some(earliest) = self.take(lane) {
            self.clock.sleep_until(earliest).await;
        }
        self.calls.fetch_add(1, Ordering::Relaxed);
        let answer = self.inner.send_in(lane, request).await;
        if let Ok(response) = &answer
            && response.status == StatusCode::TOO_MANY_REQUESTS
        {
            let until = (self.silence)(response, self.clock.now());
            self.budget.lock().unwrap_or_else(PoisonError::into_inner).silent_until(until);
        }
        answer
    }
}
