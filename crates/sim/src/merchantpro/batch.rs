//! `POST /batch`. Only the path, the verb and the number 20 are known; the form is inferred and off by default.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Answer, Call, errors::ApiError, json::need_list, settings::ApiKey, state::Shop};

const MOST: usize = 20;

impl Shop {
    /// `{"requests":[{"method","path" or "url","body"}]}` → `[{"status","body"}]`. Each counts as a call.
    pub(super) fn batch(
        &mut self,
        body: &Map<String, Value>,
        key: &ApiKey,
        now: Timestamp,
    ) -> Result<Answer, ApiError> {
        if !self.settings.batch {
            return Err(ApiError::operation());
        }
        let requests = need_list("requests", body.get("requests").unwrap_or(&Value::Null))?;
        if requests.len() > MOST {
            return Err(ApiError::invalid("requests", "a list of at most 20"));
        }
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            let answer = Self::batched(request)
                .and_then(|call| self.count(key, now).and_then(|()| self.dispatch(&call, key, now)));
            answers.push(match answer {
                Ok(answer) => json!({"status": answer.status.as_u16(), "body": answer.body}),
                Err(error) => json!({"status": error.status.as_u16(), "body": error.body()}),
            });
        }
        Ok(Answer::ok(Some(Value::Array(answers))))
    }

    fn batched(request: &Value) -> Result<Call, ApiError> {
        let text = |key: &str| request.get(key).and_then(Value::as_str);
        let method = text("method").and_then(|text| text.to_uppercase().parse().ok());
        let method = method.ok_or_else(|| ApiError::invalid("method", "GET, POST, PATCH or DELETE"))?;
        let path = text("path").or_else(|| text("url")).unwrap_or_default();
        let path = if path.starts_with("/api/v2/") {
            path.to_owned()
        } else {
            format!("/api/v2/{}", path.trim_start_matches('/'))
        };
        let call = Call::new(method, &path, request.get("body").map(ToString::to_string).unwrap_or_default());
        // A batch inside a batch would count for one.
        if call.segments.first().is_some_and(|first| first == "batch") {
            return Err(ApiError::operation());
        }
        Ok(call)
    }
}
