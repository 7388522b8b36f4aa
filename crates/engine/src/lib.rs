//! Runs the flows: pull → link → merge → plan → guard → outbox → apply → settle.
//!
//! Every decision is made by `zygos_core`; here it is only carried out. The engine knows no HTTP and no SQL, holds
//! no state that matters, and may be dropped at any await.

mod advance;
mod allowance;
mod carry_out;
mod catalogue;
mod causes;
mod engine;
mod erp_changes;
mod error;
mod event;
mod explain;
mod feedback;
mod figures;
mod flows;
mod forecast;
mod hand;
mod health;
mod history;
mod intake;
mod ledger;
mod own_sale;
mod plan;
mod plan_seen;
mod product_pages;
mod products;
mod progress;
mod put_off;
mod reading;
mod schedule;
mod settings;
mod settling;
mod status;
mod stock;
mod turn;
mod verify;
mod webhooks;

pub use advance::OrderPass;
pub use allowance::LimitedRun;
pub use carry_out::{CarriedOut, PlanLine};
pub use catalogue::ProductScan;
pub use causes::{IssueGroup, by_cause};
pub use engine::Engine;
pub use error::{EngineError, Result};
pub use event::{Event, Watcher};
pub use explain::{OrderStory, UnitStory};
pub use flows::Resolved;
pub use forecast::Cost;
pub use hand::Replay;
pub use history::{ConnectionHistory, History, HistoryEntry, HistoryRange, Tried};
pub use plan::{LeftAlone, Plan, PlannedOrder, PlannedStep, PlannedStock};
pub use plan_seen::{PlanProblem, SeenOrder, SeenPlan, SeenProduct, SeenStock};
pub use products::{FieldStory, PlannedProduct, ProductPass};
pub use progress::{GoLiveChoice, Progress};
pub use settings::{
    Connection, Directions, DriftPolicy, EngineSettings, GuestFlow, OrderFlow, Pace, PriceFlow, ProductFlow,
    StockFlow, StoreSettings,
};
pub use status::{ConnectionStatus, Status, Trouble};
pub use stock::{StockDecision, StockPass, StockVerdict};
pub use verify::Verification;
