//! Tests that drive the real engine and the real connectors against the sandboxes, in process, on virtual time.

pub mod world;
