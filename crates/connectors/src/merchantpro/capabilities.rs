//! What the API can do, as data.

use std::collections::BTreeMap;

use zygos_core::{
    contract::{
        Absence, Capabilities, EntityCapabilities, FieldCapability, Lookup, ReadMode, Side, Totals, WriteMode,
    },
    model::{Entity, Field},
};

use super::{MAX_IN_FLIGHT, PAGE, prices};

pub(super) fn table() -> Capabilities {
    let entity = |read: &[ReadMode], write: &[WriteMode], page_size: u32| EntityCapabilities {
        read: read.to_vec(),
        write: write.to_vec(),
        page_size,
        batch: 1,
        lengths: BTreeMap::new(),
        fields: BTreeMap::new(),
    };
    Capabilities {
        vendor: "merchantpro",
        side: Side::Store,
        entities: BTreeMap::from([
            (Entity::Product, entity(&[ReadMode::Scan, ReadMode::Fetch], &[], PAGE)),
            (
                Entity::Catalogue,
                EntityCapabilities {
                    fields: fields(),
                    ..entity(
                        &[ReadMode::Scan, ReadMode::Fetch],
                        &[WriteMode::Create, WriteMode::Update],
                        PAGE,
                    )
                },
            ),
            (Entity::Category, entity(&[], &[WriteMode::Create], PAGE)),
            (Entity::Stock, entity(&[], &[WriteMode::Update], 1)),
            (
                Entity::Order,
                entity(
                    &[ReadMode::Scan, ReadMode::Fetch],
                    &[WriteMode::Update, WriteMode::Transition, WriteMode::Tracking, WriteMode::Tag],
                    PAGE,
                ),
            ),
        ]),
        reference_enforced: false,
        lookup: Lookup::None,
        max_in_flight: MAX_IN_FLIGHT,
        totals: Totals::Never,
        absence: Absence::Unknown,
        document: None,
        line_needs_product: false,
    }
}

/// Every field can be given and changed (dossier §5.1). No source states a length.
fn fields() -> BTreeMap<Field, FieldCapability> {
    let field = |field: Field| {
        let decimals = match field {
            Field::Price | Field::OldPrice | Field::Cost => Some(prices::PLACES),
            _ => None,
        };
        let required = field == Field::Name;
        (field, FieldCapability { create: true, update: true, required, length: None, decimals })
    };
    Field::ALL.into_iter().map(field).collect()
}
