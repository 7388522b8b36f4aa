//! Fields that are worked out when they are read.

use std::{borrow::Cow, cmp::Reverse, collections::BTreeSet};

use rust_decimal::Decimal;

use super::{
    amounts,
    context::{Context, within},
    parties, products, sales,
    schema::{Field, Kind, Model, model},
    shipments,
    stock::{self, MOVE, Question},
    store::Store,
    values::{NULL, Value},
};

/// The value of any field of a record that exists.
pub(super) fn value<'a>(
    store: &'a Store,
    of: &'static Model,
    id: i64,
    field: &'static Field,
    context: &Context,
) -> Cow<'a, Value> {
    if let Kind::Children { model: child, inverse } = field.kind {
        return Cow::Owned(Value::Many(children(store, of, id, field.name, child, inverse, context)));
    }
    if !field.computed {
        return or_empty(field, store.get(of.name, id, field.name));
    }
    Cow::Owned(base(store, of, id, field.name).unwrap_or_else(|| own(store, of, id, field.name, context)))
}

/// A list that was never written is an empty one.
fn or_empty<'a>(field: &Field, stored: &'a Value) -> Cow<'a, Value> {
    match (field.kind, stored) {
        (Kind::List(_), Value::Null) => Cow::Owned(Value::Many(Vec::new())),
        (_, stored) => Cow::Borrowed(stored),
    }
}

fn base(store: &Store, of: &Model, id: i64, name: &str) -> Option<Value> {
    let row = store.row(of.name, id)?;
    Some(match name {
        "id" => Value::Integer(id),
        "create_date" => Value::Moment(row.created),
        "write_date" => row.written.map_or(Value::Null, Value::Moment),
        "last_modified_at" => Value::Moment(row.modified()),
        "_timestamp" => Value::Text(stamp(store, of.name, id)),
        "rec_name" => Value::Text(store.record_name(of.name, id)),
        _ => return None,
    })
}

/// The optimistic lock's text: seconds with six decimals.
pub(super) fn stamp(store: &Store, of: &str, id: i64) -> String {
    store.row(of, id).map_or_else(String::new, |row| {
        let at = row.modified().as_microsecond();
        format!("{}.{:06}", at.div_euclid(1_000_000), at.rem_euclid(1_000_000))
    })
}

fn children(
    store: &Store,
    of: &'static Model,
    id: i64,
    name: &str,
    child: &'static str,
    inverse: &'static str,
    context: &Context,
) -> Vec<i64> {
    let by_reference = model(child)
        .and_then(|model| model.field(inverse))
        .is_some_and(|field| matches!(field.kind, Kind::Reference));
    let mut ids = if by_reference {
        store.referring(child, inverse, of.name, id)
    } else {
        store.pointing(child, inverse, id)
    };
    if context.only_active && model(child).is_some_and(|model| model.has("active")) {
        ids.retain(|id| *store.get(child, *id, "active") != Value::Boolean(false));
    }
    match (of.name, name) {
        ("stock.shipment.out", "inventory_moves") | ("stock.shipment.out", "outgoing_moves") => {
            let storage = store.one(of.name, id, "warehouse_storage");
            let inventory = name == "inventory_moves";
            ids.retain(|id| (store.one(MOVE, *id, "from_location") == storage) == inventory);
        }
        ("stock.shipment.in", "incoming_moves") | ("stock.shipment.in", "inventory_moves") => {
            let input = store.one(of.name, id, "warehouse_input");
            let inventory = name == "inventory_moves";
            ids.retain(|id| (store.one(MOVE, *id, "from_location") == input) == inventory);
        }
        ("product.template", "products") => {
            ids.sort_by_key(|id| (store.get(child, *id, "position").clone(), *id));
        }
        _ if child == MOVE => ids.sort_by_key(|id| Reverse(*id)),
        _ if model(child).is_some_and(|model| model.has("sequence")) => {
            ids.sort_by_key(|id| (store.get(child, *id, "sequence").clone(), *id));
        }
        _ => {}
    }
    ids
}

fn own(store: &Store, of: &'static Model, id: i64, name: &str, context: &Context) -> Value {
    match of.name {
        "product.product" => product(store, id, name, context),
        "product.template" => products::categories_all(store, id),
        "product.category" => store.get(of.name, id, "customer_taxes").clone(),
        "stock.location" => location(store, id, name, context),
        "stock.move" => a_move(store, id, name),
        "stock.shipment.out" => match name {
            "partially_assigned" => Value::Boolean(shipments::partially_assigned(store, of.name, id)),
            _ => Value::Text(shipments::origins(store, id)),
        },
        "stock.shipment.internal" => match name {
            "partially_assigned" => Value::Boolean(shipments::partially_assigned(store, of.name, id)),
            _ => Value::one(shipments::transit(store, id)),
        },
        "party.party" => parties::party(store, id, name),
        "party.address" => parties::address(store, id, name),
        "party.contact_mechanism" => store.get(of.name, id, "value").clone(),
        "web.shop" => Value::Many(
            store
                .ids("product.product")
                .into_iter()
                .filter(|product| store.get("product.product", *product, "web_shops").as_many().contains(&id))
                .collect(),
        ),
        "sale.sale" | "purchase.purchase" | "account.invoice" => document(store, of, id, name),
        "sale.line" => sales::line(store, id, name),
        "purchase.line" => Value::Numeric(amounts::line(store, of.name, id)),
        _ => NULL.clone(),
    }
}

fn product(store: &Store, id: i64, name: &str, context: &Context) -> Value {
    const TEMPLATE: &str = "product.template";
    let template = store.one("product.product", id, "template").unwrap_or(0);
    match name {
        "quantity" | "forecast_quantity" => {
            let question = Question::of(context, name == "forecast_quantity");
            Value::Float(stock::quantity(store, id, &question))
        }
        "list_price_used" => match store.get("product.product", id, "list_price") {
            Value::Null => store.get(TEMPLATE, template, "list_price").clone(),
            own => own.clone(),
        },
        "categories_all" => products::categories_all(store, template),
        "prefix_code" => store.get(TEMPLATE, template, "code").clone(),
        _ => match model(TEMPLATE).and_then(|model| model.field(name)) {
            Some(field) => or_empty(field, store.get(TEMPLATE, template, field.name)).into_owned(),
            None => Value::Null,
        },
    }
}

fn location(store: &Store, id: i64, name: &str, context: &Context) -> Value {
    let Some(product) = context.product else { return Value::Float(Decimal::ZERO) };
    let locations: BTreeSet<i64> = within(store, id, false).into_iter().collect();
    let question = Question {
        locations: &locations,
        forecast: name == "forecast_quantity",
        assigned_is_gone: context.stock_assign,
        until: context.stock_date_end,
    };
    Value::Float(stock::quantity(store, product, &question))
}

fn a_move(store: &Store, id: i64, name: &str) -> Value {
    let origin = store.get(MOVE, id, "origin");
    match (name, origin) {
        ("internal_quantity", _) => store.get(MOVE, id, "quantity").clone(),
        ("sale", Value::Reference("sale.line", line)) => store.get("sale.line", *line, "sale").clone(),
        ("purchase", Value::Reference("purchase.line", line)) => {
            store.get("purchase.line", *line, "purchase").clone()
        }
        _ => Value::Null,
    }
}

fn document(store: &Store, of: &'static Model, id: i64, name: &str) -> Value {
    match name {
        "untaxed_amount" => Value::Numeric(amounts::of(store, of.name, id).untaxed),
        "tax_amount" => Value::Numeric(amounts::of(store, of.name, id).tax),
        "total_amount" => Value::Numeric(amounts::of(store, of.name, id).total()),
        "amount_to_pay" => {
            let open = store.state(of.name, id) == "posted";
            Value::Numeric(if open { amounts::of(store, of.name, id).total() } else { Decimal::ZERO })
        }
        "moves" => Value::Many(sales::moves(store, of.name, id)),
        "shipments" => {
            let kind = if of.name == "sale.sale" { "stock.shipment.out" } else { "stock.shipment.in" };
            Value::Many(sales::shipments(store, of.name, id, kind))
        }
        "shipment_returns" => Value::Many(sales::shipments(store, of.name, id, "stock.shipment.out.return")),
        _ => Value::Null,
    }
}
