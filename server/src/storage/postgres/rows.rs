//! Between columns and types. The lists of columns and the functions that read them belong together.

use std::sync::Arc;

use lightning_store_client::wire::{
    Attempt, AttemptId, RawJson, ResourcesUpdate, Rollout, RolloutConfig, RolloutId, SpanRecord, Timestamp,
    Word, Worker, WorkerId,
};
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use super::text::unpack;
use crate::storage::error::{StorageFailure, TxResult};
use crate::storage::rows::{DEFAULT_CONFIG, RolloutBody, RolloutRow, RowKey};

/// The columns of a row, one after the other.
pub(super) struct Columns<'a> {
    row: &'a Row,
    next: usize,
}

impl<'a> Columns<'a> {
    /// From the first one on.
    pub(super) fn of(row: &'a Row) -> Self {
        Self { row, next: 0 }
    }

    /// A value as it is.
    pub(super) fn value<T: FromSql<'a>>(&mut self) -> TxResult<T> {
        let value = self.row.try_get(self.next)?;
        self.next += 1;
        Ok(value)
    }

    /// Leaves some out.
    pub(super) fn skip(&mut self, count: usize) {
        self.next += count;
    }

    /// A text, as short as it is read.
    pub(super) fn str(&mut self) -> TxResult<&'a str> {
        self.value()
    }

    /// A text that may have any character in it.
    pub(super) fn text(&mut self) -> TxResult<String> {
        self.str().map(|text| unpack(text).into_owned())
    }

    /// Such a text, or null.
    pub(super) fn optional_text(&mut self) -> TxResult<Option<String>> {
        Ok(self.value::<Option<&str>>()?.map(|text| unpack(text).into_owned()))
    }

    /// An id.
    pub(super) fn id<T: for<'t> From<&'t str>>(&mut self) -> TxResult<T> {
        self.str().map(|text| T::from(&unpack(text)))
    }

    /// An id, or null.
    pub(super) fn optional_id<T: for<'t> From<&'t str>>(&mut self) -> TxResult<Option<T>> {
        Ok(self.value::<Option<&str>>()?.map(|text| T::from(&unpack(text))))
    }

    /// One of a set of words.
    pub(super) fn word<T: Word>(&mut self) -> TxResult<T> {
        self.optional_word()?.ok_or_else(|| StorageFailure::Unreadable("a word is missing".to_owned()))
    }

    /// One of a set of words, or null.
    pub(super) fn optional_word<T: Word>(&mut self) -> TxResult<Option<T>> {
        let Some(text) = self.value::<Option<&str>>()? else { return Ok(None) };
        let known = T::ALL.iter().find(|word| word.as_str() == text).copied();
        known.map(Some).ok_or_else(|| StorageFailure::Unreadable(format!("unknown word {text:?}")))
    }

    /// JSON that was checked before it was stored.
    pub(super) fn raw(&mut self) -> TxResult<RawJson> {
        self.str().map(RawJson::trusted)
    }

    /// Such JSON, or null.
    pub(super) fn optional_raw(&mut self) -> TxResult<Option<RawJson>> {
        Ok(self.value::<Option<&str>>()?.map(RawJson::trusted))
    }

    /// A value from JSON text.
    pub(super) fn json<T: serde::de::DeserializeOwned>(&mut self) -> TxResult<T> {
        from_json(self.str()?)
    }

    /// A value from JSON text, or null.
    pub(super) fn optional_json<T: serde::de::DeserializeOwned>(&mut self) -> TxResult<Option<T>> {
        self.value::<Option<&str>>()?.map(from_json).transpose()
    }

    /// A time.
    pub(super) fn time(&mut self) -> TxResult<Timestamp> {
        time(self.value()?)
    }

    /// A time, or null.
    pub(super) fn optional_time(&mut self) -> TxResult<Option<Timestamp>> {
        self.value::<Option<f64>>()?.map(time).transpose()
    }

    /// A number of things.
    pub(super) fn count(&mut self) -> TxResult<u64> {
        self.value::<i64>().map(|count| u64::try_from(count).unwrap_or(0))
    }

    /// Whether the next column is null; stays before it.
    pub(super) fn is_null(&self) -> TxResult<bool> {
        Ok(self.row.try_get::<_, Option<Anything>>(self.next)?.is_none())
    }
}

/// A value of any type that nobody looks into.
struct Anything;

impl<'a> FromSql<'a> for Anything {
    fn from_sql(
        _: &tokio_postgres::types::Type,
        _: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self)
    }

    fn accepts(_: &tokio_postgres::types::Type) -> bool {
        true
    }
}

fn time(seconds: f64) -> TxResult<Timestamp> {
    Timestamp::from_seconds(seconds).ok_or_else(|| StorageFailure::Unreadable("infinite time".to_owned()))
}

fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> TxResult<T> {
    serde_json::from_str(text).map_err(|error| StorageFailure::Unreadable(error.to_string()))
}

/// The columns of [`rollout`].
pub(super) const ROLLOUT: &str = "r.key, r.rollout_id, r.status, r.start_time, r.end_time, r.mode, r.resources_id, \
                                  r.config, r.attempts, r.first_start, r.check_time, r.queue_place";

/// A rollout from twelve columns, with its place in the queue.
pub(super) fn rollout(columns: &mut Columns<'_>) -> TxResult<(RolloutRow, Option<i64>)> {
    let row = RolloutRow {
        key: RowKey(columns.value()?),
        rollout_id: columns.id()?,
        status: columns.word()?,
        start_time: columns.time()?,
        end_time: columns.optional_time()?,
        mode: columns.optional_word()?,
        resources_id: columns.optional_id()?,
        config: columns.optional_json()?.map_or_else(|| DEFAULT_CONFIG.clone(), Arc::new),
        attempts: columns.value()?,
        first_start: columns.optional_time()?,
        check_time: columns.optional_time()?,
    };
    Ok((row, columns.value()?))
}

/// The columns of [`answered`].
pub(super) const ANSWERED: &str = "r.rollout_id, b.input, r.start_time, r.end_time, r.mode, r.resources_id, r.status, \
                                   r.config, b.metadata";

/// A rollout as it is answered, from nine columns.
pub(super) fn answered(columns: &mut Columns<'_>) -> TxResult<Rollout> {
    Ok(Rollout {
        rollout_id: columns.id()?,
        input: columns.raw()?,
        start_time: columns.time()?,
        end_time: columns.optional_time()?,
        mode: columns.optional_word()?,
        resources_id: columns.optional_id()?,
        status: columns.word()?,
        config: columns.optional_json::<RolloutConfig>()?.unwrap_or_default(),
        metadata: columns.optional_raw()?,
    })
}

/// A rollout's body from two columns: input and metadata.
pub(super) fn body(columns: &mut Columns<'_>) -> TxResult<RolloutBody> {
    Ok(RolloutBody { input: columns.raw()?, metadata: columns.optional_raw()? })
}

/// The columns of [`attempt`], and how many they are.
pub(super) const ATTEMPT: &str = "a.rollout_id, a.attempt_id, a.sequence_id, a.start_time, a.end_time, a.status, \
                                  a.worker_id, a.last_heartbeat_time, a.metadata";

/// An attempt from nine columns.
pub(super) fn attempt(columns: &mut Columns<'_>) -> TxResult<Attempt> {
    Ok(Attempt {
        rollout_id: columns.id()?,
        attempt_id: columns.id()?,
        sequence_id: columns.value()?,
        start_time: columns.time()?,
        end_time: columns.optional_time()?,
        status: columns.word()?,
        worker_id: columns.optional_id()?,
        last_heartbeat_time: columns.optional_time()?,
        metadata: columns.optional_raw()?,
    })
}

/// An attempt from nine columns that are null together.
pub(super) fn optional_attempt(columns: &mut Columns<'_>) -> TxResult<Option<Attempt>> {
    if columns.is_null()? {
        columns.skip(9);
        return Ok(None);
    }
    attempt(columns).map(Some)
}

/// The columns of [`span`].
pub(super) const SPAN: &str = "s.attempt_id, s.sequence_id, s.trace_id, s.span_id, s.parent_id, s.name, s.start_time, \
                               s.end_time, s.rest";

/// A span from nine columns.
pub(super) fn span(columns: &mut Columns<'_>, rollout_id: &RolloutId) -> TxResult<SpanRecord> {
    Ok(SpanRecord {
        rollout_id: rollout_id.clone(),
        attempt_id: columns.id::<AttemptId>()?,
        sequence_id: columns.value()?,
        trace_id: columns.text()?,
        span_id: columns.text()?,
        parent_id: columns.optional_text()?,
        name: columns.text()?,
        start_time: columns.optional_time()?,
        end_time: columns.optional_time()?,
        rest: columns.value()?,
    })
}

/// The columns of [`resources`].
pub(super) const RESOURCES: &str = "resources_id, create_time, update_time, version, resources";

/// A set of resources from five columns.
pub(super) fn resources(columns: &mut Columns<'_>) -> TxResult<ResourcesUpdate> {
    Ok(ResourcesUpdate {
        resources_id: columns.id()?,
        create_time: columns.time()?,
        update_time: columns.time()?,
        version: columns.value()?,
        resources: columns.json()?,
    })
}

/// The columns of [`worker`].
pub(super) const WORKER: &str = "worker_id, status, heartbeat_stats, last_heartbeat_time, last_dequeue_time, \
                                 last_busy_time, last_idle_time, current_rollout_id, current_attempt_id";

/// A worker from nine columns.
pub(super) fn worker(columns: &mut Columns<'_>) -> TxResult<Worker> {
    let worker = Worker::new(columns.id::<WorkerId>()?);
    Ok(Worker {
        status: columns.word()?,
        heartbeat_stats: columns.optional_raw()?,
        last_heartbeat_time: columns.optional_time()?,
        last_dequeue_time: columns.optional_time()?,
        last_busy_time: columns.optional_time()?,
        last_idle_time: columns.optional_time()?,
        current_rollout_id: columns.optional_id()?,
        current_attempt_id: columns.optional_id()?,
        ..worker
    })
}
