//! The rest of the road's promises, told as stories, on virtual time: from the store through the engine into the ERP
//! and back, with everything real but the servers.

#![expect(clippy::expect_used, reason = "a test may end where its ground is missing")]

mod by_hand;
mod cancellations;
mod configuration;
mod customers;
mod feedback;
mod go_live;
mod holding;
mod lines;
mod linking;
mod plans;
mod seeing;
mod split_orders;
mod stock_rules;
mod support;
mod verification;
