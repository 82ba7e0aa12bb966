//! Spans as JSON text, in few words.

use serde_json::{Value, json};

/// A span under `parent` that lasts from `start` to `end`; its sequence number is its start in tenths.
pub(crate) fn span(id: &str, parent: Option<&str>, name: &str, start: f64, end: f64) -> Value {
    with(id, parent, name, start, end, json!({}))
}

/// The same with attributes.
pub(crate) fn with(
    id: &str,
    parent: Option<&str>,
    name: &str,
    start: f64,
    end: f64,
    attributes: Value,
) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
    let sequence = (start * 10.0) as i64;
    let mut span = json!({
        "rollout_id": "ro-1", "attempt_id": "at-1", "sequence_id": sequence, "trace_id": "t", "span_id": id,
        "parent_id": parent, "name": name, "status": {"status_code": "OK", "description": null},
        "events": [], "links": [], "start_time": start, "end_time": end,
        "context": null, "parent": null, "resource": {"attributes": {}, "schema_url": ""},
    });
    span["attributes"] = attributes;
    span
}

/// A reward of one dimension.
pub(crate) fn reward(id: &str, parent: Option<&str>, at: f64, value: f64) -> Value {
    let attributes =
        json!({"agentlightning.reward.0.name": "primary", "agentlightning.reward.0.value": value});
    with(id, parent, "agentlightning.annotation", at, at, attributes)
}
