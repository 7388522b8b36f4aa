//! Vendors' APIs as stateful sandboxes that can misbehave.
//!
//! They serve the vendors' real paths, shapes, limits and bad manners from memory, so that clients written by
//! others run against them unchanged. They share no wire types with the connectors: a shared mistake must not hide.

pub mod sandbox;

pub use sandbox::Sandbox;
