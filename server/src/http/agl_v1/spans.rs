//! Spans.

use axum::extract::State;
use lightning_store_client::wire::{Sort, SortOrder, SpanField, SpanFilter, SpanRecord, TextFilter, Window};

use crate::app::AppState;
use crate::http::answer::{self, Outcome};
use crate::http::extract::{Json, Parameters};
use crate::http::keyed::Keyed;
use crate::service::add_spans::AddSpan;
use crate::service::once::Replay as _;

/// A span that is there already is answered as it was stored first.
pub(super) async fn add(
    State(state): State<AppState>,
    Keyed { call, body: Json(span) }: Keyed<Json<SpanRecord>>,
) -> Outcome {
    let answered = answer::created_span(Some(&span));
    let filter = SpanFilter {
        span_id: TextFilter { exact: Some(span.span_id.clone()), contains: None },
        ..SpanFilter::of(span.rollout_id.as_str(), Some(span.attempt_id.to_string()))
    };
    if state.store.transact(AddSpan::new(span).once(call)).await? {
        return Ok(answered);
    }
    let page = state.store.query_spans(filter, None, Window::default()).await?;
    Ok(answer::created_span(page.items.first()))
}

pub(super) async fn list(State(state): State<AppState>, parameters: Parameters) -> Outcome {
    let filter = parameters.read(|query| {
        let rollout_id = query.required("rollout_id")?;
        Some(SpanFilter::of(rollout_id, query.string("attempt_id")))
    })?;
    let by_number = Some(Sort { by: SpanField::SequenceId, order: SortOrder::Asc });
    let page = state.store.query_spans(filter, by_number, Window::default()).await?;
    Ok(answer::span_list(&page.items))
}
