//! Plain HTTP requests and answers, and the door through which they leave.
//!
//! `connectors::transport` sends them over a socket; the sandboxes answer them in process. Nothing here knows
//! how a request travels, so a connector can be driven by either without noticing.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

/// One request, complete. `url` is absolute.
#[derive(Clone)]
pub struct HttpRequest {
    pub method: Method,
    pub url: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// Give up after this long. What was sent may still be carried out by the other side.
    pub timeout: Duration,
}

/// One answer, complete and already decompressed.
#[derive(Clone, Debug)]
pub struct HttpResponse {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Nothing was sent: name not resolved, connection refused, TLS failed.
    #[error("the server cannot be reached: {reason}")]
    NotSent { reason: String },
    /// Something was sent and no complete answer came back. A write may have been carried out.
    #[error("no complete answer: {reason}")]
    NoAnswer { reason: String },
}

/// The door. Implementations never follow redirects and never retry.
#[async_trait]
pub trait Transport: Send + Sync {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError>;
}

// Headers carry credentials and bodies carry people: neither is ever printed.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({} bytes)", self.method, self.url, self.body.len())
    }
}
