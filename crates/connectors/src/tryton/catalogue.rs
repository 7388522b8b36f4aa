//! Whole products: templates with all their variants.
//!
//! | field | read from |
//! |---|---|
//! | name, unit of measure | the template |
//! | description | the first variant that is on sale |
//! | categories | the template's, without those that are about accounts and taxes |
//! | tax | the one percentage of the accounting category |
//! | SKU, EAN, price, state | the variant |
//! | cost | the variant's cost price, of the company of the session |

use rust_decimal::Decimal;
use serde_json::{Value as Json, json};
use zygos_core::{
    contract::{CallContext, ConnectorError, Item, Unreadable},
    model::{Facts, Field, FieldTrouble, Product, Record, Shape, Value, Variant},
};

use super::{
    Tryton,
    calls::Query,
    categories::Tree,
    products, series,
    wire::{self, Row, Trouble},
};

pub(super) const PAGE: u32 = 100;

const WHOLE: [&str; 9] = [
    "name",
    "code",
    "active",
    "categories",
    "default_uom.name",
    "account_category.name",
    "account_category.customer_taxes_used.rate",
    "account_category.customer_taxes_used.active",
    series::MODIFIED,
];

/// Of a variant, beyond what every unit is read with.
const VARIANT: [&str; 5] =
    ["position", "description", "cost_price", series::MODIFIED, "identifiers.last_modified_at"];

/// One page in the order of ids, retired ones included.
pub(super) fn page_after(last: i64) -> Query {
    let mut query = Query::new("product.template", json!([["id", ">", last], products::any()]), &WHOLE);
    query.limit = Some(PAGE);
    query
}

pub(super) fn by_ids(ids: &[i64]) -> Query {
    Query::new("product.template", json!([["id", "in", ids], products::any()]), &WHOLE)
}

/// The variants of these templates, retired ones included.
fn variants_of(templates: &[i64]) -> Query {
    let domain = json!([["template", "in", templates], products::any()]);
    let mut query = Query::new("product.product", domain, &products::FIELDS);
    query.fields.extend(VARIANT.map(str::to_owned));
    query
}

impl Tryton {
    /// Templates as they were found, with their variants: two calls, and one for the tree when it is not known yet.
    pub(super) async fn wholes(
        &self,
        context: &CallContext,
        query: &Query,
    ) -> Result<(Vec<i64>, Vec<Item>), ConnectorError> {
        let under = products::with_retired();
        let templates = self.door.search_under(context, query, &under).await?;
        let ids: Vec<i64> = wire::rows(&templates).filter_map(|row| row.id().ok()).collect();
        if ids.is_empty() {
            return Ok((ids, Vec::new()));
        }
        let variants = self.door.search_under(context, &variants_of(&ids), &under).await?;
        let named: Vec<i64> = wire::rows(&templates).flat_map(|row| row.ids("categories")).collect();
        let tree = self.categories.tree(&self.door, context, &named).await?;
        Ok((ids, read(&templates, &variants, &tree)))
    }

    pub(super) async fn wholes_by_ids(
        &self,
        context: &CallContext,
        ids: &[i64],
    ) -> Result<Vec<Item>, ConnectorError> {
        let mut items = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(usize::try_from(PAGE).unwrap_or(100)) {
            items.extend(self.wholes(context, &by_ids(chunk)).await?.1);
        }
        Ok(items)
    }

    /// Products of which an active variant carries one of these SKUs.
    pub(super) async fn wholes_by_sku(
        &self,
        context: &CallContext,
        skus: &[String],
    ) -> Result<Vec<Item>, ConnectorError> {
        let mut ids: Vec<i64> =
            self.carriers(context, skus).await?.into_iter().map(|(_, template)| template).collect();
        ids.sort_unstable();
        ids.dedup();
        self.wholes_by_ids(context, &ids).await
    }

    /// Which of these SKUs are carried by active variants of which templates.
    pub(super) async fn carriers(
        &self,
        context: &CallContext,
        skus: &[String],
    ) -> Result<Vec<(String, i64)>, ConnectorError> {
        let query = Query::new("product.product", json!([["code", "in", skus]]), &["code", "template"]);
        let found = self.door.search(context, &query).await?;
        let carrier =
            |row: Row<'_>| Some((row.text("code").ok()??.to_owned(), row.number("template").ok()??));
        Ok(wire::rows(&found).filter_map(carrier).collect())
    }
}

pub(super) fn read(templates: &Json, variants: &Json, tree: &Tree) -> Vec<Item> {
    let of = |template: i64| {
        let mut own: Vec<Row<'_>> = wire::rows(variants)
            .filter(|row| row.inside("template").is_some_and(|owner| owner.id() == Ok(template)))
            .collect();
        // As Tryton shows them.
        own.sort_by_key(|row| (row.number("position").ok().flatten(), row.id().ok()));
        own
    };
    wire::rows(templates)
        .map(|row| match row.id() {
            Ok(id) => Ok(Record::Catalogue(Box::new(product(id, row, &of(id), tree)))),
            Err(trouble) => Err(Unreadable { key: None, field: trouble.field, message: trouble.message }),
        })
        .collect()
}

fn product(id: i64, whole: Row<'_>, rows: &[Row<'_>], tree: &Tree) -> Product {
    let mut reading = Reading { facts: Facts::new(), troubles: Vec::new() };
    reading.whole(Field::Name, whole.text("name").map(|name| Value::text(name.unwrap_or_default())));
    let shown = rows.iter().find(|row| row.flag("active")).or(rows.first());
    if let Some(shown) = shown {
        let description = shown.text("description").map(|text| Value::text(text.unwrap_or_default()));
        reading.whole(Field::Description, description);
    }
    reading.whole(Field::Categories, categories(whole, tree));
    reading.whole(Field::Tax, tax(whole));
    let measure = whole.inside("default_uom").map_or(Ok(None), |measure| measure.text("name"));
    reading.whole(Field::Measure, measure.map(|name| Value::text(name.unwrap_or_default())));
    let mut variants = Vec::with_capacity(rows.len());
    for row in rows {
        match products::unit(*row) {
            Ok(unit) => {
                let mut facts = Facts::new();
                match row.decimal("cost_price") {
                    Ok(cost) => {
                        // What was never bought costs nothing yet.
                        let cost = cost.filter(|cost| !cost.is_zero());
                        facts.insert(Field::Cost, cost.map_or(Value::Empty, Value::number));
                    }
                    Err(trouble) => reading.trouble(Some(*row), trouble),
                }
                variants.push(Variant { unit, facts, options: Vec::new() });
            }
            Err(trouble) => reading.trouble(Some(*row), trouble),
        }
    }
    let only = rows.first().filter(|_| rows.len() == 1);
    let is_simple = only.is_some_and(|row| {
        let code = row.inside("template").and_then(|owner| owner.text("code").ok().flatten());
        !products::is_in_variants(1, code, row.text("suffix_code").ok().flatten())
    });
    let identified = rows.iter().flat_map(|row| row.many("identifiers"));
    let modified_at = std::iter::once(whole)
        .chain(rows.iter().copied())
        .chain(identified)
        .filter_map(|row| row.timestamp(series::MODIFIED).ok().flatten())
        .max();
    Product {
        key: products::whole_key(id),
        shape: if is_simple { Shape::Simple } else { Shape::Variants },
        code: whole.text("code").ok().flatten().filter(|code| !code.is_empty()).map(str::to_owned),
        facts: reading.facts,
        variants,
        troubles: reading.troubles,
        modified_at,
    }
}

struct Reading {
    facts: Facts,
    troubles: Vec<FieldTrouble>,
}

impl Reading {
    fn whole(&mut self, field: Field, value: Result<Value, Trouble>) {
        match value {
            Ok(value) => {
                self.facts.insert(field, value);
            }
            Err(trouble) => self.trouble(None, trouble),
        }
    }

    fn trouble(&mut self, variant: Option<Row<'_>>, trouble: Trouble) {
        let unit = variant.and_then(|row| row.key().ok());
        self.troubles.push(FieldTrouble { unit, field: trouble.field, message: trouble.message });
    }
}

fn categories(whole: Row<'_>, tree: &Tree) -> Result<Value, Trouble> {
    let mut paths = Vec::new();
    for id in whole.ids("categories") {
        paths.extend(tree.path(id)?);
    }
    Ok(Value::paths(paths))
}

fn tax(whole: Row<'_>) -> Result<Value, Trouble> {
    let Some(category) = whole.inside("account_category") else { return Ok(Value::Empty) };
    let taxes: Vec<Row<'_>> = category.many("customer_taxes_used").collect();
    let percent: Option<Decimal> = products::percent_of(&taxes)?;
    percent.map(Value::number).ok_or_else(|| {
        Trouble::new(
            "account_category",
            "charges customers something else than one percentage; Zygos leaves the tax of this product alone",
        )
    })
}

#[cfg(test)]
mod tests {
    use zygos_core::RemoteKey;

    use super::*;

    fn recorded() -> Vec<Product> {
        let json = |text: &str| serde_json::from_str::<Json>(text).unwrap();
        let items = read(
            &json(include_str!("fixtures/templates.json")),
            &json(include_str!("fixtures/variants.json")),
            &Tree::read(&json(include_str!("fixtures/categories.json"))),
        );
        let product = |item: Item| match item.unwrap() {
            Record::Catalogue(product) => *product,
            other => panic!("{other:?}"),
        };
        items.into_iter().map(product).collect()
    }

    fn called(name: &str) -> Product {
        recorded().into_iter().find(|product| product.title() == name).unwrap()
    }

    #[test]
    fn a_product_with_variants_is_read_whole_from_a_recorded_page() {
        let hoodie = called("Hoodie");
        assert_eq!((hoodie.shape, hoodie.code.as_deref()), (Shape::Variants, Some("HD-")));
        assert_eq!(hoodie.troubles, []);
        assert_eq!(hoodie.facts[&Field::Description], Value::text("Warm.\nOf wool."));
        let shirts = vec!["Clothes".to_owned(), "Shirts".to_owned()];
        assert_eq!(hoodie.facts[&Field::Categories], Value::paths([shirts]));
        assert_eq!(hoodie.facts[&Field::Tax], Value::number(Decimal::new(19, 0)));
        assert_eq!(hoodie.facts[&Field::Measure], Value::text("Unit"));
        let skus: Vec<Option<&str>> = hoodie.variants.iter().map(|v| v.unit.sku.as_deref()).collect();
        assert_eq!(skus, [Some("HD-S"), Some("HD-M"), Some("HD-L")]);
        let [small, medium, large] = hoodie.variants.as_slice() else { panic!() };
        assert!(small.unit.active && medium.unit.active && !large.unit.active);
        assert_eq!(small.unit.ean.as_deref(), Some("4006381333931"));
        assert_eq!(small.unit.price_net, Some(Decimal::new(4990, 2)));
        assert_eq!(medium.unit.price_net, Some(Decimal::new(511234, 4)));
        assert_eq!(small.facts[&Field::Cost], Value::number(Decimal::new(123456, 4)));
        assert!(hoodie.variants.iter().all(|variant| variant.unit.parent.as_ref() == Some(&hoodie.key)));
        assert!(hoodie.modified_at.is_some());
    }

    #[test]
    fn a_product_that_is_its_only_unit_is_simple_and_its_unit_has_no_parent() {
        let plain = called("Product 00005");
        assert_eq!(plain.shape, Shape::Simple);
        assert_eq!(plain.variants.len(), 1);
        assert_eq!(plain.variants[0].unit.parent, None);
        assert_eq!(plain.facts[&Field::Categories], Value::Empty);
        assert_eq!(plain.facts[&Field::Description], Value::Empty);
        assert_eq!(plain.facts[&Field::Tax], Value::number(Decimal::new(9, 0)));
    }

    #[test]
    fn a_variant_that_cannot_be_read_is_a_trouble_of_its_product() {
        let templates = json!([{"id": 1, "name": "A", "active": 1, "categories": []}]);
        let variants = json!([{"id": 7, "template.": {"id": 1, "name": "A", "active": 1, "products": [7]},
            "type": "goods", "list_price_used": "a lot"}]);
        let items = read(&templates, &variants, &Tree::default());
        let Ok(Record::Catalogue(product)) = &items[0] else { panic!() };
        assert!(product.is_partly_read());
        assert_eq!(product.troubles[0].unit, Some(RemoteKey::new("7")));
        assert_eq!(product.troubles[0].field, "list_price_used");
    }

    #[test]
    fn a_retired_template_takes_its_variants_off_sale() {
        let templates = json!([{"id": 1, "name": "A", "active": 0, "categories": []}]);
        let variants = json!([{"id": 7, "template.": {"id": 1, "name": "A", "active": 0, "products": [7]},
            "type": "goods", "active": 1}]);
        let items = read(&templates, &variants, &Tree::default());
        let Ok(Record::Catalogue(product)) = &items[0] else { panic!() };
        assert!(!product.variants[0].unit.active);
    }
}
