use rust_decimal::{Decimal, RoundingStrategy};

use super::{Explanation, Figure, LedgerEntry, StockRule, Taken, WarehouseTerm};
use crate::{ids::RemoteKey, model::StockRow};

/// Everything a unit's figure is computed from.
#[derive(Clone, Copy, Debug)]
pub struct SellableInputs<'a> {
    /// The ERP's rows of this unit, from one read.
    pub rows: &'a [StockRow],
    /// Open entries of this unit, of all stores that share the ERP, as proven for these rows.
    pub ledger: &'a [LedgerEntry],
    /// Decimals that the unit may be sold in; 0 for pieces.
    pub decimals: u32,
}

/// Why no figure can be given. Never a zero by guess.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecidable {
    #[error("the ERP gave no row for warehouse {name}")]
    MissingRow { warehouse: RemoteKey, name: String },
    #[error("the ERP gives no {} figure for warehouse {name}; choose another figure in the configuration", .figure.name())]
    MissingFigure { warehouse: RemoteKey, name: String, figure: Figure },
    #[error("the store has no warehouse to sell from")]
    NoWarehouse,
}

/// What a store should show for a unit, and why.
///
/// Σ over the store's warehouses of figure − ledger, less the orders whose warehouse nobody knows (once), less the
/// buffer, rounded down, clamped to what may be listed and, without back-orders, to zero.
pub fn sellable(rule: &StockRule, inputs: &SellableInputs<'_>) -> Result<Explanation, Undecidable> {
    if rule.warehouses.is_empty() {
        return Err(Undecidable::NoWarehouse);
    }
    let mut warehouses = Vec::with_capacity(rule.warehouses.len());
    let mut sum = Decimal::ZERO;
    for place in &rule.warehouses {
        let (warehouse, name) = (place.warehouse.clone(), place.name.clone());
        let Some(row) = inputs.rows.iter().find(|row| row.warehouse == place.warehouse) else {
            return Err(Undecidable::MissingRow { warehouse, name });
        };
        let Some(value) = place.figure.of(row) else {
            return Err(Undecidable::MissingFigure { warehouse, name, figure: place.figure });
        };
        let taken = taken(inputs.ledger, place.figure, |at| at == Some(&place.warehouse));
        // What a warehouse owes beyond what it has is missing from the store's sum: the goods must come from one of the
        // others. Clamped by itself, each order beyond its warehouse would put sold goods back on the shelf.
        let counts = value - total(&taken);
        sum += counts;
        warehouses.push(WarehouseTerm { warehouse, name, kind: place.figure, value, taken, counts });
    }
    // An order without a known place may be served from any of them: it is measured by the most cautious figure.
    let cautious = most_cautious(rule);
    let unplaced = taken(inputs.ledger, cautious, |at| at.is_none());
    let figure = sum - total(&unplaced) - rule.buffer;
    let figure = round_down(figure, rule.multiple, inputs.decimals);
    let figure = rule.max_listed.map_or(figure, |most| figure.min(most));
    let figure = if rule.backorders { figure } else { figure.max(Decimal::ZERO) };
    Ok(Explanation {
        figure: figure.normalize(),
        warehouses,
        unplaced,
        sum,
        buffer: rule.buffer,
        multiple: rule.multiple,
        max_listed: rule.max_listed,
        backorders: rule.backorders,
    })
}

fn taken(ledger: &[LedgerEntry], figure: Figure, here: impl Fn(Option<&RemoteKey>) -> bool) -> Vec<Taken> {
    ledger
        .iter()
        .filter(|entry| here(entry.warehouse.as_ref()))
        .filter_map(|entry| {
            let quantity = entry.outstanding(figure);
            (!quantity.is_zero()).then(|| Taken {
                store: entry.store.clone(),
                order: entry.order.clone(),
                quantity,
            })
        })
        .collect()
}

fn total(taken: &[Taken]) -> Decimal {
    taken.iter().map(|taken| taken.quantity).sum()
}

/// The figure that deducts an order last.
fn most_cautious(rule: &StockRule) -> Figure {
    let uses = |figure| rule.warehouses.iter().any(|place| place.figure == figure);
    if uses(Figure::Physical) {
        Figure::Physical
    } else if uses(Figure::Free) {
        Figure::Free
    } else {
        Figure::Projected
    }
}

/// Down to whole multiples, and to what the unit may be sold in. 0 and 1 mean any multiple.
fn round_down(figure: Decimal, multiple: Decimal, decimals: u32) -> Decimal {
    let any = multiple <= Decimal::ZERO || multiple == Decimal::ONE;
    let steps = if any { None } else { figure.checked_div(multiple) };
    let figure = steps.map_or(figure, |steps| steps.floor() * multiple);
    figure.round_dp_with_strategy(decimals.min(10), RoundingStrategy::ToNegativeInfinity)
}
