//! The connector contract: one trait, one capability table, one error, one context.

mod capabilities;
mod connector;
mod discovery;
mod error;
mod fetch;
mod page;
mod webhook;
mod write;

pub use capabilities::{
    Absence, Capabilities, DocumentKind, EntityCapabilities, FieldCapability, Lookup, ReadMode, Side, Totals,
    WriteMode,
};
pub use connector::{CallContext, Connector, Lane};
pub use discovery::{CheckFinding, CheckReport, DiscoveredTax, Discovery, Named, ProductUse, Severity};
pub use error::{ConnectorError, ErrorKind};
pub use fetch::Fetch;
pub use page::{Checkpoint, Item, Page, Unreadable};
pub use webhook::{Hint, WebhookRejected};
pub use write::{Applied, NewProduct, NewVariant, Outcome, PriceKind, ProductChanges, Transition, Write};
