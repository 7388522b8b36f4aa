//! A small company and short calls to it.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use zygos_core::http::{HttpRequest, HttpResponse};
use zygos_sim::{
    Sandbox,
    tryton::{NewProduct, TrytonSandbox, TrytonSettings},
};

pub struct Company {
    pub sandbox: Arc<TrytonSandbox>,
    pub now: Timestamp,
    pub warehouse: i64,
    pub second: i64,
    pub storage: i64,
    /// `SKU-1`, 10.00 net at 19 %, 100 in stock in the first warehouse.
    pub lamp: i64,
    pub customer: i64,
    pub address: i64,
    session: String,
}

pub fn start() -> Timestamp {
    "2026-03-05T08:40:46Z".parse().unwrap()
}

pub fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub fn money(text: &str) -> Value {
    json!({"__class__": "Decimal", "decimal": text})
}

pub fn company() -> Company {
    company_with(|_| {})
}

pub fn company_with(change: impl FnOnce(&mut TrytonSettings)) -> Company {
    let mut settings = TrytonSettings::default();
    change(&mut settings);
    let sandbox = Arc::new(TrytonSandbox::new(settings));
    let now = start();
    let warehouse = sandbox.add_warehouse("WH", "Warehouse", now).unwrap();
    let second = sandbox.add_warehouse("WH2", "Second Warehouse", now).unwrap();
    let lamp = sandbox.add_product(&NewProduct::new("SKU-1", Decimal::TEN), now).unwrap();
    sandbox.set_stock(lamp, warehouse, decimal("100"), now).unwrap();
    let customer = sandbox.add_party("Jane Customer", now).unwrap();
    let mut company = Company {
        sandbox,
        now,
        warehouse,
        second,
        storage: 0,
        lamp,
        customer,
        address: 0,
        session: String::new(),
    };
    company.log_in();
    let zone = company.call("stock.location.read", json!([[warehouse], ["storage_location"]]));
    company.storage = zone[0]["storage_location"].as_i64().unwrap();
    let address = company.call("party.address.search", json!([[["party", "=", customer]]]));
    company.address = address[0].as_i64().unwrap();
    company
}

pub fn request(path: &str, body: &Value, authorization: Option<&str>) -> HttpRequest {
    let mut headers = HeaderMap::new();
    if let Some(value) = authorization {
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
    }
    HttpRequest {
        method: Method::POST,
        url: format!("http://tryton.example{path}"),
        headers,
        body: Bytes::from(body.to_string()),
        timeout: Duration::from_secs(30),
    }
}

pub fn basic(login: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{login}:{password}")))
}

pub fn body(response: &HttpResponse) -> Value {
    serde_json::from_slice(&response.body).unwrap()
}

impl Company {
    pub fn post(&self, path: &str, body: &Value, authorization: Option<&str>) -> HttpResponse {
        self.sandbox.handle(&request(path, body, authorization), self.now)
    }

    pub fn log_in(&mut self) {
        let login = json!({"id": 1, "method": "common.db.login", "params": ["sync", {"password": "sync-Secret-1"}, "en"]});
        let answer = body(&self.post("/erp/rpc/", &login, None));
        let key = answer["result"][1].as_str().unwrap();
        self.session = format!("Session {}", STANDARD.encode(format!("sync:{}:{key}", answer["result"][0])));
    }

    pub fn send(&self, method: &str, params: &Value, authorization: &str) -> HttpResponse {
        let envelope = json!({"id": 7, "method": method, "params": params});
        self.post("/erp/rpc/", &envelope, Some(authorization))
    }

    pub fn session(&self) -> &str {
        &self.session
    }

    fn with_context(&self, method: &str, params: Value, context: Value, authorization: &str) -> HttpResponse {
        let mut params = params.as_array().unwrap().clone();
        params.push(context);
        self.send(&format!("model.{method}"), &Value::Array(params), authorization)
    }

    /// The result of a call that must go well.
    pub fn call(&self, method: &str, params: Value) -> Value {
        self.call_in(method, params, json!({"company": 1}))
    }

    pub fn call_in(&self, method: &str, params: Value, context: Value) -> Value {
        let answer = body(&self.with_context(method, params, context, &self.session));
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// The error of a call that must be refused inside HTTP 200.
    pub fn refused(&self, method: &str, params: Value) -> Value {
        let response = self.with_context(method, params, json!({"company": 1}), &self.session);
        assert_eq!(response.status, 200, "{method}");
        let answer = body(&response);
        assert!(answer.get("error").is_some(), "{method} was accepted: {answer}");
        answer["error"].clone()
    }

    /// As shop staff.
    pub fn staff(&self, method: &str, params: Value) -> Value {
        let authorization = basic("clerk", "clerk-Secret-1");
        let answer = body(&self.with_context(method, params, json!({"company": 1}), &authorization));
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    pub fn line(&self, quantity: u32, unit_price: &str, taxes: &[i64]) -> Value {
        json!({"type": "line", "product": self.lamp, "quantity": quantity, "unit": 1,
               "unit_price": money(unit_price), "taxes": [["add", taxes]]})
    }

    pub fn sale_values(&self, web_id: &str, lines: Vec<Value>) -> Value {
        json!({"party": self.customer, "invoice_address": self.address, "shipment_address": self.address,
               "currency": 1, "warehouse": self.warehouse, "web_shop": 1, "web_id": web_id,
               "shipment_cost_method": null, "lines": [["create", lines]]})
    }

    pub fn draft(&self, web_id: &str, lines: Vec<Value>) -> i64 {
        self.call("sale.sale.create", json!([[self.sale_values(web_id, lines)]]))[0].as_i64().unwrap()
    }

    pub fn press(&self, sale: i64, button: &str) {
        self.call(&format!("sale.sale.{button}"), json!([[sale]]));
    }

    /// A confirmed sale of so many lamps.
    pub fn confirmed(&self, web_id: &str, quantity: u32) -> i64 {
        let sale = self.draft(web_id, vec![self.line(quantity, "10.00", &[1])]);
        self.press(sale, "quote");
        self.press(sale, "confirm");
        sale
    }

    pub fn sale_field(&self, sale: i64, field: &str) -> Value {
        self.call("sale.sale.read", json!([[sale], [field]]))[0][field].clone()
    }

    pub fn shipments(&self, sale: i64) -> Vec<i64> {
        let mut ids: Vec<i64> = serde_json::from_value(self.sale_field(sale, "shipments")).unwrap();
        ids.sort_unstable();
        ids
    }

    pub fn shipment_state(&self, shipment: i64) -> String {
        let rows = self.call("stock.shipment.out.read", json!([[shipment], ["state"]]));
        rows[0]["state"].as_str().unwrap().to_owned()
    }

    pub fn figure(&self, field: &str, context: Value) -> String {
        self.call_in("product.product.read", json!([[self.lamp], [field]]), context)[0][field].to_string()
    }
}
