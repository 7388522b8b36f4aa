//! Products made and changed.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde_json::{Value as Json, json};
use zygos_core::{
    RemoteKey,
    contract::{
        Applied, ConnectorError, ErrorKind, NewProduct, NewVariant, Outcome, PriceKind, ProductChanges,
    },
    model::{Facts, Field, Product, Record, Shape, Value},
};

use super::{
    calls::escaped,
    catalogue::{self, Shown},
    known::Visit,
    prices::Terms,
    product_body::{self as body_of, Body, put},
    read::{self, Fields, id_value},
};

/// So many prices of variants are written one unit at a time. More would outlast a call's time; then all variants go
/// into one write, as they do for every other field of theirs.
const FEW: usize = 40;

pub(super) async fn create(visit: Visit<'_>, new: &NewProduct) -> Outcome {
    let percent = new.facts.get(&Field::Tax).and_then(Value::as_number);
    let terms = Terms { kind: new.prices, percent };
    let mut body = Body::new();
    body_of::put_whole(visit, &mut body, &new.facts, None).await?;
    if !body.contains_key("name") {
        return Err(ConnectorError::rejected(Some("name"), "a product needs a name; give it one"));
    }
    let images = addresses(&new.facts);
    body_of::put_images(&mut body, &images);
    match (new.shape, new.variants.as_slice()) {
        (Shape::Simple, [only]) => {
            put(&mut body, "type", json!("basic"));
            put(&mut body, "inventory_enabled", json!(body_of::on_off(only.tracked)));
            body_of::put_unit(&mut body, &only.facts, terms)?;
        }
        (Shape::Variants, [_, ..]) => {
            put(&mut body, "type", json!("multi_variant"));
            if let Some(code) = &new.code {
                put(&mut body, "sku", json!(code));
            }
            let flags: Vec<bool> = new
                .variants
                .iter()
                .filter_map(|variant| variant.facts.get(&Field::Active)?.as_flag())
                .collect();
            if !flags.is_empty() {
                put(&mut body, "status", json!(body_of::status(flags.contains(&true))));
            }
            let attributes = body_of::attributes(&[], &new.variants);
            put(&mut body, "variant_attributes", json!(attributes));
            put(&mut body, "variants", new_variants(&new.variants, terms)?.into());
        }
        _ => {
            return Err(ConnectorError::rejected(
                Some("variants"),
                "a simple product has one unit to sell and any other at least one variant; look at the product where it \
                 comes from",
            ));
        }
    }
    let answer = visit.post("/products", &Json::Object(body)).await?;
    let key = read::key_of(&answer).ok_or_else(|| {
        ConnectorError::new(
            ErrorKind::Protocol { maybe_applied: true },
            "the store's answer does not say what id the new product has",
        )
    })?;
    visit.images_sent(&key, &images).await;
    // It is made, whatever becomes of reading it.
    let record = shown(visit, answer, &key).await.ok().map(|product| Record::Catalogue(Box::new(product)));
    Ok(Applied { key: Some(key), record, already: false })
}

/// Adds variants. One whose SKU is there already is not added a second time.
pub(super) async fn create_variants(
    visit: Visit<'_>,
    product: &RemoteKey,
    variants: &[NewVariant],
    prices: PriceKind,
) -> Outcome {
    let row = visit.get(&catalogue::path(product)).await?;
    let now = read_row(visit, &row).await?;
    if now.shape != Shape::Variants {
        return Err(ConnectorError::new(
            ErrorKind::Conflict,
            "the product has no variants in the store, so none can be added; make it a product with variants there",
        ));
    }
    let missing: Vec<NewVariant> = variants
        .iter()
        .filter(|variant| {
            let sku = variant.facts.get(&Field::Sku).and_then(Value::as_text);
            !sku.is_some_and(|sku| catalogue::carries(&now, sku))
        })
        .cloned()
        .collect();
    if missing.is_empty() {
        return Ok(applied(now, true));
    }
    let terms = Terms { kind: prices, percent: catalogue::percent(&now) };
    let known = row.get("variant_attributes").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut body = Body::new();
    let attributes = body_of::attributes(known, &missing);
    if attributes != known {
        put(&mut body, "variant_attributes", json!(attributes));
    }
    let mut entries: Vec<Json> = all_variants(&row)?.iter().map(|id| json!({"id": id_value(id)})).collect();
    entries.extend(new_variants(&missing, terms)?);
    put(&mut body, "variants", json!(entries));
    let answer = visit.patch(&catalogue::plain_path(product), &Json::Object(body)).await?;
    let product = shown(visit, answer, product).await.map_err(after_a_write)?;
    Ok(applied(product, false))
}

/// Which calls a change of a product takes.
struct Road {
    /// A simple product and its unit have one key.
    simple: bool,
    /// Variants are written all at once, with the product.
    together: bool,
    /// A price is completed by the product's tax.
    priced: bool,
    looks_first: bool,
}

impl Road {
    fn of(changes: &ProductChanges, is_tax_known: bool) -> Self {
        let simple = changes.units.keys().all(|unit| *unit == changes.product);
        let own = |field: &Field| matches!(field, Field::Price | Field::OldPrice);
        let only_prices = changes.units.values().flat_map(Facts::keys).all(own);
        let together = !simple && (!only_prices || changes.units.len() > FEW);
        let completed = |field: &Field| own(field) || *field == Field::Cost;
        let priced =
            changes.units.values().flatten().any(|(field, value)| completed(field) && *value != Value::Empty);
        let looks_first = together
            || changes.facts.contains_key(&Field::Images)
            || changes.facts.contains_key(&Field::Categories)
            || (priced && !is_tax_known);
        Self { simple, together, priced, looks_first }
    }
}

/// How many calls [`update`] makes.
pub(super) fn calls_of(changes: &ProductChanges) -> u64 {
    let Road { simple, together, looks_first, .. } = Road::of(changes, true);
    let one_by_one = if simple || together { 0 } else { changes.units.len() };
    let whole = !changes.facts.is_empty() || together || (simple && !changes.units.is_empty());
    // Prices that were written one by one are read back by one more.
    let calls = usize::from(looks_first) + usize::from(whole) + one_by_one + usize::from(one_by_one > 0);
    u64::try_from(calls).unwrap_or(u64::MAX)
}

pub(super) async fn update(visit: Visit<'_>, changes: &ProductChanges) -> Outcome {
    let (done, assumed) = update_once(visit, changes).await.map_err(in_words_of_flows)?;
    let Some(Record::Catalogue(product)) = &done.record else { return Ok(done) };
    let actual = catalogue::percent(product);
    let repriced = assumed.is_some_and(|assumed| actual.is_some_and(|actual| actual != assumed));
    if repriced && !changes.facts.contains_key(&Field::Tax) {
        // The product's tax was changed since it was read, so that net and gross were written apart.
        return Ok(update_once(visit, changes).await.map_err(after_a_write)?.0);
    }
    Ok(done)
}

/// Names the field of a refusal as flows call it.
fn in_words_of_flows(error: ConnectorError) -> ConnectorError {
    let ErrorKind::Rejected { field: Some(name) } = &error.kind else { return error };
    let own = name.rsplit(['.', '/']).next().unwrap_or(name);
    let field = match own {
        "manufacturer_name" | "manufacturer_id" => Field::Brand,
        "category_id" => Field::Categories,
        "tax_id" | "tax_value" => Field::Tax,
        "unit_type" => Field::Measure,
        "price_net" | "price_gross" => Field::Price,
        "old_price_net" | "old_price_gross" => Field::OldPrice,
        "cost_net" | "cost_gross" => Field::Cost,
        "status" => Field::Active,
        other => match Field::from_code(other) {
            Some(field) => field,
            None => return error,
        },
    };
    ConnectorError::rejected(Some(field.code()), error.message)
}

/// What was done, and the tax by which prices were completed.
async fn update_once(
    visit: Visit<'_>,
    changes: &ProductChanges,
) -> Result<(Applied, Option<Decimal>), ConnectorError> {
    let product = &changes.product;
    let mut percent = match changes.facts.get(&Field::Tax) {
        Some(tax) => tax.as_number(),
        None => visit.rate(product).await,
    };
    let Road { simple, together, priced, looks_first } = Road::of(changes, percent.is_some());
    let before = if looks_first { Some(visit.get(&catalogue::path(product)).await?) } else { None };
    if let Some(row) = &before {
        let now = read_row(visit, row).await?;
        if !changes.units.is_empty() {
            still_there(&now, changes, simple)?;
        }
        if !changes.facts.contains_key(&Field::Tax) {
            percent = catalogue::percent(&now);
        }
    }
    let terms = Terms { kind: changes.prices, percent };

    let mut body = Body::new();
    let main = before.as_ref().and_then(|row| Fields::of(row).ok()?.key("category_id").ok()?);
    body_of::put_whole(visit, &mut body, &changes.facts, main.as_ref()).await?;
    let mut images = addresses(&changes.facts);
    if let Some(fields) = before.as_ref().and_then(|row| Fields::of(row).ok()) {
        let there: BTreeSet<String> = catalogue::image_addresses(&fields).into_iter().collect();
        images.retain(|address| !there.contains(address));
    }
    let images = visit.not_waiting(product, images).await;
    body_of::put_images(&mut body, &images);
    if let (true, Some(facts)) = (simple, changes.units.get(product)) {
        body_of::put_unit(&mut body, facts, terms)?;
    }
    if let (true, Some(row)) = (together, &before) {
        put_variants(&mut body, row, changes, terms)?;
    }

    let mut sent = false;
    let mut answer = None;
    if !body.is_empty() {
        answer = Some(visit.patch(&catalogue::plain_path(product), &Json::Object(body)).await?);
        visit.images_sent(product, &images).await;
        sent = true;
    }
    if !simple && !together {
        for (unit, facts) in &changes.units {
            let mut body = Body::new();
            body_of::put_unit(&mut body, facts, terms)?;
            let path = format!("/inventory/id/{}", escaped(unit.as_str()));
            let written = visit.patch(&path, &Json::Object(body)).await;
            written
                .map_err(|error| of_a_unit(error, unit))
                .map_err(|error| if sent { after_a_write(error) } else { error })?;
            sent = true;
            // It showed the product before these prices.
            answer = None;
        }
    }
    let product = match (answer, before) {
        (Some(answer), _) => shown(visit, answer, product).await.map_err(after_a_write)?,
        (None, Some(row)) if !sent => read_row(visit, &row).await?,
        (None, _) => shown(visit, Json::Null, product)
            .await
            .map_err(|error| if sent { after_a_write(error) } else { error })?,
    };
    Ok((applied(product, !sent), terms.percent.filter(|_| priced)))
}

/// All variants by id, for nothing says that those left out survive, and what changes of each. The whole is on sale
/// as long as any of them is.
fn put_variants(
    body: &mut Body,
    row: &Json,
    changes: &ProductChanges,
    terms: Terms,
) -> Result<(), ConnectorError> {
    let mut entries = Vec::new();
    for id in all_variants(row)? {
        let mut entry = Body::new();
        if let Some(facts) = changes.units.get(&id) {
            body_of::put_unit(&mut entry, facts, terms)?;
        }
        put(&mut entry, "id", id_value(&id));
        entries.push(Json::Object(entry));
    }
    let switched = changes.units.values().any(|facts| facts.contains_key(&Field::Active));
    if switched {
        let was = |id: &RemoteKey| {
            let rows = row.get("variants").and_then(Json::as_array)?;
            let own = rows.iter().find(|variant| read::key_of(variant).as_ref() == Some(id))?;
            Some(Fields::of(own).ok()?.text("status")? == body_of::status(true))
        };
        let whole_was = Fields::of(row).ok().and_then(|fields| fields.text("status"));
        let is = |id: &RemoteKey| {
            let changed = changes.units.get(id).and_then(|facts| facts.get(&Field::Active)?.as_flag());
            changed.or_else(|| was(id)).unwrap_or(whole_was.as_deref() == Some(body_of::status(true)))
        };
        let status = body_of::status(all_variants(row)?.iter().any(is));
        if whole_was.as_deref() != Some(status) {
            put(body, "status", json!(status));
        }
    }
    put(body, "variants", json!(entries));
    Ok(())
}

/// The ids of all variants; none may be missed, since it might be lost.
fn all_variants(row: &Json) -> Result<Vec<RemoteKey>, ConnectorError> {
    let rows = row.get("variants").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    rows.iter()
        .map(|variant| {
            read::key_of(variant).ok_or_else(|| {
                ConnectorError::rejected(
                    Some("variants"),
                    "a variant of the product has no id in the store's answer, so that writing the others might lose it; \
                     open the product in the store and save it again",
                )
            })
        })
        .collect()
}

fn still_there(now: &Product, changes: &ProductChanges, simple: bool) -> Result<(), ConnectorError> {
    let changed = |message: String| Err(ConnectorError::new(ErrorKind::Conflict, message));
    if simple == (now.shape == Shape::Variants) {
        let is = if simple { "is sold in variants now" } else { "has no variants any more" };
        return changed(format!("product {} {is} in the store; it is to be read again", now.key));
    }
    let known = |unit: &RemoteKey| {
        now.variant(unit).is_some() || now.troubles.iter().any(|trouble| trouble.unit.as_ref() == Some(unit))
    };
    match changes.units.keys().find(|unit| !known(unit)) {
        Some(gone) => changed(format!(
            "variant {gone} is not among the variants of product {} in the store any more; it is to be read again",
            now.key
        )),
        None => Ok(()),
    }
}

fn of_a_unit(error: ConnectorError, unit: &RemoteKey) -> ConnectorError {
    if error.kind != ErrorKind::NotFound {
        return error;
    }
    ConnectorError::new(
        ErrorKind::Conflict,
        format!("variant {unit} does not exist in the store any more; its product is to be read again"),
    )
}

/// A part of the write is done, so its failure doesn't mean that nothing happened.
fn after_a_write(error: ConnectorError) -> ConnectorError {
    let kind = match error.kind {
        ErrorKind::Unavailable { .. } => ErrorKind::Unavailable { maybe_applied: true },
        ErrorKind::Protocol { .. } => ErrorKind::Protocol { maybe_applied: true },
        other => other,
    };
    ConnectorError { kind, ..error }
}

fn new_variants(variants: &[NewVariant], terms: Terms) -> Result<Vec<Json>, ConnectorError> {
    variants.iter().map(|variant| body_of::new_variant(variant, terms)).collect()
}

fn addresses(facts: &Facts) -> Vec<String> {
    match facts.get(&Field::Images) {
        Some(Value::Addresses(addresses)) => addresses.clone(),
        _ => Vec::new(),
    }
}

/// The product as the answer to a write shows it, or as one more call does when the answer doesn't show all of it.
async fn shown(visit: Visit<'_>, answer: Json, product: &RemoteKey) -> Result<Product, ConnectorError> {
    if catalogue::holds_everything(&answer) {
        return read_row(visit, &answer).await;
    }
    let row = visit.get(&catalogue::path(product)).await?;
    read_row(visit, &row).await
}

async fn read_row(visit: Visit<'_>, row: &Json) -> Result<Product, ConnectorError> {
    let read = visit.products(&[row], Shown::Whole).await?.pop();
    let unreadable = match read {
        Some(Ok(product)) => return Ok(product),
        Some(Err(unreadable)) => format!("field {}: {}", unreadable.field, unreadable.message),
        None => "it holds no product".to_owned(),
    };
    Err(ConnectorError::new(
        ErrorKind::Protocol { maybe_applied: false },
        format!("the store's answer about a product cannot be read, {unreadable}"),
    ))
}

fn applied(product: Product, already: bool) -> Applied {
    Applied { key: Some(product.key.clone()), record: Some(Record::Catalogue(Box::new(product))), already }
}
