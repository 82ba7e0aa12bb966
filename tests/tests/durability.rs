//! What was acknowledged is still there after a restart, whether the server was asked to end or killed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lightning_store_e2e::http::Client;
use lightning_store_e2e::server::{Launch, Server};
use lightning_store_e2e::span::span;
use serde_json::{Value, json};
use tokio::sync::Notify;

const ENQUEUE: &str = "/v1/agl/queues/rollouts/enqueue";
const DEQUEUE: &str = "/v1/agl/queues/rollouts/dequeue";
const NEXT: &str = "/v1/agl/spans/next";

/// Everything a client can list.
async fn listing(client: &mut Client, rollout_id: &str) -> Vec<Value> {
    let mut lists = Vec::new();
    for path in [
        "/v1/agl/rollouts".to_owned(),
        format!("/v1/agl/rollouts/{rollout_id}/attempts"),
        "/v1/agl/workers".to_owned(),
        "/v1/agl/resources".to_owned(),
        format!("/v1/agl/spans?rollout_id={rollout_id}"),
    ] {
        lists.push(client.get(&path).await.expect(200));
    }
    lists
}

/// Signs of life may be some seconds old after a crash.
fn forget_heartbeats(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(forget_heartbeats),
        Value::Object(members) => {
            for (key, member) in members {
                if key == "last_heartbeat_time" {
                    *member = Value::Null;
                } else {
                    forget_heartbeats(member);
                }
            }
        }
        _ => {}
    }
}

async fn everything_survives(end: fn(Server), but: fn(&mut Value)) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = folder.path().join("store.db");
    let server = Launch::sqlite(&database).start();
    let mut client = server.client();
    let prompt =
        json!({"main": {"resource_type": "prompt_template", "template": "Hi {name}", "engine": "f-string"}});
    client.post("/v1/agl/resources/rs-1", &prompt).await.expect(200);
    let inputs: Vec<Value> = (0..5).map(|input| json!({"input": {"n": input}, "mode": "train"})).collect();
    let queued = client.post(ENQUEUE, &json!({"rollouts": inputs})).await.expect(201);
    let running = client.post(DEQUEUE, &json!({"limit": 2, "worker_id": "w-1"})).await.expect(200);
    let ids = |which: usize| {
        (running[which]["rollout_id"].as_str(), running[which]["attempt"]["attempt_id"].as_str())
    };
    let (Some(rollout), Some(attempt)) = ids(0) else { panic!("{running}") };
    for number in 1..=3 {
        let issued =
            client.post(NEXT, &json!({"rollout_id": rollout, "attempt_id": attempt})).await.expect(200);
        assert_eq!(issued["sequence_id"], number);
        client
            .post("/v1/agl/spans", &span(rollout, attempt, number, &format!("s{number}")))
            .await
            .expect(201);
    }
    let unused = client.post(NEXT, &json!({"rollout_id": rollout, "attempt_id": attempt})).await.expect(200);
    let mut before = listing(&mut client, rollout).await;
    before.iter_mut().for_each(but);

    end(server);
    let server = Launch::sqlite(&database).start();

    let mut client = server.client();
    let mut after = listing(&mut client, rollout).await;
    after.iter_mut().for_each(but);
    assert_eq!(after, before);
    let issued = client.post(NEXT, &json!({"rollout_id": rollout, "attempt_id": attempt})).await.expect(200);
    assert!(issued["sequence_id"].as_u64() > unused["sequence_id"].as_u64(), "{issued} after {unused}");
    let rest = client.post(DEQUEUE, &json!({"limit": 10})).await.expect(200);
    let order = |list: &Value| -> Vec<Value> {
        list.as_array().into_iter().flatten().map(|rollout| rollout["rollout_id"].clone()).collect()
    };
    assert_eq!(order(&rest), order(&queued)[2..]);
}

#[tokio::test]
async fn everything_survives_a_stop() {
    everything_survives(|server| assert!(server.stop().status.success()), |_| {}).await;
}

#[tokio::test]
async fn everything_survives_a_kill() {
    everything_survives(Server::kill, forget_heartbeats).await;
}

/// Enqueues until the server is gone; what was acknowledged.
async fn enqueue_until_the_end(mut client: Client, began: Arc<Notify>) -> Vec<String> {
    let mut acknowledged = Vec::new();
    while let Ok(answer) = client.try_send(enqueue_one()).await {
        let rollouts = answer.expect(201);
        acknowledged.extend(rollouts[0]["rollout_id"].as_str().map(str::to_owned));
        if acknowledged.len() == 50 {
            began.notify_one();
        }
    }
    acknowledged
}

fn enqueue_one() -> lightning_store_e2e::http::Request {
    lightning_store_e2e::http::Request::new("POST", ENQUEUE).json(&json!({"rollouts": [{"input": "load"}]}))
}

async fn stored(database: &Path) -> Vec<String> {
    let server = Launch::sqlite(database).start();
    let page = server.client().get("/v1/agl/rollouts").await.expect(200);
    let items = page["items"].as_array().expect("items");
    items.iter().filter_map(|rollout| rollout["rollout_id"].as_str().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_under_load_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("store.db");
    let server = Launch::sqlite(&database).start();
    let began = Arc::new(Notify::new());
    let writers: Vec<_> =
        (0..8).map(|_| tokio::spawn(enqueue_until_the_end(server.client(), Arc::clone(&began)))).collect();
    began.notified().await;

    server.kill();

    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.extend(writer.await.unwrap());
    }
    let stored = stored(&database).await;
    let lost: Vec<_> = acknowledged.iter().filter(|rollout| !stored.contains(rollout)).collect();
    assert!(lost.is_empty(), "{} of {} are lost", lost.len(), acknowledged.len());
}

#[tokio::test]
async fn a_deadline_that_passed_while_the_server_was_down_is_applied_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("store.db");
    let server = Launch::sqlite(&database).start();
    let body = json!({"input": "late", "config": {"timeout_seconds": 0.2}});
    let started = server.client().post("/v1/agl/rollouts", &body).await.expect(201);
    server.kill();
    tokio::time::sleep(Duration::from_millis(250)).await;

    let server = Launch::sqlite(&database).start();

    let path = format!("/v1/agl/rollouts/{}", started["rollout_id"].as_str().unwrap());
    let rollout = server.client().get(&path).await.expect(200);
    assert_eq!((&rollout["status"], &rollout["attempt"]["status"]), (&json!("failed"), &json!("timeout")));
}
