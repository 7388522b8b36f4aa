use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::ConnectorError;
use crate::{
    ids::RemoteKey,
    model::{DocumentLine, Facts, NewDocument, NewParty, Record, Shape, Tracking},
};

/// One write. What a merchant wants is decided before; a connector only carries it out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Write {
    /// Sets the store's one figure of a unit. Absolute.
    SetStock {
        unit: RemoteKey,
        figure: Decimal,
    },
    /// Makes a product with its variants. Answers with its key and [`Record::Catalogue`] as it is now.
    CreateProduct(Box<NewProduct>),
    /// Adds variants to a product that has some. Answers as [`Self::CreateProduct`].
    CreateVariants {
        product: RemoteKey,
        variants: Vec<NewVariant>,
        prices: PriceKind,
    },
    /// Sets the fields that are given, and no others. Answers with [`Record::Catalogue`] as it is now.
    UpdateProduct(Box<ProductChanges>),
    /// Makes what is missing of a path of categories, parents first. One that is there succeeds.
    CreateCategory {
        path: Vec<String>,
    },
    CreateParty(NewParty),
    /// Makes a draft. Answers with its key, state and totals.
    CreateDocument(Box<NewDocument>),
    /// Adds lines to a draft (the rounding line). Answers with the new totals.
    AddDocumentLines {
        document: RemoteKey,
        lines: Vec<DocumentLine>,
    },
    /// Moves a document on; reads its state first and presses only what is missing.
    TransitionDocument {
        document: RemoteKey,
        to: Transition,
    },
    /// Moves a store's order on; reads its state first and asks only for what is missing.
    TransitionOrder {
        order: RemoteKey,
        to: Transition,
    },
    /// Writes a waybill onto a store's order.
    SetTracking {
        order: RemoteKey,
        tracking: Tracking,
    },
    /// Leaves a short text on a store's order where its staff sees it. Adding one that is there succeeds.
    AddTag {
        order: RemoteKey,
        tag: String,
    },
    /// Leaves the ERP's mark on a store's order.
    SetErpId {
        order: RemoteKey,
        erp_id: String,
    },
}

impl Write {
    /// Doing it twice leaves the same as doing it once, whatever the other side enforces.
    pub fn is_idempotent(&self) -> bool {
        match self {
            Self::SetStock { .. }
            | Self::TransitionDocument { .. }
            | Self::TransitionOrder { .. }
            | Self::SetTracking { .. }
            | Self::AddTag { .. }
            | Self::SetErpId { .. }
            | Self::UpdateProduct(_)
            | Self::CreateCategory { .. } => true,
            Self::CreateProduct(_)
            | Self::CreateVariants { .. }
            | Self::CreateParty(_)
            | Self::CreateDocument(_)
            | Self::AddDocumentLines { .. } => false,
        }
    }
}

/// A product to be made. Facts are in the target's terms: its own spelling of units of measure, prices as the flow says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewProduct {
    pub shape: Shape,
    /// Of the whole. Categories exist already.
    pub facts: Facts,
    /// What the ERP calls goods of this tax, where its products carry no rate themselves (Tryton's account category);
    /// `None`: the only one that has the rate in `facts`.
    pub tax_class: Option<String>,
    /// The code that the product as a whole has, where the side keeps one beside those of its variants.
    pub code: Option<String>,
    /// At least one; exactly one for a simple product.
    pub variants: Vec<NewVariant>,
    /// Whether prices are with tax.
    pub prices: PriceKind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewVariant {
    /// Fields of units, [`crate::model::Field::Sku`] among them.
    pub facts: Facts,
    pub options: Vec<(String, String)>,
    /// Whether stock is counted for it.
    pub tracked: bool,
}

/// Fields of one product to be set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProductChanges {
    pub product: RemoteKey,
    /// Of the whole.
    pub facts: Facts,
    /// As in [`NewProduct`], when the tax changes.
    pub tax_class: Option<String>,
    /// Of its units.
    pub units: BTreeMap<RemoteKey, Facts>,
    pub prices: PriceKind,
    /// The price list that prices are written into; `None`: the price that holds without a list.
    pub price_list: Option<String>,
}

/// Which of the two prices is meant; the other one follows from it by the tax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceKind {
    #[default]
    Net,
    Gross,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transition {
    Confirm,
    Process,
    Ship,
    Deliver,
    Cancel,
}

impl Transition {
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Process => "process",
            Self::Ship => "ship",
            Self::Deliver => "deliver",
            Self::Cancel => "cancel",
        }
    }
}

/// What a write left, as read back from the answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// The key of what was created.
    pub key: Option<RemoteKey>,
    /// The record as the side now has it, where the answer shows it. The first read-back.
    pub record: Option<Record>,
    /// Nothing had to be sent: it already was so.
    pub already: bool,
}

pub type Outcome = Result<Applied, ConnectorError>;
