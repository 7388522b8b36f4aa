//! Whether a store's flows fit what both sides can do, and its call limits.

use std::collections::BTreeSet;

use zygos_core::{
    ConnectionId, RemoteKey,
    contract::CheckFinding,
    doctor,
    fitness::{Wanted, field_fitness, fitness},
    model::Entity,
};
use zygos_engine::{Connection, Engine, StoreSettings};
use zygos_storage::Repository;

use crate::failure::Failure;

/// Units or products asked for at once.
const TOGETHER: u32 = 1000;

/// What a store's flows ask of both sides.
pub(super) fn wanted(store: &StoreSettings) -> Wanted {
    Wanted {
        stock: store.stock.is_some(),
        orders: store.orders.is_some(),
        status: store.feedback.status,
        tracking: store.feedback.tracking,
        invoice_tag: store.feedback.invoice_tag.is_some(),
        products_to_store: store.products.as_ref().is_some_and(|products| products.direction.to_store),
        products_to_erp: store.products.as_ref().is_some_and(|products| products.direction.to_erp),
        create_in_store: store.products.as_ref().is_some_and(|products| products.create.to_store),
        create_in_erp: store.products.as_ref().is_some_and(|products| products.create.to_erp),
        prices_to_store: store.prices.as_ref().is_some_and(|prices| prices.direction.to_store),
        prices_to_erp: store.prices.as_ref().is_some_and(|prices| prices.direction.to_erp),
        price_list: store.prices.as_ref().is_some_and(|prices| prices.list.is_some()),
    }
}

/// Where what the two sides can do limits a store's flows.
pub(super) fn limits(store: &StoreSettings, erp: &Connection) -> Vec<CheckFinding> {
    let wanted = wanted(store);
    let connection = &store.connection;
    let name = connection.id.as_str();
    let (here, there) = (connection.connector.capabilities(), erp.connector.capabilities());
    let mut findings = fitness(name, wanted, here, there);
    if let Some(products) = &store.products {
        findings.extend(field_fitness(name, &products.owners, wanted, here, there));
    }
    findings
}

/// What the store's call limits mean for reading all its products again and again.
pub(super) async fn calls(engine: &Engine, store: &StoreSettings) -> Result<Option<CheckFinding>, Failure> {
    let connection = &store.connection;
    let whole = store.products.is_some() || store.prices.is_some();
    let entity = if whole { Entity::Catalogue } else { Entity::Product };
    let declared = connection.connector.capabilities().entity(entity);
    let reading = doctor::Reading {
        products: products(engine.repository().as_ref(), &connection.id).await?,
        page_size: declared.map_or(1, |declared| declared.page_size),
        every: (whole || store.stock.is_some()).then_some(engine.settings().pace.verify_every),
    };
    Ok(doctor::calls(&connection.windows, reading))
}

/// As many as were met in the last reading; a page has products, however many variants each has.
async fn products(repository: &dyn Repository, connection: &ConnectionId) -> Result<u64, Failure> {
    let mut products: BTreeSet<RemoteKey> = BTreeSet::new();
    let mut from = 0;
    loop {
        let units = repository.units(connection, from, TOGETHER).await?;
        let Some(last) = units.last() else { break };
        from = last.position.saturating_add(1);
        products.extend(units.into_iter().map(|stored| stored.unit.parent.unwrap_or(stored.unit.key)));
    }
    Ok(u64::try_from(products.len()).unwrap_or(u64::MAX))
}
