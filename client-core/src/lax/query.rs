//! Query strings: repeated keys are lists, of repeated scalars the last one counts.

use std::borrow::Cow;

use super::number;
use super::reader::{Issue, Part, Reader, Step, Word, expected};

/// The parameters of a query string, and what was found wrong with them so far.
#[derive(Debug)]
pub struct Query {
    pairs: Vec<(String, String)>,
    reader: Reader,
}

impl Query {
    /// Takes decoded `key=value` pairs.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { pairs: pairs.into_iter().collect(), reader: Reader::new(Part::Query) }
    }

    /// The value, if nothing was wrong.
    ///
    /// # Errors
    /// Every mistake that was found.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Vec<Issue>> {
        self.reader.finish(value)
    }

    fn last(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn refuse<T>(&mut self, step: Step, kind: &'static str, msg: String) -> Option<T> {
        self.reader.within(step, |reader| reader.refuse(kind, msg, None))
    }

    /// A string that may be absent.
    pub fn string(&self, name: &str) -> Option<String> {
        self.last(name).map(str::to_owned)
    }

    /// A string that must be there.
    pub fn required(&mut self, name: &'static str) -> Option<String> {
        self.string(name).or_else(|| self.refuse(field(name), "missing", "Field required".to_owned()))
    }

    /// An integer; absent means `default`.
    pub fn integer(&mut self, name: &'static str, default: i64) -> Option<i64> {
        match self.last(name).map(number::parse_integer) {
            None => Some(default),
            Some(Ok(value)) => Some(value),
            Some(Err(fault)) => self.reader.within(field(name), |reader| reader.refuse_integer(fault, None)),
        }
    }

    /// An integer from `least` to `most`; absent means `default`.
    pub fn bounded(&mut self, name: &'static str, default: i64, least: i64, most: i64) -> Option<i64> {
        let value = self.integer(name, default)?;
        if (least..=most).contains(&value) {
            return Some(value);
        }
        let range =
            if most == i64::MAX { format!("{least} or more") } else { format!("from {least} to {most}") };
        self.refuse(field(name), "out_of_range", format!("Input should be {range} (limit: {name})"))
    }

    /// A finite double; it may be absent.
    pub fn finite(&mut self, name: &'static str) -> Option<Option<f64>> {
        self.float(name, |value, reader| {
            if value.is_finite() {
                return Some(value);
            }
            reader.refuse("finite_number", "Input should be a finite number", None)
        })
    }

    /// `true` or `false`; absent means `default`.
    pub fn flag(&mut self, name: &'static str, default: bool) -> Option<bool> {
        self.word(name, default)
    }

    /// A text of at most so many bytes; it may be absent, and an empty one counts as absent.
    pub fn text(&mut self, name: &'static str, most_bytes: usize) -> Option<Option<String>> {
        let Some(text) = self.string(name).filter(|text| !text.is_empty()) else { return Some(None) };
        if text.len() > most_bytes {
            let msg = format!("Input should have at most {most_bytes} bytes (limit: {name})");
            return self.refuse(field(name), "string_too_long", msg);
        }
        Some(Some(text))
    }

    /// At most `most` values of a repeated key, each of at most so many bytes; `None` inside if there is none.
    pub fn strings_up_to(
        &mut self,
        name: &'static str,
        most: usize,
        most_bytes: usize,
    ) -> Option<Option<Vec<String>>> {
        let Some(texts) = self.strings(name) else { return Some(None) };
        if texts.len() > most {
            let msg = format!("Input should have at most {most} values (limit: {name})");
            return self.refuse(field(name), "too_long", msg);
        }
        if texts.iter().any(|text| text.len() > most_bytes) {
            let msg = format!("Input should have at most {most_bytes} bytes each (limit: {name})");
            return self.refuse(field(name), "string_too_long", msg);
        }
        Some(Some(texts))
    }

    /// Refuses the value of a parameter for a reason of its own.
    pub fn refuse_value<T>(&mut self, name: &'static str, reason: &str) -> Option<T> {
        self.refuse(field(name), "value_error", format!("Value error, {reason}"))
    }

    /// A double that `check` takes; it may be absent.
    pub fn float<T>(
        &mut self,
        name: &'static str,
        check: impl FnOnce(f64, &mut Reader) -> Option<T>,
    ) -> Option<Option<T>> {
        let Some(text) = self.last(name) else { return Some(None) };
        let value = number::parse_float(text);
        let read = |reader: &mut Reader| {
            let msg = "Input should be a valid number, unable to parse string as a number";
            check(value.or_else(|| reader.refuse("float_parsing", msg, None))?, reader)
        };
        self.reader.within(field(name), read).map(Some)
    }

    /// Values of a key that may be repeated, each of which may be several joined by commas: at least one and at most
    /// `most`.
    pub fn joined<T>(&mut self, name: &'static str, most: usize) -> Option<Vec<T>>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        let texts = self
            .strings(name)
            .or_else(|| self.refuse(field(name), "missing", "Field required".to_owned()))?;
        let words: Vec<&str> = texts.iter().flat_map(|text| text.split(',')).collect();
        if words.len() > most {
            let msg = format!("Input should have at most {most} values (limit: {name})");
            return self.refuse(field(name), "too_long", msg);
        }
        let read = |word: &&str| match word.parse() {
            Ok(value) => Some(value),
            Err(error) => self.refuse(field(name), "value_error", format!("Value error, {error}")),
        };
        // All of them are read, so that every mistake is told.
        let values: Vec<Option<T>> = words.iter().map(read).collect();
        values.into_iter().collect()
    }

    /// One of a set of words; absent means `default`.
    pub fn word<T: Word>(&mut self, name: &'static str, default: T) -> Option<T> {
        let Some(text) = self.last(name) else { return Some(default) };
        find(text).or_else(|| self.refuse(field(name), "literal_error", expected::<T>()))
    }

    /// All values of a repeated key; `None` inside if there is none.
    pub fn words<T: Word>(&mut self, name: &'static str) -> Option<Option<Vec<T>>> {
        let Some(texts) = self.strings(name) else { return Some(None) };
        let mut values = Vec::new();
        let mut faultless = true;
        for (index, text) in texts.into_iter().enumerate() {
            if let Some(value) = find(&text) {
                values.push(value);
            } else {
                faultless = false;
                self.reader.within(field(name), |reader| {
                    reader.within(Step::Index(index), |reader| {
                        reader.refuse::<()>("literal_error", expected::<T>(), None)
                    })
                });
            }
        }
        faultless.then_some(Some(values))
    }

    /// All values of a repeated key; `None` if there is none.
    pub fn strings(&self, name: &str) -> Option<Vec<String>> {
        let values: Vec<String> =
            self.pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect();
        (!values.is_empty()).then_some(values)
    }
}

impl Word for bool {
    const ALL: &'static [Self] = &[true, false];

    fn as_str(&self) -> &'static str {
        if *self { "true" } else { "false" }
    }
}

fn find<T: Word>(text: &str) -> Option<T> {
    T::ALL.iter().find(|word| word.as_str() == text).copied()
}

fn field(name: &'static str) -> Step {
    Step::Field(Cow::Borrowed(name))
}
