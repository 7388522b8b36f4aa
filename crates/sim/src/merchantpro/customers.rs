//! `/customers`: the resource exists; its fields are not known (all inferred).

use serde_json::{Map, Value, json};

use super::{
    errors::ApiError,
    paging::{Page, Query, choose_fields, envelope},
    state::{Customer, Shop},
    times,
};

impl Shop {
    pub(super) fn list_customers(&self, query: &Query) -> Result<Value, ApiError> {
        let page = Page::read(query, &self.settings)?;
        let mut rows: Vec<&Customer> = self.customers.values().collect();
        for (key, value) in query.filters() {
            match key {
                "id" => rows.retain(|customer| customer.id.to_string() == value),
                "email" => rows.retain(|customer| customer.email == value),
                _ => return Err(ApiError::undefined_filter(key)),
            }
        }
        if let Some((_, true)) = query.sort(&["id", "date_created"])? {
            rows.reverse();
        }
        let fields = query.list("fields");
        let shown =
            page.of(&rows).iter().map(|customer| choose_fields(self.customer_json(customer), &fields, &[]));
        Ok(envelope("/api/v2/customers", query, page, rows.len(), shown.collect()))
    }

    pub(super) fn read_customer(&self, id: u64, query: &Query) -> Result<Value, ApiError> {
        let customer = self.customers.get(&id).ok_or_else(ApiError::not_found)?;
        Ok(choose_fields(self.customer_json(customer), &query.list("fields"), &[]))
    }

    fn customer_json(&self, customer: &Customer) -> Map<String, Value> {
        let pairs = [
            ("id", json!(customer.id)),
            ("email", json!(customer.email)),
            ("name", json!(customer.name)),
            ("phone", json!(customer.phone)),
            ("status", json!("active")),
            ("date_created", times::with_offset(customer.created, &self.settings.zone)),
        ];
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}
