//! Between columns and types. The lists of columns and the functions that read them belong together.

use std::sync::Arc;

use lightning_store_client::wire::{
    Attempt, RawJson, ResourcesUpdate, Rollout, RolloutId, SpanRecord, Timestamp, Word, Worker, WorkerId,
};
use rusqlite::Row;
use rusqlite::types::ValueRef;

use crate::storage::error::{StorageFailure, TxResult};
use crate::storage::rows::{DEFAULT_CONFIG, RolloutBody, RolloutRow, RowKey};

/// The columns of [`rollout`].
pub(super) const ROLLOUT: &str = "r.key, r.rollout_id, r.status, r.start_time, r.end_time, r.mode, r.resources_id, \
                           r.config, r.attempts, r.newest_attempt, r.queue_place, r.first_start";

/// A rollout from the first 12 columns, with the key of its newest attempt and its place in the queue.
pub(super) fn rollout(row: &Row<'_>) -> TxResult<(RolloutRow, Option<RowKey>, Option<i64>)> {
    let config = match row.get_ref(7)? {
        ValueRef::Null => DEFAULT_CONFIG.clone(),
        text => Arc::new(json(text)?),
    };
    let rollout = RolloutRow {
        key: RowKey(row.get(0)?),
        rollout_id: id(row, 1)?,
        status: word(row, 2)?,
        start_time: time(row, 3)?,
        end_time: optional_time(row, 4)?,
        mode: optional(row, 5, word)?,
        resources_id: optional(row, 6, id)?,
        config,
        attempts: row.get(8)?,
        first_start: optional_time(row, 11)?,
        check_time: None,
    };
    Ok((rollout, row.get::<_, Option<i64>>(9)?.map(RowKey), row.get(10)?))
}

/// The columns of [`answered`].
pub(super) const ANSWERED: &str = "r.rollout_id, b.input, r.start_time, r.end_time, r.mode, r.resources_id, r.status, \
                            r.config, b.metadata";

/// A rollout as it is answered, from the first nine columns.
pub(super) fn answered(row: &Row<'_>) -> TxResult<Rollout> {
    Ok(Rollout {
        rollout_id: id(row, 0)?,
        input: raw(row, 1)?,
        start_time: time(row, 2)?,
        end_time: optional_time(row, 3)?,
        mode: optional(row, 4, word)?,
        resources_id: optional(row, 5, id)?,
        status: word(row, 6)?,
        config: optional(row, 7, |row, column| json(row.get_ref(column)?))?.unwrap_or_default(),
        metadata: optional(row, 8, raw)?,
    })
}

/// The columns of [`body`].
pub(super) const BODY: &str = "b.input, b.metadata";

/// A rollout's body from two columns.
pub(super) fn body(row: &Row<'_>, from: usize) -> TxResult<RolloutBody> {
    Ok(RolloutBody { input: raw(row, from)?, metadata: optional(row, from + 1, raw)? })
}

/// The columns of [`attempt`].
pub(super) const ATTEMPT: &str = "a.key, a.attempt_id, a.sequence_id, a.start_time, a.end_time, a.status, a.worker_id, \
                           a.last_heartbeat_time, a.metadata";

/// An attempt from nine columns.
pub(super) fn attempt(row: &Row<'_>, from: usize, rollout_id: &RolloutId) -> TxResult<(RowKey, Attempt)> {
    let attempt = Attempt {
        rollout_id: rollout_id.clone(),
        attempt_id: id(row, from + 1)?,
        sequence_id: row.get(from + 2)?,
        start_time: time(row, from + 3)?,
        end_time: optional_time(row, from + 4)?,
        status: word(row, from + 5)?,
        worker_id: optional(row, from + 6, id)?,
        last_heartbeat_time: optional_time(row, from + 7)?,
        metadata: optional(row, from + 8, raw)?,
    };
    Ok((RowKey(row.get(from)?), attempt))
}

/// The columns of [`span`].
pub(super) const SPAN: &str = "a.attempt_id, s.sequence_id, s.trace_id, s.span_id, s.parent_id, s.name, s.start_time, \
                        s.end_time, s.rest";

/// A span from nine columns.
pub(super) fn span(row: &Row<'_>, rollout_id: &RolloutId) -> TxResult<SpanRecord> {
    Ok(SpanRecord {
        rollout_id: rollout_id.clone(),
        attempt_id: id(row, 0)?,
        sequence_id: row.get(1)?,
        trace_id: row.get(2)?,
        span_id: row.get(3)?,
        parent_id: row.get(4)?,
        name: row.get(5)?,
        start_time: optional_time(row, 6)?,
        end_time: optional_time(row, 7)?,
        rest: row.get(8)?,
    })
}

/// The columns of [`resources`].
pub(super) const RESOURCES: &str = "resources_id, create_time, update_time, version, resources";

/// A set of resources from five columns.
pub(super) fn resources(row: &Row<'_>) -> TxResult<ResourcesUpdate> {
    Ok(ResourcesUpdate {
        resources_id: id(row, 0)?,
        create_time: time(row, 1)?,
        update_time: time(row, 2)?,
        version: row.get(3)?,
        resources: json(row.get_ref(4)?)?,
    })
}

/// The columns of [`worker`].
pub(super) const WORKER: &str = "key, worker_id, status, heartbeat_stats, last_heartbeat_time, last_dequeue_time, \
                          last_busy_time, last_idle_time, current_rollout_id, current_attempt_id";

/// A worker from ten columns.
pub(super) fn worker(row: &Row<'_>) -> TxResult<(RowKey, Worker)> {
    let worker = Worker {
        status: word(row, 2)?,
        heartbeat_stats: optional(row, 3, raw)?,
        last_heartbeat_time: optional_time(row, 4)?,
        last_dequeue_time: optional_time(row, 5)?,
        last_busy_time: optional_time(row, 6)?,
        last_idle_time: optional_time(row, 7)?,
        current_rollout_id: optional(row, 8, id)?,
        current_attempt_id: optional(row, 9, id)?,
        ..Worker::new(id::<WorkerId>(row, 1)?)
    };
    Ok((RowKey(row.get(0)?), worker))
}

/// A value from JSON text.
pub(super) fn json<T: serde::de::DeserializeOwned>(value: ValueRef<'_>) -> TxResult<T> {
    let text = value.as_str().map_err(|error| StorageFailure::Unreadable(error.to_string()))?;
    serde_json::from_str(text).map_err(|error| StorageFailure::Unreadable(error.to_string()))
}

/// A text.
pub(super) fn text<'a>(row: &'a Row<'_>, column: usize) -> TxResult<&'a str> {
    row.get_ref(column)?.as_str().map_err(|error| StorageFailure::Unreadable(error.to_string()))
}

/// A text of its own.
pub(super) fn text_owned(row: &Row<'_>, column: usize) -> TxResult<String> {
    text(row, column).map(str::to_owned)
}

/// A number of things.
pub(super) fn count(row: &Row<'_>, column: usize) -> TxResult<u64> {
    let count: i64 = row.get(column)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// An id.
pub(super) fn id<T: for<'a> From<&'a str>>(row: &Row<'_>, column: usize) -> TxResult<T> {
    text(row, column).map(T::from)
}

/// One of a set of words.
pub(super) fn word<T: Word>(row: &Row<'_>, column: usize) -> TxResult<T> {
    let text = text(row, column)?;
    let known = T::ALL.iter().find(|word| word.as_str() == text).copied();
    known.ok_or_else(|| StorageFailure::Unreadable(format!("unknown word {text:?}")))
}

/// JSON that was checked before it was stored.
pub(super) fn raw(row: &Row<'_>, column: usize) -> TxResult<RawJson> {
    text(row, column).map(RawJson::trusted)
}

/// A time from a column.
pub(super) fn time(row: &Row<'_>, column: usize) -> TxResult<Timestamp> {
    let seconds: f64 = row.get(column)?;
    Timestamp::from_seconds(seconds).ok_or_else(|| StorageFailure::Unreadable("infinite time".to_owned()))
}

/// A time, or null.
pub(super) fn optional_time(row: &Row<'_>, column: usize) -> TxResult<Option<Timestamp>> {
    optional(row, column, time)
}

/// Anything, or null.
pub(super) fn optional<T>(
    row: &Row<'_>,
    column: usize,
    read: impl FnOnce(&Row<'_>, usize) -> TxResult<T>,
) -> TxResult<Option<T>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => read(row, column).map(Some),
    }
}

/// A time as a column.
pub(super) fn seconds(time: Option<Timestamp>) -> Option<f64> {
    time.map(Timestamp::seconds)
}
