//! What it means that a side has no row for a unit.

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::StockRule;
use crate::{contract::Absence, ids::RemoteKey, model::StockRow};

/// The rows of one unit with those that mean zero added. Where a missing row means anything else, it stays missing.
pub fn with_absent<'a>(
    rows: &'a [StockRow],
    rule: &StockRule,
    absence: Absence,
    unit: &RemoteKey,
) -> Cow<'a, [StockRow]> {
    let missing = |warehouse: &RemoteKey| !rows.iter().any(|row| &row.warehouse == warehouse);
    if absence != Absence::Zero || !rule.warehouses.iter().any(|place| missing(&place.warehouse)) {
        return Cow::Borrowed(rows);
    }
    let zeros = rule.warehouses.iter().filter(|place| missing(&place.warehouse)).map(|place| StockRow {
        unit: unit.clone(),
        warehouse: place.warehouse.clone(),
        physical: Some(Decimal::ZERO),
        free: Some(Decimal::ZERO),
        projected: Some(Decimal::ZERO),
    });
    Cow::Owned(rows.iter().cloned().chain(zeros).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stock::{Figure, WarehouseRule};

    #[test]
    fn a_missing_row_is_zero_only_where_the_side_says_so() {
        let place = |name: &str| WarehouseRule {
            warehouse: RemoteKey::new(name),
            name: name.to_owned(),
            figure: Figure::Physical,
        };
        let rule = StockRule {
            warehouses: vec![place("A"), place("B")],
            buffer: Decimal::ZERO,
            max_listed: None,
            multiple: Decimal::ONE,
            backorders: false,
        };
        let unit = RemoteKey::new("U");
        let row = StockRow {
            unit: unit.clone(),
            warehouse: RemoteKey::new("A"),
            physical: Some(Decimal::TEN),
            free: None,
            projected: None,
        };
        let rows = |absence| with_absent(std::slice::from_ref(&row), &rule, absence, &unit).len();
        assert_eq!((rows(Absence::Zero), rows(Absence::Unknown), rows(Absence::Deleted)), (2, 1, 1));
    }
}
