//! Compression, and the lie about it.

use std::{io::Write, sync::Arc};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use zygos_core::http::{HttpRequest, HttpResponse};

use super::TrytonSandbox;
use crate::sandbox::Sandbox;

const COMPRESSED_ABOVE: usize = 1400;

/// What 7.8 and later put on the wire: every JSON answer over 1,400 characters is labelled gzip, also when the
/// client did not ask for it and gets it plain (Tryton dossier, seen on running servers).
pub fn encode_for_socket(request: &HttpRequest, mut response: HttpResponse) -> HttpResponse {
    let json = response.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if !json || response.status != StatusCode::OK || response.body.len() <= COMPRESSED_ABOVE {
        return response;
    }
    let asked = request
        .headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("gzip"));
    if asked {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let compressed = encoder.write_all(&response.body).and_then(|()| encoder.finish());
        // Writing into memory does not fail; were it to, the plain body would still be right.
        let Ok(compressed) = compressed else { return response };
        response.body = Bytes::from(compressed);
    }
    response.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    response
}

/// The sandbox as it must be served over a socket; in process, answers are already decompressed.
pub struct OverSocket(pub Arc<TrytonSandbox>);

impl Sandbox for OverSocket {
    fn handle(&self, request: &HttpRequest, now: Timestamp) -> HttpResponse {
        encode_for_socket(request, self.0.handle(request, now))
    }
}
