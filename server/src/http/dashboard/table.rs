//! Rollouts as a table: CSV by RFC 4180, in UTF-8.
//!
//! Programs that show tables take a cell that begins like a formula for one, so such a cell gets an apostrophe before it.

use lightning_store_client::wire::dashboard::RolloutRow;
use lightning_store_client::wire::{Timestamp, Word as _};

type Cell = fn(&RolloutRow) -> Option<String>;

/// The columns. A time has two: as ISO 8601 in UTC, and in seconds since 1970.
const COLUMNS: &[(&str, Cell)] = &[
    ("rollout_id", |row| Some(row.rollout_id.to_string())),
    ("status", |row| Some(row.status.to_string())),
    ("mode", |row| row.mode.map(|mode| mode.as_str().to_owned())),
    ("resources_id", |row| row.resources_id.as_ref().map(ToString::to_string)),
    ("input", |row| Some(row.input.clone())),
    ("start_time", |row| Some(iso(row.start_time))),
    ("start_time_epoch", |row| Some(number(row.start_time.seconds()))),
    ("end_time", |row| row.end_time.map(iso)),
    ("end_time_epoch", |row| row.end_time.map(|time| number(time.seconds()))),
    ("attempts", |row| Some(row.attempts.to_string())),
    ("max_attempts", |row| Some(row.max_attempts.to_string())),
    ("attempt_id", |row| row.attempt.as_ref().map(|attempt| attempt.attempt_id.to_string())),
    ("attempt_status", |row| row.attempt.as_ref().map(|attempt| attempt.status.to_string())),
    ("worker_id", |row| row.attempt.as_ref()?.worker_id.as_ref().map(ToString::to_string)),
    ("queue_wait", |row| row.queue_wait.map(number)),
    ("run_time", |row| row.run_time.map(number)),
    ("reward", |row| row.facts.reward.map(number)),
    ("rewards", |row| json(!row.facts.rewards.is_empty(), &row.facts.rewards)),
    ("spans", |row| Some(row.facts.spans.to_string())),
    ("errors", |row| Some(row.facts.errors.to_string())),
    ("input_tokens", |row| Some(row.facts.input_tokens.to_string())),
    ("output_tokens", |row| Some(row.facts.output_tokens.to_string())),
    ("cost", |row| row.facts.cost.map(number)),
    ("models", |row| json(!row.facts.models.is_empty(), &row.facts.models)),
    ("last_error", |row| row.facts.last_error.clone()),
    ("metadata", |row| json(!row.metadata.is_empty(), &row.metadata)),
];

/// The names of the columns.
pub(super) fn head() -> Vec<u8> {
    let mut out = Vec::new();
    line(COLUMNS.iter().map(|(name, _)| Some((*name).to_owned())), &mut out);
    out
}

/// Appends a row.
pub(super) fn push(row: &RolloutRow, out: &mut Vec<u8>) {
    line(COLUMNS.iter().map(|(_, cell)| cell(row)), out);
}

fn line(cells: impl Iterator<Item = Option<String>>, out: &mut Vec<u8>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push_cell(&cell.unwrap_or_default(), out);
    }
    out.extend_from_slice(b"\r\n");
}

fn push_cell(text: &str, out: &mut Vec<u8>) {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    let is_quoted = text.contains(['"', ',', '\r', '\n']);
    if is_quoted {
        out.push(b'"');
    }
    if is_formula {
        out.push(b'\'');
    }
    if is_quoted {
        out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}

fn number(value: f64) -> String {
    value.to_string()
}

fn json<T: serde::Serialize>(is_there: bool, value: &T) -> Option<String> {
    if is_there { serde_json::to_string(value).ok() } else { None }
}

/// A time as ISO 8601 in UTC, to the microsecond.
fn iso(time: Timestamp) -> String {
    let micros = time.micros();
    let (seconds, fraction) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z")
}

/// Year, month and day of a number of days since 1970. Years are counted from March, so that leap days come last.
fn date(days: i64) -> (i64, i64, i64) {
    /// Days from the 1st of March of the year 0 to the 1st of January 1970, and in 400 years.
    const EPOCH: i64 = 719_468;
    const ERA: i64 = 146_097;
    let days = days + EPOCH;
    let (era, day) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year + 400 * era + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be_and_are_no_formulas() {
        for (text, cell) in [
            ("plain ü", "plain ü"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"a\"", "\"say \"\"a\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "'=1+1"),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
            ("@x", "'@x"),
            ("-x", "'-x"),
            ("\tx", "'\tx"),
            ("\rx", "\"'\rx\""),
            ("=\"a\",b", "\"'=\"\"a\"\",b\""),
            ("-1.5", "-1.5"),
            ("+3e7", "+3e7"),
            ("-", "'-"),
        ] {
            let mut out = Vec::new();
            push_cell(text, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), cell, "{text:?}");
        }
    }

    #[test]
    fn times_are_told_in_utc() {
        for (seconds, text) in [
            (0.0, "1970-01-01T00:00:00.000000Z"),
            (951_782_399.5, "2000-02-28T23:59:59.500000Z"),
            (951_782_400.0, "2000-02-29T00:00:00.000000Z"),
            (1_767_225_600.25, "2026-01-01T00:00:00.250000Z"),
            (-1.0, "1969-12-31T23:59:59.000000Z"),
            (4_107_542_399.0, "2100-02-28T23:59:59.000000Z"),
            (4_107_542_400.0, "2100-03-01T00:00:00.000000Z"),
        ] {
            assert_eq!(iso(Timestamp::from_seconds(seconds).unwrap()), text);
        }
    }
}
