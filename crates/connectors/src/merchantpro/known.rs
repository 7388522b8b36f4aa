//! What one account has been told of its store and is asked for again and again: categories, taxes, the tax of each
//! product. Kept in memory only; whatever turns out to be old is read again.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value;
use tokio::sync::Mutex;
use zygos_core::{
    RemoteKey,
    clock::{elapsed, later},
    contract::{CallContext, ConnectorError},
    model::Product,
};

use super::{calls::Caller, catalogue, categories::Tree, read::Fields};

/// How long an image that was sent by its address may stay in the store's import queue, where reading doesn't show it
/// (inferred: nothing says how long).
const IMAGE_IMPORT: Duration = Duration::from_secs(3600);

/// Taxes that were read so lately are not read again for one that is missing among them: many products may lack it.
const TAXES_HOLD: Duration = Duration::from_secs(15);

#[derive(Default)]
pub(super) struct Known {
    tree: Mutex<Option<Arc<Tree>>>,
    /// With the time of reading.
    taxes: Mutex<Option<(Timestamp, Arc<Vec<Tax>>)>>,
    /// Percent by product, as last read.
    rates: Mutex<BTreeMap<RemoteKey, Decimal>>,
    /// When an image was sent, by product and address.
    images: Mutex<BTreeMap<(RemoteKey, String), Timestamp>>,
    /// Where in the list a unit was last met: the start of its page, by numeric id, for there may be very many.
    places: Mutex<HashMap<u64, u32>>,
}

/// A tax as the store has it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tax {
    pub key: RemoteKey,
    pub name: String,
    pub percent: Option<Decimal>,
}

/// One piece of work at the store.
#[derive(Clone, Copy)]
pub(super) struct Visit<'a> {
    pub caller: &'a Caller,
    pub known: &'a Known,
    pub context: &'a CallContext,
}

impl Visit<'_> {
    pub async fn get(&self, path: &str) -> Result<Value, ConnectorError> {
        self.caller.get(self.context, path).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, ConnectorError> {
        self.caller.post(self.context, path, body).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Result<Value, ConnectorError> {
        self.caller.patch(self.context, path, Some(body)).await
    }

    /// The categories as last read; `again` reads them now.
    pub async fn tree(&self, again: bool) -> Result<Arc<Tree>, ConnectorError> {
        let mut kept = self.known.tree.lock().await;
        if let Some(tree) = kept.as_ref().filter(|_| !again) {
            return Ok(tree.clone());
        }
        let tree = Arc::new(Tree::read(self.caller, self.context).await?);
        *kept = Some(tree.clone());
        Ok(tree)
    }

    /// The categories, with these among them if the store has them. What it doesn't list is asked for once.
    pub async fn tree_with(&self, ids: &BTreeSet<RemoteKey>) -> Result<Arc<Tree>, ConnectorError> {
        let mut kept = self.known.tree.lock().await;
        if ids.is_empty() {
            return Ok(kept.clone().unwrap_or_default());
        }
        if let Some(tree) = kept.as_ref().filter(|tree| tree.answers_for(ids)) {
            return Ok(tree.clone());
        }
        let mut tree = Tree::read(self.caller, self.context).await?;
        tree.note_missing(ids);
        let tree = Arc::new(tree);
        *kept = Some(tree.clone());
        Ok(tree)
    }

    pub async fn keep_tree(&self, tree: Tree) {
        *self.known.tree.lock().await = Some(Arc::new(tree));
    }

    pub async fn taxes(&self, again: bool) -> Result<Arc<Vec<Tax>>, ConnectorError> {
        let now = self.caller.now();
        let mut kept = self.known.taxes.lock().await;
        if let Some((read_at, taxes)) = kept.as_ref()
            && (!again || elapsed(*read_at, now) < TAXES_HOLD)
        {
            return Ok(taxes.clone());
        }
        let answer = self.get("/taxonomy/taxes").await?;
        let rows = answer.as_array().map(Vec::as_slice).unwrap_or_default();
        let taxes: Vec<Tax> = rows
            .iter()
            .filter_map(|row| {
                let fields = Fields::of(row).ok()?;
                Some(Tax {
                    key: fields.key("id").ok()??,
                    name: fields.text("name").unwrap_or_default(),
                    percent: fields.decimal("value").ok()?,
                })
            })
            .collect();
        let taxes = Arc::new(taxes);
        *kept = Some((now, taxes.clone()));
        Ok(taxes)
    }

    /// The store's tax of so many percent; the first one where it has several.
    pub async fn tax(&self, percent: Decimal) -> Result<RemoteKey, ConnectorError> {
        for again in [false, true] {
            let taxes = self.taxes(again).await?;
            if let Some(tax) = taxes.iter().find(|tax| tax.percent == Some(percent)) {
                return Ok(tax.key.clone());
            }
        }
        Err(ConnectorError::rejected(
            Some("tax"),
            format!(
                "the store has no tax of {} %; make it there, or give the product another tax",
                percent.normalize()
            ),
        ))
    }

    /// Rows of products as catalogues have them. Remembers their taxes.
    pub async fn products(
        &self,
        rows: &[&Value],
        shown: catalogue::Shown,
    ) -> Result<Vec<Result<Product, zygos_core::contract::Unreadable>>, ConnectorError> {
        let ids = rows.iter().flat_map(|row| catalogue::category_ids(row)).collect();
        let tree = self.tree_with(&ids).await?;
        let products: Vec<_> = rows.iter().map(|row| catalogue::product(row, &tree, shown)).collect();
        let mut rates = self.known.rates.lock().await;
        for product in products.iter().flatten() {
            match catalogue::percent(product) {
                Some(percent) => rates.insert(product.key.clone(), percent),
                None => rates.remove(&product.key),
            };
        }
        Ok(products)
    }

    /// Remembers that these were met on the page that begins at `start`.
    pub async fn met(&self, start: u64, units: impl Iterator<Item = &RemoteKey>) {
        let Ok(start) = u32::try_from(start) else { return };
        let ids = units.filter_map(|unit| unit.as_str().parse().ok());
        self.known.places.lock().await.extend(ids.map(|id| (id, start)));
    }

    /// The pages on which at least two of these were last met. A page that shows one of them saves nothing.
    pub async fn shared_pages(&self, units: &[RemoteKey]) -> BTreeSet<u64> {
        let places = self.known.places.lock().await;
        let mut on_page: BTreeMap<u32, u32> = BTreeMap::new();
        for unit in units {
            let id: Option<u64> = unit.as_str().parse().ok();
            if let Some(start) = id.and_then(|id| places.get(&id)) {
                *on_page.entry(*start).or_default() += 1;
            }
        }
        on_page.into_iter().filter(|(_, count)| *count > 1).map(|(start, _)| u64::from(start)).collect()
    }

    /// The tax of a product as last read.
    pub async fn rate(&self, product: &RemoteKey) -> Option<Decimal> {
        self.known.rates.lock().await.get(product).copied()
    }

    /// Those of `addresses` that were not sent for this product a short while ago.
    pub async fn not_waiting(&self, product: &RemoteKey, addresses: Vec<String>) -> Vec<String> {
        let now = self.caller.now();
        let mut images = self.known.images.lock().await;
        images.retain(|_, sent| later(*sent, IMAGE_IMPORT) > now);
        addresses
            .into_iter()
            .filter(|address| !images.contains_key(&(product.clone(), address.clone())))
            .collect()
    }

    pub async fn images_sent(&self, product: &RemoteKey, addresses: &[String]) {
        let now = self.caller.now();
        let mut images = self.known.images.lock().await;
        images.extend(addresses.iter().map(|address| ((product.clone(), address.clone()), now)));
    }
}
