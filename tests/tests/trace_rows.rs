//! Traces as people look at them: light rows, and one whole span.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Read as _;

use flate2::read::GzDecoder;
use lightning_store_client::trace::Trace;
use lightning_store_e2e::http::{Client, Request};
use lightning_store_e2e::server::Launch;
use lightning_store_e2e::span::span;
use serde_json::{Value, json};

async fn started(client: &mut Client) -> (String, String) {
    let started = client.post("/v1/agl/rollouts", &json!({"input": 1})).await.expect(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&started["rollout_id"]), text(&started["attempt"]["attempt_id"]))
}

fn trace_of(rollout: &str, attempt: &str) -> String {
    format!("/v1/agl/dashboard/rollouts/{rollout}/attempts/{attempt}/trace")
}

/// Spans of several kinds.
fn spans(rollout: &str, attempt: &str) -> Vec<Value> {
    let mut model = span(rollout, attempt, 1, "m");
    model["name"] = json!("openai.chat.completion");
    model["attributes"] = json!({
        "gen_ai.request.model": "small", "gen_ai.response.id": "r-1", "gen_ai.usage.prompt_tokens": 30,
        "gen_ai.usage.completion_tokens": 4, "gen_ai.request.headers": "authorization: secret",
    });
    let mut tool = span(rollout, attempt, 2, "t/1 ü");
    tool["parent_id"] = json!("m");
    tool["trace_id"] = json!("another");
    tool["name"] = json!("tool_call.search");
    tool["status"] = json!({"status_code": "ERROR", "description": "no answer"});
    tool["end_time"] = json!(null);
    let mut reward = span(rollout, attempt, 3, "r");
    reward["name"] = json!("agentlightning.annotation");
    reward["trace_id"] = json!("another");
    reward["attributes"] = json!({
        "agentlightning.reward.0.value": 0.5, "agentlightning.link.0.key_match": "span_id",
        "agentlightning.link.0.value_match": "m",
    });
    vec![model, tool, reward]
}

#[tokio::test]
async fn rows_say_what_a_waterfall_shows_and_nothing_else() {
    let server = Launch::default().start();
    let mut client = server.client();
    let (rollout, attempt) = started(&mut client).await;
    let sent = spans(&rollout, &attempt);
    client.post("/v1/agl/spans/batch", &json!({"spans": sent})).await.expect(201);
    let answer = client.get(&trace_of(&rollout, &attempt)).await;
    assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
    let trace = answer.expect(200);
    let expected = json!([
        {"span_id": "m", "trace_id": sent[0]["trace_id"], "name": "openai.chat.completion", "sequence_id": 1,
         "start_time": 1000.25, "end_time": 1001.5, "kind": "llm", "label": "small", "input_tokens": 30,
         "output_tokens": 4},
        {"span_id": "t/1 ü", "parent_id": "m", "trace_id": "another", "name": "tool_call.search",
         "start_time": 1000.25, "kind": "tool", "error": true, "label": "search"},
        {"span_id": "r", "name": "agentlightning.annotation", "start_time": 1000.25, "end_time": 1001.5,
         "kind": "reward", "label": "reward", "reward": 0.5, "links": true},
    ]);
    assert_eq!(trace["items"], expected);
    assert_eq!((&trace["total"], &trace["more"]), (&json!(3), &json!(false)));
    // A viewer sees the same as in whole spans.
    let (mut light, mut whole) = (Trace::new(), Trace::new());
    light.append_json(&trace.to_string());
    whole.append_json(&Value::from(sent).to_string());
    for place in 0..3 {
        let shown = |trace: &Trace| {
            let span = &trace.spans()[place];
            (
                span.kind,
                span.error,
                span.sequence_id,
                trace.label(place).to_owned(),
                trace.trace_id(place).to_owned(),
                span.tokens(),
            )
        };
        assert_eq!(shown(&light), shown(&whole));
    }
}

#[tokio::test]
async fn a_trace_is_read_in_parts_and_what_came_since_later() {
    let server = Launch::default().start();
    let mut client = server.client();
    let (rollout, attempt) = started(&mut client).await;
    let path = trace_of(&rollout, "latest");
    let empty = client.get(&path).await.expect(200);
    assert_eq!(empty, json!({"items": [], "total": 0, "after": null, "more": false}));
    client.post("/v1/agl/spans/batch", &json!({"spans": spans(&rollout, &attempt)})).await.expect(201);
    let ids = |trace: &Value| {
        trace["items"].as_array().unwrap().iter().map(|span| span["span_id"].clone()).collect::<Vec<_>>()
    };
    let first = client.get(&format!("{path}?limit=2")).await.expect(200);
    assert_eq!((ids(&first), &first["more"]), (vec![json!("m"), json!("t/1 ü")], &json!(true)));
    let second = client.get(&format!("{path}?limit=2&after={}", first["after"])).await.expect(200);
    assert_eq!((ids(&second), &second["more"]), (vec![json!("r")], &json!(false)));
    // Whatever comes first says whose trace it is part of.
    assert_eq!(second["items"][0]["trace_id"], "another");
    assert_eq!(second["items"][0]["sequence_id"], 3);
    let third = client.get(&format!("{path}?after={}", second["after"])).await.expect(200);
    assert_eq!(third, json!({"items": [], "total": 3, "after": second["after"], "more": false}));
    // Where a link by the id of an answer leads.
    let found = client.get(&format!("{path}?response_id=r-1")).await.expect(200);
    assert_eq!(
        (ids(&found), &found["after"], &found["more"]),
        (vec![json!("m")], &second["after"], &json!(false))
    );
    let found = client.get(&format!("{path}?response_id=r-2&limit=1")).await.expect(200);
    assert_eq!((ids(&found), &found["total"]), (vec![], &json!(3)));
}

#[tokio::test]
async fn a_whole_span_is_found_by_any_id_with_its_secrets() {
    let server = Launch::default().start();
    let mut client = server.client();
    let (rollout, attempt) = started(&mut client).await;
    let sent = spans(&rollout, &attempt);
    client.post("/v1/agl/spans/batch", &json!({"spans": sent})).await.expect(201);
    let path = |attempt: &str, id: &str| format!("/v1/agl/dashboard/spans/{rollout}/{attempt}/{id}");
    let answer = client.get(&path(&attempt, "m")).await;
    assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
    assert_eq!(answer.expect(200), sent[0]);
    for id in ["t%2F1%20%C3%BC", "t/1%20%c3%bc"] {
        assert_eq!(client.get(&path("latest", id)).await.expect(200), sent[1], "{id}");
    }
    for (path, detail) in [
        (path(&attempt, "none"), format!("Span none not found for attempt {attempt} of rollout {rollout}")),
        (path("at-none", "m"), format!("Attempt at-none not found for rollout {rollout}")),
        ("/v1/agl/dashboard/spans/ro-none/latest/m".to_owned(), "Rollout ro-none not found".to_owned()),
    ] {
        assert_eq!(client.get(&path).await.expect(404)["detail"], json!(detail));
    }
}

#[tokio::test]
async fn traces_that_are_not_there_and_parts_that_make_no_sense_are_refused() {
    let server = Launch::default().start();
    let mut client = server.client();
    let queued = json!({"rollouts": [{"input": 1}]});
    let queued = client.post("/v1/agl/queues/rollouts/enqueue", &queued).await.expect(201);
    let id = queued[0]["rollout_id"].as_str().unwrap();
    for (path, detail) in [
        (trace_of("ro-none", "latest"), "Rollout ro-none not found".to_owned()),
        (trace_of(id, "latest"), format!("No attempts found for rollout {id}")),
        (trace_of(id, "at-none"), format!("Attempt at-none not found for rollout {id}")),
    ] {
        assert_eq!(client.get(&path).await.expect(404)["detail"], json!(detail));
    }
    for query in ["limit=0", "limit=10001", "after=x", "limit=many"] {
        client.get(&format!("{}?{query}", trace_of(id, "latest"))).await.expect(422);
    }
}

/// The budget of the page for its longest trace: 300 kB, as they are sent. Nothing else needs them whole in one answer.
#[tokio::test]
async fn ten_thousand_rows_are_sent_in_300_kilobytes() {
    let server = Launch::default().start();
    let mut client = server.client();
    let (rollout, attempt) = started(&mut client).await;
    let filler = "The quick brown fox jumps over the lazy dog. ".repeat(45);
    for batch in 0..10 {
        let one = |number: u64| {
            let number = batch * 1_000 + number;
            let scattered = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mut span = span(&rollout, &attempt, number + 1, &format!("{scattered:016x}"));
            span["parent_id"] = json!(format!("{:016x}", (number / 8).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            span["name"] = json!("openai.chat.completion");
            span["start_time"] =
                json!(1_767_225_600.0 + f64::from(u32::try_from(number).unwrap()) * 0.123_457);
            span["attributes"] = json!({"gen_ai.request.model": "m", "gen_ai.prompt.0.content": filler,
                "gen_ai.usage.prompt_tokens": 100 + scattered % 4_000, "gen_ai.usage.completion_tokens": scattered % 300});
            span
        };
        let spans: Vec<Value> = (0..1_000).map(one).collect();
        client.post("/v1/agl/spans/batch", &json!({"spans": spans})).await.expect(201);
    }
    let path = trace_of(&rollout, &attempt);
    let plain = client.get(&path).await;
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(plain.expect(200)["items"].as_array().unwrap().len(), 10_000);
    let packed = client.send(Request::new("GET", &path).header("accept-encoding", "gzip, br")).await;
    assert!(packed.body.len() < 300_000, "{} of {}", packed.body.len(), plain.body.len());
    assert_eq!(unpacked(&packed.body), plain.text());
}

fn unpacked(body: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(body).read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn only_large_answers_are_packed_and_only_for_those_who_take_it() {
    let server = Launch::default().start();
    let mut client = server.client();
    let rollout = json!({"input": "x".repeat(150)});
    let rollouts = vec![rollout; 200];
    client.post("/v1/agl/queues/rollouts/enqueue", &json!({"rollouts": rollouts})).await.expect(201);
    let path = |limit: usize| format!("/v1/agl/dashboard/rollouts?limit={limit}");
    for (path, accept, encoding, vary) in [
        (path(200), "gzip, deflate, br", Some("gzip"), Some("accept-encoding")),
        (path(200), "gzip;q=0", None, Some("accept-encoding")),
        (path(200), "br", None, Some("accept-encoding")),
        (path(1), "gzip", None, None),
        // Sent in pieces, as they are read.
        ("/v1/agl/dashboard/export/rollouts.jsonl".to_owned(), "gzip", None, None),
        ("/v1/agl/rollouts?limit=200".to_owned(), "gzip", None, None),
    ] {
        let answer = client.send(Request::new("GET", &path).header("accept-encoding", accept)).await;
        let headers = (answer.header("content-encoding"), answer.header("vary"));
        assert_eq!(headers, (encoding.map(str::to_owned), vary.map(str::to_owned)), "{path} {accept}");
        assert_eq!(answer.status, 200);
        let text = if encoding.is_some() { unpacked(&answer.body) } else { answer.text() };
        assert_eq!(text, client.get(&path).await.text(), "{path} {accept}");
    }
    // Other origins are told apart as before.
    let server = Launch::default().args(["--cors-origin", "*"]).start();
    let mut client = server.client();
    client.post("/v1/agl/queues/rollouts/enqueue", &json!({"rollouts": rollouts})).await.expect(201);
    let request = Request::new("GET", &path(200))
        .header("accept-encoding", "gzip")
        .header("origin", "http://a.example");
    let answer = client.send(request).await;
    assert_eq!(answer.header("vary").as_deref(), Some("accept-encoding, Origin"));
}
