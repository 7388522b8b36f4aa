//! Price lists: the first line that fits gives the price by its formula.

use rust_decimal::Decimal;

use super::{
    context::Context,
    errors::{Failure, Outcome},
    formula::{self, Names},
    products,
    reading::missing,
    schema::model,
    store::Store,
    values::Value,
};

const LIST: &str = "product.price_list";
const LINE: &str = "product.price_list.line";
const PRODUCT: &str = "product.product";
const TEMPLATE: &str = "product.template";
const UNIT: &str = "product.uom";

/// What a sale charges for one unit of measure: by the context's list, else the list price.
pub(super) fn price(store: &Store, product: i64, context: &Context) -> Outcome<Value> {
    let template = store.one(PRODUCT, product, "template").unwrap_or(0);
    let kept = store.one(TEMPLATE, template, "default_uom").unwrap_or(0);
    let sold = store.one(TEMPLATE, template, "sale_uom").unwrap_or(kept);
    let category = |unit: i64| store.get(UNIT, unit, "category");
    let unit = context.price_unit.filter(|unit| category(*unit) == category(kept)).unwrap_or(sold);
    let found = match context.price_list {
        None => list_price(store, product, template),
        Some(list) if store.exists(LIST, list) => by_list(store, list, product, template, unit, context)?,
        Some(list) => {
            return match model(LIST) {
                Some(of) => Err(missing("read", list, of)),
                None => Err(Failure::key(LIST)),
            };
        }
    };
    let factor = |unit: i64| store.decimal(UNIT, unit, "factor");
    let converted = found.and_then(|price| price.checked_mul(factor(unit))?.checked_div(factor(kept)));
    Ok(converted.map_or(Value::Null, |price| Value::Numeric(rounded(price))))
}

/// With four decimals, the zeros at the end included.
fn rounded(price: Decimal) -> Decimal {
    let mut price = price.round_dp(4);
    price.rescale(4);
    price
}

fn list_price(store: &Store, product: i64, template: i64) -> Option<Decimal> {
    let own = store.get(PRODUCT, product, "list_price");
    let used = if own.is_null() { store.get(TEMPLATE, template, "list_price") } else { own };
    (!used.is_null()).then(|| used.as_decimal())
}

fn by_list(
    store: &Store,
    list: i64,
    product: i64,
    template: i64,
    unit: i64,
    context: &Context,
) -> Outcome<Option<Decimal>> {
    let mut within = products::categories_all(store, template).as_many().to_vec();
    let mut next = 0;
    while let Some(id) = within.get(next).copied() {
        let parent = store.one("product.category", id, "parent");
        within.extend(parent.filter(|parent| !within.contains(parent)));
        next += 1;
    }
    let counted_in = match store.text(LIST, list, "unit") {
        "product_sale" => store.one(TEMPLATE, template, "sale_uom"),
        _ => store.one(TEMPLATE, template, "default_uom"),
    };
    let factor = |unit: i64| store.decimal(UNIT, unit, "factor");
    let asked = context.price_quantity * factor(unit);
    let quantity = counted_in.and_then(|unit| asked.checked_div(factor(unit))).unwrap_or(asked);
    let names = Names {
        list_price: list_price(store, product, template),
        cost_price: Some(store.decimal(PRODUCT, product, "cost_price")),
        unit_price: None,
    }
    .with_unit_price(store.text(LIST, list, "price"));
    for line in lines(store, list) {
        let fits = store.one(LINE, line, "product").is_none_or(|own| own == product)
            && store.one(LINE, line, "category").is_none_or(|own| within.contains(&own))
            && match store.get(LINE, line, "quantity") {
                Value::Null => true,
                least => least.as_decimal() <= quantity,
            };
        if fits {
            return computed(store, line, &names);
        }
    }
    Ok(None)
}

/// Those without a sequence first.
pub(super) fn lines(store: &Store, list: i64) -> Vec<i64> {
    let mut lines = store.pointing(LINE, "price_list", list);
    lines.sort_by_key(|line| (store.get(LINE, *line, "sequence").clone(), *line));
    lines
}

fn computed(store: &Store, line: i64, names: &Names) -> Outcome<Option<Decimal>> {
    let text = store.text(LINE, line, "formula");
    let value = formula::evaluate(text, names).map_err(|exception| {
        Failure::user(format!(
            "Invalid formula \"{text}\" in price list line \"({line})\" with exception \"{exception}\"."
        ))
    })?;
    Ok(value.map(rounded))
}

/// A formula is tried without a product before it is kept.
pub(super) fn check_line(store: &Store, id: i64) -> Outcome<()> {
    let list = store.one(LINE, id, "price_list").unwrap_or(0);
    let names = Names { list_price: None, cost_price: Some(Decimal::ZERO), unit_price: None };
    computed(store, id, &names.with_unit_price(store.text(LIST, list, "price"))).map(|_| ())
}

/// Lines for a record that goes, go.
pub(super) fn forget(store: &mut Store, field: &'static str, id: i64) {
    for line in store.pointing(LINE, field, id) {
        store.remove(LINE, line);
    }
}
