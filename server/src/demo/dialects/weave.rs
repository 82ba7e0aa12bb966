//! Weave: UUIDs for ids, inputs and outputs of functions, numbers given at the start and spans sent at the end.

use lightning_store_client::wire::Span;
use serde_json::{Value, json};

use super::{length, openai, own, token_ids};
use crate::demo::pen::{Pen, flat, time};
use crate::demo::script::{Exchange, Script, Step};

const PROJECT: &str = "weave:///demo/agents/op";

pub(super) fn write(pen: &mut Pen<'_>, script: &Script) {
    pen.trace_id = pen.random.uuid();
    let root = pen.random.uuid();
    let (begin, seconds) = (pen.now, length(script));
    let mut last_answer = None;
    for step in &script.steps {
        match step {
            Step::Model(exchange) => last_answer = Some(model(pen, &root, script, exchange)),
            Step::Tool { call, result, seconds } => {
                let span = function(pen, call.name, &root, *seconds);
                let span = flat(span, "agentlightning.operation.input", &call.arguments);
                pen.wait(*seconds);
                let end = time(pen.now);
                pen.send(&match result {
                    Ok(text) => span.attribute("agentlightning.operation.output", text.as_str()),
                    Err(error) => {
                        span.attribute("exception.message", error.as_str()).failed(end, error.as_str())
                    }
                });
            }
            Step::Search { query, documents, seconds } => {
                let span = function(pen, "find_documents", &root, *seconds);
                let span = span.attribute("agentlightning.operation.input.query", query.as_str());
                pen.wait(*seconds);
                pen.send(&flat(span, "agentlightning.operation.output", &json!(documents)));
            }
            other => drop(own::write(pen, Some(&root), other)),
        }
    }
    own::reward(pen, Some(&root), script, last_answer.as_deref());
    let end = pen.now;
    pen.now = begin;
    let span = pen.span_with(root, script.agent, None, seconds.max(end - begin));
    let span = span
        .attribute("agentlightning.operation.name", format!("{PROJECT}/{}:v3", script.agent))
        .attribute("type", "agent")
        .attribute("agentlightning.operation.input.name", script.agent);
    pen.now = end;
    pen.send(&if script.succeeds { span } else { span.failed(time(end), "the agent raised an exception") });
}

fn function(pen: &mut Pen<'_>, name: &str, parent: &str, seconds: f64) -> Span {
    let id = pen.random.uuid();
    let digest = pen.random.hex(12);
    pen.span_with(id, name, Some(parent), seconds)
        .attribute("agentlightning.operation.name", format!("{PROJECT}/{name}:{digest}"))
}

fn model(pen: &mut Pen<'_>, parent: &str, script: &Script, exchange: &Exchange) -> String {
    let response_id = format!("chatcmpl-{}", pen.random.hex(24));
    let (input, output) = (exchange.input_tokens(), exchange.output_tokens());
    let messages: Value = exchange.prompt.iter().map(openai).collect();
    let answer = json!({
        "id": response_id,
        "object": "chat.completion",
        "model": script.model,
        "choices": [{"index": 0, "finish_reason": exchange.answer.finish_reason(), "message": openai(&exchange.answer)}],
        "usage": {"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output},
    });
    let (prompt_ids, response_ids) = (token_ids(pen, input), token_ids(pen, output));
    let mut span = function(pen, "openai.chat.completions.create", parent, exchange.seconds);
    span = span
        .attribute("agentlightning.operation.input.model", script.model.as_str())
        .attribute("agentlightning.operation.input.temperature", 0.7);
    span = flat(span, "agentlightning.operation.input.messages", &messages);
    span = flat(span, "agentlightning.operation.output", &answer);
    span = span
        .attribute("agentlightning.operation.output.prompt_token_ids", prompt_ids)
        .attribute("agentlightning.operation.output.response_token_ids.0", response_ids);
    pen.wait(exchange.seconds);
    pen.send(&span);
    response_id
}
