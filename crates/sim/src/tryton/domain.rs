//! The subset of the domain language that outside programs use.

use std::{borrow::Cow, cmp::Ordering, collections::BTreeSet};

use serde_json::Value as Json;

use super::{
    computed,
    context::Context,
    errors::{Failure, Outcome},
    products,
    schema::{Field, Kind, Model, model},
    store::Store,
    values::{Value, plain, reference},
};

#[derive(Clone, Debug)]
pub(super) enum Domain {
    All(Vec<Domain>),
    Any(Vec<Domain>),
    Clause(Clause),
}

#[derive(Clone, Debug)]
pub(super) struct Clause {
    path: Vec<String>,
    operator: Operator,
    operand: Operand,
    /// For a path that begins at a reference: the model it must lead to.
    through: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    In,
    NotIn,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Like,
    NotLike,
    Where,
    NotWhere,
}

#[derive(Clone, Debug)]
enum Operand {
    One(Value),
    Several(Vec<Value>),
    Domain(Box<Domain>),
}

/// What the server answers to a domain it cannot make sense of.
fn nonsense() -> Failure {
    Failure::Server("maximum recursion depth exceeded in __instancecheck__".to_owned())
}

pub(super) fn parse(json: &Json) -> Outcome<Domain> {
    let items = json.as_array().ok_or_else(nonsense)?;
    let Some(first) = items.first() else { return Ok(Domain::All(Vec::new())) };
    match first.as_str() {
        Some("OR") => Ok(Domain::Any(parse_all(items.get(1..).unwrap_or_default())?)),
        Some("AND") => Ok(Domain::All(parse_all(items.get(1..).unwrap_or_default())?)),
        Some(_) => parse_clause(items),
        None => Ok(Domain::All(parse_all(items)?)),
    }
}

fn parse_all(items: &[Json]) -> Outcome<Vec<Domain>> {
    items.iter().map(parse).collect()
}

fn parse_clause(items: &[Json]) -> Outcome<Domain> {
    let (Some(path), Some(operator), Some(operand)) =
        (items.first().and_then(Json::as_str), items.get(1).and_then(Json::as_str), items.get(2))
    else {
        return Err(nonsense());
    };
    let operator = match operator {
        "=" => Operator::Equal,
        "!=" => Operator::NotEqual,
        "in" => Operator::In,
        "not in" => Operator::NotIn,
        "<" => Operator::Less,
        "<=" => Operator::LessEqual,
        ">" => Operator::Greater,
        ">=" => Operator::GreaterEqual,
        "like" | "ilike" => Operator::Like,
        "not like" | "not ilike" => Operator::NotLike,
        "where" => Operator::Where,
        "not where" => Operator::NotWhere,
        _ => return Err(nonsense()),
    };
    let operand = match (operator, operand) {
        (Operator::Where | Operator::NotWhere, inner) => Operand::Domain(Box::new(parse(inner)?)),
        (_, Json::Array(values)) => Operand::Several(values.iter().map(plain).collect::<Outcome<_>>()?),
        (_, value) => Operand::One(plain(value)?),
    };
    let through = match items.get(3).and_then(Json::as_str) {
        Some(name) => Some(model(name).ok_or_else(|| Failure::key(name))?.name),
        None => None,
    };
    Ok(Domain::Clause(Clause {
        path: path.split('.').map(str::to_owned).collect(),
        operator,
        operand,
        through,
    }))
}

impl Domain {
    fn names(&self, field: &str) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.names(field)),
            Self::Clause(clause) => clause.path.first().is_some_and(|first| first == field),
        }
    }

    /// Fails as the server does for a field that does not exist, even when no record would be looked at.
    fn check(&self, model: &'static Model) -> Outcome<()> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().try_for_each(|part| part.check(model)),
            Self::Clause(clause) => clause.check(model),
        }
    }
}

impl Clause {
    fn check(&self, start: &'static Model) -> Outcome<()> {
        let mut at = start;
        for (position, name) in self.path.iter().enumerate() {
            let field = at.field(name).ok_or_else(|| Failure::key(name))?;
            if position + 1 == self.path.len() {
                if let (Operand::Domain(inner), Some(target)) = (&self.operand, field.target()) {
                    inner.check(target)?;
                }
                return Ok(());
            }
            at = match (field.target(), self.through) {
                (Some(target), _) => target,
                (None, Some(name)) => model(name).ok_or_else(|| Failure::key(name))?,
                (None, None) => return Err(Failure::key(name)),
            };
        }
        Ok(())
    }
}

/// Ids that match, in the order asked for or the model's own.
pub(super) fn search(
    store: &Store,
    model: &'static Model,
    domain: &Json,
    order: &Json,
    context: &Context,
) -> Outcome<Vec<i64>> {
    let mut domain = parse(domain)?;
    domain.check(model)?;
    if context.only_active && model.has("active") && !domain.names("active") {
        let active = Clause {
            path: vec!["active".to_owned()],
            operator: Operator::Equal,
            operand: Operand::One(Value::Boolean(true)),
            through: None,
        };
        domain = Domain::All(vec![domain, Domain::Clause(active)]);
    }
    let mut ids = matching(store, model, &domain, context)?;
    sort(store, model, &mut ids, order, context)?;
    Ok(ids)
}

fn matching(store: &Store, model: &'static Model, domain: &Domain, context: &Context) -> Outcome<Vec<i64>> {
    let candidates = match narrow(store, model, domain, context)? {
        Some(ids) => ids.into_iter().filter(|id| store.exists(model.name, *id)).collect(),
        None => store.ids(model.name),
    };
    let mut found = Vec::new();
    for id in candidates {
        if matches(store, model, id, domain, context)? {
            found.push(id);
        }
    }
    Ok(found)
}

/// A superset of the matches that an index can give; `None` when every record must be looked at.
fn narrow(
    store: &Store,
    model: &'static Model,
    domain: &Domain,
    context: &Context,
) -> Outcome<Option<BTreeSet<i64>>> {
    match domain {
        Domain::All(parts) => {
            let mut smallest: Option<BTreeSet<i64>> = None;
            for part in parts {
                if let Some(set) = narrow(store, model, part, context)?
                    && smallest.as_ref().is_none_or(|known| set.len() < known.len())
                {
                    smallest = Some(set);
                }
            }
            Ok(smallest)
        }
        Domain::Any(parts) => {
            let mut all = BTreeSet::new();
            for part in parts {
                match narrow(store, model, part, context)? {
                    Some(set) => all.extend(set),
                    None => return Ok(None),
                }
            }
            Ok(Some(all))
        }
        Domain::Clause(clause) => narrow_clause(store, model, clause, context),
    }
}

fn narrow_clause(
    store: &Store,
    model: &'static Model,
    clause: &Clause,
    context: &Context,
) -> Outcome<Option<BTreeSet<i64>>> {
    let Some((first, rest)) = clause.path.split_first() else { return Ok(None) };
    let Some(field) = model.field(first) else { return Ok(None) };
    if rest.is_empty() {
        let operands: &[Value] = match (clause.operator, &clause.operand) {
            (Operator::Equal, Operand::One(value)) => std::slice::from_ref(value),
            (Operator::In, Operand::Several(values)) => values,
            _ => return Ok(None),
        };
        let mut set = BTreeSet::new();
        for operand in operands {
            match (field.kind, operand) {
                (_, Value::Integer(id)) if field.name == "id" => {
                    set.insert(*id);
                }
                (Kind::One(_), Value::Integer(id)) if !field.computed => {
                    set.extend(store.pointing(model.name, field.name, *id));
                }
                (Kind::Reference, Value::Text(text)) => {
                    set.extend(store.having(model.name, field.name, &reference(text)?));
                }
                (_, Value::Text(_)) if field.indexed => {
                    set.extend(store.having(model.name, field.name, operand));
                }
                _ => return Ok(None),
            }
        }
        return Ok(Some(set));
    }
    let rest = Domain::Clause(Clause { path: rest.to_vec(), ..clause.clone() });
    let target = match (field.target(), clause.through) {
        (Some(target), _) => target,
        (None, Some(name)) => match super::schema::model(name) {
            Some(target) => target,
            None => return Ok(None),
        },
        (None, None) => return Ok(None),
    };
    if field.computed || narrow(store, target, &rest, context)?.is_none() {
        return Ok(None);
    }
    let targets = matching(store, target, &rest, context)?;
    Ok(match field.kind {
        Kind::One(_) => {
            Some(targets.into_iter().flat_map(|id| store.pointing(model.name, field.name, id)).collect())
        }
        Kind::Reference => Some(
            targets
                .into_iter()
                .flat_map(|id| store.referring(model.name, field.name, target.name, id))
                .collect(),
        ),
        Kind::Children { inverse, .. } => Some(
            targets
                .into_iter()
                .filter_map(|id| match store.get(target.name, id, inverse) {
                    Value::One(owner) => Some(*owner),
                    Value::Reference(name, owner) if *name == model.name => Some(*owner),
                    _ => None,
                })
                .collect(),
        ),
        _ => None,
    })
}

fn matches(
    store: &Store,
    model: &'static Model,
    id: i64,
    domain: &Domain,
    context: &Context,
) -> Outcome<bool> {
    match domain {
        Domain::All(parts) => {
            for part in parts {
                if !matches(store, model, id, part, context)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Domain::Any(parts) => {
            for part in parts {
                if matches(store, model, id, part, context)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Domain::Clause(clause) => satisfied(store, model, id, clause, &clause.path, context),
    }
}

fn satisfied(
    store: &Store,
    model: &'static Model,
    id: i64,
    clause: &Clause,
    path: &[String],
    context: &Context,
) -> Outcome<bool> {
    let Some((first, rest)) = path.split_first() else { return Err(nonsense()) };
    let field = model.field(first).ok_or_else(|| Failure::key(first))?;
    let value = computed::value(store, model, id, field, context);
    // A product is found as active when its template is, too; reading gives its own flag.
    let value = if model.name == "product.product" && first == "active" {
        Cow::Owned(Value::Boolean(products::is_on_sale(store, id)))
    } else {
        value
    };
    if rest.is_empty() {
        return ends(store, field, &value, clause, context);
    }
    let (target, ids): (&'static Model, Vec<i64>) = match (field.target(), value.as_ref()) {
        (Some(target), Value::One(next)) => (target, vec![*next]),
        (Some(target), Value::Many(next)) => (target, next.clone()),
        (None, Value::Reference(name, next)) if clause.through == Some(*name) => {
            match super::schema::model(name) {
                Some(target) => (target, vec![*next]),
                None => return Ok(false),
            }
        }
        _ => return Ok(false),
    };
    for next in ids {
        if satisfied(store, target, next, clause, rest, context)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn ends(store: &Store, field: &Field, value: &Value, clause: &Clause, context: &Context) -> Outcome<bool> {
    if let Operand::Domain(inner) = &clause.operand {
        let Some(target) = field.target() else { return Err(nonsense()) };
        let ids: Vec<i64> = match value {
            Value::Many(ids) => ids.clone(),
            Value::One(id) => vec![*id],
            _ => Vec::new(),
        };
        let mut any = false;
        for id in ids {
            any = any || matches(store, target, id, inner, context)?;
        }
        return Ok(any != (clause.operator == Operator::NotWhere));
    }
    // A link compares by the other's name when it is compared with a text.
    let by_name = field.target().is_some()
        && match &clause.operand {
            Operand::One(Value::Text(_)) => true,
            Operand::Several(values) => values.iter().any(|value| matches!(value, Value::Text(_))),
            _ => false,
        };
    let candidates: Vec<Cow<'_, Value>> = match (field.target(), value) {
        (Some(target), Value::One(id)) if by_name => {
            vec![Cow::Owned(Value::Text(searched_name(store, target, *id)))]
        }
        (Some(target), Value::Many(ids)) if by_name => {
            ids.iter().map(|id| Cow::Owned(Value::Text(searched_name(store, target, *id)))).collect()
        }
        (_, Value::Many(ids)) if ids.is_empty() => vec![Cow::Owned(Value::Null)],
        (_, Value::Many(ids)) => ids.iter().map(|id| Cow::Owned(Value::One(*id))).collect(),
        (_, Value::Reference(name, id)) => vec![Cow::Owned(Value::Text(format!("{name},{id}")))],
        (_, other) => vec![Cow::Borrowed(other)],
    };
    let any = |test: &dyn Fn(&Value) -> bool| candidates.iter().any(|value| test(value));
    let same = |left: &Value, right: &Value| compare(left, right) == Some(Ordering::Equal);
    let one = |test: fn(Ordering) -> bool| match &clause.operand {
        Operand::One(operand) => {
            any(&|value| !value.is_null() && !operand.is_null() && compare(value, operand).is_some_and(test))
        }
        _ => false,
    };
    Ok(match (clause.operator, &clause.operand) {
        (Operator::Equal, Operand::One(operand)) => any(&|value| same(value, operand)),
        (Operator::NotEqual, Operand::One(operand)) => !any(&|value| same(value, operand)),
        (Operator::In, Operand::Several(list)) => any(&|value| list.iter().any(|item| same(value, item))),
        (Operator::NotIn, Operand::Several(list)) => !any(&|value| list.iter().any(|item| same(value, item))),
        (Operator::Less, _) => one(Ordering::is_lt),
        (Operator::LessEqual, _) => one(Ordering::is_le),
        (Operator::Greater, _) => one(Ordering::is_gt),
        (Operator::GreaterEqual, _) => one(Ordering::is_ge),
        (Operator::Like, Operand::One(pattern)) => any(&|value| like(value, pattern)),
        (Operator::NotLike, Operand::One(pattern)) => !any(&|value| like(value, pattern)),
        _ => return Err(nonsense()),
    })
}

/// By what a linked record is looked for: these two by name, whatever is shown around it.
fn searched_name(store: &Store, of: &Model, id: i64) -> String {
    match of.name {
        "product.template" | "product.category" => store.text(of.name, id, "name").to_owned(),
        _ => store.record_name(of.name, id),
    }
}

/// Numbers of any kind compare by value, links and numbers by id; `None` when they are of different worlds.
fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    let number = |value: &Value| match value {
        Value::Integer(_) | Value::Float(_) | Value::Numeric(_) => Some(value.as_decimal()),
        Value::One(id) => Some((*id).into()),
        Value::Boolean(flag) => Some(i64::from(*flag).into()),
        _ => None,
    };
    match (number(left), number(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ if std::mem::discriminant(left) == std::mem::discriminant(right) => Some(left.cmp(right)),
        _ => None,
    }
}

/// `%` any text, `_` any letter, `\` takes either literally. ASCII case is folded by `like` and `ilike` both: so
/// SQLite does it (PostgreSQL folds all letters, for `ilike` only).
fn like(value: &Value, pattern: &Value) -> bool {
    let (Value::Text(text), Value::Text(pattern)) = (value, pattern) else { return false };
    let letters =
        |text: &str| -> Vec<char> { text.chars().map(|letter| letter.to_ascii_lowercase()).collect() };
    fits(&letters(text), &letters(pattern))
}

fn fits(text: &[char], pattern: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['%', rest @ ..] => (0..=text.len()).any(|start| fits(text.get(start..).unwrap_or_default(), rest)),
        ['_', rest @ ..] => text.split_first().is_some_and(|(_, text)| fits(text, rest)),
        ['\\', letter, rest @ ..] | [letter, rest @ ..] => {
            text.split_first().is_some_and(|(first, text)| first == letter && fits(text, rest))
        }
    }
}

fn sort(
    store: &Store,
    model: &'static Model,
    ids: &mut [i64],
    order: &Json,
    context: &Context,
) -> Outcome<()> {
    let mut keys: Vec<(Vec<String>, bool)> = Vec::new();
    match order.as_array() {
        Some(items) => {
            for item in items {
                let name = item.get(0).and_then(Json::as_str).unwrap_or_default();
                let direction = item.get(1).and_then(Json::as_str).unwrap_or("ASC");
                let path: Vec<String> = name.split('.').map(str::to_owned).collect();
                let clause = Clause {
                    path: path.clone(),
                    operator: Operator::Equal,
                    operand: Operand::One(Value::Null),
                    through: None,
                };
                clause.check(model)?;
                keys.push((path, direction.to_ascii_uppercase().starts_with("DESC")));
            }
        }
        None => keys.extend(model.order.iter().map(|(name, down)| (vec![(*name).to_owned()], *down))),
    }
    let mut decorated: Vec<(Vec<Value>, i64)> = ids
        .iter()
        .map(|id| (keys.iter().map(|(path, _)| at(store, model, *id, path, context)).collect(), *id))
        .collect();
    decorated.sort_by(|left, right| {
        let mut result = Ordering::Equal;
        for (position, (_, down)) in keys.iter().enumerate() {
            let ordering = left.0.get(position).cmp(&right.0.get(position));
            result = result.then(if *down { ordering.reverse() } else { ordering });
        }
        result.then(left.1.cmp(&right.1))
    });
    for (slot, (_, id)) in ids.iter_mut().zip(decorated) {
        *slot = id;
    }
    Ok(())
}

fn at(store: &Store, model: &'static Model, id: i64, path: &[String], context: &Context) -> Value {
    let Some((first, rest)) = path.split_first() else { return Value::Null };
    let Some(field) = model.field(first) else { return Value::Null };
    let value = computed::value(store, model, id, field, context).into_owned();
    match (field.target(), &value) {
        (Some(target), Value::One(next)) if rest.is_empty() => {
            Value::Text(store.record_name(target.name, *next))
        }
        (Some(target), Value::One(next)) => at(store, target, *next, rest, context),
        _ => value,
    }
}
