//! `[store.stock]`.

use rust_decimal::Decimal;
use zygos_core::{settings::Section, stock::Figure};
use zygos_engine::{DriftPolicy, StockFlow};

pub(super) fn stock_flow(section: &Section<'_>) -> Option<StockFlow> {
    let mut warehouses = Vec::new();
    match section.section("warehouses") {
        Some(table) => {
            for name in table.keys() {
                if let Some(figure) = table.choice(&name, &Figure::CHOICES) {
                    warehouses.push((name, figure));
                }
            }
            if table.keys().is_empty() {
                section.problem("warehouses", "is empty; write for example `WH = \"free\"`");
            }
        }
        None => section.problem(
            "warehouses",
            "is missing; write `warehouses = { WH = \"free\" }` with the ERP's warehouse codes and the figure that counts: \
             `physical`, `free` or `projected`",
        ),
    }
    let policies =
        [("correct", DriftPolicy::Correct), ("ask", DriftPolicy::Ask), ("report", DriftPolicy::Report)];
    let not_negative = |key: &str| {
        let value = section.decimal(key)?;
        if value < Decimal::ZERO {
            section.problem(key, "must not be negative");
        }
        Some(value)
    };
    Some(StockFlow {
        warehouses,
        buffer: not_negative("buffer").unwrap_or_default(),
        max_listed: not_negative("max_listed"),
        multiple: not_negative("multiple").unwrap_or(Decimal::ONE),
        backorders: section.flag("backorders").unwrap_or(false),
        drift: section.choice("drift", &policies).unwrap_or(DriftPolicy::Correct),
    })
}
