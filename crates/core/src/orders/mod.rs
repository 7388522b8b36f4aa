//! An order is a life cycle, not a document.

pub mod feedback;
mod hold;
mod import;
mod life;
mod rule;
pub mod split;
mod text;
mod totals;

pub use feedback::FeedbackRule;
pub use hold::{HoldReason, IgnoreReason};
pub use import::{ImportDecision, ImportPlan, decide_import};
pub use life::{CancelWhy, NextStep, OrderProgress, OrderState, Question, next_step};
pub use rule::{Guests, ImportWhen, OrderRule, PaymentRule, TaxMapping, TooLong};
pub use totals::{TotalsVerdict, compare_totals, rounding_line};
