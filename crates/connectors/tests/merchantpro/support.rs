//! A store that answers from a list and remembers what it was asked.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use zygos_connectors::merchantpro::MerchantPro;
use zygos_core::{
    Clock,
    clock::later,
    contract::{CallContext, Lane},
    http::{HttpRequest, HttpResponse, Transport, TransportError},
};

pub const ORDER: &str = include_str!("../../src/merchantpro/fixtures/order.json");
pub const PRODUCTS: &str = include_str!("../../src/merchantpro/fixtures/products.json");
pub const CATALOGUE: &str = include_str!("../../src/merchantpro/fixtures/catalogue.json");
pub const INVENTORY: &str = include_str!("../../src/merchantpro/fixtures/inventory.json");

/// Stands still.
struct StoppedClock;

pub fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

#[async_trait]
impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        now()
    }

    async fn sleep_until(&self, _deadline: Timestamp) {}
}

type Answer = Result<HttpResponse, TransportError>;

#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<HttpRequest>>,
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: HttpRequest) -> Answer {
        self.asked.lock().unwrap().push(request);
        self.answers.lock().unwrap().pop_front().expect("the store was asked more often than the test says")
    }
}

pub struct Store {
    script: Arc<Script>,
    pub connector: MerchantPro,
    pub context: CallContext,
}

impl Store {
    pub fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        let script = Arc::new(Script::default());
        script.answers.lock().unwrap().extend(answers);
        let connector = MerchantPro::new(
            "https://shop.example/",
            &"key".into(),
            &"hunter2".into(),
            Some("hook-secret".into()),
            script.clone(),
            Arc::new(StoppedClock),
        );
        let context = CallContext { lane: Lane::Orders, deadline: later(now(), Duration::from_secs(20)) };
        Self { script, connector, context }
    }

    /// Method, address behind the store's own, and body of everything that was asked.
    pub fn asked(&self) -> Vec<String> {
        let asked = self.script.asked.lock().unwrap();
        let line = |request: &HttpRequest| {
            let path = request.url.strip_prefix("https://shop.example/api/v2").expect("another address");
            let body = std::str::from_utf8(&request.body).unwrap();
            format!("{} {path} {body}", request.method).trim_end().to_owned()
        };
        asked.iter().map(line).collect()
    }

    pub fn first_request(&self) -> HttpRequest {
        self.script.asked.lock().unwrap()[0].clone()
    }
}

pub fn ok(body: &str) -> Answer {
    status(200, body)
}

pub fn status(code: u16, body: &str) -> Answer {
    with_headers(code, body, &[])
}

pub fn with_headers(code: u16, body: &str, headers: &[(&'static str, &'static str)]) -> Answer {
    let headers =
        headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    Ok(HttpResponse {
        status: StatusCode::from_u16(code).unwrap(),
        headers: HeaderMap::from_iter(headers),
        body: Bytes::copy_from_slice(body.as_bytes()),
    })
}

pub fn lost() -> Answer {
    Err(TransportError::NoAnswer { reason: "the connection was closed".to_owned() })
}

pub fn refused() -> Answer {
    Err(TransportError::NotSent { reason: "the connection was refused".to_owned() })
}

/// The sample order with some fields changed; null takes a field away.
pub fn order(changes: &Value) -> Value {
    let mut order: Value = serde_json::from_str(ORDER).unwrap();
    let fields = order.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            fields.remove(name)
        } else {
            fields.insert(name.clone(), value.clone())
        };
    }
    order
}

pub fn list(rows: &[Value], total: u64) -> String {
    json!({"data": rows, "meta": {"count": {"total": total}}}).to_string()
}
