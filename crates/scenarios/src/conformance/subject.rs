use async_trait::async_trait;
use http::HeaderMap;
use rust_decimal::Decimal;
use zygos_core::{
    RemoteKey,
    contract::{CallContext, Connector, NewProduct},
    model::{NewDocument, Shape},
};

/// A unit that the side is known to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownUnit {
    pub key: RemoteKey,
    pub sku: String,
}

/// What the side's own people do with a confirmed document, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Assign,
    Pick,
    Pack,
    Ship,
}

/// A connector and what can be done at the side behind it. What answers `None` can't be done there.
#[async_trait]
pub trait Subject: Send + Sync {
    fn connector(&self) -> &dyn Connector;

    /// For the next call. A subject on virtual time lets some pass.
    fn context(&self) -> CallContext;

    /// A text beginning with `stem` that no record of the side carries yet.
    fn unique(&self, stem: &str) -> String;

    /// At least four units, counted in stock, with 20 pieces or more in the first warehouse where there are any;
    /// empty where the side has no products. Nobody else trades with them meanwhile.
    fn units(&self) -> Vec<KnownUnit> {
        Vec::new()
    }

    fn warehouses(&self) -> Vec<RemoteKey> {
        Vec::new()
    }

    fn shop(&self) -> Option<String> {
        None
    }

    /// A sound document with this reference: two pieces of the unit of this index from the first warehouse. Its
    /// lines' `total_gross` add up to the total that the side computes.
    fn document(&self, _reference: &str, _unit: usize) -> Option<NewDocument> {
        None
    }

    /// The same document with one thing wrong that the side refuses.
    fn spoiled(&self, _document: NewDocument) -> Option<NewDocument> {
        None
    }

    async fn step(&self, _document: &RemoteKey, _step: Step) -> Option<()> {
        None
    }

    /// Goods arrive in the first warehouse.
    async fn receive(&self, _unit: &RemoteKey, _quantity: Decimal) -> Option<()> {
        None
    }

    /// Somebody edits the unit's name or price.
    async fn edit_unit(&self, _unit: &RemoteKey) -> Option<()> {
        None
    }

    /// A product that the side takes, with SKUs that no record carries yet; of variants at least two, and prices.
    fn new_product(&self, _shape: Shape) -> Option<NewProduct> {
        None
    }

    /// A customer places an order in a store.
    async fn place_order(&self) -> Option<RemoteKey> {
        None
    }

    /// Headers and body of a webhook as the side sends it, about the order that was placed last.
    async fn webhook(&self) -> Option<(HeaderMap, Vec<u8>)> {
        None
    }
}
