//! `/taxonomy/…`: bare arrays that accept, and ignore, paging.

use serde_json::{Value, json};

use super::{errors::ApiError, json::number, state::Shop};

impl Shop {
    /// `taxes` and `measurement_units` are known; the other names and all entries but a tax's are inferred.
    pub(super) fn taxonomy(&self, name: &str) -> Result<Value, ApiError> {
        let settings = &self.settings;
        let entries: Vec<Value> = match name {
            "taxes" => self
                .taxes
                .values()
                .map(|tax| json!({"id": tax.id, "name": tax.name, "value": number(tax.value)}))
                .collect(),
            "measurement_units" => vec![json!({"id": 1, "name": "buc"}), json!({"id": 2, "name": "kg"})],
            "currencies" => vec![json!({"id": 1, "code": settings.currency, "default": true})],
            "languages" => {
                vec![json!({"id": 1, "code": settings.language.locale(), "default": true})]
            }
            "payment_methods" => settings
                .payment_methods
                .iter()
                .zip(1..)
                .map(|((code, name), id)| json!({"id": id, "code": code, "name": name}))
                .collect(),
            "shipping_methods" => {
                settings.shipping_methods.iter().map(|(id, name)| json!({"id": id, "name": name})).collect()
            }
            "warehouses" => Vec::new(),
            _ => return Err(ApiError::not_found()),
        };
        Ok(Value::Array(entries))
    }
}
