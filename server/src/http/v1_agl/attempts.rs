//! Attempts.

use axum::extract::State;
use lightning_store_client::wire::{
    AttemptId, QueryAttempts, RolloutId, StartAttempt as StartRequest, UpdateAttempt as UpdateRequest,
};

use crate::app::AppState;
use crate::http::answer::{self, Outcome};
use crate::http::extract::{Ids, Json, OptionalJson, Parameters};
use crate::service::start_attempt::StartAttempt;
use crate::service::update_attempt::UpdateAttempt;

pub(in crate::http) async fn start(
    State(state): State<AppState>,
    ids: Ids,
    OptionalJson(request): OptionalJson<StartRequest>,
) -> Outcome {
    let worker_id = request.unwrap_or_default().worker_id;
    Ok(answer::created(&state.store.transact(StartAttempt { rollout_id: ids.rollout(), worker_id }).await?))
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
    Json(request): Json<UpdateRequest>,
) -> Outcome {
    change(&state, ids.rollout(), ids.attempt(), request).await
}

/// The path of the newest attempt is a route of its own.
pub(in crate::http) async fn update_latest(
    State(state): State<AppState>,
    ids: Ids,
    Json(request): Json<UpdateRequest>,
) -> Outcome {
    change(&state, ids.rollout(), AttemptId::from(AttemptId::LATEST), request).await
}

async fn change(
    state: &AppState,
    rollout_id: RolloutId,
    attempt_id: AttemptId,
    request: UpdateRequest,
) -> Outcome {
    Ok(answer::ok(&state.store.transact(UpdateAttempt { rollout_id, attempt_id, request }).await?))
}
