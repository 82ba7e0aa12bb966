//! The queue.

use axum::extract::State;
use lightning_store_client::wire::{DequeueRollouts, EnqueueRollouts};

use crate::app::AppState;
use crate::http::answer::{self, Outcome};
use crate::http::extract::{Json, OptionalJson};
use crate::service::dequeue::Dequeue;
use crate::service::enqueue::Enqueue;

pub(in crate::http) async fn enqueue(
    State(state): State<AppState>,
    Json(EnqueueRollouts { rollouts }): Json<EnqueueRollouts>,
) -> Outcome {
    Ok(answer::created(&state.store.transact(Enqueue { rollouts }).await?))
}

pub(in crate::http) async fn dequeue(
    State(state): State<AppState>,
    OptionalJson(request): OptionalJson<DequeueRollouts>,
) -> Outcome {
    let request = request.unwrap_or_default();
    Ok(answer::ok(&state.store.transact(Dequeue { request }).await?))
}
