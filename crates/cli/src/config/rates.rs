//! Tables whose keys are tax rates.

use rust_decimal::Decimal;
use zygos_core::settings::Section;

/// The rates of a table with the keys that they are written as, in the order of the keys. `example` shows an entry.
pub(super) fn rates(table: &Section<'_>, example: &str) -> Vec<(Decimal, String)> {
    let mut rates: Vec<(Decimal, String)> = Vec::new();
    for key in table.keys() {
        // Asked for before anything is wrong with it, so that it is not called unknown besides.
        table.has(&key);
        match key.trim().parse::<Decimal>() {
            Ok(rate) if rate < Decimal::ZERO => table.problem(&key, "a rate must not be negative"),
            Ok(rate) => match rates.iter().find(|(earlier, _)| *earlier == rate) {
                Some((_, earlier)) => {
                    table.problem(&key, format!("is the same rate as `{earlier}`; keep one"))
                }
                None => rates.push((rate, key)),
            },
            Err(_) => table.problem(&key, format!("must be a rate in percent, such as {example}")),
        }
    }
    rates
}
