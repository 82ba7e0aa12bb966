//! For those who run the server: probes.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use lightning_store_client::api::ops;
use serde_json::json;

use super::answer::{self, Outcome};
use super::error::ApiError;
use crate::app::AppState;

/// The routes.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route(ops::READY.path, get(ready))
}

/// Reads from the database: what cannot be read cannot be served.
async fn ready(State(state): State<AppState>) -> Outcome {
    if state.stop.is_cancelled() {
        return Err(ApiError::Unavailable("check failed: the server is stopping".to_owned()));
    }
    match state.store.totals().await {
        Ok(_) => Ok(answer::ok(&json!({"status": "ready", "checks": {"store": "ok"}}))),
        Err(error) => {
            tracing::warn!(%error, "not ready: the store cannot be read");
            Err(ApiError::Unavailable("check failed: the store cannot be read".to_owned()))
        }
    }
}
