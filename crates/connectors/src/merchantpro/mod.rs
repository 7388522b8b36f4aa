//! MerchantPro, REST API v2. What it can do and which facts are inferred: `docs.md` beside this file.

mod apply;
mod calls;
mod config;
mod errors;
mod orders;
mod products;
mod read;
mod webhook;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use http::HeaderMap;
use secrecy::SecretString;
use serde_json::Value;
use zygos_core::{
    RemoteKey, SharedClock,
    contract::{
        Absence, CallContext, Capabilities, CheckFinding, CheckReport, Checkpoint, Connector, ConnectorError,
        DiscoveredTax, Discovery, EntityCapabilities, ErrorKind, Fetch, Hint, Item, Lookup, Named, Outcome,
        Page, ReadMode, Severity, Side, Totals, Unreadable, WebhookRejected, Write, WriteMode,
    },
    http::Transport,
    model::{Entity, Order, Record},
};

pub use config::VENDOR;

use self::{calls::Caller, errors::Nature, read::Fields};
use crate::one_by_one::stopped_by;

/// Largest page of a list (MerchantPro dossier §2.2).
const PAGE: u32 = 100;
/// Order ids in one `ids` filter (dossier §2.4: seen with 50).
const IDS: usize = 50;
/// How long an unanswered write may still be carried out. The vendor says nothing; a PHP request seldom lives longer.
const MAX_IN_FLIGHT: Duration = Duration::from_secs(60);

/// One account at a MerchantPro store.
pub struct MerchantPro {
    caller: Caller,
    webhook_secret: Option<SecretString>,
    capabilities: Capabilities,
}

impl MerchantPro {
    /// `base` is the store's own address without a path; `key` and `secret` are the API user's.
    pub fn new(
        base: &str,
        key: &SecretString,
        secret: &SecretString,
        webhook_secret: Option<SecretString>,
        transport: Arc<dyn Transport>,
        clock: SharedClock,
    ) -> Self {
        Self {
            caller: Caller::new(base, key, secret, transport, clock),
            webhook_secret,
            capabilities: capabilities(),
        }
    }

    async fn orders_by_id(
        &self,
        context: &CallContext,
        ids: &[RemoteKey],
    ) -> Result<Vec<Item>, ConnectorError> {
        let mut items = Vec::new();
        for chunk in ids.chunks(IDS) {
            let list: Vec<&str> = chunk.iter().map(RemoteKey::as_str).collect();
            let path = format!(
                "/orders?ids={}&include=line_items,tags&limit={}",
                calls::escaped(&list.join(",")),
                chunk.len()
            );
            let answer = self.caller.get(context, &path).await?;
            items.extend(read::rows(&answer)?.iter().map(orders::item));
        }
        Ok(items)
    }

    async fn units_by(
        &self,
        context: &CallContext,
        kind: &str,
        names: impl Iterator<Item = &str>,
    ) -> Result<Vec<Item>, ConnectorError> {
        let mut items = Vec::new();
        for name in names {
            let path = format!("/inventory/{kind}/{}", calls::escaped(name));
            match self.caller.get(context, &path).await {
                Ok(answer) => items.push(products::inventory_item(&answer)),
                Err(ConnectorError { kind: ErrorKind::NotFound, .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(items)
    }

    /// The parts of a split order. There is no filter by parent, so the likely names are asked for by id (the form
    /// `BASE.N` is seen; how high N goes is not known): as long as a call's worth of them brings any.
    async fn split_children(
        &self,
        context: &CallContext,
        order: &RemoteKey,
    ) -> Result<Vec<Item>, ConnectorError> {
        let mut parts = Vec::new();
        let mut numbers = 1_u64..;
        loop {
            let names: Vec<RemoteKey> =
                numbers.by_ref().take(IDS).map(|part| RemoteKey::new(format!("{order}.{part}"))).collect();
            let found = self.orders_by_id(context, &names).await?;
            if found.is_empty() {
                return Ok(parts);
            }
            parts.extend(found);
        }
    }
}

fn capabilities() -> Capabilities {
    let entity = |read: &[ReadMode], write: &[WriteMode], page_size: u32| EntityCapabilities {
        read: read.to_vec(),
        write: write.to_vec(),
        page_size,
        batch: 1,
        lengths: BTreeMap::new(),
    };
    Capabilities {
        vendor: "merchantpro",
        side: Side::Store,
        entities: BTreeMap::from([
            (Entity::Product, entity(&[ReadMode::Scan, ReadMode::Fetch], &[], PAGE)),
            (Entity::Stock, entity(&[], &[WriteMode::Update], 1)),
            (
                Entity::Order,
                entity(
                    &[ReadMode::Scan, ReadMode::Fetch],
                    &[WriteMode::Update, WriteMode::Transition, WriteMode::Tracking, WriteMode::Tag],
                    PAGE,
                ),
            ),
        ]),
        reference_enforced: false,
        lookup: Lookup::None,
        max_in_flight: MAX_IN_FLIGHT,
        totals: Totals::Never,
        absence: Absence::Unknown,
        document: None,
        line_needs_product: false,
    }
}

#[async_trait]
impl Connector for MerchantPro {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn check(&self, context: &CallContext) -> Result<CheckReport, ConnectorError> {
        let mut findings = Vec::new();
        let resources =
            [("products", "products and stock"), ("orders", "orders"), ("taxonomy/taxes", "taxes")];
        for (resource, what) in resources {
            let (severity, message) = match self.caller.get(context, &format!("/{resource}?limit=1")).await {
                Ok(_) => (Severity::Good, format!("{what} can be read")),
                Err(ConnectorError { kind: ErrorKind::Forbidden, .. }) => (
                    Severity::Blocking,
                    format!(
                        "the API user may not read {what}; allow it under Settings, API and webhooks, API users"
                    ),
                ),
                Err(error) => return Err(error),
            };
            findings.push(CheckFinding { severity, message });
        }
        if self.webhook_secret.is_none() {
            findings.push(CheckFinding {
                severity: Severity::Good,
                message: "no webhook secret is set: new orders are seen by polling".to_owned(),
            });
        }
        Ok(CheckReport { product: "MerchantPro API v2".to_owned(), findings })
    }

    async fn scan(
        &self,
        context: &CallContext,
        entity: Entity,
        from: Option<&Checkpoint>,
    ) -> Result<Page, ConnectorError> {
        let start: u64 = match from {
            None => 0,
            Some(Checkpoint(text)) => text.parse().map_err(|_| {
                ConnectorError::new(
                    ErrorKind::Protocol { maybe_applied: false },
                    "the stored place in the list is not this connector's; run again from the beginning",
                )
            })?,
        };
        let path = match entity {
            Entity::Product => products::page_path(start, PAGE),
            Entity::Order => orders::page_path(start, PAGE),
            other => return Err(ConnectorError::unsupported(format_args!("listing every {}", other.name()))),
        };
        let answer = self.caller.get(context, &path).await?;
        let rows = read::rows(&answer)?;
        let (items, total) = match entity {
            Entity::Product => (rows.iter().flat_map(products::items).collect(), read::total(&answer)?),
            _ => (rows.iter().map(orders::item).collect::<Vec<Item>>(), read::total(&answer)?),
        };
        let end = start + u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let more = !rows.is_empty() && end < total;
        Ok(Page { items, next: more.then(|| Checkpoint(end.to_string())), more, total: Some(total) })
    }

    async fn fetch(&self, context: &CallContext, fetch: &Fetch) -> Result<Vec<Item>, ConnectorError> {
        match fetch {
            Fetch::Keys { entity: Entity::Order, keys } => self.orders_by_id(context, keys).await,
            Fetch::Keys { entity: Entity::Product, keys } => {
                self.units_by(context, "id", keys.iter().map(RemoteKey::as_str)).await
            }
            Fetch::UnitsBySku { skus } => {
                self.units_by(context, "sku", skus.iter().map(String::as_str)).await
            }
            Fetch::SplitChildren { order } => self.split_children(context, order).await,
            _ => Err(ConnectorError::unsupported("this look-up")),
        }
    }

    async fn apply(&self, context: &CallContext, batch: &[Write]) -> Vec<Outcome> {
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(batch.len());
        for write in batch {
            let outcome = match stopped_by(&outcomes) {
                Some(stopped) => Err(stopped),
                None => apply::one(&self.caller, context, write).await,
            };
            outcomes.push(outcome);
        }
        outcomes
    }

    async fn discover(&self, context: &CallContext) -> Result<Discovery, ConnectorError> {
        let answer = self.caller.get(context, "/taxonomy/taxes").await?;
        let taxes = answer.as_array().map(Vec::as_slice).unwrap_or_default();
        let taxes = taxes
            .iter()
            .filter_map(|tax| {
                let fields = Fields::of(tax).ok()?;
                Some(DiscoveredTax {
                    key: fields.key("id").ok()??,
                    name: fields.text("name").unwrap_or_default(),
                    percent: fields.decimal("value").ok()?,
                })
            })
            .collect();
        // There is no list of payment methods that any source confirms: those of the newest orders are shown.
        let recent = self.caller.get(context, &orders::page_path(0, PAGE)).await?;
        let mut methods: Vec<Named> = Vec::new();
        for row in read::rows(&recent)? {
            if let Ok(Order { payment_method, .. }) = orders::read(row)
                && !methods.iter().any(|known| known.key.as_str() == payment_method.code)
            {
                methods.push(Named {
                    key: RemoteKey::new(&payment_method.code),
                    code: Some(payment_method.code),
                    name: payment_method.name,
                });
            }
        }
        Ok(Discovery { taxes, payment_methods: methods, ..Discovery::default() })
    }

    fn parse_webhook(&self, headers: &HeaderMap, body: &[u8]) -> Result<Vec<Hint>, WebhookRejected> {
        webhook::read(self.webhook_secret.as_ref(), headers, body)
    }
}

/// The whole record as an item: what can't be read names its key and field.
fn item_of(row: &Value, record: Result<Record, Unreadable>) -> Item {
    record
        .map_err(|unreadable| Unreadable { key: unreadable.key.or_else(|| read::key_of(row)), ..unreadable })
}

/// Whether a request changes something, for reading its error.
impl From<&http::Method> for Nature {
    fn from(method: &http::Method) -> Self {
        if method == http::Method::GET { Self::Read } else { Self::Write }
    }
}
