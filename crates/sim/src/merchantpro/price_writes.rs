//! Price fields of one write.

use rust_decimal::Decimal;
use serde_json::Value;

use super::{
    errors::ApiError,
    json::{need_decimal, optional_text},
    pricing::{Derivation, Price},
    state::Unit,
};

/// Price fields of one write, completed once all of them are read.
#[derive(Default)]
pub(super) struct PriceWrites {
    net: Option<Decimal>,
    gross: Option<Decimal>,
    old: PairWrite,
    cost: PairWrite,
}

#[derive(Default)]
struct PairWrite {
    touched: bool,
    net: Option<Decimal>,
    gross: Option<Decimal>,
}

impl PairWrite {
    // "", null and 0 all clear (inferred from a client that sends "").
    fn read(key: &str, value: &Value) -> Result<Option<Decimal>, ApiError> {
        if optional_text(key, value)?.is_none() {
            return Ok(None);
        }
        need_decimal(key, value).map(|price| if price.is_zero() { None } else { Some(price) })
    }

    fn apply(&self, old: &mut Option<Price>, derivation: Derivation) {
        if self.touched {
            *old = derivation.complete(self.net, self.gross);
        }
    }
}

impl PriceWrites {
    /// Takes a price field; false when `key` is none.
    pub fn read(&mut self, key: &str, value: &Value) -> Result<bool, ApiError> {
        match key {
            "price_net" => self.net = Some(need_decimal(key, value)?),
            "price_gross" => self.gross = Some(need_decimal(key, value)?),
            "old_price_net" => self.old.net = PairWrite::read(key, value)?,
            "old_price_gross" => self.old.gross = PairWrite::read(key, value)?,
            "cost_net" => self.cost.net = PairWrite::read(key, value)?,
            "cost_gross" => self.cost.gross = PairWrite::read(key, value)?,
            _ => return Ok(false),
        }
        self.old.touched |= key.starts_with("old_");
        self.cost.touched |= key.starts_with("cost_");
        Ok(true)
    }

    pub fn apply(&self, unit: &mut Unit, derivation: Derivation) {
        if let Some(price) = derivation.complete(self.net, self.gross) {
            unit.price = price;
        }
        self.old.apply(&mut unit.old_price, derivation);
        self.cost.apply(&mut unit.cost, derivation);
    }

    pub fn touches_price(&self) -> bool {
        self.net.is_some() || self.gross.is_some()
    }
}

/// After a change of tax: the customer goes on paying the same gross price (inferred).
pub(super) fn reprice(unit: &mut Unit, derivation: Derivation, price_is_new: bool) {
    if !price_is_new && let Some(price) = derivation.complete(None, Some(unit.price.gross)) {
        unit.price = price;
    }
}
