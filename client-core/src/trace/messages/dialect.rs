//! Where the messages of a call lie among the attributes of its span.

use serde::Serialize;

use super::super::attributes::Attributes;
use super::super::json::Json;
use super::super::kind::Kind;
use super::super::python::parse_structure;
use super::super::store::Trace;
use super::super::usage::{provider_structure, provider_text};
use super::message::{Message, Part, Tool};
use super::read::{messages, parts, tools};

/// Who wrote the messages down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// `gen_ai.input.messages`: JSON text, as OpenTelemetry's conventions and new versions of `LiteLLM` have it.
    GenAi,
    /// `gen_ai.prompt.<i>.role`: `AgentOps`, and older versions of `LiteLLM`.
    AgentOps,
    /// `agentlightning.operation.input.messages.<i>.role`: Weave.
    Weave,
    /// `llm.input_messages.<i>.message.role`: `OpenInference`.
    OpenInference,
    /// `llm.<provider>.messages`: what a proxy sent and got back, as text of Python.
    Raw,
    /// Inputs and outputs that are no messages.
    Plain,
}

/// What was said in one span.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct SpanMessages {
    /// Who wrote it down. Null: there is nothing.
    pub dialect: Option<Dialect>,
    /// What was said to the model, or put into the function.
    pub prompt: Vec<Message>,
    /// What came back; several, if several answers were asked for.
    pub completion: Vec<Message>,
    /// The tools that were offered.
    pub tools: Vec<Tool>,
}

impl SpanMessages {
    /// The messages of a span of this kind, wherever they are. What one dialect lacks is taken from the next.
    pub fn of(kind: Kind, attributes: &Attributes<'_>) -> Self {
        let mut found = Self::default();
        if attributes.is_empty() {
            return found;
        }
        found.fill(Dialect::GenAi, gen_ai(attributes));
        found.fill(Dialect::AgentOps, agentops(attributes));
        found.fill(Dialect::Weave, weave(attributes));
        found.fill(Dialect::OpenInference, openinference(attributes));
        found.fill(Dialect::Raw, raw(attributes));
        if found.prompt.is_empty() && found.completion.is_empty() {
            found.fill(Dialect::Plain, plain(kind, attributes));
        }
        found
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.prompt.is_empty() && self.completion.is_empty()
    }

    /// The messages of a span of a trace. Tools that `AgentOps` recorded as spans below a call are calls of its answer.
    pub fn of_span(trace: &Trace, span: usize) -> Self {
        let kind = trace.spans()[span].kind;
        let mut found = Self::of(kind, &trace.read_span(span).attributes());
        if kind == Kind::Llm && !found.completion.is_empty() && !found.calls_tools() {
            let tools =
                trace.children_of(span).into_iter().filter(|child| trace.spans()[*child].kind == Kind::Tool);
            let calls =
                tools.flat_map(|tool| Self::of(Kind::Tool, &trace.read_span(tool).attributes()).prompt);
            let calls: Vec<Part> = calls.flat_map(|message| message.parts).filter(is_tool_call).collect();
            found.add_tool_calls(calls.into_iter());
        }
        found
    }

    /// Whether an answer calls tools.
    fn calls_tools(&self) -> bool {
        self.completion.iter().any(|message| message.parts.iter().any(is_tool_call))
    }

    fn add_tool_calls(&mut self, calls: impl Iterator<Item = Part>) {
        if let Some(answer) = self.completion.first_mut() {
            answer.parts.extend(calls);
        }
    }

    fn fill(&mut self, dialect: Dialect, from: Self) {
        if self.dialect.is_none() && !(from.is_empty() && from.tools.is_empty()) {
            self.dialect = Some(dialect);
        }
        self.complete_with(from);
    }

    /// Takes what is missing from another observation of the same call.
    pub fn complete_with(&mut self, other: Self) {
        if self.prompt.is_empty() {
            self.prompt = other.prompt;
        }
        if self.completion.is_empty() {
            self.completion = other.completion;
        } else if !self.calls_tools() {
            // New versions of `LiteLLM` write the text here and the calls there.
            let calls = other.completion.into_iter().flat_map(|message| message.parts).filter(is_tool_call);
            self.add_tool_calls(calls);
        }
        if self.tools.is_empty() {
            self.tools = other.tools;
        }
        self.dialect = self.dialect.or(other.dialect);
    }
}

fn is_tool_call(part: &Part) -> bool {
    matches!(part, Part::ToolCall { .. })
}

/// The messages flattened or written under `key`.
fn listed(attributes: &Attributes<'_>, key: &str, role: &str) -> Vec<Message> {
    attributes.structure(key).map(|value| messages(value, role)).unwrap_or_default()
}

fn offered(attributes: &Attributes<'_>, keys: &[&str]) -> Vec<Tool> {
    let mut found = keys.iter().filter_map(|key| attributes.structure(key)).map(tools);
    found.find(|tools| !tools.is_empty()).unwrap_or_default()
}

fn gen_ai(attributes: &Attributes<'_>) -> SpanMessages {
    let mut prompt = attributes.structure("gen_ai.system_instructions").map(system).unwrap_or_default();
    prompt.extend(listed(attributes, "gen_ai.input.messages", "user"));
    let mut completion = listed(attributes, "gen_ai.output.messages", "assistant");
    set_finish_reasons(attributes, &mut completion);
    SpanMessages {
        dialect: None,
        prompt,
        completion,
        tools: offered(attributes, &["gen_ai.tool.definitions"]),
    }
}

/// Instructions: messages, or the parts of one.
fn system(value: Json) -> Vec<Message> {
    let has_messages =
        value.as_array().is_some_and(|items| items.iter().all(|item| item.get("role").is_some()));
    if has_messages { messages(value, "system") } else { vec![message_of_parts(value, "system")] }
}

fn message_of_parts(value: Json, role: &str) -> Message {
    Message { role: role.to_owned(), parts: parts(value), ..Message::default() }
}

fn agentops(attributes: &Attributes<'_>) -> SpanMessages {
    let mut completion = listed(attributes, "gen_ai.completion", "assistant");
    set_finish_reasons(attributes, &mut completion);
    let keys =
        ["gen_ai.request.functions", "gen_ai.request.tools", "llm.request.functions", "llm.request.tools"];
    SpanMessages {
        dialect: None,
        prompt: listed(attributes, "gen_ai.prompt", "user"),
        completion,
        tools: offered(attributes, &keys),
    }
}

/// Gives answers the reasons that are noted beside them.
fn set_finish_reasons(attributes: &Attributes<'_>, completion: &mut [Message]) {
    let single = || {
        attributes.text(&["gen_ai.response.finish_reason", "gen_ai.response.stop_reason"]).map(Json::String)
    };
    let reasons = match attributes.structure("gen_ai.response.finish_reasons").or_else(single) {
        Some(Json::Array(items)) => items,
        Some(reason @ Json::String(_)) => vec![reason],
        _ => return,
    };
    for (message, reason) in completion.iter_mut().zip(reasons) {
        if message.finish_reason.is_none() && !reason.is_blank() {
            message.finish_reason = Some(reason.into_text());
        }
    }
}

fn weave(attributes: &Attributes<'_>) -> SpanMessages {
    let input = |key: &str| format!("agentlightning.operation.input.{key}");
    let output = |key: &str| format!("agentlightning.operation.output.{key}");
    let mut prompt = listed(attributes, &input("messages"), "user");
    let mut completion = listed(attributes, &output("choices"), "assistant");
    // Inputs and outputs of these names are messages only where a model is called.
    if prompt.is_empty() && attributes.get(&input("model")).is_some() {
        prompt = attributes.structure(&input("instructions")).map(system).unwrap_or_default();
        prompt.extend(listed(attributes, &input("input"), "user"));
    }
    if completion.is_empty() && attributes.get(&output("model")).is_some() {
        completion = listed(attributes, &output("output"), "assistant");
        if completion.is_empty() {
            completion = attributes
                .structure(&output("content"))
                .map(|value| vec![message_of_parts(value, "assistant")])
                .unwrap_or_default();
        }
    }
    let tools = if prompt.is_empty() {
        Vec::new()
    } else {
        offered(attributes, &[&input("tools"), &input("functions")])
    };
    SpanMessages { dialect: None, prompt, completion, tools }
}

fn openinference(attributes: &Attributes<'_>) -> SpanMessages {
    SpanMessages {
        dialect: None,
        prompt: listed(attributes, "llm.input_messages", "user"),
        completion: listed(attributes, "llm.output_messages", "assistant"),
        tools: offered(attributes, &["llm.tools"]),
    }
}

fn raw(attributes: &Attributes<'_>) -> SpanMessages {
    let under = |parameter: &str| provider_structure(attributes, parameter);
    let mut prompt = under("system").map(system).unwrap_or_default();
    let said = under("messages").or_else(|| under("input")).or_else(|| under("prompt"));
    prompt.extend(said.map(|value| messages(value, "user")).unwrap_or_default());
    let answer = under("choices").or_else(|| under("output")).or_else(|| {
        let text = provider_text(attributes, "stringified_raw_response")?;
        let Some(response) = parse_structure(&text) else { return Some(Json::String(text)) };
        let part = ["choices", "output"].iter().find_map(|key| response.get(key).cloned());
        Some(part.unwrap_or(response))
    });
    let completion = match answer {
        Some(answer) => messages(answer, "assistant"),
        None => under("content").map(|value| vec![message_of_parts(value, "assistant")]).unwrap_or_default(),
    };
    let tools = under("tools").or_else(|| under("functions")).map(tools).unwrap_or_default();
    SpanMessages { dialect: None, prompt, completion, tools }
}

/// What went into and came out of spans that are no calls of a model.
fn plain(kind: Kind, attributes: &Attributes<'_>) -> SpanMessages {
    let said =
        |part: Part, role: &str| Message { role: role.to_owned(), parts: vec![part], ..Message::default() };
    if let Some(text) = attributes.text(&["agentlightning.message.body"]) {
        return SpanMessages {
            completion: vec![said(Part::Text { text }, "message")],
            ..SpanMessages::default()
        };
    }
    if kind == Kind::Tool
        && let Some(name) = attributes.text(&["tool.name", "gen_ai.tool.name", "langchain.tool.name"])
    {
        let id = attributes.text(&["tool.call.id", "gen_ai.tool.call.id"]);
        let value = |keys: &[&str]| keys.iter().find_map(|key| attributes.structure(key));
        let arguments =
            value(&["tool.parameters", "gen_ai.tool.call.arguments", "langchain.tool.input", "input.value"]);
        let result =
            value(&["tool.result", "gen_ai.tool.call.result", "langchain.tool.output", "output.value"]);
        let call = Part::ToolCall {
            id: id.clone(),
            name: Some(name),
            arguments: arguments.unwrap_or(Json::Null),
            note: None,
        };
        let result = result.map(|content| said(Part::ToolResult { tool_call_id: id, content }, "tool"));
        return SpanMessages {
            prompt: vec![said(call, "assistant")],
            completion: result.into_iter().collect(),
            ..SpanMessages::default()
        };
    }
    let value = |keys: &[&str], role: &str| -> Vec<Message> {
        let found = keys.iter().find_map(|key| attributes.structure(key));
        let part = found.map(|value| match value {
            Json::String(text) => Part::Text { text },
            value => Part::Json { value, note: None },
        });
        part.map(|part| said(part, role)).into_iter().collect()
    };
    let operation =
        ["agentops.operation", "agentops.task", "agentops.agent", "agentops.tool", "agentops.session"];
    let read = |role: &str| {
        let mut keys = vec![format!("{role}.value"), format!("agentops.entity.{role}")];
        keys.extend(operation.iter().map(|family| format!("{family}.{role}")));
        keys.push(format!("agentlightning.operation.{role}"));
        value(&keys.iter().map(String::as_str).collect::<Vec<_>>(), role)
    };
    SpanMessages { prompt: read("input"), completion: read("output"), ..SpanMessages::default() }
}
