//! From the names a merchant wrote to the ERP's own keys.

use std::{collections::BTreeMap, sync::Arc};

use zygos_core::{
    ConnectionId, RemoteKey,
    contract::{Discovery, Fetch, Lane, Named},
    model::{Entity, PartyQuery, Record},
    orders::{Guests, OrderRule, TaxMapping},
    settings::nearest,
    stock::{StockRule, WarehouseRule},
};

use crate::{
    engine::Engine,
    error::{EngineError, Result},
    health::Deed,
    settings::{GuestFlow, OrderFlow, StockFlow, StoreSettings},
};

/// The rules of every store with the ERP's keys in them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resolved {
    pub stock: BTreeMap<ConnectionId, StockRule>,
    pub orders: BTreeMap<ConnectionId, OrderRule>,
}

impl Resolved {
    /// Every warehouse that any store sells from.
    pub fn warehouses(&self) -> Vec<RemoteKey> {
        let mut all: Vec<RemoteKey> = self
            .stock
            .values()
            .flat_map(|rule| rule.warehouses.iter().map(|warehouse| warehouse.warehouse.clone()))
            .collect();
        all.sort();
        all.dedup();
        all
    }
}

impl Engine {
    /// The rules in force; asks the ERP the first time.
    pub async fn resolved(&self) -> Result<Arc<Resolved>> {
        let known = self.resolved.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        if let Some(resolved) = known {
            return Ok(resolved);
        }
        let resolved = Arc::new(self.resolve().await?);
        *self.resolved.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(resolved.clone());
        Ok(resolved)
    }

    async fn resolve(&self) -> Result<Resolved> {
        let erp = &self.settings.erp;
        let context = self.context(Lane::Catalogue);
        let discovery = self.ask(erp, Deed::Discover, erp.connector.discover(&context)).await?;
        let services = self.service_products().await?;
        let parties = self.fixed_parties().await?;
        let mut resolved = Resolved::default();
        let mut problems = Vec::new();
        for store in &self.settings.stores {
            let id = &store.connection.id;
            if let Some(flow) = &store.stock
                && let Some(rule) = stock_rule(id, flow, &discovery, &mut problems)
            {
                resolved.stock.insert(id.clone(), rule);
            }
            if let Some(flow) = &store.orders {
                let names = Names { discovery: &discovery, services: &services, parties: &parties };
                if let Some(rule) = self.order_rule(store, flow, &names, &mut problems) {
                    resolved.orders.insert(id.clone(), rule);
                }
            }
        }
        let mut mutations: Vec<_> = Vec::new();
        if problems.is_empty() {
            mutations.push(self.close_issue(&erp.id, "configuration", "configuration"));
            self.commit(mutations).await?;
            Ok(resolved)
        } else {
            mutations.push(self.issue(&erp.id, "configuration", "configuration", problems.join("\n"), &[]));
            self.commit(mutations).await?;
            Err(EngineError::Unfit(problems))
        }
    }

    fn order_rule(
        &self,
        store: &StoreSettings,
        flow: &OrderFlow,
        names: &Names<'_>,
        problems: &mut Vec<String>,
    ) -> Option<OrderRule> {
        let id = &store.connection.id;
        let before = problems.len();
        let warehouse = names.find(id, "warehouse", &flow.warehouse, &names.discovery.warehouses, problems);
        if let Some(shop) = &flow.shop {
            names.find(id, "shop", shop, &names.discovery.shops, problems);
        }
        let mut taxes = Vec::new();
        for (percent, wanted) in &flow.taxes {
            let mut keys = Vec::new();
            for name in wanted {
                let found =
                    names.discovery.taxes.iter().find(|tax| &tax.name == name || tax.key.as_str() == name);
                match found {
                    Some(tax) => keys.push(tax.key.clone()),
                    None => problems.push(format!(
                        "store {id}, orders.taxes: the ERP has no tax called `{name}`{}; it has {}",
                        meant(name, names.discovery.taxes.iter().map(|tax| tax.name.as_str())),
                        listed(names.discovery.taxes.iter().map(|tax| tax.name.as_str()))
                    )),
                }
            }
            taxes.push(TaxMapping { percent: *percent, taxes: keys });
        }
        let mut service = |field: &str, sku: &Option<String>| {
            let sku = sku.as_ref()?;
            let found = names.services.get(sku).cloned();
            if found.is_none() {
                problems.push(format!(
                    "store {id}, orders.{field}: the ERP has no product with SKU `{sku}`; make a service product or name another"
                ));
            }
            found
        };
        let shipping_product = service("shipping_sku", &flow.shipping_sku);
        let discount_product = service("discount_sku", &flow.discount_sku);
        let fee_product = service("fee_sku", &flow.fee_sku);
        let gift_product = service("gift_sku", &flow.gift_sku);
        let rounding_product = service("rounding_sku", &flow.rounding_sku);
        let guests = match &flow.guests {
            GuestFlow::Match => Guests::Match,
            GuestFlow::Fixed(code) => match names.parties.get(code) {
                Some(party) => Guests::Fixed(party.clone()),
                None => {
                    problems.push(format!(
                        "store {id}, orders.guests: the ERP has no customer with the code `{code}`"
                    ));
                    Guests::Match
                }
            },
        };
        if problems.len() > before {
            return None;
        }
        let declared = self.settings.erp.connector.capabilities();
        let mut text_lengths: BTreeMap<String, u32> = declared
            .entities
            .values()
            .flat_map(|entity| entity.lengths.iter().map(|(field, length)| ((*field).to_owned(), *length)))
            .collect();
        text_lengths.extend(self.settings.text_lengths.clone());
        Some(OrderRule {
            prefix: flow.prefix.clone(),
            shop: flow.shop.clone(),
            warehouse: warehouse?,
            orders_from: flow.orders_from,
            currency: flow.currency,
            payment: flow.payment.clone(),
            taxes,
            shipping_product,
            discount_product,
            fee_product,
            gift_product,
            rounding_product,
            rounding_limit: flow.rounding_limit,
            text_lengths,
            too_long: flow.too_long,
            guests,
            timezone: flow.timezone.clone(),
        })
    }

    async fn service_products(&self) -> Result<BTreeMap<String, RemoteKey>> {
        let flows = self.settings.stores.iter().filter_map(|store| store.orders.as_ref());
        let mut skus: Vec<String> = flows
            .flat_map(|flow| {
                [&flow.shipping_sku, &flow.discount_sku, &flow.fee_sku, &flow.gift_sku, &flow.rounding_sku]
            })
            .flatten()
            .cloned()
            .collect();
        skus.sort();
        skus.dedup();
        let erp = &self.settings.erp;
        if skus.is_empty() || !erp.connector.capabilities().can_fetch(Entity::Product) {
            return Ok(BTreeMap::new());
        }
        let fetch = Fetch::UnitsBySku { skus };
        let context = self.context(Lane::Catalogue);
        let items = self.ask(erp, Deed::Read(Entity::Product), erp.connector.fetch(&context, &fetch)).await?;
        Ok(items
            .into_iter()
            .filter_map(|item| match item {
                Ok(Record::Product(unit)) => Some((unit.sku?, unit.key)),
                _ => None,
            })
            .collect())
    }

    async fn fixed_parties(&self) -> Result<BTreeMap<String, RemoteKey>> {
        let mut parties = BTreeMap::new();
        let erp = &self.settings.erp;
        for store in &self.settings.stores {
            let Some(OrderFlow { guests: GuestFlow::Fixed(code), .. }) = &store.orders else { continue };
            let fetch = Fetch::Parties(PartyQuery::Code(code.clone()));
            let context = self.context(Lane::Catalogue);
            for item in
                self.ask(erp, Deed::Read(Entity::Customer), erp.connector.fetch(&context, &fetch)).await?
            {
                if let Ok(Record::Customer(party)) = item {
                    parties.insert(code.clone(), party.key);
                }
            }
        }
        Ok(parties)
    }
}

/// What the ERP has, to find configured names in.
struct Names<'a> {
    discovery: &'a Discovery,
    services: &'a BTreeMap<String, RemoteKey>,
    parties: &'a BTreeMap<String, RemoteKey>,
}

impl Names<'_> {
    fn find(
        &self,
        store: &ConnectionId,
        what: &str,
        name: &str,
        all: &[Named],
        problems: &mut Vec<String>,
    ) -> Option<RemoteKey> {
        let found = find(name, all);
        if found.is_none() {
            problems.push(format!("store {store}, orders.{what}: {}", unknown(what, name, all)));
        }
        found
    }
}

fn stock_rule(
    store: &ConnectionId,
    flow: &StockFlow,
    discovery: &Discovery,
    problems: &mut Vec<String>,
) -> Option<StockRule> {
    let before = problems.len();
    let mut warehouses = Vec::new();
    for (name, figure) in &flow.warehouses {
        match find(name, &discovery.warehouses) {
            Some(warehouse) => {
                warehouses.push(WarehouseRule { warehouse, name: name.clone(), figure: *figure });
            }
            None => problems.push(format!(
                "store {store}, stock.warehouses: {}",
                unknown("warehouse", name, &discovery.warehouses)
            )),
        }
    }
    (problems.len() == before).then_some(StockRule {
        warehouses,
        buffer: flow.buffer,
        max_listed: flow.max_listed,
        multiple: flow.multiple,
        backorders: flow.backorders,
    })
}

fn find(name: &str, all: &[Named]) -> Option<RemoteKey> {
    all.iter().find(|named| named.is_called(name)).map(|named| named.key.clone())
}

fn unknown(what: &str, name: &str, all: &[Named]) -> String {
    let shown = || all.iter().map(|named| named.code.as_deref().unwrap_or(&named.name));
    let called = all.iter().flat_map(|named| named.code.as_deref().into_iter().chain([named.name.as_str()]));
    let meant = meant(name, called);
    format!("the ERP has no {what} called `{name}`{meant}; it has {}", listed(shown()))
}

fn meant<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(name, known).map(|known| format!(" (did you mean `{known}`?)")).unwrap_or_default()
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
