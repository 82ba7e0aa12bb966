//! The conditions of lists. Each is described once, and stands in the document twice: as parameters of a query string,
//! and as the body of a search.

use lightning_store_client::wire::{
    AttemptField, AttemptId, FilterLogic, MAX_TOPICS, MAX_WAIT_SECONDS, ResourcesField, RolloutField,
    RolloutId, RolloutStatus, SortField, SortOrder, SpanField, WorkerField, WorkerStatus,
};
use serde_json::{Map, Value, json};

use super::components::{Components, list_of, nullable};

/// One condition.
#[derive(Debug)]
struct Condition {
    name: &'static str,
    description: String,
    schema: Value,
    presence: Presence,
}

/// Whether a condition has to be there.
#[derive(Debug)]
pub(super) enum Presence {
    /// It has to.
    Required,
    /// Absent and null mean: no such condition.
    Nullable,
    /// Absent means this value; null is refused.
    Default(Value),
    /// Absent means this value; null means the order in which things were stored.
    NullableDefault(&'static str),
}

/// The conditions of one kind of list.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<Condition>);

impl Query {
    pub(super) fn with(
        mut self,
        name: &'static str,
        description: &str,
        schema: Value,
        presence: Presence,
    ) -> Self {
        self.0.push(Condition { name, description: description.to_owned(), schema, presence });
        self
    }

    pub(super) fn text(self, name: &'static str, description: &str) -> Self {
        self.with(name, description, json!({"type": "string"}), Presence::Nullable)
    }

    pub(super) fn contains(self, name: &'static str, what: &str) -> Self {
        self.text(name, &format!("Only with this text in {what}, case-sensitive."))
    }

    /// How the conditions are joined.
    fn joined(self, components: &mut Components, description: &str) -> Self {
        let default = Presence::Default(json!("and"));
        self.with("filter_logic", description, components.of::<FilterLogic>(), default)
    }

    /// Paging and sorting, which all have.
    fn sorted<F: SortField>(self, components: &mut Components, default: Option<&'static str>) -> Self {
        let fields = F::FIELDS.iter().filter(|(_, sortable)| sortable.is_some()).map(|(name, _)| *name);
        let fields: Vec<&str> = fields.collect();
        let limit = json!({"type": "integer", "format": "int64"});
        let sort_by = "The field to sort by; equal ones stay in the order stored. A time that is null is later than all \
                       others, anything else that is null comes before them.";
        self.with("limit", "At most so many; -1 means all.", limit.clone(), Presence::Default(json!(-1)))
            .with("offset", "Leave out so many first.", limit, Presence::Default(json!(0)))
            .with(
                "sort_by",
                sort_by,
                json!({"type": "string", "enum": fields}),
                default.map_or(Presence::Nullable, Presence::NullableDefault),
            )
            .with(
                "sort_order",
                "The direction.",
                components.of::<SortOrder>(),
                Presence::Default(json!("asc")),
            )
    }

    /// As parameters of a query string.
    pub(super) fn parameters(&self) -> Vec<Value> {
        let parameter = |condition: &Condition| {
            let mut schema = condition.schema.clone();
            match &condition.presence {
                Presence::Default(value) => schema["default"] = value.clone(),
                Presence::NullableDefault(value) => schema["default"] = json!(value),
                Presence::Required | Presence::Nullable => {}
            }
            json!({
                "name": condition.name,
                "in": "query",
                "required": matches!(condition.presence, Presence::Required),
                "description": condition.description,
                "schema": schema,
            })
        };
        self.0.iter().map(parameter).collect()
    }

    /// As a body.
    pub(super) fn body(&self, description: &str) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for condition in &self.0 {
            let mut schema = match &condition.presence {
                Presence::Required | Presence::Default(_) => condition.schema.clone(),
                Presence::Nullable | Presence::NullableDefault(_) => nullable(&condition.schema),
            };
            schema["description"] = condition.description.clone().into();
            match &condition.presence {
                Presence::Required => required.push(condition.name),
                Presence::Nullable => {}
                Presence::Default(value) => schema["default"] = value.clone(),
                Presence::NullableDefault(value) => schema["default"] = json!(value),
            }
            properties.insert(condition.name.to_owned(), schema);
        }
        let mut body = json!({"type": "object", "description": description, "properties": properties});
        if !required.is_empty() {
            body["required"] = required.into();
        }
        body
    }
}

/// The conditions of a list of rollouts.
pub(super) fn rollouts(components: &mut Components) -> Query {
    let statuses = list_of(&components.of::<RolloutStatus>());
    let ids = list_of(&json!({"type": "string"}));
    Query::default()
        .with(
            "status_in",
            "Only with one of these statuses; an empty list fits none.",
            statuses,
            Presence::Nullable,
        )
        .with(
            "rollout_id_in",
            "Only with one of these ids; an empty list fits none.",
            ids,
            Presence::Nullable,
        )
        .contains("rollout_id_contains", "the id")
        .joined(components, "How the conditions are joined.")
        .sorted::<RolloutField>(components, None)
}

/// The conditions of a list of the attempts of a rollout.
pub(super) fn attempts(components: &mut Components) -> Query {
    Query::default().sorted::<AttemptField>(components, Some("sequence_id"))
}

/// The conditions of a list of spans.
pub(super) fn spans(components: &mut Components) -> Query {
    let joined = "How the texts are joined; the rollout and the attempt must fit in any case. `or` without any text \
                  fits none.";
    [
        ("trace_id", "trace_id_contains", "the trace's id"),
        ("span_id", "span_id_contains", "the span's id"),
        ("parent_id", "parent_id_contains", "the parent's id"),
        ("name", "name_contains", "the name"),
    ]
    .into_iter()
    .fold(spans_of_attempt(components), |query, (exact, contains, what)| {
        query.text(exact, &format!("Only with this as {what}.")).contains(contains, what)
    })
    .joined(components, joined)
    .sorted::<SpanField>(components, Some("sequence_id"))
}

/// The two conditions that every list of spans has.
pub(super) fn spans_of_attempt(components: &mut Components) -> Query {
    let attempt = "Only of this attempt; `latest` stands for the newest one.";
    Query::default()
        .with("rollout_id", "Only of this rollout.", components.of::<RolloutId>(), Presence::Required)
        .with("attempt_id", attempt, components.of::<AttemptId>(), Presence::Nullable)
}

/// The conditions of a list of resources.
pub(super) fn resources(components: &mut Components) -> Query {
    Query::default()
        .text("resources_id", "Only this set.")
        .contains("resources_id_contains", "the id")
        .sorted::<ResourcesField>(components, None)
}

/// The conditions of a list of workers.
pub(super) fn workers(components: &mut Components) -> Query {
    let statuses = list_of(&components.of::<WorkerStatus>());
    Query::default()
        .with(
            "status_in",
            "Only with one of these statuses; an empty list fits none.",
            statuses,
            Presence::Nullable,
        )
        .contains("worker_id_contains", "the id")
        .joined(components, "How the two are joined.")
        .sorted::<WorkerField>(components, None)
}

/// How long to wait for a rollout.
pub(super) fn wait() -> Query {
    let description =
        "When there is nothing to take, wait for it up to so many seconds. 0 and less: look once.";
    let schema = json!({"type": "number", "format": "double", "maximum": MAX_WAIT_SECONDS});
    Query::default().with("wait_seconds", description, schema, Presence::Nullable)
}

/// What to hear of.
pub(super) fn listen() -> Query {
    let topics = "What to hear of, joined with commas or repeated: `rollouts`, `workers`, `resources`, `queue`, `summary`, \
                  `spans:<rollout>/<attempt>`.";
    let schema = json!({"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": MAX_TOPICS});
    Query::default()
        .with("topics", topics, schema, Presence::Required)
        .text("last_event_id", "The same as the header `Last-Event-ID`, for clients that cannot send it.")
}
