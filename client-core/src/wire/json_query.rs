//! A query that is not looked into, except for the part of the list that it wants.

use serde::{Serialize, Serializer};

use super::query::{Conditions, Parts, Value};
use super::{JsonObject, ListRequest, RawJson, SortOrder, Window};

/// The conditions of any list: the members of its search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonQuery {
    conditions: JsonObject<Condition>,
    list: ListRequest,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    Null,
    /// A number or a boolean, as it was written.
    Literal(RawJson),
    Text(String),
    Texts(Vec<String>),
}

/// Why an object is no query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "members of a query are texts, lists of texts, numbers, booleans or null; limit and offset are whole numbers"
)]
pub struct NoQuery;

impl JsonQuery {
    /// Reads a JSON object.
    ///
    /// # Errors
    /// If a member is of a kind that no condition has.
    pub fn parse(text: &str) -> Result<Self, NoQuery> {
        let members: JsonObject = serde_json::from_str(text).map_err(|_| NoQuery)?;
        let condition = |(name, value): (String, RawJson)| Some((name, Condition::read(&value)?));
        let conditions: Option<JsonObject<_>> = members.into_iter().map(condition).collect();
        let mut conditions = conditions.ok_or(NoQuery)?;
        let mut number = |name: &str, default: i64| match conditions.shift_remove(name) {
            None => Ok(default),
            Some(Condition::Literal(number)) => number.read().map_err(|_| NoQuery),
            Some(_) => Err(NoQuery),
        };
        let window = Window { limit: number("limit", -1)?, offset: number("offset", 0)? };
        // What it says about the order stays among the conditions.
        let list = ListRequest { window, sort_by: None, sort_order: SortOrder::Asc };
        Ok(Self { conditions, list })
    }
}

impl Condition {
    fn read(value: &RawJson) -> Option<Self> {
        let condition = match value.as_str().as_bytes().first()? {
            b'n' => Ok(Self::Null),
            b'"' => value.read().map(Self::Text),
            b'[' => value.read().map(Self::Texts),
            b'{' => return None,
            _ => Ok(Self::Literal(value.clone())),
        };
        condition.ok()
    }
}

impl Conditions for JsonQuery {
    const DEFAULT_SORT: Option<&'static str> = None;

    fn list(&self) -> &ListRequest {
        &self.list
    }

    fn list_mut(&mut self) -> &mut ListRequest {
        &mut self.list
    }

    /// A limit or an offset that says no more than none at all is left out: it may not go together with a cursor.
    fn parts(&self) -> Parts<'_> {
        let mut parts = Vec::new();
        self.conditions(&mut parts);
        let Window { limit, offset } = self.list.window;
        let usual = Window::default();
        parts.extend((limit != usual.limit).then_some(("limit", Value::Number(limit))));
        parts.extend((offset != usual.offset).then_some(("offset", Value::Number(offset))));
        parts
    }

    fn conditions<'a>(&'a self, parts: &mut Parts<'a>) {
        parts.extend(self.conditions.iter().map(|(name, condition)| {
            let value = match condition {
                Condition::Null => Value::Null,
                Condition::Literal(literal) => Value::Literal(literal),
                Condition::Text(text) => Value::Text(text),
                Condition::Texts(texts) => Value::Texts(texts.iter().map(String::as_str).collect()),
            };
            (name.as_str(), value)
        }));
    }
}

impl Serialize for JsonQuery {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        super::query::serialize(self, serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_kept_as_they_are() {
        let text = r#"{"status_in":["queuing"],"rollout_id_in":[],"limit":5,"offset":7,"sort_by":null,"sort_order":"desc"}"#;
        let query = JsonQuery::parse(text).unwrap();
        assert_eq!(query.list().window, Window { limit: 5, offset: 7 });
        let members = |text: &str| serde_json::from_str::<serde_json::Map<_, _>>(text).unwrap();
        assert_eq!(members(&serde_json::to_string(&query).unwrap()), members(text));
        assert!(query.query_string().is_err());

        let query = JsonQuery::parse(r#"{"status_in":["a","b"],"name":"ü"}"#).unwrap();
        assert_eq!(query.query_string().unwrap(), "status_in=a&status_in=b&name=%C3%BC");

        let text = r#"{"reward_min":-0.5,"facets":true,"after":"c","limit":0}"#;
        let query = JsonQuery::parse(text).unwrap();
        assert_eq!(query.query_string().unwrap(), "reward_min=-0.5&facets=true&after=c&limit=0");
        assert_eq!(serde_json::to_string(&query).unwrap(), text);
    }

    #[test]
    fn what_no_condition_can_be_is_refused() {
        for text in ["[]", "1", "", r#"{"a":{}}"#, r#"{"a":[1]}"#, r#"{"limit":null}"#, r#"{"limit":1.5}"#] {
            assert_eq!(JsonQuery::parse(text), Err(NoQuery), "{text}");
        }
    }
}
