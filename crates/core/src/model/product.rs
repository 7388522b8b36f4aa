//! A product as a catalogue shows it: what its variants share, and the variants.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Unit;
use crate::{ids::RemoteKey, money::plain};

/// A product with everything that is sold of it, as one side has it now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// How the side names the whole. A store may use one key for a simple product and its only unit.
    pub key: RemoteKey,
    pub shape: Shape,
    /// The product's own code beside those of its variants: a parent's SKU in a store, a template's code in Tryton.
    #[serde(default)]
    pub code: Option<String>,
    /// What all variants share. A field that the side doesn't have, or couldn't be read, is not here.
    pub facts: Facts,
    /// What is sold of it, in the side's order; one for a simple product. Variants that couldn't be read are only in
    /// `troubles`.
    pub variants: Vec<Variant>,
    /// Fields and variants that couldn't be read. What isn't here says nothing about them.
    pub troubles: Vec<FieldTrouble>,
    pub modified_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Sold as it is: one unit.
    Simple,
    /// Sold in variants, even when only one is there, or none.
    Variants,
}

/// One sellable unit of a product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// Its SKU, EAN, prices, tax, state and figure.
    pub unit: Unit,
    /// What is its own and not in `unit`: old price, cost, weight.
    pub facts: Facts,
    /// By what a customer tells it apart: name of the attribute and value, in the side's order. Empty where the side
    /// has no attributes.
    pub options: Vec<(String, String)>,
}

pub type Facts = BTreeMap<Field, Value>;

/// Something about a product or a variant that a flow can govern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    // Of the whole product.
    Name,
    Description,
    MetaTitle,
    MetaDescription,
    Brand,
    /// Paths from the root of the tree.
    Categories,
    /// Addresses.
    Images,
    /// Percent, 19 for 19 %.
    Tax,
    /// How the side names the unit of measure.
    Measure,
    // Of each unit.
    Sku,
    Ean,
    /// Net or gross, as the flow's authority says, in the store's currency.
    Price,
    /// The price before a reduction, as `Price`.
    OldPrice,
    /// What it costs the merchant, net.
    Cost,
    /// Kilograms.
    Weight,
    /// Whether it is sold.
    Active,
}

/// What one side has in a field. Equal values mean the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// The side has the field and nothing is in it.
    Empty,
    Text(String),
    /// Without trailing zeros.
    Number(Decimal),
    Flag(bool),
    /// Category paths, sorted, each once.
    Paths(Vec<Vec<String>>),
    /// Addresses of images, in the side's order, each once.
    Addresses(Vec<String>),
}

/// A field or a variant of a product that couldn't be read. Everything else of the product can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldTrouble {
    /// The variant; `None` for what all share.
    pub unit: Option<RemoteKey>,
    /// As the side spells it.
    pub field: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl Field {
    pub const ALL: [Self; 16] = [
        Self::Name,
        Self::Description,
        Self::MetaTitle,
        Self::MetaDescription,
        Self::Brand,
        Self::Categories,
        Self::Images,
        Self::Tax,
        Self::Measure,
        Self::Sku,
        Self::Ean,
        Self::Price,
        Self::OldPrice,
        Self::Cost,
        Self::Weight,
        Self::Active,
    ];

    /// As it is written in a configuration and stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Description => "description",
            Self::MetaTitle => "meta_title",
            Self::MetaDescription => "meta_description",
            Self::Brand => "brand",
            Self::Categories => "categories",
            Self::Images => "images",
            Self::Tax => "tax",
            Self::Measure => "measure",
            Self::Sku => "sku",
            Self::Ean => "ean",
            Self::Price => "price",
            Self::OldPrice => "old_price",
            Self::Cost => "cost",
            Self::Weight => "weight",
            Self::Active => "active",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.code() == code)
    }

    /// In a sentence: "its price".
    pub fn words(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Description => "description",
            Self::MetaTitle => "title for search engines",
            Self::MetaDescription => "description for search engines",
            Self::Brand => "brand",
            Self::Categories => "categories",
            Self::Images => "images",
            Self::Tax => "tax",
            Self::Measure => "unit of measure",
            Self::Sku => "SKU",
            Self::Ean => "EAN",
            Self::Price => "price",
            Self::OldPrice => "price before reduction",
            Self::Cost => "cost",
            Self::Weight => "weight",
            Self::Active => "being on sale",
        }
    }

    /// Each unit has its own, as against what all variants of a product share.
    pub fn is_of_unit(self) -> bool {
        match self {
            Self::Name
            | Self::Description
            | Self::MetaTitle
            | Self::MetaDescription
            | Self::Brand
            | Self::Categories
            | Self::Images
            | Self::Tax
            | Self::Measure => false,
            Self::Sku
            | Self::Ean
            | Self::Price
            | Self::OldPrice
            | Self::Cost
            | Self::Weight
            | Self::Active => true,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Value {
    pub fn text(text: &str) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(text.to_owned()) }
    }

    /// Nothing that anybody could read: empty, or a text of spaces.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }

    pub fn number(number: Decimal) -> Self {
        Self::Number(number.normalize())
    }

    pub fn paths(paths: impl IntoIterator<Item = Vec<String>>) -> Self {
        let sorted: std::collections::BTreeSet<Vec<String>> = paths.into_iter().collect();
        if sorted.is_empty() { Self::Empty } else { Self::Paths(sorted.into_iter().collect()) }
    }

    pub fn addresses(addresses: impl IntoIterator<Item = String>) -> Self {
        let mut each = Vec::new();
        for address in addresses {
            if !each.contains(&address) {
                each.push(address);
            }
        }
        if each.is_empty() { Self::Empty } else { Self::Addresses(each) }
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_number(&self) -> Option<Decimal> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub fn as_flag(&self) -> Option<bool> {
        match self {
            Self::Flag(flag) => Some(*flag),
            _ => None,
        }
    }
}

/// As people read it; a long text is shown by its beginning and length.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 80;
        match self {
            Self::Empty => f.write_str("(empty)"),
            Self::Text(text) => {
                let count = text.chars().count();
                if count <= SHOWN {
                    return f.write_str(text);
                }
                let begin: String = text.chars().take(SHOWN).collect();
                write!(f, "{begin}… ({count} characters)")
            }
            Self::Number(number) => f.write_str(&plain(*number)),
            Self::Flag(true) => f.write_str("yes"),
            Self::Flag(false) => f.write_str("no"),
            Self::Paths(paths) => {
                let shown: Vec<String> = paths.iter().map(|path| path.join(" > ")).collect();
                f.write_str(&shown.join(", "))
            }
            Self::Addresses(addresses) => f.write_str(&addresses.join(", ")),
        }
    }
}

impl Product {
    pub fn variant(&self, unit: &RemoteKey) -> Option<&Variant> {
        self.variants.iter().find(|variant| &variant.unit.key == unit)
    }

    /// The name that people know it by; of one without, its code, the first SKU, or its key.
    pub fn title(&self) -> &str {
        let name = self.facts.get(&Field::Name).and_then(Value::as_text);
        let skus = self.variants.iter().filter_map(|variant| variant.unit.sku.as_deref());
        let mut names = name.into_iter().chain(self.code.as_deref()).chain(skus);
        names.find(|name| !name.trim().is_empty()).unwrap_or(self.key.as_str())
    }

    /// Some variants couldn't be read: a variant that is missing here may be there.
    pub fn is_partly_read(&self) -> bool {
        self.troubles
            .iter()
            .any(|trouble| trouble.unit.as_ref().is_some_and(|unit| self.variant(unit).is_none()))
    }
}

impl Variant {
    /// What it has in a field of units; `None`: the side doesn't have the field or it couldn't be read. `Price` is
    /// not here: a unit has two, and the flow says which one counts.
    pub fn value(&self, field: Field) -> Option<Value> {
        match field {
            Field::Sku => Some(Value::text(self.unit.sku.as_deref().map_or("", str::trim))),
            Field::Ean => Some(Value::text(self.unit.ean.as_deref().map_or("", str::trim))),
            Field::Active => Some(Value::Flag(self.unit.active)),
            _ => self.facts.get(&field).cloned(),
        }
    }
}
