//! The dialect of the specification: shapes only, over the same use cases as [`v1_agl`]. Where both
//! answer alike, the handler is the same.

mod resources;
mod rollouts;
mod spans;

use axum::Router;
use axum::routing::{get, post};
use lightning_store_client::api::agl_v1 as api;

use super::v1_agl;
use crate::app::AppState;

/// The routes. Where two operations share a path, both are on one line.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route(api::HEALTH.path, get(v1_agl::statistics::health))
        .route(api::ENQUEUE.path, post(rollouts::enqueue))
        .route(api::DEQUEUE.path, post(rollouts::dequeue))
        .route(api::START_ROLLOUT.path, post(rollouts::start).get(rollouts::list_all))
        .route(api::SEARCH_ROLLOUTS.path, post(rollouts::search).get(rollouts::get_named_search))
        .route(api::GET_ROLLOUT.path, get(rollouts::get).post(v1_agl::rollouts::update))
        .route(api::START_ATTEMPT.path, post(rollouts::start_attempt).get(rollouts::list_attempts))
        .route(
            api::GET_LATEST_ATTEMPT.path,
            get(v1_agl::attempts::get_latest).post(v1_agl::attempts::update_latest),
        )
        .route(api::UPDATE_ATTEMPT.path, post(v1_agl::attempts::update))
        .route(api::ADD_SPAN.path, post(spans::add).get(spans::list))
        .route(api::NEXT_SEQUENCE_ID.path, post(v1_agl::spans::next_sequence_id))
        .route(api::ADD_RESOURCES.path, post(resources::add))
        .route(api::GET_LATEST_RESOURCES.path, get(resources::get_latest).post(resources::update_latest))
        .route(api::GET_RESOURCES.path, get(resources::get).post(resources::update))
        .route(api::WAIT_FOR_ROLLOUTS.path, post(v1_agl::rollouts::wait))
}
