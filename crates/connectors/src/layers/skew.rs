use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use http::header;
use jiff::{SignedDuration, fmt::rfc2822};
use zygos_core::{
    SharedClock,
    http::{HttpRequest, HttpResponse, Transport, TransportError},
};

/// How far a server's clock is ahead of ours, by the `Date` of its last answer; `None` before the first.
pub type Skew = Arc<Mutex<Option<SignedDuration>>>;

/// A transport that notes how far the other side's clock is from ours. `Date` counts whole seconds.
pub struct SkewMeter {
    inner: Arc<dyn Transport>,
    clock: SharedClock,
    skew: Skew,
}

impl SkewMeter {
    pub fn new(inner: Arc<dyn Transport>, clock: SharedClock) -> Self {
        Self { inner, clock, skew: Skew::default() }
    }

    pub fn skew(&self) -> Skew {
        self.skew.clone()
    }
}

#[async_trait]
impl Transport for SkewMeter {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let sent = self.clock.now();
        let answer = self.inner.send(request).await?;
        let date = answer.headers.get(header::DATE).and_then(|date| date.to_str().ok());
        if let Some(theirs) = date.and_then(|date| rfc2822::parse(date).ok()).map(|date| date.timestamp()) {
            let now = self.clock.now();
            // The answer was written some time between the two: within them, the clocks agree.
            let skew = if theirs < sent {
                theirs.duration_since(sent)
            } else if theirs > now {
                theirs.duration_since(now)
            } else {
                SignedDuration::ZERO
            };
            *self.skew.lock().unwrap_or_else(PoisonError::into_inner) = Some(skew);
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, Method, StatusCode};
    use jiff::Timestamp;
    use zygos_core::Clock;

    use super::*;

    struct At(Timestamp);

    #[async_trait]
    impl Clock for At {
        fn now(&self) -> Timestamp {
            self.0
        }

        async fn sleep_until(&self, _deadline: Timestamp) {}
    }

    struct Dated(Option<&'static str>);

    #[async_trait]
    impl Transport for Dated {
        async fn send(&self, _request: HttpRequest) -> Result<HttpResponse, TransportError> {
            let date = self.0.map(|date| (header::DATE, HeaderValue::from_static(date)));
            let headers: HeaderMap = date.into_iter().collect();
            Ok(HttpResponse { status: StatusCode::OK, headers, body: Bytes::new() })
        }
    }

    async fn measured(date: Option<&'static str>) -> Option<SignedDuration> {
        let clock = Arc::new(At("2026-03-05T08:00:00.5Z".parse().unwrap()));
        let meter = SkewMeter::new(Arc::new(Dated(date)), clock);
        let request = HttpRequest {
            method: Method::GET,
            url: "https://shop.example/".to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            timeout: Duration::from_secs(1),
        };
        meter.send(request).await.unwrap();
        let skew = meter.skew();
        *skew.lock().unwrap()
    }

    #[tokio::test]
    async fn the_other_clock_is_read_from_the_date_of_an_answer() {
        let millis = SignedDuration::from_millis;
        assert_eq!(measured(Some("Thu, 05 Mar 2026 08:02:05 GMT")).await, Some(millis(124_500)));
        assert_eq!(measured(Some("Thu, 05 Mar 2026 07:00:00 GMT")).await, Some(millis(-3_600_500)));
        assert_eq!(measured(Some("yesterday")).await, None);
        assert_eq!(measured(None).await, None);
    }
}
