//! One operation, as the table of [`operations`](super::operations) puts it together.

use serde_json::{Map, Value, json};

use super::components::{Components, json_content, nullable};
use super::queries::Query;

/// What an operation takes and answers, beyond what its endpoint says.
#[derive(Debug, Default)]
pub(super) struct Operation {
    /// More about it.
    pub(super) description: Option<String>,
    /// The parameters of its query string.
    pub(super) parameters: Vec<Value>,
    /// Its body.
    pub(super) request_body: Option<Value>,
    /// Whether a body with faulty fields is a 422.
    pub(super) checks_body: bool,
    /// The body of its success, by content type.
    pub(super) content: Option<Value>,
    /// The headers of its success.
    pub(super) headers: Map<String, Value>,
    /// The statuses that it has beside those that all have.
    pub(super) statuses: Vec<u16>,
    /// Answers that differ from the shared ones.
    pub(super) responses: Vec<(u16, Value)>,
}

impl Operation {
    /// One that answers JSON.
    pub(super) fn answers(schema: &Value, example: &Value) -> Self {
        Self::gives(Some(json_content(schema, example)))
    }

    /// One that answers anything, or nothing.
    pub(super) fn gives(content: Option<Value>) -> Self {
        Self { content, ..Self::default() }
    }

    /// More is said about it.
    pub(super) fn described(mut self, description: &str) -> Self {
        self.description = Some(description.to_owned());
        self
    }

    /// The body must be there.
    pub(super) fn takes(self, schema: &Value, example: &Value) -> Self {
        self.body(&json_content(schema, example), true)
    }

    /// The body may be absent, empty or null.
    pub(super) fn may_take(self, schema: &Value, example: &Value) -> Self {
        self.body(&json_content(&nullable(schema), example), false)
    }

    fn body(mut self, content: &Value, required: bool) -> Self {
        self.checks_body = true;
        self.with_body(content, required)
    }

    /// A body whose faults are not listed.
    pub(super) fn with_body(mut self, content: &Value, required: bool) -> Self {
        self.request_body = Some(json!({"required": required, "content": content}));
        self
    }

    /// Conditions in the query string.
    pub(super) fn filtered(mut self, query: &Query) -> Self {
        self.parameters.extend(query.parameters());
        self
    }

    /// A page, from conditions in the query string.
    pub(super) fn lists(mut self, query: &Query) -> Self {
        self.statuses.push(400);
        self.filtered(query)
    }

    /// A page, from the same conditions in the body.
    pub(super) fn searches(
        self,
        components: &mut Components,
        name: &str,
        query: &Query,
        example: &Value,
    ) -> Self {
        let schema = components.named(name, || {
            query.body("The conditions of a list; all may be absent but those that are required.")
        });
        self.takes(&schema, example)
    }

    /// 404 for what is not in the store.
    pub(super) fn finds(mut self) -> Self {
        self.statuses.push(404);
        self
    }
}
