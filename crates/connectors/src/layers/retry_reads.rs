use std::{future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use http::HeaderMap;
use zygos_core::{
    SharedClock,
    clock::later,
    contract::{
        CallContext, Capabilities, CheckReport, Checkpoint, Connector, ConnectorError, Discovery, ErrorKind,
        Fetch, Hint, Item, Outcome, Page, WebhookRejected, Write,
    },
    model::Entity,
};

/// Waits before the second and the third try.
const WAITS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// Tries a reading that found the side unavailable, or was asked to come a little later, up to twice more, within
/// its deadline. Writes pass untouched:
/// when to try them again is decided by whoever knows what they mean.
pub struct RetryReads {
    inner: Arc<dyn Connector>,
    clock: SharedClock,
}

impl RetryReads {
    pub fn new(inner: Arc<dyn Connector>, clock: SharedClock) -> Self {
        Self { inner, clock }
    }

    async fn patiently<T, F, Fut>(&self, context: &CallContext, mut read: F) -> Result<T, ConnectorError>
    where
        F: FnMut() -> Fut + Send,
        Fut: Future<Output = Result<T, ConnectorError>> + Send,
        T: Send,
    {
        for wait in WAITS {
            let answer = read().await;
            let wait = match &answer {
                Err(ConnectorError { kind: ErrorKind::Unavailable { .. }, .. }) => wait,
                // Another process may have used up the second just before: a short wait is no failure.
                Err(ConnectorError { kind: ErrorKind::RateLimited { wait: Some(asked) }, .. }) => {
                    wait.max(*asked)
                }
                _ => return answer,
            };
            let again_at = later(self.clock.now(), wait);
            if again_at >= context.deadline {
                return answer;
            }
            self.clock.sleep_until(again_at).await;
        }
        read().await
    }
}

#[async_trait]
impl Connector for RetryReads {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    async fn check(&self, context: &CallContext) -> Result<CheckReport, ConnectorError> {
        self.patiently(context, || self.inner.check(context)).await
    }

    async fn scan(
        &self,
        context: &CallContext,
        entity: Entity,
        from: Option<&Checkpoint>,
    ) -> Result<Page, ConnectorError> {
        self.patiently(context, || self.inner.scan(context, entity, from)).await
    }

    async fn changes(
        &self,
        context: &CallContext,
        entity: Entity,
        since: Option<&Checkpoint>,
    ) -> Result<Page, ConnectorError> {
        self.patiently(context, || self.inner.changes(context, entity, since)).await
    }

    async fn fetch(&self, context: &CallContext, fetch: &Fetch) -> Result<Vec<Item>, ConnectorError> {
        self.patiently(context, || self.inner.fetch(context, fetch)).await
    }

    async fn apply(&self, context: &CallContext, batch: &[Write]) -> Vec<Outcome> {
        self.inner.apply(context, batch).await
    }

    fn calls_of(&self, write: &Write) -> u64 {
        self.inner.calls_of(write)
    }

    async fn discover(&self, context: &CallContext) -> Result<Discovery, ConnectorError> {
        self.patiently(context, || self.inner.discover(context)).await
    }

    fn parse_webhook(&self, headers: &HeaderMap, body: &[u8]) -> Result<Vec<Hint>, WebhookRejected> {
        self.inner.parse_webhook(headers, body)
    }
}
