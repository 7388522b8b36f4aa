//! The canonical model, the connector contract and every decision Zygos makes, as pure code.
//!
//! Nothing here reads a clock, a socket, a file or the environment; given equal input it gives equal output.

pub mod budget;
pub mod catalogue;
pub mod clock;
pub mod contract;
pub mod disposition;
pub mod doctor;
pub mod drift;
pub mod fitness;
pub mod guard;
pub mod http;
pub mod ids;
pub mod linking;
pub mod model;
pub mod money;
pub mod orders;
pub mod pacing;
pub mod settings;
pub mod stock;

pub use clock::{Clock, SharedClock};
pub use ids::{ConnectionId, RemoteKey, RunId, WorkspaceId};
