//! A transport that answers from sandboxes in the same process, on the caller's clock.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use http::Method;
use jiff::Timestamp;
use zygos_core::{
    clock::{SharedClock, later},
    http::{HttpRequest, HttpResponse, Transport, TransportError},
};

use crate::{faults::Faults, locked, sandbox::Sandbox};

const LOG_ENTRIES: usize = 10_000;

/// Routes requests by host name to sandboxes. A host nobody answers for cannot be reached.
pub struct InProcess {
    clock: SharedClock,
    latency: Duration,
    hosts: BTreeMap<String, Host>,
    strangers: Mutex<BTreeMap<String, u64>>,
}

struct Host {
    sandbox: Arc<dyn Sandbox>,
    faults: Arc<Faults>,
    requests: AtomicU64,
    log: Mutex<VecDeque<LogEntry>>,
}

/// One request as a host saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// When it arrived.
    pub at: Timestamp,
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// What the client was told; `None` when it got no answer.
    pub status: Option<u16>,
}

impl InProcess {
    /// No hosts, no latency.
    pub fn new(clock: SharedClock) -> Self {
        Self { clock, latency: Duration::ZERO, hosts: BTreeMap::new(), strangers: Mutex::default() }
    }

    /// Half of `latency` passes before a request arrives, half before its answer does.
    #[must_use]
    pub fn with_latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Answers for `host` (with its port when the address has one).
    #[must_use]
    pub fn with_host(mut self, host: &str, sandbox: Arc<dyn Sandbox>, faults: Arc<Faults>) -> Self {
        let entry = Host { sandbox, faults, requests: AtomicU64::new(0), log: Mutex::default() };
        self.hosts.insert(host.to_ascii_lowercase(), entry);
        self
    }

    /// How many requests were sent to `host`, those refused included.
    pub fn requests(&self, host: &str) -> u64 {
        self.hosts.get(host).map_or(0, |host| host.requests.load(Ordering::Relaxed))
    }

    /// Hosts nobody answers for, with how often each was called.
    pub fn strangers(&self) -> BTreeMap<String, u64> {
        locked(&self.strangers).clone()
    }

    /// The last 10,000 requests to `host`, oldest first.
    pub fn log(&self, host: &str) -> Vec<LogEntry> {
        self.hosts.get(host).map(|host| locked(&host.log).iter().cloned().collect()).unwrap_or_default()
    }

    /// Empties the log of `host`; counts stay.
    pub fn clear_log(&self, host: &str) {
        if let Some(host) = self.hosts.get(host) {
            locked(&host.log).clear();
        }
    }

    async fn pause(&self, until: Timestamp) {
        if self.clock.now() < until {
            self.clock.sleep_until(until).await;
        }
    }
}

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let (name, path) = split(&request.url);
        let Some(host) = self.hosts.get(&name) else {
            *locked(&self.strangers).entry(name).or_default() += 1;
            return Err(TransportError::NotSent { reason: "the host name is not known".to_owned() });
        };
        host.requests.fetch_add(1, Ordering::Relaxed);
        let half = self.latency / 2;
        let deadline = later(self.clock.now(), request.timeout);
        let no_answer = TransportError::NoAnswer { reason: "the answer did not arrive in time".to_owned() };
        if half >= request.timeout {
            self.pause(deadline).await;
            return Err(no_answer);
        }
        self.pause(later(self.clock.now(), half)).await;

        let now = self.clock.now();
        let outcome = host.faults.pass(host.sandbox.as_ref(), &request, now);
        let ready = later(later(now, outcome.wait), half);
        let result = match outcome.result {
            Ok(_) if ready > deadline => Err(no_answer),
            other => other,
        };
        host.remember(LogEntry {
            at: now,
            method: request.method.clone(),
            path: path.to_owned(),
            status: result.as_ref().ok().map(|response| response.status.as_u16()),
        });
        self.pause(ready.min(deadline)).await;
        result
    }
}

impl Host {
    fn remember(&self, entry: LogEntry) {
        let mut log = locked(&self.log);
        if log.len() == LOG_ENTRIES {
            log.pop_front();
        }
        log.push_back(entry);
    }
}

/// Host (lower case) and path with query of an absolute address.
fn split(url: &str) -> (String, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    (host.to_ascii_lowercase(), path)
}
