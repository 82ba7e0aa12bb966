//! The queue: who waits, and who was taken last.

use std::sync::LazyLock;

use lightning_store_client::wire::dashboard::{FindWaiting, QueueDepth, QueueView, WaitingRollout};
use lightning_store_client::wire::{RolloutConfig, RolloutId, Timestamp};
use parking_lot::RwLock;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::super::counts;
use super::super::rows::{self as columns, ATTEMPT};
use super::super::soft::SoftState;
use super::{rows, workers};
use crate::domain::shown;
use crate::storage::error::TxResult;
use crate::storage::history::Moves;
use crate::storage::rows::RowKey;

/// So many that were taken last are shown.
const MOST_TAKEN: usize = 20;

/// So many attempts are looked at for that: some rollouts may have been taken more than once lately.
const MOST_LOOKED_AT: i64 = 100;

/// Fewer than so many within a minute make no rate.
const FEWEST_FOR_RATE: u64 = 5;

/// A part of the queue. `moves` is what has happened within the last minute.
pub(in super::super) fn view(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    wanted: FindWaiting,
    moves: Moves,
    now: Timestamp,
) -> TxResult<QueueView> {
    const ITEMS: &str = "-- waiting_rollouts\nSELECT key FROM rollouts WHERE queue_place IS NOT NULL \
                         AND status IN ('queuing', 'requeuing') ORDER BY queue_place LIMIT ?1 OFFSET ?2";
    const PLACES: &str = "-- count_places\nSELECT count(*) FROM rollouts WHERE queue_place IS NOT NULL";
    let keys = keys(connection, ITEMS, &[wanted.limit, wanted.offset])?;
    let first = u64::try_from(wanted.offset).unwrap_or(0) + 1;
    let waiting = rows::with_newest(connection, soft, &keys)?;
    let items = (first..).zip(waiting).map(|(position, (row, newest))| WaitingRollout {
        position,
        since: shown::waiting_since(
            row.start_time,
            newest.as_ref(),
            row.timeout_seconds,
            row.unresponsive_seconds,
        ),
        reason: newest
            .map(|newest| shown::why_again(&newest, i64::try_from(row.max_attempts).unwrap_or(i64::MAX))),
        row,
    });
    let items = items.collect();
    let places: i64 = connection.prepare_cached(PLACES)?.query_row([], |row| row.get(0))?;
    let queue = depth(connection, soft)?;
    #[expect(clippy::cast_precision_loss, reason = "counts, which are far below 2^53")]
    let eta = (moves.dequeued >= FEWEST_FOR_RATE).then(|| queue.depth as f64 / moves.dequeued as f64 * 60.0);
    Ok(QueueView {
        time: now,
        queue,
        enqueued_last_minute: moves.enqueued,
        dequeued_last_minute: moves.dequeued,
        eta,
        workers: workers::counts(&workers::all(connection, soft, now)?),
        items,
        limit: wanted.limit,
        offset: wanted.offset,
        stale: u64::try_from(places).unwrap_or(0).saturating_sub(queue.depth),
        taken: rows::rollouts(connection, soft, &taken(connection)?)?,
    })
}

/// How many wait, and since when the first one has.
pub(in super::super) fn depth(connection: &Connection, soft: &RwLock<SoftState>) -> TxResult<QueueDepth> {
    Ok(QueueDepth { depth: counts::load(connection)?.waiting(), oldest: oldest(connection, soft)? })
}

/// Since when the first one has been waiting.
pub(in super::super) fn oldest(
    connection: &Connection,
    soft: &RwLock<SoftState>,
) -> TxResult<Option<Timestamp>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "-- first_waiting\nSELECT {ATTEMPT}, r.rollout_id, r.start_time, r.config FROM rollouts r \
             LEFT JOIN attempts a ON a.key = r.newest_attempt WHERE r.queue_place IS NOT NULL \
             AND r.status IN ('queuing', 'requeuing') ORDER BY r.queue_place LIMIT 1"
        )
    });
    let read = |row: &Row<'_>| -> TxResult<Timestamp> {
        let id: RolloutId = columns::id(row, 9)?;
        let newest = columns::optional(row, 0, |row, from| columns::attempt(row, from, &id))?;
        let newest = newest.map(|(key, mut attempt)| {
            soft.read().cover(key, &mut attempt);
            attempt
        });
        let config: RolloutConfig =
            columns::optional(row, 11, |row, column| columns::json(row.get_ref(column)?))?
                .unwrap_or_default();
        let (timeout, silence) = (config.timeout_seconds, config.unresponsive_seconds);
        Ok(shown::waiting_since(columns::time(row, 10)?, newest.as_ref(), timeout, silence))
    };
    let mut statement = connection.prepare_cached(&SQL)?;
    statement.query_row([], |row| Ok(read(row))).optional()?.transpose()
}

/// Those that were taken last, the newest first, each once.
fn taken(connection: &Connection) -> TxResult<Vec<RowKey>> {
    const SQL: &str = "-- taken_rollouts\nSELECT rollout FROM attempts ORDER BY key DESC LIMIT ?1";
    let mut found: Vec<RowKey> = Vec::new();
    for key in keys(connection, SQL, &[MOST_LOOKED_AT])? {
        if found.len() == MOST_TAKEN {
            break;
        }
        if !found.contains(&key) {
            found.push(key);
        }
    }
    Ok(found)
}

fn keys(connection: &Connection, sql: &str, values: &[i64]) -> TxResult<Vec<RowKey>> {
    let mut statement = connection.prepare_cached(sql)?;
    let keys = match values {
        [limit, offset] => {
            statement.query_map(params![limit, offset], |row| row.get(0).map(RowKey))?.collect()
        }
        _ => statement.query_map(params![values[0]], |row| row.get(0).map(RowKey))?.collect(),
    };
    let keys: rusqlite::Result<Vec<RowKey>> = keys;
    Ok(keys?)
}
