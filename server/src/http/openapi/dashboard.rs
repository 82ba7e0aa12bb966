//! What people look at: lists, queue, workers, overview, exports.

use lightning_store_client::api::{Endpoint, dashboard as api};
use lightning_store_client::wire::Word;
use lightning_store_client::wire::dashboard::{
    AnyMode, DEFAULT_ROLLOUT_ROWS, Has, MAX_METADATA_CONDITIONS, MAX_PAGE_ROWS, MAX_ROLLOUT_IDS,
    MAX_ROLLOUT_ROWS, NewestStatus, QueueView, RolloutDetail, RolloutRow, RolloutRows, RolloutSort,
    StoreSummary, SummaryWindow, WorkerDetail, WorkerRows, WorkerSort,
};
use lightning_store_client::wire::{RolloutStatus, SortOrder, Span, WorkerStatus};
use serde_json::{Value, json};

use super::components::Components;
use super::examples;
use super::operation::Operation;

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
        api::SUMMARY => with(
            Operation::answers(&c.of::<StoreSummary>(), &summary()),
            vec![one("window", "How far back it looks.", words::<SummaryWindow>(), Some(json!("1h")))],
        ),
        api::ROLLOUTS => {
            let mut parameters = conditions();
            parameters.extend(page(0, MAX_ROLLOUT_ROWS, DEFAULT_ROLLOUT_ROWS));
            parameters.push(one(
                "after",
                "Where the page before has ended: its `next`. Not together with `offset`.",
                json!({"type": "string"}),
                None,
            ));
            let facets = "Whether numbers by status, status of the newest attempt, and mode are wanted.";
            parameters.push(one("facets", facets, json!({"type": "boolean"}), Some(json!(false))));
            with(Operation::answers(&c.of::<RolloutRows>(), &rows()).described(LIST), parameters)
        }
        api::ROLLOUT => Operation::answers(&c.of::<RolloutDetail>(), &detail()).finds(),
        api::QUEUE => {
            let parameters = page(1, MAX_PAGE_ROWS, DEFAULT_ROLLOUT_ROWS);
            with(Operation::answers(&c.of::<QueueView>(), &queue()), parameters)
        }
        api::WORKERS => {
            let mut parameters = vec![
                text("worker_id_contains", "Only with this text in the id, case-sensitive."),
                many("status_in", "Only with one of these statuses.", &words::<WorkerStatus>(), None),
                one("sort_by", "The field to sort by.", words::<WorkerSort>(), Some(json!("worker_id"))),
                one("sort_order", "The direction.", words::<SortOrder>(), Some(json!("asc"))),
            ];
            parameters.extend(page(1, MAX_PAGE_ROWS, DEFAULT_ROLLOUT_ROWS));
            with(Operation::answers(&c.of::<WorkerRows>(), &workers()), parameters)
        }
        api::WORKER => Operation::answers(&c.of::<WorkerDetail>(), &worker()).finds(),
        api::EXPORT_ROLLOUTS_JSONL => {
            let lines = lines(&c.of::<RolloutRow>());
            with(Operation::gives(Some(lines)).described(EXPORT), conditions())
        }
        api::EXPORT_ROLLOUTS_CSV => {
            let table = json!({"text/csv": {"schema": {"type": "string"}}});
            with(Operation::gives(Some(table)).described(&format!("{EXPORT}\n\n{CSV}")), conditions())
        }
        api::EXPORT_SPANS_JSONL => {
            let mut rollout = text("rollout_id", "The rollout.");
            rollout["required"] = json!(true);
            let attempt = "Only of this attempt; `latest` stands for the newest one.";
            let lines = lines(&c.of::<Span>());
            let parameters = vec![rollout, text("attempt_id", attempt)];
            with(Operation::gives(Some(lines)).described(EXPORT).finds(), parameters)
        }
        _ => return None,
    })
}

fn with(mut operation: Operation, parameters: Vec<Value>) -> Operation {
    operation.parameters.extend(parameters);
    operation
}

/// A JSON object per line. Media types of one value each describe one line.
fn lines(schema: &Value) -> Value {
    json!({"application/x-ndjson": {"schema": {"type": "string", "x-lines": schema}}})
}

fn words<W: Word>() -> Value {
    json!({"type": "string", "enum": W::ALL.iter().map(Word::as_str).collect::<Vec<_>>()})
}

fn one(name: &str, description: &str, mut schema: Value, default: Option<Value>) -> Value {
    if let Some(default) = default {
        schema["default"] = default;
    }
    json!({"name": name, "in": "query", "required": false, "description": description, "schema": schema})
}

fn many(name: &str, description: &str, items: &Value, most: Option<usize>) -> Value {
    let mut schema = json!({"type": "array", "items": items});
    if let Some(most) = most {
        schema["maxItems"] = json!(most);
    }
    one(name, description, schema, None)
}

fn text(name: &str, description: &str) -> Value {
    one(name, description, json!({"type": "string"}), None)
}

fn page(least: i64, most: i64, default: i64) -> Vec<Value> {
    let limit = json!({"type": "integer", "format": "int64", "minimum": least, "maximum": most});
    let offset = json!({"type": "integer", "format": "int64", "minimum": 0});
    vec![
        one("limit", "At most so many.", limit, Some(json!(default))),
        one("offset", "Leave out so many first.", offset, Some(json!(0))),
    ]
}

/// The conditions of a list of rollouts, and its order.
fn conditions() -> Vec<Value> {
    let number = || json!({"type": "number", "format": "double"});
    let mut conditions = vec![
        many("status_in", "Only with one of these statuses.", &words::<RolloutStatus>(), None),
        many(
            "attempt_status_in",
            "Only those whose newest attempt has one of these statuses; `none`: that have none.",
            &words::<NewestStatus>(),
            None,
        ),
        many("mode_in", "Only with one of these modes; `none`: that have none.", &words::<AnyMode>(), None),
        many(
            "rollout_id_in",
            "Only with one of these ids.",
            &json!({"type": "string"}),
            Some(MAX_ROLLOUT_IDS),
        ),
        text("rollout_id_contains", "Only with this text in the id, case-sensitive."),
        text(
            "text",
            "Only with this text in the id or in the line that is shown of the input, whatever the case of ASCII letters.",
        ),
        text("worker_id", "Only those whose newest attempt this worker carries out."),
        text("resources_id", "Only with these resources."),
        text("model", "Only those in which this model answered."),
        one("since", "Only those made at this time or later, in seconds since 1970.", number(), None),
        one("until", "Only those made earlier than this time, in seconds since 1970.", number(), None),
        many(
            "has",
            "Only with all of these: a span that failed, or a failure of its own; a reward; more than one attempt.",
            &words::<Has>(),
            None,
        ),
    ];
    for (name, what) in [
        ("reward", "final reward"),
        ("run_time", "run time of the newest attempt, in seconds"),
        ("queue_wait", "wait for the first attempt, in seconds"),
        ("spans", "number of spans"),
        ("tokens", "number of tokens, of prompts and answers"),
    ] {
        for (end, word) in [("min", "least"), ("max", "most")] {
            conditions.push(one(&format!("{name}_{end}"), &format!("The {word} {what}."), number(), None));
        }
    }
    let metadata = "Only with these members of the metadata: `<key>:<value>`, the value as text.";
    conditions.push(many("metadata", metadata, &json!({"type": "string"}), Some(MAX_METADATA_CONDITIONS)));
    conditions.push(one(
        "sort_by",
        "The field to sort by.",
        words::<RolloutSort>(),
        Some(json!("start_time")),
    ));
    conditions.push(one("sort_order", "The direction.", words::<SortOrder>(), Some(json!("desc"))));
    conditions
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
