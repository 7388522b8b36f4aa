//! `create`, `write` and `delete` of any model, with the commands for lists.

use rust_decimal::Decimal;
use serde_json::{Map, Value as Json};

use super::{
    catalogue, categories,
    computed::stamp,
    context::Context,
    errors::{Failure, Outcome},
    price_lists, products,
    reading::missing,
    rules,
    schema::{Field, Kind, Model, model, title},
    store::{Store, Values},
    values::{Value, class_of, digits_error, parse},
};

/// Which model's list field gets which commands.
type Commands<'a> = Vec<(&'static Field, &'a Json)>;

pub(super) fn create(
    store: &mut Store,
    of: &'static Model,
    json: &Json,
    preset: Option<(&'static str, Value)>,
    context: &Context,
) -> Outcome<i64> {
    let object = json
        .as_object()
        .ok_or_else(|| Failure::Server(format!("'{}' object has no attribute 'keys'", class_of(json))))?;
    let mut values = rules::defaults(store, of, context);
    let (given, commands) = split(of, object, true)?;
    if of.name == "product.product" {
        products::may_be_born(&given)?;
    }
    values.extend(given);
    values.extend(preset);
    let id = store.insert(of.name, values);
    rules::may_create(store, of, id)?;
    run_commands(store, of, id, commands, context)?;
    rules::complete(store, of, id);
    check(store, of, id)?;
    rules::check(store, of, id)?;
    Ok(id)
}

/// `arguments` are pairs of ids and values, as many as there are.
pub(super) fn write(
    store: &mut Store,
    of: &'static Model,
    arguments: &[Json],
    context: &Context,
) -> Outcome<()> {
    // What may be written is judged for all pairs by how things are before the first.
    for pair in arguments.chunks(2) {
        if let [ids, Json::Object(values)] = pair {
            let (given, commands) = split(of, values, false)?;
            let names: Vec<&'static str> =
                given.keys().copied().chain(commands.iter().map(|(field, _)| field.name)).collect();
            for id in ids_of(ids)?.into_iter().filter(|id| store.exists(of.name, *id)) {
                rules::may_write(store, of, id, &names)?;
            }
        }
    }
    let mut touched = Vec::new();
    for pair in arguments.chunks(2) {
        let [ids, values] = pair else {
            return Err(Failure::Server("not enough values to unpack (expected 2, got 1)".to_owned()));
        };
        let values = values
            .as_object()
            .ok_or_else(|| Failure::Server("'NoneType' object has no attribute 'keys'".to_owned()))?;
        for id in ids_of(ids)? {
            write_one(store, of, id, values, context)?;
            touched.push(id);
        }
    }
    // Pairs may pass through states that no record may be left in, so checks come last.
    for id in touched {
        check(store, of, id)?;
        rules::check(store, of, id)?;
    }
    Ok(())
}

fn write_one(
    store: &mut Store,
    of: &'static Model,
    id: i64,
    values: &Map<String, Json>,
    context: &Context,
) -> Outcome<()> {
    if !store.exists(of.name, id) {
        return Err(missing("write", id, of));
    }
    check_lock(store, of.name, id, context)?;
    let (given, commands) = split(of, values, false)?;
    products::warn(store, of.name, id, &given)?;
    store.update(of.name, id, given);
    run_commands(store, of, id, commands, context)?;
    rules::complete(store, of, id);
    Ok(())
}

pub(super) fn check_lock(store: &Store, of: &str, id: i64, context: &Context) -> Outcome<()> {
    match context.timestamps.get(&format!("{of},{id}")) {
        Some(read) if *read != stamp(store, of, id) => Err(Failure::Concurrency),
        _ => Ok(()),
    }
}

pub(super) fn delete(store: &mut Store, of: &'static Model, ids: &[i64]) -> Outcome<()> {
    for id in ids.iter().copied() {
        if !store.exists(of.name, id) {
            return Err(missing("read", id, of));
        }
        rules::may_delete(store, of, id)?;
        remove(store, of, id);
    }
    Ok(())
}

/// Takes what belongs to the record with it.
fn remove(store: &mut Store, of: &'static Model, id: i64) {
    for field in of.fields {
        let Kind::Children { model: child, inverse } = field.kind else { continue };
        let Some(child) = model(child) else { continue };
        // Categories below one that goes stay, and stand alone.
        if child.name == of.name {
            continue;
        }
        // Moves outlive what they point to; lines, identifiers, variants don't.
        if child.name == "stock.move" {
            continue;
        }
        for owned in store.pointing(child.name, inverse, id) {
            remove(store, child, owned);
        }
    }
    match of.name {
        "product.category" => categories::forget(store, id),
        "product.product" => price_lists::forget(store, "product", id),
        _ => {}
    }
    store.remove(of.name, id);
}

pub(super) fn ids_of(json: &Json) -> Outcome<Vec<i64>> {
    let items = json
        .as_array()
        .ok_or_else(|| Failure::Server(format!("'{}' object is not iterable", class_of(json))))?;
    items
        .iter()
        .map(|id| {
            id.as_i64()
                .or_else(|| id.as_str().and_then(|text| text.parse().ok()))
                .ok_or_else(|| Failure::Server(format!("invalid literal for int() with base 10: {id}")))
        })
        .collect()
}

fn split<'a>(
    of: &'static Model,
    object: &'a Map<String, Json>,
    creating: bool,
) -> Outcome<(Values, Commands<'a>)> {
    let mut values = Values::new();
    let mut commands = Commands::new();
    for (name, json) in object {
        // The street is written through to its unstructured form.
        let stored =
            if of.name == "party.address" && name == "street" { "street_unstructured" } else { name };
        let field = of.field(stored).ok_or_else(|| Failure::key(name))?;
        if field.computed || (field.read_only && !creating) {
            return Err(Failure::read_only(&title(field.name), of.label));
        }
        match field.kind {
            Kind::Children { .. } | Kind::List(_) if !json.is_null() => commands.push((field, json)),
            Kind::Children { .. } | Kind::List(_) => {}
            _ => {
                values.insert(field.name, products::stripped(of.name, field, json, parse(field, json)?));
            }
        }
    }
    Ok((values, commands))
}

fn run_commands(
    store: &mut Store,
    of: &'static Model,
    id: i64,
    commands: Commands<'_>,
    context: &Context,
) -> Outcome<()> {
    for (field, json) in commands {
        let list = json
            .as_array()
            .ok_or_else(|| Failure::Server(format!("'{}' object is not iterable", class_of(json))))?;
        for command in list {
            run_command(store, of, id, field, command, context)?;
        }
    }
    Ok(())
}

fn run_command(
    store: &mut Store,
    of: &'static Model,
    id: i64,
    field: &'static Field,
    command: &Json,
    context: &Context,
) -> Outcome<()> {
    let target = field.target().ok_or_else(|| Failure::key(field.name))?;
    let word = command.get(0).and_then(Json::as_str).unwrap_or_default();
    let rest = command.as_array().map(|items| items.get(1..).unwrap_or_default()).unwrap_or_default();
    let first = rest.first().unwrap_or(&Json::Null);
    let inverse = match field.kind {
        Kind::Children { model: child, inverse } => {
            let by_reference = model(child)
                .and_then(|child| child.field(inverse))
                .is_some_and(|field| matches!(field.kind, Kind::Reference));
            let owner = if by_reference { Value::Reference(of.name, id) } else { Value::One(id) };
            Some((inverse, owner))
        }
        _ => None,
    };
    match word {
        "create" => {
            let records = first
                .as_array()
                .ok_or_else(|| Failure::Server(format!("'{}' object is not iterable", class_of(first))))?;
            let mut created = Vec::new();
            for record in records {
                created.push(create(store, target, record, inverse.clone(), context)?);
            }
            if inverse.is_none() {
                change_list(store, of, id, field, |ids| ids.extend(created));
            }
        }
        "write" => write(store, target, rest, context)?,
        "delete" => {
            let ids = ids_of(first)?;
            delete(store, target, &ids)?;
        }
        "add" | "remove" => {
            let ids = ids_of(first)?;
            let adding = word == "add";
            if let Some(absent) = ids.iter().find(|id| !store.exists(target.name, **id)) {
                return Err(foreign(&absent.to_string(), field.name, of.label));
            }
            match inverse {
                Some((inverse, owner)) => {
                    for member in ids {
                        let value = if adding { owner.clone() } else { Value::Null };
                        store.set(target.name, member, inverse, value);
                    }
                }
                None => change_list(store, of, id, field, |list| {
                    list.retain(|member| !ids.contains(member));
                    if adding {
                        list.extend(ids);
                    }
                }),
            }
        }
        other => return Err(Failure::key(other)),
    }
    Ok(())
}

fn change_list(
    store: &mut Store,
    of: &'static Model,
    id: i64,
    field: &Field,
    change: impl FnOnce(&mut Vec<i64>),
) {
    let mut ids = store.get(of.name, id, field.name).as_many().to_vec();
    change(&mut ids);
    store.set(of.name, id, field.name, Value::Many(ids));
}

fn foreign(value: &str, field: &str, label: &str) -> Failure {
    Failure::user(format!(
        "The value \"{value}\" for field \"{}\" of \"{label}\" is not valid according to its domain.",
        title(field)
    ))
}

/// What the schema alone can check: required fields, links that lead somewhere, digits of quantities.
fn check(store: &Store, of: &'static Model, id: i64) -> Outcome<()> {
    for field in of.fields.iter().filter(|field| !field.computed) {
        let value = store.get(of.name, id, field.name);
        if field.required && value.is_null() {
            return Err(required(field.name, &store.record_name(of.name, id), of.label));
        }
        match (field.kind, value) {
            (Kind::One(target), Value::One(other)) if !store.exists(target, *other) => {
                return Err(foreign(&other.to_string(), field.name, of.label));
            }
            (Kind::Float, Value::Float(number))
                if field.name.ends_with("quantity") && of.name != "product.price_list.line" =>
            {
                within_digits(store, of, id, field.name, *number)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// A quantity has no more decimals than the unit that its product is counted in.
fn within_digits(store: &Store, of: &'static Model, id: i64, field: &str, number: Decimal) -> Outcome<()> {
    let product = store.one(of.name, id, "product");
    let unit = product.map_or(store.base.unit, |product| catalogue::unit_of(store, product));
    let digits = match store.get("product.uom", unit, "digits") {
        Value::Integer(digits) => u32::try_from(*digits).unwrap_or(0),
        _ => 0,
    };
    if number.normalize().scale() <= digits {
        Ok(())
    } else {
        Err(digits_error(field, &number.normalize().to_string(), digits))
    }
}

pub(super) fn required(field: &str, record: &str, label: &str) -> Failure {
    Failure::user(format!(
        "A value is required for field \"{}\" in record \"{record}\" of \"{label}\".",
        title(field)
    ))
}
