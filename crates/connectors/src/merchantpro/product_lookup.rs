//! Whole products by key, and by what their units carry.

use serde_json::Value as Json;
use zygos_core::{
    RemoteKey,
    contract::{ConnectorError, ErrorKind, Item},
    model::{Product, Record},
};

use super::{
    PAGE, calls,
    catalogue::{self, Shown},
    known::Visit,
    read,
};

/// One call each. A missing one is not among the answers.
pub(super) async fn by_key(visit: Visit<'_>, keys: &[RemoteKey]) -> Result<Vec<Item>, ConnectorError> {
    let mut items = Vec::new();
    for key in keys {
        if let Some(row) = if_there(visit.get(&catalogue::path(key)).await)? {
            items.extend(items_of(visit, &[&row], Shown::Whole).await?);
        }
    }
    Ok(items)
}

/// Products whose units carry these SKUs. The inventory finds a SKU in one call and doesn't tell whose variant it is;
/// where the product can't be told from the unit, the list is read, its end first, for what is looked for was made a
/// short while ago.
pub(super) async fn by_sku(visit: Visit<'_>, skus: &[String]) -> Result<Vec<Item>, ConnectorError> {
    let mut found: Vec<Product> = Vec::new();
    let mut of_variants: Vec<&str> = Vec::new();
    for sku in skus {
        if found.iter().any(|product| catalogue::carries(product, sku)) {
            continue;
        }
        let path = format!("/inventory/sku/{}", calls::escaped(sku));
        let Some(unit) = if_there(visit.get(&path).await)? else { continue };
        let Some(unit) = read::key_of(&unit) else { continue };
        match product_of(visit, &unit, sku).await? {
            Some(product) => keep(&mut found, product),
            None => of_variants.push(sku),
        }
    }
    if !of_variants.is_empty() {
        in_the_list(visit, of_variants, &mut found).await?;
    }
    Ok(found.into_iter().map(|product| Ok(Record::Catalogue(Box::new(product)))).collect())
}

/// The product of a unit. `/products/{id}` is documented for products; that it answers 404 for a variant's id is
/// inferred, so an answer counts only if it shows the SKU.
async fn product_of(
    visit: Visit<'_>,
    unit: &RemoteKey,
    sku: &str,
) -> Result<Option<Product>, ConnectorError> {
    let Some(row) = if_there(visit.get(&catalogue::path(unit)).await)? else { return Ok(None) };
    let read = visit.products(&[&row], Shown::Whole).await?;
    Ok(read.into_iter().flatten().find(|product| catalogue::carries(product, sku)))
}

/// Pages from the end until each SKU is found. That new products come last is inferred; it saves calls and nothing
/// depends on it.
async fn in_the_list(
    visit: Visit<'_>,
    mut skus: Vec<&str>,
    found: &mut Vec<Product>,
) -> Result<(), ConnectorError> {
    let first = visit.get(&catalogue::page_path(0, PAGE)).await?;
    let size = u64::from(PAGE);
    let mut start = read::total(&first)?.saturating_sub(1) / size * size;
    while !skus.is_empty() {
        let page =
            if start == 0 { first.clone() } else { visit.get(&catalogue::page_path(start, PAGE)).await? };
        let rows: Vec<&Json> = read::rows(&page)?.iter().collect();
        for product in visit.products(&rows, Shown::InList).await?.into_iter().flatten() {
            let before = skus.len();
            skus.retain(|sku| !catalogue::carries(&product, sku));
            if skus.len() < before {
                // A list may lack some of its fields.
                let whole = if_there(visit.get(&catalogue::path(&product.key)).await)?;
                if let Some(row) = whole {
                    visit
                        .products(&[&row], Shown::Whole)
                        .await?
                        .into_iter()
                        .flatten()
                        .for_each(|product| keep(found, product));
                }
            }
        }
        let Some(earlier) = start.checked_sub(size) else { break };
        start = earlier;
    }
    Ok(())
}

fn keep(found: &mut Vec<Product>, product: Product) {
    if !found.iter().any(|known| known.key == product.key) {
        found.push(product);
    }
}

pub(super) async fn items_of(
    visit: Visit<'_>,
    rows: &[&Json],
    shown: Shown,
) -> Result<Vec<Item>, ConnectorError> {
    let products = visit.products(rows, shown).await?;
    let item = |product: Product| Record::Catalogue(Box::new(product));
    Ok(products.into_iter().zip(rows).map(|(product, row)| super::item_of(row, product.map(item))).collect())
}

fn if_there(answer: Result<Json, ConnectorError>) -> Result<Option<Json>, ConnectorError> {
    match answer {
        Ok(row) => Ok(Some(row)),
        Err(ConnectorError { kind: ErrorKind::NotFound, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
