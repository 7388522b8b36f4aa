use std::sync::Arc;

use axum::extract::{Path, State};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use zygos_core::ConnectionId;
use zygos_engine::{Engine, EngineError};

/// `POST /hooks/{connection}`: 204 when stored, 404 for an unknown connection, 401 for a bad signature, 400 for a
/// body that can't be read, 503 when the state can't be written (the store then sends it again).
pub(crate) async fn webhook(
    State(engine): State<Arc<Engine>>,
    Path(connection): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let connection = ConnectionId::new(connection);
    match engine.take_webhook(&connection, &headers, &body).await {
        Ok(Ok(())) => StatusCode::NO_CONTENT,
        Ok(Err(zygos_core::contract::WebhookRejected::Unreadable)) => StatusCode::BAD_REQUEST,
        Ok(Err(refused)) => {
            tracing::warn!(connection = %connection, "A webhook was refused: {refused}");
            StatusCode::UNAUTHORIZED
        }
        Err(EngineError::Asked(_)) => StatusCode::NOT_FOUND,
        Err(error) => {
            tracing::error!(connection = %connection, "A webhook could not be stored: {error}");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}
