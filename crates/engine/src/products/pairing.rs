//! Which product of the ERP is which of a store's, and what both last agreed on.

use std::collections::{BTreeMap, BTreeSet};

use zygos_core::{
    RemoteKey,
    catalogue::{Choice, Halves, Pair, ProductRule, halves_after},
    contract::{Fetch, Lane, Side},
    model::{Entity, Field, Record},
};
use zygos_storage::{Link, StoredProduct};

use crate::{
    engine::{Engine, lock},
    error::{EngineError, Result},
    health::Deed,
    settings::StoreSettings,
};

/// A store's product and a product of the ERP that share linked units.
pub(crate) struct Paired {
    pub store: StoredProduct,
    pub erp: StoredProduct,
    /// All links of units of either, the store's unit first.
    pub links: Vec<(RemoteKey, RemoteKey)>,
    /// They correspond one to one, so that what all variants share can be compared.
    pub whole: bool,
    pub bases: BTreeMap<RemoteKey, BTreeMap<Field, Halves>>,
}

/// What the ERP sells units for by a store's price list.
pub(crate) type ListPrices = BTreeMap<RemoteKey, Option<rust_decimal::Decimal>>;

/// Which unit of a side has a SKU.
type Holder<'a> = dyn Fn(Side, &str) -> Option<RemoteKey> + 'a;

type LinksTo = BTreeMap<RemoteKey, Vec<(RemoteKey, RemoteKey)>>;

/// Prices of this many units are asked for together.
const PRICES: usize = 200;

impl Paired {
    pub fn view<'a>(
        &'a self,
        list_prices: Option<&'a ListPrices>,
        answers: &'a BTreeMap<(RemoteKey, Field), Choice>,
        taken: &'a Holder<'a>,
    ) -> Pair<'a> {
        Pair {
            store: &self.store.product,
            erp: &self.erp.product,
            links: &self.links,
            whole: self.whole,
            bases: &self.bases,
            list_prices,
            answers,
            taken,
        }
    }

    /// What both sides hold in every field that is governed, by the key of its base.
    pub fn halves(
        &self,
        list_prices: Option<&ListPrices>,
        rule: &ProductRule,
    ) -> BTreeMap<(RemoteKey, Field), Halves> {
        let nothing = BTreeMap::new();
        let view = self.view(list_prices, &nothing, &|_, _| None);
        halves_after(&view, rule)
            .into_iter()
            .map(|agreement| ((agreement.key, agreement.field), agreement.halves))
            .collect()
    }

    /// The ERP's units whose prices matter.
    pub fn erp_units(&self) -> impl Iterator<Item = RemoteKey> {
        self.erp.product.variants.iter().map(|variant| variant.unit.key.clone())
    }
}

impl Engine {
    /// The pairs that these products of a store are in; a product that isn't linked is in none.
    pub(crate) async fn pairs(&self, store: &StoreSettings, keys: &[RemoteKey]) -> Result<Vec<Paired>> {
        let id = &store.connection.id;
        let erp = &self.settings.erp.id;
        let products = self.repository.products(id, keys).await?;
        let units = units_of(&products);
        let links: BTreeMap<RemoteKey, Link> = self
            .repository
            .links_of(id, &units)
            .await?
            .into_iter()
            .map(|link| (link.store_key.clone(), link))
            .collect();
        let erp_units: Vec<RemoteKey> = links.values().map(|link| link.erp_key.clone()).collect();
        let erp_product_of: BTreeMap<RemoteKey, RemoteKey> =
            self.repository.products_of(erp, &erp_units).await?.into_iter().collect();
        let erp_keys: BTreeSet<RemoteKey> = erp_product_of.values().cloned().collect();
        let erp_keys: Vec<RemoteKey> = erp_keys.into_iter().collect();
        let erp_products: BTreeMap<RemoteKey, StoredProduct> = self
            .repository
            .products(erp, &erp_keys)
            .await?
            .into_iter()
            .map(|stored| (stored.product.key.clone(), stored))
            .collect();
        let (store_products_of, links_to) = self.store_products_of(store, &erp_products).await?;
        let base_keys: Vec<RemoteKey> =
            products.iter().map(|stored| stored.product.key.clone()).chain(units).collect();
        let bases: BTreeMap<RemoteKey, BTreeMap<Field, Halves>> = self
            .repository
            .field_bases(id, &base_keys)
            .await?
            .into_iter()
            .map(|bases| (bases.key, bases.halves))
            .collect();
        let mut pairs = Vec::new();
        for stored in products {
            let of_store: BTreeSet<(RemoteKey, RemoteKey)> = stored
                .product
                .variants
                .iter()
                .filter_map(|variant| links.get(&variant.unit.key))
                .map(|link| (link.store_key.clone(), link.erp_key.clone()))
                .collect();
            let erp_keys: BTreeSet<&RemoteKey> =
                of_store.iter().filter_map(|(_, erp)| erp_product_of.get(erp)).collect();
            let only_one = erp_keys.len() == 1;
            for key in erp_keys {
                let of_erp = links_to.get(key).into_iter().flatten().cloned();
                let links: Vec<(RemoteKey, RemoteKey)> =
                    of_store.iter().cloned().chain(of_erp).collect::<BTreeSet<_>>().into_iter().collect();
                let Some(erp) = erp_products.get(key) else { continue };
                let only_here = store_products_of
                    .get(key)
                    .is_some_and(|of| of.len() == 1 && of.contains(&stored.product.key));
                let bases = links
                    .iter()
                    .map(|(unit, _)| unit)
                    .chain([&stored.product.key])
                    .filter_map(|key| Some((key.clone(), bases.get(key)?.clone())))
                    .collect();
                pairs.push(Paired {
                    store: stored.clone(),
                    erp: erp.clone(),
                    links,
                    whole: only_one && only_here,
                    bases,
                });
            }
        }
        Ok(pairs)
    }

    /// By product of the ERP: the store's products that any of its units is linked to, and those links.
    async fn store_products_of(
        &self,
        store: &StoreSettings,
        erp_products: &BTreeMap<RemoteKey, StoredProduct>,
    ) -> Result<(BTreeMap<RemoteKey, BTreeSet<RemoteKey>>, LinksTo)> {
        let id = &store.connection.id;
        let mut owner = BTreeMap::new();
        for stored in erp_products.values() {
            owner.extend(
                stored
                    .product
                    .variants
                    .iter()
                    .map(|variant| (variant.unit.key.clone(), stored.product.key.clone())),
            );
        }
        let units: Vec<RemoteKey> = owner.keys().cloned().collect();
        let links = self.repository.links_to(&self.settings.erp.id, &units).await?;
        let links: Vec<Link> = links.into_iter().filter(|link| &link.store == id).collect();
        let linked: Vec<RemoteKey> = links.iter().map(|link| link.store_key.clone()).collect();
        let product_of: BTreeMap<RemoteKey, RemoteKey> =
            self.repository.products_of(id, &linked).await?.into_iter().collect();
        let mut of: BTreeMap<RemoteKey, BTreeSet<RemoteKey>> = BTreeMap::new();
        let mut links_to = LinksTo::new();
        for link in links {
            let Some(erp) = owner.get(&link.erp_key) else { continue };
            if let Some(product) = product_of.get(&link.store_key) {
                of.entry(erp.clone()).or_default().insert(product.clone());
            }
            links_to.entry(erp.clone()).or_default().push((link.store_key, link.erp_key));
        }
        Ok((of, links_to))
    }

    /// What the ERP sells these units for by the store's price list, and the rule that these prices are under.
    pub(crate) async fn priced(
        &self,
        store: &StoreSettings,
        erp_units: &[RemoteKey],
        lane: Lane,
    ) -> Result<(ProductRule, Option<ListPrices>)> {
        let prices = self.list_prices(&self.rule_of(store)?, erp_units, lane).await?;
        // Reading a list tells whether its prices are with tax.
        Ok((self.rule_of(store)?, prices))
    }

    /// As [`Self::priced`], where a list's kind is known; `None` where the store has no list.
    pub(crate) async fn list_prices(
        &self,
        rule: &ProductRule,
        erp_units: &[RemoteKey],
        lane: Lane,
    ) -> Result<Option<ListPrices>> {
        let Some(list) = rule.price.as_ref().and_then(|price| price.list.clone()) else { return Ok(None) };
        let erp = &self.settings.erp;
        let mut prices = ListPrices::new();
        for units in erp_units.chunks(PRICES) {
            let context = self.context(lane);
            let fetch = Fetch::Prices { list: list.clone(), units: units.to_vec() };
            let items =
                self.ask(erp, Deed::Read(Entity::Price), erp.connector.fetch(&context, &fetch)).await?;
            for item in items {
                match item {
                    Ok(Record::Price(row)) => {
                        if row.net.is_none() && row.gross.is_some() {
                            lock(&self.gross_lists).insert(list.clone());
                        }
                        prices.insert(row.unit, row.net.or(row.gross));
                    }
                    Ok(_) => {}
                    Err(unreadable) => {
                        let subject = unreadable.key.as_ref().map_or("?", RemoteKey::as_str).to_owned();
                        let text = format!("{}: {unreadable}", erp.id);
                        self.commit(vec![self.issue(&erp.id, "unreadable_price", subject, text, &[])])
                            .await?;
                    }
                }
            }
        }
        Ok(Some(prices))
    }

    /// Reads products afresh and keeps them. Those that are not answered are gone or can't be read.
    pub(crate) async fn refresh_products(
        &self,
        connection: &crate::settings::Connection,
        keys: &[RemoteKey],
        lane: Lane,
    ) -> Result<Vec<RemoteKey>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let read_at = self.now();
        let context = self.context(lane);
        let fetch = Fetch::Keys { entity: Entity::Catalogue, keys: keys.to_vec() };
        let deed = Deed::Read(Entity::Catalogue);
        let items = self.ask(connection, deed, connection.connector.fetch(&context, &fetch)).await?;
        let (products, unreadable) = super::keeping::products_in(&items);
        let met: BTreeSet<&RemoteKey> = products
            .iter()
            .map(|product| &product.key)
            .chain(unreadable.iter().filter_map(|trouble| trouble.key.as_ref()))
            .collect();
        let missing = keys.iter().filter(|key| !met.contains(key)).cloned().collect();
        self.keep_products(&connection.id, &products, read_at).await?;
        Ok(missing)
    }

    pub(crate) fn rule_of(&self, store: &StoreSettings) -> Result<ProductRule> {
        self.product_rule(store).ok_or_else(|| {
            EngineError::Asked(format!(
                "no products or prices move between {} and the ERP",
                store.connection.id
            ))
        })
    }
}

pub(crate) fn units_of(products: &[StoredProduct]) -> Vec<RemoteKey> {
    products
        .iter()
        .flat_map(|stored| stored.product.variants.iter().map(|variant| variant.unit.key.clone()))
        .collect()
}
