//! Faults between a client and a sandbox: seeded or scripted, switchable while everything runs.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use zygos_core::{
    clock::later,
    http::{HttpRequest, HttpResponse, TransportError},
};

use crate::{locked, sandbox::Sandbox};

/// One way to misbehave. Durations are milliseconds in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The connection is refused; nothing arrives.
    NotSent,
    /// The request is lost on its way; no answer, nothing carried out.
    NoAnswerBefore,
    /// The request is carried out at once and its answer is lost.
    NoAnswerAfter,
    /// No answer; the request is carried out `delay` after it arrived (a time-out at 30 s may commit at 40 s).
    LateApply {
        #[serde(with = "milliseconds")]
        delay: Duration,
    },
    /// 500 with a page that is not JSON, nothing carried out.
    InternalError,
    /// 500 although the request was carried out.
    InternalErrorAfter,
    /// 503, nothing carried out.
    Unavailable,
    /// Carried out; the answer has the right status and an HTML page instead of JSON.
    NotJson,
    /// Carried out; the answer's body ends in the middle.
    Truncated,
    /// 301 to another host, nothing carried out.
    Redirect,
    /// Carried out at once, answered after `delay`.
    Slow {
        #[serde(with = "milliseconds")]
        delay: Duration,
    },
}

/// What became of one request.
#[derive(Debug)]
pub struct Outcome {
    pub result: Result<HttpResponse, TransportError>,
    /// How long after its arrival the client learns of it. A lost answer is noticed at the client's time-out.
    pub wait: Duration,
}

/// Faults asked for by script: the next `times` requests that match.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Script {
    pub fault: Fault,
    #[serde(default = "once")]
    pub times: u32,
    /// Only this method.
    #[serde(default)]
    pub method: Option<String>,
    /// Only addresses that contain this text.
    #[serde(default)]
    pub path: Option<String>,
    /// Only bodies that contain this text.
    #[serde(default)]
    pub body: Option<String>,
}

fn once() -> u32 {
    1
}

/// A fault plan around one sandbox. Equal seeds and equal orders of calls give equal faults.
pub struct Faults {
    inner: Mutex<Inner>,
}

struct Inner {
    random: fastrand::Rng,
    rates: Vec<(Fault, u32)>,
    scripts: VecDeque<Script>,
    down_until: Option<Timestamp>,
    due: BTreeMap<(Timestamp, u64), HttpRequest>,
    next_due: u64,
    inflicted: BTreeMap<Fault, u64>,
}

impl Faults {
    /// No faults yet; `seed` drives the probabilities.
    pub fn new(seed: u64) -> Self {
        let inner = Inner {
            random: fastrand::Rng::with_seed(seed),
            rates: Vec::new(),
            scripts: VecDeque::new(),
            down_until: None,
            due: BTreeMap::new(),
            next_due: 0,
            inflicted: BTreeMap::new(),
        };
        Self { inner: Mutex::new(inner) }
    }

    /// Switches everything off. Requests that were to be carried out late still are: they were sent.
    pub fn quiet(&self) {
        let mut inner = locked(&self.inner);
        inner.rates.clear();
        inner.scripts.clear();
        inner.down_until = None;
    }

    /// `per_mille` of all requests suffer `fault`; 0 switches it off. Rates add up to at most 1000.
    pub fn set_rate(&self, fault: Fault, per_mille: u32) {
        let mut inner = locked(&self.inner);
        inner.rates.retain(|(kind, _)| *kind != fault);
        if per_mille > 0 {
            inner.rates.push((fault, per_mille));
        }
    }

    /// Adds a script. Scripts come before rates; the oldest that matches is used up first.
    pub fn script(&self, script: Script) {
        locked(&self.inner).scripts.push_back(script);
    }

    /// The next `times` requests with this method whose address contains `path` suffer `fault`.
    pub fn next(&self, times: u32, method: Method, path: &str, fault: Fault) {
        self.script(Script {
            fault,
            times,
            method: Some(method.as_str().to_owned()),
            path: Some(path.to_owned()),
            body: None,
        });
    }

    /// The next `times` requests whose body contains `text` suffer `fault`: an RPC names its method there.
    pub fn next_with(&self, times: u32, text: &str, fault: Fault) {
        self.script(Script { fault, times, method: None, path: None, body: Some(text.to_owned()) });
    }

    /// Every request before `until` is refused.
    pub fn down_until(&self, until: Timestamp) {
        locked(&self.inner).down_until = Some(until);
    }

    /// How often each fault has struck.
    pub fn inflicted(&self) -> BTreeMap<Fault, u64> {
        locked(&self.inner).inflicted.clone()
    }

    /// When the next late request is to be carried out.
    pub fn next_due(&self) -> Option<Timestamp> {
        locked(&self.inner).due.keys().next().map(|(at, _)| *at)
    }

    /// Carries out every late request whose time has come, each at its own time.
    pub fn settle(&self, sandbox: &dyn Sandbox, now: Timestamp) {
        loop {
            let next = {
                let mut inner = locked(&self.inner);
                match inner.due.first_entry() {
                    Some(entry) if entry.key().0 <= now => {
                        let at = entry.key().0;
                        Some((at, entry.remove()))
                    }
                    _ => None,
                }
            };
            let Some((at, request)) = next else { return };
            sandbox.handle(&request, at);
        }
    }

    /// Lets one request that arrives at `now` through to the sandbox, or not.
    pub fn pass(&self, sandbox: &dyn Sandbox, request: &HttpRequest, now: Timestamp) -> Outcome {
        self.settle(sandbox, now);
        let Some(fault) = self.decide(request, now) else {
            return Outcome { result: Ok(sandbox.handle(request, now)), wait: Duration::ZERO };
        };
        let at_once = |result| Outcome { result, wait: Duration::ZERO };
        let lost = || Outcome {
            result: Err(TransportError::NoAnswer { reason: "the answer did not arrive in time".to_owned() }),
            wait: request.timeout,
        };
        match fault {
            Fault::NotSent => {
                at_once(Err(TransportError::NotSent { reason: "connection refused".to_owned() }))
            }
            Fault::NoAnswerBefore => lost(),
            Fault::NoAnswerAfter => {
                sandbox.handle(request, now);
                lost()
            }
            Fault::LateApply { delay } => {
                let mut inner = locked(&self.inner);
                inner.next_due += 1;
                let key = (later(now, delay), inner.next_due);
                inner.due.insert(key, request.clone());
                lost()
            }
            Fault::InternalError => at_once(Ok(page(StatusCode::INTERNAL_SERVER_ERROR))),
            Fault::InternalErrorAfter => {
                sandbox.handle(request, now);
                at_once(Ok(page(StatusCode::INTERNAL_SERVER_ERROR)))
            }
            Fault::Unavailable => at_once(Ok(page(StatusCode::SERVICE_UNAVAILABLE))),
            Fault::NotJson => at_once(Ok(page(sandbox.handle(request, now).status))),
            Fault::Truncated => {
                let mut response = sandbox.handle(request, now);
                let half = response.body.len() / 2;
                response.body.truncate(half);
                at_once(Ok(response))
            }
            Fault::Redirect => {
                let mut response = page(StatusCode::MOVED_PERMANENTLY);
                let elsewhere = HeaderValue::from_static("https://www.elsewhere.test/");
                response.headers.insert(header::LOCATION, elsewhere);
                at_once(Ok(response))
            }
            Fault::Slow { delay } => Outcome { result: Ok(sandbox.handle(request, now)), wait: delay },
        }
    }

    fn decide(&self, request: &HttpRequest, now: Timestamp) -> Option<Fault> {
        let mut inner = locked(&self.inner);
        let fault = if inner.down_until.is_some_and(|until| now < until) {
            Some(Fault::NotSent)
        } else {
            match inner.scripted(request) {
                Some(fault) => Some(fault),
                None => inner.rolled(),
            }
        };
        if let Some(fault) = fault {
            *inner.inflicted.entry(fault).or_default() += 1;
        }
        fault
    }

    /// Answers `/_sandbox/faults` of a served sandbox: GET shows what has struck, POST adds a [`Script`],
    /// PUT sets a rate (`{"fault": …, "per_mille": 50}`), DELETE is [`Faults::quiet`].
    pub fn control(&self, method: &Method, body: &[u8]) -> HttpResponse {
        #[derive(Deserialize)]
        struct Rate {
            fault: Fault,
            per_mille: u32,
        }
        let parsed = match method.as_str() {
            "GET" => Ok(()),
            "POST" => serde_json::from_slice(body).map(|script| self.script(script)),
            "PUT" => serde_json::from_slice(body).map(|rate: Rate| self.set_rate(rate.fault, rate.per_mille)),
            "DELETE" => {
                self.quiet();
                Ok(())
            }
            _ => {
                return json_answer(
                    StatusCode::METHOD_NOT_ALLOWED,
                    &json!({"error": "GET, POST, PUT, DELETE"}),
                );
            }
        };
        if let Err(error) = parsed {
            return json_answer(StatusCode::BAD_REQUEST, &json!({"error": error.to_string()}));
        }
        let inner = locked(&self.inner);
        let inflicted: Vec<_> =
            inner.inflicted.iter().map(|(fault, times)| json!({"fault": fault, "times": times})).collect();
        let rates: Vec<_> = inner
            .rates
            .iter()
            .map(|(fault, per_mille)| json!({"fault": fault, "per_mille": per_mille}))
            .collect();
        let shown = json!({"inflicted": inflicted, "rates": rates, "scripts": inner.scripts});
        json_answer(StatusCode::OK, &shown)
    }
}

impl Inner {
    fn scripted(&mut self, request: &HttpRequest) -> Option<Fault> {
        let index = self.scripts.iter().position(|script| {
            script.times > 0
                && script.method.as_deref().is_none_or(|method| method == request.method.as_str())
                && script.path.as_deref().is_none_or(|path| request.url.contains(path))
                && script.body.as_deref().is_none_or(|text| contains(&request.body, text))
        })?;
        let script = self.scripts.get_mut(index)?;
        script.times -= 1;
        let fault = script.fault;
        if script.times == 0 {
            self.scripts.remove(index);
        }
        Some(fault)
    }

    // One roll a call, whatever the number of rates: adding a kind does not shift the others' luck.
    fn rolled(&mut self) -> Option<Fault> {
        if self.rates.is_empty() {
            return None;
        }
        let mut roll = self.random.u32(0..1000);
        for (fault, per_mille) in &self.rates {
            if roll < *per_mille {
                return Some(*fault);
            }
            roll -= per_mille;
        }
        None
    }
}

fn contains(body: &[u8], text: &str) -> bool {
    text.is_empty() || body.windows(text.len()).any(|window| window == text.as_bytes())
}

fn page(status: StatusCode) -> HttpResponse {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=UTF-8"));
    let body = Bytes::from(format!("<!DOCTYPE html><html><body><h1>{status}</h1></body></html>"));
    HttpResponse { status, headers, body }
}

fn json_answer(status: StatusCode, value: &serde_json::Value) -> HttpResponse {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    HttpResponse { status, headers, body: Bytes::from(value.to_string()) }
}

mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
