use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use zygos_engine::{Engine, Status};

/// `GET /healthz`: 200 while the state can be read.
pub(crate) async fn health(State(engine): State<Arc<Engine>>) -> (StatusCode, &'static str) {
    match engine.repository().issues(false).await {
        Ok(_) => (StatusCode::OK, "ok\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the state cannot be read\n"),
    }
}

/// `GET /status`: what each connection may do, whether it answers, and what waits. Counts only, nobody's data.
pub(crate) async fn status(State(engine): State<Arc<Engine>>) -> Result<Json<Status>, StatusCode> {
    engine.status().await.map(Json).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
}
