//! Spans that have something in common, found without looking at all of them.

use super::store::{NONE, index, place};

/// For every word the spans that were added under it: lists within two vectors, which grow as spans arrive.
#[derive(Debug, Default)]
pub(super) struct Chains {
    /// By word: the span that was added last.
    last: Vec<u32>,
    /// By span: the one before it under the same word.
    before: Vec<u32>,
}

impl Chains {
    /// Adds the next span under a word, or under none.
    pub(super) fn push(&mut self, word: Option<u32>) {
        let span = index(self.before.len());
        let Some(word) = word else {
            self.before.push(NONE);
            return;
        };
        if self.last.len() <= place(word) {
            self.last.resize(place(word) + 1, NONE);
        }
        self.before.push(std::mem::replace(&mut self.last[place(word)], span));
    }

    /// The spans under a word, the last one first.
    pub(super) fn of(&self, word: u32) -> impl Iterator<Item = usize> + use<'_> {
        let known = |span: u32| Some(span).filter(|span| *span != NONE);
        let last = self.last.get(place(word)).copied().and_then(known);
        std::iter::successors(last, move |span| known(self.before[place(*span)])).map(place)
    }
}
