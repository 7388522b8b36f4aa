//! Stock is arithmetic, not a document.

pub mod consistency;
mod explanation;
mod ledger;
mod rule;
mod sellable;

pub use explanation::{Explanation, Taken, WarehouseTerm};
pub use ledger::LedgerEntry;
pub use rule::{Figure, StockRule, WarehouseRule};
pub use sellable::{SellableInputs, Undecidable, sellable};
