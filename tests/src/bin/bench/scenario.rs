//! The requests of each scenario, and what the store must hold before.

use std::time::Duration;

use lightning_store_e2e::http::Client;
use lightning_store_e2e::server::Server;
use lightning_store_e2e::span::span;
use serde_json::{Value, json};

/// How many rollouts are queued per second of measuring; when they are used up, measuring ends early.
const QUEUED_PER_SECOND: u64 = 8_000;
/// Rollouts per request while the queue is filled.
const BATCH: u64 = 500;
/// How many attempts run at once while spans are stored.
const RUNNING: usize = 16;
/// Stands for the span id until a request is sent.
const SPAN_ID: &str = "0123456789abcdef";
/// Stands for the sequence id; numbers given later have as many digits.
const SEQUENCE_ID: u64 = 100_000_000;

/// A kind of load.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scenario {
    /// One rollout per request
    Enqueue,
    /// One rollout per request, for a worker of each connection
    Dequeue,
    /// A span of about 2.5 KB per request
    Span,
    /// `GET /v1/agl/health`
    Health,
}

impl Scenario {
    /// All of them, in the order of the table.
    pub(crate) const ALL: [Self; 4] = [Self::Enqueue, Self::Dequeue, Self::Span, Self::Health];

    /// Its name in the table and on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Enqueue => "enqueue",
            Self::Dequeue => "dequeue",
            Self::Span => "span",
            Self::Health => "health",
        }
    }

    /// The one with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scenario| scenario.name() == name)
    }

    /// Fills the store and builds the requests of each connection.
    pub(crate) async fn prepare(self, server: &Server, connections: usize, time: Duration) -> Vec<Requests> {
        let mut client = server.client();
        let mut attempts = Vec::new();
        match self {
            Self::Dequeue => fill_queue(&mut client, (time.as_secs() + 1) * QUEUED_PER_SECOND).await,
            Self::Span => {
                for _ in 0..RUNNING {
                    attempts.push(start_rollout(&mut client).await);
                }
            }
            Self::Enqueue | Self::Health => {}
        }
        (0..connections)
            .map(|connection| match self {
                Self::Enqueue => Requests::post(
                    "/v1/agl/queues/rollouts/enqueue",
                    &json!({"rollouts": [rollout()]}),
                    "201",
                ),
                Self::Dequeue => {
                    let body = json!({"limit": 1, "worker_id": format!("worker-{connection}")});
                    Requests::post("/v1/agl/queues/rollouts/dequeue", &body, "200")
                }
                Self::Span => {
                    let (rollout_id, attempt_id) = &attempts[connection % RUNNING];
                    Requests::spans(&llm_span(rollout_id, attempt_id), connection)
                }
                Self::Health => Requests::get("/v1/agl/health"),
            })
            .collect()
    }
}

fn rollout() -> Value {
    json!({
        "input": {"task_id": "gsm8k-train-004711", "question": "How many apples are left in the basket?", "answer": 42},
        "mode": "train",
        "metadata": {"epoch": 3},
    })
}

async fn fill_queue(client: &mut Client, rollouts: u64) {
    let batch: Vec<Value> = (0..BATCH).map(|_| rollout()).collect();
    let body = json!({"rollouts": batch});
    for _ in 0..rollouts / BATCH {
        client.post("/v1/agl/queues/rollouts/enqueue", &body).await.expect(201);
    }
}

async fn start_rollout(client: &mut Client) -> (String, String) {
    let started = client.post("/v1/agl/rollouts", &rollout()).await.expect(201);
    let id = |value: &Value| value.as_str().expect("an id").to_owned();
    (id(&started["rollout_id"]), id(&started["attempt"]["attempt_id"]))
}

/// A span as an instrumented call of a language model leaves it.
fn llm_span(rollout_id: &str, attempt_id: &str) -> Value {
    let mut span = span(rollout_id, attempt_id, SEQUENCE_ID, SPAN_ID);
    let words = "the basket holds seven apples and two of them are given away ";
    span["name"] = json!("openai.chat.completion");
    span["attributes"] = json!({
        "gen_ai.system": "openai",
        "gen_ai.request.model": "qwen2.5-7b-instruct",
        "gen_ai.request.temperature": 0.7,
        "gen_ai.prompt.0.role": "system",
        "gen_ai.prompt.0.content": words.repeat(6),
        "gen_ai.prompt.1.role": "user",
        "gen_ai.prompt.1.content": words.repeat(9),
        "gen_ai.completion.0.role": "assistant",
        "gen_ai.completion.0.content": words.repeat(8),
        "gen_ai.completion.0.finish_reason": "stop",
        "gen_ai.usage.prompt_tokens": 311,
        "gen_ai.usage.completion_tokens": 127,
        "llm.is_streaming": false,
    });
    span["resource"] = json!({
        "attributes": {"service.name": "agent", "telemetry.sdk.language": "python", "telemetry.sdk.version": "1.38.0"},
        "schema_url": "",
    });
    span
}

/// The requests of one connection, as bytes.
#[derive(Debug)]
pub(crate) struct Requests {
    bytes: Vec<u8>,
    status: &'static str,
    /// Where the span id and the sequence id are, and the number of the next span.
    span: Option<(usize, usize, u64)>,
}

impl Requests {
    fn get(path: &str) -> Self {
        let bytes = format!("GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n").into_bytes();
        Self { bytes, status: "200", span: None }
    }

    fn post(path: &str, body: &Value, status: &'static str) -> Self {
        let body = body.to_string();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        Self { bytes: (head + &body).into_bytes(), status, span: None }
    }

    fn spans(span: &Value, connection: usize) -> Self {
        let mut requests = Self::post("/v1/agl/spans", span, "201");
        let find = |text: &str| {
            let place = requests.bytes.windows(text.len()).position(|window| window == text.as_bytes());
            place.expect("the span has its stand-ins")
        };
        let places = (find(SPAN_ID), find(&SEQUENCE_ID.to_string()));
        // Apart from each other, so that no two connections use one number.
        requests.span = Some((places.0, places.1, connection as u64 * 10_000_000));
        requests
    }

    /// The next request to send.
    pub(crate) fn next(&mut self) -> &[u8] {
        if let Some((span_id, sequence_id, number)) = &mut self.span {
            *number += 1;
            let id = format!("{number:016x}");
            self.bytes[*span_id..*span_id + id.len()].copy_from_slice(id.as_bytes());
            let sequence = (SEQUENCE_ID + *number % SEQUENCE_ID).to_string();
            self.bytes[*sequence_id..*sequence_id + sequence.len()].copy_from_slice(sequence.as_bytes());
        }
        &self.bytes
    }

    /// The status that each answer must have.
    pub(crate) fn status(&self) -> &'static str {
        self.status
    }

    /// Whether this answer means that there is nothing left to do: an empty queue. A span must not be answered with
    /// `null`, which means that it was there already.
    pub(crate) fn end_at(body: &[u8]) -> bool {
        assert!(body != b"null", "a span was taken for a duplicate");
        body == b"[]"
    }
}
