//! The queue.

use axum::extract::State;
use lightning_store_client::wire::{AttemptedRollout, DequeueRollouts, EnqueueRollouts};

use crate::app::AppState;
use crate::http::access_log;
use crate::http::answer::{self, Answer, Outcome};
use crate::http::extract::{Json, OptionalJson};
use crate::http::keyed::Keyed;
use crate::service::dequeue::dequeue as take_rollouts;
use crate::service::enqueue::Enqueue;
use crate::service::once::{Call, Replay as _};

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
    take(&state, request.unwrap_or_default(), call, |rollouts| answer::ok(&rollouts)).await
}

/// Takes rollouts and answers them as `shape` says.
pub(in crate::http) async fn take(
    state: &AppState,
    request: DequeueRollouts,
    call: Option<Call>,
    shape: impl FnOnce(Vec<AttemptedRollout>) -> Answer,
) -> Outcome {
    let waits = request.wait_seconds.is_some_and(|seconds| seconds > 0.0);
    let answer = shape(take_rollouts(&state.store, request, call, &state.stop).await?);
    Ok(if waits { access_log::waited(answer) } else { answer })
}
