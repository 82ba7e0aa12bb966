//! Traces and spans.

use axum::extract::State;
use lightning_store_client::wire::dashboard::FindTrace;

use super::{fresh, seen, uncached};
use crate::app::AppState;
use crate::http::answer::{self, Outcome};
use crate::http::extract::{Ids, Parameters};
use crate::storage::error::StoreError;

pub(super) async fn trace(State(state): State<AppState>, ids: Ids, parameters: Parameters) -> Outcome {
    let wanted = parameters.read(FindTrace::parameters)?;
    let found = seen(&state).light_trace(ids.rollout(), ids.attempt(), wanted).await?;
    Ok(fresh(&found.map_err(StoreError::from)?))
}

/// As it is stored, with its secrets: somebody has asked for this one.
pub(super) async fn span(State(state): State<AppState>, ids: Ids) -> Outcome {
    let found = seen(&state).get_span(ids.rollout(), ids.attempt(), ids.span()).await?;
    let span = found.map_err(StoreError::from)?;
    Ok(uncached(answer::span(&span)))
}
