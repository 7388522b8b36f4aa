//! Believable catalogues and shoppers, the same for the same seed.

mod catalogue;
mod people;
mod seeded;

pub use catalogue::{Article, Tongue, catalogue, fill_erp, fill_shop};
pub use people::shopper;
pub use seeded::fill_shop_as_seeded;
