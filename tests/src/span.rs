//! The body of a span as the Python client sends it.

use serde_json::{Value, json};

/// A span of an attempt, without attributes.
pub fn span(rollout_id: &str, attempt_id: &str, sequence_id: u64, span_id: &str) -> Value {
    json!({
        "rollout_id": rollout_id,
        "attempt_id": attempt_id,
        "sequence_id": sequence_id,
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "span_id": span_id,
        "parent_id": null,
        "name": "step",
        "status": {"status_code": "OK", "description": null},
        "attributes": {},
        "events": [],
        "links": [],
        "start_time": 1000.25,
        "end_time": 1001.5,
        "context": null,
        "parent": null,
        "resource": {"attributes": {}, "schema_url": ""},
    })
}
