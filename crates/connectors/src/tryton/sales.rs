//! Sales: read with their shipments and invoices, drafted, and moved on.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use zygos_core::{
    RemoteKey,
    contract::{Applied, CallContext, ConnectorError, ErrorKind, Item, Transition},
    model::{
        Document, DocumentLine, DocumentState, Invoice, NewDocument, Record, Shipment, ShipmentState,
        Tracking,
    },
    money::Currency,
};

use super::{
    calls::Query,
    errors::Failure,
    names::Names,
    parties, products, series,
    session::Door,
    wire::{self, Row, Trouble},
};

const FIELDS: [&str; 16] = [
    "state",
    "shipment_state",
    "number",
    "web_id",
    "reference",
    "currency.code",
    "untaxed_amount",
    "tax_amount",
    "total_amount",
    "shipments.state",
    "shipments.number",
    "shipments.reference",
    "invoices.number",
    "invoices.invoice_date",
    "invoices.state",
    series::MODIFIED,
];

pub(super) fn by_ids(ids: &[i64]) -> Query {
    Query::new("sale.sale", json!([["id", "in", ids]]), &FIELDS)
}

/// By the order reference they were created with; in every shop where none is named.
///
/// A sale that people typed in has no `web_id`; then its own reference counts.
pub(super) fn by_references(shop: Option<i64>, references: &[String]) -> Query {
    Query::new("sale.sale", json!([carrying("", shop, references)]), &FIELDS)
}

/// The condition on a sale, or on what `path` leads to, for carrying one of these references.
pub(super) fn carrying(path: &str, shop: Option<i64>, references: &[String]) -> Value {
    let field = |name: &str| format!("{path}{name}");
    let mut ours = vec![json!([field("web_id"), "in", references])];
    if let Some(shop) = shop {
        ours.push(json!([field("web_shop"), "=", shop]));
    }
    let typed = json!([without_web_id(path), [field("reference"), "in", references]]);
    json!(["OR", ours, typed])
}

fn without_web_id(path: &str) -> Value {
    let field = format!("{path}web_id");
    json!(["OR", [field, "=", null], [field, "=", ""]])
}

/// The reference that a sale carries.
pub(super) fn reference<'a>(sale: Row<'a>) -> Result<&'a str, Trouble> {
    Ok(sale.text("web_id")?.or(sale.text("reference")?).unwrap_or_default())
}

/// Sales in which people or another program may have noted the order's number.
pub(super) fn candidates(shop: Option<i64>, order: &RemoteKey) -> Query {
    let pattern = format!("%{}%", parties::literal(order.as_str()));
    let mut ours = vec![json!(["web_id", "ilike", pattern])];
    if let Some(shop) = shop {
        ours.push(json!(["web_shop", "=", shop]));
    }
    let noted = json!([
        without_web_id(""),
        [
            "OR",
            ["reference", "ilike", pattern],
            ["description", "ilike", pattern],
            ["number", "=", order.as_str()]
        ]
    ]);
    let domain = json!([["state", "!=", "cancelled"], ["OR", ours, noted]]);
    let mut query = Query::new("sale.sale", domain, &FIELDS);
    query.limit = Some(10);
    query
}

pub(super) fn read(answer: &Value) -> Vec<Item> {
    wire::rows(answer)
        .map(|row| {
            document(row)
                .map(|document| Record::Document(Box::new(document)))
                .map_err(|trouble| products::unreadable(row, trouble))
        })
        .collect()
}

fn document(row: Row<'_>) -> Result<Document, Trouble> {
    let currency = row.inside("currency").ok_or_else(|| Trouble::new("currency", "is missing"))?;
    let currency = Currency::parse(currency.needed("code")?)
        .map_err(|error| Trouble::new("currency", error.to_string()))?;
    let shipments: Vec<Shipment> = row.many("shipments").map(shipment).collect::<Result<_, _>>()?;
    let state = state(row.needed("state")?)?;
    let is_open = row.text("shipment_state")? == Some("exception");
    let state = if !is_open && given_up(state, &shipments) { DocumentState::Cancelled } else { state };
    Ok(Document {
        key: row.key()?,
        number: row.text("number")?.map(str::to_owned),
        reference: reference(row)?.to_owned(),
        state,
        currency,
        untaxed: row.needed_decimal("untaxed_amount")?,
        tax: row.needed_decimal("tax_amount")?,
        total: row.needed_decimal("total_amount")?,
        shipments,
        invoices: row
            .many("invoices")
            .filter_map(|row| invoice(row).transpose())
            .collect::<Result<_, _>>()?,
        modified_at: row.timestamp(series::MODIFIED)?,
    })
}

fn state(text: &str) -> Result<DocumentState, Trouble> {
    Ok(match text {
        "draft" => DocumentState::Draft,
        "quotation" => DocumentState::Quoted,
        "confirmed" => DocumentState::Confirmed,
        "processing" => DocumentState::Processing,
        "done" => DocumentState::Done,
        "cancelled" => DocumentState::Cancelled,
        _ => return Err(Trouble::new("state", "is none that this version knows")),
    })
}

/// A shipment carries no tracking number of its own: its `reference` is used for it.
fn shipment(row: Row<'_>) -> Result<Shipment, Trouble> {
    let state = match row.needed("state")? {
        "assigned" => ShipmentState::Reserved,
        "picked" | "packed" => ShipmentState::Picked,
        "shipped" | "done" => ShipmentState::Shipped,
        "cancelled" => ShipmentState::Cancelled,
        _ => ShipmentState::Planned,
    };
    let tracking =
        row.text("reference")?.map(|number| Tracking { number: number.to_owned(), carrier: None, url: None });
    Ok(Shipment { key: row.key()?, number: row.text("number")?.map(str::to_owned), state, tracking })
}

/// A draft has no number yet and a cancelled one counts for nothing.
fn invoice(row: Row<'_>) -> Result<Option<Invoice>, Trouble> {
    if row.text("state")? == Some("cancelled") {
        return Ok(None);
    }
    Ok(Some(Invoice {
        key: row.key()?,
        number: row.text("number")?.map(str::to_owned),
        date: row.date("invoice_date")?,
    }))
}

/// The values of a sale's line. The server fills in nothing for a client: unit and taxes are sent.
fn line(line: &DocumentLine, units: &BTreeMap<i64, i64>) -> Result<Value, Failure> {
    let mut values = json!({
        "type": "line",
        "description": line.description,
        "quantity": wire::quantity(line.quantity),
        "unit_price": wire::decimal(line.unit_price_net),
    });
    let taxes: Vec<i64> = line.taxes.iter().filter_map(wire::id).collect();
    if !taxes.is_empty() {
        values["taxes"] = json!([["add", taxes]]);
    }
    if let Some(product) = line.product.as_ref() {
        let unit = wire::id(product).and_then(|id| Some((id, *units.get(&id)?)));
        let (product, unit) = unit.ok_or_else(|| {
            Failure::Other(ConnectorError::rejected(
                Some("product"),
                "a product of the order does not exist in Tryton any more",
            ))
        })?;
        values["product"] = json!(product);
        values["unit"] = json!(unit);
    }
    Ok(values)
}

/// The unit in which each product of these lines is sold.
async fn units(
    door: &Door,
    context: &CallContext,
    lines: &[DocumentLine],
) -> Result<BTreeMap<i64, i64>, ConnectorError> {
    let mut ids: Vec<i64> = lines.iter().filter_map(|line| wire::id(line.product.as_ref()?)).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let query = Query::new("product.product", json!([["id", "in", ids], products::any()]), &["default_uom"]);
    let answer = door.search(context, &query).await?;
    Ok(wire::rows(&answer)
        .filter_map(|row| Some((row.id().ok()?, row.number("default_uom").ok()??)))
        .collect())
}

/// Makes a draft. A second one with the same shop and reference is refused by the server; the first is then found
/// and answered.
pub(super) async fn create(
    door: &Door,
    names: &Names,
    context: &CallContext,
    new: &NewDocument,
) -> Result<Applied, Failure> {
    let shop = match &new.shop {
        Some(shop) => Some(names.shop(door, context, shop).await?),
        None => None,
    };
    let bad_key = |field: &str| {
        Failure::Other(ConnectorError::rejected(
            Some(field),
            "it is no key of Tryton; check the connection's settings",
        ))
    };
    let party = wire::id(&new.party).ok_or_else(|| bad_key("party"))?;
    let warehouse = wire::id(&new.warehouse).ok_or_else(|| bad_key("warehouse"))?;
    let (billing, shipping) =
        parties::addresses(names, door, context, party, &new.billing, &new.shipping).await?;
    let units = units(door, context, &new.lines).await?;
    let lines = new.lines.iter().map(|each| line(each, &units)).collect::<Result<Vec<_>, _>>()?;
    let mut values = json!({
        "party": party,
        "invoice_address": billing,
        "shipment_address": shipping,
        "currency": names.currency(door, context, new.currency).await?,
        "warehouse": warehouse,
        "reference": new.reference,
        "web_id": new.reference,
        "sale_date": wire::date(new.date),
        "lines": [["create", lines]],
    });
    if let Some(shop) = shop {
        values["web_shop"] = json!(shop);
    }
    if let Some(term) = names.payment_term(door, context).await? {
        values["payment_term"] = json!(term);
    }
    if let Some(note) = &new.note {
        values["comment"] = json!(note);
    }
    if names.has_shipping_cost(door, context).await? {
        values["shipment_cost_method"] = Value::Null;
    }
    match door.write(context, "model.sale.sale.create", vec![json!([values])]).await {
        Ok(answer) => {
            let id = answer.get(0).and_then(Value::as_i64).ok_or_else(|| {
                Failure::Other(ConnectorError::new(
                    ErrorKind::Protocol { maybe_applied: true },
                    "Tryton did not say the id of the sale it made",
                ))
            })?;
            // From here on the sale is there: a failing read leaves a question, not a refusal.
            reread(door, context, id, false).await.map_err(|failure| in_doubt(failure, id))
        }
        Err(Failure::Refused { field, message }) => {
            let found =
                door.search(context, &by_references(shop, std::slice::from_ref(&new.reference))).await?;
            match read(&found).into_iter().next() {
                Some(Ok(record)) => {
                    Ok(Applied { key: Some(record.key().clone()), record: Some(record), already: true })
                }
                _ => Err(Failure::Refused { field, message }),
            }
        }
        Err(other) => Err(other),
    }
}

fn in_doubt(failure: Failure, id: i64) -> Failure {
    let error = ConnectorError::from(failure);
    Failure::Other(ConnectorError::new(
        ErrorKind::Unavailable { maybe_applied: true },
        format!("the sale with the id {id} was made, but could not be read back: {error}"),
    ))
}

async fn reread(door: &Door, context: &CallContext, id: i64, already: bool) -> Result<Applied, Failure> {
    let document = one(door, context, id).await?;
    Ok(Applied {
        key: Some(document.key.clone()),
        record: Some(Record::Document(Box::new(document))),
        already,
    })
}

async fn one(door: &Door, context: &CallContext, id: i64) -> Result<Document, Failure> {
    let answer = door.search(context, &by_ids(&[id])).await?;
    match read(&answer).into_iter().next() {
        Some(Ok(Record::Document(document))) => Ok(*document),
        Some(Err(unreadable)) => Err(Failure::Other(ConnectorError::new(
            ErrorKind::Protocol { maybe_applied: true },
            format!("the sale cannot be read, {unreadable}"),
        ))),
        _ => Err(Failure::Other(ConnectorError::not_found(format_args!("the sale with the id {id}")))),
    }
}

fn sale_id(key: &RemoteKey) -> Result<i64, Failure> {
    wire::id(key).ok_or_else(|| Failure::Other(ConnectorError::not_found(format_args!("the sale {key}"))))
}

/// Adds lines to a sale that is not confirmed. A quotation is taken back to a draft first: it takes no lines.
pub(super) async fn add_lines(
    door: &Door,
    context: &CallContext,
    key: &RemoteKey,
    lines: &[DocumentLine],
) -> Result<Applied, Failure> {
    let id = sale_id(key)?;
    let document = one(door, context, id).await?;
    match document.state {
        DocumentState::Draft => {}
        DocumentState::Quoted => press(door, context, id, "draft").await?,
        _ => {
            return Err(Failure::Other(ConnectorError::new(
                ErrorKind::Conflict,
                "the sale is confirmed already and takes no further lines",
            )));
        }
    }
    let units = units(door, context, lines).await?;
    let lines = lines.iter().map(|each| line(each, &units)).collect::<Result<Vec<_>, _>>()?;
    let values = json!({"lines": [["create", lines]]});
    door.write(context, "model.sale.sale.write", vec![json!([id]), values]).await?;
    reread(door, context, id, false).await
}

/// Moves a sale on: reads its state and presses only what is missing.
pub(super) async fn transition(
    door: &Door,
    context: &CallContext,
    key: &RemoteKey,
    to: Transition,
) -> Result<Applied, Failure> {
    let id = sale_id(key)?;
    let document = one(door, context, id).await?;
    match (to, document.state) {
        (Transition::Confirm, DocumentState::Draft) => {
            press(door, context, id, "quote").await?;
            press(door, context, id, "confirm").await?;
        }
        (Transition::Confirm, DocumentState::Quoted) => press(door, context, id, "confirm").await?,
        (Transition::Confirm, DocumentState::Cancelled) => {
            return Err(Failure::Other(ConnectorError::new(
                ErrorKind::Conflict,
                "the sale is cancelled in Tryton",
            )));
        }
        (Transition::Cancel, DocumentState::Draft | DocumentState::Quoted) => {
            press(door, context, id, "cancel").await?
        }
        (Transition::Cancel, DocumentState::Confirmed | DocumentState::Processing) => {
            cancel_processing(door, context, id, &document).await?;
        }
        (Transition::Confirm, _) | (Transition::Cancel, DocumentState::Cancelled) => {
            let record = Some(Record::Document(Box::new(document)));
            return Ok(Applied { key: Some(key.clone()), record, already: true });
        }
        (Transition::Cancel, DocumentState::Done) => {
            return Err(Failure::Other(ConnectorError::rejected(
                Some("state"),
                "the sale is done in Tryton and cannot be cancelled; book a return there",
            )));
        }
        (Transition::Process | Transition::Ship | Transition::Deliver, _) => {
            return Err(Failure::Other(ConnectorError::unsupported("this transition of a sale")));
        }
    }
    reread(door, context, id, false).await
}

async fn press(door: &Door, context: &CallContext, id: i64, button: &str) -> Result<(), Failure> {
    door.write(context, &format!("model.sale.sale.{button}"), vec![json!([id])]).await?;
    Ok(())
}

/// A sale in processing can't be cancelled as such: its shipments are, and its moves are then given up. The sale is
/// left without anything to deliver; a draft invoice stays for the accountants.
async fn cancel_processing(
    door: &Door,
    context: &CallContext,
    id: i64,
    document: &Document,
) -> Result<(), Failure> {
    if document.shipments.iter().any(|shipment| shipment.state == ShipmentState::Shipped) {
        return Err(Failure::Other(ConnectorError::rejected(
            Some("state"),
            "goods of the sale were shipped already; cancel what is left and book a return in Tryton",
        )));
    }
    let open: Vec<i64> = document
        .shipments
        .iter()
        .filter(|shipment| shipment.state != ShipmentState::Cancelled)
        .filter_map(|shipment| wire::id(&shipment.key))
        .collect();
    if !open.is_empty() {
        door.write(context, "model.stock.shipment.out.cancel", vec![json!(open)]).await?;
    }
    let under = [("active_model", json!("sale.sale")), ("active_id", json!(id)), ("active_ids", json!([id]))];
    let wizard = "wizard.sale.handle.shipment.exception";
    let session = door.write_under(context, &format!("{wizard}.create"), Vec::new(), &under).await?;
    let session = session.get(0).cloned().unwrap_or(Value::Null);
    let asked = door
        .write_under(
            context,
            &format!("{wizard}.execute"),
            vec![session.clone(), json!({}), json!("ask")],
            &under,
        )
        .await?;
    let moves = asked.pointer("/view/defaults/domain_moves").cloned().unwrap_or_else(|| json!([]));
    let answer = json!({"ask": {"domain_moves": moves, "ignore_moves": moves, "recreate_moves": []}});
    door.write_under(
        context,
        &format!("{wizard}.execute"),
        vec![session.clone(), answer, json!("handle")],
        &under,
    )
    .await?;
    door.write_under(context, &format!("{wizard}.delete"), vec![session], &under).await?;
    Ok(())
}

/// A sale in processing whose goods will never be delivered is cancelled in all but name: see [`cancel_processing`].
/// While somebody has still to decide between giving its moves up and making them again (`exception`), it is not.
fn given_up(state: DocumentState, shipments: &[Shipment]) -> bool {
    matches!(state, DocumentState::Confirmed | DocumentState::Processing)
        && !shipments.is_empty()
        && shipments.iter().all(|shipment| shipment.state == ShipmentState::Cancelled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded() -> Vec<Document> {
        read(&serde_json::from_str(include_str!("fixtures/sales.json")).unwrap())
            .into_iter()
            .map(|item| match item.unwrap() {
                Record::Document(document) => *document,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn a_recorded_life_of_a_sale_is_read_with_its_shipment_and_waybill() {
        let life = recorded();
        let states: Vec<DocumentState> = life.iter().map(|document| document.state).collect();
        use DocumentState::{Cancelled, Draft, Processing, Quoted};
        assert_eq!(states[..3], [Draft, Quoted, Processing]);
        assert_eq!(life[1].number.as_deref(), life[6].number.as_deref());
        let shipments: Vec<ShipmentState> =
            life[2..7].iter().map(|document| document.shipments[0].state).collect();
        use ShipmentState::{Picked, Planned, Reserved, Shipped};
        assert_eq!(shipments, [Planned, Reserved, Picked, Picked, Shipped]);
        let tracking = life[6].shipments[0].tracking.as_ref().unwrap();
        assert_eq!(tracking.number, "AWB-1");
        assert_eq!(
            (life[0].untaxed.to_string(), life[0].total.to_string()),
            ("20.00".into(), "23.80".into())
        );
        // Its only shipment cancelled: first somebody has to decide, then it is given up.
        assert_eq!(states[7..], [Processing, Cancelled]);
    }

    #[test]
    fn a_sale_in_a_state_of_a_later_series_is_told_as_unreadable() {
        let mut sale: Value = serde_json::from_str(include_str!("fixtures/sales.json")).unwrap();
        sale[0]["state"] = json!("pondering");
        let items = read(&sale);
        assert_eq!(items[0].as_ref().unwrap_err().field, "state");
        assert!(items[1..].iter().all(Result::is_ok));
    }
}
