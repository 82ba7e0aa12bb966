//! OTLP spans → spans of the store. The rules are those of the Python server (protocol facts 59 to 62 and 75), but what
//! it cannot store fails alone here: maps and mixed lists are kept as JSON text, attributes without value left out.

use std::fmt::Write as _;

use lightning_store_client::wire::{JsonObject, RawJson, SpanRecord, Timestamp};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use serde::Serialize;

use crate::service::add_spans::NewSpan;

const ROLLOUT_ID: &str = "agentlightning.rollout_id";
const ATTEMPT_ID: &str = "agentlightning.attempt_id";
const SEQUENCE_ID: &str = "agentlightning.span_sequence_id";

const TRACE_ID_DIGITS: usize = 32;
const SPAN_ID_DIGITS: usize = 16;

/// Times above this are nanoseconds, others seconds already (Compat).
const LARGEST_SECONDS: u64 = 1_000_000_000_000;

/// The spans of an export in the order sent, and why others are rejected. Those that do not say which rollout and
/// attempt they belong to are left out silently (Compat).
pub(super) fn spans(request: ExportTraceServiceRequest) -> (Vec<NewSpan>, Vec<String>) {
    let mut spans = Vec::new();
    let mut rejected = Vec::new();
    for group in request.resource_spans {
        let resource = group.resource.unwrap_or_default();
        let resource_text = resource_text(&resource, &group.schema_url);
        for span in group.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            let find = |key| find(&span.attributes, key).or_else(|| find(&resource.attributes, key));
            let (Some(rollout_id), Some(attempt_id)) =
                (find(ROLLOUT_ID).and_then(text), find(ATTEMPT_ID).and_then(text))
            else {
                continue;
            };
            let number = find(SEQUENCE_ID).and_then(number);
            match convert(&span, &rollout_id, &attempt_id, number, &resource_text) {
                Ok(span) => spans.push(NewSpan { span, numbered: number.is_some() }),
                Err(reason) => rejected.push(reason),
            }
        }
    }
    (spans, rejected)
}

fn convert(
    span: &Span,
    rollout_id: &str,
    attempt_id: &str,
    number: Option<i64>,
    resource: &str,
) -> Result<SpanRecord, String> {
    if rollout_id.contains('\0') || attempt_id.contains('\0') || span.name.contains('\0') {
        return Err("ids and names must not contain the character \\u0000".to_owned());
    }
    let trace_id = hex(&span.trace_id, TRACE_ID_DIGITS);
    let span_id = hex(&span.span_id, SPAN_ID_DIGITS);
    let mut rest = String::with_capacity(1024);
    let status = span.status.clone().unwrap_or_default();
    let code = ["UNSET", "OK", "ERROR"].get(usize::try_from(status.code).unwrap_or(0)).unwrap_or(&"UNSET");
    let description = Some(&status.message).filter(|message| !message.is_empty());
    let _ = write!(rest, "\"status\":{{\"status_code\":\"{code}\",\"description\":{}}}", json(&description));
    let _ = write!(rest, ",\"attributes\":{}", json(&attributes(&span.attributes)));
    let _ = write!(rest, ",\"events\":[{}]", joined(span.events.iter().map(event)));
    let _ = write!(rest, ",\"links\":[{}]", joined(span.links.iter().map(link)));
    let _ = write!(rest, ",\"context\":{},\"parent\":null", context(&trace_id, &span_id));
    let _ = write!(rest, ",\"resource\":{resource}");
    Ok(SpanRecord {
        rollout_id: rollout_id.into(),
        attempt_id: attempt_id.into(),
        sequence_id: number.unwrap_or(0),
        parent_id: (!span.parent_span_id.is_empty()).then(|| hex(&span.parent_span_id, SPAN_ID_DIGITS)),
        trace_id,
        span_id,
        name: span.name.clone(),
        start_time: time(span.start_time_unix_nano),
        end_time: time(span.end_time_unix_nano),
        rest,
    })
}

fn resource_text(resource: &Resource, schema_url: &str) -> String {
    format!(
        "{{\"attributes\":{},\"schema_url\":{}}}",
        json(&attributes(&resource.attributes)),
        json(schema_url)
    )
}

fn event(event: &Event) -> String {
    format!(
        "{{\"name\":{},\"attributes\":{},\"timestamp\":{}}}",
        json(&event.name),
        json(&attributes(&event.attributes)),
        json(&time(event.time_unix_nano))
    )
}

fn link(link: &Link) -> String {
    let context = context(&hex(&link.trace_id, TRACE_ID_DIGITS), &hex(&link.span_id, SPAN_ID_DIGITS));
    let attributes = attributes(&link.attributes);
    let attributes = (!attributes.is_empty()).then_some(attributes);
    format!("{{\"context\":{context},\"attributes\":{}}}", json(&attributes))
}

fn context(trace_id: &str, span_id: &str) -> String {
    format!(
        "{{\"trace_id\":\"{trace_id}\",\"span_id\":\"{span_id}\",\"is_remote\":false,\"trace_state\":{{}}}}"
    )
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(",")
}

/// Lowercase hexadecimal digits, with zeros in front if there are too few.
fn hex(bytes: &[u8], digits: usize) -> String {
    let mut out = String::with_capacity(digits);
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    format!("{out:0>digits$}")
}

fn time(value: u64) -> Option<Timestamp> {
    const NANOSECONDS: u64 = 1_000_000_000;
    // Through text, as that is rounded once. Going through a double would be off by a quarter of a microsecond.
    let text = match value {
        0 => return None,
        1..=LARGEST_SECONDS => value.to_string(),
        _ => format!("{}.{:09}", value / NANOSECONDS, value % NANOSECONDS),
    };
    text.parse().ok().and_then(Timestamp::from_seconds)
}

fn find<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    attributes.iter().find(|attribute| attribute.key == key)?.value.as_ref()?.value.as_ref()
}

/// An id. Other scalars are taken as Python writes them.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        Value::BoolValue(true) => "True".to_owned(),
        Value::BoolValue(false) => "False".to_owned(),
        Value::DoubleValue(number) => json(number),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

/// A sequence number: an integer, also as text, that is not negative.
fn number(value: &Value) -> Option<i64> {
    let number = match value {
        Value::IntValue(number) => Some(*number),
        Value::StringValue(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| *number >= 0)
}

fn attributes(attributes: &[KeyValue]) -> JsonObject<RawJson> {
    let with_value = attributes.iter().filter_map(|attribute| {
        let value = attribute.value.as_ref()?.value.as_ref()?;
        Some((attribute.key.clone(), RawJson::trusted(attribute_text(value))))
    });
    with_value.collect()
}

/// The JSON text of an attribute: a scalar, a list of one kind, or else a string with the JSON text in it.
fn attribute_text(value: &Value) -> String {
    match value {
        Value::ArrayValue(array) if !is_uniform(&array.values) => json(&value_text(value)),
        Value::KvlistValue(_) => json(&value_text(value)),
        _ => value_text(value),
    }
}

fn is_uniform(values: &[AnyValue]) -> bool {
    let kind = |value: &AnyValue| match value.value {
        Some(Value::StringValue(_) | Value::BytesValue(_)) => Some(0),
        Some(Value::BoolValue(_)) => Some(1),
        Some(Value::IntValue(_)) => Some(2),
        Some(Value::DoubleValue(_)) => Some(3),
        _ => None,
    };
    let Some(first) = values.first() else { return true };
    kind(first).is_some() && values.iter().all(|value| kind(value) == kind(first))
}

fn value_text(value: &Value) -> String {
    match value {
        Value::StringValue(text) => json(text),
        Value::BoolValue(value) => value.to_string(),
        Value::IntValue(number) => number.to_string(),
        // What is not finite becomes null.
        Value::DoubleValue(number) => json(number),
        Value::BytesValue(bytes) => json(&hex(bytes, 0)),
        Value::ArrayValue(array) => format!("[{}]", joined(array.values.iter().map(any_text))),
        Value::KvlistValue(list) => {
            let member = |member: &KeyValue| {
                let value = member.value.as_ref().map_or_else(|| "null".to_owned(), any_text);
                format!("{}:{value}", json(&member.key))
            };
            format!("{{{}}}", joined(list.values.iter().map(member)))
        }
        // An index into a table that only profiles have.
        Value::StringValueStrindex(_) => "null".to_owned(),
    }
}

fn any_text(value: &AnyValue) -> String {
    value.value.as_ref().map_or_else(|| "null".to_owned(), value_text)
}

/// JSON text of something that is always JSON.
fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}
