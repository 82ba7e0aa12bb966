//! Which rollouts, in what order.
//!
//! One pass over narrow rows finds those that match, counts them, and counts what there would be without each of the
//! conditions on words; only the page is read as a whole. So every page costs the same, whatever comes before it. The
//! list that nobody has narrowed down, newest first, is read from an index instead, and counted by what is counted anyway.

use indexmap::IndexMap;
use lightning_store_client::wire::dashboard::{
    AnyMode, FindRollouts, NewestStatus, PageStart, RolloutConditions, RolloutFacets, RolloutRows,
    RolloutSort,
};
use lightning_store_client::wire::{RolloutStatus, SortOrder, Word};
use parking_lot::RwLock;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Row, params_from_iter};

use super::super::counts;
use super::super::soft::SoftState;
use super::conditions::statement;
use super::{facts, rows};
use crate::domain::shown;
use crate::storage::counts::{ByWords, Counts};
use crate::storage::cursor::{Cursor, SortPlace, SortValue};
use crate::storage::error::{StorageFailure, TxResult};
use crate::storage::rows::RowKey;

/// A page of rollouts. `after` is where the page before has ended, if it is asked for so.
pub(in super::super) fn find_rollouts(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    wanted: &FindRollouts,
    after: Option<&Cursor>,
) -> TxResult<RolloutRows> {
    let limit = usize::try_from(wanted.limit).unwrap_or(0);
    let is_whole = wanted.conditions.is_empty()
        && matches!(wanted.sort_by, RolloutSort::StartTime | RolloutSort::RolloutId);
    // One more than is shown tells whether there is another page.
    let (mut places, total, facets) = if is_whole {
        let counts = counts::load(connection)?;
        let total = u64::try_from(counts.all_rollouts()).unwrap_or(0);
        let facets = wanted.facets.then(|| WordCounts::kept(&wanted.conditions, &counts).facets());
        (whole(connection, wanted, after, limit + 1)?, total, facets)
    } else {
        let mut pass = Pass::of(connection, &wanted.conditions, Some(wanted.sort_by), wanted.facets)?;
        let places = cut(std::mem::take(&mut pass.places), wanted, after, limit + 1);
        (places, pass.total, pass.facets)
    };
    let more = places.len() > limit;
    places.truncate(limit);
    let last = places.last().filter(|_| more).cloned();
    let next = last.map(|place| Cursor { by: wanted.sort_by, order: wanted.sort_order, place }.to_string());
    let keys: Vec<RowKey> = places.iter().map(|place| place.key).collect();
    Ok(RolloutRows {
        items: rows::rollouts(connection, soft, &keys)?,
        total,
        limit: wanted.limit,
        offset: match &wanted.from {
            PageStart::Offset(offset) => Some(*offset),
            PageStart::After(_) => None,
        },
        next,
        facets,
        behind: facts::behind(connection)?,
    })
}

/// The keys of all rollouts that match, in order.
pub(in super::super) fn find_keys(connection: &Connection, wanted: &FindRollouts) -> TxResult<Vec<RowKey>> {
    let mut places = Pass::of(connection, &wanted.conditions, Some(wanted.sort_by), false)?.places;
    places.sort_unstable_by(|a, b| a.compare(b, wanted.sort_order));
    Ok(places.into_iter().map(|place| place.key).collect())
}

/// The page out of all that match, in order.
fn cut(
    mut places: Vec<SortPlace>,
    wanted: &FindRollouts,
    after: Option<&Cursor>,
    count: usize,
) -> Vec<SortPlace> {
    let order = wanted.sort_order;
    let compare = |a: &SortPlace, b: &SortPlace| a.compare(b, order);
    let skip = match &wanted.from {
        PageStart::Offset(offset) => usize::try_from(*offset).unwrap_or(usize::MAX),
        PageStart::After(_) => 0,
    };
    if let Some(after) = after {
        places.retain(|place| compare(place, &after.place).is_gt());
    }
    let end = skip.saturating_add(count);
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

/// A page of all rollouts, from an index.
fn whole(
    connection: &Connection,
    wanted: &FindRollouts,
    after: Option<&Cursor>,
    count: usize,
) -> TxResult<Vec<SortPlace>> {
    let column = if wanted.sort_by == RolloutSort::StartTime { "start_time" } else { "rollout_id" };
    let (direction, sign) = if wanted.sort_order == SortOrder::Desc { ("DESC", '<') } else { ("ASC", '>') };
    let count = Value::Integer(i64::try_from(count).unwrap_or(i64::MAX));
    let (condition, values) = match (after, &wanted.from) {
        (Some(Cursor { place: SortPlace { value, key }, .. }), _) => {
            let value = match value {
                SortValue::Number(number) => Value::Real(*number),
                SortValue::Text(text) => Value::Text(text.clone()),
                SortValue::Missing => Value::Null,
            };
            let condition = format!("WHERE {column} {sign}= ?3 AND ({column} {sign} ?3 OR key {sign} ?4)");
            (condition, vec![count, Value::Integer(0), value, Value::Integer(key.0)])
        }
        (None, PageStart::Offset(offset)) => (String::new(), vec![count, Value::Integer(*offset)]),
        (None, PageStart::After(_)) => (String::new(), vec![count, Value::Integer(0)]),
    };
    let sql = format!(
        "-- page_of_all_rollouts\nSELECT key, {column} FROM rollouts {condition} \
         ORDER BY {column} {direction}, key {direction} LIMIT ?1 OFFSET ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut cursor = statement.query(params_from_iter(values))?;
    let mut places = Vec::new();
    while let Some(row) = cursor.next()? {
        places.push(SortPlace { value: sort_value(row.get_ref(1)?)?, key: RowKey(row.get(0)?) });
    }
    Ok(places)
}

/// What was found in one pass.
struct Pass {
    places: Vec<SortPlace>,
    total: u64,
    facets: Option<RolloutFacets>,
}

impl Pass {
    fn of(
        connection: &Connection,
        wanted: &RolloutConditions,
        sort: Option<RolloutSort>,
        facets: bool,
    ) -> TxResult<Self> {
        let statement = statement(wanted, sort, facets)?;
        let mut prepared = connection.prepare_cached(&statement.sql)?;
        let mut cursor = prepared.query(params_from_iter(statement.values))?;
        let mut words = facets.then(|| WordCounts::of(wanted));
        let mut places = Vec::new();
        let inside = Inside::of(wanted);
        while let Some(row) = cursor.next()? {
            if !inside.holds(row)? {
                continue;
            }
            if let Some(words) = &mut words
                && !words.count(row)?
            {
                continue;
            }
            places.push(SortPlace { value: sort_value(row.get_ref(4)?)?, key: RowKey(row.get(0)?) });
        }
        Ok(Self { total: places.len() as u64, places, facets: words.map(|words| words.facets()) })
    }
}

fn sort_value(value: ValueRef<'_>) -> TxResult<SortValue> {
    Ok(match value {
        ValueRef::Null => SortValue::Missing,
        #[expect(clippy::cast_precision_loss, reason = "counts, which are far below 2^53")]
        ValueRef::Integer(number) => SortValue::Number(number as f64),
        ValueRef::Real(number) => SortValue::Number(number),
        other => {
            let text = other.as_str().map_err(|error| StorageFailure::Unreadable(error.to_string()))?;
            SortValue::Text(text.to_owned())
        }
    })
}

/// The conditions on what lies inside of inputs and metadata.
struct Inside<'a> {
    /// In lower case.
    text: Option<String>,
    metadata: &'a [(String, String)],
}

impl<'a> Inside<'a> {
    fn of(wanted: &'a RolloutConditions) -> Self {
        Self { text: wanted.text.as_deref().map(str::to_ascii_lowercase), metadata: &wanted.metadata }
    }

    fn holds(&self, row: &Row<'_>) -> TxResult<bool> {
        if let Some(text) = &self.text {
            let input = text_of(row.get_ref(5)?);
            let id = text_of(row.get_ref(7)?).unwrap_or_default();
            if !contains(id, text) && !input.is_some_and(|input| has_in_line(input, text)) {
                return Ok(false);
            }
        }
        if self.metadata.is_empty() {
            return Ok(true);
        }
        let metadata = text_of(row.get_ref(6)?);
        Ok(self.metadata.iter().all(|(key, value)| shown::has_member(metadata, key, value)))
    }
}

fn text_of(value: ValueRef<'_>) -> Option<&str> {
    value.as_str().ok()
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
    fn count(&mut self, row: &Row<'_>) -> TxResult<bool> {
        let status = position::<RolloutStatus>(text_of(row.get_ref(1)?))?;
        let mode = position::<AnyMode>(text_of(row.get_ref(2)?))?;
        let newest = position::<NewestStatus>(text_of(row.get_ref(3)?))?;
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
