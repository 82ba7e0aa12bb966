//! JSON that is passed through without being taken apart.

use std::fmt;
use std::sync::Arc;

use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::write::is_plain;

/// An object whose members keep their order.
pub type JsonObject<T = RawJson> = indexmap::IndexMap<String, T>;

/// Any JSON value as text, exactly as it was sent: big integers, `1.0` and the order of keys survive. Clones share it.
///
/// Two values are equal when their texts are.
#[derive(Clone, PartialEq, Eq)]
pub struct RawJson(Arc<str>);

impl RawJson {
    /// The struct, and its one field, as which it is serialized: those of [`RawValue`].
    pub(crate) const SERDE_NAME: &str = "$serde_json::private::RawValue";

    /// Checks that `text` is one strict JSON value.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<&RawValue>(text).map(|raw| Self(raw.get().into()))
    }

    /// Text that is known to be one strict JSON value, e.g. because it was checked before it was stored. It is written
    /// into other JSON as it is, so anything else would spoil that.
    pub fn trusted(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// Any value that can be written as JSON.
    ///
    /// # Errors
    /// If `value` refuses to be written, e.g. a map whose keys are no strings.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::to_string(value).map(Self::trusted)
    }

    /// `null`
    pub fn null() -> Self {
        Self::trusted("null")
    }

    /// `{}`
    pub fn empty_object() -> Self {
        Self::trusted("{}")
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        self.as_str() == "null"
    }

    /// Reads it as a type.
    ///
    /// # Errors
    /// If it is no such value.
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.as_str())
    }
}

impl Serialize for RawJson {
    /// As [`RawValue`] does it, which could only be had by reading the text again.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut raw = serializer.serialize_struct(Self::SERDE_NAME, 1)?;
        raw.serialize_field(Self::SERDE_NAME, self.as_str())?;
        raw.end()
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(|raw| Self(raw.get().into()))
    }
}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Appends `text` as a JSON string.
pub(crate) fn push_json_string(out: &mut String, text: &str) {
    if is_plain(text) {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        // Writing a string cannot fail.
        out.push_str(&serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "{\"b\": [1.0, 12345678901234567890123 ], \"a\":null}";

    #[test]
    fn text_is_written_into_other_json_as_it_is() {
        let raw = RawJson::trusted(TEXT);
        assert_eq!(serde_json::to_string(&raw).unwrap(), TEXT);
        assert_eq!(serde_json::to_vec(&[Some(&raw), None]).unwrap(), format!("[{TEXT},null]").as_bytes());
        let value = serde_json::to_value(RawJson::trusted("{\"b\":[1.5,\"x\"]}")).unwrap();
        assert_eq!(value, json!({"b": [1.5, "x"]}));
    }

    #[test]
    fn text_is_read_out_of_other_json_as_it_is() {
        let list: Vec<RawJson> = serde_json::from_str(&format!("[ {TEXT} ,null]")).unwrap();
        assert_eq!(list, [RawJson::trusted(TEXT), RawJson::null()]);
        assert_eq!(RawJson::parse(&format!(" {TEXT}\n")).unwrap().as_str(), TEXT);
        assert!(RawJson::parse("{} {}").is_err() && RawJson::parse("NaN").is_err());
    }

    #[test]
    fn strings_are_escaped_where_they_must_be() {
        for text in ["", "plain ü", "a\"b", "a\\b", "a\u{1f}b", "a\u{7f}b", "\n"] {
            let mut out = String::new();
            push_json_string(&mut out, text);
            assert_eq!(out, serde_json::to_string(text).unwrap());
        }
    }
}
