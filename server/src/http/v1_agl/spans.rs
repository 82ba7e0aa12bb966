//! Spans.

use axum::extract::State;
use lightning_store_client::wire::{NextSequenceId, QuerySpans, SequenceId, SpanRecord};

use crate::app::AppState;
use crate::http::answer::{self, Outcome};
use crate::http::error::ApiError;
use crate::http::extract::{Json, Parameters};
use crate::service::add_spans::{AddSpans, NewSpan, SpanOutcome};
use crate::service::next_sequence_id::next_sequence_id as take_next;

pub(in crate::http) async fn add(State(state): State<AppState>, Json(span): Json<SpanRecord>) -> Outcome {
    let answered = answer::created_span(Some(&span));
    let outcomes = state.store.transact(AddSpans { spans: vec![NewSpan { span, numbered: true }] }).await?;
    match outcomes.into_iter().next() {
        Some(SpanOutcome::Stored(_)) => Ok(answered),
        Some(SpanOutcome::Duplicate) | None => Ok(answer::created_span(None)),
        Some(SpanOutcome::Refused(missing)) => Err(ApiError::NotFound(missing.to_string())),
    }
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
