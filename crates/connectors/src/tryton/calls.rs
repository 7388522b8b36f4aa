//! Requests built and answers read, without sending anything.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};
use zygos_core::contract::{ConnectorError, ErrorKind};

use super::errors::{self, Failure, Nature};

/// A call's body. It has exactly these three members: with others, errors come in shapes of their own.
pub(super) fn body(method: &str, params: &[Value]) -> Bytes {
    Bytes::from(json!({"id": 1, "method": method, "params": params}).to_string())
}

/// The `result` of an answer.
pub(super) fn result(status: StatusCode, body: &[u8], nature: Nature) -> Result<Value, Failure> {
    if status != StatusCode::OK {
        return Err(errors::status(status, nature));
    }
    let not_tryton = || {
        Failure::Other(ConnectorError::new(
            ErrorKind::Protocol { maybe_applied: nature == Nature::Write },
            "the answer is not JSON-RPC; check that the address is Tryton's own and not a page in front of it",
        ))
    };
    let Ok(Value::Object(mut answer)) = serde_json::from_slice(body) else { return Err(not_tryton()) };
    if let Some(error) = answer.get("error") {
        return Err(errors::refusal(error));
    }
    answer.remove("result").ok_or_else(not_tryton)
}

/// What to read of which records, in which order, at most how many.
pub(super) struct Query {
    pub model: &'static str,
    pub domain: Value,
    pub order: Value,
    pub limit: Option<u32>,
    pub fields: Vec<String>,
}

impl Query {
    /// By id, without limit.
    pub fn new(model: &'static str, domain: Value, fields: &[&str]) -> Self {
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        Self { model, domain, order: json!([["id", "ASC"]]), limit: None, fields }
    }

    pub fn method(&self) -> String {
        format!("model.{}.search_read", self.model)
    }

    /// Positional, the context still missing at the end.
    pub fn params(&self) -> Vec<Value> {
        vec![self.domain.clone(), json!(0), json!(self.limit), self.order.clone(), json!(self.fields)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_html_is_no_answer_and_a_write_behind_it_is_in_doubt() {
        let answer = result(StatusCode::OK, b"<!doctype html><title>Welcome</title>", Nature::Write);
        let Err(Failure::Other(error)) = answer else { panic!() };
        assert_eq!(error.kind, ErrorKind::Protocol { maybe_applied: true });
    }

    #[test]
    fn a_result_of_null_is_a_result() {
        assert_eq!(result(StatusCode::OK, br#"{"id":1,"result":null}"#, Nature::Write), Ok(Value::Null));
    }

    #[test]
    fn a_body_has_exactly_three_members() {
        let sent: Value = serde_json::from_slice(&body("common.db.list", &[])).unwrap();
        assert_eq!(sent, json!({"id": 1, "method": "common.db.list", "params": []}));
    }
}
