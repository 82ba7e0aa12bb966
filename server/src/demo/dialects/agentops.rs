//! `AgentOps`: `openai.chat.completion` with `gen_ai.prompt.<i>.…`; tools are children of the completion that calls them.

use lightning_store_client::wire::Span;
use serde_json::{Value, json};

use super::{length, own, token_ids};
use crate::demo::pen::{Pen, broken};
use crate::demo::script::{Exchange, Message, Script, Step, ToolCall};

pub(super) fn write(pen: &mut Pen<'_>, script: &Script) {
    let (session, agent) = (pen.id(), pen.id());
    let (begin, seconds) = (pen.now, length(script));
    let mut last_answer: Option<(String, String)> = None;
    for step in &script.steps {
        match step {
            Step::Model(exchange) => last_answer = Some(model(pen, &agent, script, exchange)),
            Step::Tool { call, result, seconds } => {
                let parent = last_answer.as_ref().map_or(agent.clone(), |(span, _)| span.clone());
                tool(pen, &parent, call, result, *seconds);
            }
            Step::Search { query, documents, seconds } => {
                let span = pen
                    .span("find_documents.task", Some(&agent), *seconds)
                    .attribute("agentops.span.kind", "task")
                    .attribute("operation.name", "find_documents")
                    .attribute(
                        "agentops.entity.input",
                        json!({"query": query, "count": documents.len()}).to_string(),
                    )
                    .attribute("agentops.entity.output", json!(documents).to_string());
                pen.wait(*seconds);
                pen.send(&span);
            }
            other => drop(own::write(pen, Some(&agent), other)),
        }
    }
    own::reward(pen, Some(&agent), script, last_answer.as_ref().map(|(_, id)| id.as_str()));
    let end = pen.now;
    pen.now = begin;
    let parent = span_of(
        pen,
        agent,
        &format!("{}.agent", script.agent),
        Some(&session),
        seconds.max(end - begin),
        script,
    );
    let root = span_of(pen, session, "run_one.session", None, seconds.max(end - begin) + 0.01, script);
    pen.now = end;
    // Spans are sent when they end: parents after their children.
    pen.send(&parent.attribute("agentops.span.kind", "agent").attribute("operation.name", script.agent));
    pen.send(&root.attribute("agentops.span.kind", "session").attribute("operation.name", "run_one"));
}

fn span_of(
    pen: &mut Pen<'_>,
    id: String,
    name: &str,
    parent: Option<&str>,
    seconds: f64,
    script: &Script,
) -> Span {
    let span = pen.span_with(id, name, parent, seconds);
    if script.succeeds {
        return span;
    }
    match script.steps.iter().rev().find(|step| matches!(step, Step::Throw { .. })) {
        Some(Step::Throw { kind, message, trace }) => broken(span, kind, message, trace),
        _ => span,
    }
}

/// A call of the model. The ids of its span and of the answer.
fn model(pen: &mut Pen<'_>, parent: &str, script: &Script, exchange: &Exchange) -> (String, String) {
    let response_id = format!("chatcmpl-{}", pen.random.hex(24));
    let (input, output) = (exchange.input_tokens(), exchange.output_tokens());
    let mut span = pen
        .span("openai.chat.completion", Some(parent), exchange.seconds)
        .attribute("gen_ai.system", "OpenAI")
        .attribute("gen_ai.request.type", "chat")
        .attribute("gen_ai.request.model", script.model.as_str())
        .attribute("gen_ai.request.temperature", 0.7)
        .attribute("gen_ai.request.max_tokens", 1024)
        .attribute("gen_ai.request.streaming", exchange.streaming)
        .attribute("gen_ai.request.headers", "{'authorization': 'Bearer sk-demo-5d0c7f6be1a94382'}");
    for (index, message) in exchange.prompt.iter().enumerate() {
        span = prompt(span, index, message);
    }
    for (index, tool) in script.tools.iter().enumerate() {
        let key = |part: &str| format!("gen_ai.request.functions.{index}.{part}");
        span = span
            .attribute(key("name"), tool.name)
            .attribute(key("description"), tool.description)
            .attribute(key("parameters"), tool.parameters);
    }
    span = span
        .attribute("gen_ai.response.id", response_id.as_str())
        .attribute("gen_ai.response.model", script.model.as_str())
        .attribute("gen_ai.openai.system_fingerprint", "fp_demo01")
        .attribute("gen_ai.completion.0.role", "assistant")
        .attribute("gen_ai.completion.0.content", exchange.answer.text.as_str())
        .attribute("gen_ai.completion.0.finish_reason", exchange.answer.finish_reason());
    for (index, call) in exchange.answer.calls.iter().enumerate() {
        let key = |part: &str| format!("gen_ai.completion.0.tool_calls.{index}.{part}");
        span = span
            .attribute(key("id"), call.id.as_str())
            .attribute(key("type"), "function")
            .attribute(key("name"), call.name)
            .attribute(key("arguments"), call.arguments.to_string());
    }
    if let Some(thought) = &exchange.reasoning {
        let tokens = i64::try_from(thought.len()).unwrap_or(0) / 4;
        span = span
            .attribute("gen_ai.completion.1.role", "assistant")
            .attribute("gen_ai.completion.1.type", "reasoning")
            .attribute("gen_ai.completion.1.content", thought.as_str())
            .attribute("gen_ai.usage.reasoning_tokens", tokens);
    }
    if exchange.streaming {
        let first = exchange.seconds * pen.random.between(0.05, 0.2);
        span = span
            .attribute("gen_ai.streaming.time_to_first_token", first)
            .attribute("gen_ai.streaming.time_to_generate", exchange.seconds - first)
            .attribute("gen_ai.streaming.chunk_count", output);
    }
    span = span
        .attribute("gen_ai.usage.prompt_tokens", input)
        .attribute("gen_ai.usage.completion_tokens", output)
        .attribute("gen_ai.usage.total_tokens", input + output)
        .attribute("gen_ai.usage.cache_read_input_tokens", input / 3);
    let (prompt_ids, response_ids) = (token_ids(pen, input), token_ids(pen, output));
    let likely = probabilities(pen, &exchange.answer);
    span = span
        .attribute("prompt_token_ids", prompt_ids)
        .attribute("response_token_ids", response_ids)
        .attribute("logprobs.content", likely.to_string());
    pen.wait(exchange.seconds);
    let id = span.span_id.clone();
    pen.send(&span);
    (id, response_id)
}

fn prompt(mut span: Span, index: usize, message: &Message) -> Span {
    let key = |part: &str| format!("gen_ai.prompt.{index}.{part}");
    let content = match &message.image {
        // Parts of a message are written as JSON text.
        Some(image) => json!([
            {"type": "text", "text": message.text},
            {"type": "image_url", "image_url": {"url": image}},
        ])
        .to_string(),
        None => message.text.clone(),
    };
    span = span.attribute(key("role"), message.role).attribute(key("content"), content);
    if let Some(call) = &message.answers {
        span = span.attribute(key("tool_call_id"), call.as_str());
    }
    for (place, call) in message.calls.iter().enumerate() {
        let key = |part: &str| format!("gen_ai.prompt.{index}.tool_calls.{place}.{part}");
        span = span
            .attribute(key("id"), call.id.as_str())
            .attribute(key("name"), call.name)
            .attribute(key("arguments"), call.arguments.to_string());
    }
    span
}

fn probabilities(pen: &mut Pen<'_>, answer: &Message) -> Value {
    let words = answer.text.split_inclusive(' ').take(12);
    words
        .map(|word| json!({"token": word, "logprob": -pen.random.between(0.0, 1.2), "top_logprobs": []}))
        .collect()
}

fn tool(pen: &mut Pen<'_>, parent: &str, call: &ToolCall, result: &Result<String, String>, seconds: f64) {
    let span = pen
        .span(format!("tool_call.{}", call.name), Some(parent), seconds)
        .attribute("agentops.span.kind", "tool")
        .attribute("tool.id", call.id.as_str())
        .attribute("tool.name", call.name)
        .attribute("tool.parameters", call.arguments.to_string())
        .attribute("tool.call.id", call.id.as_str())
        .attribute("tool.call.type", "function");
    pen.wait(seconds);
    let span = match result {
        Ok(text) => span.attribute("tool.result", text.as_str()).attribute("tool.status", "succeeded"),
        Err(error) => {
            let (kind, message) = error.split_once(": ").unwrap_or(("ToolError", error));
            broken(
                span.attribute("tool.status", "failed"),
                kind,
                message,
                &super::super::errors::trace(call.name, kind, message),
            )
        }
    };
    pen.send(&span);
}
