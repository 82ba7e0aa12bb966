//! The bare server to compare with: it reads and writes the same typed bodies over the same HTTP library, and stores
//! nothing. What it costs is what any server of this interface costs.
#![expect(clippy::struct_field_names, reason = "the fields are named on the wire")]

use std::collections::BTreeMap;

use axum::Json;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use lightning_store_e2e::clock;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[derive(Deserialize)]
struct Enqueue {
    rollouts: Vec<NewRollout>,
}

#[derive(Deserialize)]
struct NewRollout {
    input: Value,
    mode: Option<String>,
    resources_id: Option<String>,
    config: Option<Config>,
    metadata: Option<BTreeMap<String, Value>>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Config {
    timeout_seconds: Option<f64>,
    unresponsive_seconds: Option<f64>,
    max_attempts: u64,
    retry_condition: Vec<String>,
}

#[derive(Serialize)]
struct Rollout {
    rollout_id: String,
    input: Value,
    start_time: f64,
    end_time: Option<f64>,
    mode: Option<String>,
    resources_id: Option<String>,
    status: &'static str,
    config: Config,
    metadata: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<Attempt>,
}

#[derive(Serialize)]
struct Attempt {
    rollout_id: String,
    attempt_id: String,
    sequence_id: u64,
    start_time: f64,
    end_time: Option<f64>,
    status: &'static str,
    worker_id: Option<String>,
    last_heartbeat_time: Option<f64>,
    metadata: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
struct Dequeue {
    limit: usize,
    worker_id: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Span {
    rollout_id: String,
    attempt_id: String,
    sequence_id: i64,
    trace_id: String,
    span_id: String,
    parent_id: Option<String>,
    name: String,
    status: Status,
    attributes: BTreeMap<String, Value>,
    events: Vec<Value>,
    links: Vec<Value>,
    start_time: Option<f64>,
    end_time: Option<f64>,
    context: Option<Value>,
    parent: Option<Value>,
    resource: Resource,
}

#[derive(Serialize, Deserialize)]
struct Status {
    status_code: String,
    description: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Resource {
    attributes: BTreeMap<String, Value>,
    schema_url: String,
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

async fn dequeue(Json(body): Json<Dequeue>) -> Json<Vec<Rollout>> {
    let queued = || NewRollout {
        input: json!({"task_id": "gsm8k-train-004711", "question": "How many apples are left in the basket?", "answer": 42}),
        mode: Some("train".to_owned()),
        resources_id: None,
        config: None,
        metadata: Some(BTreeMap::from([("epoch".to_owned(), json!(3))])),
    };
    Json((0..body.limit).map(|_| rollout(queued(), Some(attempt(body.worker_id.clone())))).collect())
}

async fn start_rollout(Json(new): Json<NewRollout>) -> (StatusCode, Json<Rollout>) {
    (StatusCode::CREATED, Json(rollout(new, Some(attempt(None)))))
}

async fn add_span(Json(span): Json<Span>) -> (StatusCode, Json<Span>) {
    (StatusCode::CREATED, Json(span))
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
        .route("/v1/agl/spans", post(add_span));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("listening on http://{} (ready in 0 ms)", listener.local_addr().expect("its address"));
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, routes).await.expect("it serves");
}
