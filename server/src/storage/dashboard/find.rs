//! Which rollouts, in what order.
//!
//! One pass over narrow rows finds those that match, counts them, and counts what there would be without each of the
//! conditions on words; only the page is read as a whole. So every page costs the same, whatever comes before it. The
//! list that nobody has narrowed down, newest first, is read from an index instead, and counted by what is counted anyway.

use indexmap::IndexMap;
use lightning_store_client::wire::dashboard::{
    AnyMode, FindRollouts, NewestStatus, PageStart, RolloutConditions, RolloutFacets, RolloutRow,
    RolloutRows, RolloutSort,
};
use lightning_store_client::wire::{RolloutStatus, Word};

use crate::domain::shown;
use crate::storage::counts::{ByWords, Counts};
use crate::storage::cursor::{Cursor, SortPlace, SortValue};
use crate::storage::error::{StorageFailure, TxResult};
use crate::storage::rows::RowKey;

/// Whether the list can be read from an index.
pub(in crate::storage) fn is_whole(wanted: &FindRollouts) -> bool {
    wanted.conditions.is_empty() && matches!(wanted.sort_by, RolloutSort::StartTime | RolloutSort::RolloutId)
}

/// How many places are looked for: one more than is shown tells whether there is another page.
pub(in crate::storage) fn places_of(wanted: &FindRollouts) -> usize {
    usize::try_from(wanted.limit).unwrap_or(0).saturating_add(1)
}

/// A page of which only the rows are missing.
#[derive(Debug)]
pub(in crate::storage) struct Found {
    places: Vec<SortPlace>,
    total: u64,
    facets: Option<RolloutFacets>,
    next: Option<String>,
}

impl Found {
    /// A page of all rollouts, whose number nobody has to count.
    pub(in crate::storage) fn of_all(wanted: &FindRollouts, places: Vec<SortPlace>, counts: &Counts) -> Self {
        let facets = wanted.facets.then(|| WordCounts::kept(&wanted.conditions, counts).facets());
        Self::cut(wanted, places, u64::try_from(counts.all_rollouts()).unwrap_or(0), facets)
    }

    /// A page out of all that match.
    pub(in crate::storage) fn of_matching(
        wanted: &FindRollouts,
        pass: Pass<'_>,
        after: Option<&Cursor>,
    ) -> Self {
        let total = pass.places.len() as u64;
        let facets = pass.words.map(|words| words.facets());
        Self::cut(wanted, page(pass.places, wanted, after), total, facets)
    }

    fn cut(
        wanted: &FindRollouts,
        mut places: Vec<SortPlace>,
        total: u64,
        facets: Option<RolloutFacets>,
    ) -> Self {
        let limit = places_of(wanted) - 1;
        let more = places.len() > limit;
        places.truncate(limit);
        let last = places.last().filter(|_| more).cloned();
        let next =
            last.map(|place| Cursor { by: wanted.sort_by, order: wanted.sort_order, place }.to_string());
        Self { places, total, facets, next }
    }

    /// The rollouts of the page, in order.
    pub(in crate::storage) fn keys(&self) -> Vec<RowKey> {
        self.places.iter().map(|place| place.key).collect()
    }

    /// The page.
    pub(in crate::storage) fn with(
        self,
        wanted: &FindRollouts,
        items: Vec<RolloutRow>,
        behind: u64,
    ) -> RolloutRows {
        RolloutRows {
            items,
            total: self.total,
            limit: wanted.limit,
            offset: match &wanted.from {
                PageStart::Offset(offset) => Some(*offset),
                PageStart::After(_) => None,
            },
            next: self.next,
            facets: self.facets,
            behind,
        }
    }
}

/// The page out of all that match, in order.
fn page(mut places: Vec<SortPlace>, wanted: &FindRollouts, after: Option<&Cursor>) -> Vec<SortPlace> {
    let order = wanted.sort_order;
    let compare = |a: &SortPlace, b: &SortPlace| a.compare(b, order);
    let skip = match &wanted.from {
        PageStart::Offset(offset) => usize::try_from(*offset).unwrap_or(usize::MAX),
        PageStart::After(_) => 0,
    };
    if let Some(after) = after {
        places.retain(|place| compare(place, &after.place).is_gt());
    }
    let end = skip.saturating_add(places_of(wanted));
    if skip >= places.len() {
        return Vec::new();
    }
    if end < places.len() {
        places.select_nth_unstable_by(end, compare);
        places.truncate(end);
    }
    if skip > 0 {
        places.select_nth_unstable_by(skip, compare);
        places.drain(..skip);
    }
    places.sort_unstable_by(compare);
    places
}

/// A row of [`matching`](super::conditions::matching), but for what it is sorted by.
#[derive(Debug)]
pub(in crate::storage) struct Candidate<'a> {
    pub(in crate::storage) key: RowKey,
    pub(in crate::storage) status: Option<&'a str>,
    pub(in crate::storage) mode: Option<&'a str>,
    pub(in crate::storage) newest: Option<&'a str>,
    pub(in crate::storage) input: Option<&'a str>,
    pub(in crate::storage) metadata: Option<&'a str>,
    pub(in crate::storage) rollout_id: &'a str,
}

/// One pass over rows.
#[derive(Debug)]
pub(in crate::storage) struct Pass<'a> {
    inside: Inside<'a>,
    words: Option<WordCounts>,
    places: Vec<SortPlace>,
}

impl<'a> Pass<'a> {
    /// With nothing found yet.
    pub(in crate::storage) fn of(wanted: &'a RolloutConditions, facets: bool) -> Self {
        Self { inside: Inside::of(wanted), words: facets.then(|| WordCounts::of(wanted)), places: Vec::new() }
    }

    /// Takes a row into account; only of one that matches is it looked at what it is sorted by.
    ///
    /// # Errors
    /// A word that nobody knows, and those of `value`.
    pub(in crate::storage) fn take(
        &mut self,
        row: &Candidate<'_>,
        value: impl FnOnce() -> TxResult<SortValue>,
    ) -> TxResult<()> {
        if !self.inside.holds(row) {
            return Ok(());
        }
        if let Some(words) = &mut self.words
            && !words.count(row)?
        {
            return Ok(());
        }
        self.places.push(SortPlace { value: value()?, key: row.key });
        Ok(())
    }

    /// The keys of all that match, in order.
    pub(in crate::storage) fn keys(mut self, wanted: &FindRollouts) -> Vec<RowKey> {
        self.places.sort_unstable_by(|a, b| a.compare(b, wanted.sort_order));
        self.places.into_iter().map(|place| place.key).collect()
    }
}

/// The conditions on what lies inside of inputs and metadata.
#[derive(Debug)]
struct Inside<'a> {
    /// In lower case.
    text: Option<String>,
    metadata: &'a [(String, String)],
}

impl<'a> Inside<'a> {
    fn of(wanted: &'a RolloutConditions) -> Self {
        Self { text: wanted.text.as_deref().map(str::to_ascii_lowercase), metadata: &wanted.metadata }
    }

    fn holds(&self, row: &Candidate<'_>) -> bool {
        if let Some(text) = &self.text
            && !contains(row.rollout_id, text)
            && !row.input.is_some_and(|input| has_in_line(input, text))
        {
            return false;
        }
        self.metadata.iter().all(|(key, value)| shown::has_member(row.metadata, key, value))
    }
}

/// Whether the line that is shown of an input has `text` in it. Few inputs have to be taken apart for that: where there
/// is nothing escaped and no white space, what is not in the input is not in the line.
fn has_in_line(input: &str, text: &str) -> bool {
    let is_plain = !input.contains('\\') && !text.contains(char::is_whitespace);
    if is_plain && !contains(input, text) && !text.contains('…') {
        return false;
    }
    contains(&shown::input_line(input), text)
}

/// Whether `part`, which is in lower case, is in `text`, whatever the case of ASCII letters there.
fn contains(text: &str, part: &str) -> bool {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    let Some((first, rest)) = part.split_first() else { return true };
    let upper = first.to_ascii_uppercase();
    (0..text.len().saturating_sub(rest.len())).any(|at| {
        (text[at] == *first || text[at] == upper) && text[at + 1..at + part.len()].eq_ignore_ascii_case(rest)
    })
}

const STATUSES: usize = RolloutStatus::ALL.len();
const NEWEST: usize = NewestStatus::ALL.len();
const MODES: usize = AnyMode::ALL.len();

/// Numbers by statuses and modes of the rollouts that fulfil all other conditions.
#[derive(Debug)]
struct WordCounts {
    numbers: Box<ByWords>,
    statuses: [bool; STATUSES],
    newest: [bool; NEWEST],
    modes: [bool; MODES],
}

impl WordCounts {
    fn of(wanted: &RolloutConditions) -> Self {
        Self {
            numbers: Box::new([[[0; MODES]; NEWEST]; STATUSES]),
            statuses: allowed(wanted.status_in.as_deref()),
            newest: allowed(wanted.attempt_status_in.as_deref()),
            modes: allowed(wanted.mode_in.as_deref()),
        }
    }

    /// Those that nobody has to count.
    fn kept(wanted: &RolloutConditions, counts: &Counts) -> Self {
        Self { numbers: Box::new(counts.rollouts), ..Self::of(wanted) }
    }

    /// Counts a row; whether it fulfils the conditions on words, too.
    fn count(&mut self, row: &Candidate<'_>) -> TxResult<bool> {
        let status = position::<RolloutStatus>(row.status)?;
        let mode = position::<AnyMode>(row.mode)?;
        let newest = position::<NewestStatus>(row.newest)?;
        self.numbers[status][newest][mode] += 1;
        Ok(self.statuses[status] && self.newest[newest] && self.modes[mode])
    }

    /// How many there are by each word, each list as if it had no condition of its own.
    fn facets(&self) -> RolloutFacets {
        let (mut by_status, mut by_newest, mut by_mode) = ([0; STATUSES], [0; NEWEST], [0; MODES]);
        for (status, in_status) in self.numbers.iter().enumerate() {
            for (newest, in_newest) in in_status.iter().enumerate() {
                for (mode, number) in in_newest.iter().enumerate() {
                    let fits = (self.statuses[status], self.newest[newest], self.modes[mode]);
                    if fits.1 && fits.2 {
                        by_status[status] += number;
                    }
                    if fits.0 && fits.2 {
                        by_newest[newest] += number;
                    }
                    if fits.0 && fits.1 {
                        by_mode[mode] += number;
                    }
                }
            }
        }
        RolloutFacets {
            status: named::<RolloutStatus>(&by_status),
            attempt_status: named::<NewestStatus>(&by_newest),
            mode: named::<AnyMode>(&by_mode),
        }
    }
}

fn allowed<W: Word + PartialEq, const N: usize>(wanted: Option<&[W]>) -> [bool; N] {
    let mut allowed = [true; N];
    if let Some(wanted) = wanted {
        for (allowed, word) in allowed.iter_mut().zip(W::ALL) {
            *allowed = wanted.contains(word);
        }
    }
    allowed
}

/// The place of a word; a missing one is `none`.
fn position<W: Word>(word: Option<&str>) -> TxResult<usize> {
    let word = word.unwrap_or("none");
    let found = W::ALL.iter().position(|known| known.as_str() == word);
    found.ok_or_else(|| StorageFailure::Unreadable(format!("unknown word {word:?}")))
}

fn named<W: Word>(numbers: &[i64]) -> IndexMap<String, u64> {
    let number = |number: &i64| u64::try_from(*number).unwrap_or(0);
    let named = W::ALL.iter().zip(numbers).filter(|(_, number)| **number > 0);
    named.map(|(word, count)| (word.as_str().to_owned(), number(count))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_whatever_the_case() {
        for (text, part, found) in [
            ("Hello", "ell", true),
            ("HELLO", "lo", true),
            ("hello", "hello!", false),
            ("", "a", false),
            ("É", "é", false),
        ] {
            assert_eq!(contains(text, part), found, "{text} {part}");
        }
        assert!(has_in_line(r#"{"task":"Fix\nit"}"#, "fix it"));
        assert!(!has_in_line(r#"{"task":"a","other":"fix"}"#, "fix"));
    }
}
