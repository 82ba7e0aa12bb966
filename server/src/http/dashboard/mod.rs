//! What people look at: `/v1/agl/dashboard/*`.
//!
//! Handlers parse, ask the store, and shape the answer, which no cache keeps. Whoever asks counts as looking for a while:
//! facts about spans are worked out at once then. What is secret is masked in all answers but that of [`spans::span`],
//! which a page asks for when somebody wants to see one span as it is, and of exports. Large answers are packed
//! ([`super::packed`]).

mod about;
mod export;
mod queue;
mod resources;
mod rollouts;
mod spans;
mod summary;
mod table;
mod workers;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::get;
use http::{HeaderValue, header};
use lightning_store_client::api::dashboard as api;
use serde::Serialize;

use super::answer::{self, Answer};
use super::packed;
use crate::app::AppState;
use crate::storage::Store;

/// The routes.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route(api::CAPABILITIES.path, get(about::capabilities))
        .route(api::SUMMARY.path, get(summary::summary))
        .route(api::ROLLOUTS.path, get(rollouts::find))
        .route(api::ROLLOUT.path, get(rollouts::detail))
        .route(api::TRACE.path, get(spans::trace))
        // Whatever follows is the id: slashes are no ends of it.
        .route(&api::SPAN.path.replace("{span_id}", "{*span_id}"), get(spans::span))
        .route(api::QUEUE.path, get(queue::view))
        .route(api::WORKERS.path, get(workers::find))
        .route(api::WORKER.path, get(workers::detail))
        .route(api::RESOURCES.path, get(resources::query))
        .route(api::RESOURCE_VERSIONS.path, get(resources::versions))
        .route(api::EXPORT_ROLLOUTS_JSONL.path, get(export::rollouts_jsonl))
        .route(api::EXPORT_ROLLOUTS_CSV.path, get(export::rollouts_csv))
        .route(api::EXPORT_SPANS_JSONL.path, get(export::spans_jsonl))
        .route_layer(from_fn(packed::pack))
}

/// The store, for somebody who looks.
fn seen(state: &AppState) -> &Store {
    state.store.wakeups().interest().looked(state.clock.now());
    &state.store
}

/// 200 with a JSON body that is true only now.
fn fresh<T: Serialize>(value: &T) -> Answer {
    uncached(answer::ok(value))
}

/// An answer that no cache keeps.
fn uncached(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
