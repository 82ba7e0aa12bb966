//! Percent-encoding, as in URLs.

/// Undoes the encoding. None if an escape is broken.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = [bytes.next()?, bytes.next()?].map(|digit| char::from(digit).to_digit(16));
            out.push(u8::try_from(digits[0]? * 16 + digits[1]?).ok()?);
        } else {
            out.push(byte);
        }
    }
    Some(out)
}

/// Appends one segment of a path, or one key or value of a query, percent-encoded.
pub(crate) fn encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_unreserved_characters_is_encoded() {
        let mut out = String::new();
        encode(&mut out, "a/b c~%ü");
        assert_eq!(out, "a%2Fb%20c~%25%C3%BC");
        assert_eq!(decode(&out).unwrap(), "a/b c~%ü".as_bytes());
    }

    #[test]
    fn broken_escapes_are_noticed() {
        for text in ["%", "%4", "%zz", "a%+1"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
