//! What the engine tells whoever watches it: the terminal of the demo, the log, a test.

use rust_decimal::Decimal;
use zygos_core::{ConnectionId, RemoteKey, model::Field};

/// Something that happened. Holds no personal data and no secret.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    OrderSeen {
        store: ConnectionId,
        order: RemoteKey,
    },
    OrderHeld {
        store: ConnectionId,
        order: RemoteKey,
        why: String,
    },
    OrderDrafted {
        store: ConnectionId,
        order: RemoteKey,
        document: RemoteKey,
    },
    OrderPlaced {
        store: ConnectionId,
        order: RemoteKey,
        document: RemoteKey,
    },
    OrderCancelled {
        store: ConnectionId,
        order: RemoteKey,
    },
    StockWritten {
        store: ConnectionId,
        sku: String,
        /// `None`: it was not known.
        before: Option<Decimal>,
        after: Decimal,
        why: String,
    },
    /// A product was made on the side that lacked it.
    ProductMade {
        store: ConnectionId,
        connection: ConnectionId,
        name: String,
    },
    /// A field of a product was written to one side.
    FieldWritten {
        store: ConnectionId,
        connection: ConnectionId,
        sku: String,
        field: Field,
        before: String,
        after: String,
        why: String,
    },
    DriftFound {
        store: ConnectionId,
        sku: String,
        /// `stock`, or the code of a field of products.
        field: String,
        should: String,
        is: String,
        cause: String,
    },
    DriftCorrected {
        store: ConnectionId,
        sku: String,
    },
    StoreTold {
        store: ConnectionId,
        order: RemoteKey,
        what: String,
    },
    Verified {
        store: ConnectionId,
        units: u64,
        different: u64,
    },
    IssueOpened {
        connection: ConnectionId,
        kind: String,
        text: String,
    },
    ConnectionTrouble {
        connection: ConnectionId,
        why: String,
    },
    ConnectionBack {
        connection: ConnectionId,
    },
    /// Progress of a long pass: how many of how many.
    Progress {
        connection: ConnectionId,
        what: &'static str,
        done: u64,
        of: Option<u64>,
    },
}

pub type Watcher = Box<dyn Fn(&Event) + Send + Sync>;
