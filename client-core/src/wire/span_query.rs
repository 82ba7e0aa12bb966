//! Lists of spans: which, and in what order.

use std::borrow::Cow;

use super::page::read_word_or;
use super::{FilterLogic, ListRequest, SortField};
use crate::lax::{Node, Query, ReadJson, Reader};

/// A field that spans can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanField {
    /// By rollout, which is the same for all.
    RolloutId,
    /// By attempt.
    AttemptId,
    /// By number: the default.
    SequenceId,
    /// By trace.
    TraceId,
    /// By id.
    SpanId,
    /// By parent; null is the empty string.
    ParentId,
    /// By name.
    Name,
    /// By start; null comes last in ascending order.
    StartTime,
    /// By end; null comes last in ascending order.
    EndTime,
}

impl SortField for SpanField {
    const FIELDS: &'static [(&'static str, Option<Self>)] = &[
        ("rollout_id", Some(Self::RolloutId)),
        ("attempt_id", Some(Self::AttemptId)),
        ("sequence_id", Some(Self::SequenceId)),
        ("trace_id", Some(Self::TraceId)),
        ("span_id", Some(Self::SpanId)),
        ("parent_id", Some(Self::ParentId)),
        ("name", Some(Self::Name)),
        ("status", None),
        ("attributes", None),
        ("events", None),
        ("links", None),
        ("start_time", Some(Self::StartTime)),
        ("end_time", Some(Self::EndTime)),
        ("context", None),
        ("parent", None),
        ("resource", None),
    ];
}

/// What a text of a span must be like.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextFilter {
    /// Exactly this.
    pub exact: Option<String>,
    /// With this in it, case-sensitive. Null never matches.
    pub contains: Option<String>,
}

/// Which spans a query wants. The rollout and the attempt must match whatever `logic` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanFilter {
    /// The rollout.
    pub rollout_id: String,
    /// One of its attempts, or `latest`. Null: all of them.
    pub attempt_id: Option<String>,
    /// The trace.
    pub trace_id: TextFilter,
    /// The span's id.
    pub span_id: TextFilter,
    /// The parent's id.
    pub parent_id: TextFilter,
    /// The name.
    pub name: TextFilter,
    /// How the texts are joined. `or` without any text matches nothing.
    pub logic: FilterLogic,
}

impl SpanFilter {
    /// All spans of a rollout, or of one of its attempts.
    pub fn of(rollout_id: impl Into<String>, attempt_id: Option<String>) -> Self {
        Self {
            rollout_id: rollout_id.into(),
            attempt_id,
            trace_id: TextFilter::default(),
            span_id: TextFilter::default(),
            parent_id: TextFilter::default(),
            name: TextFilter::default(),
            logic: FilterLogic::And,
        }
    }
}

/// `POST /v1/agl/spans/search`, or the query of `GET /v1/agl/spans`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuerySpans {
    /// Which spans.
    pub filter: SpanFilter,
    /// In what order, and which part of the list.
    pub list: ListRequest,
}

impl QuerySpans {
    const DEFAULT_SORT: Option<&'static str> = Some("sequence_id");

    /// Reads it from a query string.
    pub fn parameters(query: &mut Query) -> Option<Self> {
        let rollout_id = query.required("rollout_id");
        let logic = query.word("filter_logic", FilterLogic::And);
        let list = ListRequest::parameters(query, Self::DEFAULT_SORT);
        let text =
            |exact, contains| TextFilter { exact: query.string(exact), contains: query.string(contains) };
        Some(Self {
            filter: SpanFilter {
                rollout_id: rollout_id?,
                attempt_id: query.string("attempt_id"),
                trace_id: text("trace_id", "trace_id_contains"),
                span_id: text("span_id", "span_id_contains"),
                parent_id: text("parent_id", "parent_id_contains"),
                name: text("name", "name_contains"),
                logic: logic?,
            },
            list: list?,
        })
    }
}

impl ReadJson for QuerySpans {
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(node)?;
        let string = |node: Node<'_>, reader: &mut Reader| reader.string(node).map(Cow::into_owned);
        let rollout_id = object.required("rollout_id", reader, string);
        let attempt_id = object.nullable("attempt_id", reader, string);
        let mut text = |exact, contains| {
            let exact = object.nullable(exact, reader, string);
            let contains = object.nullable(contains, reader, string);
            Some(TextFilter { exact: exact?, contains: contains? })
        };
        let trace_id = text("trace_id", "trace_id_contains");
        let span_id = text("span_id", "span_id_contains");
        let parent_id = text("parent_id", "parent_id_contains");
        let name = text("name", "name_contains");
        let logic = read_word_or(&object, "filter_logic", FilterLogic::And, reader);
        let list = ListRequest::members(&object, Self::DEFAULT_SORT, reader);
        Some(Self {
            filter: SpanFilter {
                rollout_id: rollout_id?,
                attempt_id: attempt_id?,
                trace_id: trace_id?,
                span_id: span_id?,
                parent_id: parent_id?,
                name: name?,
                logic: logic?,
            },
            list: list?,
        })
    }
}
