//! Making on one side what only the other one has. A new product gets all that both sides can say of it, whoever owns
//! each field later.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use rust_decimal::Decimal;

use super::{ProductRule, carried, governed::percent_of, options::distinctions, price::convert, words};
use crate::{
    contract::{NewProduct, NewVariant, PriceKind, Side},
    ids::RemoteKey,
    model::{Facts, Field, Product, Shape, UnitKind, Value, Variant},
    money::round,
};

/// What a product lacks on the side that has it, for being made on the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The unit that lacks it; `None`: the product as a whole.
    pub unit: Option<RemoteKey>,
    pub sku: Option<String>,
    pub field: Option<Field>,
    /// Begins with "cannot be created in …" and says what to do.
    pub message: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The store's product for one that only the ERP has. Variants that lack something are left out where others don't;
/// they can be added later by [`new_variant_in_store`].
pub fn new_in_store(
    erp: &Product,
    rule: &ProductRule,
    list_prices: Option<&BTreeMap<RemoteKey, Option<Decimal>>>,
) -> Result<NewProduct, Vec<Missing>> {
    let source = Source { to: Side::Store, product: erp, rule, list_prices, percent: None };
    let distinctions = distinctions(erp);
    source.product(|variant| match (erp.shape, variant.options.is_empty()) {
        (Shape::Simple, _) => Vec::new(),
        (Shape::Variants, false) => variant.options.clone(),
        (Shape::Variants, true) => {
            let value = distinctions.get(&variant.unit.key).cloned().unwrap_or_default();
            vec![(rule.option_name.clone(), value)]
        }
    })
}

/// The ERP's product for one that only the store has. As [`new_in_store`].
pub fn new_in_erp(store: &Product, rule: &ProductRule) -> Result<NewProduct, Vec<Missing>> {
    let source = Source { to: Side::Erp, product: store, rule, list_prices: None, percent: None };
    source.product(|variant| source.options_for_erp(variant))
}

/// A variant that the store's product lacks.
pub fn new_variant_in_store(
    erp: &Product,
    unit: &RemoteKey,
    store: &Product,
    rule: &ProductRule,
    list_prices: Option<&BTreeMap<RemoteKey, Option<Decimal>>>,
) -> Result<NewVariant, Vec<Missing>> {
    let percent = store.variants.iter().find_map(|variant| percent_of(store, variant));
    let source = Source { to: Side::Store, product: erp, rule, list_prices, percent };
    let variant = source.sellable(unit)?;
    let options = if variant.options.is_empty() {
        let names: BTreeSet<&str> =
            store.variants.iter().flat_map(|there| &there.options).map(|(name, _)| name.as_str()).collect();
        let name = match names.len() {
            0 => rule.option_name.as_str(),
            1 => names.first().copied().unwrap_or(&rule.option_name),
            _ => {
                let names: Vec<&str> = names.into_iter().collect();
                let lacks = format!(
                    "the store tells its variants apart by {}, and the ERP doesn't say them of this one; add it in the \
                     store by hand, it is matched by its SKU",
                    names.join(" and ")
                );
                return Err(vec![source.missing(Some(variant), None, &lacks)]);
            }
        };
        let is_there = |value: &str| {
            store.variants.iter().flat_map(|there| &there.options).any(|(_, there)| there == value)
        };
        let told = distinctions(erp).remove(unit).filter(|value| !is_there(value));
        let value = told.or_else(|| variant.unit.sku.as_deref().map(|sku| sku.trim().to_owned()));
        vec![(name.to_owned(), value.unwrap_or_default())]
    } else {
        variant.options.clone()
    };
    source.variant(variant, options)
}

/// In which kind the prices of variants are given that [`new_variant_in_store`] and [`new_variant_in_erp`] make of this
/// product on the side `to`.
pub fn prices_of_new_variants(to: Side, product: &Product, rule: &ProductRule) -> PriceKind {
    Source { to, product, rule, list_prices: None, percent: None }.price_kind()
}

/// A variant that the ERP's product lacks.
pub fn new_variant_in_erp(
    store: &Product,
    unit: &RemoteKey,
    rule: &ProductRule,
) -> Result<NewVariant, Vec<Missing>> {
    let source = Source { to: Side::Erp, product: store, rule, list_prices: None, percent: None };
    let variant = source.sellable(unit)?;
    source.variant(variant, source.options_for_erp(variant))
}

/// A product as it is to be made on the side that lacks it.
struct Source<'a> {
    to: Side,
    product: &'a Product,
    rule: &'a ProductRule,
    list_prices: Option<&'a BTreeMap<RemoteKey, Option<Decimal>>>,
    /// The tax of the product that gets a variant, where it is made: the two sides may differ in it.
    percent: Option<Decimal>,
}

impl<'a> Source<'a> {
    fn product(
        &self,
        options: impl Fn(&Variant) -> Vec<(String, String)>,
    ) -> Result<NewProduct, Vec<Missing>> {
        let (facts, mut missing) = self.facts(None);
        let (mut variants, mut lacking) = (Vec::new(), Vec::new());
        for variant in &self.product.variants {
            match self.sellable(&variant.unit.key).and_then(|_| self.variant(variant, options(variant))) {
                Ok(made) => variants.push(made),
                Err(found) => lacking.extend(found),
            }
        }
        if variants.is_empty() {
            missing.extend(lacking);
            if self.product.variants.is_empty() {
                missing.push(self.missing(None, None, "it has no variants that could be sold; add one"));
            }
        }
        if !missing.is_empty() {
            return Err(missing);
        }
        let percent = facts.get(&Field::Tax).and_then(Value::as_number);
        let tax_class = percent.filter(|_| self.to == Side::Erp);
        Ok(NewProduct {
            shape: self.product.shape,
            tax_class: tax_class.and_then(|percent| self.rule.tax_class(percent)),
            facts,
            code: self.code(),
            variants,
            prices: self.price_kind(),
        })
    }

    fn variant(&self, variant: &Variant, options: Vec<(String, String)>) -> Result<NewVariant, Vec<Missing>> {
        let (facts, missing) = self.facts(Some(variant));
        if missing.is_empty() {
            Ok(NewVariant { facts, options, tracked: variant.unit.tracked })
        } else {
            Err(missing)
        }
    }

    /// A unit that may be made on the other side.
    fn sellable(&self, unit: &RemoteKey) -> Result<&'a Variant, Vec<Missing>> {
        let lacks = match self.product.variant(unit) {
            None => return Err(vec![self.missing(None, None, &format!("it has no unit {unit} any more"))]),
            Some(variant) => {
                let sku = variant.unit.sku.as_deref().map_or("", str::trim);
                let reason = if variant.unit.kind != UnitKind::Goods {
                    Some((None, "it is a service, and only goods are made"))
                } else if !variant.unit.active {
                    Some((Some(Field::Active), "it isn't on sale; put it on sale"))
                } else if sku.is_empty() {
                    Some((Some(Field::Sku), "it has no SKU; give it one"))
                } else {
                    None
                };
                match reason {
                    None => return Ok(variant),
                    Some((field, lacks)) => self.missing(Some(variant), field, lacks),
                }
            }
        };
        Err(vec![lacks])
    }

    /// The facts of the whole, or of a unit, and what is missing of them.
    fn facts(&self, variant: Option<&Variant>) -> (Facts, Vec<Missing>) {
        let (mut facts, mut missing) = (Facts::new(), Vec::new());
        let fields = Field::ALL.into_iter().filter(|field| field.is_of_unit() == variant.is_some());
        for field in fields {
            let Some(ability) = self.rule.ability(self.to, field) else { continue };
            let value = match self.value(field, variant) {
                Ok(value) => value,
                Err(lacks) => {
                    missing.push(self.missing(variant, Some(field), &lacks));
                    continue;
                }
            };
            let value = carried(&value, ability);
            let length = value.as_text().map_or(0, |text| text.chars().count());
            let most = ability.length.and_then(|most| usize::try_from(most).ok());
            if value.is_blank() && ability.required {
                let lacks = format!("it has no {}; give it one", field.words());
                missing.push(self.missing(variant, Some(field), &lacks));
            } else if value == Value::Empty || !ability.create {
                continue;
            } else if let Some(most) = most.filter(|most| length > *most) {
                let lacks = format!(
                    "its {} has {length} characters and {most} are taken; shorten it, nothing is cut",
                    field.words()
                );
                missing.push(self.missing(variant, Some(field), &lacks));
            } else {
                facts.insert(field, value);
            }
        }
        (facts, missing)
    }

    fn value(&self, field: Field, variant: Option<&Variant>) -> Result<Value, String> {
        let own = |field: Field| match variant {
            Some(variant) => variant.value(field),
            None => self.product.facts.get(&field).cloned(),
        };
        Ok(match (field, variant) {
            (Field::Active, _) => Value::Flag(self.to == Side::Erp || self.rule.active_in_store),
            // The ERP's own spelling; a store's is only given where it can't be without.
            (Field::Measure, _) if self.to == Side::Erp => Value::text(&self.rule.measure),
            (Field::Measure, _)
                if !self.rule.store_fields.get(&field).is_some_and(|ability| ability.required) =>
            {
                Value::Empty
            }
            (Field::Tax, _) => {
                let percent = |variant: &Variant| percent_of(self.product, variant);
                let of_units = || self.product.variants.iter().find_map(percent).map(Value::number);
                own(field).or_else(of_units).unwrap_or(Value::Empty)
            }
            (Field::Price, Some(variant)) => self.price(variant)?,
            (Field::OldPrice, Some(variant)) => match own(field).and_then(|value| value.as_number()) {
                Some(price) => self.converted(variant, price, self.kind_of_source(variant))?,
                None => Value::Empty,
            },
            _ => own(field).unwrap_or(Value::Empty),
        })
    }

    fn price(&self, variant: &Variant) -> Result<Value, String> {
        let list = self.rule.price.as_ref().and_then(|price| price.list.as_deref());
        let listed = match (self.to, list, self.list_prices) {
            (Side::Store, Some(list), prices) => {
                let price = prices.and_then(|prices| prices.get(&variant.unit.key)).copied().flatten();
                Some(price.ok_or_else(|| format!("it has no price in the price list {list}; add one"))?)
            }
            _ => None,
        };
        let kind = self.kind_of_source(variant);
        let own = match kind {
            PriceKind::Net => variant.unit.price_net,
            PriceKind::Gross => variant.unit.price_gross,
        };
        let Some(price) = listed.or(own) else {
            return match self.rule.price {
                Some(_) => Err("it has no price; give it one".to_owned()),
                None => Ok(Value::Empty),
            };
        };
        if price.is_sign_negative() && !price.is_zero() {
            return Err("its price is below zero; correct it".to_owned());
        }
        if price.is_zero() && self.to == Side::Store && self.rule.active_in_store {
            return Err("its price is zero, and it would be on sale at once; give it a price".to_owned());
        }
        self.converted(variant, price, kind)
    }

    /// In which kind this side's price is taken.
    fn kind_of_source(&self, variant: &Variant) -> PriceKind {
        match (&self.rule.price, self.to) {
            (Some(price), Side::Store) => price.erp_holds,
            (Some(price), Side::Erp) => price.authority,
            (None, _) if variant.unit.price_net.is_none() && variant.unit.price_gross.is_some() => {
                PriceKind::Gross
            }
            (None, _) => PriceKind::Net,
        }
    }

    /// In which kind the other side's prices are given.
    fn price_kind(&self) -> PriceKind {
        match (&self.rule.price, self.to) {
            (Some(price), Side::Store) => price.authority,
            (Some(price), Side::Erp) => price.erp_holds,
            // Nothing is known of the two sides' prices: they go as they are.
            (None, _) => match self.product.variants.first() {
                Some(variant) => self.kind_of_source(variant),
                None => PriceKind::default(),
            },
        }
    }

    fn converted(&self, variant: &Variant, price: Decimal, from: PriceKind) -> Result<Value, String> {
        let places = match (&self.rule.price, self.to) {
            (Some(price), Side::Store) => price.store_places,
            (Some(price), Side::Erp) => price.erp_places,
            (None, _) => return Ok(Value::number(round(price, 4))),
        };
        let most = self.rule.ability(self.to, Field::Price).and_then(|ability| ability.decimals);
        let places = most.map_or(places, |most| places.min(most));
        let percent = self.percent.or_else(|| percent_of(self.product, variant));
        convert(price, from, self.price_kind(), percent, places)
            .map(Value::number)
            .ok_or_else(|| "its tax isn't known, so its price can't be told; set its tax".to_owned())
    }

    fn options_for_erp(&self, variant: &Variant) -> Vec<(String, String)> {
        if self.rule.erp_has_options { variant.options.clone() } else { Vec::new() }
    }

    /// The product's code beside its variants'. An ERP that builds SKUs of it needs one that all of them begin with; a
    /// store needs one that none of them is.
    fn code(&self) -> Option<String> {
        let code = self.product.code.as_deref().map(str::trim).filter(|code| !code.is_empty())?;
        let skus =
            || self.product.variants.iter().map(|variant| variant.unit.sku.as_deref().map_or("", str::trim));
        let fits = self.product.shape == Shape::Variants
            && match self.to {
                Side::Erp => skus().all(|sku| sku.starts_with(code)),
                Side::Store => skus().all(|sku| sku != code),
            };
        fits.then(|| code.to_owned())
    }

    fn missing(&self, variant: Option<&Variant>, field: Option<Field>, lacks: &str) -> Missing {
        let sku = variant
            .and_then(|variant| variant.unit.sku.as_deref())
            .map(str::trim)
            .filter(|sku| !sku.is_empty())
            .map(str::to_owned);
        let called = match (&sku, variant) {
            (Some(sku), _) => format!("SKU {sku}"),
            (None, Some(variant)) => format!("\"{}\" (id {})", variant.unit.name, variant.unit.key),
            (None, None) => format!("\"{}\" (id {})", self.product.title(), self.product.key),
        };
        Missing {
            unit: variant.map(|variant| variant.unit.key.clone()),
            field,
            message: format!("cannot be created in {} yet: {called}: {lacks}", words::side(self.to)),
            sku,
        }
    }
}
