//! Placeholders: `{{rollout_id:1}}` and the like stand for values that differ from run to run.
//!
//! The first sight in an answer binds, later sights must be equal, and requests send the bound value. Braces around any
//! other word are literal, as prompt templates contain them.

use std::collections::HashMap;

use crate::clock;
use crate::json::{Json, same_number};

/// A day in seconds: how far a time may be from now.
const DAY: f64 = 86_400.0;

/// What the placeholders of a scenario stand for.
#[derive(Clone, Debug, Default)]
pub struct Bindings {
    /// Values by placeholder, such as `rollout_id:1`; times as written.
    bound: HashMap<String, String>,
}

/// A piece of a string with placeholders.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Piece<'a> {
    Literal(&'a str),
    /// An id: its name with number, the letters it begins with, how many hexadecimal digits follow.
    Id(&'a str, &'a str, usize),
    Time(&'a str),
    Number,
    Any,
}

/// The first placeholder in a text: what is before it, itself, what is after it.
fn first_placeholder(text: &str) -> Option<(&str, Piece<'_>, &str)> {
    let mut from = 0;
    while let Some(start) = text[from..].find("{{").map(|at| from + at) {
        let end = start + text[start..].find("}}")?;
        let name = &text[start + 2..end];
        let piece = match name.split_once(':').map_or(name, |(kind, _)| kind) {
            "rollout_id" => Piece::Id(name, "ro-", 12),
            "attempt_id" => Piece::Id(name, "at-", 8),
            "resources_id" => Piece::Id(name, "rs-", 12),
            "time" => Piece::Time(name),
            "number" => Piece::Number,
            "any" => Piece::Any,
            _ => {
                from = start + 2;
                continue;
            }
        };
        return Some((&text[..start], piece, &text[end + 2..]));
    }
    None
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, piece, after)) = first_placeholder(rest) {
        pieces.extend((!before.is_empty()).then_some(Piece::Literal(before)));
        pieces.push(piece);
        rest = after;
    }
    pieces.extend((!rest.is_empty()).then_some(Piece::Literal(rest)));
    pieces
}

impl Bindings {
    /// A text to send.
    ///
    /// # Errors
    /// Names a placeholder that no answer has bound yet.
    pub fn fill(&self, text: &str) -> Result<String, String> {
        pieces(text).into_iter().try_fold(String::new(), |mut filled, piece| match piece {
            Piece::Literal(literal) => Ok(filled + literal),
            Piece::Id(name, ..) | Piece::Time(name) => {
                filled += self.bound.get(name).ok_or_else(|| format!("{{{{{name}}}}} was never answered"))?;
                Ok(filled)
            }
            Piece::Number | Piece::Any => Err(format!("a placeholder that cannot be sent: {text}")),
        })
    }

    /// A JSON value to send.
    ///
    /// # Errors
    /// Names a placeholder that no answer has bound yet.
    pub fn fill_json(&self, value: &Json) -> Result<Json, String> {
        Ok(match value {
            Json::Text(text) => match pieces(text)[..] {
                [Piece::Time(_)] => Json::Number(self.fill(text)?),
                _ => Json::Text(self.fill(text)?),
            },
            Json::List(items) => {
                Json::List(items.iter().map(|item| self.fill_json(item)).collect::<Result<_, _>>()?)
            }
            Json::Object(members) => {
                let members = members.iter().map(|(key, value)| Ok((key.clone(), self.fill_json(value)?)));
                Json::Object(members.collect::<Result<_, String>>()?)
            }
            other => other.clone(),
        })
    }

    /// Whether a text has the form of a pattern; binds what is seen for the first time.
    pub fn matches(&mut self, pattern: &str, text: &str) -> bool {
        self.match_pieces(&pieces(pattern), text)
    }

    fn match_pieces(&mut self, pieces: &[Piece<'_>], text: &str) -> bool {
        let Some((piece, others)) = pieces.split_first() else { return text.is_empty() };
        match *piece {
            Piece::Literal(literal) => {
                text.strip_prefix(literal).is_some_and(|rest| self.match_pieces(others, rest))
            }
            Piece::Id(name, prefix, digits) => {
                let Some((id, rest)) = text.split_at_checked(prefix.len() + digits) else { return false };
                let is_id = id.strip_prefix(prefix).is_some_and(|digits| {
                    digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
                });
                is_id && self.bind(name, id) && self.match_pieces(others, rest)
            }
            Piece::Any if others.is_empty() => true,
            Piece::Any => (0..=text.len())
                .filter_map(|at| text.get(at..))
                .any(|rest| self.clone().match_pieces(others, rest) && self.match_pieces(others, rest)),
            Piece::Time(_) | Piece::Number => false,
        }
    }

    /// Whether a JSON value is what a pattern that is a single placeholder stands for; `None` if it is no such pattern.
    pub fn matches_value(&mut self, pattern: &str, value: &Json) -> Option<bool> {
        match (pieces(pattern)[..].as_ref(), value) {
            ([Piece::Any], _) | ([Piece::Number], Json::Number(_)) => Some(true),
            ([Piece::Time(name)], Json::Number(text)) => {
                let near =
                    value.as_f64().is_some_and(|seconds| (seconds - clock::unix_seconds()).abs() < DAY);
                Some(near && self.bind(name, text))
            }
            ([Piece::Number | Piece::Time(_)], _) => Some(false),
            _ => None,
        }
    }

    fn bind(&mut self, name: &str, value: &str) -> bool {
        match self.bound.get(name) {
            Some(bound) => bound == value || same_number(bound, value),
            None => self.bound.insert(name.to_owned(), value.to_owned()).is_none(),
        }
    }

    /// A pattern with what is bound so far filled in, for messages.
    pub fn show(&self, pattern: &str) -> String {
        self.fill(pattern).unwrap_or_else(|_| pattern.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sight_binds_and_later_ones_must_be_equal() {
        let mut bindings = Bindings::default();
        assert!(bindings.matches("Rollout {{rollout_id:1}} not found", "Rollout ro-0123456789ab not found"));
        assert!(bindings.matches("{{rollout_id:1}}", "ro-0123456789ab"));
        assert!(!bindings.matches("{{rollout_id:1}}", "ro-0123456789ac"));
        assert_eq!(bindings.fill("/x/{{rollout_id:1}}/y").unwrap(), "/x/ro-0123456789ab/y");
        assert!(bindings.fill("{{rollout_id:2}}").is_err());
    }

    #[test]
    fn other_braces_are_literal() {
        assert!(Bindings::default().matches("{name} {{braces}} ✓", "{name} {{braces}} ✓"));
    }

    #[test]
    fn anything_may_stand_between_literals() {
        assert!(Bindings::default().matches("a{{any}}b{{any}}c", "a-b-b-c"));
        assert!(!Bindings::default().matches("a{{any}}b", "a-c"));
    }

    #[test]
    fn a_time_is_a_number_near_now() {
        let mut bindings = Bindings::default();
        assert_eq!(bindings.matches_value("{{time:1}}", &Json::Number("12.5".to_owned())), Some(false));
        let now = Json::Number(format!("{:.6}", clock::unix_seconds()));
        assert_eq!(bindings.matches_value("{{time:1}}", &now), Some(true));
        assert_eq!(bindings.matches_value("{{time:1}}", &now), Some(true));
    }
}
