use std::{fmt, sync::Arc};

use async_trait::async_trait;
use http::HeaderMap;
use jiff::Timestamp;
use zygos_core::{
    SharedClock,
    clock::elapsed,
    contract::{
        CallContext, Capabilities, CheckReport, Checkpoint, Connector, ConnectorError, Discovery, Fetch,
        Hint, Item, Outcome, Page, WebhookRejected, Write,
    },
    model::Entity,
};

/// One line a call in the log: what was asked for, how many came back, how long it took. Never a body, never a
/// look-up's value: those may be somebody's e-mail address.
pub struct Traced {
    inner: Arc<dyn Connector>,
    connection: String,
    clock: SharedClock,
}

impl Traced {
    pub fn new(inner: Arc<dyn Connector>, connection: &str, clock: SharedClock) -> Self {
        Self { inner, connection: connection.to_owned(), clock }
    }

    fn tell<T>(
        &self,
        began: Timestamp,
        context: &CallContext,
        asked: impl fmt::Display,
        answer: &Result<T, ConnectorError>,
        count: impl Fn(&T) -> usize,
    ) {
        let milliseconds = elapsed(began, self.clock.now()).as_millis();
        let connection = self.connection.as_str();
        let lane = context.lane;
        match answer {
            Ok(answer) => {
                let records = count(answer);
                tracing::debug!(connection, ?lane, milliseconds, records, "{asked}");
            }
            Err(error) => {
                tracing::debug!(connection, ?lane, milliseconds, kind = ?error.kind, "{asked}: {error}")
            }
        }
    }
}

fn look_up(fetch: &Fetch) -> &'static str {
    match fetch {
        Fetch::Keys { entity, .. } => entity.name(),
        Fetch::UnitsBySku { .. } => "products by SKU",
        Fetch::ProductsBySku { .. } => "whole products by SKU",
        Fetch::Prices { .. } => "prices of a list",
        Fetch::Stock { .. } => "stock",
        Fetch::Deductions { .. } => "deductions",
        Fetch::Documents { .. } => "documents by reference",
        Fetch::Candidates { .. } => "documents that name an order",
        Fetch::Parties(_) => "customers",
        Fetch::SplitChildren { .. } => "parts of an order",
    }
}

fn write_name(write: &Write) -> &'static str {
    match write {
        Write::SetStock { .. } => "set stock",
        Write::CreateProduct(_) => "create product",
        Write::CreateVariants { .. } => "create variants",
        Write::UpdateProduct(_) => "update product",
        Write::CreateCategory { .. } => "create category",
        Write::CreateParty(_) => "create customer",
        Write::CreateDocument(_) => "create document",
        Write::AddDocumentLines { .. } => "add lines",
        Write::TransitionDocument { .. } => "move document",
        Write::TransitionOrder { .. } => "move order",
        Write::SetTracking { .. } => "set waybill",
        Write::AddTag { .. } => "add tag",
        Write::SetErpId { .. } => "set mark",
    }
}

#[async_trait]
impl Connector for Traced {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    async fn check(&self, context: &CallContext) -> Result<CheckReport, ConnectorError> {
        let began = self.clock.now();
        let answer = self.inner.check(context).await;
        self.tell(began, context, "check", &answer, |report| report.findings.len());
        answer
    }

    async fn scan(
        &self,
        context: &CallContext,
        entity: Entity,
        from: Option<&Checkpoint>,
    ) -> Result<Page, ConnectorError> {
        let began = self.clock.now();
        let answer = self.inner.scan(context, entity, from).await;
        let asked = format_args!("scan {}", entity.name());
        self.tell(began, context, asked, &answer, |page| page.items.len());
        answer
    }

    async fn changes(
        &self,
        context: &CallContext,
        entity: Entity,
        since: Option<&Checkpoint>,
    ) -> Result<Page, ConnectorError> {
        let began = self.clock.now();
        let answer = self.inner.changes(context, entity, since).await;
        let asked = format_args!("changes of {}", entity.name());
        self.tell(began, context, asked, &answer, |page| page.items.len());
        answer
    }

    async fn fetch(&self, context: &CallContext, fetch: &Fetch) -> Result<Vec<Item>, ConnectorError> {
        let began = self.clock.now();
        let answer = self.inner.fetch(context, fetch).await;
        self.tell(began, context, format_args!("fetch {}", look_up(fetch)), &answer, Vec::len);
        answer
    }

    async fn apply(&self, context: &CallContext, batch: &[Write]) -> Vec<Outcome> {
        let began = self.clock.now();
        let outcomes = self.inner.apply(context, batch).await;
        for (write, outcome) in batch.iter().zip(&outcomes) {
            self.tell(began, context, write_name(write), outcome, |_| 1);
        }
        outcomes
    }

    fn calls_of(&self, write: &Write) -> u64 {
        self.inner.calls_of(write)
    }

    async fn discover(&self, context: &CallContext) -> Result<Discovery, ConnectorError> {
        let began = self.clock.now();
        let answer = self.inner.discover(context).await;
        self.tell(began, context, "discover", &answer, |found| found.warehouses.len() + found.taxes.len());
        answer
    }

    fn parse_webhook(&self, headers: &HeaderMap, body: &[u8]) -> Result<Vec<Hint>, WebhookRejected> {
        let hints = self.inner.parse_webhook(headers, body);
        match &hints {
            Ok(hints) => tracing::debug!(connection = self.connection, hints = hints.len(), "webhook"),
            Err(rejected) => tracing::warn!(connection = self.connection, "webhook: {rejected}"),
        }
        hints
    }
}
