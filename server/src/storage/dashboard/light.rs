//! The spans of an attempt without their attributes.

use lightning_store_client::trace::light::light;
use lightning_store_client::wire::dashboard::LightSpan;

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

/// Spans that are told together.
#[derive(Debug, Default)]
pub(in crate::storage) struct LightSpans {
    items: Vec<LightSpan>,
    last_trace: String,
}

impl LightSpans {
    /// Adds the next one.
    pub(in crate::storage) fn push(&mut self, span: SpanParts<'_>) {
        // Most spans are of one trace, which need not be said each time.
        let is_other = self.items.is_empty() || span.trace_id != self.last_trace;
        if is_other {
            span.trace_id.clone_into(&mut self.last_trace);
        }
        self.items.push(LightSpan {
            span_id: span.span_id,
            parent_id: span.parent_id,
            trace_id: is_other.then(|| self.last_trace.clone()),
            sequence_id: span.sequence_id,
            start_time: span.start_time,
            end_time: span.end_time,
            ..light(span.name, span.rest)
        });
    }

    /// All of them.
    pub(in crate::storage) fn items(self) -> Vec<LightSpan> {
        self.items
    }
}
