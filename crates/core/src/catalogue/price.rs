//! A price on two sides: net on one and gross on the other, each with decimals of its own.

use rust_decimal::Decimal;

use super::ProductRule;
use crate::{
    contract::{PriceKind, Side},
    model::{Field, Unit, Value},
    money::{net_of_gross, round},
};

/// Under what a price of the store and one of the ERP are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceTerms {
    pub store: PriceKind,
    pub erp: PriceKind,
    pub store_places: u32,
    pub erp_places: u32,
    /// The product's tax; only where one side is net and the other gross.
    pub percent: Option<Decimal>,
}

/// A price of one kind as the other, rounded half away from zero. `None`: the tax is needed and not known, or the
/// number is too large.
pub fn convert(
    amount: Decimal,
    from: PriceKind,
    to: PriceKind,
    percent: Option<Decimal>,
    places: u32,
) -> Option<Decimal> {
    let exact = match (from, to) {
        (PriceKind::Net, PriceKind::Gross) => {
            let tax = amount.checked_mul(percent?)?.checked_div(Decimal::ONE_HUNDRED)?;
            amount.checked_add(tax)?
        }
        (PriceKind::Gross, PriceKind::Net) => net_of_gross(amount, percent?)?,
        _ => amount,
    };
    Some(round(exact, places))
}

impl PriceTerms {
    /// `None`: the flow doesn't move prices.
    pub fn of(rule: &ProductRule, percent: Option<Decimal>) -> Option<Self> {
        let price = rule.price.as_ref()?;
        let places = |wanted: u32, side: Side| {
            let most = rule.ability(side, Field::Price).and_then(|ability| ability.decimals);
            most.map_or(wanted, |most| wanted.min(most))
        };
        let is_converted = price.authority != price.erp_holds;
        Some(Self {
            store: price.authority,
            erp: price.erp_holds,
            store_places: places(price.store_places, Side::Store),
            erp_places: places(price.erp_places, Side::Erp),
            percent: percent.filter(|_| is_converted),
        })
    }

    /// The tax is needed to compare, and not known.
    pub fn lack_tax(&self) -> bool {
        self.store != self.erp && self.percent.is_none()
    }

    /// The ERP's price as the store holds it.
    pub fn for_store(&self, erp: Decimal) -> Option<Decimal> {
        convert(erp, self.erp, self.store, self.percent, self.store_places)
    }

    /// The store's price as the ERP holds it.
    pub fn for_erp(&self, store: Decimal) -> Option<Decimal> {
        convert(store, self.store, self.erp, self.percent, self.erp_places)
    }

    /// What each side's value is on the other: for the store, for the ERP. `None`: it can't be said.
    pub(super) fn across(&self, store: &Value, erp: &Value) -> Option<(Value, Value)> {
        let for_store = match erp {
            Value::Number(price) => Value::number(self.for_store(*price)?),
            other => other.clone(),
        };
        let for_erp = match store {
            Value::Number(price) => Value::number(self.for_erp(*price)?),
            other => other.clone(),
        };
        Some((for_store, for_erp))
    }
}

/// A unit's own price of a kind.
pub(super) fn price_of(unit: &Unit, kind: PriceKind) -> Value {
    let price = match kind {
        PriceKind::Net => unit.price_net,
        PriceKind::Gross => unit.price_gross,
    };
    price.map_or(Value::Empty, Value::number)
}

/// Why a person must see a price before it is written. `None`: it may go.
pub(super) fn price_hold(before: &Value, after: Decimal, jump_percent: Decimal) -> Option<String> {
    let before = before.as_number().filter(|before| !before.is_zero())?;
    if after.is_zero() {
        return Some("it would go to zero".to_owned());
    }
    let jump = (after - before).abs().checked_mul(Decimal::ONE_HUNDRED)?.checked_div(before.abs())?;
    (jump > jump_percent).then(|| {
        format!(
            "it would move by {} %, more than the {} % that may pass unseen",
            crate::money::plain(round(jump, 1)),
            crate::money::plain(jump_percent)
        )
    })
}
