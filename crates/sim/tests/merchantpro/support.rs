//! A small shop and short calls to it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value;
use zygos_core::http::{HttpRequest, HttpResponse};
use zygos_sim::{
    Sandbox,
    merchantpro::{MerchantProSandbox, NewLine, NewOrder, NewProduct, NewVariant, ShopSettings},
};

/// base64 of `key:secret`.
pub const PAIR: &str = "a2V5OnNlY3JldA==";

pub struct Shop {
    pub sandbox: Arc<MerchantProSandbox>,
    pub now: Timestamp,
    /// 121 gross at 21 %, SKU `ABC-1`, 12 in stock.
    pub lamp: u64,
    /// 60.5 gross at 21 %, SKU `ABC-2`, 3 in stock.
    pub bulb: u64,
    /// Two variants, `SHIRT-M` with 5 and `SHIRT-L` with 0.
    pub shirt: u64,
}

pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub raw: Bytes,
    pub body: Value,
}

pub fn start() -> Timestamp {
    "2026-03-05T08:40:46Z".parse().unwrap()
}

pub fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// The small shop without rate windows.
pub fn shop() -> Shop {
    shop_with(|_| {})
}

pub fn shop_with(change: impl FnOnce(&mut ShopSettings)) -> Shop {
    let mut settings = ShopSettings { windows: None, ..ShopSettings::default() };
    change(&mut settings);
    let sandbox = Arc::new(MerchantProSandbox::new(settings));
    let now = start();
    let tax = sandbox.add_tax("TVA", Decimal::from(21));
    let category = sandbox.add_category("Iluminat", 0);
    let product = |name: &str, sku: &str, gross: &str, stock: u32| NewProduct {
        name: name.to_owned(),
        sku: Some(sku.to_owned()),
        price_gross: Some(decimal(gross)),
        tax_id: Some(tax),
        stock: Decimal::from(stock),
        category_id: Some(category),
        ..NewProduct::default()
    };
    let lamp = sandbox.add_product(
        NewProduct {
            images: vec!["https://cdn.test/lamp.jpg".to_owned()],
            ..product("Lampă", "ABC-1", "121", 12)
        },
        now,
    );
    let bulb = sandbox.add_product(product("Bec", "ABC-2", "60.5", 3), now);
    let variant = |size: &str, stock: u32| NewVariant {
        sku: Some(format!("SHIRT-{size}")),
        price_gross: Some(Decimal::from(50)),
        stock: Decimal::from(stock),
        options: vec![("Size".to_owned(), size.to_owned())],
        ..NewVariant::default()
    };
    let shirt = sandbox.add_product(
        NewProduct {
            variants: vec![variant("M", 5), variant("L", 0)],
            ..product("Tricou", "SHIRT", "50", 0)
        },
        now,
    );
    Shop { sandbox, now, lamp, bulb, shirt }
}

impl Shop {
    pub fn order(&self, lines: Vec<NewLine>) -> String {
        self.sandbox.place_order(NewOrder { lines, ..NewOrder::default() }, self.now).unwrap()
    }

    pub fn get(&self, target: &str) -> Reply {
        self.call(Method::GET, target, "")
    }

    pub fn patch(&self, target: &str, body: &str) -> Reply {
        self.call(Method::PATCH, target, body)
    }

    pub fn post(&self, target: &str, body: &str) -> Reply {
        self.call(Method::POST, target, body)
    }

    pub fn call(&self, method: Method, target: &str, body: &str) -> Reply {
        self.call_as(method, target, body, &format!("Basic {PAIR}"))
    }

    pub fn call_as(&self, method: Method, target: &str, body: &str, authorization: &str) -> Reply {
        let mut request = request(method, &format!("/api/v2/{target}"), body);
        request.headers.insert(header::AUTHORIZATION, HeaderValue::from_str(authorization).unwrap());
        self.send(&request)
    }

    pub fn send(&self, request: &HttpRequest) -> Reply {
        reply(self.sandbox.handle(request, self.now))
    }
}

/// A signed request to `shop.test`.
pub fn request(method: Method, target: &str, body: &str) -> HttpRequest {
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, HeaderValue::from_str(&format!("Basic {PAIR}")).unwrap());
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    HttpRequest {
        method,
        url: format!("https://shop.test{target}"),
        headers,
        body: Bytes::from(body.to_owned()),
        timeout: Duration::from_secs(30),
    }
}

pub fn reply(response: HttpResponse) -> Reply {
    let body = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
    Reply { status: response.status.as_u16(), headers: response.headers, raw: response.body, body }
}

pub fn rows(reply: &Reply) -> &[Value] {
    reply.body["data"].as_array().unwrap()
}
