//! What every sandbox is: a vendor's API answered from memory.

use jiff::Timestamp;
use zygos_core::http::{HttpRequest, HttpResponse};

/// Answers a vendor's API from memory. State changes only inside `handle` and through the sandbox's own
/// control methods, so equal calls at equal times give equal answers.
pub trait Sandbox: Send + Sync {
    /// Answers one request that arrives at `now`. Never panics on bad input: it answers as the vendor would.
    fn handle(&self, request: &HttpRequest, now: Timestamp) -> HttpResponse;
}
