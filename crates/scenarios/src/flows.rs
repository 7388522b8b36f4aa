//! Product and price flows as scenarios configure them.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use zygos_core::{
    catalogue::{Gone, Owner},
    contract::PriceKind,
    model::Field,
};
use zygos_engine::{Directions, PriceFlow, ProductFlow};

pub const BOTH: Directions = Directions { to_store: true, to_erp: true };
pub const TO_STORE: Directions = Directions { to_store: true, to_erp: false };
pub const NEITHER: Directions = Directions { to_store: false, to_erp: false };

/// Fields move both ways by their usual owners, and products are made on whichever side lacks them, on sale at once.
pub fn both_ways() -> ProductFlow {
    ProductFlow {
        direction: BOTH,
        create: BOTH,
        active_in_store: true,
        owners: BTreeMap::new(),
        gone: Gone::Ask,
        option_name: "Variant".to_owned(),
        measure: "Unit".to_owned(),
        tax_classes: vec![(Decimal::from(19), "Shop goods".to_owned())],
    }
}

/// As [`both_ways`], with these owners.
pub fn owned(owners: impl IntoIterator<Item = (Field, Owner)>) -> ProductFlow {
    ProductFlow { owners: owners.into_iter().collect(), ..both_ways() }
}

/// Prices go to the store, which shows what the customer pays as the ERP's price with tax, to the cent.
pub fn gross_prices(list: Option<&str>) -> PriceFlow {
    PriceFlow {
        direction: TO_STORE,
        owner: Owner::Erp,
        list: list.map(str::to_owned),
        authority: PriceKind::Gross,
        places: 2,
        currency: None,
        jump_percent: Decimal::from(50),
    }
}

/// Prices without tax, the same on both sides, owned by nobody.
pub fn net_prices_both_ways() -> PriceFlow {
    PriceFlow {
        direction: BOTH,
        owner: Owner::Newest,
        authority: PriceKind::Net,
        places: 4,
        ..gross_prices(None)
    }
}
