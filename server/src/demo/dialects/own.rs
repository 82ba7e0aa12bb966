//! What agents write about themselves.

use lightning_store_client::wire::Span;
use serde_json::Value;

use crate::demo::pen::{Pen, flat};
use crate::demo::script::{Script, Step};

/// Writes a step that is the same in every dialect. False: it is none of these.
pub(super) fn write(pen: &mut Pen<'_>, parent: Option<&str>, step: &Step) -> bool {
    let span = match step {
        Step::Operation { name, input, output, seconds } => {
            let span = pen.span("agentlightning.operation", parent, *seconds);
            let span = span.attribute("agentlightning.operation.name", *name);
            pen.wait(*seconds);
            flat(
                flat(span, "agentlightning.operation.input", input),
                "agentlightning.operation.output",
                output,
            )
        }
        Step::Say(text) => pen
            .span("agentlightning.message", parent, 0.0)
            .attribute("agentlightning.message.body", text.as_str()),
        Step::Keep(value) => pen
            .span("agentlightning.object", parent, 0.0)
            .attribute("agentlightning.object.type", type_of(value))
            .attribute("agentlightning.object.json", value.to_string()),
        // Its status is OK by design: an exception that was caught is no failure.
        Step::Throw { kind, message, trace } => pen
            .span("agentlightning.exception", parent, 0.0)
            .attribute("exception.type", *kind)
            .attribute("exception.message", message.as_str())
            .attribute("exception.escaped", true)
            .attribute("exception.stacktrace", trace.as_str()),
        Step::Pause(seconds) => {
            pen.wait(*seconds);
            return true;
        }
        Step::Model(_) | Step::Tool { .. } | Step::Search { .. } => return false,
    };
    pen.send(&span);
    true
}

/// The worth of it all, linked to the answer that it judges.
pub(super) fn reward(pen: &mut Pen<'_>, parent: Option<&str>, script: &Script, response_id: Option<&str>) {
    if script.rewards.is_empty() {
        return;
    }
    let mut span = pen.span("agentlightning.annotation", parent, 0.0);
    for (index, (name, value)) in script.rewards.iter().enumerate() {
        span = span
            .attribute(format!("agentlightning.reward.{index}.name"), *name)
            .attribute(format!("agentlightning.reward.{index}.value"), *value);
    }
    span = span.attribute("agentlightning.tag.0", script.agent).attribute("agentlightning.tag.1", "final");
    if let Some(id) = response_id {
        span = linked(span, "gen_ai.response.id", id);
    }
    pen.wait(0.01);
    pen.send(&span);
}

/// With a link to the spans that have this value under this key.
fn linked(span: Span, key: &str, value: &str) -> Span {
    span.attribute("agentlightning.link.0.key_match", key)
        .attribute("agentlightning.link.0.value_match", value)
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Object(_) => "dict",
        Value::Array(_) => "list",
        Value::String(_) => "str",
        Value::Bool(_) => "bool",
        Value::Number(_) => "float",
        Value::Null => "NoneType",
    }
}
