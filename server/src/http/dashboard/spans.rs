//! Traces and spans.

use axum::extract::State;
use lightning_store_client::lax::Query;
use lightning_store_client::wire::MAX_LIGHT_SPANS;

use super::{fresh, no_store};
use crate::app::AppState;
use crate::http::answer::{self, Outcome};
use crate::http::extract::{Ids, Parameters};
use crate::storage::error::StoreError;

/// Which part of a trace.
struct Part {
    after: Option<i64>,
    limit: usize,
}

impl Part {
    fn parameters(query: &mut Query) -> Option<Self> {
        let after = query.integer("after");
        let limit = super::within(query, "limit", MAX_LIGHT_SPANS, 1, MAX_LIGHT_SPANS);
        Some(Self { after: after?, limit: usize::try_from(limit?).unwrap_or(0) })
    }
}

pub(super) async fn trace(State(state): State<AppState>, ids: Ids, parameters: Parameters) -> Outcome {
    let Part { after, limit } = parameters.read(Part::parameters)?;
    let found = state.store.light_trace(ids.rollout(), ids.attempt(), after, limit).await?;
    Ok(fresh(&found.map_err(StoreError::from)?))
}

/// As it is stored, with its secrets: somebody has asked for this one.
pub(super) async fn span(State(state): State<AppState>, ids: Ids) -> Outcome {
    let found = state.store.get_span(ids.rollout(), ids.attempt(), ids.span()).await?;
    let span = found.map_err(StoreError::from)?;
    Ok(no_store(answer::span(&span)))
}
