//! Spans.

use std::sync::Arc;

use axum::extract::State;
use lightning_store_client::wire::{
    AddSpans as AddSpansRequest, BatchedSpan, NextSequenceId, QuerySpans, SequenceId, SpanRecord,
};

use crate::app::AppState;
use crate::http::answer::{self, Outcome};
use crate::http::extract::{Json, Parameters};
use crate::http::keyed::Keyed;
use crate::service::add_spans::{AddSpan, AddSpans};
use crate::service::next_sequence_id::next_sequence_id as take_next;
use crate::service::once::Replay as _;

pub(in crate::http) async fn add(
    State(state): State<AppState>,
    Keyed { call, body: Json(span) }: Keyed<Json<SpanRecord>>,
) -> Outcome {
    let answered = answer::created_span(Some(&span));
    let is_new = state.store.transact(AddSpan::new(span).once(call)).await?;
    Ok(if is_new { answered } else { answer::created_span(None) })
}

pub(super) async fn add_many(
    State(state): State<AppState>,
    Keyed { call, body: Json(AddSpansRequest { spans }) }: Keyed<Json<AddSpansRequest<BatchedSpan>>>,
) -> Outcome {
    let spans: Arc<[BatchedSpan]> = spans.into();
    let outcomes = state.store.transact(AddSpans { spans: spans.clone() }.once(call)).await?;
    Ok(answer::created_spans(&spans, &outcomes))
}

pub(in crate::http) async fn query(State(state): State<AppState>, parameters: Parameters) -> Outcome {
    list(&state, parameters.read(QuerySpans::parameters)?).await
}

pub(in crate::http) async fn search(
    State(state): State<AppState>,
    Json(request): Json<QuerySpans>,
) -> Outcome {
    list(&state, request).await
}

async fn list(state: &AppState, request: QuerySpans) -> Outcome {
    let (sort, window) = request.list.check()?;
    Ok(answer::spans(&state.store.query_spans(request.filter, sort, window).await?))
}

pub(in crate::http) async fn next_sequence_id(
    State(state): State<AppState>,
    Json(request): Json<NextSequenceId>,
) -> Outcome {
    let sequence_id = take_next(&state.store, request.rollout_id).await?;
    Ok(answer::ok(&SequenceId { sequence_id }))
}
