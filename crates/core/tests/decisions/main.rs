//! The laws that the pure decisions keep, as worked tables and as properties over random lives.

mod catalogue_creation;
mod catalogue_laws;
mod catalogue_prices;
mod catalogue_samples;
mod catalogue_stories;
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
