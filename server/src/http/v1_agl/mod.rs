//! The dialect of the published Python package.
//!
//! Handlers parse, call one use case and shape the answer; they decide nothing. Facts about the shapes are in
//! `lightning_store_client::wire`.

pub(super) mod attempts;
mod events;
pub(super) mod queues;
mod resources;
pub(super) mod rollouts;
pub(super) mod spans;
pub(super) mod statistics;
mod workers;

use axum::Router;
use axum::routing::{get, post};
use lightning_store_client::api::v1_agl as api;

use crate::app::AppState;

/// The routes. Where two operations share a path, both are on one line.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route(api::HEALTH.path, get(statistics::health))
        .route(api::EVENTS.path, get(events::listen))
        .route(api::STATISTICS.path, get(statistics::statistics))
        .route(api::ENQUEUE.path, post(queues::enqueue))
        .route(api::DEQUEUE.path, post(queues::dequeue))
        .route(api::START_ROLLOUT.path, post(rollouts::start).get(rollouts::query))
        .route(api::SEARCH_ROLLOUTS.path, post(rollouts::search).get(rollouts::get_named_search))
        .route(api::GET_ROLLOUT.path, get(rollouts::get).post(rollouts::update))
        .route(api::WAIT_FOR_ROLLOUTS.path, post(rollouts::wait))
        .route(api::START_ATTEMPT.path, post(attempts::start).get(attempts::query))
        .route(api::SEARCH_ATTEMPTS.path, post(attempts::search))
        .route(api::GET_LATEST_ATTEMPT.path, get(attempts::get_latest).post(attempts::update_latest))
        .route(api::UPDATE_ATTEMPT.path, post(attempts::update))
        .route(api::ADD_SPAN.path, post(spans::add).get(spans::query))
        .route(api::ADD_SPANS.path, post(spans::add_many))
        .route(api::SEARCH_SPANS.path, post(spans::search))
        .route(api::NEXT_SEQUENCE_ID.path, post(spans::next_sequence_id))
        .route(api::ADD_RESOURCES.path, post(resources::add).get(resources::query))
        .route(api::GET_LATEST_RESOURCES.path, get(resources::get_latest).post(resources::update_latest))
        .route(api::GET_RESOURCES.path, get(resources::get).post(resources::update))
        .route(api::QUERY_WORKERS.path, get(workers::query))
        .route(api::SEARCH_WORKERS.path, post(workers::search).get(workers::get_named_search))
        .route(api::GET_WORKER.path, get(workers::get).post(workers::update))
}
