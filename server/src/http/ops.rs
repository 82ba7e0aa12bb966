//! For those who run the server: probes.

use std::fmt::Write as _;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::StatusCode;
use lightning_store_client::api::ops;
use serde_json::json;

use super::answer::{self, Outcome};
use super::error::ApiError;
use crate::app::AppState;
use crate::limits::READY_TIME;
use crate::storage::error::StorageFailure;
use crate::storage::{Store, Totals};

/// The routes.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route(ops::READY.path, get(ready)).route(ops::METRICS.path, get(metrics))
}

/// Reads from the database: what cannot be read cannot be served.
async fn ready(State(state): State<AppState>) -> Outcome {
    if state.stop.is_cancelled() {
        return Err(ApiError::Unavailable("check failed: the server is stopping".to_owned()));
    }
    let totals = tokio::time::timeout(READY_TIME, state.store.totals()).await;
    match totals.unwrap_or_else(|_| Err(StorageFailure::Away("it did not answer in time".to_owned()).into()))
    {
        Ok(_) => Ok(answer::ok(&json!({"status": "ready", "checks": {"store": "ok"}}))),
        Err(error) => {
            tracing::warn!(%error, "not ready: the store cannot be read");
            Err(ApiError::Unavailable("check failed: the store cannot be read".to_owned()))
        }
    }
}

/// Numbers of rows and of what is going on, and those that the storage counts itself.
async fn metrics(State(state): State<AppState>) -> Outcome {
    const TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
    let totals = tokio::time::timeout(READY_TIME, state.store.totals()).await;
    // While the database is away, the other numbers are of the more interest.
    let totals = totals.ok().and_then(Result::ok);
    Ok(answer::bytes(StatusCode::OK, TYPE, render(totals, &state.store)))
}

fn render(totals: Option<Totals>, store: &Store) -> String {
    let mut text = String::new();
    // Writing into a string cannot fail.
    if let Some(Totals { rollouts, attempts, spans, resources, workers }) = totals {
        let _ = writeln!(
            text,
            "# HELP lightning_store_rows Rows of each kind.\n# TYPE lightning_store_rows gauge"
        );
        let kinds = [
            ("rollouts", rollouts),
            ("attempts", attempts),
            ("spans", spans),
            ("resources", resources),
            ("workers", workers),
        ];
        for (kind, count) in kinds {
            let _ = writeln!(text, "lightning_store_rows{{kind=\"{kind}\"}} {count}");
        }
    }
    let _ = writeln!(
        text,
        "# HELP lightning_store_operations_running Operations that wait or are being carried out.\n\
         # TYPE lightning_store_operations_running gauge\nlightning_store_operations_running {}",
        store.running()
    );
    text + &store.metrics()
}
