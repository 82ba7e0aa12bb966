//! Whether the server is alive, and what the store holds.

use axum::extract::State;
use lightning_store_client::wire::{Health, Statistics};

use crate::app::AppState;
use crate::http::answer::{self, Outcome};

/// Liveness only: the process serves, whatever its database does. Python clients probe this before they retry.
pub(in crate::http) async fn health() -> Outcome {
    Ok(answer::ok(&Health { status: "ok".to_owned() }))
}

pub(in crate::http) async fn statistics(State(state): State<AppState>) -> Outcome {
    let totals = state.store.totals().await?;
    Ok(answer::ok(&Statistics {
        name: format!("lightning-store ({})", state.store.name()),
        total_rollouts: totals.rollouts,
        total_attempts: totals.attempts,
        total_spans: totals.spans,
        total_resources: totals.resources,
        total_workers: totals.workers,
        uptime: state.clock.now().seconds() - state.started.seconds(),
    }))
}
