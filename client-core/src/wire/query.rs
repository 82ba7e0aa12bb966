//! Queries as clients make them: how they are put together, and how they look in a body or a query string.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{
    AttemptField, AttemptId, FilterLogic, ListRequest, QueryAttempts, QueryResources, QueryRollouts,
    QuerySpans, QueryWorkers, RawJson, ResourcesField, ResourcesFilter, RolloutField, RolloutFilter,
    RolloutId, RolloutStatus, SortField, SortOrder, SpanField, SpanFilter, Window, Word as _, WorkerField,
    WorkerFilter, WorkerStatus,
};
use crate::percent::encode;

/// A condition, or a wish about the list.
pub(crate) enum Value<'a> {
    Null,
    Number(i64),
    /// A number or a boolean as JSON.
    Literal(&'a RawJson),
    Text(&'a str),
    Texts(Vec<&'a str>),
}

pub(crate) type Parts<'a> = Vec<(&'a str, Value<'a>)>;

/// What cannot be said in a query string, but in a body: lists without elements, and null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NeedsBody(pub(crate) String);

/// A query that can be sent.
pub(crate) trait Conditions {
    /// The field by which the list is sorted if nothing is said.
    const DEFAULT_SORT: Option<&'static str>;

    /// What is asked for.
    fn list(&self) -> &ListRequest;

    /// What is asked for, to be changed.
    fn list_mut(&mut self) -> &mut ListRequest;

    /// Appends the conditions that are set.
    fn conditions<'a>(&'a self, parts: &mut Parts<'a>);

    /// Everything there is to say.
    fn parts(&self) -> Parts<'_> {
        let mut parts = Vec::new();
        self.conditions(&mut parts);
        let list = self.list();
        if list.window != Window::default() {
            parts.push(("limit", Value::Number(list.window.limit)));
            parts.push(("offset", Value::Number(list.window.offset)));
        }
        if list.sort_by.as_deref() != Self::DEFAULT_SORT {
            parts.push(("sort_by", list.sort_by.as_deref().map_or(Value::Null, Value::Text)));
        }
        if list.sort_order != SortOrder::Asc {
            parts.push(("sort_order", Value::Text(list.sort_order.as_str())));
        }
        parts
    }

    /// It as a query string, without the question mark.
    fn query_string(&self) -> Result<String, NeedsBody> {
        fn push(out: &mut String, name: &str, value: &str) {
            if !out.is_empty() {
                out.push('&');
            }
            out.push_str(name);
            out.push('=');
            encode(out, value);
        }
        let mut out = String::new();
        for (name, value) in self.parts() {
            match value {
                Value::Null => return Err(NeedsBody(name.to_owned())),
                Value::Texts(texts) if texts.is_empty() => return Err(NeedsBody(name.to_owned())),
                Value::Number(number) => push(&mut out, name, &number.to_string()),
                Value::Literal(literal) => push(&mut out, name, literal.as_str()),
                Value::Text(text) => push(&mut out, name, text),
                Value::Texts(texts) => texts.into_iter().for_each(|text| push(&mut out, name, text)),
            }
        }
        Ok(out)
    }
}

pub(super) fn serialize<S: Serializer>(query: &impl Conditions, serializer: S) -> Result<S::Ok, S::Error> {
    let mut object = serializer.serialize_map(None)?;
    for (name, value) in query.parts() {
        match value {
            Value::Null => object.serialize_entry(name, &())?,
            Value::Number(number) => object.serialize_entry(name, &number)?,
            Value::Literal(literal) => object.serialize_entry(name, literal)?,
            Value::Text(text) => object.serialize_entry(name, text)?,
            Value::Texts(texts) => object.serialize_entry(name, &texts)?,
        }
    }
    object.end()
}

fn words<T: super::Word>(words: Option<&Vec<T>>) -> Option<Value<'static>> {
    words.map(|words| Value::Texts(words.iter().map(T::as_str).collect()))
}

fn text(text: Option<&String>) -> Option<Value<'_>> {
    text.map(|text| Value::Text(text))
}

fn logic(logic: FilterLogic) -> Option<Value<'static>> {
    (logic != FilterLogic::And).then(|| Value::Text(logic.as_str()))
}

fn set<'a>(parts: &mut Parts<'a>, all: impl IntoIterator<Item = (&'static str, Option<Value<'a>>)>) {
    parts.extend(all.into_iter().filter_map(|(name, value)| Some((name, value?))));
}

macro_rules! queries {
    ($($query:ident by $field:ident, $default_sort:expr, |$self:ident| $conditions:expr;)*) => {$(
        impl Conditions for $query {
            const DEFAULT_SORT: Option<&'static str> = $default_sort;

            fn list(&self) -> &ListRequest {
                &self.list
            }

            fn list_mut(&mut self) -> &mut ListRequest {
                &mut self.list
            }

            fn conditions<'a>(&'a self, parts: &mut Parts<'a>) {
                let $self = self;
                set(parts, $conditions);
            }
        }

        impl Serialize for $query {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serialize(self, serializer)
            }
        }

        impl $query {
            /// Sorted by this field. Items that are equal in it come in the order in which they were stored.
            #[must_use]
            pub fn sort_by(mut self, field: $field, order: SortOrder) -> Self {
                self.list.sort_by = Some(field.name().to_owned());
                self.list.sort_order = order;
                self
            }

            /// In the order in which they were stored, which never changes: new ones come last.
            #[must_use]
            pub fn in_order_stored(mut self) -> Self {
                self.list.sort_by = None;
                self.list.sort_order = SortOrder::Asc;
                self
            }

            /// At most so many.
            #[must_use]
            pub fn limit(mut self, limit: u32) -> Self {
                self.list.window.limit = i64::from(limit);
                self
            }

            /// Without the first so many.
            #[must_use]
            pub fn offset(mut self, offset: u64) -> Self {
                self.list.window.offset = i64::try_from(offset).unwrap_or(i64::MAX);
                self
            }
        }
    )*};
}

queries! {
    QueryRollouts by RolloutField, None, |query| [
        ("status_in", words(query.filter.status_in.as_ref())),
        (
            "rollout_id_in",
            query.filter.rollout_id_in.as_ref().map(|ids| Value::Texts(ids.iter().map(RolloutId::as_str).collect())),
        ),
        ("rollout_id_contains", text(query.filter.rollout_id_contains.as_ref())),
        ("filter_logic", logic(query.filter.logic)),
    ];
    QueryAttempts by AttemptField, Some("sequence_id"), |_query| [];
    QuerySpans by SpanField, Some("sequence_id"), |query| [
        ("rollout_id", Some(Value::Text(&query.filter.rollout_id))),
        ("attempt_id", text(query.filter.attempt_id.as_ref())),
        ("trace_id", text(query.filter.trace_id.exact.as_ref())),
        ("trace_id_contains", text(query.filter.trace_id.contains.as_ref())),
        ("span_id", text(query.filter.span_id.exact.as_ref())),
        ("span_id_contains", text(query.filter.span_id.contains.as_ref())),
        ("parent_id", text(query.filter.parent_id.exact.as_ref())),
        ("parent_id_contains", text(query.filter.parent_id.contains.as_ref())),
        ("name", text(query.filter.name.exact.as_ref())),
        ("name_contains", text(query.filter.name.contains.as_ref())),
        ("filter_logic", logic(query.filter.logic)),
    ];
    QueryWorkers by WorkerField, None, |query| [
        ("status_in", words(query.filter.status_in.as_ref())),
        ("worker_id_contains", text(query.filter.worker_id_contains.as_ref())),
        ("filter_logic", logic(query.filter.logic)),
    ];
    QueryResources by ResourcesField, None, |query| [
        ("resources_id", text(query.filter.resources_id.as_ref())),
        ("resources_id_contains", text(query.filter.resources_id_contains.as_ref())),
    ];
}

fn everything(sort_by: Option<&str>) -> ListRequest {
    ListRequest { window: Window::default(), sort_by: sort_by.map(str::to_owned), sort_order: SortOrder::Asc }
}

impl Default for QueryRollouts {
    /// All rollouts in the order stored.
    fn default() -> Self {
        Self { filter: RolloutFilter::default(), list: everything(None) }
    }
}

impl QueryRollouts {
    /// Only with one of these statuses.
    #[must_use]
    pub fn statuses(mut self, statuses: impl IntoIterator<Item = RolloutStatus>) -> Self {
        self.filter.status_in = Some(statuses.into_iter().collect());
        self
    }

    /// Only these.
    #[must_use]
    pub fn ids(mut self, ids: impl IntoIterator<Item = RolloutId>) -> Self {
        self.filter.rollout_id_in = Some(ids.into_iter().collect());
        self
    }
}

impl Default for QueryAttempts {
    /// All attempts in their order.
    fn default() -> Self {
        Self { list: everything(Self::DEFAULT_SORT) }
    }
}

impl QuerySpans {
    /// All spans of a rollout, by their numbers.
    pub fn of(rollout_id: &RolloutId) -> Self {
        Self { filter: SpanFilter::of(rollout_id.as_str(), None), list: everything(Self::DEFAULT_SORT) }
    }

    /// Only of this attempt; [`AttemptId::LATEST`] is the newest one.
    #[must_use]
    pub fn attempt(mut self, attempt_id: &AttemptId) -> Self {
        self.filter.attempt_id = Some(attempt_id.as_str().to_owned());
        self
    }

    /// Only with this name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.filter.name.exact = Some(name.into());
        self
    }
}

impl Default for WorkerFilter {
    /// All of them.
    fn default() -> Self {
        Self { status_in: None, worker_id_contains: None, logic: FilterLogic::And }
    }
}

impl Default for QueryWorkers {
    /// All workers in the order in which they were first seen.
    fn default() -> Self {
        Self { filter: WorkerFilter::default(), list: everything(None) }
    }
}

impl QueryWorkers {
    /// Only with one of these statuses.
    #[must_use]
    pub fn statuses(mut self, statuses: impl IntoIterator<Item = WorkerStatus>) -> Self {
        self.filter.status_in = Some(statuses.into_iter().collect());
        self
    }
}

impl Default for QueryResources {
    /// All sets of resources in the order stored.
    fn default() -> Self {
        Self { filter: ResourcesFilter::default(), list: everything(None) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lax::{Bounds, Part, Query, ReadJson, Reader, Tape};

    const BOUNDS: Bounds = Bounds { max_depth: 64, max_values: 1_000 };

    fn read<Q: ReadJson>(text: &str) -> Q {
        let tape = Tape::parse(text, BOUNDS).unwrap();
        let mut reader = Reader::new(Part::Body);
        let value = Q::read(tape.root(), &mut reader);
        reader.finish(value).unwrap()
    }

    /// What the server makes of a query is the query, however it is sent.
    fn returns<Q>(query: &Q, parameters: impl FnOnce(&mut Query) -> Option<Q>)
    where
        Q: Conditions + Serialize + ReadJson + PartialEq + std::fmt::Debug,
    {
        let body = serde_json::to_string(query).unwrap();
        assert_eq!(&read::<Q>(&body), query, "{body}");
        if let Ok(text) = query.query_string() {
            let mut query_reader = Query::new(pairs(&text));
            let value = parameters(&mut query_reader);
            assert_eq!(&query_reader.finish(value).unwrap(), query, "{text}");
        }
    }

    fn pairs(text: &str) -> Vec<(String, String)> {
        let decode = |text: &str| String::from_utf8(crate::percent::decode(text).unwrap()).unwrap();
        let pair =
            |pair: &str| pair.split_once('=').map(|(name, value)| (decode(name), decode(value))).unwrap();
        text.split('&').filter(|pair| !pair.is_empty()).map(pair).collect()
    }

    #[test]
    fn servers_read_queries_as_they_were_meant() {
        let all = QueryRollouts::default();
        assert_eq!(serde_json::to_string(&all).unwrap(), "{}");
        returns(&all, QueryRollouts::parameters);
        let mut some = all
            .clone()
            .statuses([RolloutStatus::Queuing, RolloutStatus::Failed])
            .ids(["ro-1".into(), "ro &2".into()])
            .sort_by(RolloutField::EndTime, SortOrder::Desc)
            .limit(5)
            .offset(7);
        some.filter.rollout_id_contains = Some("=ü".to_owned());
        some.filter.logic = FilterLogic::Or;
        returns(&some, QueryRollouts::parameters);

        returns(&QueryAttempts::default(), QueryAttempts::parameters);
        returns(&QueryAttempts::default().in_order_stored().limit(1), QueryAttempts::parameters);
        returns(
            &QueryAttempts::default().sort_by(AttemptField::Status, SortOrder::Desc),
            QueryAttempts::parameters,
        );

        returns(&QueryWorkers::default(), QueryWorkers::parameters);
        returns(&QueryWorkers::default().statuses([WorkerStatus::Busy]), QueryWorkers::parameters);

        let spans = QuerySpans::of(&"ro-1".into());
        returns(&spans, QuerySpans::parameters);
        let mut some = spans.attempt(&AttemptId::LATEST.into()).named("a").in_order_stored();
        some.filter.parent_id.contains = Some("x".to_owned());
        some.filter.logic = FilterLogic::Or;
        returns(&some, QuerySpans::parameters);
    }

    #[test]
    fn query_strings_cannot_say_everything() {
        let none = QueryRollouts::default().statuses([]);
        assert_eq!(none.query_string(), Err(NeedsBody("status_in".to_owned())));
        assert_eq!(serde_json::to_string(&none).unwrap(), r#"{"status_in":[]}"#);
        let stored = QueryAttempts::default().in_order_stored();
        assert_eq!(stored.query_string(), Err(NeedsBody("sort_by".to_owned())));
        assert_eq!(serde_json::to_string(&stored).unwrap(), r#"{"sort_by":null}"#);
    }

    #[test]
    fn every_field_to_sort_by_has_the_name_by_which_servers_find_it() {
        fn check<F: SortField + std::fmt::Debug>() {
            for (name, field) in F::FIELDS {
                if let Some(field) = field {
                    assert_eq!(field.name(), *name);
                    assert_eq!(F::parse(name).unwrap(), *field);
                }
            }
        }
        check::<RolloutField>();
        check::<AttemptField>();
        check::<SpanField>();
        check::<WorkerField>();
        check::<ResourcesField>();
    }
}
