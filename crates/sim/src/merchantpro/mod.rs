//! A MerchantPro shop: REST API v2 from memory, with its limits and its manners.
//!
//! Sources are the MerchantPro dossier's; each behaviour says whether it is documented, seen in real clients
//! and captures, or inferred. What is inferred and matters is a switch in [`ShopSettings`].

mod actions;
mod auth;
mod batch;
mod categories;
mod control;
mod control_catalogue;
mod control_routes;
mod customers;
mod errors;
mod filters;
mod images;
mod inventory;
mod json;
mod limits;
mod new_records;
mod order_writes;
mod orders;
mod paging;
mod placing;
mod price_writes;
mod pricing;
mod product_json;
mod product_writes;
mod products;
mod routes;
mod settings;
mod state;
mod statuses;
mod taxonomies;
mod times;
mod webhooks;

use std::sync::Mutex;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde_json::Value;
use zygos_core::http::{HttpRequest, HttpResponse};

pub use control::ControlError;
pub use limits::CallCounts;
pub use new_records::{NewAddress, NewCompany, NewDiscount, NewLine, NewOrder, NewProduct, NewVariant};
pub use settings::{ApiKey, Area, Language, ParentId, ShopSettings, Webhook, Windows};
pub use statuses::{PaymentStatus, ShippingStatus};
pub use webhooks::WebhookDelivery;

use crate::{locked, sandbox::Sandbox};
use errors::ApiError;
use routes::Call;
use state::Shop;

/// One shop. `/api/v2/…` is the vendor's API, `/_sandbox/…` its people and customers (see [`ControlError`]).
pub struct MerchantProSandbox {
    shop: Mutex<Shop>,
}

impl MerchantProSandbox {
    /// An empty shop.
    pub fn new(settings: ShopSettings) -> Self {
        Self { shop: Mutex::new(Shop::new(settings)) }
    }
}

impl Sandbox for MerchantProSandbox {
    fn handle(&self, request: &HttpRequest, now: Timestamp) -> HttpResponse {
        let mut shop = locked(&self.shop);
        let now = shop.time(now);
        let rest = request.url.split_once("://").map_or(request.url.as_str(), |(_, rest)| rest);
        let target = rest.find('/').map_or("/", |start| &rest[start..]);
        if target.starts_with("/_sandbox") {
            return shop.control(request, target, now);
        }
        let result = shop.answer(request, target, now);
        render(result, shop.settings.php_json)
    }
}

/// A status and what goes with it.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    body: Option<Value>,
}

impl Answer {
    fn new(status: StatusCode, body: Option<Value>) -> Self {
        Self { status, body }
    }

    fn ok(body: Option<Value>) -> Self {
        Self::new(StatusCode::OK, body)
    }

    /// 204 without a body (seen in a client's copy of the status table).
    fn deleted() -> Self {
        Self::new(StatusCode::NO_CONTENT, None)
    }
}

fn render(result: Result<Answer, ApiError>, php: bool) -> HttpResponse {
    let mut headers = HeaderMap::new();
    let (status, body) = match result {
        Ok(answer) => (answer.status, answer.body),
        Err(error) => {
            // No source shows the header being sent; two clients read it.
            if let Some(wait) = error.retry_after {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
            }
            (error.status, Some(error.body()))
        }
    };
    let body = body.map_or_else(Bytes::new, |body| {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        json::to_bytes(&body, php)
    });
    HttpResponse { status, headers, body }
}
