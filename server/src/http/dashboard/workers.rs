//! Workers.

use axum::extract::State;
use lightning_store_client::wire::dashboard::FindWorkers;

use super::{fresh, seen};
use crate::app::AppState;
use crate::http::answer::Outcome;
use crate::http::error::ApiError;
use crate::http::extract::{Ids, Parameters};

pub(super) async fn find(State(state): State<AppState>, parameters: Parameters) -> Outcome {
    let wanted = parameters.read(FindWorkers::parameters)?;
    Ok(fresh(&seen(&state).find_workers(wanted, state.clock.now()).await?))
}

pub(super) async fn detail(State(state): State<AppState>, ids: Ids) -> Outcome {
    let id = ids.worker();
    match seen(&state).worker_detail(id.clone(), state.clock.now()).await? {
        Some(detail) => Ok(fresh(&detail)),
        None => Err(ApiError::NotFound(format!("Worker {id} not found"))),
    }
}
