//! Products and prices: what is the same on both sides, who may change what, and what is to be written.
//!
//! [`decide`] compares a pair field by field ([`merge`]); [`writes`] makes the two writes of what it decided.
//! [`new_in_store`] and its kin make what one side lacks; [`removal`] is about what is gone.

mod base;
mod changes;
mod creation;
mod decide;
mod governed;
mod merge;
mod options;
mod price;
mod removal;
mod rule;
mod words;

pub use base::Halves;
pub use changes::{
    Agreement, ChangeCause, Choice, Conflict, Decision, FieldChange, TROUBLE_KINDS, Trouble, TroubleKind,
    writes,
};
pub use creation::{
    Missing, new_in_erp, new_in_store, new_variant_in_erp, new_variant_in_store, prices_of_new_variants,
};
pub use decide::{Pair, decide, halves_after};
pub use merge::{Clash, Meeting, Merged, Target, carried, merge};
pub use price::{PriceTerms, convert};
pub use removal::{Removal, removal};
pub use rule::{Gone, Owner, PriceRule, ProductRule};
