//! Deadlines and wake-ups: the server acts by itself and at once, not when the next call comes.

use std::time::Duration;

use lightning_store_e2e::clock;
use lightning_store_e2e::http::Client;
use lightning_store_e2e::server::Launch;
use serde_json::{Value, json};

const WAIT: &str = "/v1/agl/waits/rollouts";

async fn start_rollout(client: &mut Client, config: Value) -> String {
    let started = client.post("/v1/agl/rollouts", &json!({"input": "x", "config": config})).await.expect(201);
    started["rollout_id"].as_str().expect("an id").to_owned()
}

/// The rollout as it is half a second after its start, and how long after the start it ended.
async fn looked_at_once(config: Value) -> (Value, f64) {
    let server = Launch::default().start();
    let mut client = server.client();
    let rollout_id = start_rollout(&mut client, config).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let rollout = client.get(&format!("/v1/agl/rollouts/{rollout_id}")).await.expect(200);
    let time = |field: &str| rollout[field].as_f64().expect("a time");
    let lasted = time("end_time") - time("start_time");
    (rollout, lasted)
}

#[tokio::test]
async fn an_attempt_times_out_at_its_deadline_without_any_call() {
    let (rollout, lasted) = looked_at_once(json!({"timeout_seconds": 0.3})).await;
    assert_eq!((&rollout["status"], &rollout["attempt"]["status"]), (&json!("failed"), &json!("timeout")));
    assert!((0.3..0.45).contains(&lasted), "ended after {lasted} s, so it was the look that ended it");
}

#[tokio::test]
async fn a_silent_attempt_is_unresponsive_at_its_deadline_without_any_call() {
    let (rollout, lasted) = looked_at_once(json!({"unresponsive_seconds": 0.3})).await;
    assert_eq!(
        (&rollout["status"], &rollout["attempt"]["status"]),
        (&json!("failed"), &json!("unresponsive"))
    );
    assert!((0.3..0.45).contains(&lasted), "ended after {lasted} s, so it was the look that ended it");
}

#[tokio::test]
async fn a_deadline_wakes_who_waits() {
    let server = Launch::default().start();
    let mut client = server.client();
    let rollout_id = start_rollout(&mut client, json!({"timeout_seconds": 0.3})).await;
    let answer = client.post(WAIT, &json!({"rollout_ids": [rollout_id], "timeout": null})).await;
    assert_eq!(answer.expect(200)[0]["status"], "failed");
    let took = answer.took.as_secs_f64();
    assert!((0.2..0.5).contains(&took), "took {took} s");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_wakes_all_who_wait_within_a_fifth_of_a_second() {
    let server = Launch::default().start();
    let mut client = server.client();
    let rollout_id = start_rollout(&mut client, json!({})).await;
    let waits: Vec<_> = (0..20)
        .map(|_| {
            let mut waiting = server.client();
            let body = json!({"rollout_ids": [rollout_id], "timeout": null});
            tokio::spawn(async move { waiting.post(WAIT, &body).await.expect(200) })
        })
        .collect();
    // There is no other sign that a wait has begun.
    tokio::time::sleep(Duration::from_millis(300)).await;

    let updated = clock::now();
    client.post(&format!("/v1/agl/rollouts/{rollout_id}"), &json!({"status": "succeeded"})).await.expect(200);

    for wait in waits {
        assert_eq!(wait.await.unwrap()[0]["status"], "succeeded");
    }
    assert!(updated.elapsed() < Duration::from_millis(200), "took {:?}", updated.elapsed());
}

#[tokio::test]
async fn a_wait_ends_at_its_timeout_with_what_is_finished() {
    let server = Launch::default().start();
    let mut client = server.client();
    let finished = start_rollout(&mut client, json!({})).await;
    client.post(&format!("/v1/agl/rollouts/{finished}"), &json!({"status": "cancelled"})).await.expect(200);
    let unfinished = start_rollout(&mut client, json!({})).await;
    let answer = client.post(WAIT, &json!({"rollout_ids": [unfinished, finished], "timeout": 0.3})).await;
    assert_eq!(answer.expect(200)[0]["rollout_id"], finished);
    assert_eq!(answer.value().as_array().map(Vec::len), Some(1));
    let took = answer.took.as_secs_f64();
    assert!((0.3..0.5).contains(&took), "took {took} s");
}

#[tokio::test]
async fn a_client_that_hangs_up_while_it_waits_does_no_harm() {
    let server = Launch::default().start();
    let mut client = server.client();
    let rollout_id = start_rollout(&mut client, json!({})).await;
    let mut waiting = server.client();
    let body = json!({"rollout_ids": [rollout_id], "timeout": null});
    let hung_up = tokio::time::timeout(Duration::from_millis(200), waiting.post(WAIT, &body)).await;
    assert!(hung_up.is_err());
    drop(waiting);

    client.post(&format!("/v1/agl/rollouts/{rollout_id}"), &json!({"status": "succeeded"})).await.expect(200);
    assert!(server.stop().status.success());
}
