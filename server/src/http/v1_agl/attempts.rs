//! Attempts.

use axum::extract::State;
use lightning_store_client::wire::{
    AttemptId, QueryAttempts, RolloutId, StartAttempt as StartRequest, UpdateAttempt as UpdateRequest,
};

use crate::app::AppState;
use crate::http::answer::{self, Outcome};
use crate::http::extract::{Ids, Json, OptionalJson, Parameters};
use crate::http::keyed::Keyed;
use crate::service::once::{Once, Replay as _};
use crate::service::start_attempt::StartAttempt;
use crate::service::update_attempt::UpdateAttempt;

pub(in crate::http) async fn start(
    State(state): State<AppState>,
    ids: Ids,
    Keyed { call, body: OptionalJson(request) }: Keyed<OptionalJson<StartRequest>>,
) -> Outcome {
    let worker_id = request.unwrap_or_default().worker_id;
    let start = StartAttempt { rollout_id: ids.rollout(), worker_id };
    Ok(answer::created(&state.store.transact(start.once(call)).await?))
}

pub(in crate::http) async fn query(
    State(state): State<AppState>,
    ids: Ids,
    parameters: Parameters,
) -> Outcome {
    list(&state, ids.rollout(), &parameters.read(QueryAttempts::parameters)?).await
}

pub(in crate::http) async fn search(
    State(state): State<AppState>,
    ids: Ids,
    Json(request): Json<QueryAttempts>,
) -> Outcome {
    list(&state, ids.rollout(), &request).await
}

async fn list(state: &AppState, rollout_id: RolloutId, request: &QueryAttempts) -> Outcome {
    let (sort, window) = request.list.check()?;
    Ok(answer::ok(&state.store.query_attempts(rollout_id, sort, window).await?))
}

pub(in crate::http) async fn get_latest(State(state): State<AppState>, ids: Ids) -> Outcome {
    Ok(answer::ok(&state.store.get_latest_attempt(ids.rollout()).await?))
}

pub(in crate::http) async fn update(
    State(state): State<AppState>,
    ids: Ids,
    Keyed { call, body: Json(request) }: Keyed<Json<UpdateRequest>>,
) -> Outcome {
    let update = UpdateAttempt { rollout_id: ids.rollout(), attempt_id: ids.attempt(), request };
    change(&state, update.once(call)).await
}

/// The path of the newest attempt is a route of its own.
pub(in crate::http) async fn update_latest(
    State(state): State<AppState>,
    ids: Ids,
    Keyed { call, body: Json(request) }: Keyed<Json<UpdateRequest>>,
) -> Outcome {
    let update = UpdateAttempt { rollout_id: ids.rollout(), attempt_id: AttemptId::LATEST.into(), request };
    change(&state, update.once(call)).await
}

async fn change(state: &AppState, update: Once<UpdateAttempt>) -> Outcome {
    Ok(answer::ok(&state.store.transact(update).await?))
}
