//! Fields as a flow gives them, checked and spelled for Tryton.
//!
//! Tryton's refusals name fields in the user's language or not at all, so what can be known beforehand is checked here.

use rust_decimal::Decimal;
use serde_json::{Value as Json, json};
use zygos_core::{
    contract::{ConnectorError, PriceKind},
    model::{Facts, Field, Value},
};

use super::{barcode, wire};

/// What Tryton keeps of a price.
pub(super) const PRICE_DECIMALS: u32 = 4;

/// Records that one call creates or writes at most: on SQLite a call with more than 80 products fails (seen on 8.2).
pub(super) const CHUNK: usize = 50;

pub(super) fn refused(field: Field, message: impl Into<String>) -> ConnectorError {
    ConnectorError::rejected(Some(field.code()), message)
}

/// Something that Tryton has no place for.
pub(super) fn check_fields(facts: &Facts, known: &[Field]) -> Result<(), ConnectorError> {
    match facts.keys().find(|field| !known.contains(field)) {
        Some(field) => {
            Err(ConnectorError::unsupported(format_args!("writing the {} of a product", field.words())))
        }
        None => Ok(()),
    }
}

pub(super) const OF_WHOLE: [Field; 5] =
    [Field::Name, Field::Description, Field::Categories, Field::Tax, Field::Measure];
pub(super) const OF_UNIT: [Field; 5] = [Field::Sku, Field::Ean, Field::Price, Field::Cost, Field::Active];

/// A text; `None` when it is to be empty or isn't given.
pub(super) fn text(facts: &Facts, field: Field) -> Result<Option<&str>, ConnectorError> {
    match facts.get(&field) {
        None | Some(Value::Empty) => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(_) => Err(refused(field, format!("the {} is not a text", field.words()))),
    }
}

/// A text that must not be empty, without blanks around it.
pub(super) fn needed(facts: &Facts, field: Field) -> Result<&str, ConnectorError> {
    let text = text(facts, field)?.map(str::trim).filter(|text| !text.is_empty());
    text.ok_or_else(|| refused(field, format!("Tryton needs the {}, and it is empty", field.words())))
}

pub(super) fn paths(facts: &Facts) -> Result<Vec<Vec<String>>, ConnectorError> {
    match facts.get(&Field::Categories) {
        None | Some(Value::Empty) => Ok(Vec::new()),
        Some(Value::Paths(paths)) => Ok(paths.clone()),
        Some(_) => Err(refused(Field::Categories, "the categories are not paths")),
    }
}

/// A number; `None` when it is to be empty or isn't given.
pub(super) fn number(facts: &Facts, field: Field) -> Result<Option<Decimal>, ConnectorError> {
    match facts.get(&field) {
        None | Some(Value::Empty) => Ok(None),
        Some(Value::Number(number)) => Ok(Some(*number)),
        Some(_) => Err(refused(field, format!("the {} is not a number", field.words()))),
    }
}

/// A price or cost with no more decimals than Tryton takes.
pub(super) fn amount(facts: &Facts, field: Field) -> Result<Option<Decimal>, ConnectorError> {
    let number = number(facts, field)?;
    match number {
        Some(number) if number.normalize().scale() > PRICE_DECIMALS => Err(refused(
            field,
            format!("Tryton takes at most {PRICE_DECIMALS} decimals in a {}", field.words()),
        )),
        _ => Ok(number),
    }
}

pub(super) fn flag(facts: &Facts, field: Field) -> Result<Option<bool>, ConnectorError> {
    match facts.get(&field) {
        None => Ok(None),
        Some(Value::Flag(flag)) => Ok(Some(*flag)),
        Some(_) => Err(refused(field, format!("{} is neither yes nor no", field.words()))),
    }
}

/// An article number that Tryton will accept.
pub(super) fn ean(facts: &Facts) -> Result<Option<String>, ConnectorError> {
    let Some(typed) = text(facts, Field::Ean)?.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    barcode::compact(typed).map(Some).ok_or_else(|| {
        let message =
            format!("Tryton refuses the EAN {typed:?}: its check digit or length is wrong; correct it");
        refused(Field::Ean, message)
    })
}

/// Tryton's own prices are without tax.
pub(super) fn check_kind(units: &[&Facts], prices: PriceKind) -> Result<(), ConnectorError> {
    if prices == PriceKind::Gross && units.iter().any(|facts| facts.contains_key(&Field::Price)) {
        return Err(ConnectorError::unsupported(
            "prices with tax, for Tryton keeps prices without; let the flow's prices be net",
        ));
    }
    Ok(())
}

/// What a new variant is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NewUnit {
    pub sku: String,
    pub ean: Option<String>,
    pub price: Option<Decimal>,
    pub cost: Option<Decimal>,
    pub active: bool,
}

impl NewUnit {
    pub fn read(facts: &Facts) -> Result<Self, ConnectorError> {
        check_fields(facts, &OF_UNIT)?;
        Ok(Self {
            sku: needed(facts, Field::Sku)?.to_owned(),
            ean: ean(facts)?,
            price: amount(facts, Field::Price)?,
            cost: amount(facts, Field::Cost)?,
            active: flag(facts, Field::Active)?.unwrap_or(true),
        })
    }

    /// As a record of `product.product`. `shared` is the template's price: a variant has one of its own only when it
    /// differs.
    pub fn spelled(&self, suffix: &str, shared: Option<Decimal>, description: Option<&str>) -> Json {
        // A retired variant can't be made; it is retired afterwards.
        let mut values = json!({"suffix_code": suffix, "description": description});
        if self.price != shared {
            values["list_price"] = self.price.map_or(Json::Null, wire::decimal);
        }
        if let Some(cost) = self.cost {
            values["cost_price"] = wire::decimal(cost);
        }
        if let Some(ean) = &self.ean {
            values["identifiers"] = json!([["create", [{"type": "ean", "code": ean}]]]);
        }
        values
    }
}

pub(super) fn read_units<'a>(facts: impl Iterator<Item = &'a Facts>) -> Result<Vec<NewUnit>, ConnectorError> {
    let units = facts.map(NewUnit::read).collect::<Result<Vec<_>, _>>()?;
    let mut skus: Vec<&str> = units.iter().map(|unit| unit.sku.as_str()).collect();
    skus.sort_unstable();
    if let Some(twice) = skus.windows(2).find(|pair| pair.first() == pair.last()) {
        let sku = twice.first().copied().unwrap_or_default();
        return Err(refused(Field::Sku, format!("two variants of the product have the SKU {sku:?}")));
    }
    Ok(units)
}

#[cfg(test)]
mod tests {
    use zygos_core::contract::ErrorKind;

    use super::*;

    fn facts(fields: &[(Field, Value)]) -> Facts {
        fields.iter().cloned().collect()
    }

    fn field_of(error: ConnectorError) -> Option<String> {
        match error.kind {
            ErrorKind::Rejected { field } => field,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_tryton_would_refuse_is_refused_with_the_field_before_it_is_sent() {
        let sku = (Field::Sku, Value::text("A"));
        for (field, value) in [
            (Field::Ean, Value::text("4006381333932")),
            (Field::Price, Value::number(Decimal::new(123456, 5))),
            (Field::Cost, Value::number(Decimal::new(123456, 5))),
            (Field::Sku, Value::text("   ")),
        ] {
            let mut given = facts(std::slice::from_ref(&sku));
            given.insert(field, value);
            assert_eq!(field_of(NewUnit::read(&given).unwrap_err()).as_deref(), Some(field.code()));
        }
    }

    #[test]
    fn a_field_that_tryton_has_no_place_for_is_unsupported() {
        let given = facts(&[(Field::Sku, Value::text("A")), (Field::Weight, Value::number(1.into()))]);
        assert_eq!(NewUnit::read(&given).unwrap_err().kind, ErrorKind::Unsupported);
    }

    #[test]
    fn a_variant_has_a_price_of_its_own_only_when_it_differs() {
        let unit = NewUnit::read(&facts(&[
            (Field::Sku, Value::text("HD-S")),
            (Field::Price, Value::number(Decimal::new(4990, 2))),
            (Field::Ean, Value::text("4006381 333931")),
        ]))
        .unwrap();
        let same = unit.spelled("S", Some(Decimal::new(499, 1)), Some("Warm"));
        assert_eq!(
            same,
            json!({"suffix_code": "S", "description": "Warm",
                "identifiers": [["create", [{"type": "ean", "code": "4006381333931"}]]]})
        );
        assert_eq!(unit.spelled("S", None, None)["list_price"]["decimal"], "49.9");
    }

    #[test]
    fn two_variants_with_one_sku_are_refused() {
        let one = facts(&[(Field::Sku, Value::text("A"))]);
        let two = facts(&[(Field::Sku, Value::text(" A "))]);
        assert_eq!(field_of(read_units([&one, &two].into_iter()).unwrap_err()).as_deref(), Some("sku"));
    }
}
