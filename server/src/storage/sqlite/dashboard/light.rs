//! The spans of an attempt without their attributes, and one span with them.

use std::sync::LazyLock;

use lightning_store_client::wire::dashboard::{FindTrace, LightTrace};
use lightning_store_client::wire::{AttemptId, RolloutId, SpanRecord};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::rows;
use crate::storage::dashboard::light::{LightSpans, SpanParts};
use crate::storage::error::{NotFound, TxResult};

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
    let mut spans = LightSpans::of(wanted);
    let mut statement = connection.prepare_cached(SPAN)?;
    for key in keys {
        if !spans.has_room() {
            break;
        }
        let mut cursor = statement.query([key])?;
        let Some(row) = cursor.next()? else { continue };
        spans.push(
            key,
            SpanParts {
                span_id: rows::text_owned(row, 0)?,
                parent_id: row.get(1)?,
                trace_id: rows::text(row, 2)?,
                name: rows::text(row, 3)?,
                sequence_id: row.get(4)?,
                start_time: row.get(5)?,
                end_time: row.get(6)?,
                rest: rows::text(row, 7)?,
            },
        );
    }
    Ok(Ok(spans.told(total)))
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
