//! Records in canonical form: what both sides mean, in one spelling.

mod document;
mod movement;
mod order;
mod party;
mod price;
mod product;
mod stock;
mod unit;

pub use document::{
    Document, DocumentLine, DocumentState, Invoice, NewDocument, Shipment, ShipmentState, Tracking,
};
pub use movement::{Movement, MovementState};
pub use order::{LineKind, Order, OrderLine, OrderStatus, PaymentMethod, PaymentStatus, WarehouseQuantity};
pub use party::{Address, Company, Customer, NewParty, Party, PartyQuery};
pub use price::{PriceNews, PriceRow};
pub use product::{Facts, Field, FieldTrouble, Product, Shape, Value, Variant};
pub use stock::{Deduction, StockRow};
pub use unit::{Unit, UnitKind};

use serde::{Deserialize, Serialize};

use crate::ids::RemoteKey;

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entity {
    /// Sellable units: simple products and variants.
    Product,
    /// Whole products with all that a catalogue says of them, each with its units.
    Catalogue,
    /// What a unit costs by one of the ERP's price lists.
    Price,
    /// A place in the tree of categories.
    Category,
    /// Figures per unit and warehouse.
    Stock,
    /// What a customer ordered in a store.
    Order,
    /// The ERP's own paper for an order: a sale, a proforma or an invoice.
    Document,
    /// What the ERP has already taken off its figures for a document.
    Deduction,
    Customer,
    /// Goods going in, out or between warehouses.
    Movement,
}

impl Entity {
    pub fn name(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Catalogue => "catalogue",
            Self::Price => "price",
            Self::Category => "category",
            Self::Stock => "stock",
            Self::Order => "order",
            Self::Document => "document",
            Self::Deduction => "deduction",
            Self::Customer => "customer",
            Self::Movement => "movement",
        }
    }
}

/// One entity as one connection has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    Product(Unit),
    Catalogue(Box<Product>),
    Price(PriceRow),
    PriceNews(PriceNews),
    Stock(StockRow),
    Order(Box<Order>),
    Document(Box<Document>),
    Deduction(Deduction),
    Customer(Party),
    Movement(Movement),
}

impl Record {
    pub fn entity(&self) -> Entity {
        match self {
            Self::Product(_) => Entity::Product,
            Self::Catalogue(_) => Entity::Catalogue,
            Self::Price(_) | Self::PriceNews(_) => Entity::Price,
            Self::Stock(_) => Entity::Stock,
            Self::Order(_) => Entity::Order,
            Self::Document(_) => Entity::Document,
            Self::Deduction(_) => Entity::Deduction,
            Self::Customer(_) => Entity::Customer,
            Self::Movement(_) => Entity::Movement,
        }
    }

    /// How the other side names it. A stock row and a price are named by their unit, a deduction by its document.
    pub fn key(&self) -> &RemoteKey {
        match self {
            Self::Product(unit) => &unit.key,
            Self::Catalogue(product) => &product.key,
            Self::Price(row) => &row.unit,
            Self::PriceNews(news) => &news.list,
            Self::Stock(row) => &row.unit,
            Self::Order(order) => &order.id,
            Self::Document(document) => &document.key,
            Self::Deduction(deduction) => &deduction.document,
            Self::Customer(party) => &party.key,
            Self::Movement(movement) => &movement.key,
        }
    }
}
