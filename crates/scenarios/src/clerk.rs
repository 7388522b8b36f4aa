//! Shop staff at a real Tryton, without the connector's code, and what a test needs to know of that server: the lines
//! that `scripts/tryton.sh` prints, in the environment.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use jiff::Timestamp;
use serde_json::{Value, json};
use zygos_core::{
    Clock,
    clock::{elapsed, later},
    http::{HttpRequest, Transport},
};

/// The machine's clock: a real server keeps no virtual time.
pub struct MachineClock;

#[async_trait]
impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "a real server keeps real time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(clippy::disallowed_methods, reason = "a real server keeps real time")]
    async fn sleep_until(&self, deadline: Timestamp) {
        tokio::time::sleep(elapsed(self.now(), deadline)).await;
    }
}

/// The machine's clock, put forward now and then: what ends by time alone, as a dead process's claims do, needn't be
/// waited for.
#[derive(Default)]
pub struct ForwardClock {
    /// Milliseconds.
    ahead: AtomicU64,
}

impl ForwardClock {
    /// Only while nobody sleeps on it: sleepers would oversleep.
    pub fn put_forward(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).expect("a wait");
        self.ahead.fetch_add(by, Ordering::Relaxed);
    }
}

#[async_trait]
impl Clock for ForwardClock {
    fn now(&self) -> Timestamp {
        later(MachineClock.now(), Duration::from_millis(self.ahead.load(Ordering::Relaxed)))
    }

    #[expect(clippy::disallowed_methods, reason = "a real server keeps real time")]
    async fn sleep_until(&self, deadline: Timestamp) {
        tokio::time::sleep(elapsed(self.now(), deadline)).await;
    }
}

/// A line of `scripts/tryton.sh`; without it the test ends.
pub fn env(name: &str) -> String {
    let value = std::env::var(name).ok();
    value.expect("the environment of a real Tryton is not there; run ./test, which starts one")
}

/// As [`env`], where it is a record's id.
pub fn id(name: &str) -> i64 {
    env(name).parse().expect("an id")
}

pub struct Clerk {
    transport: Arc<dyn Transport>,
    session: Option<HeaderValue>,
}

impl Clerk {
    pub async fn log_in(transport: Arc<dyn Transport>) -> Self {
        let mut clerk = Self { transport, session: None };
        let (user, password) = (env("TRYTON_CLERK_USER"), env("TRYTON_CLERK_PASSWORD"));
        let params = vec![json!(user), json!({"password": password}), json!("en")];
        let answer = clerk.post("common.db.login", params).await;
        let text = format!("{user}:{}:{}", answer[0], answer[1].as_str().expect("a session key"));
        let session = HeaderValue::try_from(format!("Session {}", STANDARD.encode(text)));
        clerk.session = Some(session.expect("a header"));
        clerk
    }

    /// Calls a method within the company; a refusal ends the test with the server's words.
    pub async fn call(&self, method: &str, mut params: Vec<Value>) -> Value {
        params.push(json!({"company": id("TRYTON_COMPANY")}));
        self.post(method, params).await
    }

    /// Buys goods and has them arrive in the first warehouse.
    pub async fn receive(&self, product: i64, pieces: u32) {
        let supplier = id("TRYTON_SUPPLIER");
        let warehouse = id("TRYTON_WAREHOUSE");
        let party = self.call("model.party.party.read", vec![json!([supplier]), json!(["addresses"])]).await;
        let purchase = json!({
            "party": supplier, "invoice_address": party[0]["addresses"][0], "warehouse": warehouse,
            "currency": id("TRYTON_CURRENCY"), "invoice_method": "manual",
            "lines": [["create", [{
                "product": product, "quantity": pieces, "unit": id("TRYTON_UNIT"),
                "unit_price": {"__class__": "Decimal", "decimal": "2"},
            }]]],
        });
        let purchase = self.call("model.purchase.purchase.create", vec![json!([purchase])]).await[0].clone();
        for button in ["quote", "confirm"] {
            self.call(&format!("model.purchase.purchase.{button}"), vec![json!([purchase])]).await;
        }
        let domain = json!([["origin.purchase", "=", purchase, "purchase.line"]]);
        let moves =
            self.call("model.stock.move.search", vec![domain, json!(0), Value::Null, Value::Null]).await;
        let place = self
            .call(
                "model.stock.location.read",
                vec![json!([warehouse]), json!(["input_location", "storage_location"])],
            )
            .await;
        let shipment = json!({
            "supplier": supplier, "warehouse": warehouse, "warehouse_input": place[0]["input_location"],
            "warehouse_storage": place[0]["storage_location"], "incoming_moves": [["add", moves]],
        });
        let shipment = self.call("model.stock.shipment.in.create", vec![json!([shipment])]).await[0].clone();
        for button in ["receive", "do"] {
            self.call(&format!("model.stock.shipment.in.{button}"), vec![json!([shipment])]).await;
        }
    }

    async fn post(&self, method: &str, params: Vec<Value>) -> Value {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(session) = &self.session {
            headers.insert(header::AUTHORIZATION, session.clone());
        }
        let request = HttpRequest {
            method: Method::POST,
            url: env("TRYTON_RPC"),
            headers,
            body: Bytes::from(json!({"id": 1, "method": method, "params": params}).to_string()),
            timeout: Duration::from_secs(60),
        };
        let answer = self.transport.send(request).await.expect("the server answers");
        let status = answer.status;
        let answer: Value = serde_json::from_slice(&answer.body)
            .unwrap_or_else(|error| panic!("{method}: {status}: {error}"));
        assert!(answer.get("error").is_none(), "{method}: {}", answer["error"]);
        answer["result"].clone()
    }
}
