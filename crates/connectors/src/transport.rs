//! The only HTTP client: sends one request over a socket and brings back one whole answer.

use std::{error::Error, io::Read, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use http::{HeaderMap, HeaderValue, Method, header};
use zygos_core::http::{HttpRequest, HttpResponse, Transport, TransportError};

use crate::layers::lane;

/// No answer is larger than this, packed or unpacked.
const LARGEST_BODY: usize = 64 * 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that rested longer may have been closed by the server, and the next write would be in doubt.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// Sends requests over HTTP/1.1, with TLS by rustls and the machine's own list of authorities. Never follows a
/// redirect, never retries, never uses a proxy, keeps no cookie.
#[derive(Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
}

/// The machine lacks something that HTTP needs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("HTTPS can't be prepared ({0}); install the system's certificates (package `ca-certificates`)")]
pub struct TransportSetup(String);

impl HttpTransport {
    pub fn new() -> Result<Self, TransportSetup> {
        // An error means that somebody installed one before, which serves as well.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .user_agent(concat!("zygos/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| TransportSetup(innermost(&error)))?;
        Ok(Self { client })
    }

    pub fn shared() -> Result<Arc<dyn Transport>, TransportSetup> {
        Ok(Arc::new(Self::new()?))
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let place = place_of(&request.url);
        let mut headers = request.headers;
        lane::take(&mut headers);
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        let mut outgoing = self
            .client
            .request(request.method.clone(), &request.url)
            .headers(headers)
            .timeout(request.timeout);
        // A GET without body must not announce an empty one; a PATCH without body must.
        if request.method != Method::GET || !request.body.is_empty() {
            outgoing = outgoing.body(request.body);
        }
        let mut response = outgoing.send().await.map_err(|error| failure(&error, &place))?;
        let status = response.status();
        let mut headers = std::mem::take(response.headers_mut());
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error, &place))? {
            if body.len() + chunk.len() > LARGEST_BODY {
                return Err(no_answer(format!("the answer of {place} is larger than 64 MB")));
            }
            body.extend_from_slice(&chunk);
        }
        let body = unpacked(&headers, body.freeze(), &place)?;
        headers.remove(header::CONTENT_ENCODING);
        headers.remove(header::CONTENT_LENGTH);
        Ok(HttpResponse { status, headers, body })
    }
}

/// Some servers (Tryton's) write the label gzip on answers that are plain: the body itself decides.
fn unpacked(headers: &HeaderMap, body: Bytes, place: &str) -> Result<Bytes, TransportError> {
    let labelled = headers
        .get(header::CONTENT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|label| label.to_ascii_lowercase().contains("gzip"));
    if !labelled || !body.starts_with(&[0x1f, 0x8b]) {
        return Ok(body);
    }
    let limit = u64::try_from(LARGEST_BODY).unwrap_or(u64::MAX);
    let mut plain = Vec::new();
    let read = MultiGzDecoder::new(body.as_ref()).take(limit.saturating_add(1)).read_to_end(&mut plain);
    match read {
        Ok(length) if length <= LARGEST_BODY => Ok(Bytes::from(plain)),
        Ok(_) => Err(no_answer(format!("the answer of {place} is larger than 64 MB"))),
        Err(_) => Err(no_answer(format!("the packed answer of {place} is damaged or cut off"))),
    }
}

/// Host and port, without credentials, path and query: all that an error may tell.
fn place_of(url: &str) -> String {
    let Ok(url) = reqwest::Url::parse(url) else { return "the configured address".to_owned() };
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => "the configured address".to_owned(),
    }
}

fn no_answer(reason: String) -> TransportError {
    TransportError::NoAnswer { reason }
}

fn failure(error: &reqwest::Error, place: &str) -> TransportError {
    if error.is_builder() {
        return TransportError::NotSent { reason: "the address is not a valid web address".to_owned() };
    }
    if error.is_connect() {
        return TransportError::NotSent { reason: not_connected(error, place) };
    }
    no_answer(if error.is_timeout() {
        format!("{place} did not answer in time")
    } else if error.is_body() || error.is_decode() {
        format!("the answer of {place} was cut off")
    } else {
        format!("{place} closed the connection before it answered")
    })
}

fn not_connected(error: &reqwest::Error, place: &str) -> String {
    let mut current: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = current {
        if let Some(tls) = tls_error(cause) {
            return format!("no secure connection with {place}: {tls}");
        }
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            match io.kind() {
                std::io::ErrorKind::ConnectionRefused => {
                    return format!(
                        "{place} refused the connection; is it running, and is the address right?"
                    );
                }
                std::io::ErrorKind::TimedOut => return format!("no connection with {place} in time"),
                _ => {}
            }
        }
        if cause.to_string().contains("dns error") {
            return format!(
                "the name {place} is not known; check the address and the network's name service"
            );
        }
        current = cause.source();
    }
    if error.is_timeout() {
        format!("no connection with {place} in time")
    } else {
        format!("no connection with {place}")
    }
}

/// TLS errors travel inside IO errors.
fn tls_error<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let inner = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    cause.downcast_ref().or_else(|| inner.and_then(|inner| inner.downcast_ref()))
}

fn innermost(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut current = error.source();
    while let Some(cause) = current {
        text = cause.to_string();
        current = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use http::StatusCode;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        task::JoinHandle,
    };
    use zygos_core::contract::Lane;

    use super::*;

    /// Serves one connection with these bytes and tells what it was asked.
    async fn server(answer: Vec<u8>) -> (String, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut asked = Vec::new();
            let mut buffer = [0; 4096];
            while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
                let length = socket.read(&mut buffer).await.unwrap();
                asked.extend_from_slice(&buffer[..length]);
            }
            socket.write_all(&answer).await.unwrap();
            socket.shutdown().await.unwrap();
            String::from_utf8(asked).unwrap().to_ascii_lowercase()
        });
        (format!("http://{address}"), served)
    }

    fn get(url: String) -> HttpRequest {
        let mut headers = HeaderMap::new();
        lane::mark(&mut headers, Lane::Sweep);
        HttpRequest {
            method: Method::GET,
            url,
            headers,
            body: Bytes::new(),
            timeout: Duration::from_secs(20),
        }
    }

    fn answer(headers: &str, body: &[u8]) -> Vec<u8> {
        let mut bytes =
            format!("HTTP/1.1 200 OK\r\n{headers}content-length: {}\r\n\r\n", body.len()).into_bytes();
        bytes.extend_from_slice(body);
        bytes
    }

    #[tokio::test]
    async fn a_packed_answer_is_unpacked_and_the_lane_never_leaves_the_house() {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(b"{\"stock\":7}").unwrap();
        let (url, served) = server(answer("content-encoding: gzip\r\n", &packer.finish().unwrap())).await;
        let response = HttpTransport::new().unwrap().send(get(url)).await.unwrap();
        assert_eq!(response.body, "{\"stock\":7}");
        assert!(!response.headers.contains_key(header::CONTENT_ENCODING));
        let asked = served.await.unwrap();
        assert!(asked.contains("accept-encoding: gzip"), "{asked}");
        assert!(!asked.contains("zygos-lane") && !asked.contains("content-length"), "{asked}");
    }

    #[tokio::test]
    async fn a_plain_answer_with_the_label_gzip_is_taken_plain() {
        let (url, _served) = server(answer("content-encoding: gzip\r\n", b"{\"id\":1}")).await;
        let response = HttpTransport::new().unwrap().send(get(url)).await.unwrap();
        assert_eq!(response.body, "{\"id\":1}");
    }

    #[tokio::test]
    async fn a_damaged_packed_answer_is_no_answer() {
        let (url, _served) = server(answer("content-encoding: gzip\r\n", &[0x1f, 0x8b, 8, 0, 1, 2])).await;
        let error = HttpTransport::new().unwrap().send(get(url)).await.unwrap_err();
        assert!(matches!(error, TransportError::NoAnswer { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn a_connection_dropped_before_the_answer_leaves_the_outcome_open() {
        let (url, _served) = server(Vec::new()).await;
        let error = HttpTransport::new().unwrap().send(get(url)).await.unwrap_err();
        assert!(matches!(error, TransportError::NoAnswer { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn an_answer_that_ends_early_is_no_answer() {
        let (url, _served) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\"".to_vec()).await;
        let error = HttpTransport::new().unwrap().send(get(url)).await.unwrap_err();
        assert!(matches!(error, TransportError::NoAnswer { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn a_refused_connection_sent_nothing_and_names_only_the_host() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let url = format!("http://user:hunter2@{address}/api?token=hunter2");
        let error = HttpTransport::new().unwrap().send(get(url)).await.unwrap_err();
        assert!(matches!(error, TransportError::NotSent { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(&address.to_string()) && !text.contains("hunter2"), "{text}");
    }

    #[tokio::test]
    async fn a_server_that_speaks_no_tls_was_sent_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
            socket.shutdown().await.unwrap();
        });
        let error = HttpTransport::new().unwrap().send(get(format!("https://{address}/"))).await.unwrap_err();
        served.await.unwrap();
        assert!(matches!(&error, TransportError::NotSent { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_is_not_followed() {
        let moved = "HTTP/1.1 301 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
        let (url, _served) = server(moved.as_bytes().to_vec()).await;
        let response = HttpTransport::new().unwrap().send(get(url)).await.unwrap();
        assert_eq!(response.status, StatusCode::MOVED_PERMANENTLY);
    }

    #[tokio::test]
    async fn an_address_that_is_none_sends_nothing() {
        let error = HttpTransport::new().unwrap().send(get("shop.example".to_owned())).await.unwrap_err();
        assert!(matches!(error, TransportError::NotSent { .. }), "{error:?}");
    }
}
