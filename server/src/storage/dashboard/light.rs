//! The spans of an attempt without their attributes.

use lightning_store_client::trace::light::{light, response_id};
use lightning_store_client::wire::dashboard::{FindTrace, LightSpan, LightTrace};

/// What is kept of a span.
#[derive(Debug)]
pub(in crate::storage) struct SpanParts<'a> {
    pub(in crate::storage) span_id: String,
    pub(in crate::storage) parent_id: Option<String>,
    pub(in crate::storage) trace_id: &'a str,
    pub(in crate::storage) name: &'a str,
    pub(in crate::storage) sequence_id: i64,
    pub(in crate::storage) start_time: Option<f64>,
    pub(in crate::storage) end_time: Option<f64>,
    pub(in crate::storage) rest: &'a str,
}

/// Spans that are told together, in the order in which they were stored.
#[derive(Debug)]
pub(in crate::storage) struct LightSpans<'a> {
    wanted: &'a FindTrace,
    limit: usize,
    items: Vec<LightSpan>,
    after: Option<i64>,
    more: bool,
    last_trace: String,
    next_number: Option<i64>,
}

impl<'a> LightSpans<'a> {
    /// None yet.
    pub(in crate::storage) fn of(wanted: &'a FindTrace) -> Self {
        Self {
            wanted,
            limit: usize::try_from(wanted.limit).unwrap_or(0),
            items: Vec::new(),
            after: wanted.after,
            more: false,
            last_trace: String::new(),
            next_number: None,
        }
    }

    /// Whether the next one is still to be told. If not, there is more.
    pub(in crate::storage) fn has_room(&mut self) -> bool {
        self.more = self.items.len() >= self.limit;
        !self.more
    }

    /// Adds the next one, if it is wanted.
    pub(in crate::storage) fn push(&mut self, key: i64, span: SpanParts<'_>) {
        self.after = Some(key);
        if self.wanted.response_id.is_some() && response_id(span.rest) != self.wanted.response_id {
            return;
        }
        // Most spans are of one trace, which need not be said each time.
        let is_other = self.items.is_empty() || span.trace_id != self.last_trace;
        if is_other {
            span.trace_id.clone_into(&mut self.last_trace);
        }
        // Nor need numbers, which most often are one apart.
        let follows = self.next_number == Some(span.sequence_id);
        self.next_number = span.sequence_id.checked_add(1);
        self.items.push(LightSpan {
            span_id: span.span_id,
            parent_id: span.parent_id,
            trace_id: is_other.then(|| self.last_trace.clone()),
            sequence_id: (!follows).then_some(span.sequence_id),
            start_time: span.start_time,
            end_time: span.end_time,
            ..light(span.name, span.rest)
        });
    }

    /// All of them, of an attempt that has `total` spans.
    pub(in crate::storage) fn told(self, total: u64) -> LightTrace {
        LightTrace { items: self.items, total, after: self.after, more: self.more }
    }
}
