//! What people look at: lists, queue, workers, overview, exports.

use lightning_store_client::api::{Endpoint, dashboard as api};
use lightning_store_client::wire::Span;
use lightning_store_client::wire::dashboard::{
    DEFAULT_ROLLOUT_ROWS, QueueView, RolloutDetail, RolloutRow, RolloutRows, StoreSummary, WorkerDetail,
    WorkerRows,
};
use serde_json::{Value, json};

use super::components::Components;
use super::operation::Operation;
use super::queries::spans_of_attempt;
use super::{dashboard_queries as queries, examples};

/// What is known of an operation; none for one that is not in the table.
pub(super) fn describe(endpoint: &Endpoint, components: &mut Components) -> Option<Operation> {
    const LIST: &str = "\
All conditions are joined by *and*; a condition on something that a rollout does not have does not hold. Missing values \
come last in both directions, equal ones in the order in which they were stored. Counts, tokens and rewards follow the \
spans a moment later: `behind` says how many spans they do not know yet.";
    const CSV: &str = "\
RFC 4180, in UTF-8, with a line of names. A time has two columns: ISO 8601 in UTC, and seconds since 1970. A cell that a \
program would take for a formula begins with an apostrophe.";
    const EXPORT: &str = "\
What belongs to the export is fixed when it begins; each row is as it stands when it is sent. It is sent in pieces.";
    let c = components;
    Some(match *endpoint {
        api::SUMMARY => Operation::answers(&c.of::<StoreSummary>(), &summary()).filtered(&queries::summary()),
        api::ROLLOUTS => {
            let query = queries::rollout_rows(c);
            Operation::answers(&c.of::<RolloutRows>(), &rows()).described(LIST).filtered(&query)
        }
        api::ROLLOUT => Operation::answers(&c.of::<RolloutDetail>(), &detail()).finds(),
        api::QUEUE => Operation::answers(&c.of::<QueueView>(), &queue()).filtered(&queries::queue()),
        api::WORKERS => {
            let query = queries::workers(c);
            Operation::answers(&c.of::<WorkerRows>(), &workers()).filtered(&query)
        }
        api::WORKER => Operation::answers(&c.of::<WorkerDetail>(), &worker()).finds(),
        api::EXPORT_ROLLOUTS_JSONL => {
            let (lines, query) = (lines(&c.of::<RolloutRow>()), queries::rollouts(c));
            Operation::gives(Some(lines)).described(EXPORT).filtered(&query)
        }
        api::EXPORT_ROLLOUTS_CSV => {
            let table = json!({"text/csv": {"schema": {"type": "string"}}});
            Operation::gives(Some(table))
                .described(&format!("{EXPORT}\n\n{CSV}"))
                .filtered(&queries::rollouts(c))
        }
        api::EXPORT_SPANS_JSONL => {
            let (lines, query) = (lines(&c.of::<Span>()), spans_of_attempt(c));
            Operation::gives(Some(lines)).described(EXPORT).finds().filtered(&query)
        }
        _ => return None,
    })
}

/// A JSON object per line. Media types of one value each describe one line.
fn lines(schema: &Value) -> Value {
    json!({"application/x-ndjson": {"schema": {"type": "string", "x-lines": schema}}})
}

fn facts() -> Value {
    json!({
        "spans": 1,
        "errors": 0,
        "input_tokens": 40,
        "output_tokens": 12,
        "cost": null,
        "models": ["gpt-4.1-mini"],
        "reward": null,
        "rewards": [],
        "last_error": null,
    })
}

fn row() -> Value {
    let attempt = examples::attempt("running");
    let rollout = examples::queuing();
    json!({
        "rollout_id": rollout["rollout_id"],
        "status": "running",
        "mode": "train",
        "resources_id": rollout["resources_id"],
        "input": "What is 6 times 7?",
        "start_time": rollout["start_time"],
        "end_time": null,
        "attempts": 1,
        "max_attempts": 3,
        "timeout_seconds": 600.0,
        "unresponsive_seconds": 60.0,
        "attempt": {
            "attempt_id": attempt["attempt_id"],
            "sequence_id": 1,
            "status": "running",
            "start_time": attempt["start_time"],
            "end_time": null,
            "worker_id": attempt["worker_id"],
            "last_heartbeat_time": attempt["last_heartbeat_time"],
        },
        "queue_wait": 1.25,
        "run_time": null,
        "facts": facts(),
        "metadata": {"step": "4"},
    })
}

fn rows() -> Value {
    json!({
        "items": [row()],
        "total": 1,
        "limit": DEFAULT_ROLLOUT_ROWS,
        "offset": 0,
        "next": null,
        "facets": {"status": {"running": 1}, "attempt_status": {"running": 1}, "mode": {"train": 1}},
        "behind": 0,
    })
}

fn attempt_row() -> Value {
    json!({"attempt": examples::attempt("running"), "facts": facts(), "reason": null})
}

fn detail() -> Value {
    let mut rollout = examples::queuing();
    rollout["status"] = json!("running");
    json!({"rollout": rollout, "row": row(), "attempts": [attempt_row()], "behind": 0})
}

fn worker_counts() -> Value {
    json!({"idle": 0, "busy": 1, "unknown": 0, "silent": 0})
}

fn queue() -> Value {
    let time = examples::queuing()["start_time"].clone();
    let mut waiting = row();
    waiting["status"] = json!("queuing");
    waiting["attempts"] = json!(0);
    waiting["attempt"] = Value::Null;
    waiting["queue_wait"] = Value::Null;
    json!({
        "time": time,
        "queue": {"depth": 1, "oldest": time},
        "enqueued_last_minute": 12,
        "dequeued_last_minute": 10,
        "eta": 6.0,
        "workers": worker_counts(),
        "items": [{"position": 1, "since": time, "reason": null, "row": waiting}],
        "limit": DEFAULT_ROLLOUT_ROWS,
        "offset": 0,
        "stale": 0,
        "taken": [],
    })
}

fn worker_row() -> Value {
    json!({
        "worker": examples::worker(),
        "silent": false,
        "current_since": examples::attempt("running")["start_time"],
        "finished": 3,
        "succeeded": 2,
        "mean_run_time": 8.5,
    })
}

fn workers() -> Value {
    json!({
        "time": examples::worker()["last_heartbeat_time"],
        "items": [worker_row()],
        "total": 1,
        "limit": DEFAULT_ROLLOUT_ROWS,
        "offset": 0,
        "counts": worker_counts(),
    })
}

fn worker() -> Value {
    let time = examples::worker()["last_heartbeat_time"].clone();
    json!({"time": time, "worker": worker_row(), "attempts": [attempt_row()]})
}

fn summary() -> Value {
    let time = examples::worker()["last_heartbeat_time"].clone();
    json!({
        "time": time,
        "rollouts": {
            "queuing": 0, "preparing": 0, "running": 1, "requeuing": 0, "succeeded": 0, "failed": 0, "cancelled": 0,
        },
        "finished": {"succeeded": 0, "failed": 0, "cancelled": 0},
        "queue": {"depth": 0, "oldest": null},
        "workers": worker_counts(),
        "rewards": [{"mode": "train", "rollouts": 12, "mean": 0.75}],
        "steps": [{
            "start": 1_767_225_600.0,
            "finished": {"succeeded": 0, "failed": 0, "cancelled": 0},
            "enqueued": 1,
            "begun": 1,
            "spans": 1,
            "tokens": 52,
            "queue_depth": 0,
            "busy_workers": 1,
        }],
        "step_seconds": 60.0,
        "attention": [{
            "kind": "attempt_timeout",
            "time": time,
            "text": "attempt 1 of 3 ended: timeout 600 s",
            "rollout_id": examples::ROLLOUT_ID,
            "attempt_id": examples::ATTEMPT_ID,
            "worker_id": examples::WORKER_ID,
        }],
        "latest": [],
        "totals": {
            "rollouts": 1, "attempts": 1, "spans": 1, "resources": 1, "workers": 1, "bytes": 131_072, "uptime": 3600.5,
        },
        "behind": 0,
    })
}
