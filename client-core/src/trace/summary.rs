//! What an inspector shows of one span.

use serde::Serialize;

use super::attributes::{Attributes, member};
use super::facts::{agent_name, string_member};
use super::json::Json;
use super::kind::Kind;
use super::link::{LinkRule, link_rules, tags};
use super::reward::{Reward, rewards};
use super::store::Trace;
use super::usage::{Usage, model_answered, model_requested, provider_structure};

/// One span, told in words. Null: not known.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Its id.
    pub span_id: String,
    /// The id of its parent, received or not.
    pub parent_id: Option<String>,
    /// The trace it is part of.
    pub trace_id: String,
    /// Its name as sent.
    pub name: String,
    /// What its row shows.
    pub label: String,
    /// What it is.
    pub kind: Kind,
    /// It failed, or is or holds an exception.
    pub error: bool,
    /// `OK`, `ERROR`, `UNSET`, or what else was sent.
    pub status: Option<String>,
    /// How it ended, in words.
    pub status_description: Option<String>,
    /// Its place in the order of the rollout.
    pub sequence_id: i64,
    /// Seconds since 1970.
    pub start: Option<f64>,
    /// Seconds since 1970.
    pub end: Option<f64>,
    /// Seconds.
    pub duration: Option<f64>,
    /// Seconds from the first start of the trace.
    pub offset: Option<f64>,
    /// Seconds in which none of its children was going on. Known to [`Waterfall::summary`](super::Waterfall::summary),
    /// which has the tree.
    pub self_time: Option<f64>,
    /// What recorded it: the tracer, the service.
    pub tracer: Option<String>,
    /// The operation within its name.
    pub operation: Option<String>,
    /// The agent that it is.
    pub agent: Option<String>,
    /// The model that was asked for.
    pub model_requested: Option<String>,
    /// The model that answered.
    pub model_answered: Option<String>,
    /// What the model was asked with: `temperature`, `top_p`, `max_tokens` and others.
    pub parameters: Vec<(String, Json)>,
    /// Tokens and cost.
    pub usage: Usage,
    /// Seconds to the first token.
    pub time_to_first_token: Option<f64>,
    /// Why the model stopped.
    pub finish_reason: Option<String>,
    /// The id of the answer.
    pub response_id: Option<String>,
    /// The dimensions of its reward, the primary one first.
    pub rewards: Vec<Reward>,
    /// Its tags.
    pub tags: Vec<String>,
    /// The conditions of its link.
    pub link_rules: Vec<LinkRule>,
    /// The spans that its link means.
    pub links_to: Vec<SpanRef>,
    /// The spans whose links mean it.
    pub linked_by: Vec<SpanRef>,
    /// Tools that were called within it.
    pub tool_calls: Vec<SpanRef>,
    /// The exception it is, or the first one that happened in it.
    pub exception: Option<Exception>,
    /// It has token ids of prompt and answer, so many.
    pub token_ids: Option<(usize, usize)>,
}

/// A span, told in a few words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpanRef {
    /// Its id.
    pub span_id: String,
    /// What its row shows.
    pub label: String,
    /// Its name as sent.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its place in the order of the rollout.
    pub sequence_id: i64,
    /// Its primary reward. Null: it has none.
    pub reward: Option<f64>,
}

/// An exception. Null: not said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exception {
    /// Its class.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What it says.
    pub message: Option<String>,
    /// Where it happened.
    pub stacktrace: Option<String>,
}

/// Members of requests that are shown elsewhere, or are none of what the model was asked with.
const NO_PARAMETERS: &[&str] =
    &["model", "type", "headers", "functions", "tools", "messages", "input", "prompt"];

/// What a model is asked with, as providers name it.
const PARAMETERS: &[&str] = &[
    "temperature",
    "top_p",
    "top_k",
    "max_tokens",
    "max_completion_tokens",
    "seed",
    "stream",
    "stop",
    "n",
    "frequency_penalty",
    "presence_penalty",
    "response_format",
    "reasoning_effort",
    "tool_choice",
];

impl Summary {
    /// Of the span at a place.
    ///
    /// # Panics
    /// If there is no such span.
    pub fn of(trace: &Trace, span: usize) -> Self {
        let known = &trace.spans()[span];
        let text = trace.read_span(span);
        let attributes = text.attributes();
        let status = member(text.span(), "status");
        let refs = |spans: Vec<usize>| spans.into_iter().map(|span| SpanRef::of(trace, span)).collect();
        let tools =
            trace.children_of(span).into_iter().filter(|child| trace.spans()[*child].kind == Kind::Tool);
        let (prompt_ids, response_ids) = super::triplets::token_ids(&attributes);
        Self {
            span_id: trace.span_id(span).to_owned(),
            parent_id: trace.parent_id(span).map(str::to_owned),
            trace_id: trace.trace_id(span).to_owned(),
            name: trace.name(span).to_owned(),
            label: trace.label(span).to_owned(),
            kind: known.kind,
            error: known.error,
            status: status.and_then(|status| string_member(status, "status_code")),
            status_description: status.and_then(|status| string_member(status, "description")),
            sequence_id: known.sequence_id,
            start: known.start,
            end: known.end,
            duration: known.duration(),
            offset: trace.extent().zip(known.start).map(|((first, _), start)| start - first),
            self_time: None,
            tracer: tracer(text.span()),
            operation: trace.operation(span).map(str::to_owned),
            agent: agent_name(trace.name(span), &attributes),
            model_requested: model_requested(&attributes),
            model_answered: model_answered(&attributes),
            parameters: parameters(&attributes),
            usage: Usage::of(&attributes),
            time_to_first_token: attributes.number(&[
                "gen_ai.streaming.time_to_first_token",
                "gen_ai.server.time_to_first_token",
                "gen_ai.response.time_to_first_token",
            ]),
            finish_reason: finish_reason(&attributes),
            response_id: trace.response_id(span).map(str::to_owned),
            rewards: rewards(trace.name(span), &attributes),
            tags: tags(&attributes),
            link_rules: link_rules(&attributes),
            links_to: refs(trace.linked_from(span)),
            linked_by: refs(trace.linked_to(span)),
            tool_calls: refs(tools.collect()),
            exception: exception(text.span(), &attributes),
            token_ids: Some((prompt_ids.len(), response_ids.len())).filter(|counts| *counts != (0, 0)),
        }
    }
}

impl SpanRef {
    /// Of the span at a place.
    pub fn of(trace: &Trace, span: usize) -> Self {
        let known = &trace.spans()[span];
        Self {
            span_id: trace.span_id(span).to_owned(),
            label: trace.label(span).to_owned(),
            name: trace.name(span).to_owned(),
            kind: known.kind,
            sequence_id: known.sequence_id,
            reward: known.reward,
        }
    }
}

fn tracer(span: crate::lax::Node<'_>) -> Option<String> {
    let resource = Attributes::of_span(member(span, "resource")?);
    resource.text(&["agentlightning.tracer.name", "telemetry.sdk.name", "service.name"])
}

/// What the model was asked with, in the order sent.
fn parameters(attributes: &Attributes<'_>) -> Vec<(String, Json)> {
    let wanted = |key: &str, value: &Json| !NO_PARAMETERS.contains(&key) && !value.is_blank();
    let whole = |value: Option<Json>| match value {
        Some(Json::Object(members)) => members,
        _ => crate::wire::JsonObject::default(),
    };
    let mut found: Vec<(String, Json)> = whole(attributes.unflatten("gen_ai.request."))
        .into_iter()
        .filter(|(key, value)| wanted(key, value))
        .collect();
    let invocation =
        ["llm.invocation_parameters", "model_parameters"].iter().find_map(|key| attributes.structure(key));
    found.extend(whole(invocation).into_iter().filter(|(key, value)| wanted(key, value)));
    for key in PARAMETERS {
        let value = attributes
            .structure(&format!("agentlightning.operation.input.{key}"))
            .or_else(|| provider_structure(attributes, key))
            .filter(|value| !value.is_blank());
        found.extend(
            value
                .filter(|_| !found.iter().any(|(known, _)| known == key))
                .map(|value| ((*key).to_owned(), value)),
        );
    }
    found
}

fn finish_reason(attributes: &Attributes<'_>) -> Option<String> {
    let keys = [
        "gen_ai.response.finish_reason",
        "gen_ai.response.stop_reason",
        "gen_ai.completion.0.finish_reason",
        "agentlightning.operation.output.choices.0.finish_reason",
        "llm.finish_reason",
    ];
    attributes
        .text(&keys)
        .or_else(|| match attributes.structure("gen_ai.response.finish_reasons")? {
            Json::Array(items) => items.into_iter().find(|reason| !reason.is_blank()).map(Json::into_text),
            Json::String(reason) => Some(reason),
            _ => None,
        })
        .or_else(|| {
            provider_structure(attributes, "choices")?
                .as_array()?
                .first()?
                .text_at("finish_reason")
                .map(str::to_owned)
        })
}

fn exception(span: crate::lax::Node<'_>, attributes: &Attributes<'_>) -> Option<Exception> {
    let read = |attributes: &Attributes<'_>| {
        attributes.has("exception.").then(|| Exception {
            kind: attributes.text(&["exception.type"]),
            message: attributes.text(&["exception.message"]),
            stacktrace: attributes.text(&["exception.stacktrace"]),
        })
    };
    read(attributes)
        .or_else(|| member(span, "events")?.items().find_map(|event| read(&Attributes::of_span(event))))
}
