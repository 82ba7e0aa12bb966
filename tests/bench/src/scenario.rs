//! What each scenario sends, and what the store must hold before.

use std::time::Duration;

use lightning_store_e2e::http::Client;
use lightning_store_e2e::server::Server;
use serde_json::{Value, json};

use crate::bodies::{export, llm_span, rollout};
use crate::requests::Requests;
use crate::target::Target;

/// Rollouts per request while the queue is filled.
const BATCH: u64 = 500;
/// How many attempts run at once while spans are stored.
const RUNNING: usize = 16;
/// How many rollouts a query of rollouts finds.
const NEWEST: usize = 50;
/// How many spans the attempt has that is read.
pub(crate) const SPANS_READ: usize = 200;

/// A kind of load.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scenario {
    /// `GET /v1/agl/health`
    Health,
    /// One rollout per request
    Enqueue,
    /// One rollout per request, for a worker of each connection
    Dequeue,
    /// A span of about 2.5 KB per request
    Span,
    /// The next sequence id of an attempt
    SpanNext,
    /// An export of 100 spans
    Otlp,
    /// From the queue to the end of the attempt
    Lifecycle,
    /// The newest of so many rollouts
    QueryRollouts(u64),
    /// All spans of one attempt
    QuerySpans,
}

impl Scenario {
    /// All of them, in the order of the table.
    pub(crate) const ALL: [Self; 10] = [
        Self::Health,
        Self::Enqueue,
        Self::Dequeue,
        Self::Span,
        Self::SpanNext,
        Self::Otlp,
        Self::Lifecycle,
        Self::QueryRollouts(1_000),
        Self::QueryRollouts(100_000),
        Self::QuerySpans,
    ];

    /// Its name in the table and on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Enqueue => "enqueue",
            Self::Dequeue => "dequeue",
            Self::Span => "span",
            Self::SpanNext => "span-next",
            Self::Otlp => "otlp",
            Self::Lifecycle => "lifecycle",
            Self::QueryRollouts(1_000) => "query-rollouts-1000",
            Self::QueryRollouts(_) => "query-rollouts-100000",
            Self::QuerySpans => "query-spans",
        }
    }

    /// The one with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scenario| scenario.name() == name)
    }

    /// Fills the store and builds the requests of each connection.
    pub(crate) async fn prepare(
        self,
        (target, server): (Target, &Server),
        connections: usize,
        time: Duration,
    ) -> Vec<Requests> {
        let mut client = server.client();
        let mut attempts = Vec::new();
        let seconds = time.as_secs() + 1;
        match self {
            Self::Dequeue => fill_queue(&mut client, seconds * target.dequeues_per_second()).await,
            Self::Lifecycle => fill_queue(&mut client, seconds * target.dequeues_per_second() / 8).await,
            Self::QueryRollouts(stored) if target.stores() => fill_queue(&mut client, stored).await,
            Self::Span | Self::SpanNext | Self::Otlp => {
                for _ in 0..RUNNING {
                    attempts.push(start_rollout(&mut client).await);
                }
            }
            Self::QuerySpans => attempts.push(filled_attempt(&mut client).await),
            Self::Health | Self::Enqueue | Self::QueryRollouts(_) => {}
        }
        let requests = (0..connections).map(|connection| self.requests(connection, &attempts));
        requests.collect()
    }

    fn requests(self, connection: usize, attempts: &[(String, String)]) -> Requests {
        let ids = attempts.get(connection % RUNNING.min(attempts.len().max(1)));
        let (rollout_id, attempt_id) =
            ids.map_or(("", ""), |(rollout, attempt)| (rollout.as_str(), attempt.as_str()));
        match self {
            Self::Health => Requests::get("/v1/agl/health"),
            Self::Enqueue => {
                let body = json!({"rollouts": [rollout()]});
                Requests::post("/v1/agl/queues/rollouts/enqueue", &body, "201")
            }
            Self::Dequeue => Requests::dequeue(connection),
            Self::Span => Requests::spans(&llm_span(rollout_id, attempt_id), connection),
            Self::SpanNext => {
                let body = json!({"rollout_id": rollout_id, "attempt_id": attempt_id});
                Requests::post("/v1/agl/spans/next", &body, "200")
            }
            Self::Otlp => Requests::exports(export(rollout_id, attempt_id), connection),
            Self::Lifecycle => Requests::lifecycle(connection),
            Self::QueryRollouts(_) => {
                let body =
                    json!({"sort_by": "start_time", "sort_order": "desc", "limit": NEWEST, "offset": 0});
                Requests::query("/v1/agl/rollouts/search", &body, NEWEST)
            }
            Self::QuerySpans => {
                let body =
                    json!({"rollout_id": rollout_id, "attempt_id": attempt_id, "limit": -1, "offset": 0});
                Requests::query("/v1/agl/spans/search", &body, SPANS_READ)
            }
        }
    }
}

async fn fill_queue(client: &mut Client, rollouts: u64) {
    let batch: Vec<Value> = (0..BATCH).map(|_| rollout()).collect();
    let body = json!({"rollouts": batch});
    for _ in 0..rollouts.div_ceil(BATCH) {
        client.post("/v1/agl/queues/rollouts/enqueue", &body).await.expect(201);
    }
}

async fn start_rollout(client: &mut Client) -> (String, String) {
    let started = client.post("/v1/agl/rollouts", &rollout()).await.expect(201);
    let id = |value: &Value| value.as_str().expect("an id").to_owned();
    (id(&started["rollout_id"]), id(&started["attempt"]["attempt_id"]))
}

/// An attempt with its spans.
async fn filled_attempt(client: &mut Client) -> (String, String) {
    let (rollout_id, attempt_id) = start_rollout(client).await;
    let mut span = llm_span(&rollout_id, &attempt_id);
    for number in 1..=SPANS_READ {
        span["span_id"] = json!(format!("{number:016x}"));
        span["sequence_id"] = json!(number);
        client.post("/v1/agl/spans", &span).await.expect(201);
    }
    (rollout_id, attempt_id)
}
