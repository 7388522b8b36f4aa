//! What a comparison of two products decided, and the writes that carry it out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Clash, Halves, Owner, ProductRule};
use crate::{
    contract::{PriceKind, ProductChanges, Side},
    ids::RemoteKey,
    model::{Field, Value},
};

/// What a person says about a field that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// The store's value goes to the ERP.
    Store,
    /// The ERP's value goes to the store.
    Erp,
    /// Both stay as they are, and count as agreed until one of them is changed.
    Leave,
}

impl Choice {
    pub const CHOICES: [(&str, Self); 3] =
        [("store", Self::Store), ("erp", Self::Erp), ("leave", Self::Leave)];
}

/// Why a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeCause {
    /// Everyday work: its owner changed it.
    OwnerChanged,
    /// Drift: the side that doesn't own it was edited.
    OtherEdited,
    /// Both were never compared before.
    FirstMeeting,
    /// No side owns it and only one was changed.
    Newest,
    /// A person chose.
    Answered,
    /// Neither was changed, but what follows from one for the other was: the tax moved.
    TargetMoved,
}

impl ChangeCause {
    pub fn code(self) -> &'static str {
        match self {
            Self::OwnerChanged => "owner_changed",
            Self::OtherEdited => "other_edited",
            Self::FirstMeeting => "first_meeting",
            Self::Newest => "newest",
            Self::Answered => "answered",
            Self::TargetMoved => "target_moved",
        }
    }

    /// Somebody interfered, as against the world going on.
    pub fn is_drift(self) -> bool {
        self == Self::OtherEdited
    }
}

/// One field to be set on one side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    pub to: Side,
    /// The target's whole product.
    pub product: RemoteKey,
    /// The target's product, or its unit for fields of units.
    pub key: RemoteKey,
    /// Under which the field's base is kept: the store's product or unit.
    pub store_key: RemoteKey,
    pub sku: Option<String>,
    pub field: Field,
    pub owner: Owner,
    /// What the target has now. The same as `after` only for a price that goes along with its tax, so that it stays.
    pub before: Value,
    pub after: Value,
    /// Both sides as they are now.
    pub store: Value,
    pub erp: Value,
    /// In words that a shop owner understands.
    pub why: String,
    pub cause: ChangeCause,
    /// Why a person must agree first. Their answer is a [`Choice`] for the field, with which it is held no more.
    pub hold: Option<String>,
}

impl FieldChange {
    /// The target's value must be read again right before it is overwritten: nobody owns it, so an edit that was made
    /// meanwhile is worth as much as this one. So is a price that only goes along with its tax: it is to stay.
    pub fn needs_fresh(&self) -> bool {
        matches!(self.owner, Owner::Newest | Owner::Ask) || !self.settles()
    }

    /// Once written, what both sides hold in the field is its new base. Not so for a price that only goes along with
    /// its tax: the two may still differ.
    pub fn settles(&self) -> bool {
        self.before != self.after
    }
}

/// A base to be kept anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// The store's product or unit.
    pub key: RemoteKey,
    pub field: Field,
    pub halves: Halves,
}

/// A field about which a person decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The store's product or unit.
    pub key: RemoteKey,
    pub sku: Option<String>,
    pub field: Field,
    pub store: Value,
    pub erp: Value,
    pub base: Option<Halves>,
    pub clash: Clash,
    pub why: String,
    /// What may be answered.
    pub choices: Vec<Choice>,
}

/// What a person must put right in one of the systems. The same for the same trouble at every reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub kind: TroubleKind,
    /// What it is about: with the kind, what tells it from others of the same store.
    pub subject: String,
    pub sku: Option<String>,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TroubleKind {
    /// Sold as one on one side and in variants on the other.
    Shape,
    /// A price can't be compared without the tax.
    UnknownTax,
    NegativePrice,
    /// The side whose price holds has none.
    NoPrice,
    /// The price list has none.
    NoListPrice,
    /// The side whose SKU holds has none.
    NoSku,
}

/// The codes of all [`TroubleKind`]s; those no longer found are closed.
pub const TROUBLE_KINDS: [&str; 6] = [
    "product_shape",
    "price_unknown_tax",
    "price_negative",
    "price_missing",
    "price_not_in_list",
    "sku_missing",
];

impl TroubleKind {
    pub fn code(self) -> &'static str {
        match self {
            Self::Shape => "product_shape",
            Self::UnknownTax => "price_unknown_tax",
            Self::NegativePrice => "price_negative",
            Self::NoPrice => "price_missing",
            Self::NoListPrice => "price_not_in_list",
            Self::NoSku => "sku_missing",
        }
    }
}

/// All that follows from a comparison of two products.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    pub changes: Vec<FieldChange>,
    /// Fields that agree and whose base isn't kept yet.
    pub agreed: Vec<Agreement>,
    pub conflicts: Vec<Conflict>,
    pub troubles: Vec<Trouble>,
    /// The ERP's units that the store's product lacks and should get.
    pub new_in_store: Vec<RemoteKey>,
    /// The store's units that the ERP's product lacks and should get.
    pub new_in_erp: Vec<RemoteKey>,
}

/// The write for the store and the one for the ERP, of changes of one pair of products. Held changes are left out;
/// of a held price whose tax is written, the present price goes along so that the tax doesn't move it.
pub fn writes(
    changes: &[FieldChange],
    rule: &ProductRule,
) -> (Option<ProductChanges>, Option<ProductChanges>) {
    (write(Side::Store, changes, rule), write(Side::Erp, changes, rule))
}

fn write(to: Side, changes: &[FieldChange], rule: &ProductRule) -> Option<ProductChanges> {
    let mine = || changes.iter().filter(|change| change.to == to);
    let first = mine().find(|change| change.hold.is_none())?;
    let price = rule.price.as_ref();
    let prices = match to {
        Side::Store => price.map_or(PriceKind::default(), |price| price.authority),
        Side::Erp => price.map_or(PriceKind::default(), |price| price.erp_holds),
    };
    let price_list = price.filter(|_| to == Side::Erp).and_then(|price| price.list.clone());
    let mut written = ProductChanges {
        product: first.product.clone(),
        facts: BTreeMap::new(),
        tax_class: None,
        units: BTreeMap::new(),
        prices,
        price_list,
    };
    let tax = mine().find(|change| change.field == Field::Tax && change.hold.is_none());
    for change in mine() {
        let value = match (&change.hold, tax, change.field) {
            (None, ..) => &change.after,
            (Some(_), Some(_), Field::Price) if change.before != Value::Empty => &change.before,
            _ => continue,
        };
        let facts = match change.field.is_of_unit() {
            true => written.units.entry(change.key.clone()).or_default(),
            false => &mut written.facts,
        };
        facts.insert(change.field, value.clone());
    }
    if to == Side::Erp {
        written.tax_class =
            tax.and_then(|change| change.after.as_number()).and_then(|percent| rule.tax_class(percent));
    }
    Some(written)
}
