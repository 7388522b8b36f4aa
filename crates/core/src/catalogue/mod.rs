//! Products and prices: what is the same on both sides, who may change what, and what is to be written.

mod base;
mod rule;

pub use base::Halves;
pub use rule::{Gone, Owner, PriceRule, ProductRule};
