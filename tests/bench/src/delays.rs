//! How long it takes from an event until those who wait for it are told, beside a thousand others who wait on.
//!
//! The delay runs from the answer to the call that brings it about (its effects are on disk then) to the answer of the
//! one who waits; what is told before that counts as nothing.

use std::fmt::Write as _;
use std::time::Duration;

use lightning_store_e2e::clock;
use lightning_store_e2e::http::{Client, Request};
use lightning_store_e2e::server::Server;
use lightning_store_e2e::sse::Stream;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::bodies::rollout;

/// Who waits beside.
const BYSTANDERS: usize = 1_000;
/// How often each delay is measured.
const SAMPLES: usize = 300;
/// So that the one who waits is surely waiting when the event comes.
const SETTLE: Duration = Duration::from_millis(5);

/// The delays of one kind of waiting.
struct Row {
    name: &'static str,
    bystanders: usize,
    delays: Vec<Duration>,
}

/// Measures all of them on a server, as a Markdown table.
pub(crate) async fn table(server: &Server) -> String {
    let mut table = String::from("| told after | waiting beside | p50 ms | p99 ms |\n|---|--:|--:|--:|\n");
    for bystanders in [0, BYSTANDERS] {
        let waiting = stand_by(server, bystanders).await;
        for (name, delays) in [
            ("a finish, to a wait", finishes(server).await),
            ("an enqueue, to a dequeue", enqueues(server).await),
            ("an enqueue, to a stream of events", events(server).await),
        ] {
            eprintln!("delay after {name}, {bystanders} beside");
            Row { name, bystanders, delays }.write(&mut table);
        }
        waiting.iter().for_each(JoinHandle::abort);
    }
    table
}

impl Row {
    fn write(mut self, table: &mut String) {
        self.delays.sort_unstable();
        let millis = |percent: usize| {
            let index = (self.delays.len() * percent / 100).min(self.delays.len() - 1);
            self.delays[index].as_secs_f64() * 1e3
        };
        let _ = writeln!(
            table,
            "| {} | {} | {:.2} | {:.2} |",
            self.name,
            self.bystanders,
            millis(50),
            millis(99)
        );
    }
}

/// Waits for a rollout that is never finished.
async fn stand_by(server: &Server, count: usize) -> Vec<JoinHandle<()>> {
    let id = enqueue(&mut server.client()).await;
    // It must not be taken by a dequeue that is measured.
    server.client().post(&format!("/v1/agl/rollouts/{id}"), &json!({"status": "running"})).await.expect(200);
    let waiting = (0..count).map(|_| {
        let (mut client, body) = (server.client(), json!({"rollout_ids": [id], "timeout": 600.0}));
        tokio::spawn(async move {
            // The client's own patience may end before the wait does.
            while client.try_send(Request::new("POST", "/v1/agl/waits/rollouts").json(&body)).await.is_err() {
            }
        })
    });
    let waiting = waiting.collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    waiting
}

async fn enqueue(client: &mut Client) -> String {
    let body = json!({"rollouts": [rollout()]});
    let rollouts = client.post("/v1/agl/queues/rollouts/enqueue", &body).await.expect(201);
    rollouts[0]["rollout_id"].as_str().expect("an id").to_owned()
}

async fn finishes(server: &Server) -> Vec<Duration> {
    let mut client = server.client();
    let mut delays = Vec::new();
    for _ in 0..SAMPLES {
        let started = client.post("/v1/agl/rollouts", &rollout()).await.expect(201);
        let id = started["rollout_id"].as_str().expect("an id").to_owned();
        let wait = told(server, "/v1/agl/waits/rollouts", json!({"rollout_ids": [id], "timeout": 30.0}));
        tokio::time::sleep(SETTLE).await;
        let path = format!("/v1/agl/rollouts/{id}/attempts/latest");
        client.post(&path, &json!({"status": "succeeded"})).await.expect(200);
        let done = clock::now();
        delays.push(wait.await.expect("an answer").saturating_duration_since(done));
    }
    delays
}

async fn enqueues(server: &Server) -> Vec<Duration> {
    let mut client = server.client();
    let dequeue = "/v1/agl/queues/rollouts/dequeue";
    while client.post(dequeue, &json!({"limit": 100})).await.expect(200) != json!([]) {}
    let mut delays = Vec::new();
    for _ in 0..SAMPLES {
        let wait = told(server, dequeue, json!({"worker_id": "bench", "wait_seconds": 30.0}));
        tokio::time::sleep(SETTLE).await;
        enqueue(&mut client).await;
        let done = clock::now();
        delays.push(wait.await.expect("an answer").saturating_duration_since(done));
    }
    delays
}

/// When the answer to this request has come.
fn told(server: &Server, path: &str, body: Value) -> JoinHandle<std::time::Instant> {
    let (mut client, path) = (server.client(), path.to_owned());
    tokio::spawn(async move {
        let answer = client.post(&path, &body).await.expect(200);
        assert_ne!(answer, json!([]), "{path} was answered without an event");
        clock::now()
    })
}

async fn events(server: &Server) -> Vec<Duration> {
    let mut stream = Stream::open(server.address(), "/v1/agl/events?topics=rollouts", &[]).await;
    let mut client = server.client();
    let mut delays = Vec::new();
    for _ in 0..SAMPLES / 10 {
        // Changes that follow each other closely are told together: this is about one that comes alone.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let id = enqueue(&mut client).await;
        let done = clock::now();
        while stream.message().await.1["rollout_id"] != id.as_str() {}
        delays.push(clock::now().saturating_duration_since(done));
    }
    delays
}
