//! Workers and what they did within the last hour.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use lightning_store_client::wire::dashboard::{
    AttemptRow, FindWorkers, WorkerCounts, WorkerDetail, WorkerRow, WorkerRows, WorkerSort,
};
use lightning_store_client::wire::{
    FilterLogic, RolloutConfig, RolloutId, Timestamp, Window, Word as _, Worker, WorkerFilter, WorkerId,
    WorkerStatus,
};
use parking_lot::RwLock;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::queries;
use super::super::rows::{self as columns, ATTEMPT};
use super::super::soft::SoftState;
use super::{facts, rows};
use crate::domain::shown;
use crate::storage::cursor::{SortPlace, SortValue};
use crate::storage::error::TxResult;
use crate::storage::rows::RowKey;

/// How far back it is looked, in seconds.
const HOUR: f64 = 3_600.0;

/// Most attempts of one worker that are shown.
const MAX_ATTEMPTS: usize = 500;

/// A worker as it is seen now.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) worker: Worker,
    pub(super) silent: bool,
    /// When something was last heard of it.
    pub(super) heard: Option<Timestamp>,
    /// When its current attempt began.
    current_since: Option<Timestamp>,
}

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
    let sign = current.as_ref().and_then(|attempt| attempt.last_heartbeat_time);
    let heard = shown::heard(&worker, sign);
    let interval = soft.read().interval(&worker.worker_id);
    let silent = shown::is_silent(worker.status, heard, interval, now);
    Ok(Seen { silent, heard, current_since: current.map(|attempt| attempt.start_time), worker })
}

/// How many do what.
pub(super) fn counts(workers: &[Seen]) -> WorkerCounts {
    let number = |holds: fn(&Seen) -> bool| workers.iter().filter(|seen| holds(seen)).count() as u64;
    WorkerCounts {
        idle: number(|seen| seen.worker.status == WorkerStatus::Idle),
        busy: number(|seen| seen.worker.status == WorkerStatus::Busy),
        unknown: number(|seen| seen.worker.status == WorkerStatus::Unknown),
        silent: number(|seen| seen.silent),
    }
}

/// What a worker did within the last hour.
#[derive(Debug, Clone, Copy, Default)]
struct Done {
    finished: u64,
    succeeded: u64,
    mean_run_time: Option<f64>,
}

/// By worker: what was done since.
fn done(connection: &Connection, since: f64) -> TxResult<HashMap<WorkerId, Done>> {
    // In the order of an index: to group them, SQLite would sort them first.
    const SQL: &str = "-- attempts_done\nSELECT worker_id, status = 'succeeded', end_time - start_time FROM attempts \
                       WHERE end_time >= ?1 AND status IN ('failed', 'succeeded') AND worker_id IS NOT NULL";
    let mut statement = connection.prepare_cached(SQL)?;
    let mut cursor = statement.query([since])?;
    let mut done: HashMap<WorkerId, (Done, f64)> = HashMap::new();
    while let Some(row) = cursor.next()? {
        let worker = columns::text(row, 0)?;
        if !done.contains_key(worker) {
            done.insert(worker.into(), (Done::default(), 0.0));
        }
        let Some((one, seconds)) = done.get_mut(worker) else { continue };
        one.finished += 1;
        one.succeeded += columns::count(row, 1)?;
        *seconds += row.get::<_, f64>(2)?;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts, which are far below 2^53")]
    let mean = |(done, seconds): (Done, f64)| Done {
        mean_run_time: (done.finished > 0).then(|| seconds / done.finished as f64),
        ..done
    };
    Ok(done.into_iter().map(|(worker, sums)| (worker, mean(sums))).collect())
}

fn row(seen: Seen, done: Done) -> WorkerRow {
    WorkerRow {
        worker: shown::masked(seen.worker),
        silent: seen.silent,
        current_since: seen.current_since,
        finished: done.finished,
        succeeded: done.succeeded,
        mean_run_time: done.mean_run_time,
    }
}

/// A page of workers.
pub(in super::super) fn find(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    wanted: &FindWorkers,
    now: Timestamp,
) -> TxResult<WorkerRows> {
    let all = all(connection, soft, now)?;
    let counts = counts(&all);
    let done = done(connection, now.seconds() - HOUR)?;
    let fits = |seen: &Seen| {
        wanted.status_in.as_ref().is_none_or(|statuses| statuses.contains(&seen.worker.status))
            && wanted
                .worker_id_contains
                .as_ref()
                .is_none_or(|part| seen.worker.worker_id.as_str().contains(part))
    };
    let mut found: Vec<(SortPlace, Seen, Done)> = Vec::new();
    for (key, seen) in (0..).zip(all).filter(|(_, seen)| fits(seen)) {
        let did = done.get(&seen.worker.worker_id).copied().unwrap_or_default();
        let place = SortPlace { value: sort_value(wanted.sort_by, &seen, did), key: RowKey(key) };
        found.push((place, seen, did));
    }
    found.sort_by(|(a, ..), (b, ..)| a.compare(b, wanted.sort_order));
    let total = found.len() as u64;
    let skip = usize::try_from(wanted.offset).unwrap_or(usize::MAX);
    let page = found.into_iter().skip(skip).take(usize::try_from(wanted.limit).unwrap_or(0));
    Ok(WorkerRows {
        time: now,
        items: page.map(|(_, seen, done)| row(seen, done)).collect(),
        total,
        limit: wanted.limit,
        offset: wanted.offset,
        counts,
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts, which are far below 2^53")]
fn sort_value(by: WorkerSort, seen: &Seen, done: Done) -> SortValue {
    let worker = &seen.worker;
    match by {
        WorkerSort::WorkerId => SortValue::Text(worker.worker_id.to_string()),
        WorkerSort::Status => SortValue::Text(worker.status.as_str().to_owned()),
        WorkerSort::LastHeartbeatTime => {
            worker.last_heartbeat_time.map_or(SortValue::Missing, |time| SortValue::Number(time.seconds()))
        }
        WorkerSort::Finished => SortValue::Number(done.finished as f64),
        WorkerSort::MeanRunTime => done.mean_run_time.map_or(SortValue::Missing, SortValue::Number),
    }
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
    let worker = row(look(connection, soft, worker, now)?, done);
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
        Ok(rows::attempt_row((attempt, facts), config.timeout_seconds, config.unresponsive_seconds))
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
