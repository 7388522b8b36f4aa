//! Products and variants made in Tryton.

use rust_decimal::Decimal;
use serde_json::{Value as Json, json};
use zygos_core::{
    RemoteKey,
    contract::{Applied, CallContext, ConnectorError, ErrorKind, NewProduct, NewVariant, PriceKind},
    model::{Field, Shape},
};

use super::{
    Tryton,
    categories::created,
    errors::Failure,
    held::Held,
    products,
    values::{self, CHUNK, NewUnit, OF_WHOLE, refused},
    wire,
};

impl Tryton {
    /// One call for up to 50 variants. What fails behind that leaves a product that its SKUs find, and
    /// `CreateVariants` completes it.
    pub(super) async fn create_product(
        &self,
        context: &CallContext,
        new: &NewProduct,
    ) -> Result<Applied, Failure> {
        values::check_fields(&new.facts, &OF_WHOLE)?;
        let facts: Vec<_> = new.variants.iter().map(|variant| &variant.facts).collect();
        values::check_kind(&facts, new.prices)?;
        let units = values::read_units(facts.into_iter())?;
        if units.is_empty() || (new.shape == Shape::Simple && units.len() > 1) {
            let message = "a product needs a variant, and a simple one has only one";
            return Err(Failure::Other(ConnectorError::rejected(None, message)));
        }
        let name = values::needed(&new.facts, Field::Name)?;
        let description = values::text(&new.facts, Field::Description)?;
        let percent = values::number(&new.facts, Field::Tax)?;
        let measure = values::needed(&new.facts, Field::Measure)?;
        let paths = values::paths(&new.facts)?;
        let measure = self.names.measure(&self.door, context, measure).await?;
        let categories = self.category_ids(context, &paths).await?;
        let category = self.tax_class(context, new.tax_class.as_deref(), percent).await?;
        if units.len() > CHUNK {
            self.check_free(context, &units).await?;
        }
        let code = code(new, &units);
        let shared = shared_price(&units);
        let spelled: Vec<Json> = units
            .iter()
            .map(|unit| unit.spelled(suffix(&unit.sku, code).unwrap_or_default(), shared, description))
            .collect();
        let (first, rest) = spelled.split_at(spelled.len().min(CHUNK));
        let template = json!([{
            "name": name,
            "code": code,
            "type": "goods",
            "consumable": !new.variants.iter().any(|variant| variant.tracked),
            "default_uom": measure,
            "sale_uom": measure,
            "purchase_uom": measure,
            "salable": true,
            "purchasable": true,
            "account_category": category,
            "categories": [["add", categories]],
            "list_price": shared.map(wire::decimal),
            "products": [["create", first]],
        }]);
        let made = self.door.write(context, "model.product.template.create", vec![template]).await;
        let id = match made {
            Ok(answer) => created(&answer)?,
            Err(failure) => return Err(self.explained(context, failure, &units, None).await),
        };
        self.add_variants(context, id, rest).await.map_err(half_made)?;
        self.retire_new(context, id, &units).await.map_err(half_made)?;
        self.as_it_is(context, id).await
    }

    /// Variants that are there already are left as they are.
    pub(super) async fn create_variants(
        &self,
        context: &CallContext,
        product: &RemoteKey,
        variants: &[NewVariant],
        prices: PriceKind,
    ) -> Result<Applied, Failure> {
        values::check_kind(&variants.iter().map(|variant| &variant.facts).collect::<Vec<_>>(), prices)?;
        let units = values::read_units(variants.iter().map(|variant| &variant.facts))?;
        let held = self.held(context, product).await?;
        let missing: Vec<NewUnit> = units
            .iter()
            .filter(|unit| !held.units.iter().any(|known| known.active && known.sku == unit.sku))
            .cloned()
            .collect();
        if missing.is_empty() {
            let left = self.as_it_is(context, held.id).await?;
            return Ok(Applied { already: true, ..left });
        }
        let code = held.code.as_deref();
        let description = held.description();
        let mut spelled = Vec::with_capacity(missing.len());
        for unit in &missing {
            let suffix = suffix(&unit.sku, code).ok_or_else(|| not_beginning(&unit.sku, code))?;
            spelled.push(unit.spelled(suffix, held.list_price, description));
        }
        if missing.len() > CHUNK {
            self.check_free(context, &missing).await?;
        }
        let (first, rest) = spelled.split_at(spelled.len().min(CHUNK));
        if let Err(failure) = self.add_variants(context, held.id, first).await {
            return Err(self.explained(context, failure, &missing, Some(held.id)).await);
        }
        self.add_variants(context, held.id, rest).await.map_err(half_made)?;
        self.retire_new(context, held.id, &missing).await.map_err(half_made)?;
        self.as_it_is(context, held.id).await
    }

    async fn add_variants(&self, context: &CallContext, template: i64, all: &[Json]) -> Result<(), Failure> {
        for chunk in all.chunks(CHUNK) {
            let owned = |values: &Json| {
                let mut values = values.clone();
                values["template"] = json!(template);
                values
            };
            let records: Vec<Json> = chunk.iter().map(owned).collect();
            self.door.write(context, "model.product.product.create", vec![json!(records)]).await?;
        }
        Ok(())
    }

    /// A retired variant's fields can't be given, so those that are not to be sold are made first and retired then.
    async fn retire_new(
        &self,
        context: &CallContext,
        template: i64,
        units: &[NewUnit],
    ) -> Result<(), Failure> {
        let skus: Vec<&str> =
            units.iter().filter(|unit| !unit.active).map(|unit| unit.sku.as_str()).collect();
        if skus.is_empty() {
            return Ok(());
        }
        let held = self.held(context, &products::whole_key(template)).await?;
        let retired = held.units.iter().filter(|unit| unit.active && skus.contains(&unit.sku.as_str()));
        let ids: Vec<i64> = retired.map(|unit| unit.id).collect();
        for chunk in ids.chunks(CHUNK) {
            let values = vec![json!(chunk), json!({"active": false})];
            self.door.write(context, "model.product.product.write", values).await?;
        }
        Ok(())
    }

    /// Of many variants the first would already be made when a later one is refused, so all are looked up before.
    async fn check_free(&self, context: &CallContext, units: &[NewUnit]) -> Result<(), ConnectorError> {
        let skus: Vec<String> = units.iter().map(|unit| unit.sku.clone()).collect();
        match self.carriers(context, &skus).await?.first() {
            Some((sku, template)) => Err(taken(sku, *template)),
            None => Ok(()),
        }
    }

    /// Why it was refused, when that can be found out: Tryton's own words name no field.
    pub(super) async fn explained(
        &self,
        context: &CallContext,
        failure: Failure,
        units: &[NewUnit],
        of: Option<i64>,
    ) -> Failure {
        let skus: Vec<String> = units.iter().map(|unit| unit.sku.clone()).collect();
        self.explained_by(context, failure, &skus, of).await
    }

    pub(super) async fn explained_by(
        &self,
        context: &CallContext,
        failure: Failure,
        skus: &[String],
        of: Option<i64>,
    ) -> Failure {
        let Failure::Refused { field, message } = failure else { return failure };
        // That the look fails too doesn't matter: there is a refusal to report already.
        let carriers = self.carriers(context, skus).await.unwrap_or_default();
        match carriers.iter().find(|(_, template)| Some(*template) != of) {
            Some((sku, template)) => Failure::Other(taken(sku, *template)),
            None => Failure::Refused { field: field.map(|label| code_of(&label)), message },
        }
    }

    pub(super) async fn as_it_is(&self, context: &CallContext, template: i64) -> Result<Applied, Failure> {
        let items = self.wholes_by_ids(context, &[template]).await?;
        let record = items.into_iter().next().and_then(Result::ok);
        Ok(Applied { key: Some(products::whole_key(template)), record, already: false })
    }

    pub(super) async fn tax_class(
        &self,
        context: &CallContext,
        named: Option<&str>,
        percent: Option<Decimal>,
    ) -> Result<i64, ConnectorError> {
        let found = self.categories.tree(&self.door, context, &[]).await?.tax_class(named, percent);
        if found.is_ok() {
            return found;
        }
        // Made or corrected since the tree was read?
        self.categories.forget().await;
        self.categories.tree(&self.door, context, &[]).await?.tax_class(named, percent)
    }
}

/// The template's code: as given, when every SKU begins with it. A simple product's SKU is its variant's alone.
fn code<'a>(new: &'a NewProduct, units: &[NewUnit]) -> Option<&'a str> {
    let code = new.code.as_deref().map(str::trim_start).filter(|code| !code.is_empty())?;
    let fits = new.shape == Shape::Variants && units.iter().all(|unit| unit.sku.starts_with(code));
    fits.then_some(code)
}

/// What stands in the template: the price of the first, unless some have none, who would then inherit it.
fn shared_price(units: &[NewUnit]) -> Option<Decimal> {
    if units.iter().any(|unit| unit.price.is_none()) { None } else { units.first()?.price }
}

/// The variant's part of a SKU; `None` when the SKU doesn't begin with the template's.
pub(super) fn suffix<'a>(sku: &'a str, code: Option<&str>) -> Option<&'a str> {
    match code {
        None => Some(sku),
        Some(code) => sku.strip_prefix(code),
    }
}

pub(super) fn not_beginning(sku: &str, code: Option<&str>) -> ConnectorError {
    let code = code.unwrap_or_default();
    refused(
        Field::Sku,
        format!(
            "the SKU {sku:?} does not begin with the code {code:?} that the product has in Tryton with all its \
             variants; change the SKU, or the product's code in Tryton"
        ),
    )
}

fn taken(sku: &str, template: i64) -> ConnectorError {
    refused(
        Field::Sku,
        format!("another active product of Tryton (product.template,{template}) has the SKU {sku:?} already"),
    )
}

/// Something is there, and what is missing must be looked for before anything is repeated.
fn half_made(failure: Failure) -> Failure {
    let error = ConnectorError::from(failure);
    let kind = match error.kind {
        ErrorKind::Unavailable { .. } | ErrorKind::RateLimited { .. } => {
            ErrorKind::Unavailable { maybe_applied: true }
        }
        ErrorKind::Auth => ErrorKind::Auth,
        _ => ErrorKind::Protocol { maybe_applied: true },
    };
    let message = format!("the product was made with a part of its variants; then: {}", error.message);
    Failure::Other(ConnectorError::new(kind, message))
}

/// Fields as people see them in English, as flows call them.
pub(super) fn code_of(label: &str) -> String {
    let field = match label {
        "Name" => Field::Name,
        "Description" => Field::Description,
        "Categories" => Field::Categories,
        "Account Category" => Field::Tax,
        "Default UoM" | "Sale UoM" | "Purchase UoM" => Field::Measure,
        "Suffix Code" => Field::Sku,
        "List Price" => Field::Price,
        "Cost Price" => Field::Cost,
        "Web Shops" | "Active" => Field::Active,
        other => return other.to_owned(),
    };
    field.code().to_owned()
}

impl Held {
    /// What a further variant is described with.
    fn description(&self) -> Option<&str> {
        let shown = self.units.iter().find(|unit| unit.active).or(self.units.first());
        shown.and_then(|unit| unit.description.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use zygos_core::{
        contract::PriceKind,
        model::{Facts, Value},
    };

    use super::*;

    fn new(shape: Shape, code: &str, skus: &[&str]) -> (NewProduct, Vec<NewUnit>) {
        let variant = |sku: &&str| NewVariant {
            facts: Facts::from([(Field::Sku, Value::text(sku))]),
            options: Vec::new(),
            tracked: true,
        };
        let new = NewProduct {
            shape,
            facts: Facts::new(),
            tax_class: None,
            code: Some(code.to_owned()),
            variants: skus.iter().map(variant).collect(),
            prices: PriceKind::Net,
        };
        let units = values::read_units(new.variants.iter().map(|variant| &variant.facts)).unwrap();
        (new, units)
    }

    #[test]
    fn a_template_has_the_code_when_every_sku_begins_with_it() {
        let (all, units) = new(Shape::Variants, "HD-", &["HD-S", "HD-M"]);
        assert_eq!(code(&all, &units), Some("HD-"));
        assert_eq!(suffix("HD-S", Some("HD-")), Some("S"));
        let (some, units) = new(Shape::Variants, "HD-", &["HD-S", "X-M"]);
        assert_eq!(code(&some, &units), None);
        let (simple, units) = new(Shape::Simple, "HD-", &["HD-S"]);
        assert_eq!(code(&simple, &units), None);
    }

    #[test]
    fn a_variant_without_price_inherits_none() {
        let (_, mut units) = new(Shape::Variants, "", &["A", "B"]);
        assert_eq!(shared_price(&units), None);
        units[0].price = Some(Decimal::ONE);
        assert_eq!(shared_price(&units), None);
        units[1].price = Some(Decimal::TWO);
        assert_eq!(shared_price(&units), Some(Decimal::ONE));
    }

    #[test]
    fn a_refusal_behind_the_first_variants_says_that_something_is_there() {
        let refusal = Failure::Refused { field: None, message: "no".to_owned() };
        let error = ConnectorError::from(half_made(refusal));
        assert!(error.maybe_applied(), "{error:?}");
    }
}
