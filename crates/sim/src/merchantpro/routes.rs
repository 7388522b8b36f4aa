//! From a request to the function that answers it.

use http::Method;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use zygos_core::http::HttpRequest;

use super::{
    Answer,
    auth::permit,
    errors::ApiError,
    json::whole,
    paging::Query,
    settings::{ApiKey, Area},
    state::Shop,
};

/// A request, taken apart. `segments` come after `/api/v2/` and are decoded one by one, so that a SKU may hold `/`.
pub(super) struct Call {
    pub method: Method,
    pub segments: Vec<String>,
    pub query: Query,
    body: Vec<u8>,
    is_api: bool,
}

impl Call {
    pub fn new(method: Method, target: &str, body: impl Into<Vec<u8>>) -> Self {
        let target = target.split('#').next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let api = path.strip_prefix("/api/v2/");
        let segments = api
            .unwrap_or_default()
            .trim_end_matches('/')
            .split('/')
            .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
            .collect();
        Self { method, segments, query: Query::parse(query), body: body.into(), is_api: api.is_some() }
    }

    /// The body as an object. Nothing and PHP's `[]` are the empty one; anything else is refused (inferred).
    fn object(&self) -> Result<Map<String, Value>, ApiError> {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Map::new());
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(map)) => Ok(map),
            Ok(Value::Array(list)) if list.is_empty() => Ok(Map::new()),
            _ => Err(ApiError::bad_request("invalid_json", "The body must be a JSON object")),
        }
    }
}

impl Shop {
    /// Sign-in, then limits, then permission, then the resource.
    pub(super) fn answer(
        &mut self,
        request: &HttpRequest,
        target: &str,
        now: Timestamp,
    ) -> Result<Answer, ApiError> {
        let call = Call::new(request.method.clone(), target, request.body.to_vec());
        if !call.is_api {
            return Err(ApiError::not_found());
        }
        let bearer = call.segments.first().is_some_and(|first| first == "payment_request");
        let key = self.authenticate(&request.headers, bearer, now)?;
        self.count(&key, now)?;
        self.dispatch(&call, &key, now)
    }

    /// Counts one call against the key's windows.
    pub(super) fn count(&mut self, key: &ApiKey, now: Timestamp) -> Result<(), ApiError> {
        let windows = self.settings.windows;
        self.meters.entry(key.key.clone()).or_default().call(windows, now)
    }

    pub(super) fn dispatch(&mut self, call: &Call, key: &ApiKey, now: Timestamp) -> Result<Answer, ApiError> {
        let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
        let writes = call.method != Method::GET;
        let area = match segments.first().copied().unwrap_or_default() {
            "products" | "inventory" => Area::Products,
            "orders" => Area::Orders,
            "customers" => Area::Customers,
            "categories" => Area::Categories,
            "taxonomy" => Area::Taxonomies,
            "payment_request" => Area::Payments,
            // Each request inside is checked on its own.
            "batch" => return self.batch_call(call, &segments, key, now),
            _ => return Err(ApiError::not_found()),
        };
        permit(key, area, writes)?;
        match area {
            Area::Products => self.products_call(call, &segments, now),
            Area::Orders => self.orders_call(call, &segments, now),
            Area::Customers => self.customers_call(call, &segments),
            Area::Categories => self.categories_call(call, &segments),
            Area::Taxonomies => match (verb(call), segments.as_slice()) {
                (Verb::Get, ["taxonomy", name]) => found(self.taxonomy(name)),
                (_, ["taxonomy", _]) => Err(ApiError::method_not_allowed()),
                _ => Err(ApiError::not_found()),
            },
            Area::Payments => match (verb(call), segments.as_slice()) {
                (Verb::Patch, ["payment_request", code]) => self.payment_request(code, &call.object()?, now),
                (_, ["payment_request", _]) => Err(ApiError::method_not_allowed()),
                _ => Err(ApiError::not_found()),
            },
        }
    }

    fn batch_call(
        &mut self,
        call: &Call,
        segments: &[&str],
        key: &ApiKey,
        now: Timestamp,
    ) -> Result<Answer, ApiError> {
        match (verb(call), segments) {
            (Verb::Post, ["batch"]) => self.batch(&call.object()?, key, now),
            (_, ["batch"]) => Err(ApiError::method_not_allowed()),
            _ => Err(ApiError::not_found()),
        }
    }

    fn products_call(&mut self, call: &Call, segments: &[&str], now: Timestamp) -> Result<Answer, ApiError> {
        let query = &call.query;
        let ignore = query.is_on("ignore_nonexistent_fields");
        match (verb(call), segments) {
            (Verb::Get, ["products"]) => found(self.list_products(query, now)),
            (Verb::Post, ["products"]) => self.create_product(&call.object()?, query, now),
            (Verb::Get, ["products", id]) => found(self.read_product(number(id)?, query, now)),
            (Verb::Patch, ["products", id]) => self.update_product(number(id)?, &call.object()?, ignore, now),
            (Verb::Delete, ["products", id]) => self.delete_product_by_id(number(id)?),
            (Verb::Get, ["products", id, "images"]) => found(self.list_images(number(id)?, now)),
            (Verb::Post, ["products", id, "images"]) => self.add_image(number(id)?, &call.object()?, now),
            (Verb::Patch, ["products", id, "images", image]) => {
                self.update_image(number(id)?, number(image)?, &call.object()?)
            }
            (Verb::Delete, ["products", id, "images", image]) => {
                self.delete_image(number(id)?, number(image)?)
            }
            (Verb::Get, ["inventory", kind, value]) => found(self.read_inventory(kind, value, query)),
            (Verb::Patch, ["inventory", kind, value]) => {
                self.update_inventory(kind, value, &call.object()?, ignore, now)
            }
            (
                _,
                ["products"]
                | ["products", _]
                | ["products", _, "images"]
                | ["products", _, "images", _]
                | ["inventory", _, _],
            ) => Err(ApiError::method_not_allowed()),
            _ => Err(ApiError::not_found()),
        }
    }

    fn orders_call(&mut self, call: &Call, segments: &[&str], now: Timestamp) -> Result<Answer, ApiError> {
        let query = &call.query;
        let ignore = query.is_on("ignore_nonexistent_fields");
        match (verb(call), segments) {
            (Verb::Get, ["orders"]) => found(self.list_orders(query)),
            (Verb::Post, ["orders"]) => self.create_order(&call.object()?, ignore, now),
            (Verb::Get, ["orders", id]) => found(self.read_order(id, query)),
            (Verb::Patch, ["orders", id]) => self.update_order(id, &call.object()?, ignore, now),
            (Verb::Delete, ["orders", id]) => self.delete_order(id, now),
            (Verb::Post, ["orders", id, "tags"]) => self.tag_order(id, &call.object()?, now),
            (Verb::Patch, ["orders", id, action]) if is_action(action) => self.act(id, action, now),
            (_, ["orders"] | ["orders", _] | ["orders", _, "tags"]) => Err(ApiError::method_not_allowed()),
            (_, ["orders", _, action]) if is_action(action) => Err(ApiError::method_not_allowed()),
            _ => Err(ApiError::not_found()),
        }
    }

    fn customers_call(&mut self, call: &Call, segments: &[&str]) -> Result<Answer, ApiError> {
        match (verb(call), segments) {
            (Verb::Get, ["customers"]) => found(self.list_customers(&call.query)),
            (Verb::Get, ["customers", id]) => found(self.read_customer(number(id)?, &call.query)),
            (_, ["customers"] | ["customers", _]) => Err(ApiError::method_not_allowed()),
            _ => Err(ApiError::not_found()),
        }
    }

    fn categories_call(&mut self, call: &Call, segments: &[&str]) -> Result<Answer, ApiError> {
        let query = &call.query;
        let ignore = query.is_on("ignore_nonexistent_fields");
        match (verb(call), segments) {
            (Verb::Get, ["categories"]) => found(self.list_categories(query)),
            (Verb::Post, ["categories"]) => self.create_category(&call.object()?, ignore),
            (Verb::Get, ["categories", id]) => found(self.read_category(number(id)?, query)),
            (Verb::Patch, ["categories", id]) => self.update_category(number(id)?, &call.object()?, ignore),
            (Verb::Delete, ["categories", id]) => self.delete_category(number(id)?),
            (_, ["categories"] | ["categories", _]) => Err(ApiError::method_not_allowed()),
            _ => Err(ApiError::not_found()),
        }
    }
}

enum Verb {
    Get,
    Post,
    Patch,
    Delete,
    /// PUT and the rest: not among the documented verbs.
    Other,
}

fn verb(call: &Call) -> Verb {
    match call.method.as_str() {
        "GET" => Verb::Get,
        "POST" => Verb::Post,
        "PATCH" => Verb::Patch,
        "DELETE" => Verb::Delete,
        _ => Verb::Other,
    }
}

fn is_action(name: &str) -> bool {
    matches!(name, "in_process" | "shipped" | "delivered" | "returned" | "cancelled" | "create_invoice")
}

fn found(result: Result<Value, ApiError>) -> Result<Answer, ApiError> {
    result.map(|body| Answer::ok(Some(body)))
}

fn number(segment: &str) -> Result<u64, ApiError> {
    whole(&Value::String(segment.to_owned())).ok_or_else(ApiError::not_found)
}
