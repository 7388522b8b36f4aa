use serde::{Deserialize, Serialize};

use crate::ids::RemoteKey;

/// Who ordered, as the store tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// The store's id of the customer; `None` for a guest.
    pub key: Option<RemoteKey>,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// Present when the order was placed by a company.
    pub company: Option<Company>,
    /// Language tag such as `ro_RO`.
    pub language: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    pub name: String,
    /// As written by the customer, with or without country prefix.
    pub vat_number: Option<String>,
    pub registration_number: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    pub name: String,
    pub street: String,
    pub city: String,
    pub postal_code: Option<String>,
    /// County or state, by name.
    pub region: Option<String>,
    /// ISO 3166 alpha-2.
    pub country: Option<String>,
    pub phone: Option<String>,
}

/// A customer as an ERP has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    pub key: RemoteKey,
    /// The code the merchant or Zygos gave it; unique where the ERP says so.
    pub code: Option<String>,
    pub name: String,
    /// Whether it is entered as a company, by a VAT or company number; `None` where the ERP doesn't tell.
    pub is_company: Option<bool>,
}

/// By what an ERP's customers are looked up. One call tries one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartyQuery {
    VatNumber(String),
    /// The code that Zygos gives to a customer of a store.
    Code(String),
    Email(String),
    Phone(String),
}

/// A customer to be made in the ERP. `code` makes a second creation of the same one fail where codes are unique.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewParty {
    pub code: String,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub vat_number: Option<String>,
    pub language: Option<String>,
}

impl NewParty {
    /// Whether a customer found by code, e-mail address or telephone number can be this one. Somebody who orders
    /// privately and for a company has the same e-mail address and is two customers: an invoice needs the right one.
    /// A company that the ERP knew by its VAT number was found by that.
    pub fn can_be(&self, found: &Party) -> bool {
        found.is_company.is_none_or(|is_company| is_company == self.vat_number.is_some())
    }

    /// Whether two customers that are both about to be made may be one.
    pub fn may_be(&self, other: &Self) -> bool {
        let same = |one: &Option<String>, two: &Option<String>| one.is_some() && one == two;
        self.code == other.code
            || same(&self.vat_number, &other.vat_number)
            || (self.vat_number.is_some() == other.vat_number.is_some()
                && (same(&self.email, &other.email) || same(&self.phone, &other.phone)))
    }
}
