//! Whether a store has the taxes of the goods that it is to sell.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::warning;
use crate::{
    contract::{CheckFinding, DiscoveredTax},
    money::plain,
};

/// Rates of the ERP's goods, with how many have them, that the store has no tax for. A store that tells none is taken
/// to have all.
pub fn taxes(store: &str, in_use: &BTreeMap<Decimal, u64>, of_store: &[DiscoveredTax]) -> Vec<CheckFinding> {
    let has = |percent: Decimal| of_store.iter().any(|tax| tax.percent == Some(percent));
    let lacking = in_use.iter().filter(|(percent, _)| !of_store.is_empty() && !has(**percent));
    lacking
        .map(|(percent, goods)| {
            warning(format!(
                "store {store} has no tax of {0} %, with which the ERP taxes {goods} of its goods; make a tax of {0} % in the \
                 store, or tax these goods otherwise in the ERP. Until then their tax waits, and with it their prices with \
                 tax, and those of them that the store lacks are not made there",
                plain(*percent)
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RemoteKey;

    fn tax(percent: Option<u32>) -> DiscoveredTax {
        DiscoveredTax {
            key: RemoteKey::new("1"),
            name: "VAT".to_owned(),
            percent: percent.map(Decimal::from),
        }
    }

    #[test]
    fn a_rate_in_use_that_the_store_lacks_is_told_with_how_many_goods_have_it() {
        let in_use = BTreeMap::from([(Decimal::from(9), 40), (Decimal::new(190, 1), 160)]);
        let found = taxes("shop", &in_use, &[tax(Some(19)), tax(None)]);
        assert_eq!(found.len(), 1);
        let told = &found[0].message;
        assert!(told.contains("no tax of 9 %") && told.contains("40 of its goods"), "{told}");
        assert!(taxes("shop", &in_use, &[tax(Some(9)), tax(Some(19))]).is_empty());
        assert!(taxes("shop", &in_use, &[]).is_empty());
    }
}
