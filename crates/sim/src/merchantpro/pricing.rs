//! Net and gross.

use rust_decimal::{Decimal, RoundingStrategy};

/// Decimals of net and tax figures (seen live).
pub(super) const NET_DECIMALS: u32 = 4;
/// Decimals of gross figures on orders (seen live).
pub(super) const GROSS_DECIMALS: u32 = 2;

/// Half away from zero, as PHP's `round`.
pub(super) fn round(value: Decimal, decimals: u32) -> Decimal {
    value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

/// `round(gross / (1 + rate/100), 4)` (seen in a client that writes both).
pub(super) fn net_of(gross: Decimal, rate: Decimal) -> Decimal {
    let divisor = Decimal::ONE_HUNDRED + rate;
    round((gross * Decimal::ONE_HUNDRED).checked_div(divisor).unwrap_or(gross), NET_DECIMALS)
}

pub(super) fn gross_of(net: Decimal, rate: Decimal, decimals: u32) -> Decimal {
    round(net * (Decimal::ONE_HUNDRED + rate) / Decimal::ONE_HUNDRED, decimals)
}

/// A price pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Price {
    pub net: Decimal,
    pub gross: Decimal,
}

/// How a pair is completed when one half is written.
#[derive(Clone, Copy)]
pub(super) struct Derivation {
    pub rate: Decimal,
    pub gross_decimals: u32,
    pub net_follows_gross: bool,
}

impl Derivation {
    /// Gross wins when both are given; otherwise the other half is derived (inferred).
    pub fn complete(self, net: Option<Decimal>, gross: Option<Decimal>) -> Option<Price> {
        if let Some(gross) = gross {
            return Some(Price { net: net_of(gross, self.rate), gross });
        }
        let net = net?;
        let gross = gross_of(net, self.rate, self.gross_decimals);
        let net = if self.net_follows_gross { net_of(gross, self.rate) } else { round(net, NET_DECIMALS) };
        Some(Price { net, gross })
    }
}
