//! The attributes of a span, found by key or by prefix, and put back into the shape they were flattened from.

use std::borrow::Cow;

use super::json::{Json, text_of};
use super::python::parse_structure;
use super::sort::sorted;
use crate::lax::double::double;
use crate::lax::{Kind, Node};
use crate::wire::JsonObject;

/// How many dots of a key are followed; the rest of the key stays one piece.
const MAX_SEGMENTS: usize = 64;

/// The attributes of one span, sorted by key. Of two equal keys the last one wins.
#[derive(Debug, Default)]
pub struct Attributes<'t> {
    entries: Vec<Attribute<'t>>,
}

/// One attribute.
#[derive(Debug)]
pub struct Attribute<'t> {
    /// Its key as sent.
    pub key: Cow<'t, str>,
    /// Its value: anything.
    pub value: Node<'t>,
    /// Its place among the attributes as sent.
    place: usize,
}

impl<'t> Attributes<'t> {
    /// The members of `object`; nothing if it is no object.
    pub fn of(object: Node<'t>) -> Self {
        let members = object.members().enumerate();
        let mut entries: Vec<_> =
            members.map(|(place, (key, value))| Attribute { key, value, place }).collect();
        entries = sorted(entries, &|a, b| a.key.cmp(&b.key).then(b.place.cmp(&a.place)));
        entries.dedup_by(|later, first| later.key == first.key);
        Self { entries }
    }

    /// The attributes of a span.
    pub fn of_span(span: Node<'t>) -> Self {
        member(span, "attributes").map(Self::of).unwrap_or_default()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<Node<'t>> {
        let at = self.entries.binary_search_by(|entry| (*entry.key).cmp(key)).ok()?;
        Some(self.entries[at].value)
    }

    /// The attributes whose keys begin with `prefix`, sorted by key.
    pub fn starting(&self, prefix: &str) -> &[Attribute<'t>] {
        let start = self.entries.partition_point(|entry| *entry.key < *prefix);
        let length = self.entries[start..].partition_point(|entry| entry.key.starts_with(prefix));
        &self.entries[start..start + length]
    }

    /// Whether a key begins with `prefix`.
    pub fn has(&self, prefix: &str) -> bool {
        !self.starting(prefix).is_empty()
    }

    /// The value of the first of `keys` that is there and is neither null nor an empty string: a string as it is,
    /// a number or boolean as its text.
    pub fn text(&self, keys: &[&str]) -> Option<String> {
        keys.iter().find_map(|key| scalar_text(self.get(key)?))
    }

    /// The string under `key`, and nothing that is no string.
    pub fn string(&self, key: &str) -> Option<String> {
        self.get(key).filter(|node| node.kind() == Kind::String).map(text_of)
    }

    /// The first of `keys` that is a finite number, or a string of one.
    pub fn number(&self, keys: &[&str]) -> Option<f64> {
        keys.iter().find_map(|key| number_of(self.get(key)?))
    }

    /// The first of `keys` that is a count: a whole number from 0 on, or a string of one.
    pub fn count(&self, keys: &[&str]) -> Option<u64> {
        keys.iter().find_map(|key| count_of(self.get(key)?))
    }

    /// What was flattened under `prefix` (without a dot at its end): the object or list of all keys below it, or the
    /// value of `prefix` itself. A string that holds JSON or a Python literal is taken apart.
    pub fn structure(&self, prefix: &str) -> Option<Json> {
        let below = self.unflatten(&format!("{prefix}."));
        if below.is_some() {
            return below;
        }
        let value = Json::of(self.get(prefix)?);
        Some(match &value {
            Json::String(text) => parse_structure(text).unwrap_or(value),
            _ => value,
        })
    }

    /// The object or list that the keys below `prefix` (which ends with a dot, or is empty for all keys) were flattened
    /// from; `None` if there is no such key. See [`unflatten`].
    pub fn unflatten(&self, prefix: &str) -> Option<Json> {
        let mut below: Vec<_> = self.starting(prefix).iter().collect();
        if below.is_empty() {
            return None;
        }
        below = sorted(below, &|a, b| a.place.cmp(&b.place));
        Some(unflatten(below.into_iter().map(|entry| (&entry.key[prefix.len()..], Json::of(entry.value)))))
    }
}

/// A member of an object; the last one, if there are several.
pub(super) fn member<'t>(object: Node<'t>, key: &str) -> Option<Node<'t>> {
    object.member(key)
}

/// A string as it is, a number or boolean as its text; `None` for what is empty or no scalar.
pub(super) fn scalar_text(node: Node<'_>) -> Option<String> {
    match node.kind() {
        Kind::String => Some(text_of(node)).filter(|text| !text.is_empty()),
        Kind::Bool | Kind::Integer | Kind::Float | Kind::NotFinite => Some(node.source().to_owned()),
        Kind::Null | Kind::Array | Kind::Object => None,
    }
}

/// A finite number, or a string of one.
pub(super) fn number_of(node: Node<'_>) -> Option<f64> {
    let number: f64 = match node.kind() {
        Kind::Integer | Kind::Float => double(node.source())?,
        Kind::String => double(node.text()?.trim())?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

pub(super) fn count_of(node: Node<'_>) -> Option<u64> {
    let text = match node.kind() {
        Kind::Integer | Kind::Float => Cow::Borrowed(node.source()),
        Kind::String => node.text()?,
        _ => return None,
    };
    u64::try_from(crate::lax::number::parse_integer(&text).ok()?).ok()
}

/// Undoes flattening: the dots of a key lead into objects; an object whose keys are exactly `0` to `n-1` becomes a list.
/// A value whose key also leads further (`a` beside `a.b`) is kept under the empty key.
pub fn unflatten<'a>(flat: impl IntoIterator<Item = (&'a str, Json)>) -> Json {
    let mut root = Branch::default();
    for (key, value) in flat {
        root.put(key, value);
    }
    root.json()
}

#[derive(Default)]
struct Branch {
    value: Option<Json>,
    children: JsonObject<Branch>,
}

impl Branch {
    fn put(&mut self, key: &str, value: Json) {
        let mut branch = self;
        for segment in key.splitn(MAX_SEGMENTS, '.') {
            if !branch.children.contains_key(segment) {
                branch.children.insert(segment.to_owned(), Self::default());
            }
            // It was put there above.
            branch = &mut branch.children[segment];
        }
        branch.value = Some(value);
    }

    fn json(self) -> Json {
        let Self { value, mut children } = self;
        match value {
            Some(value) if children.is_empty() => return value,
            Some(value) if !children.contains_key("") => {
                children.insert_before(
                    0,
                    String::new(),
                    Self { value: Some(value), children: JsonObject::default() },
                );
            }
            // Somebody uses the empty key as well: nothing is lost, the value takes a name that says what it is.
            Some(value) => {
                children.insert(
                    "(value)".to_owned(),
                    Self { value: Some(value), children: JsonObject::default() },
                );
            }
            None => {}
        }
        let count = children.len();
        let keys = || (0..count).map(|index| index.to_string());
        if count > 0 && keys().all(|key| children.contains_key(&key)) {
            return Json::Array(
                keys().filter_map(|key| children.swap_remove(&key)).map(Self::json).collect(),
            );
        }
        Json::Object(children.into_iter().map(|(key, child)| (key, child.json())).collect())
    }
}

/// The elements of a list, or the values of an object's numbered members in the order of their numbers: what is left of
/// a list when a key like `prompt_filter_results` lies beside its indices.
pub fn numbered(json: Json) -> Vec<Json> {
    match json {
        Json::Array(items) => items,
        Json::Object(members) => {
            let items: Vec<(u64, Json)> =
                members.into_iter().filter_map(|(key, value)| Some((key.parse().ok()?, value))).collect();
            sorted(items, &|a, b| a.0.cmp(&b.0)).into_iter().map(|(_, value)| value).collect()
        }
        _ => Vec::new(),
    }
}

/// The attributes in a JSON text, for the tests of this folder.
#[cfg(test)]
pub(super) fn with<T>(text: &str, look: impl FnOnce(&Attributes<'_>) -> T) -> T {
    let tape = crate::lax::Tape::parse(text, super::json::BOUNDS).expect("a test's attributes are JSON");
    look(&Attributes::of(tape.root()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nested(text: &str) -> String {
        with(text, |attributes| attributes.unflatten("").map_or_else(String::new, |json| json.to_json()))
    }

    #[test]
    fn digits_are_indices_only_from_0_to_the_last_without_a_gap() {
        for (flat, json) in [
            (r#"{"a.b":1,"a.c.0":2,"a.c.1":3}"#, r#"{"a":{"b":1,"c":[2,3]}}"#),
            (r#"{"a.1":"y","a.0":"x"}"#, r#"{"a":["x","y"]}"#),
            (r#"{"a.0":1,"a.2":2}"#, r#"{"a":{"0":1,"2":2}}"#),
            (r#"{"a.00":1}"#, r#"{"a":{"00":1}}"#),
            (r#"{"a.0.x":1,"a.note":2}"#, r#"{"a":{"0":{"x":1},"note":2}}"#),
            (r#"{"a":1,"a.b":2}"#, r#"{"a":{"":1,"b":2}}"#),
            (r#"{"a":1,"a.":2}"#, r#"{"a":{"":2,"(value)":1}}"#),
            (r#"{"":1,"x..y":2}"#, r#"{"":1,"x":{"":{"y":2}}}"#),
            (r#"{"n":9007199254740993,"l":[1.0,2]}"#, r#"{"n":9007199254740993,"l":[1.0,2]}"#),
        ] {
            assert_eq!(nested(flat), json, "{flat}");
        }
    }

    #[test]
    fn long_lists_keep_their_order() {
        let flat: Vec<String> = (0..12).rev().map(|index| format!("\"a.{index}\":{index}")).collect();
        assert_eq!(nested(&format!("{{{}}}", flat.join(","))), r#"{"a":[0,1,2,3,4,5,6,7,8,9,10,11]}"#);
    }

    #[test]
    fn a_key_of_a_hundred_thousand_dots_is_no_danger() {
        assert!(nested(&format!("{{\"{}\":1}}", ".".repeat(100_000))).len() > 100_000);
    }

    #[test]
    fn values_are_found_by_key_and_prefix_whatever_their_type() {
        let text = r#"{"b":"","a":"7","a.x":2.0,"c":null,"ab":3,"a":"8","d":true,"e":"[{'x': None}]"}"#;
        with(text, |attributes| {
            assert_eq!(attributes.text(&["b", "c", "a"]).as_deref(), Some("8"));
            assert_eq!(attributes.text(&["d"]).as_deref(), Some("true"));
            assert_eq!(attributes.count(&["c", "a.x"]), Some(2));
            assert_eq!(attributes.number(&["a"]), Some(8.0));
            assert_eq!(attributes.starting("a").len(), 3);
            assert_eq!(attributes.string("ab"), None);
            assert!(!attributes.has("z"));
            assert_eq!(attributes.structure("e").unwrap().to_json(), r#"[{"x":null}]"#);
        });
    }

    proptest! {
        #[test]
        fn no_value_is_lost(keys in prop::collection::btree_set("[a01.]{0,6}", 1..8)) {
            let flat = keys.iter().enumerate().map(|(n, key)| (key.as_str(), Json::string(format!("<{n}>"))));
            let json = unflatten(flat).to_json();
            for n in 0..keys.len() {
                prop_assert!(json.contains(&format!("<{n}>")), "{:?}: {}", keys, json);
            }
        }
    }
}
