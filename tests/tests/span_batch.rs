//! Spans in bulk.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use lightning_store_e2e::http::Client;
use lightning_store_e2e::server::Launch;
use lightning_store_e2e::span::span;
use serde_json::{Value, json};

const BATCH: &str = "/v1/agl/spans/batch";

async fn started(client: &mut Client) -> (String, String) {
    let started = client.post("/v1/agl/rollouts", &json!({"input": 1})).await.expect(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&started["rollout_id"]), text(&started["attempt"]["attempt_id"]))
}

#[tokio::test]
async fn each_span_is_answered_in_order_as_stored_duplicate_or_refused() {
    let server = Launch::default().start();
    let mut client = server.client();
    let (rollout, attempt) = started(&mut client).await;
    let mut unnumbered = span(&rollout, &attempt, 0, "s-2");
    unnumbered.as_object_mut().unwrap().remove("sequence_id");
    unnumbered["error"] = "an attribute of the user's".into();
    let mut null = span(&rollout, &attempt, 0, "s-3");
    null["sequence_id"] = Value::Null;
    let mut negative = span(&rollout, &attempt, 0, "s-4");
    negative["sequence_id"] = json!(-5);
    let spans = [
        span(&rollout, &attempt, 7, "s-1"),
        unnumbered.clone(),
        null,
        negative,
        span(&rollout, &attempt, 9, "s-1"),
        span("ro-none", &attempt, 1, "s-1"),
        span(&rollout, "at-none", 1, "s-1"),
    ];
    let answer = client.post(BATCH, &json!({"spans": spans})).await.expect(201);
    let answer = answer.as_array().unwrap();
    assert_eq!(answer.len(), spans.len());
    let numbers: Vec<_> = answer[..4].iter().map(|span| span["sequence_id"].as_i64().unwrap()).collect();
    // Numbers are given out before the given ones are counted.
    assert_eq!(numbers, [7, 1, 2, 3]);
    unnumbered["sequence_id"] = json!(1);
    assert_eq!((&answer[0], &answer[1]), (&spans[0], &unnumbered));
    assert_eq!(answer[4], Value::Null);
    assert_eq!(answer[5], json!({"error": "Rollout ro-none not found"}));
    assert_eq!(answer[6], json!({"error": format!("Attempt at-none not found for rollout {rollout}")}));
    // All begin at the same time, so they stay in the order stored.
    let path = format!("/v1/agl/spans?rollout_id={rollout}&sort_by=start_time");
    let stored = client.get(&path).await.expect(200);
    assert_eq!(stored["items"], json!(answer[..4]));
    let rollout = client.get(&format!("/v1/agl/rollouts/{rollout}")).await.expect(200);
    assert_eq!(rollout["status"], "running");
    assert_eq!(client.post(BATCH, &json!({"spans": []})).await.expect(201), json!([]));
}

#[tokio::test]
async fn one_faulty_span_keeps_all_of_them_out_and_every_fault_is_told() {
    let server = Launch::default().start();
    let mut client = server.client();
    let (rollout, attempt) = started(&mut client).await;
    let mut faulty = span(&rollout, &attempt, 2, "s-2");
    faulty["name"] = json!(5);
    faulty.as_object_mut().unwrap().remove("status");
    let spans = json!([span(&rollout, &attempt, 1, "s-1"), faulty, "no span"]);
    let answer = client.post(BATCH, &json!({"spans": spans})).await.expect(422);
    let places: Vec<&Value> =
        answer["detail"].as_array().unwrap().iter().map(|issue| &issue["loc"]).collect();
    for place in [
        json!(["body", "spans", 1, "name"]),
        json!(["body", "spans", 1, "status"]),
        json!(["body", "spans", 2]),
    ] {
        assert!(places.contains(&&place), "{answer}");
    }
    assert_eq!(client.get("/v1/agl/statistics").await.expect(200)["total_spans"], 0);
    client.post(BATCH, &json!({})).await.expect(422);
}
