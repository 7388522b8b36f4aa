use rust_decimal::Decimal;

use super::OrderRule;
use crate::model::DocumentLine;

/// How the ERP's total compares with what the customer pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TotalsVerdict {
    Equal,
    /// Small enough for a rounding line of this amount (positive: the ERP's total is too low).
    Rounding {
        difference: Decimal,
    },
    Mismatch {
        store: Decimal,
        erp: Decimal,
    },
}

pub fn compare_totals(store: Decimal, erp: Decimal, limit: Decimal, may_round: bool) -> TotalsVerdict {
    let difference = store - erp;
    if difference.is_zero() {
        TotalsVerdict::Equal
    } else if may_round && difference.abs() <= limit {
        TotalsVerdict::Rounding { difference }
    } else {
        TotalsVerdict::Mismatch { store, erp }
    }
}

/// The line that closes a rounding difference, without tax; `None` when no product is configured for it.
pub fn rounding_line(rule: &OrderRule, difference: Decimal) -> Option<DocumentLine> {
    let product = rule.rounding_product.clone()?;
    Some(DocumentLine {
        product: Some(product),
        description: "Rounding".to_owned(),
        quantity: Decimal::ONE,
        unit_price_net: difference,
        total_gross: difference,
        taxes: Vec::new(),
    })
}
