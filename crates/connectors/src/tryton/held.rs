//! A template as it is before it is changed: what decides which fields of which record a change goes into.

use rust_decimal::Decimal;
use serde_json::json;
use zygos_core::{
    RemoteKey,
    contract::{CallContext, ConnectorError, ErrorKind},
};

use super::{
    Tryton,
    calls::Query,
    products, series,
    wire::{self, Row, Trouble},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub id: i64,
    pub name: String,
    pub code: Option<String>,
    pub active: bool,
    pub list_price: Option<Decimal>,
    pub account_category: Option<i64>,
    pub measure: String,
    pub categories: Vec<i64>,
    /// Retired ones included, as Tryton shows them.
    pub units: Vec<HeldUnit>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HeldUnit {
    pub id: i64,
    pub sku: String,
    /// Its own flag; it is on sale when its template's is set, too.
    pub active: bool,
    pub own_price: Option<Decimal>,
    pub price: Option<Decimal>,
    pub cost: Option<Decimal>,
    pub description: Option<String>,
    /// Its first EAN, with the identifier's id.
    pub ean: Option<(i64, String)>,
    pub web_shops: Vec<i64>,
}

impl Held {
    pub fn is_on_sale(&self, unit: &HeldUnit) -> bool {
        self.active && unit.active
    }
}

const WHOLE: [&str; 7] =
    ["name", "code", "active", "list_price", "account_category", "categories", "default_uom.name"];
const UNIT: [&str; 11] = [
    "code",
    "active",
    "position",
    "list_price",
    series::PRICE,
    "cost_price",
    "description",
    "identifiers.type",
    "identifiers.code",
    "template",
    "web_shops",
];

impl Tryton {
    /// Two calls.
    pub(super) async fn held(&self, context: &CallContext, key: &RemoteKey) -> Result<Held, ConnectorError> {
        let gone = || ConnectorError::not_found(format_args!("the product {key}"));
        let id = products::whole_id(key).ok_or_else(gone)?;
        let under = products::with_retired();
        let query = Query::new("product.template", json!([["id", "=", id], products::any()]), &WHOLE);
        let templates = self.door.search_under(context, &query, &under).await?;
        let template = wire::rows(&templates).next().ok_or_else(gone)?;
        let query = Query::new("product.product", json!([["template", "=", id], products::any()]), &UNIT);
        let units = self.door.search_under(context, &query, &under).await?;
        read(template, wire::rows(&units)).map_err(|trouble| {
            ConnectorError::new(
                ErrorKind::Protocol { maybe_applied: false },
                format!("Tryton's product {key} can't be read: {} {}", trouble.field, trouble.message),
            )
        })
    }
}

fn read<'a>(template: Row<'_>, rows: impl Iterator<Item = Row<'a>>) -> Result<Held, Trouble> {
    let mut rows: Vec<Row<'_>> = rows.collect();
    rows.sort_by_key(|row| (row.number("position").ok().flatten(), row.id().ok()));
    Ok(Held {
        id: template.id()?,
        name: template.text("name")?.unwrap_or_default().to_owned(),
        code: template.text("code")?.map(str::to_owned),
        active: template.flag("active"),
        list_price: template.decimal("list_price")?,
        account_category: template.number("account_category")?,
        measure: match template.inside("default_uom") {
            Some(measure) => measure.text("name")?.unwrap_or_default().to_owned(),
            None => String::new(),
        },
        categories: template.ids("categories"),
        units: rows.into_iter().map(unit).collect::<Result<_, _>>()?,
    })
}

fn unit(row: Row<'_>) -> Result<HeldUnit, Trouble> {
    let ean = row.many("identifiers").find(|identifier| identifier.text("type") == Ok(Some("ean")));
    let ean = match ean {
        Some(ean) => Some((ean.id()?, ean.text("code")?.unwrap_or_default().to_owned())),
        None => None,
    };
    Ok(HeldUnit {
        id: row.id()?,
        sku: row.text("code")?.unwrap_or_default().to_owned(),
        active: row.flag("active"),
        own_price: row.decimal("list_price")?,
        price: row.decimal(series::PRICE)?,
        cost: row.decimal("cost_price")?,
        description: row.text("description")?.map(str::to_owned),
        ean,
        web_shops: row.ids("web_shops"),
    })
}
