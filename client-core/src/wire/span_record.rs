//! A span as the store keeps it: the fields that are looked at, and the rest as JSON text.
//!
//! Most of a span is only passed through, so it is read once, checked on the way, and never built up as values.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::raw::push_json_string;
use super::{AttemptId, RolloutId, Span, StatusCode, Timestamp, Word as _};
use crate::lax::{Kind, Node, Object, ReadJson, Reader};

/// A span with its lesser parts as text.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanRecord {
    /// The rollout it belongs to.
    pub rollout_id: RolloutId,
    /// The attempt it belongs to.
    pub attempt_id: AttemptId,
    /// Its place among the spans of the rollout.
    pub sequence_id: i64,
    /// The trace it is part of.
    pub trace_id: String,
    /// Its id, unique within the attempt.
    pub span_id: String,
    /// The span that it is a part of.
    pub parent_id: Option<String>,
    /// What it is.
    pub name: String,
    /// When it began.
    pub start_time: Option<Timestamp>,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// All other members of the JSON object, each once, without the braces: `"status":{…},"attributes":{…},…`
    pub rest: String,
}

impl SpanRecord {
    /// Appends the span as a JSON object.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        self.write_numbered(self.sequence_id, out);
    }

    /// Appends the span as a JSON object, with this number in place of its own.
    pub fn write_numbered(&self, sequence_id: i64, out: &mut Vec<u8>) {
        let mut text = String::with_capacity(self.rest.len() + 512);
        text.push_str("{\"rollout_id\":");
        push_json_string(&mut text, self.rollout_id.as_str());
        text.push_str(",\"attempt_id\":");
        push_json_string(&mut text, self.attempt_id.as_str());
        // Writing into a string cannot fail.
        let _ = write!(text, ",\"sequence_id\":{sequence_id},\"trace_id\":");
        push_json_string(&mut text, &self.trace_id);
        text.push_str(",\"span_id\":");
        push_json_string(&mut text, &self.span_id);
        text.push_str(",\"parent_id\":");
        match &self.parent_id {
            Some(id) => push_json_string(&mut text, id),
            None => text.push_str("null"),
        }
        text.push_str(",\"name\":");
        push_json_string(&mut text, &self.name);
        for (key, time) in [(",\"start_time\":", self.start_time), (",\"end_time\":", self.end_time)] {
            text.push_str(key);
            push_time(&mut text, time);
        }
        text.push(',');
        text.push_str(&self.rest);
        text.push('}');
        out.extend_from_slice(text.as_bytes());
    }

    /// The span taken apart.
    ///
    /// # Errors
    /// If `rest` is not what it should be.
    pub fn to_span(&self) -> Result<Span, serde_json::Error> {
        let mut text = Vec::new();
        self.write_json(&mut text);
        serde_json::from_slice(&text)
    }
}

fn push_time(out: &mut String, time: Option<Timestamp>) {
    match time {
        // Writing a finite double cannot fail.
        Some(time) => out.push_str(&serde_json::to_string(&time).unwrap_or_default()),
        None => out.push_str("null"),
    }
}

/// The members that are fields of [`SpanRecord`] or have rules of their own; all others are kept as they are.
const KNOWN: &[&str] = &[
    "rollout_id",
    "attempt_id",
    "sequence_id",
    "trace_id",
    "span_id",
    "parent_id",
    "name",
    "status",
    "attributes",
    "events",
    "links",
    "start_time",
    "end_time",
    "context",
    "parent",
    "resource",
];

impl ReadJson for SpanRecord {
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        Self::read_with(node, reader, |object, reader| {
            object.required("sequence_id", reader, |node, reader| reader.integer(node))
        })
    }
}

impl SpanRecord {
    /// Reads a span whose number `sequence_id` reads.
    pub(super) fn read_with(
        node: Node<'_>,
        reader: &mut Reader,
        sequence_id: impl FnOnce(&Object<'_>, &mut Reader) -> Option<i64>,
    ) -> Option<Self> {
        let object = reader.object(node)?;
        let id = |node: Node<'_>, reader: &mut Reader| reader.id(node).map(Cow::into_owned);
        let rollout_id = object.required("rollout_id", reader, RolloutId::read);
        let attempt_id = object.required("attempt_id", reader, AttemptId::read);
        let sequence_id = sequence_id(&object, reader);
        let trace_id = object.required("trace_id", reader, id);
        let span_id = object.required("span_id", reader, id);
        let parent_id = object.required("parent_id", reader, |node, reader| {
            if node.is_null() { Some(None) } else { id(node, reader).map(Some) }
        });
        let name = object.required("name", reader, |node, reader| reader.name(node).map(Cow::into_owned));
        let mut rest = Rest::with_capacity(node.source().len());
        let status = rest.required("status", &object, reader, status);
        let attributes = rest.required("attributes", &object, reader, attributes);
        let events =
            rest.required("events", &object, reader, |node, reader, out| list(node, reader, out, event));
        let links =
            rest.required("links", &object, reader, |node, reader, out| list(node, reader, out, link));
        let time = |node: Node<'_>, reader: &mut Reader| {
            if node.is_null() {
                Some(None)
            } else {
                Some(reader.finite(node)?.and_then(Timestamp::from_seconds))
            }
        };
        let start_time = object.required("start_time", reader, time);
        let end_time = object.required("end_time", reader, time);
        let own_context = rest.required("context", &object, reader, nullable_context);
        let parent = rest.required("parent", &object, reader, nullable_context);
        let resource = rest.required("resource", &object, reader, resource);
        rest.others(&object, KNOWN);
        status.and(attributes).and(events).and(links).and(own_context).and(parent).and(resource)?;
        Some(Self {
            rollout_id: rollout_id?,
            attempt_id: attempt_id?,
            sequence_id: sequence_id?,
            trace_id: trace_id?,
            span_id: span_id?,
            parent_id: parent_id?,
            name: name?,
            start_time: start_time?,
            end_time: end_time?,
            rest: rest.text,
        })
    }
}

/// Members of an object that is being written, without its braces.
struct Rest {
    text: String,
}

impl Rest {
    fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes) }
    }

    fn key(&mut self, key: &str) {
        if !self.text.is_empty() {
            self.text.push(',');
        }
        push_json_string(&mut self.text, key);
        self.text.push(':');
    }

    fn required(
        &mut self,
        name: &'static str,
        object: &Object<'_>,
        reader: &mut Reader,
        copy: impl FnOnce(Node<'_>, &mut Reader, &mut String) -> Option<()>,
    ) -> Option<()> {
        self.key(name);
        object.required(name, reader, |node, reader| copy(node, reader, &mut self.text))
    }

    /// A member that is written as null if it is absent.
    fn nullable(
        &mut self,
        name: &'static str,
        object: &Object<'_>,
        reader: &mut Reader,
        copy: impl FnOnce(Node<'_>, &mut Reader, &mut String) -> Option<()>,
    ) -> Option<()> {
        self.key(name);
        let start = self.text.len();
        object.nullable(name, reader, |node, reader| copy(node, reader, &mut self.text))?;
        if self.text.len() == start {
            self.text.push_str("null");
        }
        Some(())
    }

    fn others(&mut self, object: &Object<'_>, known: &[&str]) {
        for (key, node) in object.others(known) {
            self.key(&key);
            self.text.push_str(&node.strict());
        }
    }
}

/// Writes an object whose members `fill` copies.
fn braces(out: &mut String, fill: impl FnOnce(&mut Rest) -> Option<()>) -> Option<()> {
    let mut rest = Rest::with_capacity(64);
    fill(&mut rest)?;
    out.push('{');
    out.push_str(&rest.text);
    out.push('}');
    Some(())
}

fn copy_string(node: Node<'_>, reader: &mut Reader, out: &mut String) -> Option<()> {
    reader.string(node)?;
    out.push_str(node.source());
    Some(())
}

fn status(node: Node<'_>, reader: &mut Reader, out: &mut String) -> Option<()> {
    let object = reader.object(node)?;
    braces(out, |rest| {
        let code = rest.required("status_code", &object, reader, |node, reader, out| {
            push_json_string(out, reader.word::<StatusCode>(node)?.as_str());
            Some(())
        });
        let description = rest.nullable("description", &object, reader, copy_string);
        rest.others(&object, &["status_code", "description"]);
        code.and(description)
    })
}

fn event(node: Node<'_>, reader: &mut Reader, out: &mut String) -> Option<()> {
    let object = reader.object(node)?;
    braces(out, |rest| {
        let name = rest.required("name", &object, reader, copy_string);
        let attributes = rest.required("attributes", &object, reader, attributes);
        let timestamp = rest.nullable("timestamp", &object, reader, |node, reader, out| {
            push_time(out, reader.finite(node)?.and_then(Timestamp::from_seconds));
            Some(())
        });
        rest.others(&object, &["name", "attributes", "timestamp"]);
        name.and(attributes).and(timestamp)
    })
}

fn link(node: Node<'_>, reader: &mut Reader, out: &mut String) -> Option<()> {
    let object = reader.object(node)?;
    braces(out, |rest| {
        let context = rest.required("context", &object, reader, context);
        let attributes = rest.nullable("attributes", &object, reader, attributes);
        rest.others(&object, &["context", "attributes"]);
        context.and(attributes)
    })
}

fn nullable_context(node: Node<'_>, reader: &mut Reader, out: &mut String) -> Option<()> {
    if node.is_null() {
        out.push_str("null");
        return Some(());
    }
    context(node, reader, out)
}

fn context(node: Node<'_>, reader: &mut Reader, out: &mut String) -> Option<()> {
    let object = reader.object(node)?;
    braces(out, |rest| {
        let trace_id = rest.required("trace_id", &object, reader, copy_string);
        let span_id = rest.required("span_id", &object, reader, copy_string);
        let is_remote = rest.required("is_remote", &object, reader, |node, reader, out| {
            out.push_str(if reader.boolean(node)? { "true" } else { "false" });
            Some(())
        });
        let trace_state = rest.required("trace_state", &object, reader, |node, reader, out| {
            let members = reader.members(node, |node, reader| {
                reader.string(node)?;
                Some(node.source().to_owned())
            })?;
            push_object(out, members.iter());
            Some(())
        });
        rest.others(&object, &["trace_id", "span_id", "is_remote", "trace_state"]);
        trace_id.and(span_id).and(is_remote).and(trace_state)
    })
}

fn resource(node: Node<'_>, reader: &mut Reader, out: &mut String) -> Option<()> {
    let object = reader.object(node)?;
    braces(out, |rest| {
        let attributes = rest.required("attributes", &object, reader, attributes);
        let schema_url = rest.required("schema_url", &object, reader, copy_string);
        attributes.and(schema_url)
    })
}

fn list(
    node: Node<'_>,
    reader: &mut Reader,
    out: &mut String,
    mut copy: impl FnMut(Node<'_>, &mut Reader, &mut String) -> Option<()>,
) -> Option<()> {
    out.push('[');
    let mut first = true;
    reader.list(node, |node, reader| {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        copy(node, reader, out)
    })?;
    out.push(']');
    Some(())
}

fn push_object<'a, V: AsRef<str> + 'a>(out: &mut String, members: impl Iterator<Item = (&'a String, &'a V)>) {
    out.push('{');
    for (index, (key, value)) in members.enumerate() {
        if index > 0 {
            out.push(',');
        }
        push_json_string(out, key);
        out.push(':');
        out.push_str(value.as_ref());
    }
    out.push('}');
}

/// Attributes: a string, boolean or number each, or a list of one of these. Kinds are kept: 1.0 stays a double.
fn attributes(node: Node<'_>, reader: &mut Reader, out: &mut String) -> Option<()> {
    let members = reader.members(node, |node, reader| match node.kind() {
        Kind::String => reader.string(node).map(|_| Cow::Borrowed(node.source())),
        Kind::Bool | Kind::Integer | Kind::Float | Kind::NotFinite => Some(node.strict()),
        Kind::Array => attribute_list(node).or_else(|| {
            reader.refuse("list_type", "Input should be a list of values of one type", Some(node))
        }),
        Kind::Null | Kind::Object => {
            let msg = "Input should be a valid string, boolean, number or a list of one of these";
            reader.refuse("attribute_type", msg, Some(node))
        }
    })?;
    push_object(out, members.iter());
    Some(())
}

/// A list of strings, booleans, integers or doubles: the first of these kinds that all elements have as they are,
/// else the first that all can be converted to (`[1, 2.5]` becomes doubles, `[true, 2]` integers).
fn attribute_list(node: Node<'_>) -> Option<Cow<'_, str>> {
    let all = |kinds: &[Kind]| node.items().all(|item| kinds.contains(&item.kind()));
    if all(&[Kind::String]) {
        let texts = node.items().all(|item| item.text().is_some());
        return texts.then(|| Cow::Borrowed(node.source()));
    }
    if all(&[Kind::Bool]) || all(&[Kind::Integer]) || all(&[Kind::Float, Kind::NotFinite]) {
        return Some(node.strict());
    }
    let converted = |convert: &dyn Fn(Node<'_>, &mut Reader) -> Option<String>| {
        // Failed conversions are no mistakes yet: another kind may fit.
        let mut reader = Reader::new(crate::lax::Part::Body);
        let items: Option<Vec<String>> = node.items().map(|item| convert(item, &mut reader)).collect();
        items.map(|items| Cow::Owned(format!("[{}]", items.join(","))))
    };
    let double = |item: Node<'_>, reader: &mut Reader| {
        let mut out = String::new();
        push_time(&mut out, reader.finite(item)?.and_then(Timestamp::from_seconds));
        Some(out)
    };
    if all(&[Kind::Integer, Kind::Float, Kind::NotFinite]) {
        return converted(&double);
    }
    converted(&|item, reader| reader.boolean(item).map(|value| value.to_string()))
        .or_else(|| converted(&|item, reader| reader.integer(item).map(|value| value.to_string())))
        .or_else(|| converted(&double))
}
