//! From tokens to values, collecting what is wrong on the way.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use super::number::{self, NotAnInteger};
use super::{Kind, MAX_ID_BYTES, Node};
use crate::wire::{JsonObject, RawJson, Timestamp};

/// Longest echo of a faulty value in an [`Issue`], in bytes; longer ones are left out.
const MAX_ECHO_BYTES: usize = 1024;

/// The part of a request that an [`Issue`] lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The request's body.
    Body,
    /// The query string.
    Query,
    /// The path.
    Path,
    /// The headers.
    Header,
}

/// One step of the way to a faulty value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Step {
    /// A field of an object.
    Field(Cow<'static, str>),
    /// An element of a list, counted from 0; in broken JSON the offset in characters.
    Index(usize),
}

/// Where a faulty value is: the part of the request, then the steps from there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Place(Vec<Step>);

impl Place {
    /// The place of a whole part.
    pub fn of(part: Part) -> Self {
        let name = match part {
            Part::Body => "body",
            Part::Query => "query",
            Part::Path => "path",
            Part::Header => "header",
        };
        Self(vec![Step::Field(Cow::Borrowed(name))])
    }

    /// This place and one step more.
    #[must_use]
    pub fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

/// One mistake in a request, in the form in which a 422 lists it.
#[derive(Debug, Clone, Serialize)]
pub struct Issue {
    /// The kind of mistake, e.g. `missing` or `int_parsing`; the names are those of pydantic.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Where it is.
    pub loc: Place,
    /// What was expected, for people.
    pub msg: String,
    /// The faulty value, unless it is long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<RawJson>,
}

/// A type that can be read from a request.
pub trait ReadJson: Sized {
    /// Reads `node`. `None` means that `reader` has been told what is wrong; reading goes on with the next field.
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self>;
}

/// Where reading has got to, and what was found wrong so far.
#[derive(Debug)]
pub struct Reader {
    place: Place,
    issues: Vec<Issue>,
}

impl Reader {
    /// A reader at the top of `part`.
    pub fn new(part: Part) -> Self {
        Self { place: Place::of(part), issues: Vec::new() }
    }

    /// The value, if nothing was wrong.
    ///
    /// # Errors
    /// Every mistake that was found.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Vec<Issue>> {
        match value {
            Some(value) if self.issues.is_empty() => Ok(value),
            _ => Err(self.issues),
        }
    }

    /// Records a mistake at the present place.
    pub fn refuse<T>(
        &mut self,
        kind: &'static str,
        msg: impl Into<String>,
        input: Option<Node<'_>>,
    ) -> Option<T> {
        let input =
            input.map(|node| node.strict()).filter(|text| text.len() <= MAX_ECHO_BYTES).map(RawJson::trusted);
        self.issues.push(Issue { kind, loc: self.place.clone(), msg: msg.into(), input });
        None
    }

    /// Reads with `read` one step further on.
    pub fn within<T>(&mut self, step: Step, read: impl FnOnce(&mut Self) -> T) -> T {
        self.place.0.push(step);
        let value = read(self);
        self.place.0.pop();
        value
    }

    /// The members of `node`, which must be an object.
    pub fn object<'a>(&mut self, node: Node<'a>) -> Option<Object<'a>> {
        if node.kind() != Kind::Object {
            let msg = "Input should be a valid dictionary or object to extract fields from";
            return self.refuse("model_attributes_type", msg, Some(node));
        }
        Some(Object { node, members: node.members().collect() })
    }

    /// A list whose elements `read` understands.
    pub fn list<'a, T>(
        &mut self,
        node: Node<'a>,
        mut read: impl FnMut(Node<'a>, &mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        if node.kind() != Kind::Array {
            return self.refuse("list_type", "Input should be a valid list", Some(node));
        }
        let mut values = Vec::new();
        let mut faultless = true;
        for (index, item) in node.items().enumerate() {
            match self.within(Step::Index(index), |reader| read(item, reader)) {
                Some(value) => values.push(value),
                None => faultless = false,
            }
        }
        faultless.then_some(values)
    }

    /// A string.
    pub fn string<'a>(&mut self, node: Node<'a>) -> Option<Cow<'a, str>> {
        if node.kind() != Kind::String {
            return self.refuse("string_type", "Input should be a valid string", Some(node));
        }
        let text = node.text();
        if text.is_none() {
            let msg = "Input should be a valid string, unable to parse raw data as a unicode string";
            return self.refuse("string_unicode", msg, None);
        }
        text
    }

    /// An id or a name: a string without NUL characters, of at most [`MAX_ID_BYTES`] bytes.
    pub fn id<'a>(&mut self, node: Node<'a>) -> Option<Cow<'a, str>> {
        let text = self.name(node)?;
        if text.len() > MAX_ID_BYTES {
            let msg = format!("Input should have at most {MAX_ID_BYTES} bytes (limit: id length)");
            return self.refuse("string_too_long", msg, None);
        }
        Some(text)
    }

    /// A string without NUL characters, which not every database can hold.
    pub fn name<'a>(&mut self, node: Node<'a>) -> Option<Cow<'a, str>> {
        let text = self.string(node)?;
        if text.contains('\0') {
            return self.refuse("string_nul", "Input should not contain the character \\u0000", Some(node));
        }
        Some(text)
    }

    /// A 64-bit integer, also as a string, as 2.0 or as a boolean.
    pub fn integer(&mut self, node: Node<'_>) -> Option<i64> {
        let value = match node.kind() {
            Kind::Integer => node.source().parse().map_err(|_| NotAnInteger::TooLarge),
            Kind::Float => number::integer_of_float(node.source().parse().unwrap_or(f64::NAN)),
            Kind::Bool => Ok(i64::from(node.source() == "true")),
            Kind::String => number::parse_integer(&self.string(node)?),
            Kind::NotFinite => Err(NotAnInteger::Fractional),
            _ => return self.refuse("int_type", "Input should be a valid integer", Some(node)),
        };
        value.or_else(|fault| self.refuse_integer(fault, Some(node)).ok_or(())).ok()
    }

    /// Records why something is no integer.
    pub fn refuse_integer(&mut self, fault: NotAnInteger, input: Option<Node<'_>>) -> Option<i64> {
        let (kind, msg) = match fault {
            NotAnInteger::Unparsable => {
                ("int_parsing", "Input should be a valid integer, unable to parse string as an integer")
            }
            NotAnInteger::Fractional => {
                ("int_from_float", "Input should be a valid integer, got a number with a fractional part")
            }
            NotAnInteger::TooLarge => {
                ("int_parsing_size", "Input should be a 64-bit integer (limit: -2^63 to 2^63 - 1)")
            }
        };
        self.refuse(kind, msg, input)
    }

    /// A double, also as a string or as a boolean; it may be infinite or not a number.
    pub fn float(&mut self, node: Node<'_>) -> Option<f64> {
        match node.kind() {
            Kind::Integer | Kind::Float => Some(node.source().parse().unwrap_or(f64::INFINITY)),
            Kind::NotFinite => Some(match node.source() {
                "NaN" => f64::NAN,
                text if text.starts_with('-') => f64::NEG_INFINITY,
                _ => f64::INFINITY,
            }),
            Kind::Bool => Some(f64::from(u8::from(node.source() == "true"))),
            Kind::String => {
                let text = self.string(node)?;
                let msg = "Input should be a valid number, unable to parse string as a number";
                number::parse_float(&text).or_else(|| self.refuse("float_parsing", msg, Some(node)))
            }
            _ => self.refuse("float_type", "Input should be a valid number", Some(node)),
        }
    }

    /// A double that is a number; the outer `None` is a mistake, the inner one what is stored as null.
    pub fn finite(&mut self, node: Node<'_>) -> Option<Option<f64>> {
        self.float(node).map(|value| Some(value).filter(|value| value.is_finite()))
    }

    /// A time in seconds since 1970.
    pub fn time(&mut self, node: Node<'_>) -> Option<Timestamp> {
        let value = self.float(node)?;
        Timestamp::from_seconds(value)
            .or_else(|| self.refuse("finite_number", "Input should be a finite number", None))
    }

    /// A boolean, also as 0 or 1 or as one of the usual words.
    pub fn boolean(&mut self, node: Node<'_>) -> Option<bool> {
        let msg = "Input should be a valid boolean, unable to interpret input";
        let value = match node.kind() {
            Kind::Bool => Some(node.source() == "true"),
            Kind::Integer | Kind::Float => match node.source().parse::<f64>() {
                Ok(0.0) => Some(false),
                Ok(1.0) => Some(true),
                _ => None,
            },
            Kind::String => match &*self.string(node)?.to_ascii_lowercase() {
                "0" | "off" | "f" | "false" | "n" | "no" => Some(false),
                "1" | "on" | "t" | "true" | "y" | "yes" => Some(true),
                _ => None,
            },
            _ => return self.refuse("bool_type", "Input should be a valid boolean", Some(node)),
        };
        value.or_else(|| self.refuse("bool_parsing", msg, Some(node)))
    }

    /// One of a fixed set of words.
    pub fn word<T: Word>(&mut self, node: Node<'_>) -> Option<T> {
        let found = (node.kind() == Kind::String)
            .then(|| node.text())
            .flatten()
            .and_then(|text| T::ALL.iter().find(|word| word.as_str() == text).copied());
        found.or_else(|| self.refuse("literal_error", expected::<T>(), Some(node)))
    }

    /// Any JSON object, kept as it is.
    pub fn dictionary(&mut self, node: Node<'_>) -> Option<RawJson> {
        if node.kind() != Kind::Object {
            return self.refuse("dict_type", "Input should be a valid dictionary", Some(node));
        }
        self.raw(node)
    }

    /// A JSON object whose values `read` understands; of equal keys the last one counts.
    pub fn members<'a, T>(
        &mut self,
        node: Node<'a>,
        mut read: impl FnMut(Node<'a>, &mut Self) -> Option<T>,
    ) -> Option<JsonObject<T>> {
        if node.kind() != Kind::Object {
            return self.refuse("dict_type", "Input should be a valid dictionary", Some(node));
        }
        let mut members = JsonObject::default();
        let mut faultless = true;
        for (key, value) in node.members() {
            let step = Step::Field(Cow::Owned(key.clone().into_owned()));
            match self.within(step, |reader| read(value, reader)) {
                Some(value) => drop(members.insert(key.into_owned(), value)),
                None => faultless = false,
            }
        }
        faultless.then_some(members)
    }

    /// Any JSON value, kept as it is.
    pub fn raw(&mut self, node: Node<'_>) -> Option<RawJson> {
        Some(RawJson::trusted(node.strict()))
    }
}

/// A closed set of words on the wire, such as a status.
pub trait Word: Copy + 'static {
    /// All of them, in the order in which a refusal lists them.
    const ALL: &'static [Self];
    /// The word.
    fn as_str(&self) -> &'static str;
}

/// The text of a refusal that lists the allowed words.
pub fn expected<T: Word>() -> String {
    struct List<'a>(Vec<&'a str>);
    impl fmt::Display for List<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            for (index, word) in self.0.iter().enumerate() {
                match index {
                    0 => {}
                    _ if index + 1 == self.0.len() => f.write_str(" or ")?,
                    _ => f.write_str(", ")?,
                }
                write!(f, "'{word}'")?;
            }
            Ok(())
        }
    }
    format!("Input should be {}", List(T::ALL.iter().map(Word::as_str).collect()))
}

/// The members of an object that is being read.
#[derive(Debug)]
pub struct Object<'a> {
    node: Node<'a>,
    members: Vec<(Cow<'a, str>, Node<'a>)>,
}

impl<'a> Object<'a> {
    /// The member `name`; of several the last one.
    pub fn get(&self, name: &str) -> Option<Node<'a>> {
        self.members.iter().rev().find(|(key, _)| key == name).map(|&(_, node)| node)
    }

    /// The members whose names are not in `known`, each once.
    pub fn others(&self, known: &[&str]) -> JsonObject<Node<'a>> {
        let unknown = self.members.iter().filter(|(key, _)| !known.contains(&key.as_ref()));
        unknown.map(|(key, node)| (key.clone().into_owned(), *node)).collect()
    }

    /// A member that must be there.
    pub fn required<T>(
        &self,
        name: &'static str,
        reader: &mut Reader,
        read: impl FnOnce(Node<'a>, &mut Reader) -> Option<T>,
    ) -> Option<T> {
        reader.within(Step::Field(Cow::Borrowed(name)), |reader| match self.get(name) {
            Some(node) => read(node, reader),
            None => reader.refuse("missing", "Field required", Some(self.node)),
        })
    }

    /// A member that may be absent, but not null. The outer `None` is a mistake.
    pub fn optional<T>(
        &self,
        name: &'static str,
        reader: &mut Reader,
        read: impl FnOnce(Node<'a>, &mut Reader) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.get(name) {
            Some(node) => {
                reader.within(Step::Field(Cow::Borrowed(name)), |reader| read(node, reader)).map(Some)
            }
            None => Some(None),
        }
    }

    /// A member that may be absent or null, which is the same. The outer `None` is a mistake.
    pub fn nullable<T>(
        &self,
        name: &'static str,
        reader: &mut Reader,
        read: impl FnOnce(Node<'a>, &mut Reader) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.get(name) {
            Some(node) if !node.is_null() => {
                reader.within(Step::Field(Cow::Borrowed(name)), |reader| read(node, reader)).map(Some)
            }
            _ => Some(None),
        }
    }
}
