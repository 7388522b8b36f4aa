use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderMap;
use zygos_core::{
    contract::{
        CallContext, Capabilities, CheckReport, Checkpoint, Connector, ConnectorError, Discovery, Fetch,
        Hint, Item, Outcome, Page, WebhookRejected, Write, WriteMode,
    },
    model::Entity,
};

/// Refuses what the capability table doesn't declare, so that the table is the truth and not a hope.
pub struct CapabilityChecked {
    inner: Arc<dyn Connector>,
}

impl CapabilityChecked {
    pub fn new(inner: Arc<dyn Connector>) -> Self {
        Self { inner }
    }

    fn may_write(&self, write: &Write) -> bool {
        let (entity, mode) = demand(write);
        self.inner.capabilities().can_write(entity, mode)
    }
}

/// What a write needs to be declared.
fn demand(write: &Write) -> (Entity, WriteMode) {
    match write {
        Write::SetStock { .. } => (Entity::Stock, WriteMode::Update),
        Write::CreateProduct(_) | Write::CreateVariants { .. } => (Entity::Catalogue, WriteMode::Create),
        Write::UpdateProduct(_) => (Entity::Catalogue, WriteMode::Update),
        Write::CreateCategory { .. } => (Entity::Category, WriteMode::Create),
        Write::CreateParty(_) => (Entity::Customer, WriteMode::Create),
        Write::CreateDocument(_) => (Entity::Document, WriteMode::Create),
        Write::AddDocumentLines { .. } => (Entity::Document, WriteMode::Update),
        Write::TransitionDocument { .. } => (Entity::Document, WriteMode::Transition),
        Write::TransitionOrder { .. } => (Entity::Order, WriteMode::Transition),
        Write::SetTracking { .. } => (Entity::Order, WriteMode::Tracking),
        Write::AddTag { .. } => (Entity::Order, WriteMode::Tag),
        Write::SetErpId { .. } => (Entity::Order, WriteMode::Update),
    }
}

fn looked_up(fetch: &Fetch) -> Entity {
    match fetch {
        Fetch::Keys { entity, .. } => *entity,
        Fetch::UnitsBySku { .. } => Entity::Product,
        Fetch::ProductsBySku { .. } => Entity::Catalogue,
        Fetch::Prices { .. } => Entity::Price,
        Fetch::Stock { .. } => Entity::Stock,
        Fetch::Deductions { .. } => Entity::Deduction,
        Fetch::Documents { .. } | Fetch::Candidates { .. } => Entity::Document,
        Fetch::Parties(_) => Entity::Customer,
        Fetch::SplitChildren { .. } => Entity::Order,
    }
}

#[async_trait]
impl Connector for CapabilityChecked {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    async fn check(&self, context: &CallContext) -> Result<CheckReport, ConnectorError> {
        self.inner.check(context).await
    }

    async fn scan(
        &self,
        context: &CallContext,
        entity: Entity,
        from: Option<&Checkpoint>,
    ) -> Result<Page, ConnectorError> {
        if !self.capabilities().can_scan(entity) {
            return Err(ConnectorError::unsupported(format_args!("listing every {}", entity.name())));
        }
        self.inner.scan(context, entity, from).await
    }

    async fn changes(
        &self,
        context: &CallContext,
        entity: Entity,
        since: Option<&Checkpoint>,
    ) -> Result<Page, ConnectorError> {
        if !self.capabilities().can_follow(entity) {
            return Err(ConnectorError::unsupported(format_args!("a feed of changes of {}", entity.name())));
        }
        self.inner.changes(context, entity, since).await
    }

    async fn fetch(&self, context: &CallContext, fetch: &Fetch) -> Result<Vec<Item>, ConnectorError> {
        let entity = looked_up(fetch);
        if !self.capabilities().can_fetch(entity) {
            return Err(ConnectorError::unsupported(format_args!("looking up a {}", entity.name())));
        }
        self.inner.fetch(context, fetch).await
    }

    async fn apply(&self, context: &CallContext, batch: &[Write]) -> Vec<Outcome> {
        let allowed: Vec<Write> = batch.iter().filter(|write| self.may_write(write)).cloned().collect();
        if allowed.len() == batch.len() {
            return self.inner.apply(context, batch).await;
        }
        let mut outcomes = self.inner.apply(context, &allowed).await.into_iter();
        let mut all = Vec::with_capacity(batch.len());
        for write in batch {
            let outcome = if self.may_write(write) { outcomes.next() } else { None };
            all.push(outcome.unwrap_or_else(|| {
                let (entity, _) = demand(write);
                Err(ConnectorError::unsupported(format_args!("this change of a {}", entity.name())))
            }));
        }
        all
    }

    fn calls_of(&self, write: &Write) -> u64 {
        self.inner.calls_of(write)
    }

    async fn discover(&self, context: &CallContext) -> Result<Discovery, ConnectorError> {
        self.inner.discover(context).await
    }

    fn parse_webhook(&self, headers: &HeaderMap, body: &[u8]) -> Result<Vec<Hint>, WebhookRejected> {
        self.inner.parse_webhook(headers, body)
    }
}
