//! Vendors' APIs as stateful sandboxes that can misbehave.
//!
//! They serve the vendors' real paths, shapes, limits and bad manners from memory, so that clients written by
//! others run against them unchanged. They share no wire types with the connectors: a shared mistake must not hide.

use std::sync::{Mutex, MutexGuard, PoisonError};

pub mod faults;
pub mod generate;
pub mod in_process;
pub mod manual_clock;
pub mod merchantpro;
pub mod sandbox;
pub mod serve;
pub mod tryton;

pub use faults::{Fault, Faults};
pub use in_process::InProcess;
pub use manual_clock::ManualClock;
pub use sandbox::Sandbox;

/// A panic in one test thread must not turn every later answer into a second panic.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
