use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use jiff::Timestamp;
use zygos_core::{
    SharedClock,
    budget::{Budget, Spent, Window},
    clock::elapsed,
    contract::Lane,
    http::{HttpRequest, HttpResponse, Transport, TransportError},
};

use super::lane;

/// Until when an answer asks for silence; `None` when it doesn't. How a vendor says so is the vendor's.
pub type RateLimitReader = fn(&HttpResponse, Timestamp) -> Option<Timestamp>;

/// What is left of a write's time after it waited is at least this: a shorter one would leave good writes in doubt.
const SHORTEST: Duration = Duration::from_secs(10);

/// So often a GET is sent when it is asked to come later.
const TRIES: u32 = 3;

/// The calls of one credential, for all its connections in this process.
pub type SharedBudget = Arc<Mutex<Budget>>;

/// One budget a credential. A clone is the same.
#[derive(Clone, Debug, Default)]
pub struct Budgets {
    by_credential: Arc<Mutex<BTreeMap<String, SharedBudget>>>,
}

impl Budgets {
    /// The budget of a credential; `windows` count when it is first asked for.
    pub fn of(&self, credential: &str, windows: &[Window]) -> SharedBudget {
        let mut budgets = self.by_credential.lock().unwrap_or_else(PoisonError::into_inner);
        let budget = budgets.entry(credential.to_owned());
        budget.or_insert_with(|| Arc::new(Mutex::new(Budget::new(windows)))).clone()
    }

    /// What still counts of a credential's calls.
    pub fn spent(&self, credential: &str, now: Timestamp) -> Option<Spent> {
        let budgets = self.by_credential.lock().unwrap_or_else(PoisonError::into_inner);
        let budget = budgets.get(credential)?;
        Some(budget.lock().unwrap_or_else(PoisonError::into_inner).spent(now))
    }

    /// Counts what another process spent before.
    pub fn resume(&self, credential: &str, before: &Spent) {
        let budgets = self.by_credential.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(budget) = budgets.get(credential) {
            budget.lock().unwrap_or_else(PoisonError::into_inner).resume(before);
        }
    }
}

/// A transport that waits until the budget has room for a call of its lane, and listens when it is told to slow down.
///
/// A GET waits as long as it takes, also when the other side asks for silence: then it is sent again after that. Anything
/// else waits no longer than its own timeout, for what it says was decided
/// before it began to wait and its caller's lease runs out; one that would have to wait longer isn't sent but answered
/// here, with status 429 and `Retry-After` in seconds, as the vendor would have answered it.
pub struct BudgetedTransport {
    inner: Arc<dyn Transport>,
    clock: SharedClock,
    budget: SharedBudget,
    asks_for_silence: RateLimitReader,
    used: Arc<AtomicU64>,
}

impl BudgetedTransport {
    pub fn new(
        inner: Arc<dyn Transport>,
        clock: SharedClock,
        budget: SharedBudget,
        asks_for_silence: RateLimitReader,
    ) -> Self {
        Self { inner, clock, budget, asks_for_silence, used: Arc::new(AtomicU64::new(0)) }
    }

    /// Calls made through this transport so far.
    pub fn calls_used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// The same as [`Self::calls_used`], to be kept by somebody else.
    pub fn counter(&self) -> Arc<AtomicU64> {
        self.used.clone()
    }

    /// Takes a place and answers when, or tells when there may be one.
    fn try_take(&self, lane: Lane) -> Result<Timestamp, Timestamp> {
        let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let earliest = budget.earliest(now, lane);
        if earliest > now {
            return Err(earliest);
        }
        budget.spend(now);
        Ok(now)
    }

    /// Waits for a place and answers when it was taken; the wait that would be needed when it is longer than `patience`.
    async fn take(&self, lane: Lane, patience: Option<Duration>) -> Result<Timestamp, Duration> {
        let began = self.clock.now();
        loop {
            match self.try_take(lane) {
                Ok(taken) => return Ok(taken),
                Err(earliest) if patience.is_some_and(|patience| elapsed(began, earliest) > patience) => {
                    return Err(elapsed(self.clock.now(), earliest));
                }
                Err(earliest) => self.clock.sleep_until(earliest).await,
            }
        }
    }

    /// As long as it takes.
    async fn take_patiently(&self, lane: Lane) -> Timestamp {
        loop {
            if let Ok(taken) = self.take(lane, None).await {
                return taken;
            }
        }
    }
}

impl BudgetedTransport {
    /// Sends, and tells whether the other side asked for silence.
    async fn send_counted(
        &self,
        request: HttpRequest,
        departed: Timestamp,
    ) -> (Result<HttpResponse, TransportError>, bool) {
        self.used.fetch_add(1, Ordering::Relaxed);
        let answer = self.inner.send(request).await;
        let now = self.clock.now();
        let until = answer.as_ref().ok().and_then(|response| (self.asks_for_silence)(response, now));
        let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        budget.answered(departed, now);
        if let Some(until) = until {
            budget.silent_until(until);
        }
        drop(budget);
        (answer, until.is_some())
    }
}

fn used_up(wait: Duration) -> HttpResponse {
    // Whole seconds, rounded up: a second too early is refused again.
    let seconds = wait.as_secs().saturating_add(1);
    let body = r#"{"error":{"message":"not sent: the calls allowed for this connection are used up"}}"#;
    HttpResponse {
        status: StatusCode::TOO_MANY_REQUESTS,
        headers: HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from(seconds))]),
        body: Bytes::from_static(body.as_bytes()),
    }
}

#[async_trait]
impl Transport for BudgetedTransport {
    async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let lane = lane::take(&mut request.headers);
        if request.method == Method::GET {
            for _ in 1..TRIES {
                let departed = self.take_patiently(lane).await;
                let (answer, is_silenced) = self.send_counted(request.clone(), departed).await;
                if !is_silenced {
                    return answer;
                }
            }
            let departed = self.take_patiently(lane).await;
            return self.send_counted(request, departed).await.0;
        }
        let began = self.clock.now();
        let departed = match self.take(lane, Some(request.timeout)).await {
            Ok(departed) => departed,
            Err(wait) => return Ok(used_up(wait)),
        };
        let left = request.timeout.saturating_sub(elapsed(began, self.clock.now()));
        request.timeout = left.max(SHORTEST.min(request.timeout));
        self.send_counted(request, departed).await.0
    }
}

#[cfg(test)]
mod tests {
    use zygos_core::clock::later;

    use super::{
        super::testing::{Answers, SteppingClock},
        *,
    };

    fn request(method: Method, lane: Lane) -> HttpRequest {
        let mut headers = HeaderMap::new();
        lane::mark(&mut headers, lane);
        HttpRequest {
            method,
            url: "https://shop.example/".to_owned(),
            headers,
            body: Bytes::new(),
            timeout: Duration::from_secs(30),
        }
    }

    fn wants_silence(response: &HttpResponse, now: Timestamp) -> Option<Timestamp> {
        (response.status == StatusCode::TOO_MANY_REQUESTS).then(|| later(now, Duration::from_secs(20)))
    }

    fn minute(calls: u32) -> [Window; 1] {
        [Window { length: Duration::from_secs(60), calls }]
    }

    #[tokio::test]
    async fn a_call_waits_for_its_place_and_two_connections_of_one_key_share_it() {
        let clock = SteppingClock::shared();
        let budgets = Budgets::default();
        let began = clock.now();
        let transports = ["first", "second"].map(|_| {
            let budget = budgets.of("shop.example#1", &minute(2));
            BudgetedTransport::new(Answers::ok(), clock.clone(), budget, wants_silence)
        });
        for transport in [&transports[0], &transports[1], &transports[0]] {
            transport.send(request(Method::GET, Lane::Orders)).await.unwrap();
        }
        assert_eq!(elapsed(began, clock.now()), Duration::from_secs(60));
        assert_eq!((transports[0].calls_used(), transports[1].calls_used()), (2, 1));
    }

    #[tokio::test]
    async fn after_too_many_requests_nothing_leaves_before_the_time_that_was_asked_for() {
        let clock = SteppingClock::shared();
        let answers = Answers::of([StatusCode::TOO_MANY_REQUESTS, StatusCode::OK]);
        let budget = Budgets::default().of("shop.example#1", &[]);
        let transport = BudgetedTransport::new(answers, clock.clone(), budget, wants_silence);
        let began = clock.now();
        assert_eq!(transport.send(request(Method::PATCH, Lane::Orders)).await.unwrap().status, 429);
        assert_eq!(transport.send(request(Method::PATCH, Lane::Orders)).await.unwrap().status, 200);
        assert_eq!(elapsed(began, clock.now()), Duration::from_secs(20));
    }

    #[tokio::test]
    async fn a_reading_that_is_asked_to_come_later_does() {
        let clock = SteppingClock::shared();
        let answers = Answers::of([StatusCode::TOO_MANY_REQUESTS, StatusCode::OK]);
        let budget = Budgets::default().of("shop.example#1", &[]);
        let transport = BudgetedTransport::new(answers, clock.clone(), budget, wants_silence);
        let began = clock.now();
        assert_eq!(transport.send(request(Method::GET, Lane::Sweep)).await.unwrap().status, 200);
        assert_eq!(elapsed(began, clock.now()), Duration::from_secs(20));
        assert_eq!(transport.calls_used(), 2);
    }

    #[tokio::test]
    async fn a_write_that_would_wait_too_long_is_given_back_untried_while_a_reading_waits() {
        let clock = SteppingClock::shared();
        let window = Window { length: Duration::from_secs(3600), calls: 1 };
        let budget = Budgets::default().of("shop.example#1", &[window]);
        let transport = BudgetedTransport::new(Answers::ok(), clock.clone(), budget, wants_silence);
        let began = clock.now();
        transport.send(request(Method::PATCH, Lane::Orders)).await.unwrap();
        let refused = transport.send(request(Method::PATCH, Lane::Orders)).await.unwrap();
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.headers[header::RETRY_AFTER], "3601");
        assert_eq!(clock.now(), began);
        transport.send(request(Method::GET, Lane::Orders)).await.unwrap();
        assert_eq!(elapsed(began, clock.now()), Duration::from_secs(3600));
        assert_eq!(transport.calls_used(), 2);
    }

    #[tokio::test]
    async fn a_write_waits_within_its_own_time_and_the_wait_shortens_it() {
        let clock = SteppingClock::shared();
        let window = Window { length: Duration::from_secs(12), calls: 1 };
        let budget = Budgets::default().of("shop.example#1", &[window]);
        let answers = Answers::ok();
        let transport = BudgetedTransport::new(answers.clone(), clock.clone(), budget, wants_silence);
        for _ in 0..2 {
            transport.send(request(Method::PATCH, Lane::Orders)).await.unwrap();
        }
        assert_eq!(answers.timeouts(), [30, 18].map(Duration::from_secs));
    }
}
