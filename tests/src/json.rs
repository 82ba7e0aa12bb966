//! JSON that keeps numbers as they were written.
//!
//! A Python client sees `3000` and `3000.0` as different types and reads integers of any length, so a comparison must
//! not go through `f64`. `serde_json` checks the syntax; its `arbitrary_precision` is not an option, as cargo would
//! switch it on in the server too.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::value::RawValue;

/// A JSON value; numbers are their text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as written
    Number(String),
    /// A string
    Text(String),
    /// A list
    List(Vec<Json>),
    /// An object; the order of its keys is not kept
    Object(BTreeMap<String, Json>),
}

impl Json {
    /// Reads one value.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let raw: Box<RawValue> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Self::from_raw(&raw)
    }

    fn from_raw(raw: &RawValue) -> Result<Self, String> {
        let text = raw.get();
        let fault = |error: serde_json::Error| error.to_string();
        Ok(match text.as_bytes().first() {
            Some(b'{') => {
                let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).map_err(fault)?;
                let members = members.into_iter().map(|(key, raw)| Ok((key, Self::from_raw(&raw)?)));
                Self::Object(members.collect::<Result<_, String>>()?)
            }
            Some(b'[') => {
                let items: Vec<Box<RawValue>> = serde_json::from_str(text).map_err(fault)?;
                Self::List(items.iter().map(|raw| Self::from_raw(raw)).collect::<Result<_, _>>()?)
            }
            Some(b'"') => Self::Text(serde_json::from_str(text).map_err(fault)?),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'n') => Self::Null,
            _ => Self::Number(text.to_owned()),
        })
    }

    /// The member of an object.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.get(key),
            _ => None,
        }
    }

    /// The place that a JSON pointer such as `/items/0/status` names; a member that is missing is created as `null`.
    pub fn place(&mut self, pointer: &str) -> Option<&mut Self> {
        pointer.split('/').skip(1).try_fold(self, |value, key| match value {
            Self::Object(members) => Some(members.entry(key.to_owned()).or_insert(Self::Null)),
            Self::List(items) => items.get_mut(key.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// The text, if this is a string.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items, if this is a list.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The number, if this is one; integers beyond 2^53 lose digits.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(text) => text.parse().ok(),
            _ => None,
        }
    }
}

/// Whether a number was written as an integer.
pub fn is_integer(number: &str) -> bool {
    !number.contains(['.', 'e', 'E'])
}

/// Whether two numbers are the same to a client that tells integers from floats.
pub fn same_number(left: &str, right: &str) -> bool {
    match (is_integer(left), is_integer(right)) {
        (true, true) => left == right,
        (false, false) => match (left.parse::<f64>(), right.parse::<f64>()) {
            (Ok(left), Ok(right)) => left.to_bits() == right.to_bits(),
            _ => false,
        },
        _ => false,
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(text) => f.write_str(text),
            Self::Text(text) => write_text(f, text),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { "," })?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (index, (key, value)) in members.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { "," })?;
                    write_text(f, key)?;
                    write!(f, ":{value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_text() {
        let text = r#"{"big":123456789012345678901,"float":3000.0,"list":[1,-0.5,true,null,"é"]}"#;
        assert_eq!(Json::parse(text).unwrap().to_string(), text);
    }

    #[test]
    fn an_integer_is_not_a_float_of_the_same_value() {
        assert!(!same_number("3000", "3000.0"));
        assert!(same_number("1e16", "10000000000000000.0"));
        assert!(!same_number("123456789012345678901", "123456789012345678902"));
    }
}
