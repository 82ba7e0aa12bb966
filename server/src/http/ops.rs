//! For those who run the server: probes and the list of operations.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::StatusCode;
use lightning_store_client::api::{self, Endpoint, ops};
use serde_json::{Map, Value, json};

use super::answer::{self, Outcome};
use super::error::ApiError;
use crate::app::AppState;

/// The routes.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route(ops::READY.path, get(ready)).route(ops::OPENAPI.path, get(openapi))
}

/// Reads from the database: what cannot be read cannot be served.
async fn ready(State(state): State<AppState>) -> Outcome {
    if state.stop.is_cancelled() {
        return Err(ApiError::Unavailable("check failed: the server is stopping".to_owned()));
    }
    match state.store.totals().await {
        Ok(_) => Ok(answer::ok(&json!({"status": "ready", "checks": {"store": "ok"}}))),
        Err(error) => {
            tracing::warn!(%error, "not ready: the store cannot be read");
            Err(ApiError::Unavailable("check failed: the store cannot be read".to_owned()))
        }
    }
}

/// Every operation with its path, method, sentence and statuses.
async fn openapi() -> Outcome {
    let mut paths = Map::new();
    for endpoint in [api::v1_agl::ALL, api::agl_v1::ALL, api::otlp::ALL, ops::ALL].concat() {
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        if let Value::Object(methods) = path {
            methods.insert(endpoint.method.as_str().to_ascii_lowercase(), operation(&endpoint));
        }
    }
    Ok(answer::json(
        StatusCode::OK,
        &json!({
            "openapi": "3.1.0",
            "info": {"title": "lightning-store", "version": env!("CARGO_PKG_VERSION")},
            "paths": paths,
        }),
    ))
}

fn operation(endpoint: &Endpoint) -> Value {
    let parameters: Vec<Value> = endpoint
        .path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    json!({
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "parameters": parameters,
        "responses": {endpoint.success.to_string(): {"description": endpoint.summary}},
    })
}
