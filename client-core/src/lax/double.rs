//! Doubles in text.
//!
//! The standard library brings a table of 10 kilobytes for this, which a page would have to load for a handful of numbers.
//! In a page most numbers are read here, and the others by JavaScript; elsewhere the standard library reads all.

/// The powers of ten that a double holds exactly.
const EXACT_POWERS: i32 = 22;

/// A decimal number: `mantissa` times ten to the `exponent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    negative: bool,
    /// The digits; not all of them, if there are more than it holds.
    mantissa: u64,
    exponent: i32,
    /// `mantissa` has all digits.
    is_whole: bool,
}

impl Decimal {
    /// Reads a sign, digits with or without a point, and an exponent. `None` for anything else.
    pub(crate) fn scan(text: &str) -> Option<Self> {
        let mut bytes = text.bytes().peekable();
        let negative = bytes.next_if(|byte| matches!(byte, b'+' | b'-')) == Some(b'-');
        let mut number = Self { negative, mantissa: 0, exponent: 0, is_whole: true };
        let (mut has_digits, mut in_fraction) = (false, false);
        while let Some(byte) = bytes.next_if(|byte| byte.is_ascii_digit() || *byte == b'.') {
            if byte == b'.' {
                if std::mem::replace(&mut in_fraction, true) {
                    return None;
                }
                continue;
            }
            has_digits = true;
            let more =
                number.mantissa.checked_mul(10).and_then(|digits| digits.checked_add(u64::from(byte - b'0')));
            match more {
                Some(more) if number.is_whole => {
                    number.mantissa = more;
                    number.exponent -= i32::from(in_fraction);
                }
                _ => number.is_whole = false,
            }
        }
        if bytes.next_if(|byte| matches!(byte, b'e' | b'E')).is_some() {
            let negative = bytes.next_if(|byte| matches!(byte, b'+' | b'-')) == Some(b'-');
            let mut exponent = 0_i32;
            bytes.peek().filter(|byte| byte.is_ascii_digit())?;
            while let Some(digit) = bytes.next_if(u8::is_ascii_digit) {
                exponent = exponent.saturating_mul(10).saturating_add(i32::from(digit - b'0'));
            }
            number.exponent = number.exponent.saturating_add(if negative { -exponent } else { exponent });
        }
        (has_digits && bytes.next().is_none()).then_some(number)
    }

    /// The double, if one multiplication or division of doubles gives it exactly.
    #[expect(clippy::cast_precision_loss, reason = "no more than 53 bits: checked")]
    pub(crate) fn exact(self) -> Option<f64> {
        if !self.is_whole || self.mantissa >> 53 != 0 || self.exponent.abs() > EXACT_POWERS {
            return None;
        }
        let mut power = 1.0_f64;
        for _ in 0..self.exponent.abs() {
            power *= 10.0;
        }
        let size = self.mantissa as f64;
        let size = if self.exponent < 0 { size / power } else { size * power };
        Some(if self.negative { -size } else { size })
    }
}

/// The double nearest to a decimal number; infinity, if it is beyond all of them. `None` if the text is no number.
#[cfg(all(target_arch = "wasm32", feature = "js"))]
pub(crate) fn double(text: &str) -> Option<f64> {
    let number = Decimal::scan(text)?;
    Some(number.exact().unwrap_or_else(|| js_sys::parse_float(text)))
}

/// The double nearest to a decimal number; infinity, if it is beyond all of them. `None` if the text is no number.
#[cfg(not(all(target_arch = "wasm32", feature = "js")))]
pub(crate) fn double(text: &str) -> Option<f64> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn most_numbers_are_read_exactly() {
        for text in
            ["0", "-0", "1.5", "+.5", "5.", "1767225600.123456", "1e22", "-2.5E-3", "9007199254740991", "007"]
        {
            let read = Decimal::scan(text).and_then(Decimal::exact);
            assert_eq!(read.map(f64::to_bits), text.parse().ok().map(f64::to_bits), "{text}");
        }
        for text in ["9007199254740993", "1e23", "0.12345678901234567890123", "1e400", "1e999999999999"] {
            assert_eq!(Decimal::scan(text).map(Decimal::exact), Some(None), "{text}");
        }
        for text in ["", "-", ".", "e5", "1e", "1e+", "1.2.3", "1x", " 1", "NaN", "inf", "0x1", "1_0"] {
            assert_eq!(Decimal::scan(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_exactly_is_what_the_standard_library_reads(text in "[-+]?[0-9]{0,20}(\\.[0-9]{0,9})?([eE][-+]?[0-9]{1,3})?") {
            let expected = text.parse::<f64>().ok();
            prop_assert_eq!(Decimal::scan(&text).is_some(), expected.is_some());
            if let Some(read) = Decimal::scan(&text).and_then(Decimal::exact) {
                prop_assert_eq!(Some(read.to_bits()), expected.map(f64::to_bits));
            }
        }
    }
}
