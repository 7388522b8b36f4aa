//! Stock is arithmetic, not a document.

mod absent;
pub mod consistency;
mod explanation;
mod ledger;
mod rule;
mod sellable;

pub use absent::with_absent;
pub use explanation::{Explanation, Taken, WarehouseTerm};
pub use ledger::LedgerEntry;
pub use rule::{Figure, StockRule, WarehouseRule};
pub use sellable::{SellableInputs, Undecidable, sellable};
