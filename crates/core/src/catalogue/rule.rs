//! What a merchant wants of a store's products and prices, with the two sides' abilities in it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    contract::{FieldCapability, PriceKind, Side},
    model::Field,
};

/// Whose value of a field holds when the two sides differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    Store,
    Erp,
    /// The side that was first seen to change; when both changed between two readings, a person decides.
    Newest,
    /// A person decides about every difference.
    Ask,
}

impl Owner {
    pub const CHOICES: [(&str, Self); 4] =
        [("store", Self::Store), ("erp", Self::Erp), ("newest", Self::Newest), ("ask", Self::Ask)];
}

/// What is done with the other half of a product that is gone on one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gone {
    /// A person decides.
    #[default]
    Ask,
    /// It is taken off sale.
    Archive,
    /// It stays as it is.
    Leave,
}

impl Gone {
    pub const CHOICES: [(&str, Self); 3] =
        [("ask", Self::Ask), ("archive", Self::Archive), ("leave", Self::Leave)];
}

/// How prices move between a store and the ERP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceRule {
    /// The ERP's price list for this store; `None`: the price that holds without a list.
    pub list: Option<String>,
    /// The price that is authoritative in the store; the other one follows from it by the product's tax.
    pub authority: PriceKind,
    /// Which of the two the ERP holds.
    pub erp_holds: PriceKind,
    pub to_store: bool,
    pub to_erp: bool,
    pub owner: Owner,
    /// Decimals of a price in the store, when it is made from the ERP's. Half away from zero.
    pub store_places: u32,
    /// Decimals of a price in the ERP, when it is made from the store's.
    pub erp_places: u32,
    /// A price that moves by more than so many percent waits for a person.
    pub jump_percent: Decimal,
}

/// What is done with a store's products.
#[derive(Clone, Debug, PartialEq)]
pub struct ProductRule {
    /// Fields move from the ERP to the store, and from the store to the ERP.
    pub to_store: bool,
    pub to_erp: bool,
    pub create_in_store: bool,
    pub create_in_erp: bool,
    /// Whether a product made in the store is on sale at once.
    pub active_in_store: bool,
    /// Of the fields that both sides have, but prices. A field that isn't here is left alone once a product exists.
    pub owners: BTreeMap<Field, Owner>,
    pub gone: Gone,
    /// The name of the attribute by which a store tells variants apart that the ERP gives no attributes.
    pub option_name: String,
    /// The ERP's unit of measure for products that are made there, unless it has one called as the store's.
    pub measure: String,
    /// What the ERP calls goods of a tax, where its products carry no rate themselves: percent and name.
    pub tax_classes: Vec<(Decimal, String)>,
    pub price: Option<PriceRule>,
    pub store_fields: BTreeMap<Field, FieldCapability>,
    pub erp_fields: BTreeMap<Field, FieldCapability>,
    /// The ERP knows variants by attributes as the store does.
    pub erp_has_options: bool,
}

impl ProductRule {
    /// Whose a field is when the merchant says nothing. `None`: the shop's own decision, which is never written into
    /// the ERP, and into the store only when the ERP retires a product or takes one back.
    pub fn usual_owner(field: Field) -> Option<Owner> {
        match field {
            Field::Sku
            | Field::Ean
            | Field::Price
            | Field::OldPrice
            | Field::Tax
            | Field::Cost
            | Field::Weight
            | Field::Measure => Some(Owner::Erp),
            Field::Name
            | Field::Description
            | Field::MetaTitle
            | Field::MetaDescription
            | Field::Brand
            | Field::Categories
            | Field::Images => Some(Owner::Store),
            Field::Active => None,
        }
    }

    /// The owners of all fields but prices: the chosen ones, and the usual ones of the rest.
    pub fn owners(chosen: &BTreeMap<Field, Owner>) -> BTreeMap<Field, Owner> {
        Field::ALL
            .into_iter()
            .filter(|field| *field != Field::Price)
            .filter_map(|field| Some((field, chosen.get(&field).copied().or(Self::usual_owner(field))?)))
            .collect()
    }

    /// What a side can do with a field; `None`: it doesn't have it.
    pub fn ability(&self, side: Side, field: Field) -> Option<&FieldCapability> {
        match side {
            Side::Store => self.store_fields.get(&field),
            Side::Erp => self.erp_fields.get(&field),
        }
    }

    /// The flow writes this field of products that are there already into `side`, and the side takes it.
    pub fn may_write(&self, side: Side, field: Field) -> bool {
        let wanted = match (field, side, &self.price) {
            (Field::Price, Side::Store, Some(price)) => price.to_store,
            (Field::Price, Side::Erp, Some(price)) => price.to_erp,
            (Field::Price, _, None) => false,
            (_, Side::Store, _) => self.to_store,
            (_, Side::Erp, _) => self.to_erp,
        };
        wanted && self.ability(side, field).is_some_and(|ability| ability.update)
    }

    /// What the ERP calls goods of this tax, where the merchant said so.
    pub fn tax_class(&self, percent: Decimal) -> Option<String> {
        self.tax_classes.iter().find(|(of, _)| *of == percent).map(|(_, name)| name.clone())
    }
}
