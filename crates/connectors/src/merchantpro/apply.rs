//! Writes: each reads the state first where doing it twice would be refused.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use zygos_core::{
    RemoteKey,
    contract::{Applied, CallContext, ConnectorError, ErrorKind, Outcome, Transition, Write},
    model::{Order, OrderStatus, Record},
};

use super::{
    calls::{Caller, escaped},
    categories,
    known::Visit,
    orders, product_writes, products,
};

pub(super) async fn one(visit: Visit<'_>, write: &Write) -> Outcome {
    let Visit { caller, context, .. } = visit;
    match write {
        Write::CreateProduct(new) => product_writes::create(visit, new).await,
        Write::CreateVariants { product, variants, prices } => {
            product_writes::create_variants(visit, product, variants, *prices).await
        }
        Write::UpdateProduct(changes) => product_writes::update(visit, changes).await,
        Write::CreateCategory { path } => categories::create(visit, path).await,
        Write::SetStock { unit, figure } => set_stock(caller, context, unit, *figure).await,
        Write::TransitionOrder { order, to } => transition(caller, context, order, *to).await,
        Write::SetTracking { order, tracking } => {
            let body = json!({"shipping_awb": tracking.number});
            changed(caller.patch(context, &order_path(order), Some(&body)).await)
        }
        Write::AddTag { order, tag } => add_tag(caller, context, order, tag).await,
        Write::SetErpId { order, erp_id } => {
            let body = json!({"erp_id": erp_id});
            changed(caller.patch(context, &order_path(order), Some(&body)).await)
        }
        Write::CreateParty(_)
        | Write::CreateDocument(_)
        | Write::AddDocumentLines { .. }
        | Write::TransitionDocument { .. } => Err(ConnectorError::unsupported("this write")),
    }
}

/// How many calls [`one`] makes when all goes well.
pub(super) fn calls_of(write: &Write) -> u64 {
    match write {
        Write::UpdateProduct(changes) => product_writes::calls_of(changes),
        // Each reads what is there first.
        Write::CreateVariants { .. }
        | Write::CreateCategory { .. }
        | Write::TransitionOrder { .. }
        | Write::AddTag { .. } => 2,
        _ => 1,
    }
}

/// One unit by id; SKUs may be doubled in a store, ids are not (dossier §9).
async fn set_stock(caller: &Caller, context: &CallContext, unit: &RemoteKey, figure: Decimal) -> Outcome {
    let number: serde_json::Number = figure.normalize().to_string().parse().map_err(|_| {
        ConnectorError::rejected(Some("stock"), "the figure is not a number that JSON can hold")
    })?;
    let path = format!("/inventory/id/{}", escaped(unit.as_str()));
    let answer = caller.patch(context, &path, Some(&json!({"stock": number}))).await?;
    let record = products::inventory_item(&answer).map_err(|unreadable| {
        ConnectorError::new(
            ErrorKind::Protocol { maybe_applied: true },
            format!(
                "the answer to the write cannot be read, field {}: {}",
                unreadable.field, unreadable.message
            ),
        )
    })?;
    Ok(Applied { key: None, record: Some(record), already: false })
}

async fn read_order(
    caller: &Caller,
    context: &CallContext,
    order: &RemoteKey,
) -> Result<Order, ConnectorError> {
    let answer = caller.get(context, &format!("{}?include=line_items,tags", order_path(order))).await?;
    orders::read(&answer).map_err(|unreadable| {
        ConnectorError::rejected(
            Some(&unreadable.field),
            format!("the order cannot be read, field {}: {}", unreadable.field, unreadable.message),
        )
    })
}

/// Moves an order on by its action; there is none for `confirmed` (dossier §5.4).
async fn transition(caller: &Caller, context: &CallContext, order: &RemoteKey, to: Transition) -> Outcome {
    let (action, reached) = match to {
        Transition::Process => ("in_process", 3),
        Transition::Ship => ("shipped", 4),
        Transition::Deliver => ("delivered", 5),
        Transition::Cancel => ("cancelled", 9),
        Transition::Confirm => {
            return Err(ConnectorError::unsupported("confirming an order (the API has no action for it)"));
        }
    };
    let now = read_order(caller, context, order).await?;
    if now.status.clone() == OrderStatus::Cancelled && to != Transition::Cancel {
        // Not a refusal: the world moved on, and what is to be told is decided again.
        return Err(ConnectorError::new(ErrorKind::Conflict, "the order is cancelled in the store"));
    }
    if rank(&now.status) >= reached {
        return Ok(Applied { key: None, record: Some(Record::Order(Box::new(now))), already: true });
    }
    changed(caller.patch(context, &format!("{}/{action}", order_path(order)), None).await)
}

fn rank(status: &OrderStatus) -> u8 {
    match status {
        OrderStatus::Unknown(_) | OrderStatus::Temporary => 0,
        OrderStatus::New => 1,
        OrderStatus::Confirmed => 2,
        OrderStatus::Processing => 3,
        OrderStatus::Shipped => 4,
        OrderStatus::Delivered => 5,
        OrderStatus::Returned => 6,
        OrderStatus::Cancelled => 9,
    }
}

async fn add_tag(caller: &Caller, context: &CallContext, order: &RemoteKey, tag: &str) -> Outcome {
    let now = read_order(caller, context, order).await?;
    if now.tags.iter().any(|known| known == tag) {
        return Ok(Applied { key: None, record: Some(Record::Order(Box::new(now))), already: true });
    }
    let path = format!("{}/tags", order_path(order));
    let body = json!({"name": tag});
    match caller.post(context, &path, &body).await {
        // Some stores take tags by PATCH (seen in a client, dossier §5).
        Err(ConnectorError { kind: ErrorKind::Unsupported, .. }) => {
            changed(caller.patch(context, &path, Some(&body)).await)
        }
        answer => changed(answer),
    }
}

/// An order's PATCH answers with the whole order (dossier §2.1), though not always with its lines.
fn changed(answer: Result<Value, ConnectorError>) -> Outcome {
    answer?;
    Ok(Applied::default())
}

fn order_path(order: &RemoteKey) -> String {
    format!("/orders/{}", escaped(order.as_str()))
}
