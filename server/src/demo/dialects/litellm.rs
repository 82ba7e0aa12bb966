//! The `LiteLLM` proxy: it sees only calls of the model, has a clock of its own, and writes values of Python.

use lightning_store_client::wire::{Span, Timestamp};
use serde_json::{Value, json};

use super::{length, openai, own, token_ids};
use crate::demo::pen::{Pen, flat, time};
use crate::demo::script::{Exchange, Message, Script, Step};

pub(super) fn write(pen: &mut Pen<'_>, script: &Script, is_new: bool) {
    // Proxies run on another machine, whose clock is not that of the agent.
    let skew = pen.random.between(-3.0, 3.0);
    let agent = pen.id();
    let (begin, seconds) = (pen.now, length(script));
    let mut last_answer = None;
    for step in &script.steps {
        match step {
            Step::Model(exchange) => last_answer = Some(call(pen, script, exchange, is_new, skew)),
            Step::Tool { call, result, seconds } => {
                let (result, code) = match result {
                    Ok(text) => (text, "ok"),
                    Err(error) => (error, "error"),
                };
                let span = pen.span(format!("tool_call.{}", call.name), Some(&agent), *seconds);
                let span = span
                    .attribute("tool.name", call.name)
                    .attribute("tool.parameters", call.arguments.to_string())
                    .attribute("tool.result", result.as_str())
                    .attribute("tool.status", code);
                pen.wait(*seconds);
                let end = time(pen.now);
                pen.send(&if code == "ok" { span } else { span.failed(end, result.as_str()) });
            }
            Step::Search { seconds, .. } => pen.wait(*seconds),
            other => drop(own::write(pen, Some(&agent), other)),
        }
    }
    own::reward(pen, Some(&agent), script, last_answer.as_deref());
    let end = pen.now;
    pen.now = begin;
    let root = pen.span_with(agent, "rollout", None, seconds.max(end - begin));
    pen.now = end;
    let thrown = script.steps.iter().rev().find(|step| matches!(step, Step::Throw { .. }));
    pen.send(&match thrown {
        Some(Step::Throw { kind, message, .. }) if !script.succeeds => {
            let end = time(pen.now);
            root.failed(end, format!("{kind}: {message}"))
        }
        _ => root,
    });
}

/// A call as the proxy writes it: three spans, the outermost of which is a root. The id of the answer.
fn call(pen: &mut Pen<'_>, script: &Script, exchange: &Exchange, is_new: bool, skew: f64) -> String {
    let response_id = format!("chatcmpl-{}", pen.random.hex(24));
    let (agents_trace, agents_time) = (pen.trace_id.clone(), pen.now);
    pen.trace_id = pen.random.hex(32);
    pen.now += skew;
    let (request, outer) = (pen.id(), pen.id());
    let seconds = exchange.seconds;
    let raw = raw(pen, script, exchange, &request, &response_id);
    let span = pen.span_with(request, "litellm_request", Some(&outer), seconds);
    let span = if is_new {
        new_request(span, script, exchange, &response_id)
    } else {
        old_request(span, script, exchange, &response_id)
    };
    let root = pen
        .span_with(outer, "Received Proxy Server Request", None, seconds + 0.02)
        .attribute("http.method", "POST")
        .attribute("http.route", "/v1/chat/completions")
        .attribute("http.status_code", 200);
    pen.trace_id = agents_trace;
    pen.now = agents_time + seconds;
    // They arrive together, and the proxy's idea of the time does not matter for that.
    for (span, delay) in [(raw, 0.05), (span, 0.06), (root, 0.07)] {
        let at = pen.now + delay;
        pen.send_at(&span, at);
    }
    response_id
}

fn old_request(mut span: Span, script: &Script, exchange: &Exchange, response_id: &str) -> Span {
    span = span
        .attribute("gen_ai.system", "hosted_vllm")
        .attribute("gen_ai.request.model", script.model.as_str())
        .attribute("llm.is_streaming", exchange.streaming.to_string())
        .attribute("llm.request.type", "chat");
    for (index, message) in exchange.prompt.iter().enumerate() {
        let key = |part: &str| format!("gen_ai.prompt.{index}.{part}");
        span = span.attribute(key("role"), message.role).attribute(key("content"), message.text.as_str());
    }
    for (index, tool) in script.tools.iter().enumerate() {
        let key = |part: &str| format!("llm.request.functions.{index}.{part}");
        span = span
            .attribute(key("name"), tool.name)
            .attribute(key("description"), tool.description)
            .attribute(key("parameters"), tool.parameters);
    }
    let answer = &exchange.answer;
    span = span
        .attribute("gen_ai.completion.0.role", "assistant")
        .attribute("gen_ai.completion.0.content", answer.text.as_str())
        .attribute("gen_ai.completion.0.finish_reason", answer.finish_reason());
    for (index, call) in answer.calls.iter().enumerate() {
        let key = |part: &str| format!("gen_ai.completion.0.function_call.{index}.{part}");
        span = span.attribute(key("name"), call.name).attribute(key("arguments"), call.arguments.to_string());
    }
    let (input, output) = (exchange.input_tokens(), exchange.output_tokens());
    span.attribute("gen_ai.response.id", response_id)
        .attribute("gen_ai.response.model", script.model.as_str())
        .attribute("gen_ai.usage.prompt_tokens", input)
        .attribute("gen_ai.usage.completion_tokens", output)
        .attribute("gen_ai.usage.total_tokens", input + output)
}

fn new_request(span: Span, script: &Script, exchange: &Exchange, response_id: &str) -> Span {
    let (input, output) = (exchange.input_tokens(), exchange.output_tokens());
    let told: Vec<Value> =
        exchange.prompt.iter().filter(|message| message.role != "system").map(parts).collect();
    let system: Vec<Value> = exchange
        .prompt
        .iter()
        .filter(|message| message.role == "system")
        .map(|message| json!({"type": "text", "content": message.text}))
        .collect();
    let mut answer = parts(&exchange.answer);
    answer["finish_reason"] = json!(exchange.answer.finish_reason());
    let cost = 1e-7 * f64::from(u32::try_from(input + 4 * output).unwrap_or(0));
    span.attribute("gen_ai.operation.name", "chat")
        .attribute("gen_ai.provider.name", "hosted_vllm")
        .attribute("gen_ai.request.model", script.model.as_str())
        .attribute("gen_ai.request.temperature", 0.7)
        .attribute("gen_ai.input.messages", Value::from(told).to_string())
        .attribute("gen_ai.system_instructions", Value::from(system).to_string())
        .attribute("gen_ai.output.messages", json!([answer]).to_string())
        .attribute("gen_ai.response.id", response_id)
        .attribute("gen_ai.response.model", script.model.as_str())
        .attribute("gen_ai.response.finish_reasons", json!([exchange.answer.finish_reason()]).to_string())
        .attribute("gen_ai.usage.input_tokens", input)
        .attribute("gen_ai.usage.output_tokens", output)
        .attribute("gen_ai.usage.total_tokens", input + output)
        .attribute("gen_ai.cost.total_cost", cost)
        .attribute("litellm.call_id", response_id.trim_start_matches("chatcmpl-"))
        .attribute("metadata.user_api_key_alias", "demo")
        .attribute(
            "hidden_params",
            "{'model_id': None, 'cache_key': None, 'api_base': 'http://vllm.internal:8000'}",
        )
}

fn parts(message: &Message) -> Value {
    let mut object = json!({"role": message.role, "parts": [{"type": "text", "content": message.text}]});
    if !message.calls.is_empty() {
        object["tool_calls"] = openai(message)["tool_calls"].clone();
    }
    if let Some(call) = &message.answers {
        object["tool_call_id"] = json!(call);
    }
    object
}

/// The request as it went on to the provider: values that are no scalars are written as Python prints them.
fn raw(pen: &mut Pen<'_>, script: &Script, exchange: &Exchange, parent: &str, response_id: &str) -> Span {
    let (input, output) = (exchange.input_tokens(), exchange.output_tokens());
    let messages: Value = exchange.prompt.iter().map(openai).collect();
    let tools: Value = script
        .tools
        .iter()
        .map(|tool| {
            json!({"type": "function", "function": {"name": tool.name, "description": tool.description,
                "parameters": serde_json::from_str::<Value>(tool.parameters).unwrap_or_default()}})
        })
        .collect();
    let choice = json!([{"index": 0, "finish_reason": exchange.answer.finish_reason(), "logprobs": null,
                         "message": openai(&exchange.answer), "stop_reason": null}]);
    let usage = json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
                       "prompt_tokens_details": null});
    let (prompt_ids, response_ids) = (token_ids(pen, input.min(240)), token_ids(pen, output.min(120)));
    let span = pen.span("raw_gen_ai_request", Some(parent), exchange.seconds);
    let span = flat(span, "llm.hosted_vllm.temperature", &json!(0.7));
    span.attribute("llm.hosted_vllm.model", script.model.as_str())
        .attribute("llm.hosted_vllm.messages", python(&messages))
        .attribute("llm.hosted_vllm.tools", python(&tools))
        .attribute("llm.hosted_vllm.extra_body", python(&json!({"return_token_ids": true, "seed": null})))
        .attribute("llm.hosted_vllm.id", response_id)
        .attribute("llm.hosted_vllm.created", format!("{:.0}", exchange_time(pen)))
        .attribute("llm.hosted_vllm.choices", python(&choice))
        .attribute("llm.hosted_vllm.usage", python(&usage))
        .attribute("llm.hosted_vllm.prompt_token_ids", python(&json!(prompt_ids)))
        .attribute("llm.hosted_vllm.response_token_ids", python(&json!([response_ids])))
}

fn exchange_time(pen: &Pen<'_>) -> f64 {
    Timestamp::seconds(time(pen.now))
}

/// A value as Python prints it.
fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => {
            let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
            let mut out = String::from(quote);
            for letter in text.chars() {
                match letter {
                    '\\' => out.push_str("\\\\"),
                    '\n' => out.push_str("\\n"),
                    '\t' => out.push_str("\\t"),
                    letter if letter == quote => out.extend(['\\', letter]),
                    letter => out.push(letter),
                }
            }
            out.push(quote);
            out
        }
        Value::Array(items) => format!("[{}]", items.iter().map(python).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let member =
                |(key, value): (&String, &Value)| format!("{}: {}", python(&json!(key)), python(value));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_python_prints_them() {
        let value = json!({"a": [1, 2.5, null, true], "b": "it's\n", "c": "\"'"});
        assert_eq!(python(&value), r#"{'a': [1, 2.5, None, True], 'b': "it's\n", 'c': '"\''}"#);
    }
}
