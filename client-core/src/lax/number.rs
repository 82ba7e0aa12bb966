//! Numbers in strings, as Python's validation reads them.

/// Why a text or a number is no integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAnInteger {
    /// No number at all.
    Unparsable,
    /// It has a fraction.
    Fractional,
    /// It needs more than 64 bits.
    TooLarge,
}

/// Reads an integer from text: sign, digits with single underscores, and a fraction of zeros (`"2.0"`).
///
/// # Errors
/// What is wrong with it.
pub fn parse_integer(text: &str) -> Result<i64, NotAnInteger> {
    let text = text.trim();
    let whole = match text.split_once('.') {
        Some((whole, zeros)) if !whole.is_empty() && zeros.bytes().all(|b| b == b'0') => whole,
        Some(_) => return Err(NotAnInteger::Unparsable),
        None => text,
    };
    let digits = without_underscores(whole.strip_prefix(['+', '-']).unwrap_or(whole))
        .filter(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
        .ok_or(NotAnInteger::Unparsable)?;
    let sign = if whole.starts_with('-') { "-" } else { "" };
    format!("{sign}{digits}").parse().map_err(|_| NotAnInteger::TooLarge)
}

/// Reads a double from text; `nan`, `inf` and `infinity` in any case are numbers too.
pub fn parse_float(text: &str) -> Option<f64> {
    without_underscores(text.trim())?.parse().ok()
}

/// An integral double as an integer.
///
/// # Errors
/// What is wrong with it.
pub fn integer_of_float(value: f64) -> Result<i64, NotAnInteger> {
    if !value.is_finite() || value.fract() != 0.0 {
        return Err(NotAnInteger::Fractional);
    }
    // 2^63 is exactly representable; everything below it in size fits.
    if value.abs() >= 9_223_372_036_854_775_808.0 {
        return Err(NotAnInteger::TooLarge);
    }
    #[expect(clippy::cast_possible_truncation, reason = "integral and within range: checked above")]
    Ok(value as i64)
}

/// Underscores may stand singly between digits.
fn without_underscores(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let misplaced = bytes.iter().enumerate().any(|(at, &byte)| {
        byte == b'_'
            && !(at > 0
                && bytes[at - 1].is_ascii_digit()
                && bytes.get(at + 1).is_some_and(u8::is_ascii_digit))
    });
    (!misplaced).then(|| text.replace('_', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_in_text() {
        for (text, value) in [("2", 2), ("2.0", 2), (" +7 ", 7), ("-1", -1), ("1_000", 1000), ("00", 0)] {
            assert_eq!(parse_integer(text), Ok(value), "{text}");
        }
        for text in ["", "ten", "1.5", "1__0", "_1", ".0", "-", "1e3", "0x10"] {
            assert_eq!(parse_integer(text), Err(NotAnInteger::Unparsable), "{text}");
        }
        assert_eq!(parse_integer("123456789012345678901"), Err(NotAnInteger::TooLarge));
    }

    #[test]
    fn doubles_in_text() {
        assert_eq!(parse_float("12.5"), Some(12.5));
        assert_eq!(parse_float(" 1e3 "), Some(1000.0));
        assert!(parse_float("NaN").is_some_and(f64::is_nan));
        assert_eq!(parse_float("soon"), None);
        assert_eq!(parse_float(""), None);
    }

    #[test]
    fn integral_doubles() {
        assert_eq!(integer_of_float(2.0), Ok(2));
        assert_eq!(integer_of_float(1.5), Err(NotAnInteger::Fractional));
        assert_eq!(integer_of_float(f64::NAN), Err(NotAnInteger::Fractional));
        assert_eq!(integer_of_float(1e19), Err(NotAnInteger::TooLarge));
    }
}
