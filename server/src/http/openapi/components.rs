//! Schemas by name, and what all operations share.

use std::collections::BTreeMap;

use lightning_store_client::wire::{
    AttemptId, Detail, ErrorBody, Page, ResourcesId, RolloutId, ValidationErrors, WorkerId,
};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::examples;

/// The types that only answers have: all their members are always there.
const ANSWERS: &[&str] = &["Attempt", "Resources", "ResourcesUpdate", "Rollout", "Worker"];

/// The schemas that were asked for so far.
#[derive(Debug, Default)]
pub(super) struct Components {
    schemas: BTreeMap<String, Value>,
}

/// The reference to a schema.
fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// A list.
pub(super) fn list_of(items: &Value) -> Value {
    json!({"type": "array", "items": items})
}

/// The same, or null.
pub(super) fn nullable(schema: &Value) -> Value {
    json!({"oneOf": [schema, {"type": "null"}]})
}

impl Components {
    /// The reference to the schema of a type.
    pub(super) fn of<T: ToSchema>(&mut self) -> Value {
        let mut schemas = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut schemas);
        for (name, schema) in schemas {
            self.schemas.entry(name).or_insert_with(|| to_value(&schema));
        }
        reference(&T::name())
    }

    /// The reference to the schema of a page of a type.
    pub(super) fn page<T: ToSchema>(&mut self) -> Value {
        self.of::<T>();
        self.named(
            &format!("PageOf{}", T::name()),
            || to_value(&<Page<T> as utoipa::PartialSchema>::schema()),
        )
    }

    /// The reference to a schema that is given here.
    pub(super) fn named(&mut self, name: &str, schema: impl FnOnce() -> Value) -> Value {
        self.schemas.entry(name.to_owned()).or_insert_with(schema);
        reference(name)
    }

    /// The schema of an id in a path, and what is said about it.
    pub(super) fn id(&mut self, name: &str) -> (Value, &'static str) {
        match name {
            "rollout_id" => (self.of::<RolloutId>(), "The rollout."),
            "attempt_id" => (self.of::<AttemptId>(), "The attempt; `latest` stands for the newest one."),
            "resources_id" => (self.of::<ResourcesId>(), "The set of resources."),
            "worker_id" => (self.of::<WorkerId>(), "The worker."),
            "span_id" => (json!({"type": "string"}), "The span; slashes in it may stand as they are."),
            _ => (json!({"type": "string"}), ""),
        }
    }

    /// The components of the document.
    pub(super) fn finish(mut self) -> Value {
        let errors = responses(&mut self);
        for name in ANSWERS {
            if let Some(schema) = self.schemas.get_mut(*name) {
                let names = schema["properties"]
                    .as_object()
                    .map(|members| members.keys().cloned().collect::<Vec<_>>());
                schema["required"] = names.into();
            }
        }
        json!({
            "schemas": self.schemas,
            "responses": errors,
            "headers": {
                "RequestId": {
                    "description": "The id of this answer; the server's log has it too.",
                    "schema": {"type": "string", "examples": [examples::REQUEST_ID]},
                },
                "RetryAfter": {
                    "description": "After how many seconds to ask again.",
                    "schema": {"type": "integer", "examples": [1]},
                },
            },
        })
    }
}

fn to_value(schema: &impl serde::Serialize) -> Value {
    // Schemas have string keys only, so they can be written.
    let mut value = serde_json::to_value(schema).unwrap_or_default();
    lift_descriptions(&mut value);
    value
}

/// What is said of a member that may be null is said of the whole of it, not of the half that is not null: the pages show
/// it only there.
fn lift_descriptions(schema: &mut Value) {
    let members = schema.get_mut("properties").and_then(Value::as_object_mut);
    for member in members.into_iter().flat_map(Map::values_mut) {
        let half = member.pointer_mut("/oneOf/0").and_then(Value::as_object_mut);
        if let Some(description) = half.and_then(|half| half.remove("description")) {
            member["description"] = description;
        }
    }
    for part in schema.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
        lift_descriptions(part);
    }
}

/// One JSON body.
pub(super) fn json_content(schema: &Value, example: &Value) -> Value {
    json!({"application/json": {"schema": schema, "example": example}})
}

/// One response with its headers.
pub(super) fn response(description: &str, content: Option<Value>, headers: Map<String, Value>) -> Value {
    let mut all = Map::new();
    all.insert("x-request-id".to_owned(), json!({"$ref": "#/components/headers/RequestId"}));
    all.extend(headers);
    let mut response = json!({"description": description, "headers": all});
    if let Some(content) = content {
        response["content"] = content;
    }
    response
}

/// The answers that are no success, by status.
fn responses(components: &mut Components) -> Value {
    let detail = components.of::<Detail>();
    let error = components.of::<ErrorBody>();
    let issues = components.of::<ValidationErrors>();
    let failure = |detail: &str, kind: &str| json!({"detail": detail, "error_type": kind, "request_id": examples::REQUEST_ID});
    let mut responses = Map::new();
    let mut add =
        |status: u16, description: &str, schema: &Value, example: &Value, header: Option<(&str, Value)>| {
            let headers = header.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let described = response(description, Some(json_content(schema, example)), headers);
            responses.insert(status.to_string(), described);
        };
    let senseless = "The request makes no sense: a body that is no text, a null where a value is mandatory, a field \
                     that cannot be sorted by, a limit or offset out of range.";
    add(400, senseless, &detail, &json!({"detail": "Limit must be greater than 0 or -1 for no limit"}), None);
    let unknown = "Something that the request names is not in the store.";
    add(404, unknown, &error, &failure("Rollout ro-6f1d2c3b4a59 not found", "ValueError"), None);
    let allow = ("allow", json!({"description": "The methods of the path.", "schema": {"type": "string"}}));
    let method = "The path does not have this method.";
    add(405, method, &detail, &json!({"detail": "Method Not Allowed"}), Some(allow));
    let slow = "The request came too slowly. It may be sent again.";
    add(408, slow, &error, &failure("the body came too slowly", "LimitExceeded"), None);
    let large = "The request is over a limit, which the text names.";
    add(413, large, &error, &failure("the body is too large (limit: 67108864 bytes)", "LimitExceeded"), None);
    let faulty = "Some fields of the request are faulty: all of them are listed.";
    add(422, faulty, &issues, &examples::issues(), None);
    let trouble = "Trouble of the server's own, of which its log knows more. The request may be sent again.";
    add(500, trouble, &error, &failure("Internal server error", "InternalError"), None);
    let retry = ("retry-after", json!({"$ref": "#/components/headers/RetryAfter"}));
    let busy = "Not now; the text says why. The request may be sent again.";
    add(503, busy, &error, &failure("the server is stopping", "Unavailable"), Some(retry));
    Value::Object(responses)
}
