//! The requests of one connection, as bytes, and what their answers must be.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::bodies::{SEQUENCE_ID, SPAN_ID, llm_span, place};

/// How many spans a whole rollout has.
const SPANS_OF_ROLLOUT: usize = 8;
/// Span ids start apart from each other, so that no two connections use one.
const IDS_OF_CONNECTION: u64 = 10_000_000;

/// What an answer means for the connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The operation is complete.
    Done,
    /// It needs more requests.
    Going,
    /// The queue is empty: there is nothing left to do.
    Exhausted,
}

/// The requests of one connection.
#[derive(Debug)]
pub(crate) struct Requests {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// The same each time
    Same {
        message: Vec<u8>,
        status: &'static str,
    },
    /// Taken from a queue until it is empty
    Dequeue {
        message: Vec<u8>,
    },
    /// A list of this many items, which are counted once
    Query {
        message: Vec<u8>,
        items: usize,
        counted: bool,
    },
    /// A new span each time, and the number of the last one
    Span {
        message: SpanMessage,
        number: u64,
    },
    /// New spans each time: where their ids are, and the number of the last one
    Export {
        message: Vec<u8>,
        places: Vec<usize>,
        number: u64,
    },
    Lifecycle(Box<Lifecycle>),
}

/// A whole rollout: dequeue, for each span ask for its number and add it, finish.
#[derive(Debug)]
struct Lifecycle {
    dequeue: Vec<u8>,
    next: Vec<u8>,
    span: SpanMessage,
    finish: Vec<u8>,
    /// The request that is sent next
    step: usize,
    /// The number of the last span id
    number: u64,
}

/// A `POST` of a span with the places of what differs.
#[derive(Debug)]
struct SpanMessage {
    bytes: Vec<u8>,
    span_id: usize,
    sequence_id: usize,
}

impl SpanMessage {
    fn new(span: &Value) -> Self {
        let bytes = post("/v1/agl/spans", span);
        let (span_id, sequence_id) =
            (place(&bytes, SPAN_ID.as_bytes()), place(&bytes, SEQUENCE_ID.to_string().as_bytes()));
        Self { bytes, span_id, sequence_id }
    }

    fn name(&mut self, number: u64) {
        write(&mut self.bytes, self.span_id, format!("{number:016x}").as_bytes());
    }

    /// Blanks before a number are allowed, so that its length does not matter.
    fn number(&mut self, sequence_id: u64) {
        let width = SEQUENCE_ID.to_string().len();
        write(&mut self.bytes, self.sequence_id, format!("{sequence_id:>width$}").as_bytes());
    }
}

fn write(bytes: &mut [u8], place: usize, content: &[u8]) {
    bytes[place..place + content.len()].copy_from_slice(content);
}

fn post(path: &str, body: &Value) -> Vec<u8> {
    message(path, "application/json", body.to_string().as_bytes())
}

fn message(path: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

impl Requests {
    /// The same `GET` each time.
    pub(crate) fn get(path: &str) -> Self {
        let message = format!("GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n").into_bytes();
        Self { kind: Kind::Same { message, status: "200" } }
    }

    /// The same `POST` each time.
    pub(crate) fn post(path: &str, body: &Value, status: &'static str) -> Self {
        Self { kind: Kind::Same { message: post(path, body), status } }
    }

    /// One rollout each time, for this worker.
    pub(crate) fn dequeue(worker: usize) -> Self {
        Self { kind: Kind::Dequeue { message: dequeue(worker) } }
    }

    /// The same search each time, which finds this many.
    pub(crate) fn query(path: &str, body: &Value, items: usize) -> Self {
        Self { kind: Kind::Query { message: post(path, body), items, counted: false } }
    }

    /// A new span each time.
    pub(crate) fn spans(span: &Value, connection: usize) -> Self {
        let number = connection as u64 * IDS_OF_CONNECTION;
        Self { kind: Kind::Span { message: SpanMessage::new(span), number } }
    }

    /// New spans each time, whose ids are at these places of the body.
    pub(crate) fn exports((body, places): (Vec<u8>, Vec<usize>), connection: usize) -> Self {
        let message = message("/v1/traces", "application/x-protobuf", &body);
        let head = message.len() - body.len();
        let places = places.into_iter().map(|place| head + place).collect();
        // Ids of zeros only are not valid.
        let number = (connection as u64 + 1) * IDS_OF_CONNECTION * 100;
        Self { kind: Kind::Export { message, places, number } }
    }

    /// Whole rollouts, one after the other.
    pub(crate) fn lifecycle(worker: usize) -> Self {
        Self {
            kind: Kind::Lifecycle(Box::new(Lifecycle {
                dequeue: dequeue(worker),
                next: Vec::new(),
                span: SpanMessage::new(&llm_span("", "")),
                finish: Vec::new(),
                step: 0,
                number: worker as u64 * IDS_OF_CONNECTION,
            })),
        }
    }

    /// The next request to send.
    pub(crate) fn next(&mut self) -> &[u8] {
        match &mut self.kind {
            Kind::Same { message, .. } | Kind::Dequeue { message } | Kind::Query { message, .. } => message,
            Kind::Span { message, number } => {
                *number += 1;
                message.name(*number);
                message.number(SEQUENCE_ID + *number % SEQUENCE_ID);
                &message.bytes
            }
            Kind::Export { message, places, number } => {
                for place in places {
                    *number += 1;
                    write(message, *place, &number.to_be_bytes());
                }
                message
            }
            Kind::Lifecycle(lifecycle) => lifecycle.next(),
        }
    }

    /// The status that the answer to the last request must have.
    pub(crate) fn status(&self) -> &'static str {
        match &self.kind {
            Kind::Same { status, .. } => status,
            Kind::Span { .. } => "201",
            Kind::Lifecycle(lifecycle) if lifecycle.is_at_span() => "201",
            _ => "200",
        }
    }

    /// Takes the answer's body.
    ///
    /// # Panics
    /// If it is wrong.
    pub(crate) fn answered(&mut self, body: &[u8]) -> Progress {
        match &mut self.kind {
            Kind::Same { .. } => assert!(!body.is_empty(), "an empty answer"),
            Kind::Dequeue { .. } if body == b"[]" => return Progress::Exhausted,
            Kind::Dequeue { .. } => {}
            Kind::Query { items, counted, .. } => {
                if !*counted {
                    let list: List = serde_json::from_slice(body).expect("a list");
                    assert_eq!(list.items.len(), *items, "a list has all its items");
                    *counted = true;
                }
            }
            Kind::Span { .. } => assert_new(body),
            Kind::Export { .. } => assert!(body.is_empty(), "spans were rejected: {body:?}"),
            Kind::Lifecycle(lifecycle) => return lifecycle.answered(body),
        }
        Progress::Done
    }
}

fn dequeue(worker: usize) -> Vec<u8> {
    let body = json!({"limit": 1, "worker_id": format!("worker-{worker}")});
    post("/v1/agl/queues/rollouts/dequeue", &body)
}

fn assert_new(body: &[u8]) {
    assert!(body != b"null", "a span was taken for a duplicate");
}

#[derive(Deserialize)]
struct List {
    items: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Dequeued {
    rollout_id: String,
    attempt: Attempt,
}

#[derive(Deserialize)]
struct Attempt {
    attempt_id: String,
}

#[derive(Deserialize)]
struct SequenceId {
    sequence_id: u64,
}

impl Lifecycle {
    const FINISH: usize = 1 + 2 * SPANS_OF_ROLLOUT;

    fn is_at_span(&self) -> bool {
        (1..Self::FINISH).contains(&self.step) && self.step.is_multiple_of(2)
    }

    fn next(&mut self) -> &[u8] {
        match self.step {
            0 => &self.dequeue,
            Self::FINISH => &self.finish,
            _ if self.is_at_span() => &self.span.bytes,
            _ => &self.next,
        }
    }

    fn answered(&mut self, body: &[u8]) -> Progress {
        match self.step {
            0 => {
                let rollouts: [Option<Dequeued>; 1] = match body {
                    b"[]" => return Progress::Exhausted,
                    body => serde_json::from_slice(body).expect("one rollout with its attempt"),
                };
                let [rollout] = rollouts;
                self.begin(&rollout.expect("a rollout"));
            }
            Self::FINISH => {
                self.step = 0;
                return Progress::Done;
            }
            _ if self.is_at_span() => assert_new(body),
            _ => {
                let next: SequenceId = serde_json::from_slice(body).expect("a sequence id");
                self.number += 1;
                self.span.name(self.number);
                self.span.number(next.sequence_id);
            }
        }
        self.step += 1;
        Progress::Going
    }

    fn begin(&mut self, rollout: &Dequeued) {
        let (rollout_id, attempt_id) = (&rollout.rollout_id, &rollout.attempt.attempt_id);
        let ids = json!({"rollout_id": rollout_id, "attempt_id": attempt_id});
        self.next = post("/v1/agl/spans/next", &ids);
        self.span = SpanMessage::new(&llm_span(rollout_id, attempt_id));
        let path = format!("/v1/agl/rollouts/{rollout_id}/attempts/{attempt_id}");
        self.finish = post(&path, &json!({"status": "succeeded"}));
    }
}
