//! Webhooks: verified, stored once, and only then believed enough to look.

use http::HeaderMap;
use sha2::{Digest, Sha256};
use zygos_core::{ConnectionId, contract::WebhookRejected};
use zygos_storage::{Mutation, StoredHint};

use crate::{
    engine::Engine,
    error::{EngineError, Result},
};

impl Engine {
    /// Stores what a webhook hints at and wakes whoever looks. The outer error is ours, the inner the sender's.
    pub async fn take_webhook(
        &self,
        connection: &ConnectionId,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<std::result::Result<(), WebhookRejected>> {
        let Some(known) = self.connection(connection) else {
            return Err(EngineError::Asked(format!("there is no connection called {connection}")));
        };
        let hints = match known.connector.parse_webhook(headers, body) {
            Ok(hints) => hints,
            Err(refused) => return Ok(Err(refused)),
        };
        let digest: String = Sha256::digest(body).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let mutations = hints
            .into_iter()
            .enumerate()
            .map(|(index, hint)| {
                Mutation::AddHint(StoredHint {
                    id: 0,
                    connection: connection.clone(),
                    entity: hint.entity,
                    key: hint.key,
                    digest: format!("{digest}-{index}"),
                    received_at: self.now(),
                })
            })
            .collect();
        self.commit(mutations).await?;
        self.wake(connection);
        Ok(Ok(()))
    }
}
