//! What people look at, over the wire: refusals, exports, facts that survive everything.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use lightning_store_e2e::http::Client;
use lightning_store_e2e::server::{Launch, Server};
use lightning_store_e2e::span::span;
use lightning_store_e2e::sse::Stream;
use rusqlite::Connection;
use serde_json::{Value, json};

const DASHBOARD: &str = "/v1/agl/dashboard";

async fn get(client: &mut Client, path: &str) -> Value {
    client.get(&format!("{DASHBOARD}/{path}")).await.expect(200)
}

async fn enqueue(client: &mut Client, rollouts: &[Value]) {
    client.post("/v1/agl/queues/rollouts/enqueue", &json!({"rollouts": rollouts})).await.expect(201);
}

async fn dequeue(client: &mut Client, limit: usize) -> Vec<Value> {
    let path = "/v1/agl/queues/rollouts/dequeue";
    let taken = client.post(path, &json!({"limit": limit, "worker_id": "w"})).await.expect(200);
    taken.as_array().unwrap().clone()
}

/// A call of a model, or a reward.
fn told(work: &Value, number: u64) -> Value {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (rollout, attempt) = (text(&work["rollout_id"]), text(&work["attempt"]["attempt_id"]));
    let mut span = span(&rollout, &attempt, number, &format!("s{number}"));
    span["attributes"] = match number % 5 {
        0 => json!({"agentlightning.reward.0.value": number}),
        1 => json!({"exception.type": "E", "exception.message": number.to_string()}),
        _ => json!({
            "gen_ai.response.id": format!("r{}", number / 2),
            "gen_ai.response.model": format!("m{}", number % 3),
            "gen_ai.usage.prompt_tokens": number,
            "gen_ai.usage.completion_tokens": 1,
            "gen_ai.usage.total_cost": 0.125,
        }),
    };
    span
}

/// The rollouts, once the facts know every span.
async fn known(server: &Server, client: &mut Client) -> Value {
    let mut changes = Stream::open(server.address(), "/v1/agl/events?topics=summary", &[]).await;
    loop {
        let rows = get(client, "rollouts?limit=500&sort_by=rollout_id").await;
        if rows["behind"] == 0 {
            return rows["items"].clone();
        }
        changes.message().await;
    }
}

#[tokio::test]
async fn facts_after_kills_are_those_of_a_fresh_look_at_all_spans() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    let mut work = Vec::new();
    for round in 0..5_u64 {
        let server = Launch::sqlite(&file).start();
        let mut client = server.client();
        if work.is_empty() {
            enqueue(&mut client, &vec![json!({"input": "x"}); 40]).await;
            work = dequeue(&mut client, 40).await;
        }
        for part in 0..12 {
            let numbers = (0..20).map(|index| round * 1_000 + part * 20 + index + 1);
            let spans: Vec<Value> = numbers
                .map(|number| told(&work[usize::try_from(number * 7 % 40).unwrap()], number))
                .collect();
            client.post("/v1/agl/spans/batch", &json!({"spans": spans})).await.expect(201);
            // Somebody looks, so that facts are being written when the kill comes.
            get(&mut client, "summary").await;
        }
        if round % 2 == 1 {
            known(&server, &mut client).await;
        }
        server.kill();
    }
    let server = Launch::sqlite(&file).start();
    let followed = known(&server, &mut server.client()).await;
    server.stop();
    let sum: u64 =
        followed.as_array().unwrap().iter().map(|row| row["facts"]["spans"].as_u64().unwrap()).sum();
    assert_eq!(sum, 5 * 240);
    // Other rules: everything is made anew.
    Connection::open(&file).unwrap().execute("UPDATE projection SET version = -1", []).unwrap();
    let server = Launch::sqlite(&file).start();
    assert_eq!(known(&server, &mut server.client()).await, followed);
    server.stop();
    let version: i64 = Connection::open(&file)
        .unwrap()
        .query_row("SELECT version FROM projection", [], |row| row.get(0))
        .unwrap();
    assert!(version > 0, "{version}");
}

#[tokio::test]
async fn mistakes_are_told_by_name_with_what_is_allowed() {
    let server = Launch::default().start();
    let mut client = server.client();
    for (path, place, word) in [
        ("rollouts?status_in=nope", json!(["query", "status_in", 0]), "'requeuing'"),
        ("rollouts?sort_by=input", json!(["query", "sort_by"]), "'tokens'"),
        ("rollouts?limit=501", json!(["query", "limit"]), "from 0 to 500"),
        ("rollouts?after=x", json!(["query", "after"]), "same order"),
        ("rollouts?after=reward.desc.1.-", json!(["query", "after"]), "same order"),
        ("rollouts?metadata=x", json!(["query", "metadata"]), "<key>:<value>"),
        ("summary?window=2h", json!(["query", "window"]), "'15m', '1h', '6h' or '24h'"),
        ("queue?limit=0", json!(["query", "limit"]), "from 1 to 500"),
        ("workers?sort_by=x", json!(["query", "sort_by"]), "'mean_run_time'"),
        ("export/rollouts.csv?mode_in=x", json!(["query", "mode_in", 0]), "'none'"),
        ("export/spans.jsonl", json!(["query", "rollout_id"]), "required"),
    ] {
        let answer = client.get(&format!("{DASHBOARD}/{path}")).await.expect(422);
        let issues = answer["detail"].as_array().unwrap();
        assert_eq!((issues.len(), &issues[0]["loc"]), (1, &place), "{answer}");
        assert!(issues[0]["msg"].as_str().unwrap().contains(word), "{answer}");
    }
    for path in ["rollouts/ro-none", "workers/w-none", "export/spans.jsonl?rollout_id=ro-none"] {
        let answer = client.get(&format!("{DASHBOARD}/{path}")).await.expect(404);
        assert!(answer["detail"].as_str().unwrap().contains("-none"), "{answer}");
    }
    let answer = client.get("/v1/agl/events?topics=nothing").await.expect(422);
    assert!(answer.to_string().contains("queue, summary"), "{answer}");
    let answer = client.get(&format!("{DASHBOARD}/summary")).await;
    assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
}

#[tokio::test]
async fn a_table_of_rollouts_holds_no_formulas() {
    let server = Launch::default().start();
    let mut client = server.client();
    let inputs = ["=1+1", "@SUM(A1)", "+1", "-2+3", "a, \"b\"\nc", "plain"];
    enqueue(&mut client, &inputs.map(|input| json!({"input": input}))).await;
    let answer = client.get(&format!("{DASHBOARD}/export/rollouts.csv?sort_order=asc")).await;
    assert_eq!(answer.header("content-type").as_deref(), Some("text/csv; charset=utf-8"));
    assert_eq!(
        answer.header("content-disposition").as_deref(),
        Some("attachment; filename=\"rollouts.csv\"")
    );
    let text = answer.text();
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert!(
        lines[0].starts_with("rollout_id,status,mode,resources_id,input,start_time,start_time_epoch,"),
        "{text}"
    );
    assert_eq!((lines.len(), lines.last()), (inputs.len() + 2, Some(&"")), "{text}");
    for (line, cell) in
        lines[1..].iter().zip(["'=1+1", "'@SUM(A1)", "+1", "'-2+3", "\"a, \"\"b\"\" c\"", "plain"])
    {
        assert!(line.contains(&format!(",queuing,,,{cell},20")), "{line} {cell}");
    }
}

#[tokio::test]
async fn spans_are_exported_whole_and_in_the_order_in_which_they_came() {
    let server = Launch::default().start();
    let mut client = server.client();
    enqueue(&mut client, &[json!({"input": 1})]).await;
    let work = dequeue(&mut client, 1).await.remove(0);
    let mut spans: Vec<Value> = (1..=300).rev().map(|number| told(&work, number)).collect();
    spans[0]["attributes"]["big"] = serde_json::from_str("9007199254740993").unwrap();
    client.post("/v1/agl/spans/batch", &json!({"spans": spans})).await.expect(201);
    let rollout = work["rollout_id"].as_str().unwrap();
    let path = format!("{DASHBOARD}/export/spans.jsonl?rollout_id={rollout}&attempt_id=latest");
    let answer = client.get(&path).await;
    assert_eq!(answer.header("content-type").as_deref(), Some("application/x-ndjson"));
    let lines: Vec<Value> = answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, spans);
    let missing = client.get(&format!("{path}x")).await.expect(404);
    assert!(missing["detail"].as_str().unwrap().contains("latestx"), "{missing}");
}

/// Most memory that the process had since the last call, in bytes.
fn peak(server: &Server) -> u64 {
    let folder = format!("/proc/{}", server.pid());
    let status = fs::read_to_string(Path::new(&folder).join("status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    fs::write(Path::new(&folder).join("clear_refs"), "5").unwrap();
    kilobytes * 1024
}

#[tokio::test]
async fn an_export_of_twenty_thousand_rollouts_takes_little_memory() {
    const COUNT: usize = 20_000;
    let server = Launch::default().start();
    let mut client = server.client();
    let metadata: serde_json::Map<String, Value> =
        (0..16).map(|key| (format!("key {key}"), json!("v".repeat(100)))).collect();
    for part in 0..COUNT / 500 {
        let new = |number: usize| json!({"input": format!("{:05} {}", part * 500 + number, "x".repeat(190)), "metadata": metadata});
        let rollouts: Vec<Value> = (0..500).map(new).collect();
        enqueue(&mut client, &rollouts).await;
    }
    let path = format!("{DASHBOARD}/export/rollouts.jsonl?sort_order=asc");
    // What is kept between requests, such as pages of the database, is there after the first one.
    client.get(&path).await;
    peak(&server);
    let before = peak(&server);
    let answer = client.get(&path).await;
    let after = peak(&server);
    let text = answer.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), COUNT);
    for (number, line) in lines.iter().enumerate() {
        assert!(line.contains(&format!("\"input\":\"{number:05} x")), "{line}");
    }
    assert!(text.len() > 40_000_000, "{}", text.len());
    assert!(after < before + 12_000_000, "from {before} to {after} bytes for {} bytes", text.len());
}

#[tokio::test]
async fn the_queue_and_the_numbers_are_told_over_the_wire() {
    let server = Launch::default().start();
    let mut client = server.client();
    let mut changes = Stream::open(server.address(), "/v1/agl/events?topics=queue,summary", &[]).await;
    changes.block().await.unwrap();
    enqueue(&mut client, &[json!({"input": 1}), json!({"input": 2})]).await;
    let mut heard = [changes.message().await, changes.message().await];
    heard.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!((heard[0].0.as_str(), &heard[0].1["depth"]), ("queue", &json!(2)));
    assert!(heard[0].1["oldest"].is_f64(), "{:?}", heard[0]);
    assert_eq!(heard[1].0, "summary");
    assert!(heard[1].1["seq"].is_u64(), "{:?}", heard[1]);
}
