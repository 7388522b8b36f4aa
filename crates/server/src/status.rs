use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use serde::Serialize;
use zygos_core::ConnectionId;
use zygos_engine::Engine;
use zygos_storage::{Mode, OutboxSummary};

/// `GET /healthz`: 200 while the state can be read.
pub(crate) async fn health(State(engine): State<Arc<Engine>>) -> (StatusCode, &'static str) {
    match engine.repository().issues(false).await {
        Ok(_) => (StatusCode::OK, "ok\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the state cannot be read\n"),
    }
}

#[derive(Serialize)]
pub(crate) struct ConnectionStatus {
    connection: ConnectionId,
    mode: Mode,
    reason: Option<String>,
    /// Why it is left alone for a while; what waits goes on by itself.
    trouble: Option<String>,
    /// Calls made since this process began.
    calls_used: u64,
    #[serde(flatten)]
    outbox: OutboxSummary,
}

#[derive(Serialize)]
pub(crate) struct Status {
    connections: Vec<ConnectionStatus>,
    open_issues: usize,
}

/// `GET /status`: what each connection may do and what waits. Counts only, nobody's data.
pub(crate) async fn status(State(engine): State<Arc<Engine>>) -> Result<Json<Status>, StatusCode> {
    let unavailable = |_| StatusCode::SERVICE_UNAVAILABLE;
    let repository = engine.repository();
    let settings = engine.settings();
    let all = settings.stores.iter().map(|store| &store.connection).chain([&settings.erp]);
    let mut connections = Vec::new();
    for connection in all {
        let state = repository.connection(&connection.id).await.map_err(unavailable)?;
        connections.push(ConnectionStatus {
            connection: connection.id.clone(),
            mode: state.mode,
            reason: state.reason,
            trouble: engine.trouble(&connection.id),
            calls_used: (connection.calls_used)(),
            outbox: repository.outbox_summary(&connection.id).await.map_err(unavailable)?,
        });
    }
    let open_issues = repository.issues(false).await.map_err(unavailable)?.len();
    Ok(Json(Status { connections, open_issues }))
}
