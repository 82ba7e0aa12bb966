//! The bodies of the bare server.
#![expect(clippy::struct_field_names, reason = "the fields are named on the wire")]

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Deserialize)]
pub(super) struct Enqueue {
    pub(super) rollouts: Vec<NewRollout>,
}

#[derive(Deserialize)]
pub(super) struct NewRollout {
    pub(super) input: Value,
    pub(super) mode: Option<String>,
    pub(super) resources_id: Option<String>,
    pub(super) config: Option<Config>,
    pub(super) metadata: Option<BTreeMap<String, Value>>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Config {
    pub(super) timeout_seconds: Option<f64>,
    pub(super) unresponsive_seconds: Option<f64>,
    pub(super) max_attempts: u64,
    pub(super) retry_condition: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct Rollout {
    pub(super) rollout_id: String,
    pub(super) input: Value,
    pub(super) start_time: f64,
    pub(super) end_time: Option<f64>,
    pub(super) mode: Option<String>,
    pub(super) resources_id: Option<String>,
    pub(super) status: &'static str,
    pub(super) config: Config,
    pub(super) metadata: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attempt: Option<Attempt>,
}

#[derive(Serialize)]
pub(super) struct Attempt {
    pub(super) rollout_id: String,
    pub(super) attempt_id: String,
    pub(super) sequence_id: u64,
    pub(super) start_time: f64,
    pub(super) end_time: Option<f64>,
    pub(super) status: &'static str,
    pub(super) worker_id: Option<String>,
    pub(super) last_heartbeat_time: Option<f64>,
    pub(super) metadata: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
pub(super) struct Dequeue {
    pub(super) limit: usize,
    pub(super) worker_id: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Span {
    pub(super) rollout_id: String,
    pub(super) attempt_id: String,
    pub(super) sequence_id: i64,
    pub(super) trace_id: String,
    pub(super) span_id: String,
    pub(super) parent_id: Option<String>,
    pub(super) name: String,
    pub(super) status: Status,
    pub(super) attributes: BTreeMap<String, Value>,
    pub(super) events: Vec<Value>,
    pub(super) links: Vec<Value>,
    pub(super) start_time: Option<f64>,
    pub(super) end_time: Option<f64>,
    pub(super) context: Option<Value>,
    pub(super) parent: Option<Value>,
    pub(super) resource: Resource,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Status {
    pub(super) status_code: String,
    pub(super) description: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Resource {
    pub(super) attributes: BTreeMap<String, Value>,
    pub(super) schema_url: String,
}

#[derive(Deserialize)]
pub(super) struct NextSequenceId {
    pub(super) rollout_id: String,
    pub(super) attempt_id: String,
}

#[derive(Serialize)]
pub(super) struct SequenceId {
    pub(super) sequence_id: u64,
}

#[derive(Deserialize)]
pub(super) struct UpdateAttempt {
    pub(super) status: Option<String>,
    pub(super) worker_id: Option<String>,
    pub(super) last_heartbeat_time: Option<f64>,
    pub(super) metadata: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
pub(super) struct Search {
    pub(super) rollout_id: Option<String>,
    pub(super) attempt_id: Option<String>,
    pub(super) limit: i64,
    pub(super) offset: i64,
}

#[derive(Serialize)]
pub(super) struct Page<T> {
    pub(super) items: T,
    pub(super) limit: i64,
    pub(super) offset: i64,
    pub(super) total: usize,
}
