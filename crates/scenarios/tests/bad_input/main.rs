//! Bad input, named: each gets a clear message, only what it concerns waits, everything else moves, and once the
//! cause is gone it moves too.

#![expect(clippy::expect_used, reason = "a test may end where its ground is missing")]

mod answers;
mod connections;
mod figures;
mod orders;
mod products;
mod support;
mod texts;
mod times;
