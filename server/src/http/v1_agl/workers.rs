//! Workers.

use axum::extract::State;
use lightning_store_client::wire::{QueryWorkers, UpdateWorker as UpdateRequest, WorkerId};

use crate::app::AppState;
use crate::http::answer::{self, Outcome};
use crate::http::extract::{Ids, Json, OptionalJson, Parameters};
use crate::service::workers::UpdateWorker;

pub(super) async fn query(State(state): State<AppState>, parameters: Parameters) -> Outcome {
    list(&state, parameters.read(QueryWorkers::parameters)?).await
}

pub(super) async fn search(State(state): State<AppState>, Json(request): Json<QueryWorkers>) -> Outcome {
    list(&state, request).await
}

async fn list(state: &AppState, request: QueryWorkers) -> Outcome {
    let (sort, window) = request.list.check()?;
    Ok(answer::ok(&state.store.query_workers(request.filter, sort, window).await?))
}

pub(super) async fn get(State(state): State<AppState>, ids: Ids) -> Outcome {
    find(&state, ids.worker()).await
}

/// `search` is only a search when it is posted to.
pub(super) async fn get_named_search(State(state): State<AppState>) -> Outcome {
    find(&state, WorkerId::from("search")).await
}

async fn find(state: &AppState, id: WorkerId) -> Outcome {
    Ok(answer::ok(&state.store.get_worker(id).await?))
}

pub(super) async fn update(
    State(state): State<AppState>,
    ids: Ids,
    OptionalJson(request): OptionalJson<UpdateRequest>,
) -> Outcome {
    let request = request.unwrap_or_default();
    Ok(answer::ok(&state.store.transact(UpdateWorker { worker_id: ids.worker(), request }).await?))
}
