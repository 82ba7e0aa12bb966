//! Python literals, as `repr` and `str` write dicts and lists: `{'index': 0, 'stop': None}`.
//!
//! `LiteLLM` stores what it sent to a model and got back in this form. The reader takes more than Python's own would:
//! objects (`Function(name='f')`) become objects of their keyword arguments, enum members (`<Kind.A: 'a'>`) and bytes
//! stay text. What it does not understand makes the whole text no literal, never an error.

use super::json::Json;
use crate::wire::JsonObject;

/// How deep lists, dicts and calls may lie in each other.
pub const MAX_LITERAL_DEPTH: usize = 64;

/// Reads a Python literal as JSON. Tuples and sets become lists, keys that are no strings their text, `nan` and `inf`
/// the strings `NaN` and `Infinity`; integers keep all digits. `None` if `text` is no literal.
pub fn parse_python(text: &str) -> Option<Json> {
    let mut parser = Parser { text, at: 0 };
    let value = parser.value(0)?;
    parser.blanks();
    (parser.at == text.len()).then_some(value)
}

/// The list or dict that a string holds, as JSON or else as a Python literal.
pub fn parse_structure(text: &str) -> Option<Json> {
    super::json::embedded_json(text).or_else(|| {
        let open = text.trim_start().starts_with(['{', '[', '(']);
        let called = || {
            text.trim_end().ends_with(')') && text.trim_start().starts_with(|c: char| c.is_ascii_alphabetic())
        };
        if open || called() {
            parse_python(text).filter(|json| !matches!(json, Json::String(_)))
        } else {
            None
        }
    })
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Takes `byte`, and the blanks before it, if it comes next.
    fn take(&mut self, byte: u8) -> bool {
        self.blanks();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        if depth > MAX_LITERAL_DEPTH {
            return None;
        }
        self.blanks();
        match self.peek()? {
            b'{' => self.braces(depth),
            b'[' => self.list(b']', depth).map(|(items, _)| Json::Array(items)),
            b'(' => self.list(b')', depth).map(|(mut items, comma)| {
                // One value in parentheses is that value; a tuple of one has a comma.
                if items.len() == 1 && !comma { items.remove(0) } else { Json::Array(items) }
            }),
            b'\'' | b'"' => self.strings().map(Json::String),
            b'<' => self.angle(),
            b'0'..=b'9' | b'.' | b'+' | b'-' => self.number(),
            _ => self.word(depth),
        }
    }

    /// Elements up to `close`, and whether a comma came last.
    fn list(&mut self, close: u8, depth: usize) -> Option<(Vec<Json>, bool)> {
        self.at += 1;
        let mut items = Vec::new();
        let mut comma = false;
        while !self.take(close) {
            if !items.is_empty() && !comma {
                return None;
            }
            items.push(self.value(depth + 1)?);
            comma = self.take(b',');
        }
        Some((items, comma))
    }

    /// A dict or a set.
    fn braces(&mut self, depth: usize) -> Option<Json> {
        self.at += 1;
        let mut members = JsonObject::default();
        let mut items = Vec::new();
        let mut comma = true;
        while !self.take(b'}') {
            if !comma {
                return None;
            }
            let first = self.value(depth + 1)?;
            if self.take(b':') {
                members.insert(first.into_text(), self.value(depth + 1)?);
            } else {
                items.push(first);
            }
            comma = self.take(b',');
        }
        match (members.is_empty(), items.is_empty()) {
            (_, true) => Some(Json::Object(members)),
            (true, false) => Some(Json::Array(items)),
            (false, false) => None,
        }
    }

    /// Strings next to each other are one.
    fn strings(&mut self) -> Option<String> {
        let mut text = self.string(false)?;
        loop {
            let before = self.at;
            self.blanks();
            if !matches!(self.peek(), Some(b'\'' | b'"')) {
                self.at = before;
                return Some(text);
            }
            text.push_str(&self.string(false)?);
        }
    }

    fn string(&mut self, raw: bool) -> Option<String> {
        let quote = self.peek().filter(|byte| matches!(byte, b'\'' | b'"'))?;
        let triple = [quote; 3];
        let end: &[u8] =
            if self.text.as_bytes()[self.at..].starts_with(&triple) { &triple } else { &triple[..1] };
        self.at += end.len();
        let mut out = String::new();
        loop {
            if self.text.as_bytes()[self.at..].starts_with(end) {
                self.at += end.len();
                return Some(out);
            }
            let next = self.rest().chars().next()?;
            self.at += next.len_utf8();
            if next == '\\' { self.escape(raw, &mut out)? } else { out.push(next) }
        }
    }

    fn escape(&mut self, raw: bool, out: &mut String) -> Option<()> {
        let next = self.rest().chars().next()?;
        self.at += next.len_utf8();
        if raw {
            out.push('\\');
            out.push(next);
            return Some(());
        }
        let length = match next {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            '0'..='7' => {
                self.at -= 1;
                let digits =
                    self.rest().bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
                let code = u32::from_str_radix(&self.rest()[..digits], 8).ok()?;
                self.at += digits;
                out.push(char::from_u32(code)?);
                return Some(());
            }
            other => {
                push_escape(other, out);
                return Some(());
            }
        };
        let code = self.hex(length)?;
        if (0xd800..0xdc00).contains(&code) && self.rest().starts_with("\\u") {
            self.at += 2;
            let low = self.hex(4)?;
            let pair =
                (0xdc00..0xe000).contains(&low).then(|| 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
            out.push(pair.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER));
            return Some(());
        }
        // Half a surrogate pair is no text.
        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        Some(())
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let text =
            self.rest().get(..digits).filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        self.at += digits;
        u32::from_str_radix(text, 16).ok()
    }

    /// `<Kind.A: 'a'>`: kept as text, up to the bracket that closes it.
    fn angle(&mut self) -> Option<Json> {
        let mut depth = 0_usize;
        for (offset, byte) in self.rest().bytes().enumerate() {
            match byte {
                b'<' => depth += 1,
                b'>' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                let text = &self.rest()[..=offset];
                self.at += offset + 1;
                return Some(Json::string(text));
            }
        }
        None
    }

    fn number(&mut self) -> Option<Json> {
        let rest = self.rest();
        let signs = rest.len() - rest.trim_start_matches(['+', '-']).len();
        let negative = rest[..signs].bytes().filter(|byte| *byte == b'-').count() % 2 == 1;
        let body = &rest[signs..];
        let mut exponent = false;
        let mut previous = 0;
        let length = body
            .bytes()
            .take_while(|&byte| {
                let hex = body.starts_with("0x");
                let takes = byte.is_ascii_alphanumeric()
                    || matches!(byte, b'.' | b'_')
                    || (!hex && exponent && matches!(byte, b'+' | b'-') && matches!(previous, b'e' | b'E'));
                exponent |= matches!(byte, b'e' | b'E');
                previous = byte;
                takes
            })
            .count();
        let digits = body[..length].replace('_', "");
        self.at += signs + length;
        let sign = if negative { "-" } else { "" };
        if matches!(digits.as_str(), "inf" | "nan") {
            let word = if digits == "nan" { "NaN" } else { "Infinity" };
            return Some(Json::String(format!("{sign}{word}")));
        }
        let bases = [("0x", 16), ("0o", 8), ("0b", 2)];
        if let Some((base, radix)) = bases.into_iter().find(|(base, _)| digits.starts_with(base)) {
            // Larger ones stay as they were written, as text.
            return Some(match u64::from_str_radix(&digits[base.len()..], radix) {
                Ok(value) => Json::Number(format!("{sign}{value}").into()),
                Err(_) if digits[base.len()..].bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                    Json::String(format!("{sign}{digits}"))
                }
                Err(_) => return None,
            });
        }
        number_text(&digits).map(|text| Json::Number(format!("{sign}{text}").into()))
    }

    /// A word, a prefixed string, or a call.
    fn word(&mut self, depth: usize) -> Option<Json> {
        let rest = self.rest();
        let length = rest.len()
            - rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.')).len();
        let word = &rest[..length];
        let start = self.at;
        self.at += length;
        match word {
            "None" | "null" => return Some(Json::Null),
            "True" | "true" => return Some(Json::Bool(true)),
            "False" | "false" => return Some(Json::Bool(false)),
            "nan" | "NaN" => return Some(Json::string("NaN")),
            "inf" | "Infinity" => return Some(Json::string("Infinity")),
            "" => return None,
            _ => {}
        }
        match self.peek() {
            Some(b'\'' | b'"') if word.len() <= 2 => {
                let prefix = word.to_ascii_lowercase();
                let raw = prefix.contains('r');
                let text = self.string(raw || prefix.contains('b'))?;
                match prefix.as_str() {
                    "b" | "br" | "rb" => Some(Json::string(&self.text[start..self.at])),
                    "r" | "u" | "f" => Some(Json::String(text)),
                    _ => None,
                }
            }
            Some(b'(') => self.call(depth),
            _ => None,
        }
    }

    fn call(&mut self, depth: usize) -> Option<Json> {
        self.at += 1;
        let mut members = JsonObject::default();
        let mut positional = Vec::new();
        let mut comma = true;
        while !self.take(b')') {
            if !comma {
                return None;
            }
            self.blanks();
            let rest = self.rest();
            let length =
                rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
            if length > 0 && rest[length..].starts_with('=') {
                self.at += length + 1;
                members.insert(rest[..length].to_owned(), self.value(depth + 1)?);
            } else {
                positional.push(self.value(depth + 1)?);
            }
            comma = self.take(b',');
        }
        if members.is_empty() && positional.len() == 1 {
            return positional.pop();
        }
        for (index, value) in positional.into_iter().enumerate() {
            members.insert(index.to_string(), value);
        }
        Some(Json::Object(members))
    }
}

/// Escapes of one letter. Backslashes before any other character are text.
fn push_escape(letter: char, out: &mut String) {
    match letter {
        'n' => out.push('\n'),
        't' => out.push('\t'),
        'r' => out.push('\r'),
        'a' => out.push('\u{7}'),
        'b' => out.push('\u{8}'),
        'f' => out.push('\u{c}'),
        'v' => out.push('\u{b}'),
        '\\' | '\'' | '"' => out.push(letter),
        '\n' => {}
        other => out.extend(['\\', other]),
    }
}

/// A decimal number as JSON writes it. `None` if it is none.
fn number_text(digits: &str) -> Option<String> {
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(at) => (&digits[..at], Some(&digits[at + 1..])),
        None => (digits, None),
    };
    let (whole, fraction) =
        mantissa.split_once('.').map_or((mantissa, None), |(whole, part)| (whole, Some(part)));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_none_or(str::is_empty) || !all_digits(whole) {
        return None;
    }
    let trimmed = whole.trim_start_matches('0');
    let mut text = String::from(if trimmed.is_empty() { "0" } else { trimmed });
    if let Some(fraction) = fraction {
        if !all_digits(fraction) {
            return None;
        }
        text.push('.');
        text.push_str(if fraction.is_empty() { "0" } else { fraction });
    }
    if let Some(exponent) = exponent {
        let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if unsigned.is_empty() || !all_digits(unsigned) {
            return None;
        }
        text.push('e');
        text.push_str(exponent);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> String {
        parse_python(text).map_or_else(|| "no literal".to_owned(), |json| json.to_json())
    }

    #[test]
    fn literals_of_all_kinds_become_json() {
        for (literal, json) in [
            ("None", "null"),
            ("[True, False, None]", "[true,false,null]"),
            (
                "{'a': 1, \"b\": (1, 2), 'c': (3,), 'd': (4), 'e': ()}",
                r#"{"a":1,"b":[1,2],"c":[3],"d":4,"e":[]}"#,
            ),
            ("{1: 'x', (1, 2): {3}}", r#"{"1":"x","[1,2]":[3]}"#),
            ("{}", "{}"),
            ("-12345678901234567890123", "-12345678901234567890123"),
            ("[1., .5, 1e-05, 1_000, 0x1f, 007]", "[1.0,0.5,1e-05,1000,31,7]"),
            ("[nan, inf, -inf]", r#"["NaN","Infinity","-Infinity"]"#),
            (r"'it\'s \x41\u00e9\U0001f600\n\101\q'", r#""it's Aé😀\nA\\q""#),
            (r#""it's" ' one'"#, r#""it's one""#),
            ("'''a\n'b'''", r#""a\n'b""#),
            (r"b'\x00a'", r#""b'\\x00a'""#),
            (r"r'\d'", r#""\\d""#),
            (
                "Call(id='c', function=Function(arguments='{}', name='f'), type=None)",
                r#"{"id":"c","function":{"arguments":"{}","name":"f"},"type":null}"#,
            ),
            ("[<Kind.A: 'a'>, datetime.date(2026, 1)]", r#"["<Kind.A: 'a'>",{"0":2026,"1":1}]"#),
        ] {
            assert_eq!(read(literal), json, "{literal}");
        }
    }

    #[test]
    fn what_is_no_literal_is_none() {
        for text in
            ["", "hello", "{'a': }", "[1 2]", "{'a': 1, 2}", "'open", "[1", "1.2.3", "1e", "x + y", "<", "--"]
        {
            assert_eq!(read(text), "no literal", "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        assert!(parse_python(&format!("{}{}", "[".repeat(60), "]".repeat(60))).is_some());
        assert!(parse_python(&"[".repeat(1_000_000)).is_none());
        assert!(parse_python(&"f(".repeat(1_000_000)).is_none());
    }

    #[test]
    fn a_structure_is_json_or_python_and_prose_is_neither() {
        assert_eq!(parse_structure(r#"{"a": null}"#).unwrap().to_json(), r#"{"a":null}"#);
        assert_eq!(parse_structure("[{'a': None}]").unwrap().to_json(), r#"[{"a":null}]"#);
        for text in ["(hello)", "Hello (world)", "f('x')", "None", "5"] {
            assert_eq!(parse_structure(text), None, "{text}");
        }
    }

    /// A value, and how Python writes it.
    fn value_and_repr() -> impl Strategy<Value = (Json, String)> {
        let number = any::<i64>().prop_map(|n| (Json::Number(n.to_string().into()), n.to_string()));
        let string = any::<String>().prop_map(|text| {
            let mut repr = String::from("'");
            for c in text.chars() {
                match c {
                    '\'' | '\\' => repr.extend(['\\', c]),
                    c if c.is_control() => {
                        repr.push_str("\\U");
                        repr.extend(format!("{:08x}", u32::from(c)).chars());
                    }
                    c => repr.push(c),
                }
            }
            repr.push('\'');
            (Json::String(text), repr)
        });
        let word = prop_oneof![
            Just((Json::Null, "None".to_owned())),
            Just((Json::Bool(true), "True".to_owned())),
            Just((Json::Bool(false), "False".to_owned())),
        ];
        prop_oneof![number, string, word].prop_recursive(4, 32, 4, |inner| {
            let list = prop::collection::vec(inner.clone(), 0..4).prop_map(|items| {
                let (values, texts): (Vec<_>, Vec<_>) = items.into_iter().unzip();
                (Json::Array(values), format!("[{}]", texts.join(", ")))
            });
            let dict = prop::collection::vec(("[a-z]{1,4}", inner), 0..4).prop_map(|members| {
                let repr = members.iter().map(|(key, (_, text))| format!("'{key}': {text}"));
                let repr = format!("{{{}}}", repr.collect::<Vec<_>>().join(", "));
                (Json::Object(members.into_iter().map(|(key, (value, _))| (key, value)).collect()), repr)
            });
            prop_oneof![list, dict]
        })
    }

    proptest! {
        #[test]
        fn what_python_writes_is_read_back((value, repr) in value_and_repr()) {
            prop_assert_eq!(parse_python(&repr), Some(value));
        }

        #[test]
        fn no_text_makes_it_panic_and_what_it_reads_is_json(text in "[\\[\\]{}(),:'\"\\\\a-z0-9NTF.+\\-_<>=é \n]{0,40}") {
            if let Some(json) = parse_python(&text) {
                prop_assert!(Json::parse(&json.to_json()).is_some(), "{}", text);
            }
        }

        #[test]
        fn any_text_is_safe(text in any::<String>()) {
            let _ = parse_structure(&text);
        }
    }
}
