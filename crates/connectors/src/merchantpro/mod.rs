//! MerchantPro, REST API v2. What it can do and which facts are inferred: `docs.md` beside this file.

mod apply;
mod calls;
mod capabilities;
mod catalogue;
mod categories;
mod config;
mod discovered;
mod errors;
mod known;
mod orders;
mod prices;
mod product_body;
mod product_lookup;
mod product_writes;
mod products;
mod read;
mod webhook;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use http::HeaderMap;
use secrecy::SecretString;
use serde_json::Value;
use zygos_core::{
    RemoteKey, SharedClock,
    contract::{
        CallContext, Capabilities, CheckFinding, CheckReport, Checkpoint, Connector, ConnectorError,
        DiscoveredTax, Discovery, ErrorKind, Fetch, Hint, Item, Named, Outcome, Page, ProductUse, Severity,
        Unreadable, WebhookRejected, Write,
    },
    http::Transport,
    model::{Entity, Order, Record},
};

pub use config::VENDOR;

use self::{
    calls::Caller,
    catalogue::Shown,
    errors::Nature,
    known::{Known, Visit},
};
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
    known: Known,
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
            known: Known::default(),
            capabilities: capabilities::table(),
        }
    }

    /// With the places that its key and secret are kept in, for whoever has to correct them.
    pub fn with_secrets_kept_in(self, places: String) -> Self {
        Self { caller: self.caller.with_secrets_kept_in(places), ..self }
    }

    fn visit<'a>(&'a self, context: &'a CallContext) -> Visit<'a> {
        Visit { caller: &self.caller, known: &self.known, context }
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

    /// Units with their figures as they are now. Those that were last met on one page are read by it, and whatever it
    /// doesn't show any more by itself.
    async fn units_now(
        &self,
        context: &CallContext,
        wanted: &[RemoteKey],
    ) -> Result<Vec<Item>, ConnectorError> {
        let mut left: BTreeSet<&RemoteKey> = wanted.iter().collect();
        let mut found = Vec::new();
        for start in self.visit(context).shared_pages(wanted).await {
            let answer = self.caller.get(context, &products::page_path(start, PAGE)).await?;
            let items = read::rows(&answer)?.iter().flat_map(products::items);
            found.extend(items.filter(|item| key_of(item).is_some_and(|key| left.remove(key))));
        }
        let rest = wanted.iter().filter(|key| left.contains(key)).map(RemoteKey::as_str);
        found.extend(self.units_by(context, "id", rest).await?);
        Ok(found)
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

#[async_trait]
impl Connector for MerchantPro {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn check(&self, context: &CallContext) -> Result<CheckReport, ConnectorError> {
        let (mut findings, mut of_products) = (Vec::new(), Vec::new());
        // A store whose products are never synchronised needs no permission for categories.
        let resources = [
            ("products", "products and stock", None),
            ("orders", "orders", None),
            ("taxonomy/taxes", "taxes", None),
            ("categories", "categories (needed for synchronising products)", Some(ProductUse::Read)),
        ];
        for (resource, what, needed_by) in resources {
            let (severity, message) = match self.caller.get(context, &format!("/{resource}?limit=1")).await {
                Ok(_) => (Severity::Good, format!("{what} can be read")),
                Err(ConnectorError { kind: ErrorKind::Forbidden, .. }) => (
                    if needed_by.is_some() { Severity::Warning } else { Severity::Blocking },
                    format!(
                        "the API user may not read {what}; allow it under Settings, API and webhooks, API users"
                    ),
                ),
                Err(error) => return Err(error),
            };
            let finding = CheckFinding { severity, message };
            match needed_by {
                Some(needed_by) => of_products.push((needed_by, finding)),
                None => findings.push(finding),
            }
        }
        if self.webhook_secret.is_none() {
            findings.push(CheckFinding {
                severity: Severity::Good,
                message: "no webhook secret is set: new orders are seen by polling".to_owned(),
            });
        }
        Ok(CheckReport { product: "MerchantPro API v2".to_owned(), findings, of_products })
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
            Entity::Catalogue => catalogue::page_path(start, PAGE),
            Entity::Order => orders::page_path(start, PAGE),
            other => return Err(ConnectorError::unsupported(format_args!("listing every {}", other.name()))),
        };
        if entity == Entity::Catalogue && start == 0 {
            // Categories are moved and renamed without any product changing.
            self.visit(context).tree(true).await?;
        }
        let answer = self.caller.get(context, &path).await?;
        let rows = read::rows(&answer)?;
        let total = read::total(&answer)?;
        let items: Vec<Item> = match entity {
            Entity::Product => rows.iter().flat_map(products::items).collect(),
            Entity::Catalogue => {
                let rows: Vec<&Value> = rows.iter().collect();
                product_lookup::items_of(self.visit(context), &rows, Shown::InList).await?
            }
            _ => rows.iter().map(orders::item).collect(),
        };
        if entity != Entity::Order {
            let units = items.iter().flatten().flat_map(units_of);
            self.visit(context).met(start, units).await;
        }
        let end = start + u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let more = !rows.is_empty() && end < total;
        Ok(Page { items, next: more.then(|| Checkpoint(end.to_string())), more, total: Some(total) })
    }

    async fn fetch(&self, context: &CallContext, fetch: &Fetch) -> Result<Vec<Item>, ConnectorError> {
        match fetch {
            Fetch::Keys { entity: Entity::Order, keys } => self.orders_by_id(context, keys).await,
            Fetch::Keys { entity: Entity::Product, keys } => self.units_now(context, keys).await,
            Fetch::Keys { entity: Entity::Catalogue, keys } => {
                product_lookup::by_key(self.visit(context), keys).await
            }
            Fetch::ProductsBySku { skus } => product_lookup::by_sku(self.visit(context), skus).await,
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
                None => apply::one(self.visit(context), write).await,
            };
            outcomes.push(outcome);
        }
        outcomes
    }

    fn calls_of(&self, write: &Write) -> u64 {
        apply::calls_of(write)
    }

    async fn discover(&self, context: &CallContext) -> Result<Discovery, ConnectorError> {
        let visit = self.visit(context);
        let taxes = visit.taxes(true).await?;
        let taxes = taxes
            .iter()
            .map(|tax| DiscoveredTax { key: tax.key.clone(), name: tax.name.clone(), percent: tax.percent })
            .collect();
        let measures = discovered::measures(visit).await?;
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
        Ok(Discovery { taxes, measures, payment_methods: methods, ..Discovery::default() })
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

/// The units that a record of a list of products is about.
fn units_of(record: &Record) -> Vec<&RemoteKey> {
    match record {
        Record::Product(unit) => vec![&unit.key],
        Record::Catalogue(product) => product.variants.iter().map(|variant| &variant.unit.key).collect(),
        _ => Vec::new(),
    }
}

fn key_of(item: &Item) -> Option<&RemoteKey> {
    match item {
        Ok(Record::Product(unit)) => Some(&unit.key),
        Ok(_) => None,
        Err(unreadable) => unreadable.key.as_ref(),
    }
}

/// Whether a request changes something, for reading its error.
impl From<&http::Method> for Nature {
    fn from(method: &http::Method) -> Self {
        if method == http::Method::GET { Self::Read } else { Self::Write }
    }
}
