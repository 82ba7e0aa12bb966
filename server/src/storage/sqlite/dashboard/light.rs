//! The spans of an attempt without their attributes, and one span with them.

use std::sync::LazyLock;

use lightning_store_client::trace::light::{light, response_id};
use lightning_store_client::wire::dashboard::{FindTrace, LightSpan, LightTrace};
use lightning_store_client::wire::{AttemptId, RolloutId, SpanRecord};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::rows;
use crate::storage::error::{NotFound, StorageFailure, TxResult};

/// An attempt of a rollout, by its key; `latest` is the newest one.
fn find_attempt(
    connection: &Connection,
    rollout_id: &RolloutId,
    attempt_id: &AttemptId,
) -> TxResult<Result<i64, NotFound>> {
    const ROLLOUT: &str = "-- find_rollout\nSELECT key, newest_attempt FROM rollouts WHERE rollout_id = ?1";
    const ATTEMPT: &str = "-- find_attempt\nSELECT key FROM attempts WHERE rollout = ?1 AND attempt_id = ?2";
    let found = connection
        .prepare_cached(ROLLOUT)?
        .query_row([rollout_id.as_str()], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?)))
        .optional()?;
    let Some((rollout, newest)) = found else { return Ok(Err(NotFound::Rollout(rollout_id.clone()))) };
    if attempt_id.is_latest() {
        return Ok(newest.ok_or_else(|| NotFound::NoAttempts(rollout_id.clone())));
    }
    let found = connection
        .prepare_cached(ATTEMPT)?
        .query_row(params![rollout, attempt_id.as_str()], |row| row.get(0))
        .optional()?;
    Ok(found.ok_or_else(|| NotFound::Attempt(attempt_id.clone(), rollout_id.clone())))
}

/// Spans of an attempt, in the order in which they were stored.
pub(super) fn light_trace(
    connection: &Connection,
    rollout_id: &RolloutId,
    attempt_id: &AttemptId,
    wanted: &FindTrace,
) -> TxResult<Result<LightTrace, NotFound>> {
    // From the narrow index alone.
    const KEYS: &str = "-- span_keys\nSELECT key FROM spans WHERE attempt = ?1";
    const SPAN: &str = "-- light_span\nSELECT span_id, parent_id, trace_id, name, sequence_id, start_time, end_time, \
                        rest FROM spans WHERE key = ?1";
    let attempt = match find_attempt(connection, rollout_id, attempt_id)? {
        Ok(attempt) => attempt,
        Err(missing) => return Ok(Err(missing)),
    };
    let mut statement = connection.prepare_cached(KEYS)?;
    let keys = statement.query_map([attempt], |row| row.get::<_, i64>(0))?;
    let keys = keys.collect::<Result<Vec<i64>, _>>()?;
    let total = u64::try_from(keys.len()).unwrap_or(0);
    let mut keys: Vec<i64> =
        keys.into_iter().filter(|key| wanted.after.is_none_or(|after| *key > after)).collect();
    keys.sort_unstable();
    let limit = usize::try_from(wanted.limit).unwrap_or(0);
    let mut items: Vec<LightSpan> = Vec::with_capacity(keys.len().min(limit));
    let (mut after, mut more) = (wanted.after, false);
    let (mut last_trace, mut next_number) = (String::new(), None);
    let mut statement = connection.prepare_cached(SPAN)?;
    for key in keys {
        if items.len() == limit {
            more = true;
            break;
        }
        after = Some(key);
        let mut cursor = statement.query([key])?;
        let Some(row) = cursor.next()? else { continue };
        let text = |column: usize| {
            let value = row.get_ref(column)?;
            value.as_str().map_err(|error| StorageFailure::Unreadable(error.to_string()))
        };
        let rest = text(7)?;
        if wanted.response_id.is_some() && response_id(rest) != wanted.response_id {
            continue;
        }
        let trace_id = text(2)?;
        // Most spans are of one trace, which need not be said each time.
        let is_other = items.is_empty() || trace_id != last_trace;
        if is_other {
            trace_id.clone_into(&mut last_trace);
        }
        // Nor need numbers, which most often are one apart.
        let number: i64 = row.get(4)?;
        let follows = next_number == Some(number);
        next_number = number.checked_add(1);
        items.push(LightSpan {
            span_id: text(0)?.to_owned(),
            parent_id: row.get(1)?,
            trace_id: is_other.then(|| last_trace.clone()),
            sequence_id: (!follows).then_some(number),
            start_time: row.get(5)?,
            end_time: row.get(6)?,
            ..light(text(3)?, rest)
        });
    }
    Ok(Ok(LightTrace { items, total, after, more }))
}

/// One span.
pub(super) fn get_span(
    connection: &Connection,
    rollout_id: &RolloutId,
    attempt_id: &AttemptId,
    span_id: &str,
) -> TxResult<Result<SpanRecord, NotFound>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "-- get_span\nSELECT {} FROM spans s JOIN attempts a ON a.key = s.attempt \
             WHERE s.attempt = ?1 AND s.span_id = ?2",
            rows::SPAN
        )
    });
    let attempt = match find_attempt(connection, rollout_id, attempt_id)? {
        Ok(attempt) => attempt,
        Err(missing) => return Ok(Err(missing)),
    };
    let mut statement = connection.prepare_cached(&SQL)?;
    let found = statement.query_row(params![attempt, span_id], |row| Ok(rows::span(row, rollout_id)));
    let found = found.optional()?.transpose()?;
    Ok(found.ok_or_else(|| NotFound::Span(span_id.to_owned(), attempt_id.clone(), rollout_id.clone())))
}
