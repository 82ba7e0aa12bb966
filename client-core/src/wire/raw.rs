//! JSON that is passed through without being taken apart.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// An object whose members keep their order.
pub type JsonObject<T = RawJson> = indexmap::IndexMap<String, T>;

/// Any JSON value as text, exactly as it was sent: big integers, `1.0` and the order of keys survive.
///
/// Two values are equal when their texts are.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RawJson(Box<RawValue>);

impl RawJson {
    /// Checks that `text` is one strict JSON value.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: impl Into<String>) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text.into()).map(Self)
    }

    /// Text that is known to be strict JSON, e.g. because it was checked before it was stored.
    ///
    /// # Panics
    /// If it is not.
    pub fn trusted(text: impl Into<String>) -> Self {
        Self::parse(text).expect("text that was checked before is JSON")
    }

    /// Any value that can be written as JSON.
    ///
    /// # Errors
    /// If `value` refuses to be written, e.g. a map whose keys are no strings.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Self)
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
        self.0.get()
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

impl From<RawJson> for String {
    fn from(raw: RawJson) -> Self {
        let text: Box<str> = raw.0.into();
        text.into()
    }
}

impl PartialEq for RawJson {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for RawJson {}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Appends `text` as a JSON string.
pub(crate) fn push_json_string(out: &mut String, text: &str) {
    // Writing a string cannot fail.
    out.push_str(&serde_json::to_string(text).map_or(Cow::Borrowed("\"\""), Cow::Owned));
}
