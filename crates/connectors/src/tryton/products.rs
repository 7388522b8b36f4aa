//! Variants as units. A template is a unit's parent only when it has several variants.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use zygos_core::{
    RemoteKey,
    contract::{Item, Unreadable},
    model::{Record, Unit, UnitKind},
};

use super::{
    calls::Query,
    series,
    wire::{self, Row, Trouble},
};

pub(super) const PAGE: u32 = 200;

pub(super) const FIELDS: [&str; 16] = [
    "code",
    "suffix_code",
    "active",
    "type",
    "consumable",
    series::PRICE,
    "template.name",
    "template.code",
    "template.active",
    "template.products",
    "identifiers.type",
    "identifiers.code",
    "default_uom.name",
    "default_uom.digits",
    "account_category.customer_taxes_used.rate",
    "account_category.customer_taxes_used.active",
];

/// Under this, retired records are read like others; without it a template doesn't name its retired variants.
pub(super) fn with_retired() -> [(&'static str, Value); 1] {
    [("active_test", json!(false))]
}

/// How Zygos names a template: ids of templates and of variants overlap.
pub(super) fn whole_key(template: i64) -> RemoteKey {
    RemoteKey::new(format!("product.template,{template}"))
}

pub(super) fn whole_id(key: &RemoteKey) -> Option<i64> {
    key.as_str().strip_prefix("product.template,")?.parse().ok()
}

/// Whether a template is sold in variants: it has several, retired ones included, or the only one's SKU is made of
/// the template's code and an ending of its own.
pub(super) fn is_in_variants(count: usize, code: Option<&str>, suffix: Option<&str>) -> bool {
    count > 1 || (code.is_some() && suffix.is_some())
}

/// One page in the order of ids, inactive ones included. Pages by id stay whole while records come and go.
pub(super) fn page_after(last: i64) -> Query {
    let mut query = Query::new("product.product", json!([["id", ">", last], any()]), &FIELDS);
    query.limit = Some(PAGE);
    query
}

pub(super) fn by_ids(ids: &[i64]) -> Query {
    Query::new("product.product", json!([["id", "in", ids], any()]), &FIELDS)
}

/// Active ones only: two products may share a SKU when one of them was retired.
pub(super) fn by_sku(skus: &[String]) -> Query {
    Query::new("product.product", json!([["code", "in", skus], ["active", "=", true]]), &FIELDS)
}

/// Inactive records are left out of a search that doesn't mention them.
pub(super) fn any() -> Value {
    json!(["active", "in", [true, false]])
}

pub(super) fn read(answer: &Value) -> Vec<Item> {
    wire::rows(answer)
        .map(|row| unit(row).map(Record::Product).map_err(|trouble| unreadable(row, trouble)))
        .collect()
}

pub(super) fn unreadable(row: Row<'_>, trouble: Trouble) -> Unreadable {
    Unreadable { key: row.key().ok(), field: trouble.field, message: trouble.message }
}

pub(super) fn unit(row: Row<'_>) -> Result<Unit, Trouble> {
    let template = row.inside("template").ok_or_else(|| Trouble::new("template", "is missing"))?;
    let count = template.ids("products").len();
    let in_variants = is_in_variants(count, template.text("code")?, row.text("suffix_code")?);
    let parent = if in_variants { Some(whole_key(template.id()?)) } else { None };
    let kind = if row.needed("type")? == "service" { UnitKind::Service } else { UnitKind::Goods };
    let ean = row
        .many("identifiers")
        .filter(|identifier| identifier.text("type").is_ok_and(|kind| kind == Some("ean")))
        .find_map(|identifier| identifier.text("code").ok().flatten());
    let measure = row.inside("default_uom");
    let decimals = measure.map(|measure| measure.number("digits")).transpose()?.flatten();
    let name = template.text("name")?.or(row.text("code")?).unwrap_or_default();
    Ok(Unit {
        key: row.key()?,
        parent,
        kind,
        sku: row.text("code")?.map(str::to_owned),
        ean: ean.map(str::to_owned),
        name: name.to_owned(),
        // A variant's own flag stays when its template is retired.
        active: row.flag("active") && template.flag("active"),
        // What is consumed is delivered whether the figure says it is there or not.
        tracked: kind == UnitKind::Goods && !row.flag("consumable"),
        stock: None,
        price_net: row.decimal(series::PRICE)?,
        price_gross: None,
        tax_percent: tax_percent(row)?,
        measure: measure.and_then(|measure| measure.text("name").ok().flatten()).map(str::to_owned),
        decimals: decimals.and_then(|digits| u32::try_from(digits).ok()),
    })
}

/// The one percentage that the product's category charges customers; `None` when it is not one.
fn tax_percent(row: Row<'_>) -> Result<Option<Decimal>, Trouble> {
    let Some(category) = row.inside("account_category") else { return Ok(None) };
    percent_of(&category.many("customer_taxes_used").collect::<Vec<_>>())
}

/// What these taxes charge together, when it is one percentage or nothing. Retired ones don't count.
pub(super) fn percent_of(taxes: &[Row<'_>]) -> Result<Option<Decimal>, Trouble> {
    let charged: Vec<&Row<'_>> = taxes.iter().filter(|tax| !tax.is_off("active")).collect();
    Ok(match charged.as_slice() {
        [] => Some(Decimal::ZERO),
        [only] => only
            .decimal("rate")?
            .and_then(|rate| rate.checked_mul(Decimal::ONE_HUNDRED))
            .map(|p| p.normalize()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded() -> Vec<Item> {
        read(&serde_json::from_str(include_str!("fixtures/products.json")).unwrap())
    }

    #[test]
    fn variants_services_and_plain_products_are_read_from_a_recorded_page() {
        let units: Vec<Unit> = recorded()
            .into_iter()
            .map(|item| match item.unwrap() {
                Record::Product(unit) => unit,
                other => panic!("{other:?}"),
            })
            .collect();
        let by_sku = |sku: &str| units.iter().find(|unit| unit.sku.as_deref() == Some(sku)).unwrap();
        let plain = by_sku("SKU-00005");
        assert_eq!((plain.parent.as_ref(), plain.kind, plain.tracked), (None, UnitKind::Goods, true));
        assert_eq!(plain.ean.as_deref(), Some("2000000000053"));
        assert_eq!(plain.price_net, Some(Decimal::new(10, 0)));
        assert_eq!(plain.tax_percent, Some(Decimal::new(9, 0)));
        assert_eq!((plain.measure.as_deref(), plain.decimals), (Some("Unit"), Some(0)));
        let variant = by_sku("TS-M");
        assert_eq!((variant.parent.is_some(), &variant.parent), (true, &by_sku("TS-S").parent));
        assert_eq!(by_sku("SHIPPING").kind, UnitKind::Service);
        assert!(!by_sku("SHIPPING").tracked);
        assert_eq!(by_sku("ROUNDING").tax_percent, Some(Decimal::ZERO));
    }

    #[test]
    fn a_variant_that_cannot_be_read_is_an_item_of_its_page() {
        let page = json!([{"id": 7, "type": "goods", "template.": {"id": 1, "name": "A", "products": [7]},
            "list_price_used": "a lot"}]);
        let items = read(&page);
        let unreadable = items[0].as_ref().unwrap_err();
        assert_eq!(unreadable.key, Some(RemoteKey::new("7")));
        assert_eq!(unreadable.field, "list_price_used");
    }
}
