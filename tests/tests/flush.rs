//! A write is on disk before the first byte of its answer leaves: the system calls of the server, one client, idle.

use lightning_store_e2e::http::Client;
use lightning_store_e2e::span::span;
use lightning_store_e2e::trace::{self, Call};
use serde_json::{Value, json};

/// Sends one of each kind of write, alone; their names in the order sent.
async fn write_each(client: &mut Client) -> Vec<&'static str> {
    let enqueue = json!({"rollouts": [{"input": "one"}, {"input": "two"}]});
    client.post("/v1/agl/queues/rollouts/enqueue", &enqueue).await.expect(201);
    let claim = json!({"limit": 1, "worker_id": "w-1"});
    let claimed = client.post("/v1/agl/queues/rollouts/dequeue", &claim).await.expect(200);
    let text = |value: &Value| value.as_str().expect("an id").to_owned();
    let (rollout, attempt) = (text(&claimed[0]["rollout_id"]), text(&claimed[0]["attempt"]["attempt_id"]));
    let which = json!({"rollout_id": rollout, "attempt_id": attempt});
    client.post("/v1/agl/spans/next", &which).await.expect(200);
    client.post("/v1/agl/spans", &span(&rollout, &attempt, 1, "00000000000000a1")).await.expect(201);
    client.post("/v1/agl/spans", &span(&rollout, &attempt, 2, "00000000000000a2")).await.expect(201);
    let path = format!("/v1/agl/rollouts/{rollout}");
    client.post(&path, &json!({"metadata": {"note": 1}})).await.expect(200);
    client.post(&format!("{path}/attempts"), &json!({})).await.expect(201);
    client.post(&format!("{path}/attempts/{attempt}"), &json!({"status": "failed"})).await.expect(200);
    client.post(&format!("{path}/attempts/latest"), &json!({"status": "succeeded"})).await.expect(200);
    client.post("/v1/agl/rollouts", &json!({"input": "three"})).await.expect(201);
    let prompt = json!({"main": {"resource_type": "prompt_template", "template": "Hi", "engine": "jinja"}});
    client.post("/v1/agl/resources/rs-1", &prompt).await.expect(200);
    vec![
        "enqueue",
        "a dequeue that claims",
        "the first sequence number",
        "the first span",
        "another span",
        "update_rollout",
        "start_attempt",
        "update_attempt",
        "update_attempt of the latest",
        "start_rollout",
        "update_resources",
    ]
}

#[tokio::test]
async fn every_answer_to_a_write_follows_the_flush_of_the_log_to_disk() {
    if !trace::can_trace() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("strace.txt");
    let server = trace::start(&folder.path().join("store.db"), &record);
    let mut client = server.client();
    client.get("/v1/agl/rollouts").await.expect(200);
    let writes = write_each(&mut client).await;
    let ended = server.stop();
    assert!(ended.status.success(), "{}", ended.stderr);

    let calls = trace::calls(&record);

    let requests = calls.split(|call| matches!(call, Call::Request(_))).skip(1);
    let until_answer = |calls: &[Call]| {
        let answer = calls.iter().position(|call| matches!(call, Call::Answer(_)));
        calls[..answer.unwrap_or_else(|| panic!("no answer in {calls:?}"))].to_vec()
    };
    let before_answers: Vec<Vec<Call>> = requests.map(until_answer).collect();
    assert_eq!(before_answers.len(), 1 + writes.len(), "{calls:?}");
    assert_eq!(before_answers[0], [], "a read writes nothing");
    for (write, calls) in writes.iter().zip(&before_answers[1..]) {
        let flushed = calls.last() == Some(&Call::LogFlushed);
        assert!(flushed && calls.contains(&Call::LogWritten), "{write}: {calls:?}");
    }
}
