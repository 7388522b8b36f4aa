//! Shop staff at either Tryton: the same calls to the sandbox and to a real server.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::{Value, json};
use zygos_core::http::{HttpRequest, Transport};

pub struct People {
    transport: Arc<dyn Transport>,
    url: String,
    authorization: HeaderValue,
}

impl People {
    pub fn new(transport: Arc<dyn Transport>, url: &str, user: &str, password: &str) -> Self {
        let authorization = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        let authorization = HeaderValue::try_from(authorization).unwrap();
        Self { transport, url: url.to_owned(), authorization }
    }

    /// The result of a call that must go well.
    pub async fn call(&self, method: &str, params: Value) -> Value {
        let answer = self.answer(method, params).await;
        assert!(answer.get("error").is_none(), "{method}: {}", answer["error"]);
        answer["result"].clone()
    }

    /// The kind of refusal that a call must meet.
    pub async fn refused(&self, method: &str, params: Value) -> String {
        let answer = self.answer(method, params).await;
        let kind = answer["error"][0].as_str();
        kind.unwrap_or_else(|| panic!("{method} was accepted: {answer}")).to_owned()
    }

    async fn answer(&self, method: &str, params: Value) -> Value {
        let mut params = params.as_array().unwrap().clone();
        params.push(json!({"company": 1}));
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        headers.insert(header::AUTHORIZATION, self.authorization.clone());
        let envelope = json!({"id": 1, "method": format!("model.{method}"), "params": params});
        let request = HttpRequest {
            method: Method::POST,
            url: self.url.clone(),
            headers,
            body: Bytes::from(envelope.to_string()),
            timeout: Duration::from_secs(60),
        };
        let answer = self.transport.send(request).await.unwrap();
        serde_json::from_slice(&answer.body).unwrap()
    }
}
