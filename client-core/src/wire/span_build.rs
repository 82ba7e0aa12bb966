//! Spans put together by programs.

use super::{
    AttemptId, Attributes, JsonObject, RawJson, RolloutId, Span, SpanEvent, SpanResource, SpanStatus,
    StatusCode, Timestamp,
};

/// The name of a span that carries a reward.
const ANNOTATION: &str = "agentlightning.annotation";
/// The name of a reward that was given none.
const PRIMARY: &str = "primary";

/// The value of an attribute: a string, a boolean, a number, or a list of one of these.
///
/// Kinds are kept: `1.0` stays a double. Doubles that JSON does not have (NaN, infinity) are refused by servers.
pub trait IntoAttribute {
    /// It as JSON.
    fn into_attribute(self) -> RawJson;
}

macro_rules! attributes {
    ($($type:ty),*) => {$(
        impl IntoAttribute for $type {
            fn into_attribute(self) -> RawJson {
                RawJson::of(&self).unwrap_or_else(|_| RawJson::null())
            }
        }

        impl IntoAttribute for &[$type] {
            fn into_attribute(self) -> RawJson {
                RawJson::of(self).unwrap_or_else(|_| RawJson::null())
            }
        }

        impl IntoAttribute for Vec<$type> {
            fn into_attribute(self) -> RawJson {
                self.as_slice().into_attribute()
            }
        }

        impl<const N: usize> IntoAttribute for [$type; N] {
            fn into_attribute(self) -> RawJson {
                self.as_slice().into_attribute()
            }
        }
    )*};
}

attributes!(&str, String, bool, i32, i64, u32, f64);

impl Span {
    /// A span that begins and ends at `time`, with nothing in it yet.
    ///
    /// `trace_id` (32 lowercase hexadecimal digits) and `span_id` (16) are the key by which a repeated span is known;
    /// [`Client::span`](crate::Client::span) makes up both. Its number is 0, for which a batch puts the next one.
    pub fn new(
        rollout_id: RolloutId,
        attempt_id: AttemptId,
        trace_id: impl Into<String>,
        span_id: impl Into<String>,
        name: impl Into<String>,
        time: Timestamp,
    ) -> Self {
        Self {
            rollout_id,
            attempt_id,
            sequence_id: 0,
            trace_id: trace_id.into(),
            span_id: span_id.into(),
            parent_id: None,
            name: name.into(),
            status: SpanStatus {
                status_code: StatusCode::Unset,
                description: None,
                extra: JsonObject::default(),
            },
            attributes: Attributes::default(),
            events: Vec::new(),
            links: Vec::new(),
            start_time: Some(time),
            end_time: Some(time),
            context: None,
            parent: None,
            resource: SpanResource::default(),
            extra: JsonObject::default(),
        }
    }

    /// With this attribute.
    #[must_use]
    pub fn attribute(mut self, key: impl Into<String>, value: impl IntoAttribute) -> Self {
        self.attributes.insert(key.into(), value.into_attribute());
        self
    }

    /// With a reward; the first one counts. Algorithms look for rewards on spans with the name that
    /// [`Client::reward`](crate::Client::reward) gives.
    #[must_use]
    pub fn reward(self, name: &str, value: f64) -> Self {
        let mut index = 0;
        while self.attributes.contains_key(&reward_key(index, "value")) {
            index += 1;
        }
        self.attribute(reward_key(index, "name"), name).attribute(reward_key(index, "value"), value)
    }

    /// Turned into the bearer of one reward without a name.
    #[must_use]
    pub(crate) fn rewarding(mut self, value: f64) -> Self {
        ANNOTATION.clone_into(&mut self.name);
        self.reward(PRIMARY, value)
    }

    /// As a part of this span.
    #[must_use]
    pub fn child_of(mut self, parent: &Span) -> Self {
        self.parent_id = Some(parent.span_id.clone());
        self.trace_id.clone_from(&parent.trace_id);
        self
    }

    /// With something that happened at `time`.
    #[must_use]
    pub fn event(mut self, name: impl Into<String>, time: Timestamp) -> Self {
        let name = name.into();
        let (attributes, extra) = (Attributes::default(), JsonObject::default());
        self.events.push(SpanEvent { name, attributes, timestamp: Some(time), extra });
        self
    }

    /// Ended at `time`, well.
    #[must_use]
    pub fn ended(mut self, time: Timestamp) -> Self {
        self.end_time = Some(time);
        self.status.status_code = StatusCode::Ok;
        self
    }

    /// Ended at `time`, with this error.
    #[must_use]
    pub fn failed(mut self, time: Timestamp, description: impl Into<String>) -> Self {
        self.end_time = Some(time);
        self.status.status_code = StatusCode::Error;
        self.status.description = Some(description.into());
        self
    }
}

fn reward_key(index: usize, part: &str) -> String {
    format!("agentlightning.reward.{index}.{part}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lax::{Bounds, Part, ReadJson, Reader, Tape};

    const BOUNDS: Bounds = Bounds { max_depth: 64, max_values: 1_000 };
    use crate::wire::SpanRecord;

    #[test]
    fn servers_take_spans_that_were_put_together() {
        let at = |seconds| Timestamp::from_seconds(seconds).unwrap();
        let root = Span::new("ro-1".into(), "at-1".into(), "0a", "0b", "agent", at(1.0));
        let span = Span::new("ro-1".into(), "at-1".into(), "0c", "0d", "x", at(1.5))
            .child_of(&root)
            .attribute("text", "a\"b")
            .attribute("whole", 3)
            .attribute("double", 1.0)
            .attribute("list", [true, false])
            .attribute("texts", vec!["a".to_owned()])
            .event("retry", at(1.75))
            .rewarding(0.5)
            .reward("style", 1.0)
            .failed(at(2.0), "gave up");
        let text = serde_json::to_string(&span).unwrap();
        let tape = Tape::parse(&text, BOUNDS).unwrap();
        let mut reader = Reader::new(Part::Body);
        let record = SpanRecord::read(tape.root(), &mut reader);
        let record = reader.finish(record).unwrap();
        assert_eq!(record.to_span().unwrap(), span);
        assert_eq!((record.trace_id.as_str(), record.parent_id.as_deref()), ("0a", Some("0b")));
        assert_eq!(
            serde_json::to_string(&span.attributes).unwrap(),
            r#"{"text":"a\"b","whole":3,"double":1.0,"list":[true,false],"texts":["a"],"agentlightning.reward.0.name":"primary","agentlightning.reward.0.value":0.5,"agentlightning.reward.1.name":"style","agentlightning.reward.1.value":1.0}"#
        );
        assert_eq!(span.name, "agentlightning.annotation");
    }
}
