//! Fields of a product changed in Tryton: only what differs is sent, all of it in one call where Tryton lets it be.
//!
//! A retired record is read-only there, so putting on sale is a call of its own, before everything else; taking off
//! sale goes together with the rest.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Map, Value as Json, json};
use zygos_core::{
    contract::{Applied, CallContext, ConnectorError, ProductChanges},
    model::{Facts, Field, Value},
};

use super::{
    Tryton, barcode,
    errors::Failure,
    held::{Held, HeldUnit},
    making::{not_beginning, suffix},
    values::{self, CHUNK, OF_UNIT, OF_WHOLE, refused},
    wire,
};

type Values = Map<String, Json>;

/// What is to be written of which record, and what is put on sale before.
#[derive(Clone, Debug, Default, PartialEq)]
struct Plan {
    /// Variants.
    put_on_sale: Vec<i64>,
    template: Values,
    units: BTreeMap<i64, Values>,
    /// SKUs that are new or come back: they may be taken.
    skus: Vec<String>,
}

impl Tryton {
    pub(super) async fn update_product(
        &self,
        context: &CallContext,
        changes: &ProductChanges,
    ) -> Result<Applied, Failure> {
        values::check_fields(&changes.facts, &OF_WHOLE)?;
        for facts in changes.units.values() {
            values::check_fields(facts, &OF_UNIT)?;
        }
        if changes.price_list.is_none() {
            let facts: Vec<&Facts> = changes.units.values().collect();
            values::check_kind(&facts, changes.prices)?;
        }
        let held = self.held(context, &changes.product).await?;
        let mut plan = planned(&held, changes)?;
        if changes.facts.contains_key(&Field::Categories) {
            let commands = self.categories_changed(context, &held, &values::paths(&changes.facts)?).await?;
            if !commands.is_empty() {
                plan.template.insert("categories".to_owned(), Json::Array(commands));
            }
        }
        if changes.facts.contains_key(&Field::Tax)
            && let Some(category) = self.tax_changed(context, &held, changes).await?
        {
            plan.template.insert("account_category".to_owned(), json!(category));
        }
        check_retired(&held, &plan)?;
        let mut wrote = self.carry_out(context, &held, plan).await?;
        if let Some(list) = &changes.price_list {
            wrote |= self.write_listed(context, list, &held, changes).await?;
        }
        let left = self.as_it_is(context, held.id).await?;
        Ok(Applied { already: !wrote, ..left })
    }

    async fn carry_out(&self, context: &CallContext, held: &Held, plan: Plan) -> Result<bool, Failure> {
        let mut wrote = false;
        let skus = plan.skus;
        if !plan.put_on_sale.is_empty() {
            let (method, params) = put_on_sale(held, &plan.put_on_sale);
            if let Err(failure) = self.door.write(context, method, params).await {
                return Err(self.not_moved(context, failure, &skus, held.id).await);
            }
            wrote = true;
        }
        let pairs: Vec<(i64, Values)> = plan.units.into_iter().collect();
        let (first, rest) = pairs.split_at(pairs.len().min(CHUNK));
        let mut calls = Vec::new();
        if !plan.template.is_empty() {
            let mut template = plan.template;
            if !first.is_empty() {
                let mut command = vec![json!("write")];
                command.extend(as_pairs(first));
                template.insert("products".to_owned(), json!([command]));
            }
            calls.push(("model.product.template.write", vec![json!([held.id]), Json::Object(template)]));
        } else if !first.is_empty() {
            calls.push(("model.product.product.write", as_pairs(first)));
        }
        calls.extend(rest.chunks(CHUNK).map(|chunk| ("model.product.product.write", as_pairs(chunk))));
        for (method, params) in calls {
            match self.door.write(context, method, params).await {
                Ok(_) => wrote = true,
                Err(failure) => return Err(self.not_moved(context, failure, &skus, held.id).await),
            }
        }
        Ok(wrote)
    }

    /// The only thing that Tryton asks a person about is goods in stock that are sold no more.
    async fn not_moved(
        &self,
        context: &CallContext,
        failure: Failure,
        skus: &[String],
        template: i64,
    ) -> Failure {
        match failure {
            Failure::Warned { .. } => {
                let error = ConnectorError::from(failure);
                Failure::Other(refused(Field::Active, error.message))
            }
            other => self.explained_by(context, other, skus, Some(template)).await,
        }
    }

    /// Commands that leave a product in these categories. Accounting ones stay, and so does any that has a wanted path.
    async fn categories_changed(
        &self,
        context: &CallContext,
        held: &Held,
        paths: &[Vec<String>],
    ) -> Result<Vec<Json>, ConnectorError> {
        let wanted = self.category_ids(context, paths).await?;
        let tree = self.categories.tree(&self.door, context, &held.categories).await?;
        let mut remove = Vec::new();
        let mut kept = Vec::new();
        for id in &held.categories {
            // One that is in a circle has no path, and goes.
            match tree.path(*id) {
                Ok(None) => {}
                Ok(Some(path)) if paths.contains(&path) => kept.push(path),
                Ok(Some(_)) | Err(_) => remove.push(*id),
            }
        }
        let lacking = paths.iter().zip(&wanted).filter(|(path, _)| !kept.contains(path));
        let mut add: Vec<i64> = lacking.map(|(_, id)| *id).collect();
        add.sort_unstable();
        add.dedup();
        let mut commands = Vec::new();
        if !remove.is_empty() {
            commands.push(json!(["remove", remove]));
        }
        if !add.is_empty() {
            commands.push(json!(["add", add]));
        }
        Ok(commands)
    }

    /// The accounting category, when it must be another.
    async fn tax_changed(
        &self,
        context: &CallContext,
        held: &Held,
        changes: &ProductChanges,
    ) -> Result<Option<i64>, ConnectorError> {
        let percent = values::number(&changes.facts, Field::Tax)?;
        let named = changes.tax_class.as_deref();
        let tree = self.categories.tree(&self.door, context, held.account_category.as_slice()).await?;
        let charged = held.account_category.and_then(|id| tree.percent(id));
        if named.is_none() && percent.is_some() && charged == percent {
            return Ok(None);
        }
        let id = self.tax_class(context, named, percent).await?;
        Ok(Some(id).filter(|id| held.account_category != Some(*id)))
    }
}

fn as_pairs(units: &[(i64, Values)]) -> Vec<Json> {
    units.iter().flat_map(|(id, values)| [json!([id]), Json::Object(values.clone())]).collect()
}

/// Under a retired template the flags of the others are taken down, or they would come back with it.
fn put_on_sale(held: &Held, ids: &[i64]) -> (&'static str, Vec<Json>) {
    if held.active {
        return ("model.product.product.write", vec![json!(ids), json!({"active": true})]);
    }
    let mut command = vec![json!("write")];
    for unit in &held.units {
        let wanted = ids.contains(&unit.id);
        if wanted != unit.active {
            command.push(json!([unit.id]));
            command.push(if wanted { json!({"active": true}) } else { Json::Object(off_sale(unit)) });
        }
    }
    let mut values = json!({"active": true});
    if command.len() > 1 {
        values["products"] = json!([command]);
    }
    ("model.product.template.write", vec![json!([held.id]), values])
}

/// A product that a web shop shows can't be retired.
fn off_sale(unit: &HeldUnit) -> Values {
    let mut values = Values::from_iter([("active".to_owned(), json!(false))]);
    if !unit.web_shops.is_empty() {
        values.insert("web_shops".to_owned(), json!([["remove", unit.web_shops]]));
    }
    values
}

/// What doesn't depend on anything but the product itself.
fn planned(held: &Held, changes: &ProductChanges) -> Result<Plan, ConnectorError> {
    let mut plan = Plan::default();
    if changes.facts.contains_key(&Field::Name) {
        let name = values::needed(&changes.facts, Field::Name)?;
        if name != held.name {
            plan.template.insert("name".to_owned(), json!(name));
        }
    }
    if let Some(measure) = values::text(&changes.facts, Field::Measure)?
        && measure != held.measure
    {
        let message =
            "the unit of measure can't be changed from outside once a product is there; change it in Tryton";
        return Err(refused(Field::Measure, message));
    }
    let mut skus: Vec<(&HeldUnit, &str)> = Vec::new();
    for (key, facts) in &changes.units {
        let unit = held.units.iter().find(|unit| Some(unit.id) == wire::id(key));
        let unit = unit.ok_or_else(|| ConnectorError::not_found(format_args!("the variant {key}")))?;
        let mut values = Values::new();
        if facts.contains_key(&Field::Sku) {
            let sku = values::needed(facts, Field::Sku)?;
            if sku != unit.sku {
                skus.push((unit, sku));
            }
        }
        if facts.contains_key(&Field::Ean) {
            values.extend(ean_changed(unit, values::ean(facts)?));
        }
        if facts.contains_key(&Field::Price) && changes.price_list.is_none() {
            price_changed(held, unit, values::amount(facts, Field::Price)?, &mut plan.template, &mut values)?;
        }
        // No cost and a cost of nothing are the same to Tryton.
        let costs = |cost: Option<Decimal>| cost.unwrap_or_default();
        if facts.contains_key(&Field::Cost) && costs(values::amount(facts, Field::Cost)?) != costs(unit.cost)
        {
            let message =
                "Tryton computes the cost once goods have moved; change it there with \"Modify Cost Price\"";
            return Err(refused(Field::Cost, message));
        }
        match values::flag(facts, Field::Active)? {
            Some(true) if !held.is_on_sale(unit) => {
                plan.put_on_sale.push(unit.id);
                plan.skus.push(unit.sku.clone());
            }
            Some(false) if held.is_on_sale(unit) => values.extend(off_sale(unit)),
            _ => {}
        }
        if !values.is_empty() {
            plan.units.insert(unit.id, values);
        }
    }
    rename(held, &skus, &mut plan)?;
    if changes.facts.contains_key(&Field::Description) {
        let description = values::text(&changes.facts, Field::Description)?;
        let on_sale = |unit: &&HeldUnit| held.is_on_sale(unit) || plan.put_on_sale.contains(&unit.id);
        let mut changed: Vec<&HeldUnit> = held.units.iter().filter(on_sale).collect();
        if changed.is_empty() {
            // Retired as a whole, which is told rather than passed over.
            changed.extend(&held.units);
        }
        for unit in changed.into_iter().filter(|unit| unit.description.as_deref() != description) {
            plan.units.entry(unit.id).or_default().insert("description".to_owned(), json!(description));
        }
    }
    Ok(plan)
}

/// A SKU is the template's code and the variant's ending. Where only one variant is there, the code may go.
fn rename(held: &Held, skus: &[(&HeldUnit, &str)], plan: &mut Plan) -> Result<(), ConnectorError> {
    for (unit, sku) in skus {
        let ending = match suffix(sku, held.code.as_deref()) {
            Some(ending) => ending,
            None if held.units.len() == 1 => {
                plan.template.insert("code".to_owned(), Json::Null);
                sku
            }
            None => return Err(not_beginning(sku, held.code.as_deref())),
        };
        plan.units.entry(unit.id).or_default().insert("suffix_code".to_owned(), json!(ending));
        plan.skus.push((*sku).to_owned());
    }
    Ok(())
}

fn ean_changed(unit: &HeldUnit, wanted: Option<String>) -> Option<(String, Json)> {
    let command = match (&unit.ean, wanted) {
        (None, None) => return None,
        (Some((_, held)), Some(wanted)) if barcode::compact(held).as_ref() == Some(&wanted) => return None,
        (Some((id, _)), Some(wanted)) => json!([["write", [id], {"code": wanted}]]),
        (None, Some(wanted)) => json!([["create", [{"type": "ean", "code": wanted}]]]),
        (Some((id, _)), None) => json!([["delete", [id]]]),
    };
    Some(("identifiers".to_owned(), command))
}

/// The price that holds without a list: the template's, where its only variant has none of its own.
fn price_changed(
    held: &Held,
    unit: &HeldUnit,
    wanted: Option<Decimal>,
    template: &mut Values,
    own: &mut Values,
) -> Result<(), ConnectorError> {
    if wanted == unit.price {
        return Ok(());
    }
    let spelled = wanted.map_or(Json::Null, wire::decimal);
    if held.units.len() == 1 && unit.own_price.is_none() {
        template.insert("list_price".to_owned(), spelled);
    } else if wanted.is_none() && held.list_price.is_some() {
        let message = "a variant without a price of its own has its product's; give it a price, or take the \
                       product's away in Tryton";
        return Err(refused(Field::Price, message));
    } else {
        own.insert("list_price".to_owned(), spelled);
    }
    Ok(())
}

/// Tryton lets nobody change what is retired.
fn check_retired(held: &Held, plan: &Plan) -> Result<(), ConnectorError> {
    const MESSAGE: &str =
        "the product is retired in Tryton, which lets nobody change a retired one; put it on sale first";
    let comes_back = |id: &i64| plan.put_on_sale.contains(id);
    if !plan.template.is_empty() && !held.active && plan.put_on_sale.is_empty() {
        return Err(refused(Field::Active, MESSAGE));
    }
    let off = |id: &i64| held.units.iter().any(|unit| unit.id == *id && !held.is_on_sale(unit));
    match plan.units.keys().find(|id| off(id) && !comes_back(id)) {
        Some(_) => Err(refused(Field::Active, MESSAGE)),
        None => Ok(()),
    }
}

/// The prices that are given, by variant.
pub(super) fn prices(held: &Held, changes: &ProductChanges) -> Result<Vec<(i64, Decimal)>, ConnectorError> {
    let mut prices = Vec::new();
    for (key, facts) in &changes.units {
        let Some(value) = facts.get(&Field::Price) else { continue };
        let unit = held.units.iter().find(|unit| Some(unit.id) == wire::id(key));
        let unit = unit.ok_or_else(|| ConnectorError::not_found(format_args!("the variant {key}")))?;
        if *value == Value::Empty {
            let message = "a price can't be taken out of a price list from outside; do it in Tryton";
            return Err(refused(Field::Price, message));
        }
        if let Some(price) = values::amount(facts, Field::Price)? {
            prices.push((unit.id, price));
        }
    }
    Ok(prices)
}

#[cfg(test)]
mod tests {
    use zygos_core::{
        RemoteKey,
        contract::{ErrorKind, PriceKind},
    };

    use super::*;

    fn unit(id: i64, sku: &str) -> HeldUnit {
        HeldUnit {
            id,
            sku: sku.to_owned(),
            active: true,
            own_price: None,
            price: Some(Decimal::TEN),
            cost: Some(Decimal::ZERO),
            description: None,
            ean: None,
            web_shops: Vec::new(),
        }
    }

    fn held(code: Option<&str>, units: Vec<HeldUnit>) -> Held {
        Held {
            id: 1,
            name: "Hoodie".to_owned(),
            code: code.map(str::to_owned),
            active: true,
            list_price: Some(Decimal::TEN),
            account_category: Some(1),
            measure: "Unit".to_owned(),
            categories: Vec::new(),
            units,
        }
    }

    fn changes(units: &[(i64, Field, Value)]) -> ProductChanges {
        let mut changes = ProductChanges {
            product: RemoteKey::new("product.template,1"),
            facts: Facts::new(),
            tax_class: None,
            units: BTreeMap::new(),
            prices: PriceKind::Net,
            price_list: None,
        };
        for (id, field, value) in units {
            changes.units.entry(wire::key(*id)).or_default().insert(*field, value.clone());
        }
        changes
    }

    fn field_of(error: ConnectorError) -> Option<String> {
        match error.kind {
            ErrorKind::Rejected { field } => field,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_so_already_is_not_written() {
        let mut with_ean = unit(7, "A");
        with_ean.ean = Some((3, "4006381 333931".to_owned()));
        let given = changes(&[
            (7, Field::Sku, Value::text("A")),
            (7, Field::Ean, Value::text("4006381333931")),
            (7, Field::Price, Value::number(Decimal::new(1000, 2))),
            (7, Field::Cost, Value::Empty),
            (7, Field::Active, Value::Flag(true)),
        ]);
        assert_eq!(planned(&held(None, vec![with_ean]), &given).unwrap(), Plan::default());
    }

    #[test]
    fn the_only_variants_price_is_its_templates_and_one_of_several_has_its_own() {
        let given = changes(&[(7, Field::Price, Value::number(Decimal::TWO))]);
        let alone = planned(&held(None, vec![unit(7, "A")]), &given).unwrap();
        assert_eq!(alone.template["list_price"]["decimal"], "2");
        let several = planned(&held(None, vec![unit(7, "A"), unit(8, "B")]), &given).unwrap();
        assert!(several.template.is_empty());
        assert_eq!(several.units[&7]["list_price"]["decimal"], "2");
        let mut own = unit(7, "A");
        own.own_price = Some(Decimal::TEN);
        let own = planned(&held(None, vec![own]), &given).unwrap();
        assert_eq!(own.units[&7]["list_price"]["decimal"], "2");
    }

    #[test]
    fn a_sku_is_split_at_the_code_and_the_code_goes_where_one_variant_stands_alone() {
        let code = Some("HD-");
        let fits = changes(&[(7, Field::Sku, Value::text("HD-XL"))]);
        let plan = planned(&held(code, vec![unit(7, "HD-S"), unit(8, "HD-M")]), &fits).unwrap();
        assert_eq!((plan.units[&7]["suffix_code"].as_str(), plan.template.len()), (Some("XL"), 0));
        let other = changes(&[(7, Field::Sku, Value::text("X"))]);
        let plan = planned(&held(code, vec![unit(7, "HD-S")]), &other).unwrap();
        assert_eq!(
            (&plan.template["code"], plan.units[&7]["suffix_code"].as_str()),
            (&Json::Null, Some("X"))
        );
        let refused = planned(&held(code, vec![unit(7, "HD-S"), unit(8, "HD-M")]), &other).unwrap_err();
        assert_eq!(field_of(refused).as_deref(), Some("sku"));
    }

    #[test]
    fn an_ean_is_written_made_or_deleted() {
        let mut with_ean = unit(7, "A");
        with_ean.ean = Some((3, "4006381333931".to_owned()));
        let of = |unit: HeldUnit, value: Value| {
            planned(&held(None, vec![unit]), &changes(&[(7, Field::Ean, value)])).unwrap().units[&7]
                ["identifiers"]
                .clone()
        };
        assert_eq!(
            of(with_ean.clone(), Value::text("96385074")),
            json!([["write", [3], {"code": "96385074"}]])
        );
        assert_eq!(of(with_ean, Value::Empty), json!([["delete", [3]]]));
        assert_eq!(
            of(unit(7, "A"), Value::text("96385074")),
            json!([["create", [{"type": "ean", "code": "96385074"}]]])
        );
    }

    #[test]
    fn retiring_takes_it_out_of_the_web_shops_in_the_same_write() {
        let mut shown = unit(7, "A");
        shown.web_shops = vec![1, 2];
        let plan =
            planned(&held(None, vec![shown]), &changes(&[(7, Field::Active, Value::Flag(false))])).unwrap();
        assert_eq!(
            Json::Object(plan.units[&7].clone()),
            json!({"active": false, "web_shops": [["remove", [1, 2]]]})
        );
    }

    #[test]
    fn a_variant_that_comes_back_with_its_template_brings_no_other_with_it() {
        let mut retired = held(None, vec![unit(7, "A"), unit(8, "B")]);
        retired.active = false;
        let (method, params) = put_on_sale(&retired, &[7]);
        assert_eq!(method, "model.product.template.write");
        assert_eq!(params[1], json!({"active": true, "products": [["write", [8], {"active": false}]]}));
    }

    #[test]
    fn a_retired_product_is_changed_only_when_it_is_put_on_sale_as_well() {
        let mut off = unit(7, "A");
        off.active = false;
        let retired = held(None, vec![off]);
        let mut given = changes(&[(7, Field::Ean, Value::text("96385074"))]);
        let plan = planned(&retired, &given).unwrap();
        assert_eq!(field_of(check_retired(&retired, &plan).unwrap_err()).as_deref(), Some("active"));
        given.units.entry(wire::key(7)).or_default().insert(Field::Active, Value::Flag(true));
        let plan = planned(&retired, &given).unwrap();
        assert_eq!(plan.put_on_sale, [7]);
        check_retired(&retired, &plan).unwrap();
    }

    #[test]
    fn a_cost_and_a_unit_of_measure_are_not_changed_from_outside() {
        let product = held(None, vec![unit(7, "A")]);
        let cost = planned(&product, &changes(&[(7, Field::Cost, Value::number(Decimal::ONE))]));
        assert_eq!(field_of(cost.unwrap_err()).as_deref(), Some("cost"));
        let mut measure = changes(&[]);
        measure.facts.insert(Field::Measure, Value::text("Kilogram"));
        assert_eq!(field_of(planned(&product, &measure).unwrap_err()).as_deref(), Some("measure"));
    }
}
