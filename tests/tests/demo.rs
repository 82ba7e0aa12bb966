//! `lightning-store demo`: what is promised is there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};

use lightning_store_client::trace::{Kind, Trace};
use lightning_store_e2e::http::{Client, Request};
use lightning_store_e2e::server::{Launch, Server};
use lightning_store_e2e::sse::Stream;
use serde_json::{Value, json};

fn demo(arguments: &[&str]) -> Server {
    Launch::bare().args(["demo", "--port", "0"]).args(arguments.iter().copied()).start()
}

async fn items(client: &mut Client, path: &str) -> Vec<Value> {
    client.get(path).await.expect(200)["items"].as_array().unwrap().clone()
}

fn count(items: &[Value], pointer: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for item in items {
        let word = item.pointer(pointer).and_then(Value::as_str).unwrap_or("none").to_owned();
        *counts.entry(word).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn every_case_that_was_promised_is_there() {
    let server = demo(&[]);
    let mut client = server.client();
    let rollouts = items(&mut client, "/v1/agl/rollouts").await;
    assert_eq!(rollouts.len(), 400);
    let statuses = count(&rollouts, "/status");
    for status in ["queuing", "preparing", "running", "requeuing", "succeeded", "failed", "cancelled"] {
        assert!(statuses.contains_key(status), "{status}: {statuses:?}");
    }
    let modes = count(&rollouts, "/mode");
    assert_eq!(modes.keys().collect::<Vec<_>>(), ["none", "test", "train", "val"]);
    let mut ended = BTreeSet::new();
    let mut retried = 0;
    for rollout in &rollouts {
        if rollout.pointer("/attempt/sequence_id").and_then(Value::as_i64) > Some(1) {
            retried += 1;
            let path = format!("/v1/agl/rollouts/{}/attempts", rollout["rollout_id"].as_str().unwrap());
            ended.extend(count(&items(&mut client, &path).await, "/status").into_keys());
        }
    }
    assert!(retried > 10, "{retried}");
    for status in ["timeout", "unresponsive", "failed", "succeeded"] {
        assert!(ended.contains(status), "{status}: {ended:?}");
    }
    // Queues were waited in, and work took its time.
    let seconds = |rollout: &Value, from: &str, to: &str| {
        Some(rollout.pointer(to)?.as_f64()? - rollout.pointer(from)?.as_f64()?)
    };
    let waits = rollouts.iter().filter_map(|rollout| seconds(rollout, "/start_time", "/attempt/start_time"));
    assert!(waits.filter(|wait| *wait > 20.0).count() > 40);
    let runs =
        rollouts.iter().filter_map(|rollout| seconds(rollout, "/attempt/start_time", "/attempt/end_time"));
    assert!(runs.filter(|run| *run > 20.0 && *run < 300.0).count() > 200);
}

#[tokio::test]
async fn workers_send_signs_of_life_and_one_has_fallen_silent() {
    let server = demo(&[]);
    let mut client = server.client();
    let workers = items(&mut client, "/v1/agl/workers").await;
    assert_eq!(workers.len(), 12);
    let newest =
        workers.iter().filter_map(|worker| worker["last_heartbeat_time"].as_f64()).fold(0.0, f64::max);
    let silent: Vec<_> = workers
        .iter()
        .filter(|worker| worker["last_heartbeat_time"].as_f64().unwrap() < newest - 60.0)
        .collect();
    assert_eq!(silent.len(), 1);
    assert_eq!(silent[0]["status"], "busy");
    for worker in &workers {
        assert_eq!(worker["heartbeat_stats"]["gpus"].as_array().unwrap().len(), 2, "{worker}");
    }
}

#[tokio::test]
async fn resources_were_improved_and_hold_a_key() {
    let server = demo(&[]);
    let mut client = server.client();
    let rows = client.get("/v1/agl/dashboard/resources").await;
    assert!(!rows.text().contains("sk-demo"));
    for row in rows.expect(200)["items"].as_array().unwrap() {
        let id = row["resources_id"].as_str().unwrap();
        let versions = client.get(&format!("/v1/agl/dashboard/resources/{id}/versions")).await;
        assert!(versions.text().contains("••••") && !versions.text().contains("sk-demo"));
        let versions = versions.expect(200);
        let versions = versions["items"].as_array().unwrap();
        assert!(versions.len() >= 4, "{id}: {}", versions.len());
        let used = versions.iter().filter(|version| version["rollouts"].as_u64() > Some(0)).count();
        assert!(used >= 3, "{id}: {used}");
        let whole = client.get(&format!("/v1/agl/resources/{id}")).await;
        assert!(whole.text().contains("sk-demo"));
    }
}

#[tokio::test]
async fn traces_are_written_in_every_dialect() {
    let server = demo(&[]);
    let mut client = server.client();
    let rollouts = items(&mut client, "/v1/agl/rollouts").await;
    let mut everything = String::new();
    let mut kinds = BTreeSet::new();
    let (mut orphans, mut several_traces) = (0, 0);
    let mut rewards: Vec<(f64, f64)> = Vec::new();
    for rollout in rollouts.iter().filter(|rollout| rollout["attempt"].is_object()) {
        if rollout["mode"] == "test" && rollout.pointer("/input/prompt").is_some() {
            continue;
        }
        let path = format!("/v1/agl/spans?rollout_id={}", rollout["rollout_id"].as_str().unwrap());
        let text = client.get(&path).await.text();
        let mut trace = Trace::new();
        trace.append_json(&text);
        kinds.extend(trace.spans().iter().map(|span| span.kind.as_str()));
        let known: BTreeSet<&str> = (0..trace.len()).map(|span| trace.span_id(span)).collect();
        orphans += (0..trace.len())
            .filter(|span| trace.parent_id(*span).is_some_and(|id| !known.contains(id)))
            .count();
        let traces: BTreeSet<&str> = (0..trace.len()).map(|span| trace.trace_id(span)).collect();
        several_traces += usize::from(traces.len() > 1);
        if let Some(reward) =
            trace.spans().iter().find(|span| span.kind == Kind::Reward).and_then(|span| span.reward)
        {
            rewards.push((rollout["start_time"].as_f64().unwrap(), reward));
        }
        everything.push_str(&text);
    }
    for sign in [
        "\"openai.chat.completion\"",
        "gen_ai.prompt.3.tool_call_id",
        "gen_ai.request.functions.0.parameters",
        "gen_ai.completion.0.tool_calls.0.arguments",
        "gen_ai.streaming.time_to_first_token",
        "\"prompt_token_ids\":[",
        "logprobs.content",
        "\"litellm_request\"",
        "\"raw_gen_ai_request\"",
        "'logprobs': None",
        "gen_ai.input.messages",
        "Received Proxy Server Request",
        "weave:///demo/agents/op/openai.chat.completions.create:",
        "agentlightning.operation.output.choices.0.message.content",
        "openinference.span.kind",
        "llm.input_messages.0.message.role",
        "retrieval.documents.0.document.content",
        "agentlightning.reward.3.value",
        "agentlightning.link.0.value_match",
        "agentlightning.object.json",
        "agentlightning.message.body",
        "exception.stacktrace",
        "data:image/png;base64,",
    ] {
        assert!(everything.contains(sign), "{sign}");
    }
    for kind in [
        "llm",
        "tool",
        "agent",
        "reward",
        "message",
        "object",
        "exception",
        "operation",
        "workflow",
        "retriever",
        "http",
    ] {
        assert!(kinds.contains(kind), "{kind}: {kinds:?}");
    }
    assert!(orphans > 0 && several_traces > 0, "{orphans} {several_traces}");
    // Rewards get better.
    rewards.sort_by(|a, b| a.0.total_cmp(&b.0));
    let third = rewards.len() / 3;
    let mean = |part: &[(f64, f64)]| {
        part.iter().map(|(_, reward)| reward).sum::<f64>() / f64::from(u32::try_from(part.len()).unwrap())
    };
    let (early, late) = (mean(&rewards[..third]), mean(&rewards[2 * third..]));
    assert!(late > early + 0.15, "{early} {late}");
}

#[tokio::test]
async fn one_trace_has_ten_thousand_spans_deep_and_wide() {
    let server = demo(&["--rollouts", "50"]);
    let mut client = server.client();
    let rollouts = items(&mut client, "/v1/agl/rollouts").await;
    let long = rollouts.iter().find(|rollout| rollout.pointer("/input/prompt").is_some()).unwrap();
    let id = long["rollout_id"].as_str().unwrap();
    let path = format!("/v1/agl/dashboard/rollouts/{id}/attempts/latest/trace");
    let sent = client.send(Request::new("GET", &path).header("accept-encoding", "gzip")).await.body.len();
    assert!(sent < 300_000, "{sent} bytes");
    let text = client.get(&path).await.text();
    let mut trace = Trace::new();
    assert_eq!(trace.append_json(&text).added, 10_000);
    let children = (0..trace.len()).map(|span| trace.children_of(span).len()).max();
    assert!(children >= Some(57), "{children:?}");
    let mut deepest = 0;
    for span in 0..trace.len() {
        let parents = std::iter::successors(Some(span), |span| trace.parent_of(*span));
        deepest = deepest.max(parents.count());
    }
    assert!(deepest > 60, "{deepest}");
}

#[tokio::test]
async fn a_live_run_goes_on() {
    let server = demo(&["--live", "--rollouts", "50"]);
    let mut client = server.client();
    let mut stream = Stream::open(server.address(), "/v1/agl/events?topics=rollouts", &[]).await;
    let before = client.get("/v1/agl/statistics").await.expect(200);
    // Somebody else's rollout is taken, too.
    let queued = json!({"rollouts": [{"input": "What is 6 times 7?"}]});
    let queued = client.post("/v1/agl/queues/rollouts/enqueue", &queued).await.expect(201);
    let mine = queued[0]["rollout_id"].clone();
    let mut statuses = BTreeSet::new();
    while !(statuses.contains("running") && statuses.contains("succeeded")) {
        let (_, data) = stream.message().await;
        if data["rollout_id"] != mine {
            statuses.insert(data["status"].as_str().unwrap().to_owned());
        }
    }
    let after = client.get("/v1/agl/statistics").await.expect(200);
    assert!(after["total_spans"].as_u64() > before["total_spans"].as_u64(), "{before} {after}");
}

#[tokio::test]
async fn a_seed_makes_the_same_run_again() {
    let look = async |seed: &str| {
        let server = demo(&["--rollouts", "50", "--seed", seed]);
        let mut client = server.client();
        let rollouts = items(&mut client, "/v1/agl/rollouts").await;
        let inputs: Vec<Value> = rollouts.iter().map(|rollout| rollout["input"].clone()).collect();
        let totals = client.get("/v1/agl/statistics").await.expect(200);
        (inputs, count(&rollouts, "/status"), totals["total_spans"].clone(), totals["total_attempts"].clone())
    };
    let first = look("7").await;
    assert_eq!(look("7").await, first);
    assert_ne!(look("8").await.0, first.0);
}

#[tokio::test]
async fn a_store_that_somebody_uses_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.db");
    let server = Launch::sqlite(&file).start();
    let queued = json!({"rollouts": [{"input": 1}]});
    server.client().post("/v1/agl/queues/rollouts/enqueue", &queued).await.expect(201);
    server.stop();
    let store = format!("sqlite:{}", file.display());
    let refused = Launch::bare().args(["demo", "--port", "0", "--store", &store]).run();
    assert!(!refused.status.success());
    for part in ["holds 1 rollouts that no demo has made", &store, "--store memory"] {
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
    }
    let server = Launch::sqlite(&file).start();
    let totals = server.client().get("/v1/agl/statistics").await.expect(200);
    assert_eq!((&totals["total_rollouts"], &totals["total_resources"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn a_demo_in_a_file_is_served_again_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("demo.db").display());
    let server = demo(&["--rollouts", "50", "--store", &store]);
    let rollouts = items(&mut server.client(), "/v1/agl/rollouts").await;
    server.stop();
    let server = demo(&["--rollouts", "60", "--store", &store]);
    assert_eq!(items(&mut server.client(), "/v1/agl/rollouts").await.len(), rollouts.len());
}

#[test]
fn help_tells_a_newcomer_what_it_is() {
    let help = Launch::bare().args(["demo", "--help"]).run();
    let text = help.stdout.join("\n");
    for part in ["believable training run", "--live", "--seed", "--rollouts", "[default: memory]", "--port"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}
