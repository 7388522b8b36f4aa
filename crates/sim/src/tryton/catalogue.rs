//! Making taxes, products and warehouses from the sandbox's own side.

use rust_decimal::Decimal;

use super::{
    errors::{Failure, Outcome},
    products,
    store::{Store, Values},
    values::Value,
};

fn text(value: &str) -> Value {
    Value::text(value)
}

/// A product with one variant, or one more variant of a template that exists.
#[derive(Clone, Debug)]
pub struct NewProduct {
    /// The whole SKU; its beginning must be `template`'s code when there is one.
    pub sku: String,
    pub ean: Option<String>,
    pub name: String,
    /// Net.
    pub list_price: Decimal,
    /// Name of the account category, which decides the tax: `Shop goods`, `Reduced rate goods`, `Untaxed`, or
    /// one made by `add_tax`.
    pub category: String,
    /// Code of the template this is a variant of, such as `TS-`; made when it does not exist yet.
    pub template: Option<String>,
    /// Decimals of the unit it is counted in: 0 for pieces, 2 for metres.
    pub decimals: u32,
}

impl NewProduct {
    /// Plain goods at the standard rate.
    pub fn new(sku: &str, list_price: Decimal) -> Self {
        Self {
            sku: sku.to_owned(),
            ean: None,
            name: format!("Product {sku}"),
            list_price,
            category: "Shop goods".to_owned(),
            template: None,
            decimals: 0,
        }
    }
}

/// An account category whose goods are sold with this tax; returns the tax's id.
pub(super) fn taxed_category(store: &mut Store, name: &str, tax: Option<(&str, Decimal)>) -> Option<i64> {
    let company = Value::One(store.base.company);
    let tax = tax.map(|(label, rate)| {
        let values = Values::from([
            ("name", text(label)),
            ("description", text(label)),
            ("active", Value::Boolean(true)),
            ("type", text("percentage")),
            ("rate", Value::Numeric(rate)),
            ("company", company),
        ]);
        store.insert("account.tax", values)
    });
    let values = Values::from([
        ("name", text(name)),
        ("accounting", Value::Boolean(true)),
        ("customer_taxes", Value::Many(tax.into_iter().collect())),
    ]);
    store.insert("product.category", values);
    tax
}

fn category(store: &Store, name: &str) -> Outcome<i64> {
    store
        .ids("product.category")
        .into_iter()
        .find(|id| store.text("product.category", *id, "name") == name)
        .ok_or_else(|| Failure::user(format!("There is no account category \"{name}\".")))
}

fn template(
    store: &mut Store,
    kind: &str,
    name: &str,
    code: Option<&str>,
    price: Decimal,
    category: i64,
    unit: i64,
) -> i64 {
    let unit = Value::One(unit);
    let values = Values::from([
        ("name", text(name)),
        ("code", code.map_or(Value::Null, text)),
        ("active", Value::Boolean(true)),
        ("type", text(kind)),
        ("consumable", Value::Boolean(false)),
        ("salable", Value::Boolean(true)),
        ("purchasable", Value::Boolean(kind == "goods")),
        ("default_uom", unit.clone()),
        ("sale_uom", unit.clone()),
        ("purchase_uom", unit),
        ("account_category", Value::One(category)),
        ("list_price", Value::Numeric(price)),
    ]);
    store.insert("product.template", values)
}

fn variant(store: &mut Store, template: i64, suffix: &str) -> i64 {
    let shops = Value::Many(store.ids("web.shop"));
    let values = Values::from([
        ("template", Value::One(template)),
        ("active", Value::Boolean(true)),
        ("suffix_code", text(suffix)),
        ("cost_price", Value::Numeric(Decimal::ZERO)),
        ("web_shops", shops),
    ]);
    let id = store.insert("product.product", values);
    products::set_code(store, id);
    id
}

pub(super) fn service(store: &mut Store, code: &str, name: &str, price: Decimal, of: &str) {
    if let Ok(category) = category(store, of) {
        let unit = store.base.unit;
        let template = template(store, "service", name, None, price, category, unit);
        variant(store, template, code);
    }
}

pub(super) fn product(store: &mut Store, new: &NewProduct) -> Outcome<i64> {
    let category = category(store, &new.category)?;
    let known = new.template.as_deref().and_then(|code| {
        let ids = store.ids("product.template");
        ids.into_iter().find(|id| store.text("product.template", *id, "code") == code)
    });
    let owner = match known {
        Some(id) => id,
        None => {
            let unit = measure(store, new.decimals);
            template(store, "goods", &new.name, new.template.as_deref(), new.list_price, category, unit)
        }
    };
    let prefix = new.template.as_deref().unwrap_or_default();
    let suffix = new.sku.strip_prefix(prefix).ok_or_else(|| {
        Failure::user(format!("SKU \"{}\" does not begin with its template's code \"{prefix}\".", new.sku))
    })?;
    let id = variant(store, owner, suffix);
    products::check(store, id)?;
    if let Some(ean) = &new.ean {
        let values = Values::from([("product", Value::One(id)), ("type", text("ean")), ("code", text(ean))]);
        let identifier = store.insert("product.identifier", values);
        products::check_identifier(store, identifier)?;
    }
    Ok(id)
}

/// The unit of measure with so many decimals.
fn measure(store: &mut Store, decimals: u32) -> i64 {
    if decimals == 0 {
        return store.base.unit;
    }
    let digits = Value::Integer(i64::from(decimals));
    let fits = |id: &i64| {
        store.text("product.uom", *id, "name") == "Meter"
            && *store.get("product.uom", *id, "digits") == digits
    };
    if let Some(known) = store.ids("product.uom").into_iter().find(fits) {
        return known;
    }
    let values = Values::from([
        ("name", text("Meter")),
        ("active", Value::Boolean(true)),
        ("symbol", text("m")),
        ("category", Value::Integer(3)),
        ("digits", digits),
        ("rounding", Value::Float(Decimal::new(1, decimals))),
        ("factor", Value::Float(Decimal::ONE)),
        ("rate", Value::Float(Decimal::ONE)),
    ]);
    store.insert("product.uom", values)
}

/// The unit that a product is counted in.
pub(super) fn unit_of(store: &Store, product: i64) -> i64 {
    let template = store.one("product.product", product, "template").unwrap_or(0);
    store.one("product.template", template, "default_uom").unwrap_or(store.base.unit)
}

/// With its three zones; every shop sells from it.
pub(super) fn warehouse(store: &mut Store, code: &str, name: &str) -> i64 {
    let place = |name: String, code: String, kind: &str| {
        Values::from([
            ("name", Value::Text(name)),
            ("code", Value::Text(code)),
            ("active", Value::Boolean(true)),
            ("type", text(kind)),
        ])
    };
    let id = store.insert("stock.location", place(name.to_owned(), code.to_owned(), "warehouse"));
    for (zone, prefix, field) in [
        ("Input", "IN", "input_location"),
        ("Output", "OUT", "output_location"),
        ("Storage", "STO", "storage_location"),
    ] {
        let mut values = place(format!("{zone} Zone {code}"), format!("{prefix}-{code}"), "storage");
        values.insert("parent", Value::One(id));
        let zone = store.insert("stock.location", values);
        store.set("stock.location", id, field, Value::One(zone));
    }
    for shop in store.ids("web.shop") {
        let mut warehouses = store.get("web.shop", shop, "warehouses").as_many().to_vec();
        warehouses.push(id);
        store.set("web.shop", shop, "warehouses", Value::Many(warehouses));
    }
    id
}
