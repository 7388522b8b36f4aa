//! A Tryton 8.2: JSON-RPC from memory, as far as a synchronising program from outside sees it.
//!
//! Behaviours follow a running 8.2 server on SQLite unless a comment says otherwise. Where the two differ, this
//! one is wrong.

mod amounts;
mod auth;
mod buttons;
mod catalogue;
mod categories;
mod computed;
mod context;
mod control;
mod control_catalogue;
mod domain;
mod encode;
mod errors;
mod formula;
mod inventories;
mod invoices;
mod models;
mod office;
mod parties;
mod price_lists;
mod products;
mod purchases;
mod reading;
mod records;
mod rpc;
mod rules;
mod sales;
mod schema;
mod seed;
mod settings;
mod shipments;
mod state;
mod stock;
mod store;
mod values;
mod wizard;

use std::sync::Mutex;

use http::StatusCode;
use jiff::Timestamp;
use zygos_core::http::{HttpRequest, HttpResponse};

pub use catalogue::NewProduct;
pub use control::{CustomerView, Refusal, SaleLineView, SaleView};
pub use control_catalogue::{CategoryView, ProductView};
pub use encode::{OverSocket, encode_for_socket};
pub use office::PartyView;
pub use settings::TrytonSettings;

use crate::{locked, sandbox::Sandbox};
use state::Erp;

/// One server with one database. What its own people do is in the methods that take `now`.
pub struct TrytonSandbox {
    erp: Mutex<Erp>,
}

impl TrytonSandbox {
    /// Company, taxes, service products, shops and parties; no warehouse and no goods yet.
    pub fn new(settings: TrytonSettings) -> Self {
        Self { erp: Mutex::new(Erp::new(settings)) }
    }
}

impl Sandbox for TrytonSandbox {
    fn handle(&self, request: &HttpRequest, now: Timestamp) -> HttpResponse {
        let mut erp = locked(&self.erp);
        if erp.down {
            return rpc::html(
                StatusCode::SERVICE_UNAVAILABLE,
                "The server is temporarily unable to service your request.",
            );
        }
        erp.advance(now);
        rpc::answer(&mut erp, request)
    }
}
