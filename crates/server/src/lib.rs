//! Webhook intake and health over HTTP.
//!
//! A webhook is verified, stored and answered, in this order and nothing more: a hint is a reason to look, and
//! looking is the engine's affair. The answer goes out only when the hint is durable.

mod intake;
mod status;

use std::{future::Future, sync::Arc};

use axum::{
    Router,
    routing::{get, post},
};
use tokio::net::TcpListener;
use zygos_engine::Engine;

/// Largest webhook body that is read; orders are a few kilobytes.
const LARGEST_BODY: usize = 1024 * 1024;

/// Serves until `shutdown` is done.
pub async fn serve(
    listener: TcpListener,
    engine: Arc<Engine>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let routes = Router::new()
        .route("/healthz", get(status::health))
        .route("/status", get(status::status))
        .route("/hooks/{connection}", post(intake::webhook))
        .layer(axum::extract::DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(engine);
    axum::serve(listener, routes).with_graceful_shutdown(shutdown).await
}
