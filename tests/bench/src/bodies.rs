//! What the requests carry.

use lightning_store_e2e::span::span;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use serde_json::{Value, json};

/// Stands for the span id until a request is sent.
pub(crate) const SPAN_ID: &str = "0123456789abcdef";
/// Stands for the sequence id; numbers given later take as much room.
pub(crate) const SEQUENCE_ID: u64 = 100_000_000;
/// How many spans an OTLP request has.
const EXPORTED: u64 = 100;

/// A rollout as an algorithm enqueues it.
pub(crate) fn rollout() -> Value {
    json!({
        "input": {"task_id": "gsm8k-train-004711", "question": "How many apples are left in the basket?", "answer": 42},
        "mode": "train",
        "metadata": {"epoch": 3},
    })
}

/// A span as an instrumented call of a language model leaves it.
pub(crate) fn llm_span(rollout_id: &str, attempt_id: &str) -> Value {
    let mut span = span(rollout_id, attempt_id, SEQUENCE_ID, SPAN_ID);
    span["name"] = json!("openai.chat.completion");
    span["attributes"] = attributes(378, 567, 504);
    span["resource"] = json!({
        "attributes": {"service.name": "agent", "telemetry.sdk.language": "python", "telemetry.sdk.version": "1.38.0"},
        "schema_url": "",
    });
    span
}

/// With texts of these lengths.
fn attributes(system: usize, user: usize, completion: usize) -> Value {
    let words = "the basket holds seven apples and two of them are given away ".repeat(10);
    json!({
        "gen_ai.system": "openai",
        "gen_ai.request.model": "qwen2.5-7b-instruct",
        "gen_ai.request.temperature": 0.7,
        "gen_ai.prompt.0.role": "system",
        "gen_ai.prompt.0.content": words[..system],
        "gen_ai.prompt.1.role": "user",
        "gen_ai.prompt.1.content": words[..user],
        "gen_ai.completion.0.role": "assistant",
        "gen_ai.completion.0.content": words[..completion],
        "gen_ai.completion.0.finish_reason": "stop",
        "gen_ai.usage.prompt_tokens": 311,
        "gen_ai.usage.completion_tokens": 127,
        "llm.is_streaming": false,
    })
}

/// An export of 100 spans, about 174 KB, and the place of each span id in it.
pub(crate) fn export(rollout_id: &str, attempt_id: &str) -> (Vec<u8>, Vec<usize>) {
    let id = |number: u64| (0xf0f1_f2f3_f4f5_0000 + number).to_be_bytes();
    let spans = (0..EXPORTED).map(|number| Span {
        trace_id: b"the only trace!!".to_vec(),
        span_id: id(number).to_vec(),
        name: "openai.chat.completion".to_owned(),
        kind: 3,
        start_time_unix_nano: 1_700_000_000_000_000_000,
        end_time_unix_nano: 1_700_000_001_000_000_000,
        attributes: key_values(&attributes(320, 450, 420)),
        status: Some(Status { message: String::new(), code: 1 }),
        ..Span::default()
    });
    let resource = json!({
        "service.name": "agent",
        "telemetry.sdk.language": "python",
        "telemetry.sdk.version": "1.38.0",
        "agentlightning.rollout_id": rollout_id,
        "agentlightning.attempt_id": attempt_id,
    });
    let scope = ScopeSpans {
        scope: Some(InstrumentationScope { name: "agent".to_owned(), ..InstrumentationScope::default() }),
        spans: spans.collect(),
        schema_url: String::new(),
    };
    let resource = ResourceSpans {
        resource: Some(Resource { attributes: key_values(&resource), ..Resource::default() }),
        scope_spans: vec![scope],
        schema_url: String::new(),
    };
    let body = ExportTraceServiceRequest { resource_spans: vec![resource] }.encode_to_vec();
    let places = (0..EXPORTED).map(|number| place(&body, &id(number)));
    let places = places.collect();
    (body, places)
}

/// Where these bytes are first.
///
/// # Panics
/// If they are nowhere.
pub(crate) fn place(bytes: &[u8], wanted: &[u8]) -> usize {
    let found = bytes.windows(wanted.len()).position(|window| window == wanted);
    found.expect("the request has its stand-ins")
}

fn key_values(attributes: &Value) -> Vec<KeyValue> {
    let attributes = attributes.as_object().into_iter().flatten();
    let attributes = attributes.map(|(key, value)| {
        let value = match value {
            Value::Bool(value) => any_value::Value::BoolValue(*value),
            Value::Number(number) => number
                .as_i64()
                .map_or(any_value::Value::DoubleValue(number.as_f64().unwrap_or_default()), |number| {
                    any_value::Value::IntValue(number)
                }),
            other => any_value::Value::StringValue(other.as_str().unwrap_or_default().to_owned()),
        };
        KeyValue { key: key.clone(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
    });
    attributes.collect()
}
