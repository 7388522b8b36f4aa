//! Layers around any connector and any transport, outermost first:
//!
//! 1. [`Traced`]: one line a call in the log, never a body.
//! 2. [`CapabilityChecked`]: what the capability table doesn't declare isn't tried.
//! 3. [`RetryReads`]: a reading that found nobody is tried again at once; a write never is.
//! 4. the connector itself
//! 5. [`BudgetedTransport`]: every HTTP call waits for its place in the credential's budget. It lies below the
//!    connector because one method may make many calls, and retries cost calls too.
//! 6. [`SkewMeter`]: how far the other side's clock is from ours.
//! 7. [`crate::transport::HttpTransport`]
//!
//! There is no layer for deadlines: a connector gives every request the time that its context has left.

#[cfg(test)]
mod behaviour;
mod budgeted;
mod capability_checked;
pub mod lane;
mod retry_reads;
mod skew;
#[cfg(test)]
mod testing;
mod traced;

use std::sync::Arc;

use zygos_core::{SharedClock, contract::Connector};

pub use budgeted::{BudgetedTransport, Budgets, RateLimitReader, SharedBudget};
pub use capability_checked::CapabilityChecked;
pub use retry_reads::RetryReads;
pub use skew::{Skew, SkewMeter};
pub use traced::Traced;

/// Puts layers 1 to 3 around a connector. `name` is the connection's, for the log.
pub fn around(connector: Arc<dyn Connector>, name: &str, clock: &SharedClock) -> Arc<dyn Connector> {
    let patient = Arc::new(RetryReads::new(connector, clock.clone()));
    let checked = Arc::new(CapabilityChecked::new(patient));
    Arc::new(Traced::new(checked, name, clock.clone()))
}
