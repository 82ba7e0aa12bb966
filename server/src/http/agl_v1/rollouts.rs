//! Rollouts, the queue and attempts.

use axum::extract::State;
use lightning_store_client::wire::agl_v1::SearchRollouts;
use lightning_store_client::wire::{
    AttemptField, DequeueRollouts, NewRollout, Rollout, RolloutFilter, RolloutId, Sort, SortOrder,
    StartRollout as StartRequest, Window,
};

use crate::app::AppState;
use crate::http::answer::{self, Outcome};
use crate::http::error::ApiError;
use crate::http::extract::{Ids, Ignored, Json, Parameters};
use crate::http::keyed::Keyed;
use crate::http::v1_agl::queues;
use crate::service::enqueue::Enqueue;
use crate::service::once::Replay as _;
use crate::service::start_attempt::StartAttempt;
use crate::service::start_rollout::StartRollout;
use crate::storage::error::NotFound;

/// Compat: here an empty id of resources is none.
fn without_empty_id(rollout: NewRollout) -> NewRollout {
    NewRollout { resources_id: rollout.resources_id.filter(|id| !id.as_str().is_empty()), ..rollout }
}

pub(super) async fn enqueue(
    State(state): State<AppState>,
    Keyed { call, body: Json(rollout) }: Keyed<Json<NewRollout>>,
) -> Outcome {
    let enqueue = Enqueue { rollouts: vec![without_empty_id(rollout)] };
    let rollouts = state.store.transact(enqueue.once(call)).await?;
    Ok(answer::created(&rollouts.first()))
}

/// Whatever the body says is not looked at.
pub(super) async fn dequeue(
    State(state): State<AppState>,
    parameters: Parameters,
    Keyed { call, .. }: Keyed<Ignored>,
) -> Outcome {
    let request = parameters.read(DequeueRollouts::parameters)?;
    queues::take(&state, request, call, |rollouts| answer::ok(&rollouts.first())).await
}

pub(super) async fn start(
    State(state): State<AppState>,
    Keyed { call, body: Json(rollout) }: Keyed<Json<NewRollout>>,
) -> Outcome {
    let request = StartRequest { rollout: without_empty_id(rollout), worker_id: None };
    Ok(answer::created(&state.store.transact(StartRollout { request }.once(call)).await?))
}

pub(super) async fn list_all(State(state): State<AppState>) -> Outcome {
    list(&state, RolloutFilter::default()).await
}

pub(super) async fn search(
    State(state): State<AppState>,
    Json(SearchRollouts { status, rollout_ids }): Json<SearchRollouts>,
) -> Outcome {
    let filter = RolloutFilter { status_in: status, rollout_id_in: rollout_ids, ..RolloutFilter::default() };
    list(&state, filter).await
}

async fn list(state: &AppState, filter: RolloutFilter) -> Outcome {
    let page = state.store.query_rollouts(filter, None, Window::default()).await?;
    let rollouts: Vec<Rollout> = page.items.into_iter().map(|item| item.rollout).collect();
    Ok(answer::ok(&rollouts))
}

pub(super) async fn get(State(state): State<AppState>, ids: Ids) -> Outcome {
    find(&state, ids.rollout()).await
}

/// `search` is only a search when it is posted to.
pub(super) async fn get_named_search(State(state): State<AppState>) -> Outcome {
    find(&state, RolloutId::from("search")).await
}

async fn find(state: &AppState, id: RolloutId) -> Outcome {
    match state.store.get_rollout(id.clone()).await? {
        Some(found) => Ok(answer::ok(&found.rollout)),
        None => Err(ApiError::NotFound(NotFound::Rollout(id).to_string())),
    }
}

/// Whatever the body says is not looked at.
pub(super) async fn start_attempt(
    State(state): State<AppState>,
    ids: Ids,
    Keyed { call, .. }: Keyed<Ignored>,
) -> Outcome {
    let start = StartAttempt { rollout_id: ids.rollout(), worker_id: None };
    Ok(answer::created(&state.store.transact(start.once(call)).await?))
}

pub(super) async fn list_attempts(State(state): State<AppState>, ids: Ids) -> Outcome {
    let by_number = Some(Sort { by: AttemptField::SequenceId, order: SortOrder::Asc });
    let page = state.store.query_attempts(ids.rollout(), by_number, Window::default()).await?;
    Ok(answer::ok(&page.items))
}
