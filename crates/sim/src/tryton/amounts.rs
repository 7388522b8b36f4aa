//! Amounts of lines and documents.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};

use super::store::Store;

/// What the server's own `untaxed_amount` and `tax_amount` say.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Amounts {
    pub(super) untaxed: Decimal,
    pub(super) tax: Decimal,
}

impl Amounts {
    pub(super) fn total(self) -> Decimal {
        self.untaxed + self.tax
    }
}

/// Half to even, to the cent: how the server rounds money.
fn cents(value: Decimal) -> Decimal {
    let mut rounded = value.round_dp_with_strategy(2, RoundingStrategy::MidpointNearestEven);
    rounded.rescale(2);
    rounded
}

/// Quantity times price before any rounding; nothing for comments.
fn exact(store: &Store, model: &str, line: i64) -> Option<Decimal> {
    (store.text(model, line, "type") == "line")
        .then(|| store.decimal(model, line, "quantity") * store.decimal(model, line, "unit_price"))
}

pub(super) fn line(store: &Store, model: &str, line: i64) -> Decimal {
    exact(store, model, line).map_or(Decimal::ZERO, cents)
}

/// Lines are rounded one by one; each tax is rounded once, on the sum of its unrounded bases.
pub(super) fn of(store: &Store, model: &str, document: i64) -> Amounts {
    let (line_model, lines) = match model {
        "sale.sale" => ("sale.line", store.pointing("sale.line", "sale", document)),
        "purchase.purchase" => ("purchase.line", store.pointing("purchase.line", "purchase", document)),
        _ => {
            let sales = store.get(model, document, "sales").as_many();
            let lines = sales.iter().flat_map(|sale| store.pointing("sale.line", "sale", *sale)).collect();
            ("sale.line", lines)
        }
    };
    let mut amounts = Amounts::default();
    let mut taxes: BTreeMap<i64, Decimal> = BTreeMap::new();
    for id in lines {
        let Some(base) = exact(store, line_model, id) else { continue };
        amounts.untaxed += cents(base);
        for tax in store.get(line_model, id, "taxes").as_many() {
            *taxes.entry(*tax).or_default() += base * store.decimal("account.tax", *tax, "rate");
        }
    }
    amounts.tax = taxes.into_values().map(cents).sum();
    amounts
}
