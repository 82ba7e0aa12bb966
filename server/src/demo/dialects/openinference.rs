//! `OpenInference`: kinds in capitals, `llm.input_messages.<i>.message.…`, and spans for searches in documents.

use serde_json::{Value, json};

use super::{length, own};
use crate::demo::pen::{Pen, broken};
use crate::demo::script::{Exchange, Message, Script, Step};

pub(super) fn write(pen: &mut Pen<'_>, script: &Script) {
    let agent = pen.id();
    let (begin, seconds) = (pen.now, length(script));
    for step in &script.steps {
        match step {
            Step::Model(exchange) => model(pen, &agent, script, exchange),
            Step::Tool { call, result, seconds } => {
                let span = pen
                    .span(call.name, Some(&agent), *seconds)
                    .attribute("openinference.span.kind", "TOOL")
                    .attribute("tool.name", call.name)
                    .attribute("input.value", call.arguments.to_string())
                    .attribute("input.mime_type", "application/json");
                pen.wait(*seconds);
                pen.send(&match result {
                    Ok(text) => span.attribute("output.value", text.as_str()),
                    Err(error) => {
                        let (kind, message) = error.split_once(": ").unwrap_or(("ToolError", error));
                        broken(span, kind, message, &crate::demo::errors::trace(call.name, kind, message))
                    }
                });
            }
            Step::Search { query, documents, seconds } => {
                let mut span = pen
                    .span("retrieve", Some(&agent), *seconds)
                    .attribute("openinference.span.kind", "RETRIEVER")
                    .attribute("input.value", query.as_str());
                for (index, document) in documents.iter().enumerate() {
                    let key = |part: &str| format!("retrieval.documents.{index}.document.{part}");
                    let score = pen.random.between(0.4, 0.98);
                    span = span.attribute(key("content"), document.as_str()).attribute(key("score"), score);
                }
                pen.wait(*seconds);
                pen.send(&span);
            }
            other => drop(own::write(pen, Some(&agent), other)),
        }
    }
    own::reward(pen, Some(&agent), script, None);
    let end = pen.now;
    pen.now = begin;
    let session = pen.random.uuid();
    let span = pen
        .span_with(agent, script.agent, None, seconds.max(end - begin))
        .attribute("openinference.span.kind", "AGENT")
        .attribute("session.id", session)
        .attribute("user.id", "trainer")
        .attribute("tag.tags", vec!["demo".to_owned(), script.agent.to_owned()]);
    pen.now = end;
    let thrown = script.steps.iter().rev().find(|step| matches!(step, Step::Throw { .. }));
    pen.send(&match thrown {
        Some(Step::Throw { kind, message, trace }) if !script.succeeds => broken(span, kind, message, trace),
        _ => span,
    });
}

fn model(pen: &mut Pen<'_>, parent: &str, script: &Script, exchange: &Exchange) {
    let (input, output) = (exchange.input_tokens(), exchange.output_tokens());
    let mut span = pen
        .span("ChatCompletion", Some(parent), exchange.seconds)
        .attribute("openinference.span.kind", "LLM")
        .attribute("llm.model_name", script.model.as_str())
        .attribute("llm.system", "openai")
        .attribute("llm.invocation_parameters", json!({"temperature": 0.7, "max_tokens": 1024}).to_string());
    for (index, message) in exchange.prompt.iter().enumerate() {
        span = told(span, "llm.input_messages", index, message);
    }
    span = told(span, "llm.output_messages", 0, &exchange.answer);
    for (index, tool) in script.tools.iter().enumerate() {
        let schema = json!({"type": "function", "function": {"name": tool.name, "description": tool.description,
            "parameters": serde_json::from_str::<Value>(tool.parameters).unwrap_or_default()}});
        span = span.attribute(format!("llm.tools.{index}.tool.json_schema"), schema.to_string());
    }
    span = span
        .attribute("llm.token_count.prompt", input)
        .attribute("llm.token_count.completion", output)
        .attribute("llm.token_count.total", input + output)
        .attribute("output.value", exchange.answer.text.as_str())
        .attribute("output.mime_type", "text/plain");
    pen.wait(exchange.seconds);
    pen.send(&span);
}

fn told(
    mut span: lightning_store_client::wire::Span,
    list: &str,
    index: usize,
    message: &Message,
) -> lightning_store_client::wire::Span {
    let key = |part: &str| format!("{list}.{index}.message.{part}");
    span = span.attribute(key("role"), message.role);
    span = match &message.image {
        None => span.attribute(key("content"), message.text.as_str()),
        Some(image) => span
            .attribute(key("contents.0.message_content.type"), "text")
            .attribute(key("contents.0.message_content.text"), message.text.as_str())
            .attribute(key("contents.1.message_content.type"), "image")
            .attribute(key("contents.1.message_content.image.image.url"), image.as_str()),
    };
    if let Some(call) = &message.answers {
        span = span.attribute(key("tool_call_id"), call.as_str());
    }
    for (place, call) in message.calls.iter().enumerate() {
        let key = |part: &str| format!("{list}.{index}.message.tool_calls.{place}.tool_call.{part}");
        span = span
            .attribute(key("id"), call.id.as_str())
            .attribute(key("function.name"), call.name)
            .attribute(key("function.arguments"), call.arguments.to_string());
    }
    span
}
