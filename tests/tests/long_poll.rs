//! Dequeues that wait.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use lightning_store_e2e::clock;
use lightning_store_e2e::http::{Answer, Client, Request};
use lightning_store_e2e::server::{Launch, Server};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

const ENQUEUE: &str = "/v1/agl/queues/rollouts/enqueue";
const DEQUEUE: &str = "/v1/agl/queues/rollouts/dequeue";
const OTHER_DEQUEUE: &str = "/agl/v1/queues/rollouts/dequeue";
/// From an event to the answer of those who waited for it; 20 ms on a machine that has nothing else to do.
const SOON: Duration = Duration::from_millis(200);

fn wait(server: &Server, request: Request) -> JoinHandle<Answer> {
    let mut client = server.client();
    tokio::spawn(async move { client.send(request).await })
}

fn dequeue(seconds: f64) -> Request {
    Request::new("POST", DEQUEUE).json(&json!({"wait_seconds": seconds, "worker_id": "w"}))
}

/// Until the worker's look into the empty queue shows.
async fn has_looked(client: &mut Client, worker: &str) {
    while client.get(&format!("/v1/agl/workers/{worker}")).await.expect(200).is_null() {
        tokio::task::yield_now().await;
    }
}

async fn enqueue(client: &mut Client, count: usize) -> Vec<String> {
    let rollouts = vec![json!({"input": 1}); count];
    let queued = client.post(ENQUEUE, &json!({"rollouts": rollouts})).await.expect(201);
    queued.as_array().unwrap().iter().map(|one| one["rollout_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_wait_ends_soon_after_an_enqueue_in_both_dialects() {
    let server = Launch::default().start();
    let mut client = server.client();
    let waits = wait(&server, dequeue(30.0));
    has_looked(&mut client, "w").await;
    let id = enqueue(&mut client, 1).await.remove(0);
    let enqueued = clock::now();
    assert_eq!(waits.await.unwrap().expect(200)[0]["rollout_id"], json!(id));
    assert!(enqueued.elapsed() < SOON, "{:?}", enqueued.elapsed());

    let waits = wait(&server, Request::new("POST", &format!("{OTHER_DEQUEUE}?wait_seconds=30")));
    tokio::time::sleep(Duration::from_millis(50)).await;
    let id = enqueue(&mut client, 1).await.remove(0);
    let enqueued = clock::now();
    assert_eq!(waits.await.unwrap().expect(200)["rollout_id"], json!(id));
    assert!(enqueued.elapsed() < SOON, "{:?}", enqueued.elapsed());
}

#[tokio::test]
async fn a_wait_in_vain_takes_as_long_as_it_was_asked_to_and_is_not_slow() {
    let server = Launch::default().start();
    let mut client = server.client();
    for (request, nothing) in [
        (dequeue(1.2), json!([])),
        (Request::new("POST", &format!("{OTHER_DEQUEUE}?wait_seconds=1.2")), Value::Null),
    ] {
        let answer = client.send(request).await;
        assert_eq!(answer.expect(200), nothing);
        assert!((1.2..5.0).contains(&answer.took.as_secs_f64()), "{:?}", answer.took);
    }
    for seconds in [json!(0), json!(-1), Value::Null] {
        let answer = client.post(DEQUEUE, &json!({"wait_seconds": seconds})).await;
        assert_eq!(answer.expect(200), json!([]));
        assert!(answer.took < Duration::from_secs(1));
    }
    let log = server.stop().stderr;
    assert!(!log.contains("slow"), "{log}");
}

#[tokio::test]
async fn a_wait_that_is_too_long_or_no_number_is_refused() {
    let server = Launch::default().start();
    let mut client = server.client();
    for seconds in ["60.5", "1e999", "NaN"] {
        let body = format!("{{\"wait_seconds\": {seconds}}}");
        let body = Request::new("POST", DEQUEUE).header("content-type", "application/json").body(body);
        let query = Request::new("POST", &format!("{OTHER_DEQUEUE}?wait_seconds={seconds}"));
        for (request, part) in [(body, "body"), (query, "query")] {
            let answer = client.send(request).await.expect(422);
            assert_eq!(answer["detail"][0]["loc"], json!([part, "wait_seconds"]), "{answer}");
            assert!(answer["detail"][0]["msg"].as_str().unwrap().contains("limit: wait seconds"), "{answer}");
        }
    }
    client.send(Request::new("POST", &format!("{OTHER_DEQUEUE}?wait_seconds=soon"))).await.expect(422);
}

#[tokio::test]
async fn a_retry_and_the_watchdog_end_waits() {
    let server = Launch::default().start();
    let mut client = server.client();
    let config = |extra: Value| {
        let mut config = json!({"max_attempts": 2, "retry_condition": ["failed", "timeout"]});
        config.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({"input": 1, "config": config})
    };
    let started = client.post("/v1/agl/rollouts", &config(json!({}))).await.expect(201);
    let waits = wait(&server, dequeue(30.0));
    has_looked(&mut client, "w").await;
    let path = format!("/v1/agl/rollouts/{}/attempts/latest", started["rollout_id"].as_str().unwrap());
    client.post(&path, &json!({"status": "failed"})).await.expect(200);
    let failed = clock::now();
    assert_eq!(waits.await.unwrap().expect(200)[0]["attempt"]["sequence_id"], 2);
    assert!(failed.elapsed() < SOON);

    let waits = wait(&server, dequeue(30.0));
    let started = clock::now();
    client.post("/v1/agl/rollouts", &config(json!({"timeout_seconds": 0.5}))).await.expect(201);
    assert_eq!(waits.await.unwrap().expect(200)[0]["attempt"]["sequence_id"], 2);
    let took = started.elapsed();
    assert!((0.5..1.5).contains(&took.as_secs_f64()), "{took:?}");
}

#[tokio::test]
async fn hundreds_who_wait_share_what_comes() {
    const WAITING: usize = 300;
    let server = Launch::default().start();
    let mut client = server.client();
    let waits: Vec<_> = (0..WAITING)
        .map(|number| {
            let body = json!({"wait_seconds": 60, "worker_id": format!("w-{number}")});
            wait(&server, Request::new("POST", DEQUEUE).json(&body))
        })
        .collect();
    while client.get("/v1/agl/statistics").await.expect(200)["total_workers"] != WAITING {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut queued = Vec::new();
    for count in [1, 99, 200] {
        queued.extend(enqueue(&mut client, count).await);
    }
    let mut taken = Vec::new();
    for wait in waits {
        let answer = wait.await.unwrap().expect(200);
        assert_eq!(answer.as_array().unwrap().len(), 1);
        taken.push(answer[0]["rollout_id"].as_str().unwrap().to_owned());
    }
    taken.sort_unstable();
    queued.sort_unstable();
    assert_eq!(taken, queued);
}

#[tokio::test]
async fn nothing_is_claimed_for_a_client_that_has_hung_up() {
    let server = Launch::default().start();
    let mut client = server.client();
    let body = json!({"wait_seconds": 60, "worker_id": "gone"}).to_string();
    let head = format!(
        "POST {DEQUEUE} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut gone = TcpStream::connect(server.address()).unwrap();
    gone.write_all(head.as_bytes()).unwrap();
    has_looked(&mut client, "gone").await;
    drop(gone);
    // The server notices within a moment.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let id = enqueue(&mut client, 1).await.remove(0);
    assert_eq!(client.send(dequeue(30.0)).await.expect(200)[0]["rollout_id"], json!(id));
    let attempts = client.get(&format!("/v1/agl/rollouts/{id}/attempts")).await.expect(200);
    assert_eq!(attempts["total"], 1);
}

#[tokio::test]
async fn an_answer_that_got_lost_is_given_to_the_same_round_and_a_stop_ends_waits() {
    let server = Launch::default().start();
    let mut client = server.client();
    let round = dequeue(30.0).header("idempotency-key", "round");
    let waits = wait(&server, round.clone());
    has_looked(&mut client, "w").await;
    let queued = enqueue(&mut client, 2).await;
    let first = waits.await.unwrap();
    assert_eq!(first.expect(200)[0]["rollout_id"], json!(queued[0]));
    assert_eq!(client.send(round).await.text(), first.text());
    client.send(dequeue(30.0)).await.expect(200);

    let waits =
        wait(&server, Request::new("POST", DEQUEUE).json(&json!({"wait_seconds": 60, "worker_id": "v"})));
    has_looked(&mut client, "v").await;
    let ended = server.stop();
    assert!(ended.status.success() && ended.took < Duration::from_secs(5), "{ended:?}");
    assert_eq!(waits.await.unwrap().expect(200), json!([]));
}
