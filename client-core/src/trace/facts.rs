//! What is worked out from a span once, when it arrives, so that trees and layouts need not look at its text again.

use super::attributes::{Attributes, member};
use super::json::{Json, text_of};
use super::kind::{Kind, OPERATION_NAME};
use super::reward::{Reward, rewards};
use super::usage::{Usage, model_answered, model_requested, response_id};
use crate::lax::{Kind as JsonKind, Node};

/// The longest label, in characters. What is longer ends with `…`.
pub const MAX_LABEL_CHARACTERS: usize = 200;

/// What is known of one span.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) kind: Kind,
    pub(super) error: bool,
    /// What a row shows: the model, the tool, the text of a message; else the name.
    pub(super) label: String,
    /// The operation, agent or tool within the name.
    pub(super) operation: Option<String>,
    pub(super) input_tokens: Option<u64>,
    pub(super) output_tokens: Option<u64>,
    /// The primary reward.
    pub(super) reward: Option<f64>,
    pub(super) response_id: Option<String>,
    /// It has links to other spans.
    pub(super) links: bool,
}

impl Facts {
    pub(super) fn of(name: &str, span: Node<'_>, attributes: &Attributes<'_>) -> Self {
        let kind = Kind::detect(name, attributes);
        let rewards = rewards(name, attributes);
        let usage = Usage::of(attributes);
        let operation = operation(name, attributes);
        Self {
            error: kind == Kind::Exception || failed(span) || has_exception(span),
            label: shorten(&label(kind, name, operation.as_deref(), &rewards, attributes)),
            operation,
            input_tokens: usage.input,
            output_tokens: usage.output,
            reward: rewards.first().map(|reward| reward.value),
            response_id: response_id(attributes),
            links: attributes.has("agentlightning.link."),
            kind,
        }
    }
}

/// Whether the status is ERROR.
pub(super) fn failed(span: Node<'_>) -> bool {
    let code = member(span, "status").and_then(|status| member(status, "status_code"));
    code.is_some_and(|code| {
        code.kind() == JsonKind::String && code.text().is_some_and(|text| text == "ERROR")
    })
}

pub(super) fn has_exception(span: Node<'_>) -> bool {
    member(span, "events").is_some_and(|events| {
        let mut names = events.items().filter_map(|event| member(event, "name"));
        names.any(|name| {
            name.kind() == JsonKind::String && name.text().is_some_and(|name| name == "exception")
        })
    })
}

/// The agent that a span is, by the first sign that is there.
pub fn agent_name(name: &str, attributes: &Attributes<'_>) -> Option<String> {
    let is = |key: &str, value: &str| attributes.string(key).as_deref() == Some(value);
    let any =
        |key: &str| attributes.get(key).filter(|node| !node.is_null()).map(|node| Json::of(node).into_text());
    any("agent.name")
        .or_else(|| any("operation.name").filter(|_| is("agentops.span.kind", "agent")))
        .or_else(|| any("recipient_agent_type"))
        .or_else(|| any("langchain.chain.type"))
        .or_else(|| any("executor.id"))
        .or_else(|| any("agentlightning.operation.input.name").filter(|_| is("type", "agent")))
        .or_else(|| any("lc_name").filter(|_| name.starts_with("langchain.Chain.")))
}

/// What was done, where the name of the span does not say it.
fn operation(name: &str, attributes: &Attributes<'_>) -> Option<String> {
    if let Some(operation) = attributes.text(&[OPERATION_NAME]) {
        return Some(weave_function(&operation).unwrap_or(operation));
    }
    attributes
        .text(&["operation.name", "agentops.entity.name", "tool.name"])
        .filter(|operation| operation != name)
}

/// `weave:///team/project/op/<function>:<digest>` → the function.
fn weave_function(reference: &str) -> Option<String> {
    let (_, last) = reference.strip_prefix("weave:///")?.rsplit_once('/')?;
    Some(last.rsplit_once(':').map_or(last, |(function, _)| function).to_owned())
}

fn label(
    kind: Kind,
    name: &str,
    operation: Option<&str>,
    rewards: &[Reward],
    attributes: &Attributes<'_>,
) -> String {
    let found = match kind {
        Kind::Llm | Kind::Embedding => model_answered(attributes).or_else(|| model_requested(attributes)),
        Kind::Tool => attributes
            .text(&["tool.name", "gen_ai.tool.name", "langchain.tool.name"])
            .or_else(|| name.strip_prefix("tool_call.").map(str::to_owned)),
        Kind::Message => attributes.text(&["agentlightning.message.body"]),
        Kind::Object => attributes.text(&["agentlightning.object.type"]),
        Kind::Exception => exception_label(attributes),
        Kind::Agent => agent_name(name, attributes),
        Kind::Reward => {
            let dimension = rewards.first().and_then(|reward| reward.name.clone());
            dimension.filter(|dimension| dimension != "primary").or_else(|| Some("reward".to_owned()))
        }
        _ => None,
    };
    found.or_else(|| operation.map(str::to_owned)).unwrap_or_else(|| name.to_owned())
}

pub(super) fn exception_label(attributes: &Attributes<'_>) -> Option<String> {
    let kind = attributes.text(&["exception.type"]);
    let message = attributes.text(&["exception.message"]);
    match (kind, message) {
        (Some(kind), Some(message)) => Some(format!("{kind}: {message}")),
        (kind, message) => kind.or(message),
    }
}

/// One line of at most [`MAX_LABEL_CHARACTERS`].
fn shorten(text: &str) -> String {
    shorten_to(text, MAX_LABEL_CHARACTERS)
}

/// One line of at most so many characters, and `…` if there is more.
pub(super) fn shorten_to(text: &str, most: usize) -> String {
    let text = text.trim();
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None if line.len() < text.len() => format!("{line} …"),
        None => line.to_owned(),
    }
}

/// A member that is a string.
pub(super) fn string_member(object: Node<'_>, key: &str) -> Option<String> {
    member(object, key).filter(|node| node.kind() == JsonKind::String).map(text_of)
}

#[cfg(test)]
mod tests {
    use super::super::json::BOUNDS;
    use super::*;
    use crate::lax::Tape;

    fn facts(name: &str, members: &str) -> Facts {
        let text = format!("{{{members}}}");
        let tape = Tape::parse(&text, BOUNDS).unwrap();
        Facts::of(name, tape.root(), &Attributes::of_span(tape.root()))
    }

    #[test]
    fn labels_say_what_was_done() {
        for (name, attributes, label) in [
            ("openai.chat.completion", r#"{"gen_ai.request.model":"a","gen_ai.response.model":"b"}"#, "b"),
            ("openai.chat.completion", "{}", "openai.chat.completion"),
            ("tool_call.search", "{}", "search"),
            ("x.tool", r#"{"agentops.span.kind":"tool","operation.name":"x"}"#, "x"),
            ("agentlightning.message", r#"{"agentlightning.message.body":" one\ntwo"}"#, "one …"),
            ("agentlightning.exception", r#"{"exception.type":"E","exception.message":"m"}"#, "E: m"),
            ("agentlightning.operation", r#"{"agentlightning.operation.name":"plan"}"#, "plan"),
            ("plan", r#"{"agentlightning.operation.name":"weave:///a/b/op/plan_it:v3"}"#, "plan_it"),
            (
                "agentlightning.annotation",
                r#"{"agentlightning.reward.0.name":"primary","agentlightning.reward.0.value":1}"#,
                "reward",
            ),
            (
                "agentlightning.annotation",
                r#"{"agentlightning.reward.0.name":"speed","agentlightning.reward.0.value":1}"#,
                "speed",
            ),
            ("a.agent", r#"{"agentops.span.kind":"agent","operation.name":"planner"}"#, "planner"),
            ("agentlightning.object", r#"{"agentlightning.object.type":"dict"}"#, "dict"),
        ] {
            assert_eq!(
                facts(name, &format!("\"attributes\":{attributes}")).label,
                label,
                "{name} {attributes}"
            );
        }
        let long = facts(
            "agentlightning.message",
            &format!(r#""attributes":{{"agentlightning.message.body":"{}"}}"#, "é".repeat(300)),
        );
        assert_eq!(long.label.chars().count(), MAX_LABEL_CHARACTERS + 1);
    }

    #[test]
    fn errors_are_known_by_status_kind_or_event() {
        for (name, members, error) in [
            ("x", r#""status":{"status_code":"ERROR"}"#, true),
            ("x", r#""status":{"status_code":"OK"}"#, false),
            ("agentlightning.exception", r#""status":{"status_code":"OK"}"#, true),
            ("x", r#""attributes":{"exception.type":"E"}"#, true),
            ("x", r#""events":[{"name":"a"},{"name":"exception"}]"#, true),
            ("x", r#""events":[{"name":5}, 7],"status":[]"#, false),
        ] {
            assert_eq!(facts(name, members).error, error, "{name} {members}");
        }
    }

    #[test]
    fn agents_are_named_by_the_first_sign() {
        let agent = |name: &str, attributes: &str| {
            let tape = Tape::parse(attributes, BOUNDS).unwrap();
            agent_name(name, &Attributes::of(tape.root()))
        };
        for (name, attributes, expected) in [
            ("x", r#"{"agent.name":"a","recipient_agent_type":"b"}"#, Some("a")),
            ("x", r#"{"agentops.span.kind":"agent","operation.name":"b"}"#, Some("b")),
            ("x", r#"{"agentops.span.kind":"task","operation.name":"b"}"#, None),
            ("x", r#"{"recipient_agent_type":"c","langchain.chain.type":"d"}"#, Some("c")),
            ("x", r#"{"langchain.chain.type":"d","executor.id":"e"}"#, Some("d")),
            ("x", r#"{"executor.id":"e"}"#, Some("e")),
            ("x", r#"{"type":"agent","agentlightning.operation.input.name":"f"}"#, Some("f")),
            ("x", r#"{"agentlightning.operation.input.name":"f"}"#, None),
            ("langchain.Chain.LangGraph", r#"{"lc_name":"g"}"#, Some("g")),
            ("x", r#"{"lc_name":"g"}"#, None),
        ] {
            assert_eq!(agent(name, attributes).as_deref(), expected, "{name} {attributes}");
        }
    }
}
