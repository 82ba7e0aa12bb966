//! Any JSON text, taken apart to be looked into: children are told when they are asked for, numbers stay as written.

use super::json::{BOUNDS, text_of};
use super::python::parse_structure;
use super::sort::sorted;
use super::text::{ToText, push_object, text};
use crate::lax::{JsonError, Kind, Node, OwnedTape};
use crate::wire::push_json_string;

/// How much of a string is shown beside its key, in bytes.
pub const MAX_SHOWN_BYTES: usize = 2_048;

/// Blanks per level in [`Document::pretty`].
const INDENT: usize = 2;

/// A JSON text with its nodes, known by numbers: the outermost one is 0.
#[derive(Debug)]
pub struct Document {
    tape: OwnedTape,
    error: Option<String>,
}

/// Where a node stands.
enum Key<'a> {
    Root,
    Index(usize),
    Member(std::borrow::Cow<'a, str>),
}

impl Document {
    /// Takes `text` apart. What is no JSON is a document of one string, and [`error`](Self::error) says what is wrong.
    pub fn new(text: String) -> Self {
        let (text, error) = match OwnedTape::parse(text, BOUNDS) {
            Ok(tape) => return Self { tape, error: None },
            Err(failed) => failed,
        };
        let error = match error {
            JsonError::Syntax { offset, message } => format!("no JSON: {message} at character {offset}"),
            JsonError::TooDeep { max_depth } => {
                format!("nested deeper than {max_depth}, so it is shown as text")
            }
            JsonError::TooMany { max_values } => {
                format!("more than {max_values} values, so it is shown as text")
            }
        };
        let mut string = String::new();
        push_json_string(&mut string, &text);
        // A string that was just written is one.
        let tape = OwnedTape::parse(string, BOUNDS).unwrap_or_default();
        Self { tape, error: Some(error) }
    }

    /// What is wrong with the text; `None` if it is JSON.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// A node; the outermost one, if there is none of this number.
    pub fn node(&self, id: usize) -> Node<'_> {
        self.tape.node(id).unwrap_or_else(|| self.tape.root())
    }

    /// The nodes from the outermost one to `id`, with where they stand.
    fn way(&self, id: usize) -> Vec<(Node<'_>, Key<'_>)> {
        let mut way = vec![(self.tape.root(), Key::Root)];
        while let Some((node, _)) = way.last()
            && node.index() < id
        {
            let child = match node.kind() {
                Kind::Object => node
                    .members()
                    .find(|(_, value)| value.holds(id))
                    .map(|(key, value)| (value, Key::Member(key))),
                _ => node
                    .items()
                    .enumerate()
                    .find(|(_, item)| item.holds(id))
                    .map(|(index, item)| (item, Key::Index(index))),
            };
            match child {
                Some(child) => way.push(child),
                None => break,
            }
        }
        way
    }

    /// The keys and places that lead to a node, as a list of JSON.
    pub fn path_text(&self, id: usize) -> String {
        let keys = self.way(id).into_iter().skip(1).map(|(_, key)| key).collect::<Vec<_>>();
        text(&keys)
    }

    /// The node that a path leads to: a list of keys and places as JSON. Of equal keys the last one counts.
    pub fn find(&self, path: &str) -> Option<usize> {
        let path = OwnedTape::parse(path.to_owned(), BOUNDS).ok()?;
        let mut node = self.tape.root();
        for step in path.root().items() {
            node = match node.kind() {
                Kind::Object => super::attributes::member(
                    node,
                    &super::attributes::scalar_text(step).unwrap_or_default(),
                )?,
                _ => node.items().nth(step.source().parse().ok()?)?,
            };
        }
        Some(node.index())
    }

    /// A node as an object of JSON; see the declarations of the npm package.
    pub fn node_text(&self, id: usize) -> String {
        let mut out = String::new();
        if let Some((node, key)) = self.way(id).pop() {
            push_node(&mut out, node, &key, false);
        }
        out
    }

    /// Members or elements `first` to `first + count - 1` of a node as a list of such objects.
    pub fn children_text(&self, id: usize, first: usize, count: usize) -> String {
        let node = self.node(id);
        let mut out = String::from("[");
        let mut push = |node: Node<'_>, key: &Key<'_>, again: bool| {
            if out.len() > 1 {
                out.push(',');
            }
            push_node(&mut out, node, key, again);
        };
        let mut keys: Vec<_> = node.members().map(|(key, _)| key).collect();
        keys = sorted(keys, &Ord::cmp);
        for (key, value) in node.members().skip(first).take(count) {
            let at = keys.partition_point(|other| *other < key);
            let again = keys.get(at + 1) == Some(&key);
            push(value, &Key::Member(key), again);
        }
        for (index, item) in node.items().enumerate().skip(first).take(count) {
            push(item, &Key::Index(index), false);
        }
        out.push(']');
        out
    }

    /// The nodes whose key or scalar value has `needle` in it, in order, `limit` at most. Small and capital letters from A to
    /// Z are the same.
    pub fn search(&self, needle: &str, limit: usize) -> Vec<u32> {
        let mut found = Vec::new();
        let needle = needle.to_ascii_lowercase();
        if !needle.is_empty() {
            search(self.tape.root(), None, &needle, limit, &mut found);
        }
        found
    }

    /// A node's text as written.
    pub fn text(&self, id: usize) -> &str {
        self.node(id).source()
    }

    /// A string with its escapes undone; anything else as its text.
    pub fn string(&self, id: usize) -> String {
        string_of(self.node(id))
    }

    /// A node's text with a line for each member and element, numbers as written.
    pub fn pretty(&self, id: usize) -> String {
        let mut out = String::new();
        pretty(&mut out, self.node(id), 0);
        out
    }

    /// The document that a string holds as text of JSON or Python.
    pub fn embedded(&self, id: usize) -> Option<Self> {
        let node = self.node(id);
        let value = embedded(node)?;
        // As it was written, if it is JSON.
        let text = text_of(node);
        let as_written = OwnedTape::parse(text.trim().to_owned(), BOUNDS).ok();
        Some(as_written.map_or_else(|| Self::new(value.to_json()), |tape| Self { tape, error: None }))
    }
}

impl ToText for Key<'_> {
    fn write(&self, out: &mut String) {
        match self {
            Self::Root => out.push_str("null"),
            Self::Index(index) => index.write(out),
            Self::Member(key) => push_json_string(out, key),
        }
    }
}

fn embedded(node: Node<'_>) -> Option<super::Json> {
    if node.kind() == Kind::String { parse_structure(&text_of(node)) } else { None }
}

fn string_of(node: Node<'_>) -> String {
    if node.kind() == Kind::String { text_of(node) } else { node.source().to_owned() }
}

fn push_node(out: &mut String, node: Node<'_>, key: &Key<'_>, again: bool) {
    let (kind, count) = match node.kind() {
        Kind::Null => ("null", 0),
        Kind::Bool => ("boolean", 0),
        Kind::Integer | Kind::Float | Kind::NotFinite => ("number", 0),
        Kind::String => ("string", 0),
        Kind::Array => ("array", node.items().count()),
        Kind::Object => ("object", node.members().count()),
    };
    let mut value = (!matches!(kind, "array" | "object")).then(|| string_of(node));
    let mut cut = false;
    if let Some(value) = &mut value
        && value.len() > MAX_SHOWN_BYTES
    {
        value.truncate(value.floor_char_boundary(MAX_SHOWN_BYTES));
        cut = true;
    }
    let is_word = node.source().ends_with(|last: char| !last.is_ascii_digit());
    let oddity = match node.kind() {
        _ if again => Some("this key is there more than once"),
        Kind::NotFinite if is_word => Some("no number of JSON"),
        Kind::String if node.text().is_none() => Some("has half a character, shown as \u{fffd}"),
        _ => None,
    };
    push_object(
        out,
        "id key type count bytes value cut embedded note",
        &[
            &node.index(),
            key,
            &kind,
            &count,
            &node.source().len(),
            &value,
            &cut,
            &embedded(node).is_some(),
            &oddity,
        ],
    );
}

/// Nodes lie no deeper than [`super::json::MAX_DEPTH`].
fn search(node: Node<'_>, key: Option<&str>, needle: &str, limit: usize, found: &mut Vec<u32>) {
    if found.len() >= limit {
        return;
    }
    let has = |text: &str| text.to_ascii_lowercase().contains(needle);
    let is_scalar = !matches!(node.kind(), Kind::Array | Kind::Object);
    if key.is_some_and(has) || (is_scalar && has(&string_of(node))) {
        found.push(super::store::index(node.index()));
    }
    for (key, value) in node.members() {
        search(value, Some(&key), needle, limit, found);
    }
    for item in node.items() {
        search(item, None, needle, limit, found);
    }
}

fn pretty(out: &mut String, node: Node<'_>, depth: usize) {
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', depth * INDENT));
    };
    let (open, close) = match node.kind() {
        Kind::Array => ('[', ']'),
        Kind::Object => ('{', '}'),
        _ => return out.push_str(node.source()),
    };
    out.push(open);
    let mut empty = true;
    let mut next = |out: &mut String| {
        if !std::mem::take(&mut empty) {
            out.push(',');
        }
        line(out, depth + 1);
    };
    for (key, value) in node.members() {
        next(out);
        push_json_string(out, &key);
        out.push_str(": ");
        pretty(out, value, depth + 1);
    }
    for item in node.items() {
        next(out);
        pretty(out, item, depth + 1);
    }
    if !empty {
        line(out, depth);
    }
    out.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<serde_json::Value> {
        serde_json::from_str(&Document::new(text.to_owned()).children_text(0, 0, 100)).unwrap()
    }

    #[test]
    fn numbers_stay_as_written_and_oddities_are_told() {
        let nodes =
            shown(r#"{"big":9007199254740993,"":NaN,"a.b":1.0,"half":"\ud800","a.b":[1,2],"o":{"x":null}}"#);
        let value = |at: usize| nodes[at]["value"].as_str();
        assert_eq!(value(0), Some("9007199254740993"));
        assert_eq!((value(1), nodes[1]["note"].as_str()), (Some("NaN"), Some("no number of JSON")));
        assert_eq!((value(2), nodes[2]["note"].is_string()), (Some("1.0"), true));
        assert!(nodes[3]["note"].is_string());
        assert_eq!((nodes[4]["type"].as_str(), nodes[4]["count"].as_u64()), (Some("array"), Some(2)));
        assert_eq!((value(5), nodes[5]["note"].is_null()), (None, true));
    }

    #[test]
    fn paths_lead_to_nodes_and_back() {
        let document = Document::new(r#"{"a":[{"b c":1},[2,{"":3}]],"a.b":4}"#.to_owned());
        for (path, text) in [
            ("[]", None),
            (r#"["a",0,"b c"]"#, Some("1")),
            (r#"["a",1,1,""]"#, Some("3")),
            (r#"["a.b"]"#, Some("4")),
        ] {
            let id = document.find(path).unwrap();
            assert_eq!(document.path_text(id), path);
            assert!(text.is_none_or(|text| document.text(id) == text));
        }
        for path in [r#"["b"]"#, r#"["a",2]"#, r#"["a",0,"b c",0]"#, "[0]"] {
            assert_eq!(document.find(path), None, "{path}");
        }
    }

    #[test]
    fn keys_and_scalars_are_searched() {
        let document = Document::new(r#"{"Name":"x","list":["nAMe",{"y":"no"}],"n":12}"#.to_owned());
        let found = |needle: &str, limit: usize| -> Vec<String> {
            document.search(needle, limit).iter().map(|id| document.path_text(*id as usize)).collect()
        };
        assert_eq!(found("name", 9), [r#"["Name"]"#, r#"["list",0]"#]);
        assert_eq!(found("name", 1).len(), 1);
        assert_eq!(found("12", 9), [r#"["n"]"#]);
        assert!(found("", 9).is_empty());
    }

    #[test]
    fn texts_are_written_with_lines() {
        let document = Document::new(r#"{"a":[1.0,{}],"b":{"c":[]}}"#.to_owned());
        assert_eq!(
            document.pretty(0),
            "{\n  \"a\": [\n    1.0,\n    {}\n  ],\n  \"b\": {\n    \"c\": []\n  }\n}"
        );
    }

    #[test]
    fn documents_in_strings_are_opened() {
        let document = Document::new(r#"["{\"a\": 1.0}","{'a': None}","text"]"#.to_owned());
        let inner = |path: &str| document.embedded(document.find(path).unwrap());
        assert_eq!(inner("[0]").unwrap().text(0), r#"{"a": 1.0}"#);
        assert_eq!(inner("[1]").unwrap().text(0), r#"{"a":null}"#);
        assert!(inner("[2]").is_none() && inner("[]").is_none());
    }

    #[test]
    fn what_is_no_json_is_one_string() {
        let document = Document::new("{\"a\": tru".to_owned());
        assert!(document.error().unwrap().contains("character 6"), "{:?}", document.error());
        assert_eq!(document.string(0), "{\"a\": tru");
        let deep = "[".repeat(100_000);
        assert_eq!(Document::new(deep.clone()).string(0), deep);
    }
}
