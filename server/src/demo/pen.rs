//! Puts spans together: ids, times and what belongs to every span of an instrumentation.

use lightning_store_client::lax::{Part, ReadJson as _, Reader, Tape};
use lightning_store_client::wire::{
    AttemptId, BatchedSpan, IntoAttribute, JsonObject, RawJson, RolloutId, Span, SpanEvent, SpanRecord,
    SpanResource, StatusCode, Timestamp, to_json,
};
use serde_json::Value;

use super::random::Random;
use crate::limits::JSON;

/// A span with the moment at which the store gets it.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) at: f64,
    pub(super) span: BatchedSpan,
}

/// Writes the spans of one attempt.
pub(super) struct Pen<'r> {
    rollout_id: RolloutId,
    attempt_id: AttemptId,
    pub(super) trace_id: String,
    pub(super) random: &'r mut Random,
    /// The moment that has been reached.
    pub(super) now: f64,
    resource: JsonObject,
    sent: Vec<Sent>,
}

impl<'r> Pen<'r> {
    /// For an attempt that began at `now`, recorded by `tracer`.
    pub(super) fn new(
        rollout_id: RolloutId,
        attempt_id: AttemptId,
        tracer: &str,
        host: &str,
        now: f64,
        random: &'r mut Random,
    ) -> Self {
        let mut resource = JsonObject::default();
        for (key, value) in [
            ("agentlightning.rollout_id", rollout_id.as_str()),
            ("agentlightning.attempt_id", attempt_id.as_str()),
            ("agentlightning.tracer.name", tracer),
            ("service.name", "agent-runner"),
            ("host.name", host),
        ] {
            resource.insert(key.to_owned(), value.into_attribute());
        }
        let trace_id = random.hex(32);
        Self { rollout_id, attempt_id, trace_id, random, now, resource, sent: Vec::new() }
    }

    /// A fresh id of 16 hexadecimal digits.
    pub(super) fn id(&mut self) -> String {
        self.random.hex(16)
    }

    /// A span that begins now and takes so many seconds. It is not sent yet.
    pub(super) fn span(&mut self, name: impl Into<String>, parent: Option<&str>, seconds: f64) -> Span {
        let id = self.id();
        self.span_with(id, name, parent, seconds)
    }

    /// The same with an id that is known already.
    pub(super) fn span_with(
        &mut self,
        id: String,
        name: impl Into<String>,
        parent: Option<&str>,
        seconds: f64,
    ) -> Span {
        let (rollout_id, attempt_id) = (self.rollout_id.clone(), self.attempt_id.clone());
        let mut span = Span::new(rollout_id, attempt_id, &*self.trace_id, id, name, time(self.now));
        span.parent_id = parent.map(str::to_owned);
        span.end_time = Some(time(self.now + seconds));
        span.status.status_code = StatusCode::Ok;
        span.resource = SpanResource { attributes: self.resource.clone(), schema_url: String::new() };
        span
    }

    /// Sends a span: it arrives a moment after its end.
    pub(super) fn send(&mut self, span: &Span) {
        let end = span.end_time.map_or(self.now, Timestamp::seconds).max(self.now);
        let at = end + self.random.between(0.01, 0.12);
        self.send_at(span, at);
    }

    /// Sends a span at a moment of its own.
    pub(super) fn send_at(&mut self, span: &Span, at: f64) {
        if let Some(span) = record(span) {
            self.sent.push(Sent { at, span });
        }
    }

    /// Time goes by.
    pub(super) fn wait(&mut self, seconds: f64) {
        self.now += seconds;
    }

    /// What was sent, in the order in which it arrives.
    pub(super) fn finish(mut self) -> Vec<Sent> {
        self.sent.sort_by(|a, b| a.at.total_cmp(&b.at));
        self.sent
    }
}

/// A span with an exception that happened in it.
pub(super) fn broken(mut span: Span, kind: &str, message: &str, trace: &str) -> Span {
    let end = span.end_time;
    let mut attributes = JsonObject::default();
    for (key, value) in
        [("exception.type", kind), ("exception.message", message), ("exception.stacktrace", trace)]
    {
        attributes.insert(key.to_owned(), value.into_attribute());
    }
    attributes.insert("exception.escaped".to_owned(), "True".into_attribute());
    let event =
        SpanEvent { name: "exception".to_owned(), attributes, timestamp: end, extra: JsonObject::default() };
    span.events.push(event);
    match end {
        Some(end) => span.failed(end, format!("{kind}: {message}")),
        None => span,
    }
}

/// Adds what an object holds below `prefix`, flattened as the instrumentations do it.
pub(super) fn flat(mut span: Span, prefix: &str, value: &Value) -> Span {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                span = flat(span, &format!("{prefix}.{key}"), value);
            }
            span
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                span = flat(span, &format!("{prefix}.{index}"), value);
            }
            span
        }
        Value::Null => span.attribute(prefix, "null"),
        _ => {
            span.attributes.insert(prefix.to_owned(), RawJson::trusted(value.to_string()));
            span
        }
    }
}

/// Seconds since 1970 as a time of the wire, to the microsecond.
pub(super) fn time(seconds: f64) -> Timestamp {
    Timestamp::from_seconds((seconds * 1e6).round() / 1e6).unwrap_or(Timestamp::EPOCH)
}

/// A span as the store takes it, read as if it had come over HTTP.
fn record(span: &Span) -> Option<BatchedSpan> {
    let text = String::from_utf8(to_json(span).ok()?).ok()?;
    let tape = Tape::parse(&text, JSON).ok()?;
    let mut reader = Reader::new(Part::Body);
    let record = SpanRecord::read(tape.root(), &mut reader);
    let span = reader.finish(record).ok()?;
    Some(BatchedSpan { numbered: span.sequence_id >= 1, span })
}
