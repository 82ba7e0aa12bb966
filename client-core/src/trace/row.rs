//! The words of one row of a [`Layout`]: what a viewer asks for when it draws the row.

use serde::Serialize;

use super::kind::Kind;
use super::layout::Layout;
use super::store::{Trace, place};
use super::tree::{Place, Tree};

/// What a row says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// What it stands for, for opening and closing it, and for focus: the id of the span or of the missing parent,
    /// with a word before it. See [`place_key`].
    pub key: String,
    /// What is shown: the model, the tool, the text of a message; else the name.
    pub label: String,
    /// The name of the span as sent. Null: it is no span.
    pub name: Option<String>,
    /// The id of the span. Null: it is no span.
    pub span_id: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Its place in the order of the rollout. Null: it is no span.
    pub sequence_id: Option<i64>,
    /// Tokens of the prompt. Null: not said.
    pub input_tokens: Option<u64>,
    /// Tokens of the answer. Null: not said.
    pub output_tokens: Option<u64>,
    /// The primary reward. Null: it has none.
    pub reward: Option<f64>,
    /// Seconds. Null: not known.
    pub duration: Option<f64>,
    /// How many siblings it stands for. Null: it is no fold.
    pub folded: Option<u32>,
}

impl Row {
    /// The words of row `row`; `None` if there is no such row.
    pub fn of(trace: &Trace, tree: &Tree, layout: &Layout, row: usize) -> Option<Self> {
        let node = tree.nodes.get(place(*layout.node.get(row)?))?;
        let duration = Some(layout.duration[row]).filter(|seconds| seconds.is_finite());
        let key = place_key(trace, node.place);
        let folded = Some(layout.folded[row]).filter(|count| *count > 0);
        let Place::Span(number) = node.place else {
            return Some(Self::virtual_row(key, virtual_label(trace, node.place), duration));
        };
        let span = place(number);
        let known = &trace.spans()[span];
        if let Some(count) = folded {
            let label = format!("{} × {count}", trace.label(span));
            let key = format!("fold:{}", trace.span_id(span));
            return Some(Self { kind: known.kind, folded, ..Self::virtual_row(key, label, duration) });
        }
        Some(Self {
            key,
            label: trace.label(span).to_owned(),
            name: Some(trace.name(span).to_owned()),
            span_id: Some(trace.span_id(span).to_owned()),
            kind: known.kind,
            sequence_id: Some(known.sequence_id),
            input_tokens: known.input_tokens,
            output_tokens: known.output_tokens,
            reward: known.reward,
            duration,
            folded,
        })
    }

    fn virtual_row(key: String, label: String, duration: Option<f64>) -> Self {
        Self {
            key,
            label,
            name: None,
            span_id: None,
            kind: Kind::Virtual,
            sequence_id: None,
            input_tokens: None,
            output_tokens: None,
            reward: None,
            duration,
            folded: None,
        }
    }
}

fn virtual_label(trace: &Trace, at: Place) -> String {
    match at {
        Place::Missing(word) => format!("parent not yet received ({})", trace.word(word)),
        Place::Untimed => "no timestamps".to_owned(),
        Place::Root | Place::Span(_) => "several roots".to_owned(),
    }
}

/// What the row of a place shows.
pub(super) fn place_label(trace: &Trace, at: Place) -> String {
    match at {
        Place::Span(span) => trace.label(place(span)).to_owned(),
        other => virtual_label(trace, other),
    }
}

/// A place as text: `span:<id>`, `missing:<id>`, `root`, `untimed`.
pub fn place_key(trace: &Trace, at: Place) -> String {
    match at {
        Place::Span(span) => format!("span:{}", trace.span_id(place(span))),
        Place::Missing(word) => format!("missing:{}", trace.word(word)),
        Place::Root => "root".to_owned(),
        Place::Untimed => "untimed".to_owned(),
    }
}

/// The place that a key names. A missing parent that has come is a span now. `None` if there is no such place.
pub fn find_place(trace: &Trace, key: &str) -> Option<Place> {
    match key.split_once(':') {
        None if key == "root" => Some(Place::Root),
        None if key == "untimed" => Some(Place::Untimed),
        Some(("span" | "fold" | "missing", id)) => trace.find_place(id),
        _ => None,
    }
}
