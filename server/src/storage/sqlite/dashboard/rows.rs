//! Rollouts and attempts as tables show them.

use std::sync::LazyLock;

use lightning_store_client::wire::dashboard::{RolloutDetail, RolloutRow};
use lightning_store_client::wire::{Attempt, RolloutId};
use parking_lot::RwLock;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::super::queries;
use super::super::rows::{self, ATTEMPT};
use super::super::soft::SoftState;
use super::facts;
use crate::storage::dashboard::rows::{self as shared, AttemptWithFacts, RolloutParts};
use crate::storage::error::{StorageFailure, TxResult};
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
        let mut cursor = statement.query([key.0])?;
        let Some(row) = cursor.next()? else { continue };
        let parts = parts(row)?;
        let attempts = attempts(connection, soft, *key, &parts.rollout_id)?;
        found.push(shared::rollout(parts, attempts));
    }
    Ok(found)
}

fn parts<'a>(row: &'a Row<'_>) -> TxResult<RolloutParts<'a>> {
    Ok(RolloutParts {
        rollout_id: rows::id(row, 0)?,
        status: rows::word(row, 1)?,
        mode: rows::optional(row, 2, rows::word)?,
        resources_id: rows::optional(row, 3, rows::id)?,
        start_time: rows::time(row, 4)?,
        end_time: rows::optional_time(row, 5)?,
        attempts: rows::count(row, 6)?,
        first_start: rows::optional_time(row, 7)?,
        config: rows::optional(row, 8, |row, column| rows::json(row.get_ref(column)?))?.unwrap_or_default(),
        input: rows::text(row, 9)?,
        metadata: row
            .get_ref(10)?
            .as_str_or_null()
            .map_err(|error| StorageFailure::Unreadable(error.to_string()))?,
    })
}

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
    let attempts = attempts(connection, soft, key, id)?;
    Ok(Some(shared::detail(found.rollout, row, attempts, facts::behind(connection)?)))
}
