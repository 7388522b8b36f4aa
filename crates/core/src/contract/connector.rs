use async_trait::async_trait;
use http::HeaderMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Capabilities, CheckReport, Checkpoint, ConnectorError, Discovery, Fetch, Hint, Item, Outcome, Page,
    WebhookRejected, Write,
};
use crate::model::Entity;

/// A class of work with its share of a connection's calls, most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    Orders,
    HotStock,
    Corrections,
    Catalogue,
    Sweep,
}

/// What every call is made under.
#[derive(Clone, Copy, Debug)]
pub struct CallContext {
    pub lane: Lane,
    /// Give up at this time: a call must be over before the caller's lease is.
    pub deadline: Timestamp,
}

/// The code that speaks one vendor's API.
///
/// A method that isn't overridden answers `Unsupported`. Reading never changes anything. Connectors don't retry,
/// don't log bodies, hold no business rule and take time only from what they are given.
#[async_trait]
pub trait Connector: Send + Sync {
    fn capabilities(&self) -> &Capabilities;

    /// Tests address, credentials and permissions with as few calls as it can. Changes nothing.
    async fn check(&self, context: &CallContext) -> Result<CheckReport, ConnectorError>;

    /// One page of everything, from the beginning or from a checkpoint of an earlier page.
    ///
    /// Orders of a store come newest first, with their lines, so that a reader can stop at what it knows.
    /// Products of a store carry its actual figure. Variants come as units of their own, their parents as
    /// [`crate::model::UnitKind::Parent`].
    async fn scan(
        &self,
        _context: &CallContext,
        entity: Entity,
        _from: Option<&Checkpoint>,
    ) -> Result<Page, ConnectorError> {
        Err(ConnectorError::unsupported(format_args!("listing every {}", entity.name())))
    }

    /// One page of what changed since `since`; with `None`, what changed from now on (the page may be empty, its
    /// `next` is where to go on). Overlaps on purpose: the same record may come again. The checkpoint never passes
    /// what the page holds, and comes from the other side's own times. A document comes when it, one of its
    /// shipments or one of its invoices changed.
    async fn changes(
        &self,
        _context: &CallContext,
        entity: Entity,
        _since: Option<&Checkpoint>,
    ) -> Result<Page, ConnectorError> {
        Err(ConnectorError::unsupported(format_args!("a feed of changes of {}", entity.name())))
    }

    /// Records by what is known of them.
    async fn fetch(&self, _context: &CallContext, fetch: &Fetch) -> Result<Vec<Item>, ConnectorError> {
        Err(ConnectorError::unsupported(format_args!("the look-up {fetch:?}")))
    }

    /// Carries out writes and answers one outcome per write, in order. A write that was not tried because an
    /// earlier one found the side unavailable answers `Unavailable { maybe_applied: false }`.
    async fn apply(&self, _context: &CallContext, batch: &[Write]) -> Vec<Outcome> {
        batch.iter().map(|_| Err(ConnectorError::unsupported("writing"))).collect()
    }

    /// How many calls carrying this write out takes, with what it reads before and after, when all goes well. Pure;
    /// what a plan says it will take is made of it.
    fn calls_of(&self, _write: &Write) -> u64 {
        1
    }

    /// What there is to choose from: warehouses, taxes, shops.
    async fn discover(&self, _context: &CallContext) -> Result<Discovery, ConnectorError> {
        Ok(Discovery::default())
    }

    /// Verifies and reads a webhook. Pure.
    fn parse_webhook(&self, _headers: &HeaderMap, _body: &[u8]) -> Result<Vec<Hint>, WebhookRejected> {
        Err(WebhookRejected::NoSecret)
    }
}
