//! Workers and what they did within the last hour.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use lightning_store_client::wire::dashboard::{AttemptRow, FindWorkers, WorkerDetail, WorkerRows};
use lightning_store_client::wire::{
    FilterLogic, RolloutConfig, RolloutId, Timestamp, Window, Worker, WorkerFilter, WorkerId,
};
use parking_lot::RwLock;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::queries;
use super::super::rows::{self as columns, ATTEMPT};
use super::super::soft::SoftState;
use super::facts;
use crate::storage::dashboard::rows::attempt_row;
use crate::storage::dashboard::workers::{Current, Done, HOUR, MAX_ATTEMPTS, Seen, page};
use crate::storage::error::TxResult;

/// All workers, in the order in which they came.
pub(super) fn all(connection: &Connection, soft: &RwLock<SoftState>, now: Timestamp) -> TxResult<Vec<Seen>> {
    let everybody = WorkerFilter { status_in: None, worker_id_contains: None, logic: FilterLogic::And };
    let workers = queries::query_workers(connection, soft, &everybody, None, Window::default())?.items;
    workers.into_iter().map(|worker| look(connection, soft, worker, now)).collect()
}

fn look(connection: &Connection, soft: &RwLock<SoftState>, worker: Worker, now: Timestamp) -> TxResult<Seen> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "-- get_current_attempt\nSELECT {ATTEMPT} FROM rollouts r JOIN attempts a ON a.rollout = r.key \
             WHERE r.rollout_id = ?1 AND a.attempt_id = ?2"
        )
    });
    let mut current = None;
    if let (Some(rollout), Some(attempt)) = (&worker.current_rollout_id, &worker.current_attempt_id) {
        let mut statement = connection.prepare_cached(&SQL)?;
        let found = statement
            .query_row(params![rollout.as_str(), attempt.as_str()], |row| {
                Ok(columns::attempt(row, 0, rollout))
            })
            .optional()?
            .transpose()?;
        current = found.map(|(key, mut attempt)| {
            soft.read().cover(key, &mut attempt);
            attempt
        });
    }
    let current =
        current.map(|attempt| Current { start: attempt.start_time, sign: attempt.last_heartbeat_time });
    let interval = soft.read().interval(&worker.worker_id);
    Ok(Seen::of(worker, current, interval, now))
}

/// By worker: what was done since.
fn done(connection: &Connection, since: f64) -> TxResult<HashMap<WorkerId, Done>> {
    // In the order of an index: to group them, SQLite would sort them first.
    const SQL: &str = "-- attempts_done\nSELECT worker_id, status = 'succeeded', end_time - start_time FROM attempts \
                       WHERE end_time >= ?1 AND status IN ('failed', 'succeeded') AND worker_id IS NOT NULL";
    let mut statement = connection.prepare_cached(SQL)?;
    let mut cursor = statement.query([since])?;
    let mut done: HashMap<WorkerId, Done> = HashMap::new();
    while let Some(row) = cursor.next()? {
        let worker = columns::text(row, 0)?;
        if !done.contains_key(worker) {
            done.insert(worker.into(), Done::default());
        }
        let Some(one) = done.get_mut(worker) else { continue };
        one.finished += 1;
        one.succeeded += columns::count(row, 1)?;
        one.seconds += row.get::<_, f64>(2)?;
    }
    Ok(done)
}

/// A page of workers.
pub(in super::super) fn find(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    wanted: &FindWorkers,
    now: Timestamp,
) -> TxResult<WorkerRows> {
    let all = all(connection, soft, now)?;
    let done = done(connection, now.seconds() - HOUR)?;
    Ok(page(wanted, all, &done, now))
}

/// One worker with its attempts of the last hour.
pub(in super::super) fn detail(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    id: &WorkerId,
    now: Timestamp,
) -> TxResult<Option<WorkerDetail>> {
    let Some(worker) = queries::get_worker(connection, soft, id)? else { return Ok(None) };
    let since = now.seconds() - HOUR;
    let done = done(connection, since)?.get(id).copied().unwrap_or_default();
    let worker = look(connection, soft, worker, now)?.row(done);
    let attempts = attempts(connection, soft, id, since)?;
    Ok(Some(WorkerDetail { time: now, worker, attempts }))
}

/// The attempts of a worker that began or ended since, oldest first; the newest [`MAX_ATTEMPTS`].
fn attempts(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    id: &WorkerId,
    since: f64,
) -> TxResult<Vec<AttemptRow>> {
    const ENDED: &str =
        "-- attempts_ended_by\nSELECT key FROM attempts WHERE end_time >= ?1 AND worker_id = ?2";
    const BEGUN: &str = "-- attempts_begun_by\nSELECT key FROM attempts WHERE key >= ?1 AND worker_id = ?2";
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "-- get_attempt_row\nSELECT {ATTEMPT}, {}, r.rollout_id, r.config FROM attempts a \
             JOIN rollouts r ON r.key = a.rollout LEFT JOIN attempt_facts f ON f.attempt = a.key WHERE a.key = ?1",
            facts::TOLD
        )
    });
    let mut keys: BTreeSet<i64> = BTreeSet::new();
    let mut statement = connection.prepare_cached(ENDED)?;
    for key in statement.query_map(params![since, id.as_str()], |row| row.get(0))? {
        keys.insert(key?);
    }
    let first = first_attempt_since(connection, since)?;
    let mut statement = connection.prepare_cached(BEGUN)?;
    for key in statement.query_map(params![first, id.as_str()], |row| row.get(0))? {
        keys.insert(key?);
    }
    let skip = keys.len().saturating_sub(MAX_ATTEMPTS);
    let mut statement = connection.prepare_cached(&SQL)?;
    let read = |row: &rusqlite::Row<'_>| -> TxResult<AttemptRow> {
        let rollout_id: RolloutId = columns::id(row, 17)?;
        let config: RolloutConfig =
            columns::optional(row, 18, |row, column| columns::json(row.get_ref(column)?))?
                .unwrap_or_default();
        let (key, mut attempt) = columns::attempt(row, 0, &rollout_id)?;
        soft.read().cover(key, &mut attempt);
        let facts = facts::told(row, 9)?;
        Ok(attempt_row((attempt, facts), config.timeout_seconds, config.unresponsive_seconds))
    };
    let keys = keys.into_iter().skip(skip);
    keys.map(|key| statement.query_row([key], |row| Ok(read(row)))?).collect()
}

/// The key of the first attempt that began at `time` or later, or the one that the next attempt may have. Attempts are kept
/// in the order in which they began.
pub(super) fn first_attempt_since(connection: &Connection, time: f64) -> TxResult<i64> {
    const LAST: &str = "-- last_attempt\nSELECT coalesce(max(key), 0) FROM attempts";
    const START: &str =
        "-- attempt_start\nSELECT key, start_time FROM attempts WHERE key >= ?1 ORDER BY key LIMIT 1";
    let last: i64 = connection.prepare_cached(LAST)?.query_row([], |row| row.get(0))?;
    let mut statement = connection.prepare_cached(START)?;
    let (mut low, mut high) = (1, last + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let (key, start): (i64, f64) = statement.query_row([middle], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if start < time {
            low = key + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}
