//! The queue.

use axum::extract::State;
use lightning_store_client::wire::{DequeueRollouts, EnqueueRollouts};

use crate::app::AppState;
use crate::http::answer::{self, Outcome};
use crate::http::extract::{Json, OptionalJson};
use crate::http::keyed::Keyed;
use crate::service::dequeue::Dequeue;
use crate::service::enqueue::Enqueue;
use crate::service::once::Replay as _;

pub(in crate::http) async fn enqueue(
    State(state): State<AppState>,
    Keyed { call, body: Json(EnqueueRollouts { rollouts }) }: Keyed<Json<EnqueueRollouts>>,
) -> Outcome {
    Ok(answer::created(&state.store.transact(Enqueue { rollouts }.once(call)).await?))
}

pub(in crate::http) async fn dequeue(
    State(state): State<AppState>,
    Keyed { call, body: OptionalJson(request) }: Keyed<OptionalJson<DequeueRollouts>>,
) -> Outcome {
    let request = request.unwrap_or_default();
    Ok(answer::ok(&state.store.transact(Dequeue { request }.once(call)).await?))
}
