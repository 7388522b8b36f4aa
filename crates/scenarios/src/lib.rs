//! Tests that drive the real engine and the real connectors against the sandboxes, in process, on virtual time.

#![expect(clippy::expect_used, reason = "a world that cannot be built ends the test that asked for it")]

pub mod clerk;
pub mod conformance;
pub mod flows;
pub mod real;
pub mod seeds;
pub mod stories;
mod watched;
pub mod world;
