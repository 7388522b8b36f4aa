//! Products and prices in both directions, told as stories, on virtual time: two stores and an ERP, with everything
//! real but the servers.

#![expect(clippy::expect_used, reason = "a test may end where its ground is missing")]

mod support;

mod bad_input;
mod circles;
mod faults;
mod fields;
mod first_sync;
mod gone;
mod guards;
mod making;
mod plans;
mod prices;
mod verification;
