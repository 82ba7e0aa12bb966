//! OTLP in JSON. Protobuf is covered by the recorded exchanges and the Python package.

use std::io::{Read as _, Write as _};

use lightning_store_e2e::http::Request;
use lightning_store_e2e::server::Launch;
use serde_json::{Value, json};

fn span(span_id: &str, attributes: &Value) -> Value {
    json!({"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": span_id, "parentSpanId": null, "name": "json",
           "startTimeUnixNano": "1700000000500000000", "endTimeUnixNano": "1700000001250000000",
           "attributes": attributes, "status": {}})
}

fn export(rollout: &Value, spans: &Value) -> Value {
    let id = |key: &str, value: &Value| json!({"key": format!("agentlightning.{key}"), "value": {"stringValue": value}});
    json!({"resourceSpans": [{
        "resource": {"attributes": [id("rollout_id", &rollout["rollout_id"]), id("attempt_id", &rollout["attempt"]["attempt_id"])]},
        "scopeSpans": [{"scope": {"name": "test"}, "spans": spans}],
    }]})
}

#[tokio::test]
async fn spans_in_json_are_stored_and_bad_ones_are_told_apart() {
    let server = Launch::default().start();
    let mut client = server.client();
    let rollout = client.post("/v1/agl/rollouts", &json!({"input": 1})).await.expect(201);
    let attributes = json!([{"key": "big", "value": {"intValue": "9223372036854775807"}},
                            {"key": "list", "value": {"arrayValue": {"values": [{"doubleValue": 1.0}, {"doubleValue": 2.5}]}}},
                            {"key": "none"}]);
    let spans = json!([
        span("b7ad6b7169203301", &attributes),
        span("b7ad", &json!([])),
        span("b7ad6b7169203302", &json!([]))
    ]);
    let answer = client.post("/v1/traces", &export(&rollout, &spans)).await.expect(200);
    assert_eq!(answer["partialSuccess"]["rejectedSpans"], "1");
    assert!(
        answer["partialSuccess"]["errorMessage"].as_str().is_some_and(|text| text.contains("spanId")),
        "{answer}"
    );

    let path = format!("/v1/agl/spans?rollout_id={}", rollout["rollout_id"].as_str().expect("an id"));
    let page = client.get(&path).await.expect(200);
    assert_eq!(page["total"], 2);
    let first = &page["items"][0];
    assert_eq!(
        (&first["sequence_id"], &first["parent_id"], &first["start_time"]),
        (&json!(1), &Value::Null, &json!(1_700_000_000.5))
    );
    assert_eq!(first["attributes"], json!({"big": 9_223_372_036_854_775_807_i64, "list": [1.0, 2.5]}));

    // Again: duplicates are no failure.
    let again =
        client.post("/v1/traces", &export(&rollout, &json!([span("b7ad6b7169203301", &json!([]))]))).await;
    assert_eq!(again.expect(200), json!({}));
}

#[tokio::test]
async fn json_is_compressed_both_ways_and_nonsense_is_refused_in_json() {
    let server = Launch::default().start();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(b"{}").expect("compressed");
    let request = Request::new("POST", "/v1/traces")
        .header("content-type", "application/json")
        .header("content-encoding", "gzip")
        .header("accept-encoding", "gzip")
        .body(encoder.finish().expect("compressed"));
    let answer = server.client().send(request).await;
    assert_eq!((answer.status, answer.header("content-encoding").as_deref()), (200, Some("gzip")));
    let mut text = String::new();
    flate2::read::GzDecoder::new(answer.body.as_ref()).read_to_string(&mut text).expect("gzip");
    assert_eq!(text, "{}");
    for body in ["nonsense", "[]", "{\"resourceSpans\": 1}"] {
        let request = Request::new("POST", "/v1/traces")
            .header("content-type", "application/json")
            .body(body.as_bytes().to_vec());
        let refused = server.client().send(request).await.expect(400);
        assert!(
            refused["message"].as_str().is_some_and(|text| text.starts_with("Unable to parse")),
            "{refused}"
        );
    }
}
