//! OTLP over HTTP: the types are those of OpenTelemetry, described as far as the store looks at them.

use serde_json::{Map, Value, json};

use super::components::{Components, response};
use super::examples;
use super::operation::Operation;

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// What is done with an export.
const DESCRIPTION: &str = "\
The rollout, the attempt and the number of a span are its attributes, or those of its resource: \
`agentlightning.rollout_id`, `agentlightning.attempt_id` and `agentlightning.span_sequence_id` (absent: the next number \
of the rollout). Spans that name no rollout or no attempt are left out silently. Spans that cannot be stored are counted \
in `partial_success`; the others of the same request are stored. A request is answered in its own form, gzipped if that \
is accepted. An empty protobuf body is an export of nothing.";

/// The export of traces.
pub(super) fn traces(components: &mut Components) -> Operation {
    let request = components.named("ExportTraceServiceRequest", request_schema);
    let success = components.named("ExportTraceServiceResponse", success_schema);
    let status = components.named("OtlpStatus", status_schema);
    let both = |kind: &str, schema: &Value, example: &Value| {
        let protobuf = json!({"schema": {"type": "string", "format": "binary", "description": kind}});
        json!({PROTOBUF: protobuf, JSON: {"schema": schema, "example": example}})
    };
    let content = both("`ExportTraceServiceRequest` of OpenTelemetry", &request, &request_example());
    let success = both("`ExportTraceServiceResponse` of OpenTelemetry", &success, &json!({}));
    let message = "Unable to parse OTLP traces payload: expected value at line 1 column 1";
    let refusal =
        both("`google.rpc.Status`, of which the message is used", &status, &json!({"message": message}));
    let mut operation = Operation::gives(Some(success)).with_body(&content, false);
    operation.description = Some(DESCRIPTION.to_owned());
    operation.parameters = vec![json!({
        "name": "content-encoding",
        "in": "header",
        "required": false,
        "description": "`gzip` if the body is gzipped.",
        "schema": {"type": "string", "enum": ["gzip"]},
    })];
    let why = "The content type is none of the two, or the body makes no sense.";
    operation.responses = vec![(400, response(why, Some(refusal), Map::new()))];
    operation
}

fn request_schema() -> Value {
    let list = |items: Value| json!({"type": "array", "items": items});
    let id = |digits: u8| json!({"type": "string", "pattern": format!("^[0-9a-fA-F]{{{digits}}}$")});
    let nanoseconds = json!({"type": ["string", "integer"], "description": "Nanoseconds since 1970."});
    let attribute = json!({
        "type": "object",
        "properties": {
            "key": {"type": "string"},
            "value": {"type": "object", "description": "`AnyValue` of OpenTelemetry, such as `{\"stringValue\": \"…\"}`."},
        },
    });
    let attributes = list(attribute);
    let event = json!({
        "type": "object",
        "properties": {"name": {"type": "string"}, "timeUnixNano": nanoseconds, "attributes": attributes},
    });
    let link = json!({
        "type": "object",
        "properties": {"traceId": id(32), "spanId": id(16), "traceState": {"type": "string"}, "attributes": attributes},
    });
    let span = json!({
        "type": "object",
        "properties": {
            "traceId": id(32),
            "spanId": id(16),
            "parentSpanId": {"type": ["string", "null"], "description": "16 hexadecimal digits; none for a root."},
            "traceState": {"type": "string"},
            "name": {"type": "string"},
            "startTimeUnixNano": nanoseconds,
            "endTimeUnixNano": nanoseconds,
            "status": {
                "type": "object",
                "properties": {"code": {"type": "integer", "enum": [0, 1, 2]}, "message": {"type": "string"}},
            },
            "attributes": attributes,
            "events": list(event),
            "links": list(link),
        },
        "required": ["traceId", "spanId"],
    });
    let scope = json!({"type": "object", "properties": {"scope": {"type": "object"}, "spans": list(span)}});
    let resource = json!({
        "type": "object",
        "properties": {
            "resource": {"type": "object", "properties": {"attributes": attributes}},
            "scopeSpans": list(scope),
            "schemaUrl": {"type": "string"},
        },
    });
    json!({
        "type": "object",
        "description": "An export of traces in the JSON form of OTLP. Null means the same as absent.",
        "properties": {"resourceSpans": list(resource)},
    })
}

fn success_schema() -> Value {
    json!({
        "type": "object",
        "description": "The export was taken; without members, wholly.",
        "properties": {
            "partialSuccess": {
                "type": "object",
                "properties": {
                    "rejectedSpans": {"type": "string", "description": "How many spans were not stored, in digits."},
                    "errorMessage": {"type": "string", "description": "Why, for people."},
                },
            },
        },
    })
}

fn status_schema() -> Value {
    json!({
        "type": "object",
        "description": "Why an export was not taken.",
        "properties": {"message": {"type": "string", "description": "What is wrong, for people."}},
        "required": ["message"],
    })
}

fn request_example() -> Value {
    let attribute = |key: &str, value: Value| json!({"key": key, "value": value});
    json!({"resourceSpans": [{
        "resource": {"attributes": [
            attribute("agentlightning.rollout_id", json!({"stringValue": examples::ROLLOUT_ID})),
            attribute("agentlightning.attempt_id", json!({"stringValue": examples::ATTEMPT_ID})),
        ]},
        "scopeSpans": [{"spans": [{
            "traceId": "0af7651916cd43dd8448eb211c80319c",
            "spanId": "b7ad6b7169203331",
            "name": "openai.chat.completion",
            "startTimeUnixNano": "1767225601500000000",
            "endTimeUnixNano": "1767225603750000000",
            "status": {"code": 1},
            "attributes": [attribute("agentlightning.span_sequence_id", json!({"intValue": "1"}))],
        }]}],
    }]})
}
