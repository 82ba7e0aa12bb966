//! Spans, in one table for each day on which rollouts were made.

use std::collections::HashSet;
use std::sync::LazyLock;

use deadpool_postgres::Client;
use lightning_store_client::wire::{Attempt, SpanRecord, Timestamp};
use tokio_postgres::types::ToSql;

use super::Shared;
use super::text::pack;
use super::transaction::{Manner, PostgresTx, Values, in_time};
use crate::storage::error::TxResult;
use crate::storage::rows::RolloutRow;

/// The day of a rollout's spans, in days since 1970.
#[expect(clippy::cast_possible_truncation, reason = "days beyond the range become its ends")]
pub(super) fn day(start: Timestamp) -> i32 {
    (start.seconds() / 86_400.0).floor() as i32
}

/// A span on its way into the database, in the form in which it lies there.
#[derive(Debug)]
pub(super) struct NewSpan {
    day: i32,
    rollout_id: String,
    attempt_id: String,
    span_id: String,
    key: i64,
    sequence_id: i64,
    trace_id: String,
    parent_id: Option<String>,
    name: String,
    start_time: Option<f64>,
    end_time: Option<f64>,
    rest: String,
}

/// Takes spans of one attempt under the keys from `first` on; whether each is new.
pub(super) async fn insert(
    tx: &mut PostgresTx<'_>,
    rollout: &RolloutRow,
    attempt: &Attempt,
    spans: &[(i64, &SpanRecord)],
    first: i64,
) -> TxResult<Vec<bool>> {
    static CAREFUL: LazyLock<String> =
        LazyLock::new(|| format!("{INSERT} ON CONFLICT DO NOTHING RETURNING key"));
    let day = day(rollout.start_time);
    // All at once: a transaction does not see a table that is added after its first span.
    for hot in tx.rollouts.values().flatten() {
        tx.shared.days.require(tx.shared, self::day(hot.row.start_time)).await?;
    }
    let packed = |text: &str| pack(text).into_owned();
    let seconds = |time: Option<Timestamp>| time.map(Timestamp::seconds);
    let (rollout_id, attempt_id) = (packed(attempt.rollout_id.as_str()), packed(attempt.attempt_id.as_str()));
    let mut added = Vec::with_capacity(spans.len());
    let mut new: Vec<NewSpan> = Vec::with_capacity(spans.len());
    for (key, (number, span)) in (first..).zip(spans) {
        // Of those with the same id the first is kept.
        let is_first = tx.seen_spans.insert((super::verbs::key(attempt), span.span_id.clone()));
        added.push(is_first);
        if !is_first {
            continue;
        }
        new.push(NewSpan {
            day,
            rollout_id: rollout_id.clone(),
            attempt_id: attempt_id.clone(),
            span_id: packed(&span.span_id),
            key,
            sequence_id: *number,
            trace_id: packed(&span.trace_id),
            parent_id: span.parent_id.as_deref().map(packed),
            name: packed(&span.name),
            start_time: seconds(span.start_time),
            end_time: seconds(span.end_time),
            rest: span.rest.clone(),
        });
    }
    if tx.manner == Manner::Hopeful {
        tx.spans.append(&mut new);
        return Ok(added);
    }
    let values = columns(new);
    let values: Vec<_> = values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect();
    let found = tx.rows(&CAREFUL, &values).await?;
    let mut kept = HashSet::with_capacity(found.len());
    for row in found {
        kept.insert(row.try_get::<_, i64>(0)?);
    }
    Ok((first..).take(spans.len()).map(|key| kept.contains(&key)).collect())
}

/// The statement that writes those that were taken.
pub(super) fn written(tx: &mut PostgresTx<'_>, writes: &mut Vec<(&'static str, Values)>) {
    if !tx.spans.is_empty() {
        writes.push((INSERT, columns(std::mem::take(&mut tx.spans))));
    }
}

/// What the statement takes: a list of each column.
fn columns(spans: Vec<NewSpan>) -> Values {
    /// A list of one column.
    macro_rules! column {
        ($column:ident) => {
            Box::new(spans.iter().map(|span| span.$column.clone()).collect::<Vec<_>>())
        };
    }
    vec![
        column!(day),
        column!(rollout_id),
        column!(attempt_id),
        column!(span_id),
        column!(key),
        column!(sequence_id),
        column!(trace_id),
        column!(parent_id),
        column!(name),
        column!(start_time),
        column!(end_time),
        Box::new(spans.into_iter().map(|span| span.rest).collect::<Vec<_>>()),
    ]
}

const INSERT: &str = "/* insert_spans */ INSERT INTO spans (day, rollout_id, attempt_id, span_id, key, sequence_id, trace_id, \
                      parent_id, name, start_time, end_time, rest) SELECT * FROM unnest($1::integer[], $2::text[], \
                      $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::text[], \
                      $10::float8[], $11::float8[], $12::text[])";

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
