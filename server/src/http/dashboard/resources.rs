//! Resources with their versions.

use axum::extract::State;
use lightning_store_client::wire::dashboard::FindResources;

use super::{fresh, seen};
use crate::app::AppState;
use crate::http::answer::Outcome;
use crate::http::extract::{Ids, Parameters};
use crate::service::resource_rows;

pub(super) async fn query(State(state): State<AppState>, parameters: Parameters) -> Outcome {
    let request = parameters.read(FindResources::parameters)?;
    Ok(fresh(&resource_rows::rows(seen(&state), request).await?))
}

pub(super) async fn versions(State(state): State<AppState>, ids: Ids) -> Outcome {
    Ok(fresh(&resource_rows::versions(seen(&state), ids.resources()).await?))
}
