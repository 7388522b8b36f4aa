//! The control methods over HTTP: `/_sandbox/…`, JSON, no sign-in.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use zygos_core::http::{HttpRequest, HttpResponse};

use super::{
    control::ControlError,
    json::number,
    new_records::{NewOrder, NewProduct, NewVariant},
    settings::Windows,
    state::Shop,
    statuses::{PaymentStatus, ShippingStatus},
};

#[derive(Deserialize)]
struct StockEdit {
    #[serde(default)]
    unit_id: Option<u64>,
    #[serde(default)]
    sku: Option<String>,
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    stock: Decimal,
}

#[derive(Deserialize)]
struct OptionEdit {
    attribute: String,
    value: String,
    becomes: String,
}

#[derive(Deserialize)]
struct LineEdit {
    row_id: String,
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    quantity: Decimal,
}

#[derive(Deserialize)]
struct Payment {
    status: PaymentStatus,
}

#[derive(Deserialize)]
struct Shipping {
    status: ShippingStatus,
}

#[derive(Deserialize)]
struct Split {
    groups: Vec<Vec<String>>,
}

#[derive(Deserialize)]
struct TimeMove {
    add_seconds: i64,
}

impl Shop {
    /// Answers one control request. `target` is the path with its query.
    pub(super) fn control(&mut self, request: &HttpRequest, target: &str, now: Timestamp) -> HttpResponse {
        let path = target.split('?').next().unwrap_or_default();
        let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).skip(1).collect();
        let (status, body) = match self.controlled(request, &segments, now) {
            Ok(Some(value)) => (StatusCode::OK, value),
            Ok(None) => (StatusCode::NOT_FOUND, json!({"error": "no such control"})),
            Err(error) => (StatusCode::BAD_REQUEST, json!({"error": error.to_string()})),
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        HttpResponse { status, headers, body: Bytes::from(body.to_string()) }
    }

    fn controlled(
        &mut self,
        request: &HttpRequest,
        segments: &[&str],
        now: Timestamp,
    ) -> Result<Option<Value>, ControlError> {
        let done = json!({"done": true});
        let answer = match (request.method.as_str(), segments) {
            ("GET", ["state"]) => self.dump(now),
            ("GET", ["calls"]) => json!(self.calls()),
            ("GET", ["webhooks"]) => self
                .webhooks
                .drain(..)
                .map(|delivery| {
                    let body = String::from_utf8_lossy(&delivery.body).into_owned();
                    let headers: Map<String, Value> = delivery
                        .headers
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), json!(value)))
                        .collect();
                    json!({"url": delivery.url, "topic": delivery.topic, "headers": headers, "body": body})
                })
                .collect(),
            ("POST", ["products"]) => {
                let id = self.add_product(read::<NewProduct>(request)?, now);
                self.full_product(id, now).unwrap_or(Value::Null)
            }
            ("PATCH", ["products", id]) => {
                self.update_product(whole(id)?, &read(request)?, false, now)?.body.unwrap_or(Value::Null)
            }
            ("DELETE", ["products", id]) => json!({"done": self.remove_product(whole(id)?)}),
            ("POST", ["products", id, "variants"]) => {
                json!({"id": self.add_variant(whole(id)?, read::<NewVariant>(request)?, now)?})
            }
            ("POST", ["products", id, "options"]) => {
                let edit: OptionEdit = read(request)?;
                self.rename_option(whole(id)?, &edit.attribute, &edit.value, &edit.becomes, now)?;
                done
            }
            ("PATCH", ["units", id]) => {
                self.edit_unit(whole(id)?, &read(request)?, now)?;
                done
            }
            ("DELETE", ["variants", id]) => json!({"done": self.delete_variant(whole(id)?, now)}),
            ("POST", ["categories"]) => {
                json!({"id": self.create_category(&read(request)?, false)?.body.unwrap_or(Value::Null)["id"]})
            }
            ("PATCH", ["categories", id]) => self.control_category(whole(id)?, &read(request)?),
            ("DELETE", ["categories", id]) => {
                json!({"done": self.categories.remove(&whole(id)?).is_some()})
            }
            ("POST", ["stock"]) => {
                let edit: StockEdit = read(request)?;
                let by_sku = edit.sku.and_then(|sku| self.by_sku.get(&sku)?.first().copied());
                let id = edit.unit_id.or(by_sku).unwrap_or_default();
                if !self.edit_stock(id, edit.stock) {
                    return Err(ControlError::UnknownUnit(id));
                }
                done
            }
            ("POST", ["orders"]) => {
                let id = self.place(read::<NewOrder>(request)?, now)?;
                self.full_order(&id).unwrap_or(Value::Null)
            }
            ("POST", ["orders", id, "payment"]) => {
                self.pay(id, read::<Payment>(request)?.status, now)?;
                done
            }
            ("POST", ["orders", id, "shipping"]) => {
                self.move_order(id, read::<Shipping>(request)?.status, now)?;
                done
            }
            ("POST", ["orders", id, "cancel"]) => {
                self.move_order(id, ShippingStatus::Cancelled, now)?;
                done
            }
            ("POST", ["orders", id, "lines"]) => {
                let edit: LineEdit = read(request)?;
                self.edit_line(id, &edit.row_id, edit.quantity, now)?;
                done
            }
            ("POST", ["orders", id, "split"]) => {
                json!(self.split(id, &read::<Split>(request)?.groups, now)?)
            }
            ("PUT", ["windows"]) => {
                self.settings.windows = read::<Option<Windows>>(request)?;
                done
            }
            ("POST", ["time"]) => {
                let by = SignedDuration::from_secs(read::<TimeMove>(request)?.add_seconds);
                self.offset = self.offset.saturating_add(by);
                json!({"offset_seconds": self.offset.as_secs()})
            }
            _ => return Ok(None),
        };
        Ok(Some(answer))
    }

    fn dump(&self, now: Timestamp) -> Value {
        let units: Vec<Value> = self
            .units()
            .into_iter()
            .map(|(id, sku, stock)| json!({"id": id, "sku": sku, "stock": number(stock)}))
            .collect();
        let products: Vec<Value> =
            self.product_ids.iter().filter_map(|id| self.full_product(*id, now)).collect();
        let orders: Vec<Value> =
            self.orders.values().filter_map(|order| self.full_order(&order.id)).collect();
        json!({
            "now": now.to_string(), "offset_seconds": self.offset.as_secs(), "windows": self.settings.windows,
            "calls": self.calls(), "units": units, "products": products, "orders": orders,
        })
    }
}

fn read<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, ControlError> {
    serde_json::from_slice(&request.body).map_err(|error| ControlError::Refused(error.to_string()))
}

fn whole(segment: &str) -> Result<u64, ControlError> {
    segment.parse().map_err(|_| ControlError::NotAllowed("the id in the path must be a whole number"))
}
