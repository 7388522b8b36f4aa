//! The code that speaks vendors' APIs: one folder a vendor, the only HTTP client, and the layers around both.
//!
//! Adding a connector edits two existing lines: a feature in `Cargo.toml` and an entry in [`registry`].

pub mod layers;
#[cfg(feature = "merchantpro")]
pub mod merchantpro;
mod one_by_one;
pub mod redirect;
pub mod registry;
pub mod safe_text;
pub mod transport;
#[cfg(feature = "tryton")]
pub mod tryton;
