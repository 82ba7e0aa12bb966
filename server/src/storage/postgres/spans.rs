//! Spans, in one table for each day on which rollouts were made.

use std::collections::HashSet;

use deadpool_postgres::Client;
use lightning_store_client::wire::{Attempt, SpanRecord, Timestamp};

use super::Shared;
use super::text::pack;
use super::transaction::{PostgresTx, in_time};
use crate::storage::error::TxResult;
use crate::storage::rows::RolloutRow;

/// The day of a rollout's spans, in days since 1970.
#[expect(clippy::cast_possible_truncation, reason = "days beyond the range become its ends")]
pub(super) fn day(start: Timestamp) -> i32 {
    (start.seconds() / 86_400.0).floor() as i32
}

/// Writes spans of one attempt under the keys from `first` on; whether each was new.
pub(super) async fn insert(
    tx: &PostgresTx<'_>,
    rollout: &RolloutRow,
    attempt: &Attempt,
    spans: &[(i64, &SpanRecord)],
    first: i64,
) -> TxResult<Vec<bool>> {
    // Within one statement the first of a key is kept, as it is between statements.
    const SQL: &str = "/* insert_spans */ INSERT INTO spans (day, rollout_id, attempt_id, span_id, key, sequence_id, trace_id, \
                       parent_id, name, start_time, end_time, rest) SELECT $1, $2, $3, * FROM unnest($4::text[], \
                       $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::float8[], $11::float8[], \
                       $12::text[]) ON CONFLICT DO NOTHING RETURNING key";
    let day = day(rollout.start_time);
    // All at once: a transaction does not see a table that is added after its first span.
    for hot in tx.rollouts.values().flatten() {
        tx.shared.days.require(tx.shared, self::day(hot.row.start_time)).await?;
    }
    let seconds = |time: Option<Timestamp>| time.map(Timestamp::seconds);
    let mut seen = HashSet::new();
    let new: Vec<(i64, i64, &SpanRecord)> = (first..)
        .zip(spans)
        .filter(|(_, (_, span))| seen.insert(span.span_id.as_str()))
        .map(|(key, (number, span))| (key, *number, *span))
        .collect();
    let ids: Vec<_> = new.iter().map(|(_, _, span)| pack(&span.span_id)).collect();
    let keys: Vec<i64> = new.iter().map(|(key, ..)| *key).collect();
    let numbers: Vec<i64> = new.iter().map(|(_, number, _)| *number).collect();
    let traces: Vec<_> = new.iter().map(|(_, _, span)| pack(&span.trace_id)).collect();
    let parents: Vec<_> = new.iter().map(|(_, _, span)| span.parent_id.as_deref().map(pack)).collect();
    let names: Vec<_> = new.iter().map(|(_, _, span)| pack(&span.name)).collect();
    let starts: Vec<_> = new.iter().map(|(_, _, span)| seconds(span.start_time)).collect();
    let ends: Vec<_> = new.iter().map(|(_, _, span)| seconds(span.end_time)).collect();
    let rests: Vec<&str> = new.iter().map(|(_, _, span)| span.rest.as_str()).collect();
    let (rollout, attempt) = (pack(attempt.rollout_id.as_str()), pack(attempt.attempt_id.as_str()));
    let found = tx
        .rows(
            SQL,
            &[
                &day, &rollout, &attempt, &ids, &keys, &numbers, &traces, &parents, &names, &starts, &ends,
                &rests,
            ],
        )
        .await?;
    let mut added = HashSet::with_capacity(found.len());
    for row in found {
        added.insert(row.try_get::<_, i64>(0)?);
    }
    Ok((first..).take(spans.len()).map(|key| added.contains(&key)).collect())
}

/// The days that have a table.
#[derive(Debug, Default)]
pub(super) struct Days(parking_lot::Mutex<HashSet<i32>>);

impl Days {
    /// Takes up those that there are.
    pub(super) async fn take_up(&self, client: &Client) -> TxResult<()> {
        const SQL: &str = "/* days */ SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
                           WHERE i.inhparent = 'spans'::regclass";
        for row in super::rows(client, SQL, &[]).await? {
            let name: String = row.try_get(0)?;
            let day = name.strip_prefix("spans_").and_then(|day| day.parse().ok());
            self.0.lock().extend::<Option<i32>>(day);
        }
        Ok(())
    }

    /// Sees to it that a day has a table.
    pub(super) async fn require(&self, shared: &Shared, day: i32) -> TxResult<()> {
        if self.0.lock().contains(&day) {
            return Ok(());
        }
        // By a connection of its own: a table that is added may have to wait for others to be done with theirs.
        let client = shared.connection().await?;
        let name = if day < 0 { format!("spans_before_{}", -i64::from(day)) } else { format!("spans_{day}") };
        let sql = format!(
            "DO $$ BEGIN \
             PERFORM pg_advisory_xact_lock({lock}); \
             IF to_regclass('{name}') IS NULL THEN \
             CREATE TABLE {name} (LIKE spans INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING COMPRESSION) \
             WITH (toast_tuple_target = 512); \
             ALTER TABLE spans ATTACH PARTITION {name} FOR VALUES FROM ({day}) TO ({next}); \
             END IF; END $$",
            lock = super::migrate::LOCK,
            next = i64::from(day) + 1,
        );
        in_time(client.batch_execute(&sql)).await?;
        self.0.lock().insert(day);
        Ok(())
    }
}
