//! One story from which all examples are taken: a rollout is queued, taken by a worker, and sends a span.

use serde_json::{Value, json};

/// A rollout.
pub(super) const ROLLOUT_ID: &str = "ro-6f1d2c3b4a59";
/// Its attempt.
pub(super) const ATTEMPT_ID: &str = "at-1a2b3c4d";
/// The resources that it is done with.
const RESOURCES_ID: &str = "rs-0c9d8e7f6a5b";
/// Who takes it.
pub(super) const WORKER_ID: &str = "runner-1";
/// An answer.
pub(super) const REQUEST_ID: &str = "0f8a2c4d6e1b3a57";

/// When it is queued, and then on.
const QUEUED: f64 = 1_767_225_600.25;
const TAKEN: f64 = 1_767_225_601.5;
const REPORTED: f64 = 1_767_225_603.75;

/// The only page of a list.
pub(super) fn page(item: &Value) -> Value {
    json!({"items": [item], "limit": -1, "offset": 0, "total": 1})
}

fn rollout(status: &str, end_time: Option<f64>) -> Value {
    json!({
        "rollout_id": ROLLOUT_ID,
        "input": {"question": "What is 6 times 7?"},
        "start_time": QUEUED,
        "end_time": end_time,
        "mode": "train",
        "resources_id": RESOURCES_ID,
        "status": status,
        "config": config(),
        "metadata": {},
    })
}

fn config() -> Value {
    json!({
        "timeout_seconds": 600.0,
        "unresponsive_seconds": 60.0,
        "max_attempts": 3,
        "retry_condition": ["failed", "timeout", "unresponsive"],
    })
}

fn with_attempt(status: &str) -> Value {
    let mut rollout = rollout(status, None);
    rollout["attempt"] = attempt(status);
    rollout
}

/// What is queued.
pub(super) fn new_rollout() -> Value {
    json!({"input": {"question": "What is 6 times 7?"}, "mode": "train", "config": config()})
}

/// The same, started at once.
pub(super) fn start_rollout() -> Value {
    let mut rollout = new_rollout();
    rollout["worker_id"] = WORKER_ID.into();
    rollout
}

/// The rollout in the queue.
pub(super) fn queuing() -> Value {
    rollout("queuing", None)
}

/// Taken.
pub(super) fn preparing() -> Value {
    with_attempt("preparing")
}

/// At work.
pub(super) fn running() -> Value {
    with_attempt("running")
}

/// Given up.
pub(super) fn cancelled() -> Value {
    rollout("cancelled", Some(REPORTED))
}

/// Its attempt.
pub(super) fn attempt(status: &str) -> Value {
    json!({
        "rollout_id": ROLLOUT_ID,
        "attempt_id": ATTEMPT_ID,
        "sequence_id": 1,
        "start_time": TAKEN,
        "end_time": null,
        "status": status,
        "worker_id": WORKER_ID,
        "last_heartbeat_time": (status == "running").then_some(REPORTED),
        "metadata": null,
    })
}

/// What it did.
pub(super) fn span() -> Value {
    json!({
        "rollout_id": ROLLOUT_ID,
        "attempt_id": ATTEMPT_ID,
        "sequence_id": 1,
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "span_id": "b7ad6b7169203331",
        "parent_id": null,
        "name": "openai.chat.completion",
        "status": {"status_code": "OK", "description": null},
        "attributes": {"gen_ai.request.model": "gpt-4.1-mini", "gen_ai.usage.output_tokens": 12},
        "events": [],
        "links": [],
        "start_time": TAKEN,
        "end_time": REPORTED,
        "context": null,
        "parent": null,
        "resource": {"attributes": {"service.name": "runner"}, "schema_url": ""},
    })
}

/// What it is done with.
pub(super) fn named_resources() -> Value {
    json!({
        "main_llm": {
            "resource_type": "llm",
            "endpoint": "http://models:8000/v1",
            "model": "gpt-4.1-mini",
            "api_key": null,
            "sampling_parameters": {"temperature": 0.7},
        },
        "system_prompt": {
            "resource_type": "prompt_template",
            "template": "Answer briefly: {question}",
            "engine": "f-string",
        },
    })
}

/// The same as a version of a set.
pub(super) fn resources() -> Value {
    json!({
        "resources_id": RESOURCES_ID,
        "create_time": QUEUED,
        "update_time": QUEUED,
        "version": 1,
        "resources": named_resources(),
    })
}

/// The same on `/agl/v1`.
pub(super) fn plain_resources() -> Value {
    json!({"resources_id": RESOURCES_ID, "resources": named_resources()})
}

/// Who does it.
pub(super) fn worker() -> Value {
    json!({
        "worker_id": WORKER_ID,
        "status": "busy",
        "heartbeat_stats": {"cpu_percent": 12.5},
        "last_heartbeat_time": REPORTED,
        "last_dequeue_time": TAKEN,
        "last_busy_time": TAKEN,
        "last_idle_time": null,
        "current_rollout_id": ROLLOUT_ID,
        "current_attempt_id": ATTEMPT_ID,
    })
}

/// What the store then holds.
pub(super) fn statistics() -> Value {
    json!({
        "name": "lightning-store (sqlite)",
        "total_rollouts": 1,
        "total_attempts": 1,
        "total_spans": 1,
        "total_resources": 1,
        "total_workers": 1,
        "uptime": 3600.5,
    })
}

/// What is answered to a list of new rollouts of which the second has no input.
pub(super) fn issues() -> Value {
    let place = json!(["body", "rollouts", 1, "input"]);
    json!({"detail": [{"type": "missing", "loc": place, "msg": "Field required", "input": {"mode": "train"}}]})
}

/// What is answered to a span of a rollout that is not in the store.
pub(super) fn span_error() -> Value {
    json!({"error": "Rollout ro-000000000000 not found"})
}

/// What is heard of it.
pub(super) const EVENTS: &str = "\
: listening
id: 5e0f1a2b.17

id: 5e0f1a2b.18
event: rollout
data: {\"rollout_id\":\"ro-6f1d2c3b4a59\",\"status\":\"running\",\"attempt_id\":\"at-1a2b3c4d\",\"attempt_status\":\"running\",\"seq\":18}

id: 5e0f1a2b.18

";
