//! JSON taken apart for looking at: numbers stay text, so that 9007199254740993 and 1.0 survive.

use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::text::push_json;
use crate::lax::double::double;
use crate::lax::{Bounds, Kind, Node, Tape};
use crate::wire::JsonObject;

/// How deep values may lie in each other. What is deeper is shown as text.
pub const MAX_DEPTH: usize = 128;

/// How many values one span or one embedded text may have.
const MAX_VALUES: usize = 16_000_000;

/// What is taken apart here at most.
pub(super) const BOUNDS: Bounds = Bounds { max_depth: MAX_DEPTH, max_values: MAX_VALUES };

/// A JSON value. Objects keep the order of their members; of two equal keys the last one wins.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as it was written.
    Number(Box<str>),
    /// A string. `NaN` and `Infinity`, which JSON has no numbers for, are strings too.
    String(String),
    /// A list.
    Array(Vec<Json>),
    /// An object.
    Object(JsonObject<Json>),
}

impl Json {
    /// Reads JSON text; Python's `NaN` and `Infinity` are taken too. `None` if it is no JSON, or nested deeper
    /// than [`MAX_DEPTH`].
    pub fn parse(text: &str) -> Option<Self> {
        Tape::parse(text, BOUNDS).ok().map(|tape| Self::of(tape.root()))
    }

    /// The value of a parsed text, which is no deeper than its reader allowed.
    pub fn of(node: Node<'_>) -> Self {
        match node.kind() {
            Kind::Null => Self::Null,
            Kind::Bool => Self::Bool(node.source() == "true"),
            Kind::Integer | Kind::Float => Self::Number(node.source().into()),
            // Digits beyond any double are good JSON; the words are not.
            Kind::NotFinite if node.source().ends_with(|last: char| last.is_ascii_digit()) => {
                Self::Number(node.source().into())
            }
            Kind::NotFinite => Self::String(node.source().to_owned()),
            Kind::String => Self::String(text_of(node)),
            Kind::Array => Self::Array(node.items().map(Self::of).collect()),
            Kind::Object => {
                Self::Object(node.members().map(|(key, value)| (key.into_owned(), Self::of(value))).collect())
            }
        }
    }

    /// A string.
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    /// A member of an object.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.get(key),
            _ => None,
        }
    }

    /// A member of an object that is a string.
    pub fn text_at(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of a list.
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The members of an object.
    pub fn as_object(&self) -> Option<&JsonObject<Self>> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// A number as a double.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(text) => double(text),
            _ => None,
        }
    }

    /// An integer of 64 bits.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// Whether it is null, or an empty string, list or object.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Null => true,
            Self::String(text) => text.is_empty(),
            Self::Array(items) => items.is_empty(),
            Self::Object(members) => members.is_empty(),
            Self::Bool(_) | Self::Number(_) => false,
        }
    }

    /// A string as it is, anything else as JSON text.
    pub fn into_text(self) -> String {
        match self {
            Self::String(text) => text,
            other => other.to_json(),
        }
    }

    /// JSON text without blanks.
    pub fn to_json(&self) -> String {
        let mut text = String::new();
        push_json(&mut text, self);
        text
    }
}

/// The text of a string, a half surrogate pair replaced.
///
/// # Panics
/// If `node` is no string.
pub(super) fn text_of(node: Node<'_>) -> String {
    node.text().map_or_else(|| node.source().trim_matches('"').to_owned(), std::borrow::Cow::into_owned)
}

impl Serialize for Json {
    /// Exact with `serde_json`, which can write numbers of any length.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(text) => {
                if let Ok(integer) = text.parse::<i64>()
                    && &**text != "-0"
                {
                    return serializer.serialize_i64(integer);
                }
                RawValue::from_string(String::from(&**text)).map_err(S::Error::custom)?.serialize(serializer)
            }
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Self::Object(members) => {
                let mut object = serializer.serialize_map(Some(members.len()))?;
                for (key, value) in members {
                    object.serialize_entry(key, value)?;
                }
                object.end()
            }
        }
    }
}

/// The list or object that a string holds as JSON text, as in `"{\"city\":\"Oslo\"}"`; `None` for other strings.
pub fn embedded_json(text: &str) -> Option<Json> {
    let trimmed = text.trim();
    let looks_like = (trimmed.starts_with('{') && trimmed.ends_with('}'))
        || (trimmed.starts_with('[') && trimmed.ends_with(']'));
    if looks_like { Json::parse(trimmed) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_of_any_length_and_form_survive() {
        let text = r#"{"a":9007199254740993,"b":[1.0,-0,123456789012345678901234567890,1e400],"":null}"#;
        assert_eq!(Json::parse(text).unwrap().to_json(), text);
        assert_eq!(Json::parse("[NaN,-Infinity]").unwrap().to_json(), r#"["NaN","-Infinity"]"#);
    }

    #[test]
    fn the_last_of_two_equal_keys_wins() {
        assert_eq!(Json::parse(r#"{"a":1,"b":2,"a":3}"#).unwrap().to_json(), r#"{"a":3,"b":2}"#);
    }

    #[test]
    fn what_is_nested_too_deep_is_refused_and_not_followed() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(Json::parse(&deep), None);
        assert_eq!(embedded_json(&deep), None);
    }

    #[test]
    fn only_lists_and_objects_in_strings_are_detected() {
        assert_eq!(embedded_json(r#" {"a":[1]} "#).unwrap().to_json(), r#"{"a":[1]}"#);
        for text in ["", "1", "true", "\"x\"", "{a}", "[1", "{} and more"] {
            assert_eq!(embedded_json(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_json_again(text in "[\\[\\]{}\",:0-9eENaIinfity.\\- u\\\\d8]{0,32}") {
            if let Some(json) = Json::parse(&text) {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&json.to_json()).is_ok()
                    || text.contains(['e', 'E']), "{}", text);
                prop_assert_eq!(Json::parse(&json.to_json()), Some(json));
            }
        }
    }
}
