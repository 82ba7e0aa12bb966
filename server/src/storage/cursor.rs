//! Where a page of rollouts ends, as text: the place in the list, not its number, so that the page that follows is had
//! without the ones before it, and neither repeats nor leaves out rows when others come or go.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use lightning_store_client::wire::dashboard::RolloutSort;
use lightning_store_client::wire::{SortOrder, Word as _};

use super::rows::RowKey;

/// What a row is sorted by.
#[derive(Debug, Clone, PartialEq)]
pub enum SortValue {
    /// It has none.
    Missing,
    /// A number or a time; never NaN.
    Number(f64),
    /// A text.
    Text(String),
}

/// A row's place in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct SortPlace {
    /// What it is sorted by.
    pub value: SortValue,
    /// Where it is kept: rows with equal values are in this order.
    pub key: RowKey,
}

impl SortPlace {
    /// Which of two rows comes first. What is missing is last in both directions.
    pub fn compare(&self, other: &Self, order: SortOrder) -> Ordering {
        let directed = |ordering: Ordering| match order {
            SortOrder::Asc => ordering,
            SortOrder::Desc => ordering.reverse(),
        };
        let values = match (&self.value, &other.value) {
            (SortValue::Number(a), SortValue::Number(b)) => directed(a.total_cmp(b)),
            (SortValue::Text(a), SortValue::Text(b)) => directed(a.cmp(b)),
            // One list has values of one kind.
            (a, b) => matches!(a, SortValue::Missing).cmp(&matches!(b, SortValue::Missing)),
        };
        values.then_with(|| directed(self.key.0.cmp(&other.key.0)))
    }
}

/// The last row of a page, and of which list.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    /// By what the list is sorted.
    pub by: RolloutSort,
    /// In which direction.
    pub order: SortOrder,
    /// The row.
    pub place: SortPlace,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}.", self.by.as_str(), self.order, self.place.key.0)?;
        match &self.place.value {
            SortValue::Missing => f.write_str("-"),
            SortValue::Number(number) => write!(f, "n{:x}", number.to_bits()),
            SortValue::Text(text) => {
                f.write_str("t")?;
                text.bytes().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

/// A text that is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoCursor;

impl FromStr for Cursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let mut parts = text.splitn(4, '.');
        let mut part = || parts.next().ok_or(NoCursor);
        let (by, order, key, value) = (part()?, part()?, part()?, part()?);
        let by = RolloutSort::ALL.iter().find(|sort| sort.as_str() == by).ok_or(NoCursor)?;
        let order = SortOrder::ALL.iter().find(|word| word.as_str() == order).ok_or(NoCursor)?;
        let key = RowKey(key.parse().map_err(|_| NoCursor)?);
        Ok(Self { by: *by, order: *order, place: SortPlace { value: value_of(value)?, key } })
    }
}

fn value_of(text: &str) -> Result<SortValue, NoCursor> {
    if text == "-" {
        return Ok(SortValue::Missing);
    }
    if let Some(bits) = text.strip_prefix('n') {
        let number = f64::from_bits(u64::from_str_radix(bits, 16).map_err(|_| NoCursor)?);
        return if number.is_nan() { Err(NoCursor) } else { Ok(SortValue::Number(number)) };
    }
    let digits = text.strip_prefix('t').filter(|digits| digits.is_ascii()).ok_or(NoCursor)?;
    let pairs = digits.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    });
    let bytes = pairs.collect::<Option<Vec<u8>>>().ok_or(NoCursor)?;
    String::from_utf8(bytes).map(SortValue::Text).map_err(|_| NoCursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_back() {
        for value in [
            SortValue::Missing,
            SortValue::Number(-0.1),
            SortValue::Number(1_767_225_600.25),
            SortValue::Text("ro-é.x".to_owned()),
        ] {
            for order in [SortOrder::Asc, SortOrder::Desc] {
                let place = SortPlace { value: value.clone(), key: RowKey(7) };
                let cursor = Cursor { by: RolloutSort::Reward, order, place };
                assert_eq!(cursor.to_string().parse(), Ok(cursor));
            }
        }
        for text in [
            "",
            "reward",
            "reward.desc.1.",
            "reward.desc.x.-",
            "id.asc.1.-",
            "reward.asc.1.t0",
            "reward.asc.1.nx",
            "reward.asc.1.t€",
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(NoCursor), "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_last_in_both_directions() {
        let place = |value: Option<f64>, key| SortPlace {
            value: value.map_or(SortValue::Missing, SortValue::Number),
            key: RowKey(key),
        };
        for (order, expected) in [(SortOrder::Asc, [4, 1, 2, 3, 5]), (SortOrder::Desc, [2, 1, 4, 5, 3])] {
            let mut places = [
                place(Some(2.0), 1),
                place(Some(2.0), 2),
                place(None, 3),
                place(Some(1.0), 4),
                place(None, 5),
            ];
            places.sort_by(|a, b| a.compare(b, order));
            assert_eq!(places.iter().map(|place| place.key.0).collect::<Vec<_>>(), expected);
        }
    }
}
