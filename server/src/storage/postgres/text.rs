//! Texts as PostgreSQL can keep them: it takes any but the character zero, which ids and names may have in them.
//!
//! A zero becomes [`MARK`] and `0`, and a mark becomes two. So every text has one form, equal texts have equal forms, and a part
//! of a text is found by the form of the part.

use std::borrow::Cow;

/// From the private use area: nobody's text has it in it but by chance.
const MARK: char = '\u{e000}';

/// A text in the form in which it is kept.
pub(super) fn pack(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', MARK]) {
        return Cow::Borrowed(text);
    }
    let mut packed = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\0' => packed.extend([MARK, '0']),
            MARK => packed.extend([MARK, MARK]),
            other => packed.push(other),
        }
    }
    Cow::Owned(packed)
}

/// A text from the form in which it is kept.
pub(super) fn unpack(packed: &str) -> Cow<'_, str> {
    if !packed.contains(MARK) {
        return Cow::Borrowed(packed);
    }
    let mut text = String::with_capacity(packed.len());
    let mut characters = packed.chars();
    while let Some(character) = characters.next() {
        match character {
            MARK => match characters.next() {
                Some('0') => text.push('\0'),
                Some(other) => text.push(other),
                None => text.push(MARK),
            },
            other => text.push(other),
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_text_comes_back_and_none_has_a_zero(text in "[a\0\u{e000}0é]{0,12}") {
            let packed = pack(&text).into_owned();
            prop_assert!(!packed.contains('\0'));
            prop_assert_eq!(unpack(&packed), text);
        }
    }
}
