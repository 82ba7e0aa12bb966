//! The conditions of what people look at, by the same means as those of other lists ([`super::queries`]).

use lightning_store_client::wire::dashboard::{
    AnyMode, DEFAULT_ROLLOUT_ROWS, Has, MAX_LIGHT_SPANS, MAX_METADATA_CONDITIONS, MAX_PAGE_ROWS,
    MAX_ROLLOUT_IDS, MAX_ROLLOUT_ROWS, NewestStatus, ResourcesSort, RolloutSort, SummaryWindow, WorkerSort,
};
use lightning_store_client::wire::{RolloutId, RolloutStatus, SortOrder, Word, WorkerStatus};
use serde_json::{Value, json};

use super::components::{Components, list_of};
use super::queries::{Presence, Query};

impl Query {
    /// Values, one of which has to fit, or all of them.
    fn many(self, name: &'static str, description: &str, items: &Value, most: Option<usize>) -> Self {
        let mut schema = list_of(items);
        if let Some(most) = most {
            schema["maxItems"] = json!(most);
        }
        self.with(name, description, schema, Presence::Nullable)
    }

    fn number(self, name: &'static str, description: &str) -> Self {
        self.with(name, description, json!({"type": "number", "format": "double"}), Presence::Nullable)
    }

    /// The bounds of a number.
    fn between(self, least: &'static str, most: &'static str, what: &str) -> Self {
        self.number(least, &format!("The least {what}.")).number(most, &format!("The most {what}."))
    }

    fn ordered<S: Word>(self, components: &mut Components, by: &str, order: &str) -> Self {
        let default = |word: &str| Presence::Default(json!(word));
        self.with(
            "sort_by",
            "What to sort by. What is missing comes last in both directions.",
            words::<S>(),
            default(by),
        )
        .with("sort_order", "The direction.", components.of::<SortOrder>(), default(order))
    }

    fn paged(self, least: i64, most: i64) -> Self {
        let limit = json!({"type": "integer", "format": "int64", "minimum": least, "maximum": most});
        let offset = json!({"type": "integer", "format": "int64", "minimum": 0});
        self.with("limit", "At most so many.", limit, Presence::Default(json!(DEFAULT_ROLLOUT_ROWS))).with(
            "offset",
            "Leave out so many first.",
            offset,
            Presence::Default(json!(0)),
        )
    }
}

fn words<W: Word>() -> Value {
    json!({"type": "string", "enum": W::ALL.iter().map(Word::as_str).collect::<Vec<_>>()})
}

/// How far back a summary looks.
pub(super) fn summary() -> Query {
    let default = Presence::Default(json!("1h"));
    Query::default().with("window", "How far back it looks.", words::<SummaryWindow>(), default)
}

/// Which rollouts an export has, in what order.
pub(super) fn rollouts(components: &mut Components) -> Query {
    let text = json!({"type": "string"});
    Query::default()
        .many("status_in", "Only with one of these statuses.", &components.of::<RolloutStatus>(), None)
        .many(
            "attempt_status_in",
            "Only those whose newest attempt has one of these statuses; `none`: that have none.",
            &words::<NewestStatus>(),
            None,
        )
        .many("mode_in", "Only with one of these modes; `none`: that have none.", &words::<AnyMode>(), None)
        .many("rollout_id_in", "Only with one of these ids.", &components.of::<RolloutId>(), Some(MAX_ROLLOUT_IDS))
        .contains("rollout_id_contains", "the id")
        .text(
            "text",
            "Only with this text in the id or in the line that is shown of the input, whatever the case of ASCII letters.",
        )
        .text("worker_id", "Only those whose newest attempt this worker carries out.")
        .text("resources_id", "Only with these resources.")
        .text("model", "Only those in which this model answered.")
        .number("since", "Only those made at this time or later, in seconds since 1970.")
        .number("until", "Only those made earlier than this time, in seconds since 1970.")
        .many(
            "has",
            "Only with all of these: a span that failed, or a failure of its own; a reward; more than one attempt.",
            &words::<Has>(),
            None,
        )
        .between("reward_min", "reward_max", "final reward")
        .between("run_time_min", "run_time_max", "run time of the newest attempt, in seconds")
        .between("queue_wait_min", "queue_wait_max", "wait for the first attempt, in seconds")
        .between("spans_min", "spans_max", "number of spans")
        .between("tokens_min", "tokens_max", "number of tokens, of prompts and answers")
        .many(
            "metadata",
            "Only with these members of the metadata: `<key>:<value>`, the value as text.",
            &text,
            Some(MAX_METADATA_CONDITIONS),
        )
        .ordered::<RolloutSort>(components, "start_time", "desc")
}

/// Which rollouts a table shows.
pub(super) fn rollout_rows(components: &mut Components) -> Query {
    let facets = "Whether numbers by status, status of the newest attempt, and mode are wanted.";
    rollouts(components)
        .paged(0, MAX_ROLLOUT_ROWS)
        .text("after", "Where the page before has ended: its `next`. Not together with `offset`.")
        .with("facets", facets, json!({"type": "boolean"}), Presence::Default(json!(false)))
}

/// Which part of the queue.
pub(super) fn queue() -> Query {
    Query::default().paged(1, MAX_PAGE_ROWS)
}

/// Which workers.
pub(super) fn workers(components: &mut Components) -> Query {
    Query::default()
        .contains("worker_id_contains", "the id")
        .many("status_in", "Only with one of these statuses.", &components.of::<WorkerStatus>(), None)
        .ordered::<WorkerSort>(components, "worker_id", "asc")
        .paged(1, MAX_PAGE_ROWS)
}

/// Which sets of resources.
pub(super) fn resources(components: &mut Components) -> Query {
    Query::default()
        .contains("resources_id_contains", "the id")
        .ordered::<ResourcesSort>(components, "update_time", "desc")
        .paged(1, MAX_PAGE_ROWS)
}

/// Which part of a trace.
pub(super) fn trace() -> Query {
    let integer = |least: i64| json!({"type": "integer", "format": "int64", "minimum": least});
    let mut limit = integer(1);
    limit["maximum"] = json!(MAX_LIGHT_SPANS);
    let after = "Only spans that were stored after those of the answer that said so.";
    let answer = "Only spans that observed the model's answer with this id: what links by it lead to.";
    Query::default().with("after", after, integer(-1), Presence::Nullable).text("response_id", answer).with(
        "limit",
        "At most so many.",
        limit,
        Presence::Default(json!(MAX_LIGHT_SPANS)),
    )
}
