//! Spans in bulk: `POST /v1/agl/spans/batch`.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{RawJson, Span, SpanRecord};
use crate::lax::{Node, ReadJson, Reader};

/// Body of `POST /v1/agl/spans/batch`. Spans of one request are stored in one transaction, in this order; a refused one
/// does not keep the others out. A `sequence_id` that is absent, null or less than 1 stands for the rollout's next
/// number.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AddSpans<S = Span> {
    /// The spans.
    pub spans: Vec<S>,
}

/// A span of such a request as servers read it.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchedSpan {
    /// The span. Its number means nothing unless `numbered`.
    pub span: SpanRecord,
    /// Whether it has a number; else it gets the rollout's next one.
    pub numbered: bool,
}

impl ReadJson for BatchedSpan {
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let span = SpanRecord::read_with(node, reader, |object, reader| {
            let number = object.nullable("sequence_id", reader, |node, reader| reader.integer(node));
            number.map(Option::unwrap_or_default)
        })?;
        Some(Self { numbered: span.sequence_id >= 1, span })
    }
}

impl<S: ReadJson> ReadJson for AddSpans<S> {
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(node)?;
        let spans = object.required("spans", reader, |node, reader| reader.list(node, S::read))?;
        Some(Self { spans })
    }
}

/// What became of one of them, on the wire: the span as it is stored, null for a duplicate, or an object with the
/// one key `error`.
#[derive(Debug, Clone, PartialEq)]
pub enum AddedSpan {
    /// It is stored, under the `sequence_id` that it has here.
    Stored(Box<Span>),
    /// Its attempt has a span with this id already, which is kept as it is.
    Duplicate,
    /// It is not stored, and why: there is no such rollout or attempt.
    Refused(String),
}

/// A span that was not stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpanError {
    /// Why not.
    pub error: String,
}

impl Serialize for AddedSpan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Stored(span) => span.serialize(serializer),
            Self::Duplicate => serializer.serialize_none(),
            Self::Refused(error) => SpanError { error: error.clone() }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for AddedSpan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Probe {
            span_id: Option<RawJson>,
        }
        // Derived, an untagged enum would buffer its content, which raw JSON does not survive.
        let raw = RawJson::deserialize(deserializer)?;
        if raw.is_null() {
            return Ok(Self::Duplicate);
        }
        // A span may have a member `error` of its own, but is no span without an id.
        let is_span = raw.read::<Probe>().map_err(D::Error::custom)?.span_id.is_some();
        let read = if is_span {
            raw.read().map(|span| Self::Stored(Box::new(span)))
        } else {
            raw.read().map(|SpanError { error }| Self::Refused(error))
        };
        read.map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_read_as_they_are_written() {
        let outcomes = [AddedSpan::Duplicate, AddedSpan::Refused("Rollout ro-1 not found".to_owned())];
        let text = serde_json::to_string(&outcomes).unwrap();
        assert_eq!(text, r#"[null,{"error":"Rollout ro-1 not found"}]"#);
        assert_eq!(serde_json::from_str::<Vec<AddedSpan>>(&text).unwrap(), outcomes);
        assert!(serde_json::from_str::<AddedSpan>("{}").is_err());
    }
}
