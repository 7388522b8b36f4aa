use crate::{
    ids::RemoteKey,
    model::{Entity, PartyQuery},
};

/// Records to be read by what is known of them. A missing record is simply not among the answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetch {
    /// By key. For [`Entity::Product`] the answer carries the unit's actual figure where the side has one figure; for
    /// [`Entity::Catalogue`] the keys are those of whole products, and all that the side has of them is read.
    Keys { entity: Entity, keys: Vec<RemoteKey> },
    /// Units by SKU.
    UnitsBySku { skus: Vec<String> },
    /// Whole products ([`Entity::Catalogue`]) of which these are units or by whose units these SKUs are carried, for
    /// finding out whether a creation arrived. Retired ones are left out.
    ProductsBySku { skus: Vec<String> },
    /// [`Entity::Price`] rows of these units by the price list of this name: one row per unit.
    Prices { list: String, units: Vec<RemoteKey> },
    /// [`Entity::Stock`] rows of these units in these warehouses: one row per unit and warehouse, zeros included.
    Stock { units: Vec<RemoteKey>, warehouses: Vec<RemoteKey> },
    /// [`Entity::Deduction`] records of the documents with these order references.
    Deductions { shop: Option<String>, references: Vec<String> },
    /// Documents by the order reference they were created with; all of them when there are several.
    Documents { shop: Option<String>, references: Vec<String> },
    /// Documents that may be those of an order although they don't carry its reference: some text of theirs holds
    /// the store's order id. Cancelled ones are left out, and at most ten are answered.
    Candidates { shop: Option<String>, order: RemoteKey },
    /// Customers by one natural key.
    Parties(PartyQuery),
    /// The children of a split order.
    SplitChildren { order: RemoteKey },
}
