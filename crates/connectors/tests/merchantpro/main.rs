//! The MerchantPro connector on recorded shapes: what it sends, what it understands, what it makes of refusals.
//! The shapes are the MerchantPro dossier's samples with invented people.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test may end where its ground is missing")]

mod catalogue;
mod orders;
mod product_writes;
mod products;
mod refusals;
mod settings;
mod support;
mod webhooks;
mod writes;
