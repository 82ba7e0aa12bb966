//! Rollouts.

use axum::extract::State;
use lightning_store_client::wire::{
    QueryRollouts, RolloutId, StartRollout as StartRequest, UpdateRollout as UpdateRequest, WaitForRollouts,
};

use crate::app::AppState;
use crate::http::answer::{self, Outcome};
use crate::http::error::ApiError;
use crate::http::extract::{Ids, Json, Parameters};
use crate::http::keyed::Keyed;
use crate::service::once::Replay as _;
use crate::service::start_rollout::StartRollout;
use crate::service::update_rollout::UpdateRollout;
use crate::service::wait::wait as wait_for;
use crate::storage::error::NotFound;

pub(in crate::http) async fn start(
    State(state): State<AppState>,
    Keyed { call, body: Json(request) }: Keyed<Json<StartRequest>>,
) -> Outcome {
    Ok(answer::created(&state.store.transact(StartRollout { request }.once(call)).await?))
}

pub(in crate::http) async fn query(State(state): State<AppState>, parameters: Parameters) -> Outcome {
    list(&state, parameters.read(QueryRollouts::parameters)?).await
}

pub(in crate::http) async fn search(
    State(state): State<AppState>,
    Json(request): Json<QueryRollouts>,
) -> Outcome {
    list(&state, request).await
}

async fn list(state: &AppState, request: QueryRollouts) -> Outcome {
    let (sort, window) = request.list.check()?;
    Ok(answer::ok(&state.store.query_rollouts(request.filter, sort, window).await?))
}

pub(in crate::http) async fn get(State(state): State<AppState>, ids: Ids) -> Outcome {
    find(&state, ids.rollout()).await
}

/// `search` is only a search when it is posted to.
pub(in crate::http) async fn get_named_search(State(state): State<AppState>) -> Outcome {
    find(&state, RolloutId::from("search")).await
}

async fn find(state: &AppState, id: RolloutId) -> Outcome {
    match state.store.get_rollout(id.clone()).await? {
        Some(rollout) => Ok(answer::ok(&rollout)),
        None => Err(ApiError::NotFound(NotFound::Rollout(id).to_string())),
    }
}

pub(in crate::http) async fn update(
    State(state): State<AppState>,
    ids: Ids,
    Keyed { call, body: Json(request) }: Keyed<Json<UpdateRequest>>,
) -> Outcome {
    let update = UpdateRollout { rollout_id: ids.rollout(), request };
    Ok(answer::ok(&state.store.transact(update.once(call)).await?))
}

pub(in crate::http) async fn wait(
    State(state): State<AppState>,
    Json(request): Json<WaitForRollouts>,
) -> Outcome {
    Ok(answer::ok(&wait_for(&state.store, request, &state.stop).await?))
}
