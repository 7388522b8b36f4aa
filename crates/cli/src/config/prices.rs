//! `[store.prices]`.

use rust_decimal::Decimal;
use zygos_core::{catalogue::Owner, contract::PriceKind, money::Currency, settings::Section};
use zygos_engine::{Directions, PriceFlow};

/// More decimals than this are no price.
const MOST_PLACES: u32 = 6;

/// Percent.
const JUMP: u32 = 50;

pub(super) fn price_flow(section: &Section<'_>) -> Option<PriceFlow> {
    let to_store = Directions { to_store: true, to_erp: false };
    let kinds = [("net", PriceKind::Net), ("gross", PriceKind::Gross)];
    let authority = section.choice("authority", &kinds).unwrap_or_default();
    let list = section.has("list").then(|| section.required_text("list", "Retail")).flatten();
    let currency = section.text("currency").and_then(|text| {
        Currency::parse(&text).inspect_err(|error| section.problem("currency", error.to_string())).ok()
    });
    let jump_percent = section.decimal("jump_percent").unwrap_or_else(|| Decimal::from(JUMP));
    if jump_percent <= Decimal::ZERO {
        section.problem(
            "jump_percent",
            "must be more than 0: a price that moves by more percent waits for a person",
        );
    }
    // Prices with tax are what customers read; those without carry what rounding would lose.
    let places = match authority {
        PriceKind::Gross => 2,
        PriceKind::Net => 4,
    };
    Some(PriceFlow {
        direction: section.choice("direction", &Directions::CHOICES).unwrap_or(to_store),
        owner: section.choice("owner", &Owner::CHOICES).unwrap_or(Owner::Erp),
        list,
        authority,
        places: section.number("places", 0, MOST_PLACES).unwrap_or(places),
        currency,
        jump_percent,
    })
}
