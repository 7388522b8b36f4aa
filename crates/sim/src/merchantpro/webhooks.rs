//! Outgoing webhooks: queued here, delivered by whoever serves the sandbox.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::{json, state::Shop};

/// One delivery: POST `body` to `url` with `headers`. The vendor waits 5 s for the answer (documented).
#[derive(Clone, Debug)]
pub struct WebhookDelivery {
    pub url: String,
    /// `product.created`, `product.updated`, `order.created`, `order.updated`. Not part of the request (inferred).
    pub topic: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
}

impl Shop {
    /// Queues `topic` for every webhook that wants it; the resource is the root of the body (inferred).
    pub(super) fn emit(&mut self, topic: &'static str, resource: impl FnOnce(&Self) -> Option<Value>) {
        let wanted =
            |topics: &std::collections::BTreeSet<String>| topics.is_empty() || topics.contains(topic);
        if !self.settings.webhooks.iter().any(|hook| wanted(&hook.topics)) {
            return;
        }
        let Some(resource) = resource(self) else { return };
        let body = json::to_bytes(&resource, self.settings.php_json);
        for hook in self.settings.webhooks.iter().filter(|hook| wanted(&hook.topics)) {
            self.webhooks.push_back(WebhookDelivery {
                url: hook.url.clone(),
                topic,
                headers: vec![
                    ("Content-Type", "application/json".to_owned()),
                    ("X-Webhook-Signature", signature(&hook.secret, &body)),
                ],
                body: body.clone(),
            });
        }
    }
}

/// base64 of the raw HMAC-SHA256 of the raw body (documented).
fn signature(secret: &str, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        // HMAC takes keys of any length; an empty signature would only be refused.
        return String::new();
    };
    mac.update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}
