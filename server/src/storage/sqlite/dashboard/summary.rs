//! The overview: the statements of [`summary`](crate::storage::dashboard::summary) on a connection.

use lightning_store_client::wire::dashboard::{StoreSummary, SummaryWindow};
use lightning_store_client::wire::{RolloutId, Timestamp};
use parking_lot::RwLock;
use rusqlite::{Connection, params};

use super::super::counts;
use super::super::rows::{self as columns, ATTEMPT};
use super::super::soft::SoftState;
use super::workers::{self, first_attempt_since};
use super::{facts, queue, rows};
use crate::storage::dashboard::summary::{
    AttemptWithConfig, LATEST, MOST_ATTENTION, MOST_FOR_MEDIAN, Noticed, Parts, Piece, Step, Steps, since,
    summary as put_together,
};
use crate::storage::error::TxResult;
use crate::storage::history::History;
use crate::storage::rows::RowKey;

/// What the summary needs beside the database.
#[derive(Debug)]
pub(in super::super) struct Around<'a> {
    pub(in super::super) history: &'a History,
    pub(in super::super) steps: &'a Steps,
    pub(in super::super) workers: u64,
    pub(in super::super) started: Timestamp,
}

/// The overview.
pub(in super::super) fn summary(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    window: SummaryWindow,
    around: &Around<'_>,
    now: Timestamp,
) -> TxResult<StoreSummary> {
    let behind = facts::behind(connection)?;
    let (mut pieces, missing) = around.steps.known(window, now);
    for piece in missing {
        around.steps.learn(&mut pieces, piece, read(connection, piece)?, behind, now);
    }
    let parts = Parts {
        history: around.history,
        started: around.started,
        counts: counts::load(connection)?,
        behind,
        queue: queue::depth(connection, soft)?,
        workers: workers::all(connection, soft, now)?,
        known_workers: around.workers,
        pieces,
        noticed: noticed(connection, soft, since(window, now))?,
        latest: rows::rollouts(connection, soft, &latest(connection)?)?,
        bytes: bytes(connection)?,
    };
    Ok(put_together(parts, window, now))
}

fn bytes(connection: &Connection) -> TxResult<u64> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let bytes = pragma("page_count")?.saturating_mul(pragma("page_size")?);
    Ok(u64::try_from(bytes).unwrap_or(0))
}

/// What happened within a piece of time.
fn read(connection: &Connection, piece: Piece) -> TxResult<Step> {
    const FINISHED: &str = "-- finished_rollouts\nSELECT r.status, r.mode, count(*), count(CASE WHEN f.newest = \
                            r.newest_attempt THEN f.reward END), coalesce(sum(CASE WHEN f.newest = r.newest_attempt \
                            THEN f.reward END), 0.0) FROM rollouts r LEFT JOIN rollout_facts f ON f.rollout = r.key \
                            WHERE r.end_time >= ?1 AND r.end_time < ?2 GROUP BY r.status, r.mode";
    const ENQUEUED: &str =
        "-- enqueued_rollouts\nSELECT count(*) FROM rollouts WHERE start_time >= ?1 AND start_time < ?2";
    const BEGUN: &str = "-- begun_attempts\nSELECT count(*) FROM attempts WHERE key >= ?1 AND key < ?2";
    let (start, end) = (piece.start(), piece.end());
    let mut step = Step::default();
    let mut statement = connection.prepare_cached(FINISHED)?;
    let mut cursor = statement.query(params![start, end])?;
    while let Some(row) = cursor.next()? {
        let mode = columns::optional(row, 1, columns::word)?;
        let rewarded = (columns::count(row, 3)?, row.get(4)?);
        step.finish(columns::word(row, 0)?, mode, columns::count(row, 2)?, rewarded);
    }
    let count = |sql: &str, values: &[&dyn rusqlite::ToSql]| -> TxResult<u64> {
        let mut statement = connection.prepare_cached(sql)?;
        let count: i64 = statement.query_row(values, |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    };
    step.enqueued = count(ENQUEUED, params![start, end])?;
    let (first, last) = (first_attempt_since(connection, start)?, first_attempt_since(connection, end)?);
    if first < last {
        step.begun = count(BEGUN, params![first, last])?;
    }
    Ok(step)
}

/// The rollouts that ended last, the newest first.
fn latest(connection: &Connection) -> TxResult<Vec<RowKey>> {
    const SQL: &str = "-- latest_rollouts\nSELECT key FROM rollouts WHERE end_time IS NOT NULL \
                       ORDER BY end_time DESC LIMIT ?1";
    let mut statement = connection.prepare_cached(SQL)?;
    let keys: rusqlite::Result<Vec<RowKey>> =
        statement.query_map([LATEST], |row| row.get(0).map(RowKey))?.collect();
    Ok(keys?)
}

/// What somebody may have to look at.
fn noticed(connection: &Connection, soft: &RwLock<SoftState>, since: Timestamp) -> TxResult<Noticed> {
    const EXPIRED: &str = "attempts a JOIN rollouts r ON r.key = a.rollout \
                           WHERE a.status = 'timeout' OR a.status = 'unresponsive' ORDER BY a.start_time DESC LIMIT 32";
    const RUNNING: &str = "rollouts r JOIN attempts a ON a.key = r.newest_attempt \
                           WHERE r.status = 'running' ORDER BY a.start_time LIMIT 8";
    const FAILED: &str = "-- failed_rollouts\nSELECT key FROM rollouts WHERE end_time >= ?1 AND status = 'failed' \
                          ORDER BY end_time DESC LIMIT ?2";
    const TIMES: &str = "-- run_times\nSELECT end_time - start_time FROM attempts WHERE end_time >= ?1 \
                         ORDER BY end_time DESC LIMIT ?2";
    let most = i64::try_from(MOST_ATTENTION).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(FAILED)?;
    let keys: rusqlite::Result<Vec<RowKey>> =
        statement.query_map(params![since.seconds(), most], |row| row.get(0).map(RowKey))?.collect();
    let mut statement = connection.prepare_cached(TIMES)?;
    let times: rusqlite::Result<Vec<f64>> =
        statement.query_map(params![since.seconds(), MOST_FOR_MEDIAN], |row| row.get(0))?.collect();
    Ok(Noticed {
        expired: attempts(connection, soft, EXPIRED)?,
        failed: rows::rollouts(connection, soft, &keys?)?,
        run_times: times?,
        running: attempts(connection, soft, RUNNING)?,
    })
}

/// Attempts by the rest of a statement, with the settings of their rollouts.
fn attempts(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    rest: &str,
) -> TxResult<Vec<AttemptWithConfig>> {
    let sql = format!("-- noticed_attempts\nSELECT {ATTEMPT}, r.rollout_id, r.config FROM {rest}");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut cursor = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = cursor.next()? {
        let rollout_id: RolloutId = columns::id(row, 9)?;
        let config = columns::optional(row, 10, |row, column| columns::json(row.get_ref(column)?))?;
        let (key, mut attempt) = columns::attempt(row, 0, &rollout_id)?;
        soft.read().cover(key, &mut attempt);
        found.push((attempt, config.unwrap_or_default()));
    }
    Ok(found)
}
