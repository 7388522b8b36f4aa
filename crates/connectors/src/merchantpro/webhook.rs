//! Webhooks: base64 of the raw HMAC-SHA256 of the raw body (dossier §6).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::Sha256;
use zygos_core::{
    contract::{Hint, WebhookRejected},
    model::Entity,
};

use super::read::key_of;

const SIGNATURE: &str = "x-webhook-signature";

pub(super) fn read(
    secret: Option<&SecretString>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Vec<Hint>, WebhookRejected> {
    let secret = secret.ok_or(WebhookRejected::NoSecret)?;
    let signature = headers.get(SIGNATURE).ok_or(WebhookRejected::BadSignature)?;
    let signature = STANDARD.decode(signature.as_bytes()).map_err(|_| WebhookRejected::BadSignature)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .map_err(|_| WebhookRejected::NoSecret)?;
    mac.update(body);
    // Compares in constant time.
    mac.verify_slice(&signature).map_err(|_| WebhookRejected::BadSignature)?;
    let body: Value = serde_json::from_slice(body).map_err(|_| WebhookRejected::Unreadable)?;
    // The envelope is inferred: the record itself, or below `data` or `resource`.
    let record = ["data", "resource"].iter().find_map(|key| body.get(key)).unwrap_or(&body);
    let has = |field: &str| record.get(field).is_some();
    let entity = if has("shipping_status") || has("payment_status") {
        Entity::Order
    } else if has("sku") || has("inventory_enabled") {
        Entity::Product
    } else {
        // Contact requests and the like are nothing to look at.
        return Ok(Vec::new());
    };
    Ok(vec![Hint { entity, key: key_of(record) }])
}
