//! Attributes and whole spans as JSON text for an inspector, their secrets masked until somebody asks for them.

use super::attributes::unflatten;
use super::json::Json;
use super::secrets::mask_json;
use super::store::Trace;

/// How attributes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Keys as stored, in the order stored.
    Flat,
    /// Dots lead into objects and lists; see [`unflatten`].
    Nested,
}

impl Trace {
    /// The attributes of a span as a JSON object (or, nested, as a list if its keys are numbers).
    ///
    /// # Panics
    /// If there is no such span.
    pub fn attributes_json(&self, span: usize, shape: Shape, reveal_secrets: bool) -> String {
        let text = self.read_span(span);
        let members = super::attributes::member(text.span(), "attributes").map(Json::of);
        let Some(mut attributes @ Json::Object(_)) = members else { return "{}".to_owned() };
        if !reveal_secrets {
            mask_json("", &mut attributes);
        }
        match (shape, &attributes) {
            (Shape::Nested, Json::Object(members)) if !members.is_empty() => {
                unflatten(members.iter().map(|(key, value)| (key.as_str(), value.clone()))).to_json()
            }
            _ => attributes.to_json(),
        }
    }

    /// A span as the server sent it, byte by byte unless there was a secret to mask.
    ///
    /// # Panics
    /// If there is no such span.
    pub fn raw_json(&self, span: usize, reveal_secrets: bool) -> String {
        let text = self.spans()[span].text();
        if !reveal_secrets {
            let mut masked = Json::of(self.read_span(span).span());
            if mask_json("", &mut masked) {
                return masked.to_json();
            }
        }
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(attributes: &str) -> Trace {
        let mut trace = Trace::new();
        trace.append_json(&format!(r#"{{"span_id":"s",  "attributes":{attributes}}}"#));
        trace
    }

    #[test]
    fn attributes_are_shown_as_stored_or_nested_and_integers_stay_exact() {
        let trace = trace(r#"{"a.b":9007199254740993,"a.l.0":1.0,"":null,"x y":"z"}"#);
        assert_eq!(
            trace.attributes_json(0, Shape::Flat, false),
            r#"{"a.b":9007199254740993,"a.l.0":1.0,"":null,"x y":"z"}"#
        );
        assert_eq!(
            trace.attributes_json(0, Shape::Nested, false),
            r#"{"a":{"b":9007199254740993,"l":[1.0]},"":null,"x y":"z"}"#
        );
        assert_eq!(super::tests::trace("5").attributes_json(0, Shape::Flat, false), "{}");
    }

    #[test]
    fn secrets_are_masked_until_they_are_asked_for() {
        let secret = trace(r#"{"llm.x.api_key":"sk-0123456789","max_tokens":5}"#);
        for text in [
            secret.attributes_json(0, Shape::Flat, false),
            secret.attributes_json(0, Shape::Nested, false),
            secret.raw_json(0, false),
        ] {
            assert!(!text.contains("sk-0") && text.contains("••••6789") && text.contains('5'), "{text}");
        }
        assert!(secret.attributes_json(0, Shape::Nested, true).contains("sk-0123456789"));
        assert_eq!(secret.raw_json(0, true), secret.spans()[0].text());
        let harmless = trace(r#"{"a": 1}"#);
        assert_eq!(harmless.raw_json(0, false), harmless.spans()[0].text());
    }
}
