use serde::{Deserialize, Serialize};

use crate::{ids::RemoteKey, model::Entity};

/// A reason to look, never a fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    pub entity: Entity,
    /// `None`: look at the whole feed.
    pub key: Option<RemoteKey>,
}

/// Why a webhook is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookRejected {
    #[error("this connection has no webhook secret configured")]
    NoSecret,
    #[error("the signature is missing or does not match the webhook secret")]
    BadSignature,
    #[error("the body is not what this vendor sends")]
    Unreadable,
}
