//! Net and gross of one price, and numbers as they are sent.

use rust_decimal::Decimal;
use serde_json::{Map, Number, Value, json};
use zygos_core::{
    contract::PriceKind,
    money::{net_of_gross, round},
};

/// Decimals of prices (MerchantPro dossier §1: up to four).
pub(super) const PLACES: u32 = 4;

/// How prices are meant in one write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub kind: PriceKind,
    /// The product's tax; without it only the price that is meant is sent, and the store makes the other one.
    pub percent: Option<Decimal>,
}

impl Terms {
    /// Writes `{stem}_net` and `{stem}_gross`. Both consistent to four decimals: a store that is given one may round
    /// it, and what it does with two that disagree is not known (dossier §9).
    pub fn put(self, body: &mut Map<String, Value>, stem: &str, price: Decimal) {
        let price = round(price, PLACES);
        let (net, gross) = match self.kind {
            PriceKind::Net => (Some(price), self.percent.and_then(|percent| gross_of_net(price, percent))),
            PriceKind::Gross => (self.percent.and_then(|percent| net_of_gross(price, percent)), Some(price)),
        };
        for (side, amount) in [("net", net), ("gross", gross)] {
            if let Some(amount) = amount {
                body.insert(format!("{stem}_{side}"), number(round(amount, PLACES)));
            }
        }
    }

    /// Says that there is no such price: an empty text, as a client does it (dossier §5.1).
    pub fn clear(body: &mut Map<String, Value>, stem: &str) {
        for side in ["net", "gross"] {
            body.insert(format!("{stem}_{side}"), json!(""));
        }
    }
}

fn gross_of_net(net: Decimal, percent: Decimal) -> Option<Decimal> {
    net.checked_mul(Decimal::ONE.checked_add(percent.checked_div(Decimal::ONE_HUNDRED)?)?)
}

/// An exact number without trailing zeros.
pub(super) fn number(number: Decimal) -> Value {
    number.normalize().to_string().parse::<Number>().map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(kind: PriceKind, price: &str, percent: Option<u32>) -> String {
        let mut body = Map::new();
        let terms = Terms { kind, percent: percent.map(Decimal::from) };
        terms.put(&mut body, "price", price.parse().expect("a number"));
        Value::Object(body).to_string()
    }

    #[test]
    fn both_prices_are_written_consistent_to_four_decimals() {
        assert_eq!(written(PriceKind::Gross, "50.00", Some(21)), r#"{"price_gross":50,"price_net":41.3223}"#);
        assert_eq!(written(PriceKind::Net, "49.9", Some(21)), r#"{"price_gross":60.379,"price_net":49.9}"#);
        assert_eq!(
            written(PriceKind::Net, "0.00005", Some(0)),
            r#"{"price_gross":0.0001,"price_net":0.0001}"#
        );
    }

    #[test]
    fn without_a_known_tax_only_the_price_that_is_meant_is_written() {
        assert_eq!(written(PriceKind::Net, "49.9", None), r#"{"price_net":49.9}"#);
        assert_eq!(written(PriceKind::Gross, "49.9", None), r#"{"price_gross":49.9}"#);
    }

    #[test]
    fn a_net_price_survives_the_way_over_its_gross_one() {
        for cents in 1..2_000_u32 {
            let net = Decimal::new(i64::from(cents), 2);
            for percent in [5, 9, 11, 19, 20, 21, 24].map(Decimal::from) {
                let gross = round(gross_of_net(net, percent).expect("small"), PLACES);
                assert_eq!(round(net_of_gross(gross, percent).expect("small"), PLACES), net);
            }
        }
    }
}
