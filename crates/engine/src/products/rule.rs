//! A store's rule for products and prices: what is configured, with what both sides can do.

use std::collections::BTreeMap;

use zygos_core::{
    catalogue::{Gone, Owner, PriceRule, ProductRule},
    contract::PriceKind,
    model::{Entity, Field},
};

use crate::{
    engine::{Engine, lock},
    settings::{Directions, PriceFlow, ProductFlow, StoreSettings},
};

/// Every ERP met so far keeps the price of a product without tax; a price list may be with.
pub(super) const ERPS_OWN: PriceKind = PriceKind::Net;
/// Decimals of a price in the ERP, when its connector doesn't say.
const ERP_PLACES: u32 = 4;

impl Engine {
    /// `None`: neither products nor prices move between this store and the ERP.
    pub(crate) fn product_rule(&self, store: &StoreSettings) -> Option<ProductRule> {
        if store.products.is_none() && store.prices.is_none() {
            return None;
        }
        let store_can = store.connection.connector.capabilities();
        let erp_can = self.settings.erp.connector.capabilities();
        let store_fields = store_can.entity(Entity::Catalogue)?.fields.clone();
        let erp_fields = erp_can.entity(Entity::Catalogue)?.fields.clone();
        let flow = store.products.as_ref();
        let (direction, create) =
            flow.map_or((Directions::default(), Directions::default()), |flow| (flow.direction, flow.create));
        let mut owners = BTreeMap::new();
        if let Some(flow) = flow {
            for field in Field::ALL {
                if !store_fields.contains_key(&field) || !erp_fields.contains_key(&field) {
                    continue;
                }
                if let Some(owner) = owner_of(flow, field)
                    && !self.is_lead_by_another(store, field, owner)
                {
                    owners.insert(field, owner);
                }
            }
        }
        Some(ProductRule {
            to_store: direction.to_store,
            to_erp: direction.to_erp,
            create_in_store: create.to_store,
            create_in_erp: create.to_erp,
            active_in_store: flow.is_some_and(|flow| flow.active_in_store),
            owners,
            gone: flow.map_or(Gone::Leave, |flow| flow.gone),
            option_name: flow.map_or_else(|| "Variant".to_owned(), |flow| flow.option_name.clone()),
            measure: flow.map_or_else(|| "Unit".to_owned(), |flow| flow.measure.clone()),
            tax_classes: flow.map_or_else(Vec::new, |flow| flow.tax_classes.clone()),
            price: store.prices.as_ref().map(|flow| {
                let erp_places = erp_fields.get(&Field::Price).and_then(|price| price.decimals);
                let is_gross = flow.list.as_ref().is_some_and(|list| lock(&self.gross_lists).contains(list));
                let rule = price_rule(flow, is_gross, erp_places.unwrap_or(ERP_PLACES));
                PriceRule { to_erp: rule.to_erp && !self.is_price_lead_by_another(store, flow), ..rule }
            }),
            store_fields,
            erp_fields,
            erp_has_options: false,
        })
    }

    /// As [`Self::is_lead_by_another`], of the price that holds without a list or of one list's.
    fn is_price_lead_by_another(&self, store: &StoreSettings, flow: &PriceFlow) -> bool {
        flow.owner == Owner::Store
            && self
                .settings
                .stores
                .iter()
                .take_while(|other| other.connection.id != store.connection.id)
                .filter_map(|other| other.prices.as_ref())
                .any(|other| other.direction.to_erp && other.owner == Owner::Store && other.list == flow.list)
    }

    /// What several stores own, the ERP can hold only once: the first of them fills it, the others keep their own.
    fn is_lead_by_another(&self, store: &StoreSettings, field: Field, owner: Owner) -> bool {
        owner == Owner::Store
            && self
                .settings
                .stores
                .iter()
                .take_while(|other| other.connection.id != store.connection.id)
                .filter_map(|other| other.products.as_ref())
                .any(|other| other.direction.to_erp && owner_of(other, field) == Some(Owner::Store))
    }
}

/// `None`: it is left alone once a product exists.
fn owner_of(flow: &ProductFlow, field: Field) -> Option<Owner> {
    if let Some(owner) = flow.owners.get(&field) {
        return Some(*owner);
    }
    match field {
        // Prices have a flow of their own. Being on sale is the shop's, and the ERP's retiring follows `gone`. Units of
        // measure are called differently on each side; the same word would rarely be right.
        Field::Price | Field::OldPrice | Field::Active | Field::Measure => None,
        _ => ProductRule::usual_owner(field),
    }
}

fn price_rule(flow: &PriceFlow, is_gross: bool, erp_places: u32) -> PriceRule {
    PriceRule {
        list: flow.list.clone(),
        authority: flow.authority,
        erp_holds: if is_gross { PriceKind::Gross } else { ERPS_OWN },
        to_store: flow.direction.to_store,
        to_erp: flow.direction.to_erp,
        owner: flow.owner,
        store_places: flow.places,
        erp_places,
        jump_percent: flow.jump_percent,
    }
}
