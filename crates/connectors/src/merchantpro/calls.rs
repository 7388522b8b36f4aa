//! Requests of the API: address, log-in, JSON both ways.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use zygos_core::{
    SharedClock,
    clock::elapsed,
    contract::{CallContext, ConnectorError, ErrorKind},
    http::{HttpRequest, Transport},
};

use super::errors::{self, Nature};
use crate::layers::lane;

/// The longest that one request may take, whatever its context allows.
const LONGEST: Duration = Duration::from_secs(30);

/// Everything but letters, digits and what stands in ids.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_').remove(b',');

/// One part of a path or a query.
pub(super) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// Sends requests of one account.
pub(super) struct Caller {
    base: String,
    authorization: HeaderValue,
    /// Where people correct the key and the secret.
    kept_in: String,
    transport: Arc<dyn Transport>,
    clock: SharedClock,
}

impl Caller {
    pub fn new(
        base: &str,
        key: &SecretString,
        secret: &SecretString,
        transport: Arc<dyn Transport>,
        clock: SharedClock,
    ) -> Self {
        let pair = STANDARD.encode(format!("{}:{}", key.expose_secret(), secret.expose_secret()));
        // Base64 is always a legal header.
        let mut authorization =
            HeaderValue::from_str(&format!("Basic {pair}")).unwrap_or(HeaderValue::from_static("Basic"));
        authorization.set_sensitive(true);
        Self {
            base: format!("{}/api/v2", base.trim_end_matches('/')),
            authorization,
            kept_in: "the secret that the configuration names".to_owned(),
            transport,
            clock,
        }
    }

    pub fn with_secrets_kept_in(self, kept_in: String) -> Self {
        Self { kept_in, ..self }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub async fn get(&self, context: &CallContext, path: &str) -> Result<Value, ConnectorError> {
        self.call(context, Method::GET, path, None).await
    }

    pub async fn patch(
        &self,
        context: &CallContext,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, ConnectorError> {
        self.call(context, Method::PATCH, path, body).await
    }

    pub async fn post(
        &self,
        context: &CallContext,
        path: &str,
        body: &Value,
    ) -> Result<Value, ConnectorError> {
        self.call(context, Method::POST, path, Some(body)).await
    }

    async fn call(
        &self,
        context: &CallContext,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, ConnectorError> {
        let nature = Nature::from(&method);
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, self.authorization.clone());
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        lane::mark(&mut headers, context.lane);
        let left = elapsed(self.clock.now(), context.deadline);
        if left.is_zero() {
            return Err(ConnectorError::new(
                ErrorKind::Unavailable { maybe_applied: false },
                "no time was left for calling the store",
            ));
        }
        let request = HttpRequest {
            method,
            url: format!("{}{path}", self.base),
            headers,
            body: body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string())),
            timeout: left.min(LONGEST),
        };
        let answer = self.transport.send(request).await.map_err(|error| errors::no_answer(&error, nature))?;
        errors::read(&answer, nature, self.clock.now(), &self.kept_in)
    }
}
