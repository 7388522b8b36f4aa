//! Believable catalogues and shoppers, the same for the same seed.

mod catalogue;
mod people;

pub use catalogue::{Article, Tongue, catalogue, fill_erp, fill_shop};
pub use people::shopper;
