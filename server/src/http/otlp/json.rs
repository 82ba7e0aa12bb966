//! OTLP in JSON: ids in hexadecimal, 64-bit numbers as strings or numbers, null like absent.
//!
//! Unlike in protobuf, each span is read by itself, so that one that makes no sense does not take the others along.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use serde::Deserialize;
use serde_json::Value;

const TRACE_ID_BYTES: usize = 16;
const SPAN_ID_BYTES: usize = 8;

/// The request as far as it makes sense, and why spans of it do not.
///
/// # Errors
/// What is wrong with the whole of it.
pub(super) fn read(body: &[u8]) -> Result<(ExportTraceServiceRequest, Vec<String>), String> {
    let mut request: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    drop_nulls(&mut request);
    let mut rejected = Vec::new();
    let mut resource_spans = Vec::new();
    for group in take_list(&mut request, "resourceSpans")? {
        resource_spans.push(resource_group(group, &mut rejected)?);
    }
    Ok((ExportTraceServiceRequest { resource_spans }, rejected))
}

fn resource_group(mut group: Value, rejected: &mut Vec<String>) -> Result<ResourceSpans, String> {
    let mut spans = Vec::new();
    for mut scope in take_list(&mut group, "scopeSpans")? {
        for span in take_list(&mut scope, "spans")? {
            match read_span(span) {
                Ok(span) => spans.push(span),
                Err(reason) => rejected.push(reason),
            }
        }
    }
    let resource = group.get_mut("resource").map(Value::take);
    let resource =
        resource.map(Resource::deserialize).transpose().map_err(|error| format!("resource: {error}"))?;
    let schema_url = group.get("schemaUrl").and_then(Value::as_str).unwrap_or_default().to_owned();
    // The scope of a span is not kept, so all spans may lie in one.
    Ok(ResourceSpans {
        resource,
        schema_url,
        scope_spans: vec![ScopeSpans { spans, ..ScopeSpans::default() }],
    })
}

fn read_span(span: Value) -> Result<Span, String> {
    let span = Span::deserialize(span).map_err(|error| format!("span: {error}"))?;
    let ids = [
        ("traceId", &span.trace_id, TRACE_ID_BYTES),
        ("spanId", &span.span_id, SPAN_ID_BYTES),
        ("parentSpanId", &span.parent_span_id, SPAN_ID_BYTES),
    ];
    for (name, id, bytes) in ids {
        if id.len() != bytes && !(name == "parentSpanId" && id.is_empty()) {
            return Err(format!("span: {name} must have {} hexadecimal digits", bytes * 2));
        }
    }
    Ok(span)
}

/// The elements of a list member; none if it is absent.
fn take_list(object: &mut Value, name: &str) -> Result<Vec<Value>, String> {
    if !object.is_object() {
        return Err(format!("expected an object with {name}"));
    }
    match object.get_mut(name).map(Value::take) {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(format!("{name} must be a list")),
    }
}

/// In the JSON form of protobuf a null member means the same as none.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_value(value: &Value) -> Result<(ExportTraceServiceRequest, Vec<String>), String> {
        read(value.to_string().as_bytes())
    }

    fn span(span_id: &str) -> Value {
        json!({"traceId": "0AF7651916CD43DD8448EB211C80319C", "spanId": span_id, "parentSpanId": null, "name": "n",
               "kind": 1, "startTimeUnixNano": "1700000000500000000", "endTimeUnixNano": 1_700_000_001_250_000_000_u64,
               "attributes": [{"key": "i", "value": {"intValue": "42"}}, {"key": "d", "value": {"doubleValue": 1.5}}],
               "status": {"code": 2, "message": "bad"}})
    }

    #[test]
    fn ids_are_hexadecimal_and_numbers_may_be_strings() {
        let request = json!({"resourceSpans": [{"resource": {"attributes": [{"key": "k", "value": {"stringValue": "v"}}]},
                                                "scopeSpans": [{"spans": [span("b7ad6b7169203301")]}]}]});
        let (request, rejected) = read_value(&request).unwrap();
        assert!(rejected.is_empty());
        let group = &request.resource_spans[0];
        let span = &group.scope_spans[0].spans[0];
        assert_eq!((span.trace_id.len(), span.span_id[0], span.parent_span_id.len()), (16, 0xb7, 0));
        assert_eq!(
            (span.start_time_unix_nano, span.end_time_unix_nano),
            (1_700_000_000_500_000_000, 1_700_000_001_250_000_000)
        );
        assert_eq!(span.attributes.len(), 2);
        assert_eq!(span.status.as_ref().unwrap().code, 2);
        assert_eq!(group.resource.as_ref().unwrap().attributes.len(), 1);
    }

    #[test]
    fn a_span_with_a_bad_id_is_refused_alone() {
        let request = json!({"resourceSpans": [{"scopeSpans": [{"spans": [
            span("b7ad6b7169203301"), span("b7ad"), span("zz"), span("")
        ]}]}]});
        let (request, rejected) = read_value(&request).unwrap();
        assert_eq!(request.resource_spans[0].scope_spans[0].spans.len(), 1);
        assert_eq!(rejected.len(), 3);
    }

    #[test]
    fn nothing_is_a_valid_export_and_nonsense_is_none() {
        assert_eq!(read_value(&json!({})).unwrap().0, ExportTraceServiceRequest::default());
        assert_eq!(
            read_value(&json!({"resourceSpans": null})).unwrap().0,
            ExportTraceServiceRequest::default()
        );
        for bad in [json!([]), json!({"resourceSpans": 1}), json!({"resourceSpans": [1]}), json!("x")] {
            assert!(read_value(&bad).is_err(), "{bad}");
        }
    }
}
