//! What people look at: `/v1/agl/dashboard/*`.
//!
//! Handlers parse, call one query of the store and shape the answer. What is secret is masked in all of them but
//! [`spans`], which a page asks for when somebody wants to see one span as it is. Nothing is to be kept by caches.

mod about;
mod resources;
mod spans;

use axum::Router;
use axum::routing::get;
use http::{HeaderValue, header};
use lightning_store_client::api::dashboard as api;
use serde::Serialize;

use super::answer::{self, Answer};
use crate::app::AppState;

/// The routes.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route(api::CAPABILITIES.path, get(about::capabilities))
        .route(api::TRACE.path, get(spans::trace))
        // Whatever follows is the id: slashes are no ends of it.
        .route(&api::SPAN.path.replace("{span_id}", "{*span_id}"), get(spans::span))
        .route(api::RESOURCES.path, get(resources::query))
        .route(api::RESOURCE_VERSIONS.path, get(resources::versions))
}

/// 200 with a JSON body that is true for this moment only.
fn fresh<T: Serialize>(value: &T) -> Answer {
    no_store(answer::ok(value))
}

/// An answer that nobody keeps.
fn no_store(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
