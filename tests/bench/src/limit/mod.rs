//! The bare server to compare with: it reads and writes the same typed bodies over the same HTTP library, and stores
//! nothing. What it costs is what any server of this interface costs. Its bodies are in `wire`.

mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use bytes::Bytes;
use lightning_store_e2e::clock;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use serde_json::json;
use tokio::net::TcpListener;

use self::wire::{
    Attempt, Dequeue, Enqueue, NewRollout, NextSequenceId, Page, Rollout, Search, SequenceId, Span,
    UpdateAttempt,
};
use crate::bodies;
use crate::scenario::SPANS_READ;

/// What queries find.
struct Prepared {
    rollouts: Bytes,
    spans: Vec<Span>,
}

impl Prepared {
    fn new() -> Self {
        let items: Vec<Rollout> = (0..50).map(|_| rollout(queued(), None)).collect();
        let page = Page { total: items.len(), items, limit: 50, offset: 0 };
        let span = || {
            let mut span = bodies::llm_span("ro-0123456789ab", "at-01234567");
            span["sequence_id"] = json!(1);
            serde_json::from_value(span).expect("a span")
        };
        Self {
            rollouts: serde_json::to_vec(&page).expect("JSON").into(),
            spans: (0..SPANS_READ).map(|_| span()).collect(),
        }
    }
}

fn rollout(new: NewRollout, attempt: Option<Attempt>) -> Rollout {
    Rollout {
        rollout_id: "ro-0123456789ab".to_owned(),
        input: new.input,
        start_time: clock::unix_seconds(),
        end_time: None,
        mode: new.mode,
        resources_id: new.resources_id,
        status: if attempt.is_some() { "preparing" } else { "queuing" },
        config: new.config.unwrap_or_default(),
        metadata: new.metadata.unwrap_or_default(),
        attempt,
    }
}

fn attempt(worker_id: Option<String>) -> Attempt {
    Attempt {
        rollout_id: "ro-0123456789ab".to_owned(),
        attempt_id: "at-01234567".to_owned(),
        sequence_id: 1,
        start_time: clock::unix_seconds(),
        end_time: None,
        status: "preparing",
        worker_id,
        last_heartbeat_time: None,
        metadata: None,
    }
}

async fn enqueue(Json(body): Json<Enqueue>) -> (StatusCode, Json<Vec<Rollout>>) {
    let rollouts = body.rollouts.into_iter().map(|new| rollout(new, None));
    (StatusCode::CREATED, Json(rollouts.collect()))
}

fn queued() -> NewRollout {
    NewRollout {
        input: json!({"task_id": "gsm8k-train-004711", "question": "How many apples are left in the basket?", "answer": 42}),
        mode: Some("train".to_owned()),
        resources_id: None,
        config: None,
        metadata: Some(BTreeMap::from([("epoch".to_owned(), json!(3))])),
    }
}

async fn dequeue(Json(body): Json<Dequeue>) -> Json<Vec<Rollout>> {
    Json((0..body.limit).map(|_| rollout(queued(), Some(attempt(body.worker_id.clone())))).collect())
}

async fn start_rollout(Json(new): Json<NewRollout>) -> (StatusCode, Json<Rollout>) {
    (StatusCode::CREATED, Json(rollout(new, Some(attempt(None)))))
}

async fn add_span(Json(span): Json<Span>) -> (StatusCode, Json<Span>) {
    (StatusCode::CREATED, Json(span))
}

async fn next_sequence_id(Json(body): Json<NextSequenceId>) -> Json<SequenceId> {
    let known = !body.rollout_id.is_empty() && !body.attempt_id.is_empty();
    Json(SequenceId { sequence_id: known.into() })
}

async fn update_attempt(
    Path((rollout_id, attempt_id)): Path<(String, String)>,
    Json(body): Json<UpdateAttempt>,
) -> Json<Attempt> {
    let status = if body.status.as_deref() == Some("succeeded") { "succeeded" } else { "running" };
    let heartbeat = body.last_heartbeat_time;
    let attempt = attempt(body.worker_id);
    let end_time = Some(attempt.start_time);
    Json(Attempt {
        rollout_id,
        attempt_id,
        status,
        end_time,
        last_heartbeat_time: heartbeat,
        metadata: body.metadata,
        ..attempt
    })
}

async fn search_rollouts(State(prepared): State<Arc<Prepared>>, Json(_): Json<Search>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], prepared.rollouts.clone()).into_response()
}

async fn search_spans(State(prepared): State<Arc<Prepared>>, Json(search): Json<Search>) -> Response {
    if search.rollout_id.is_none() && search.attempt_id.is_none() {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    let Search { limit, offset, .. } = search;
    Json(Page { items: &prepared.spans, limit, offset, total: prepared.spans.len() }).into_response()
}

async fn export(body: Bytes) -> Response {
    match ExportTraceServiceRequest::decode(body) {
        Ok(_) => {
            let answer = ExportTraceServiceResponse::default().encode_to_vec();
            ([(header::CONTENT_TYPE, "application/x-protobuf")], answer).into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

/// As many routes as the store has, roughly, so that finding one costs the same.
async fn other(Path(id): Path<String>) -> String {
    id
}

/// Serves until the process is killed.
///
/// # Panics
/// If it cannot listen.
#[tokio::main]
pub(crate) async fn serve() {
    let routes = Router::new()
        .route("/v1/agl/health", get(async || Json(json!({"status": "ok"}))))
        .route("/v1/agl/queues/rollouts/enqueue", post(enqueue))
        .route("/v1/agl/queues/rollouts/dequeue", post(dequeue))
        .route("/v1/agl/rollouts", post(start_rollout))
        .route("/v1/agl/rollouts/{id}", get(other))
        .route("/v1/agl/workers/{id}", get(other))
        .route("/v1/agl/resources/{id}", get(other))
        .route("/v1/agl/rollouts/search", post(search_rollouts))
        .route("/v1/agl/rollouts/{id}/attempts/{attempt}", post(update_attempt))
        .route("/v1/agl/spans", post(add_span))
        .route("/v1/agl/spans/next", post(next_sequence_id))
        .route("/v1/agl/spans/search", post(search_spans))
        .route("/v1/traces", post(export))
        .with_state(Arc::new(Prepared::new()));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("listening on http://{} (ready in 0 ms)", listener.local_addr().expect("its address"));
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, routes).await.expect("it serves");
}
