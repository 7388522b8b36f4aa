//! Which fields of a pair a flow governs, with both sides' values of each.

use rust_decimal::Decimal;

use super::{
    Choice, Halves, Meeting, Owner, Pair, PriceTerms, ProductRule, Target, Trouble, TroubleKind, carried,
    price::price_of, words,
};
use crate::{
    contract::{FieldCapability, Side},
    ids::RemoteKey,
    model::{Field, Product, Value, Variant},
};

/// A field that both sides have.
pub(super) struct Governed<'a> {
    pub field: Field,
    /// `None`: the shop's own decision.
    pub owner: Option<Owner>,
    /// The store's product or unit.
    pub store_key: &'a RemoteKey,
    /// The ERP's.
    pub erp_key: &'a RemoteKey,
    pub sku: Option<String>,
    pub store: Value,
    pub erp: Value,
    pub percent: Option<Decimal>,
    /// The ERP's value as the store would hold it, and the other way.
    for_store: Value,
    for_erp: Value,
    store_ability: &'a FieldCapability,
    erp_ability: &'a FieldCapability,
}

impl<'a> Governed<'a> {
    pub fn meeting<'m>(
        &'m self,
        rule: &ProductRule,
        base: Option<&'m Halves>,
        answer: Option<Choice>,
    ) -> Meeting<'m> {
        Meeting {
            field: self.field,
            owner: self.owner.unwrap_or(Owner::Store),
            base,
            store: &self.store,
            erp: &self.erp,
            percent: self.percent,
            into_store: Target {
                may_write: rule.may_write(Side::Store, self.field),
                ability: self.store_ability,
                value: self.for_store.clone(),
            },
            into_erp: Target {
                may_write: rule.may_write(Side::Erp, self.field),
                ability: self.erp_ability,
                value: self.for_erp.clone(),
            },
            answer,
        }
    }

    pub fn halves(&self) -> Halves {
        Halves { store: self.store.clone(), erp: self.erp.clone(), percent: self.percent }
    }

    pub fn key(&self, side: Side) -> &'a RemoteKey {
        match side {
            Side::Store => self.store_key,
            Side::Erp => self.erp_key,
        }
    }

    pub fn value(&self, side: Side) -> &Value {
        match side {
            Side::Store => &self.store,
            Side::Erp => &self.erp,
        }
    }
}

/// What all variants share.
pub(super) fn of_whole<'a>(pair: &Pair<'a>, rule: &'a ProductRule) -> Vec<Governed<'a>> {
    if !pair.whole {
        return Vec::new();
    }
    let fields = rule.owners.iter().filter(|(field, _)| !field.is_of_unit());
    let governed = fields.filter_map(|(field, owner)| {
        let (store, erp) = (pair.store.facts.get(field)?, pair.erp.facts.get(field)?);
        let keys = (&pair.store.key, &pair.erp.key);
        plain(rule, *field, Some(*owner), keys, pair.store.code.clone(), (store.clone(), erp.clone()))
    });
    governed.collect()
}

/// What each linked unit has of its own; with what stands in the way of comparing prices. `percent`: the tax that the
/// product will have in the store, where it is about to change.
pub(super) fn of_units<'a>(
    pair: &Pair<'a>,
    rule: &'a ProductRule,
    percent: Option<Decimal>,
) -> (Vec<Governed<'a>>, Vec<Trouble>) {
    let (mut governed, mut troubles) = (Vec::new(), Vec::new());
    for (store, erp) in pair.linked() {
        for field in Field::ALL.into_iter().filter(|field| field.is_of_unit()) {
            match field {
                Field::Price | Field::OldPrice => {
                    match priced(pair, rule, field, percent, store, erp) {
                        Ok(found) => governed.extend(found),
                        Err(trouble) => troubles.push(trouble),
                    }
                    continue;
                }
                _ => {}
            }
            let owner = rule.owners.get(&field).copied();
            if owner.is_none() && field != Field::Active {
                continue;
            }
            let (Some(on_store), Some(on_erp)) = (store.value(field), erp.value(field)) else { continue };
            let keys = (&store.unit.key, &erp.unit.key);
            governed.extend(plain(rule, field, owner, keys, sku(store, erp), (on_store, on_erp)));
        }
    }
    (governed, troubles)
}

fn plain<'a>(
    rule: &'a ProductRule,
    field: Field,
    owner: Option<Owner>,
    (store_key, erp_key): (&'a RemoteKey, &'a RemoteKey),
    sku: Option<String>,
    (store, erp): (Value, Value),
) -> Option<Governed<'a>> {
    let store_ability = rule.ability(Side::Store, field)?;
    let erp_ability = rule.ability(Side::Erp, field)?;
    let (for_store, for_erp) = (carried(&erp, store_ability), carried(&store, erp_ability));
    Some(Governed {
        field,
        owner,
        store_key,
        erp_key,
        sku,
        store,
        erp,
        percent: None,
        for_store,
        for_erp,
        store_ability,
        erp_ability,
    })
}

/// A price, or the price before a reduction. `Ok(None)`: not governed.
fn priced<'a>(
    pair: &Pair<'a>,
    rule: &'a ProductRule,
    field: Field,
    percent: Option<Decimal>,
    store: &'a Variant,
    erp: &'a Variant,
) -> Result<Option<Governed<'a>>, Trouble> {
    let percent = percent.or_else(|| percent_of(pair.store, store)).or_else(|| percent_of(pair.erp, erp));
    let (Some(price), Some(terms)) = (&rule.price, PriceTerms::of(rule, percent)) else { return Ok(None) };
    let values = match field {
        Field::Price => {
            let on_erp = match (&price.list, pair.list_prices) {
                (None, _) => Some(price_of(&erp.unit, price.erp_holds)),
                // Not read: nothing is said about it.
                (Some(_), None) => None,
                (Some(list), Some(prices)) => match prices.get(&erp.unit.key) {
                    None => None,
                    Some(Some(price)) => Some(Value::number(*price)),
                    Some(None) => {
                        return Err(trouble(
                            TroubleKind::NoListPrice,
                            store,
                            erp,
                            words::no_list_price(list),
                        ));
                    }
                },
            };
            on_erp.map(|on_erp| (price.owner, price_of(&store.unit, price.authority), on_erp))
        }
        _ => rule.owners.get(&field).and_then(|owner| Some((*owner, store.value(field)?, erp.value(field)?))),
    };
    let Some((owner, on_store, on_erp)) = values else { return Ok(None) };
    let keys = (&store.unit.key, &erp.unit.key);
    let Some(mut governed) = plain(rule, field, Some(owner), keys, sku(store, erp), (on_store, on_erp))
    else {
        return Ok(None);
    };
    let across = if terms.lack_tax() { None } else { terms.across(&governed.store, &governed.erp) };
    let Some((for_store, for_erp)) = across else {
        return match field {
            Field::Price => Err(trouble(TroubleKind::UnknownTax, store, erp, words::unknown_tax())),
            // Told of the price already.
            _ => Ok(None),
        };
    };
    governed.percent = terms.percent;
    (governed.for_store, governed.for_erp) = (for_store, for_erp);
    Ok(Some(governed))
}

pub(super) fn percent_of(product: &Product, variant: &Variant) -> Option<Decimal> {
    variant.unit.tax_percent.or_else(|| product.facts.get(&Field::Tax)?.as_number())
}

pub(super) fn trouble(kind: TroubleKind, store: &Variant, erp: &Variant, text: String) -> Trouble {
    let sku = sku(store, erp);
    let called =
        sku.as_deref().map_or_else(|| format!("unit {}", store.unit.key), |sku| format!("SKU {sku}"));
    Trouble { kind, subject: store.unit.key.to_string(), text: format!("{called}: {text}"), sku }
}

fn sku(store: &Variant, erp: &Variant) -> Option<String> {
    let of = |variant: &Variant| {
        let sku = variant.unit.sku.as_deref().map(str::trim).filter(|sku| !sku.is_empty());
        sku.map(str::to_owned)
    };
    of(store).or_else(|| of(erp))
}
