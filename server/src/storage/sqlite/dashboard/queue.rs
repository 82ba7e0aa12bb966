//! The queue: who waits, and who was taken last.

use std::sync::LazyLock;

use lightning_store_client::wire::dashboard::{FindWaiting, QueueDepth, QueueView};
use lightning_store_client::wire::{RolloutConfig, RolloutId, Timestamp};
use parking_lot::RwLock;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::super::counts as kept;
use super::super::rows::{self as columns, ATTEMPT};
use super::super::soft::SoftState;
use super::{rows, workers};
use crate::domain::shown;
use crate::storage::dashboard::queue::{self as shared, Known, MOST_LOOKED_AT};
use crate::storage::dashboard::workers::counts;
use crate::storage::error::TxResult;
use crate::storage::history::Moves;
use crate::storage::rows::RowKey;

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
    let places: i64 = connection.prepare_cached(PLACES)?.query_row([], |row| row.get(0))?;
    let known = Known {
        queue: depth(connection, soft)?,
        places: u64::try_from(places).unwrap_or(0),
        waiting: rows::with_newest(connection, soft, &keys)?,
        taken: rows::rollouts(connection, soft, &taken(connection)?)?,
        workers: counts(&workers::all(connection, soft, now)?),
    };
    Ok(shared::view(wanted, known, moves, now))
}

/// How many wait, and since when the first one has.
pub(in super::super) fn depth(connection: &Connection, soft: &RwLock<SoftState>) -> TxResult<QueueDepth> {
    Ok(QueueDepth { depth: kept::load(connection)?.waiting(), oldest: oldest(connection, soft)? })
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
    Ok(shared::taken(keys(connection, SQL, &[MOST_LOOKED_AT])?))
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
