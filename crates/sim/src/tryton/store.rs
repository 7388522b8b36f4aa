//! The records: tables of typed rows with indexes, and a journal that takes a failed call back.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rust_decimal::Decimal;

use super::{
    schema::{Kind, Model, model},
    values::{NULL, Value},
};

pub(super) type Values = BTreeMap<&'static str, Value>;

#[derive(Clone, Debug)]
pub(super) struct Row {
    values: Values,
    pub(super) created: Timestamp,
    pub(super) written: Option<Timestamp>,
}

#[derive(Debug, Default)]
struct Table {
    last_id: i64,
    rows: BTreeMap<i64, Row>,
    /// Field and its value (a link, or a text that is looked up) to the records that have it.
    index: BTreeMap<(&'static str, Value), BTreeSet<i64>>,
}

#[derive(Debug)]
struct Undo {
    model: &'static str,
    id: i64,
    previous: Option<Row>,
}

/// Ids that the base data has and the rules need.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Base {
    pub(super) company: i64,
    pub(super) currency: i64,
    pub(super) unit: i64,
    pub(super) supplier_location: i64,
    pub(super) customer_location: i64,
    pub(super) lost_found: i64,
    pub(super) transit: i64,
}

#[derive(Debug)]
pub(super) struct Store {
    tables: BTreeMap<&'static str, Table>,
    numbers: BTreeMap<&'static str, i64>,
    journal: Vec<Undo>,
    /// Names of warnings that the user confirmed; a call that goes well uses them up.
    pub(super) confirmed: BTreeSet<String>,
    /// The moment of the call in progress.
    pub(super) now: Timestamp,
    pub(super) base: Base,
}

impl Row {
    pub(super) fn get(&self, field: &str) -> &Value {
        self.values.get(field).unwrap_or(&NULL)
    }

    pub(super) fn modified(&self) -> Timestamp {
        self.written.unwrap_or(self.created)
    }
}

impl Store {
    pub(super) fn new() -> Self {
        Self {
            tables: BTreeMap::new(),
            numbers: BTreeMap::new(),
            journal: Vec::new(),
            confirmed: BTreeSet::new(),
            now: Timestamp::UNIX_EPOCH,
            base: Base::default(),
        }
    }

    pub(super) fn today(&self) -> Date {
        self.now.to_zoned(TimeZone::UTC).date()
    }

    /// The next number of a sequence, from 1.
    pub(super) fn next_number(&mut self, sequence: &'static str) -> String {
        let number = self.numbers.entry(sequence).or_insert(0);
        *number += 1;
        number.to_string()
    }

    /// What was changed since the last commit stays.
    pub(super) fn commit(&mut self) {
        self.journal.clear();
    }

    /// What was changed since the last commit is taken back; ids and numbers stay used up, as on the server.
    pub(super) fn roll_back(&mut self) {
        while let Some(undo) = self.journal.pop() {
            let Some(table) = self.tables.get_mut(undo.model) else { continue };
            if let Some(row) = table.rows.remove(&undo.id) {
                unindex(table, undo.model, undo.id, &row);
            }
            if let Some(row) = undo.previous {
                index(table, undo.model, undo.id, &row);
                table.rows.insert(undo.id, row);
            }
        }
    }

    pub(super) fn insert(&mut self, name: &'static str, values: Values) -> i64 {
        let now = self.now;
        let table = self.tables.entry(name).or_default();
        table.last_id += 1;
        let id = table.last_id;
        let row = Row { values, created: now, written: None };
        index(table, name, id, &row);
        table.rows.insert(id, row);
        self.journal.push(Undo { model: name, id, previous: None });
        id
    }

    pub(super) fn update(
        &mut self,
        name: &'static str,
        id: i64,
        changes: impl IntoIterator<Item = (&'static str, Value)>,
    ) {
        let now = self.now;
        let Some(table) = self.tables.get_mut(name) else { return };
        let Some(mut row) = table.rows.remove(&id) else { return };
        self.journal.push(Undo { model: name, id, previous: Some(row.clone()) });
        unindex(table, name, id, &row);
        row.values.extend(changes);
        row.written = Some(now);
        index(table, name, id, &row);
        table.rows.insert(id, row);
    }

    pub(super) fn set(&mut self, name: &'static str, id: i64, field: &'static str, value: Value) {
        self.update(name, id, [(field, value)]);
    }

    /// Changes what is kept beside the record, which moves none of its dates.
    pub(super) fn set_silently(&mut self, name: &'static str, id: i64, field: &'static str, value: Value) {
        let written = self.row(name, id).and_then(|row| row.written);
        self.set(name, id, field, value);
        if let Some(row) = self.tables.get_mut(name).and_then(|table| table.rows.get_mut(&id)) {
            row.written = written;
        }
    }

    pub(super) fn remove(&mut self, name: &'static str, id: i64) {
        let Some(table) = self.tables.get_mut(name) else { return };
        let Some(row) = table.rows.remove(&id) else { return };
        unindex(table, name, id, &row);
        self.journal.push(Undo { model: name, id, previous: Some(row) });
    }

    pub(super) fn row(&self, name: &str, id: i64) -> Option<&Row> {
        self.tables.get(name)?.rows.get(&id)
    }

    pub(super) fn exists(&self, name: &str, id: i64) -> bool {
        self.row(name, id).is_some()
    }

    pub(super) fn ids(&self, name: &str) -> Vec<i64> {
        self.tables.get(name).map(|table| table.rows.keys().copied().collect()).unwrap_or_default()
    }

    pub(super) fn get(&self, name: &str, id: i64, field: &str) -> &Value {
        self.row(name, id).map_or(&NULL, |row| row.get(field))
    }

    pub(super) fn one(&self, name: &str, id: i64, field: &str) -> Option<i64> {
        self.get(name, id, field).as_one()
    }

    pub(super) fn text(&self, name: &str, id: i64, field: &str) -> &str {
        self.get(name, id, field).as_text()
    }

    pub(super) fn decimal(&self, name: &str, id: i64, field: &str) -> Decimal {
        self.get(name, id, field).as_decimal()
    }

    pub(super) fn state(&self, name: &str, id: i64) -> &str {
        self.text(name, id, "state")
    }

    /// Records of `name` whose indexed `field` is `value`.
    pub(super) fn having(&self, name: &str, field: &'static str, value: &Value) -> Vec<i64> {
        self.tables
            .get(name)
            .and_then(|table| table.index.get(&(field, value.clone())))
            .map(|ids| ids.iter().copied().collect())
            .unwrap_or_default()
    }

    /// Records of `name` whose many2one `field` is `id`.
    pub(super) fn pointing(&self, name: &str, field: &'static str, id: i64) -> Vec<i64> {
        self.having(name, field, &Value::One(id))
    }

    /// Records of `name` whose reference `field` is `(model, id)`.
    pub(super) fn referring(
        &self,
        name: &str,
        field: &'static str,
        model: &'static str,
        id: i64,
    ) -> Vec<i64> {
        self.having(name, field, &Value::Reference(model, id))
    }

    /// What people call the record.
    pub(super) fn record_name(&self, name: &str, id: i64) -> String {
        let Some(row) = self.row(name, id) else { return String::new() };
        let text = |field: &str| row.get(field).as_text().to_owned();
        match name {
            "product.product" => {
                let template = row.get("template").as_one().unwrap_or(0);
                bracketed(&text("code"), self.text("product.template", template, "name"))
            }
            "product.template" => bracketed(&text("code"), &text("name")),
            "product.category" => self.category_name(id, row),
            "stock.location" => bracketed(&text("code"), &text("name")),
            "sale.sale"
            | "purchase.purchase"
            | "stock.shipment.out"
            | "stock.shipment.in"
            | "stock.shipment.internal"
            | "account.invoice" => {
                let number = text("number");
                let number = if number.is_empty() { format!("({id})") } else { number };
                let reference = text("reference");
                if reference.is_empty() { number } else { format!("{number} [{reference}]") }
            }
            "sale.line" | "purchase.line" | "stock.move" => {
                let product = row.get("product").as_one();
                let what =
                    product.map_or_else(|| text("description"), |id| self.record_name("product.product", id));
                format!("{}\u{a0}u {what}", row.get("quantity").as_decimal().normalize())
            }
            "carrier" | "company.company" => row
                .get("party")
                .as_one()
                .map(|party| self.record_name("party.party", party))
                .unwrap_or_default(),
            "party.address" => self.address_name(row),
            "party.contact_mechanism" => text("value"),
            "party.identifier" | "product.identifier" => text("code"),
            _ => {
                let label = text("name");
                if label.is_empty() { id.to_string() } else { label }
            }
        }
    }
}

impl Store {
    /// With all above it; one that is above itself ends where it is met again.
    fn category_name(&self, id: i64, row: &Row) -> String {
        let mut names = vec![row.get("name").as_text().to_owned()];
        let mut seen = BTreeSet::from([id]);
        let mut above = row.get("parent").as_one();
        while let Some(parent) = above.filter(|parent| seen.insert(*parent)) {
            names.insert(0, self.text("product.category", parent, "name").to_owned());
            above = self.one("product.category", parent, "parent");
        }
        names.join(" / ")
    }

    /// A person's name and address: they appear in the server's error texts.
    fn address_name(&self, row: &Row) -> String {
        let party = row.get("party").as_one().map(|party| self.record_name("party.party", party));
        let country =
            row.get("country").as_one().map(|id| self.text("country.country", id, "code").to_owned());
        let text = |field: &str| row.get(field).as_text().replace('\n', ", ");
        [party.unwrap_or_default(), text("street_unstructured"), text("postal_code"), text("city")]
            .into_iter()
            .chain(country)
            .filter(|part| !part.is_empty())
            .collect::<Vec<String>>()
            .join(", ")
    }
}

fn bracketed(code: &str, name: &str) -> String {
    if code.is_empty() { name.to_owned() } else { format!("[{code}] {name}") }
}

fn keys(model: &'static Model, row: &Row) -> Vec<(&'static str, Value)> {
    row.values
        .iter()
        .filter(|(name, value)| {
            !value.is_null()
                && model.field(name).is_some_and(|field| {
                    field.indexed || matches!(field.kind, Kind::One(_) | Kind::Reference)
                })
        })
        .map(|(name, value)| (*name, value.clone()))
        .collect()
}

fn index(table: &mut Table, name: &str, id: i64, row: &Row) {
    let Some(model) = model(name) else { return };
    for key in keys(model, row) {
        table.index.entry(key).or_default().insert(id);
    }
}

fn unindex(table: &mut Table, name: &str, id: i64, row: &Row) {
    let Some(model) = model(name) else { return };
    for key in keys(model, row) {
        if let Some(ids) = table.index.get_mut(&key) {
            ids.remove(&id);
            if ids.is_empty() {
                table.index.remove(&key);
            }
        }
    }
}
