//! `read`: fields, dotted fields, labels.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::{Map, Value as Json};

use super::{
    computed,
    context::Context,
    errors::{Failure, Outcome},
    price_lists,
    schema::{Kind, Model, model, title},
    store::Store,
    values::Value,
};

/// What to read of one model: fields, labels of selections, and what to read behind links.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    fields: Vec<String>,
    labels: Vec<String>,
    behind: BTreeMap<String, Wanted>,
}

impl Wanted {
    pub(super) fn parse(names: &Json) -> Outcome<Self> {
        let mut wanted = Self::default();
        for name in names.as_array().into_iter().flatten() {
            wanted.add(name.as_str().ok_or_else(|| Failure::key("field"))?);
        }
        Ok(wanted)
    }

    fn add(&mut self, name: &str) {
        match name.split_once('.') {
            Some((first, rest)) => self.behind.entry(first.to_owned()).or_default().add(rest),
            None => match name.split_once(':') {
                Some((field, _)) => self.labels.push(field.to_owned()),
                None => self.fields.push(name.to_owned()),
            },
        }
    }
}

/// Reads each record once, however often it is named; one that is missing fails the call.
pub(super) fn read(
    store: &Store,
    model: &'static Model,
    ids: &[i64],
    wanted: &Wanted,
    context: &Context,
) -> Outcome<Json> {
    let mut seen = std::collections::BTreeSet::new();
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids.iter().copied().filter(|id| seen.insert(*id)) {
        if !store.exists(model.name, id) {
            return Err(missing("read", id, model));
        }
        rows.push(Json::Object(record(store, model, id, wanted, context)?));
    }
    Ok(Json::Array(rows))
}

pub(super) fn missing(doing: &str, id: i64, model: &Model) -> Failure {
    let to = if doing == "read" { "read" } else { "write to" };
    Failure::user(format!("You are trying to {to} records \"{id}\" of \"{}\" that don't exist.", model.label))
}

fn record(
    store: &Store,
    model: &'static Model,
    id: i64,
    wanted: &Wanted,
    context: &Context,
) -> Outcome<Map<String, Json>> {
    let mut object = Map::new();
    object.insert("id".to_owned(), Json::from(id));
    for name in &wanted.fields {
        let field = model.field(name).ok_or_else(|| Failure::key(name))?;
        // The one computed field that can fail.
        let value = match (model.name, field.name) {
            ("product.product", "sale_price_uom") => Cow::Owned(price_lists::price(store, id, context)?),
            _ => computed::value(store, model, id, field, context),
        };
        object.insert(name.clone(), value.to_json(!field.computed));
    }
    for name in &wanted.labels {
        let field = model.field(name).ok_or_else(|| Failure::key(name))?;
        let value = computed::value(store, model, id, field, context);
        let label = if value.is_null() { Json::Null } else { Json::from(title_of_option(value.as_text())) };
        object.insert(format!("{name}:string"), label);
    }
    for (name, inner) in &wanted.behind {
        let field = model.field(name).ok_or_else(|| Failure::key(name))?;
        let value = computed::value(store, model, id, field, context);
        let behind = match (field.target(), value.as_ref()) {
            (Some(target), Value::One(next)) => Json::Object(record(store, target, *next, inner, context)?),
            (Some(target), Value::Many(next)) => {
                let mut rows = Vec::with_capacity(next.len());
                for next in next {
                    rows.push(Json::Object(record(store, target, *next, inner, context)?));
                }
                Json::Array(rows)
            }
            (None, Value::Reference(name, next)) => match super::schema::model(name) {
                Some(target) => Json::Object(record(store, target, *next, inner, context)?),
                None => Json::Null,
            },
            (Some(_), _) | (None, Value::Null) => Json::Null,
            (None, _) => return Err(Failure::key(name)),
        };
        object.insert(format!("{name}."), behind);
    }
    Ok(object)
}

/// `partially shipped` → `Partially Shipped`.
fn title_of_option(option: &str) -> String {
    title(option)
}

/// `fields_get`, as far as a client needs it to know what it may send.
pub(super) fn fields_get(of: &'static Model, names: &Json) -> Outcome<Json> {
    let wanted: Vec<&str> = names.as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    let mut all = Map::new();
    for field in of.fields.iter().chain(super::schema::BASE).filter(|field| field.name != "_timestamp") {
        if !wanted.is_empty() && !wanted.contains(&field.name) {
            continue;
        }
        let mut entry = Map::new();
        let kind = match field.kind {
            Kind::Char => "char",
            Kind::Text => "text",
            Kind::Integer => "integer",
            Kind::Boolean => "boolean",
            Kind::Float => "float",
            Kind::Numeric => "numeric",
            Kind::Date => "date",
            Kind::Timestamp => "timestamp",
            Kind::Selection(_) => "selection",
            Kind::One(_) => "many2one",
            Kind::Children { .. } => "one2many",
            Kind::List(_) => "many2many",
            Kind::Reference => "reference",
        };
        entry.insert("name".to_owned(), field.name.into());
        entry.insert("string".to_owned(), title(field.name).into());
        entry.insert("type".to_owned(), kind.into());
        entry.insert("required".to_owned(), field.required.into());
        entry.insert("readonly".to_owned(), field.read_only.into());
        if let Kind::Selection(options) = field.kind {
            let options: Vec<Json> =
                options.iter().map(|option| Json::from(vec![(*option).to_owned(), title(option)])).collect();
            entry.insert("selection".to_owned(), options.into());
        }
        if let Some(target) = field.target() {
            entry.insert("relation".to_owned(), target.name.into());
        }
        all.insert(field.name.to_owned(), entry.into());
    }
    if let Some(unknown) = wanted.iter().find(|name| !all.contains_key(**name)) {
        return Err(Failure::key(unknown));
    }
    Ok(Json::Object(all))
}

/// The model a method is called on.
pub(super) fn known(name: &str) -> Outcome<&'static Model> {
    model(name).ok_or_else(|| Failure::key(name))
}
