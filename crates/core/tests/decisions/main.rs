//! The laws that the pure decisions keep, as worked tables and as properties over random lives.

mod corners;
mod failures;
mod feedback;
mod guard;
mod import;
mod ledger_law;
mod life;
mod linking;
mod samples;
mod sellable;
mod split;
