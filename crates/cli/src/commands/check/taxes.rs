//! Taxes of the ERP's goods that a store lacks.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use zygos_core::{RemoteKey, contract::CheckFinding, doctor, model::UnitKind};
use zygos_engine::{Engine, StoreSettings};

use super::context;
use crate::failure::Failure;

/// Units asked for at once.
const TOGETHER: u32 = 1000;

/// What is known by the last reading; before the first one, nothing.
pub async fn lacking(engine: &Engine, store: &StoreSettings) -> Result<Vec<CheckFinding>, Failure> {
    let Some(products) = &store.products else { return Ok(Vec::new()) };
    if !products.direction.to_store && !products.create.to_store {
        return Ok(Vec::new());
    }
    let in_use = in_use(engine, store, products.create.to_store).await?;
    if in_use.is_empty() {
        return Ok(Vec::new());
    }
    // A store that can't be asked has said so.
    let Ok(discovery) = store.connection.connector.discover(&context()).await else {
        return Ok(Vec::new());
    };
    Ok(doctor::taxes(store.connection.id.as_str(), &in_use, &discovery.taxes))
}

/// How many of the ERP's goods are taxed with which rate: those that the store has or, if it gets others too, all.
async fn in_use(
    engine: &Engine,
    store: &StoreSettings,
    all: bool,
) -> Result<BTreeMap<Decimal, u64>, Failure> {
    let (repository, erp) = (engine.repository(), &engine.settings().erp.id);
    let mut rates: BTreeMap<Decimal, u64> = BTreeMap::new();
    let mut from = 0;
    loop {
        let units = repository.units(erp, from, TOGETHER).await?;
        let Some(last) = units.last() else { return Ok(rates) };
        from = last.position.saturating_add(1);
        let keys: Vec<RemoteKey> = units.iter().map(|stored| stored.unit.key.clone()).collect();
        let links = repository.links_to(erp, &keys).await?;
        let linked: BTreeSet<RemoteKey> = links
            .into_iter()
            .filter(|link| link.store == store.connection.id)
            .map(|link| link.erp_key)
            .collect();
        for unit in units.into_iter().map(|stored| stored.unit) {
            let counts = unit.kind == UnitKind::Goods && unit.active && (all || linked.contains(&unit.key));
            if let Some(percent) = unit.tax_percent.filter(|_| counts) {
                *rates.entry(percent.normalize()).or_default() += 1;
            }
        }
    }
}
