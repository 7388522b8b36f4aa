use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use crate::model::{Entity, Field};

/// What a connection can do, as data. Absent means unsupported. The same table drives planning, the conformance
/// suite and the documentation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Capabilities {
    pub vendor: &'static str,
    pub side: Side,
    pub entities: BTreeMap<Entity, EntityCapabilities>,
    /// The side itself refuses a second document with the same order reference.
    pub reference_enforced: bool,
    /// By what a lost create can be found again.
    pub lookup: Lookup,
    /// How long a write without answer may still be carried out by the side.
    pub max_in_flight: Duration,
    pub totals: Totals,
    /// What it means that a unit has no row in the stock.
    pub absence: Absence,
    pub document: Option<DocumentKind>,
    pub line_needs_product: bool,
}

impl Capabilities {
    pub fn entity(&self, entity: Entity) -> Option<&EntityCapabilities> {
        self.entities.get(&entity)
    }

    pub fn can_scan(&self, entity: Entity) -> bool {
        self.entity(entity).is_some_and(|e| e.read.contains(&ReadMode::Scan))
    }

    pub fn can_follow(&self, entity: Entity) -> bool {
        self.entity(entity).is_some_and(|e| e.read.contains(&ReadMode::Changes))
    }

    pub fn can_fetch(&self, entity: Entity) -> bool {
        self.entity(entity).is_some_and(|e| e.read.contains(&ReadMode::Fetch))
    }

    /// What the side can do with a field of its products; `None`: it doesn't have the field.
    pub fn field(&self, field: Field) -> Option<&FieldCapability> {
        self.entity(Entity::Catalogue)?.fields.get(&field)
    }

    pub fn can_write(&self, entity: Entity, mode: WriteMode) -> bool {
        self.entity(entity).is_some_and(|e| e.write.contains(&mode))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Store,
    Erp,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EntityCapabilities {
    pub read: Vec<ReadMode>,
    pub write: Vec<WriteMode>,
    /// Records a page, and keys a fetch, at most.
    pub page_size: u32,
    /// Writes that one `apply` sends in one call; 1 where each is a call of its own.
    pub batch: u32,
    /// Longest text the side takes, by field.
    pub lengths: BTreeMap<&'static str, u32>,
    /// Of [`Entity::Catalogue`]: the fields that the side has.
    pub fields: BTreeMap<Field, FieldCapability>,
}

/// What a side can do with one field of its products.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FieldCapability {
    /// Can be given when a product is made.
    pub create: bool,
    /// Can be changed afterwards.
    pub update: bool,
    /// A product can't be made without it.
    pub required: bool,
    /// Longest text, in characters.
    pub length: Option<u32>,
    /// Most decimals of a number.
    pub decimals: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadMode {
    /// Everything, page by page.
    Scan,
    /// What changed since a cursor.
    Changes,
    /// By key or natural key.
    Fetch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteMode {
    Create,
    Update,
    Transition,
    Tracking,
    Tag,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lookup {
    /// A document can be found by the order reference it carries.
    Reference,
    /// Nothing can be looked up: an unknown create is never repeated, a person is asked.
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Totals {
    /// A draft shows its totals before anything is promised.
    BeforeCommit,
    /// Only the issued document shows them.
    AfterCommit,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    Zero,
    Unknown,
    Deleted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// A sale or sales order that is drafted, confirmed, shipped and invoiced.
    Order,
    Proforma,
    /// An invoice at once; creating it issues it.
    Invoice,
}
