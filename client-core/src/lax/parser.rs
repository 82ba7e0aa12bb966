//! From text to the tokens of a [`Tape`](super::Tape): one pass, without recursion.

use super::double::double;
use super::tape::{Bounds, Kind, Token};

/// Why a text is not taken, and where.
pub(super) enum Fault {
    Syntax(usize, &'static str),
    TooDeep,
    TooMany,
}

pub(super) const EXPECTING_VALUE: &str = "Expecting value";
pub(super) const EXPECTING_NAME: &str = "Expecting property name enclosed in double quotes";
pub(super) const EXPECTING_COLON: &str = "Expecting ':' delimiter";
pub(super) const EXPECTING_COMMA: &str = "Expecting ',' delimiter";

/// Takes `text` apart.
pub(super) fn tokens(text: &str, bounds: Bounds) -> Result<Vec<Token>, Fault> {
    let tokens = Vec::with_capacity(16 + text.len() / 24);
    let mut parser = Parser { text: text.as_bytes(), at: 0, tokens, bounds };
    parser.document()?;
    Ok(parser.tokens)
}

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
            if !double(text).is_some_and(f64::is_finite) {
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
