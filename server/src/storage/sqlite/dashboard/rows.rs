//! Rollouts and attempts as tables show them.

use std::sync::LazyLock;

use lightning_store_client::wire::dashboard::{
    AttemptBrief, AttemptRow, RolloutDetail, RolloutRow, SpanFacts,
};
use lightning_store_client::wire::{Attempt, RolloutConfig, RolloutId};
use parking_lot::RwLock;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::super::queries;
use super::super::rows::{self, ATTEMPT};
use super::super::soft::SoftState;
use super::facts;
use crate::domain::shown;
use crate::storage::error::TxResult;
use crate::storage::rows::RowKey;

/// What is shown of these rollouts, in this order. Those that are gone are left out.
pub(in super::super) fn rollouts(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    keys: &[RowKey],
) -> TxResult<Vec<RolloutRow>> {
    Ok(with_newest(connection, soft, keys)?.into_iter().map(|(row, _)| row).collect())
}

/// The same, each with its newest attempt.
pub(super) fn with_newest(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    keys: &[RowKey],
) -> TxResult<Vec<(RolloutRow, Option<Attempt>)>> {
    const SQL: &str = "-- get_rollout_row\nSELECT r.rollout_id, r.status, r.mode, r.resources_id, r.start_time, \
                       r.end_time, r.attempts, r.first_start, r.config, b.input, b.metadata FROM rollouts r \
                       JOIN rollout_bodies b ON b.rollout = r.key WHERE r.key = ?1";
    let mut statement = connection.prepare_cached(SQL)?;
    let mut found = Vec::with_capacity(keys.len());
    for key in keys {
        let row = statement.query_row([key.0], |row| Ok(rollout(row))).optional()?.transpose()?;
        let Some(row) = row else { continue };
        let mut attempts = attempts(connection, soft, *key, &row.rollout_id)?;
        let row = with_attempts(row, &attempts);
        found.push((row, attempts.pop().map(|(newest, _)| newest)));
    }
    Ok(found)
}

fn rollout(row: &Row<'_>) -> TxResult<RolloutRow> {
    let config: RolloutConfig =
        rows::optional(row, 8, |row, column| rows::json(row.get_ref(column)?))?.unwrap_or_default();
    let start_time = rows::time(row, 4)?;
    let first_start = rows::optional_time(row, 7)?;
    Ok(RolloutRow {
        rollout_id: rows::id(row, 0)?,
        status: rows::word(row, 1)?,
        mode: rows::optional(row, 2, rows::word)?,
        resources_id: rows::optional(row, 3, rows::id)?,
        input: shown::input_line(rows::text(row, 9)?),
        start_time,
        end_time: rows::optional_time(row, 5)?,
        attempts: rows::count(row, 6)?,
        max_attempts: u64::try_from(config.max_attempts).unwrap_or(0),
        timeout_seconds: config.timeout_seconds,
        unresponsive_seconds: config.unresponsive_seconds,
        attempt: None,
        queue_wait: first_start.map(|first| first.seconds() - start_time.seconds()),
        run_time: None,
        facts: SpanFacts::default(),
        metadata: shown::metadata(rows::optional(row, 10, rows::text_owned)?.as_deref()),
    })
}

/// An attempt and what its spans say.
pub(super) type AttemptWithFacts = (Attempt, SpanFacts);

/// The attempts of a rollout, oldest first.
pub(super) fn attempts(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    rollout: RowKey,
    rollout_id: &RolloutId,
) -> TxResult<Vec<AttemptWithFacts>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "-- get_attempt_rows\nSELECT {ATTEMPT}, {} FROM attempts a LEFT JOIN attempt_facts f ON f.attempt = a.key \
             WHERE a.rollout = ?1 ORDER BY a.key",
            facts::TOLD
        )
    });
    let mut statement = connection.prepare_cached(&SQL)?;
    let mut cursor = statement.query([rollout.0])?;
    let mut found = Vec::new();
    while let Some(row) = cursor.next()? {
        let (key, mut attempt) = rows::attempt(row, 0, rollout_id)?;
        soft.read().cover(key, &mut attempt);
        found.push((attempt, facts::told(row, 9)?));
    }
    Ok(found)
}

/// A row with what its attempts say: rewards and the last error of the newest one, sums for the rest.
fn with_attempts(mut row: RolloutRow, attempts: &[AttemptWithFacts]) -> RolloutRow {
    let Some((newest, last)) = attempts.last() else { return row };
    row.run_time = shown::run_time(newest, row.end_time);
    row.attempt = Some(AttemptBrief {
        attempt_id: newest.attempt_id.clone(),
        sequence_id: newest.sequence_id,
        status: newest.status,
        start_time: newest.start_time,
        end_time: newest.end_time,
        worker_id: newest.worker_id.clone(),
        last_heartbeat_time: newest.last_heartbeat_time,
    });
    row.facts = last.clone();
    let earlier = attempts.split_last().map_or(&[][..], |(_, earlier)| earlier);
    if !earlier.is_empty() {
        row.facts.models.clear();
        for (_, facts) in attempts {
            let new = facts.models.iter().filter(|model| !row.facts.models.contains(model));
            let new: Vec<String> = new.cloned().collect();
            row.facts.models.extend(new);
        }
        row.facts.models.truncate(8);
    }
    for (_, facts) in earlier {
        row.facts.spans += facts.spans;
        row.facts.errors += facts.errors;
        row.facts.input_tokens += facts.input_tokens;
        row.facts.output_tokens += facts.output_tokens;
        if let Some(cost) = facts.cost {
            row.facts.cost = Some(row.facts.cost.unwrap_or(0.0) + cost);
        }
    }
    row
}

/// An attempt as a table shows it.
pub(super) fn attempt_row(
    (attempt, facts): AttemptWithFacts,
    timeout_seconds: Option<f64>,
    unresponsive_seconds: Option<f64>,
) -> AttemptRow {
    let error = facts.last_error.as_deref();
    let reason = shown::reason(&attempt, timeout_seconds, unresponsive_seconds, error);
    AttemptRow { attempt, facts, reason }
}

/// The key of a rollout.
pub(super) fn key_of(connection: &Connection, id: &RolloutId) -> TxResult<Option<RowKey>> {
    const SQL: &str = "-- get_rollout_key\nSELECT key FROM rollouts WHERE rollout_id = ?1";
    let mut statement = connection.prepare_cached(SQL)?;
    Ok(statement.query_row([id.as_str()], |row| row.get(0).map(RowKey)).optional()?)
}

/// One rollout with all its attempts.
pub(in super::super) fn detail(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    id: &RolloutId,
) -> TxResult<Option<RolloutDetail>> {
    let (Some(key), Some(found)) = (key_of(connection, id)?, queries::get_rollout(connection, soft, id)?)
    else {
        return Ok(None);
    };
    let Some(row) = rollouts(connection, soft, &[key])?.pop() else { return Ok(None) };
    let attempts = attempts(connection, soft, key, id)?.into_iter();
    let config = &found.rollout.config;
    let attempts =
        attempts.map(|attempt| attempt_row(attempt, config.timeout_seconds, config.unresponsive_seconds));
    Ok(Some(RolloutDetail {
        attempts: attempts.collect(),
        rollout: found.rollout,
        row,
        behind: facts::behind(connection)?,
    }))
}
