//! JSON text taken apart into one flat list of tokens, without copying and without interpreting values.
//!
//! What differs from strict JSON is what Python's `json` module takes too: `NaN`, `Infinity` and
//! `-Infinity` are tokens, numbers may overflow a double, duplicate keys are allowed. Offsets and words of
//! the errors are those of that module, since callers see them in a 422.

use std::borrow::Cow;

use super::parser::{self, Fault};

/// What a value is. Numbers that no double can hold (`NaN`, `1E400`) are told apart, as they are stored as null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number without fraction and exponent, of any length.
    Integer,
    /// A number with a fraction or an exponent.
    Float,
    /// `NaN`, `Infinity`, `-Infinity`, or a number too large for a double.
    NotFinite,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// One token: where its text lies, and which token comes after its last part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// For a string: it has escapes. For a container: a [`Kind::NotFinite`] lies within.
    pub(super) marked: bool,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) next: u32,
}

/// Why a text is no JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonError {
    /// A mistake of form at `offset`, counted in characters.
    Syntax {
        /// Characters before the mistake.
        offset: usize,
        /// What was expected there.
        message: &'static str,
    },
    /// Arrays and objects lie deeper in each other than the reader was told to follow.
    TooDeep {
        /// The bound that was passed.
        max_depth: usize,
    },
    /// There are more values and keys than the reader was told to take.
    TooMany {
        /// The bound that was passed.
        max_values: usize,
    },
}

/// How much of a text the reader takes, so that a small body cannot cost much memory.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How deep arrays and objects may lie in each other.
    pub max_depth: usize,
    /// How many values and keys there may be.
    pub max_values: usize,
}

/// A parsed JSON text. [`Tape::root`] is where reading starts.
#[derive(Debug)]
pub struct Tape<'a> {
    text: &'a str,
    tokens: Vec<Token>,
}

impl<'a> Tape<'a> {
    /// Takes `text` apart.
    ///
    /// # Errors
    /// [`JsonError`] if it is no JSON value, or not within `bounds`.
    pub fn parse(text: &'a str, bounds: Bounds) -> Result<Self, JsonError> {
        match parser::tokens(text, bounds) {
            Ok(tokens) => Ok(Self { text, tokens }),
            Err(Fault::TooDeep) => Err(JsonError::TooDeep { max_depth: bounds.max_depth }),
            Err(Fault::TooMany) => Err(JsonError::TooMany { max_values: bounds.max_values }),
            Err(Fault::Syntax(at, message)) => {
                let offset = text.get(..at).map_or(at, |before| before.chars().count());
                Err(JsonError::Syntax { offset, message })
            }
        }
    }

    /// The outermost value.
    pub fn root(&self) -> Node<'_> {
        Node { text: self.text, tokens: &self.tokens, index: 0 }
    }
}

/// A [`Tape`] that has its text with it.
#[derive(Debug)]
pub struct OwnedTape {
    text: String,
    tokens: Vec<Token>,
}

impl Default for OwnedTape {
    /// Of `null`.
    fn default() -> Self {
        let token = Token { kind: Kind::Null, marked: false, start: 0, end: 4, next: 1 };
        Self { text: "null".to_owned(), tokens: vec![token] }
    }
}

impl OwnedTape {
    /// Takes `text` apart.
    ///
    /// # Errors
    /// [`JsonError`] if it is no JSON value, or not within `bounds`, with the text.
    pub fn parse(text: String, bounds: Bounds) -> Result<Self, (String, JsonError)> {
        match Tape::parse(&text, bounds) {
            Ok(Tape { tokens, .. }) => Ok(Self { text, tokens }),
            Err(error) => Err((text, error)),
        }
    }

    /// The outermost value.
    pub fn root(&self) -> Node<'_> {
        Node { text: &self.text, tokens: &self.tokens, index: 0 }
    }

    /// The value of this number ([`Node::index`]).
    pub fn node(&self, index: usize) -> Option<Node<'_>> {
        (index < self.tokens.len()).then(|| Node { index, ..self.root() })
    }
}

/// One value of a [`Tape`].
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    text: &'a str,
    tokens: &'a [Token],
    index: usize,
}

impl<'a> Node<'a> {
    fn token(&self) -> Token {
        self.tokens[self.index]
    }

    /// Its number among the values and keys of its text; 0 is the outermost value.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Whether the value of this number is this one or lies within it.
    pub fn holds(&self, index: usize) -> bool {
        (self.index..self.token().next as usize).contains(&index)
    }

    /// What the value is.
    pub fn kind(&self) -> Kind {
        self.token().kind
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        self.kind() == Kind::Null
    }

    /// The text of the value as it was sent.
    pub fn source(&self) -> &'a str {
        let token = self.token();
        &self.text[token.start as usize..token.end as usize]
    }

    /// The value as strict JSON: what no double can hold becomes `null`.
    pub fn strict(&self) -> Cow<'a, str> {
        let token = self.token();
        let dirty = token.kind == Kind::NotFinite
            || (token.marked && matches!(token.kind, Kind::Array | Kind::Object));
        if !dirty {
            return Cow::Borrowed(self.source());
        }
        let mut out = String::with_capacity(self.source().len());
        let mut from = token.start as usize;
        for inner in &self.tokens[self.index..token.next as usize] {
            if inner.kind == Kind::NotFinite {
                out.push_str(&self.text[from..inner.start as usize]);
                out.push_str("null");
                from = inner.end as usize;
            }
        }
        out.push_str(&self.text[from..token.end as usize]);
        Cow::Owned(out)
    }

    /// The string, its escapes undone. `None` if it holds half a surrogate pair, which is no text.
    ///
    /// # Panics
    /// If the value is no string.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        let token = self.token();
        assert_eq!(token.kind, Kind::String, "text() of a value that is no string");
        let inner = &self.text[token.start as usize + 1..token.end as usize - 1];
        if token.marked { unescape(inner).map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
    }

    /// The elements of an array; nothing for any other value.
    pub fn items(&self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        Children::of(*self, Kind::Array)
    }

    /// A member of an object; the last one, if there are several of this key. `None` for any other value.
    pub fn member(&self, key: &str) -> Option<Node<'a>> {
        let token = self.token();
        let mut found = None;
        let mut at = self.index + 1;
        while token.kind == Kind::Object && at < token.next as usize {
            let name = Node { index: at, ..*self };
            let written = name.token();
            // Lengths differ mostly, and escapes are rare.
            let is_it = if written.marked {
                name.text().as_deref() == Some(key)
            } else {
                &self.text[written.start as usize + 1..written.end as usize - 1] == key
            };
            if is_it {
                found = Some(at + 1);
            }
            at = self.tokens[at + 1].next as usize;
        }
        found.map(|index| Node { index, ..*self })
    }

    /// The members of an object in the order sent, duplicates included; nothing for any other value.
    /// A key that is no text (half a surrogate pair) reads as the replacement character.
    pub fn members(&self) -> impl Iterator<Item = (Cow<'a, str>, Node<'a>)> + use<'a> {
        let mut children = Children::of(*self, Kind::Object);
        std::iter::from_fn(move || {
            let key = children.next()?;
            let value = children.next()?;
            Some((key.text().unwrap_or(Cow::Borrowed("\u{fffd}")), value))
        })
    }
}

struct Children<'a> {
    at: Node<'a>,
    end: usize,
}

impl<'a> Children<'a> {
    fn of(parent: Node<'a>, kind: Kind) -> Self {
        let token = parent.token();
        let end = if token.kind == kind { token.next as usize } else { parent.index + 1 };
        Self { at: Node { index: parent.index + 1, ..parent }, end }
    }
}

impl<'a> Iterator for Children<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        if self.at.index >= self.end {
            return None;
        }
        let node = self.at;
        self.at.index = node.token().next as usize;
        Some(node)
    }
}

fn unescape(inner: &str) -> Option<String> {
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = rest.as_bytes()[at + 1];
        rest = &rest[at + 2..];
        match escape {
            b'u' => {
                let unit = hex4(rest)?;
                rest = &rest[4..];
                let code = if (0xd800..0xdc00).contains(&unit) {
                    let low = hex4(rest.strip_prefix("\\u")?)?;
                    if !(0xdc00..0xe000).contains(&low) {
                        return None;
                    }
                    rest = &rest[6..];
                    0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
                } else {
                    unit
                };
                out.push(char::from_u32(code)?);
            }
            b'b' => out.push('\u{8}'),
            b'f' => out.push('\u{c}'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            other => out.push(char::from(other)),
        }
    }
    out.push_str(rest);
    Some(out)
}

fn hex4(text: &str) -> Option<u32> {
    u32::from_str_radix(text.get(..4)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::super::parser::{EXPECTING_COLON, EXPECTING_COMMA, EXPECTING_NAME, EXPECTING_VALUE};
    use super::*;
    use proptest::prelude::*;

    const BOUNDS: Bounds = Bounds { max_depth: 64, max_values: 1000 };

    fn syntax_error(text: &str) -> (usize, &'static str) {
        match Tape::parse(text, BOUNDS) {
            Err(JsonError::Syntax { offset, message }) => (offset, message),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn members_are_found_by_key_the_last_one_of_several() {
        let text = r#"{"a":{"b":1},"b":[2],"\u0062c":3,"b":4,"\ud800":5}"#;
        let tape = Tape::parse(text, BOUNDS).unwrap();
        let found = |key: &str| tape.root().member(key).map(|node| node.source().to_owned());
        assert_eq!(found("a").as_deref(), Some(r#"{"b":1}"#));
        assert_eq!(found("b").as_deref(), Some("4"));
        assert_eq!(found("bc").as_deref(), Some("3"));
        assert_eq!(found("c"), None);
        assert_eq!(Tape::parse("[1]", BOUNDS).unwrap().root().member("a").map(|node| node.index()), None);
    }

    #[test]
    fn errors_carry_the_offset_and_the_words_of_pythons_json() {
        for (text, offset, message) in [
            ("{", 1, EXPECTING_NAME),
            (r#"{"rollouts": [}"#, 14, EXPECTING_VALUE),
            (r#"{"rollouts": [{"input": "x",}]}"#, 28, EXPECTING_NAME),
            ("not json", 0, EXPECTING_VALUE),
            (r#"{"rollouts":[]} x"#, 16, "Extra data"),
            (r#"{"é" 1}"#, 5, EXPECTING_COLON),
            ("[1 2]", 3, EXPECTING_COMMA),
            ("[1,]", 3, EXPECTING_VALUE),
            ("\"abc", 0, "Unterminated string starting at"),
            ("\"a\u{1}\"", 2, "Invalid control character at"),
            ("1.", 1, "Extra data"),
            ("01", 1, "Extra data"),
            ("-", 0, EXPECTING_VALUE),
            ("", 0, EXPECTING_VALUE),
            ("[1}", 2, EXPECTING_COMMA),
        ] {
            assert_eq!(syntax_error(text), (offset, message), "{text}");
        }
    }

    #[test]
    fn what_no_double_can_hold_becomes_null_and_the_rest_stays_as_sent() {
        let text = r#"{"a":NaN, "b": [1E400,-Infinity, 1e5], "c":12345678901234567890123,"a":-0.0}"#;
        let tape = Tape::parse(text, BOUNDS).unwrap();
        assert_eq!(
            tape.root().strict(),
            r#"{"a":null, "b": [null,null, 1e5], "c":12345678901234567890123,"a":-0.0}"#
        );
        assert_eq!(Tape::parse("[1.0]", BOUNDS).unwrap().root().strict(), "[1.0]");
    }

    #[test]
    fn escapes_are_undone_and_half_surrogates_are_no_text() {
        let tape = Tape::parse(r#"["\ud83d\ude00 \u00e9 \n\/\\\"", "\ud83d", "\ude00", "\ud83dx"]"#, BOUNDS)
            .unwrap();
        let texts: Vec<_> = tape.root().items().map(|n| n.text()).collect();
        assert_eq!(texts[0].as_deref(), Some("😀 é \n/\\\""));
        assert_eq!(&texts[1..], &[None, None, None]);
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Tape::parse(&nested(64), BOUNDS).is_ok());
        assert_eq!(Tape::parse(&nested(65), BOUNDS).unwrap_err(), JsonError::TooDeep { max_depth: 64 });
    }

    #[test]
    fn values_are_counted() {
        let list = |count: usize| format!("[{}1]", "1,".repeat(count - 1));
        assert!(Tape::parse(&list(999), BOUNDS).is_ok());
        assert_eq!(Tape::parse(&list(2000), BOUNDS).unwrap_err(), JsonError::TooMany { max_values: 1000 });
    }

    proptest! {
        #[test]
        fn takes_every_text_that_serde_json_takes_and_keeps_it(text in "[\\[\\]{}\",:0-9eE.+\\- a\\\\ntru]{0,24}") {
            if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
                let tape = Tape::parse(&text, BOUNDS).unwrap();
                prop_assert_eq!(tape.root().source(), text.trim());
            }
        }

        #[test]
        fn strict_text_is_always_strict_json(text in "[\\[\\]{}\",:0-9eENaIinfity.\\- ]{0,24}") {
            if let Ok(tape) = Tape::parse(&text, BOUNDS) {
                let strict = tape.root().strict().into_owned();
                prop_assert!(serde_json::from_str::<Box<serde_json::value::RawValue>>(&strict).is_ok(), "{}", strict);
            }
        }
    }
}
