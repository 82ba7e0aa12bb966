//! JSON text taken apart into one flat list of tokens, without copying and without interpreting values.
//!
//! What differs from strict JSON is what Python's `json` module takes too: `NaN`, `Infinity` and
//! `-Infinity` are tokens, numbers may overflow a double, duplicate keys are allowed. Offsets and words of
//! the errors are those of that module, since callers see them in a 422.

use std::borrow::Cow;

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
struct Token {
    kind: Kind,
    /// For a string: it has escapes. For a container: a [`Kind::NotFinite`] lies within.
    marked: bool,
    start: u32,
    end: u32,
    next: u32,
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
        let mut parser =
            Parser { text: text.as_bytes(), at: 0, tokens: Vec::with_capacity(16 + text.len() / 24), bounds };
        match parser.document() {
            Ok(()) => Ok(Self { text, tokens: parser.tokens }),
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

enum Fault {
    Syntax(usize, &'static str),
    TooDeep,
    TooMany,
}

const EXPECTING_VALUE: &str = "Expecting value";
const EXPECTING_NAME: &str = "Expecting property name enclosed in double quotes";
const EXPECTING_COLON: &str = "Expecting ':' delimiter";
const EXPECTING_COMMA: &str = "Expecting ',' delimiter";

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    tokens: Vec<Token>,
    bounds: Bounds,
}

impl Parser<'_> {
    fn document(&mut self) -> Result<(), Fault> {
        if u32::try_from(self.text.len()).is_err() {
            return Err(Fault::Syntax(0, "Text longer than 4 GiB"));
        }
        self.skip_blanks();
        let mut open: Vec<u32> = Vec::new();
        loop {
            if self.tokens.len() > self.bounds.max_values {
                return Err(Fault::TooMany);
            }
            // A value starts here.
            let index = self.position();
            match self.peek() {
                Some(b'{') => {
                    self.open(&mut open, Kind::Object)?;
                    self.skip_blanks();
                    if self.peek() == Some(b'}') {
                        self.close(&mut open);
                    } else {
                        self.name()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.open(&mut open, Kind::Array)?;
                    self.skip_blanks();
                    if self.peek() == Some(b']') {
                        self.close(&mut open);
                    } else {
                        continue;
                    }
                }
                _ => self.scalar()?,
            }
            if self.tokens[index].kind == Kind::NotFinite {
                self.mark(&open);
            }
            // A value has ended here: close what ends with it, or go on to the next one.
            loop {
                self.skip_blanks();
                let Some(&parent) = open.last() else {
                    return if self.at == self.text.len() {
                        Ok(())
                    } else {
                        Err(Fault::Syntax(self.at, "Extra data"))
                    };
                };
                let object = self.tokens[parent as usize].kind == Kind::Object;
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        self.skip_blanks();
                        if object {
                            self.name()?;
                        }
                        break;
                    }
                    Some(b'}') if object => self.close(&mut open),
                    Some(b']') if !object => self.close(&mut open),
                    _ => return Err(Fault::Syntax(self.at, EXPECTING_COMMA)),
                }
            }
        }
    }

    fn position(&self) -> usize {
        self.tokens.len()
    }

    fn mark(&mut self, open: &[u32]) {
        for &container in open {
            self.tokens[container as usize].marked = true;
        }
    }

    fn open(&mut self, open: &mut Vec<u32>, kind: Kind) -> Result<(), Fault> {
        if open.len() == self.bounds.max_depth {
            return Err(Fault::TooDeep);
        }
        open.push(narrow(self.tokens.len()));
        self.push(kind, false, self.at, self.at);
        self.at += 1;
        Ok(())
    }

    fn close(&mut self, open: &mut Vec<u32>) {
        self.at += 1;
        let (end, next) = (narrow(self.at), narrow(self.tokens.len()));
        if let Some(index) = open.pop() {
            let token = &mut self.tokens[index as usize];
            token.end = end;
            token.next = next;
        }
    }

    fn push(&mut self, kind: Kind, marked: bool, start: usize, end: usize) {
        let next = narrow(self.tokens.len() + 1);
        self.tokens.push(Token { kind, marked, start: narrow(start), end: narrow(end), next });
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// A member's name and its colon.
    fn name(&mut self) -> Result<(), Fault> {
        if self.peek() != Some(b'"') {
            return Err(Fault::Syntax(self.at, EXPECTING_NAME));
        }
        self.string()?;
        self.skip_blanks();
        if self.peek() != Some(b':') {
            return Err(Fault::Syntax(self.at, EXPECTING_COLON));
        }
        self.at += 1;
        self.skip_blanks();
        Ok(())
    }

    fn scalar(&mut self) -> Result<(), Fault> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') if self.text.get(self.at + 1) != Some(&b'I') => self.number(),
            _ => {
                const WORDS: [(&[u8], Kind); 6] = [
                    (b"null", Kind::Null),
                    (b"true", Kind::Bool),
                    (b"false", Kind::Bool),
                    (b"NaN", Kind::NotFinite),
                    (b"Infinity", Kind::NotFinite),
                    (b"-Infinity", Kind::NotFinite),
                ];
                let rest = &self.text[self.at..];
                let Some((word, kind)) = WORDS.into_iter().find(|(word, _)| rest.starts_with(word)) else {
                    return Err(Fault::Syntax(self.at, EXPECTING_VALUE));
                };
                self.push(kind, false, self.at, self.at + word.len());
                self.at += word.len();
                Ok(())
            }
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<(), Fault> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => {
                self.digits();
            }
            _ => return Err(Fault::Syntax(start, EXPECTING_VALUE)),
        }
        let mut kind = Kind::Integer;
        // Like Python: a dot or an exponent without digits is not part of the number.
        let before = self.at;
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                self.at = before;
            } else {
                kind = Kind::Float;
            }
        }
        let before = self.at;
        if matches!(self.peek(), Some(b'e' | b'E')) && self.text[before - 1] != b'.' {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                self.at = before;
            } else {
                kind = Kind::Float;
            }
        }
        if kind == Kind::Float {
            let text = std::str::from_utf8(&self.text[start..self.at]).unwrap_or_default();
            if !text.parse::<f64>().is_ok_and(f64::is_finite) {
                kind = Kind::NotFinite;
            }
        }
        self.push(kind, false, start, self.at);
        Ok(())
    }

    fn string(&mut self) -> Result<(), Fault> {
        let start = self.at;
        self.at += 1;
        let mut escaped = false;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    self.push(Kind::String, escaped, start, self.at);
                    return Ok(());
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape(start)?;
                }
                Some(byte) if byte < 0x20 => {
                    return Err(Fault::Syntax(self.at, "Invalid control character at"));
                }
                Some(_) => self.at += 1,
                None => return Err(Fault::Syntax(start, "Unterminated string starting at")),
            }
        }
    }

    fn escape(&mut self, string_start: usize) -> Result<(), Fault> {
        match self.text.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let digits = self.text.get(self.at + 2..self.at + 6);
                if !digits.is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit)) {
                    return Err(Fault::Syntax(self.at + 1, "Invalid \\uXXXX escape"));
                }
                self.at += 6;
            }
            Some(_) => return Err(Fault::Syntax(self.at, "Invalid \\escape")),
            None => return Err(Fault::Syntax(string_start, "Unterminated string starting at")),
        }
        Ok(())
    }
}

/// Positions fit 32 bits: `document` has refused longer texts.
fn narrow(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
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
