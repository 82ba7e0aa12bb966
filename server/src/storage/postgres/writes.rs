//! The statements with which a transaction writes what it has noted: one for each kind of rows, whatever their number.

use lightning_store_client::wire::{
    AttemptId, RawJson, ResourcesId, RolloutId, Timestamp, Word as _, WorkerId,
};

use super::text::pack;
use super::transaction::{PostgresTx, Values};
use super::verbs::forgotten_before;
use crate::storage::counts::Counts;
use crate::storage::error::TxResult;
use crate::storage::rows::config_text;

type Writes = Vec<(&'static str, Values)>;

fn packed(text: &str) -> String {
    pack(text).into_owned()
}

fn optional<T: AsRef<str>>(text: Option<&T>) -> Option<String> {
    text.map(|text| packed(text.as_ref()))
}

fn seconds(time: Option<Timestamp>) -> Option<f64> {
    time.map(Timestamp::seconds)
}

fn json(raw: Option<&RawJson>) -> Option<String> {
    raw.map(|raw| raw.as_str().to_owned())
}

/// A list of one column of each row.
macro_rules! column {
    ($rows:expr, |$row:ident| $value:expr) => {
        Box::new($rows.iter().map(|$row| $value).collect::<Vec<_>>())
    };
}

/// Rollouts: new ones and changed ones.
pub(super) fn rollouts(tx: &PostgresTx<'_>, writes: &mut Writes) -> TxResult<()> {
    const INSERT: &str = "/* insert_rollouts */ INSERT INTO rollouts (rollout_id, key, status, start_time, end_time, mode, \
                          resources_id, config, attempts, first_start, queue_place, check_time) SELECT * FROM \
                          unnest($1::text[], $2::bigint[], $3::text[], $4::float8[], $5::float8[], $6::text[], $7::text[], \
                          $8::text[], $9::bigint[], $10::float8[], $11::bigint[], $12::float8[])";
    const UPDATE: &str = "/* put_rollouts */ UPDATE rollouts r SET status = v.status, end_time = v.end_time, mode = v.mode, \
                          resources_id = v.resources_id, config = v.config, attempts = v.attempts, \
                          first_start = v.first_start, queue_place = v.queue_place, check_time = v.check_time FROM \
                          unnest($1::text[], $2::text[], $3::float8[], $4::text[], $5::text[], $6::text[], $7::bigint[], \
                          $8::float8[], $9::bigint[], $10::float8[]) AS v (rollout_id, status, end_time, mode, \
                          resources_id, config, attempts, first_start, queue_place, check_time) \
                          WHERE r.rollout_id = v.rollout_id";
    let changed = tx.rollouts.values().flatten().filter(|hot| hot.is_changed);
    let (new, old): (Vec<_>, Vec<_>) = changed.partition(|hot| hot.kind.is_none());
    for (hots, is_new) in [(new, true), (old, false)] {
        if hots.is_empty() {
            continue;
        }
        let configs = hots.iter().map(|hot| config_text(&hot.row.config)).collect::<TxResult<Vec<_>>>()?;
        let mut values: Values = vec![column!(hots, |hot| packed(hot.row.rollout_id.as_str()))];
        if is_new {
            values.push(column!(hots, |hot| hot.row.key.0));
        }
        values.push(column!(hots, |hot| hot.row.status.as_str()));
        if is_new {
            values.push(column!(hots, |hot| hot.row.start_time.seconds()));
        }
        values.push(column!(hots, |hot| seconds(hot.row.end_time)));
        values.push(column!(hots, |hot| hot.row.mode.map(|mode| mode.as_str())));
        values.push(column!(hots, |hot| optional::<ResourcesId>(hot.row.resources_id.as_ref())));
        values.push(Box::new(configs));
        values.push(column!(hots, |hot| hot.row.attempts));
        values.push(column!(hots, |hot| seconds(hot.row.first_start)));
        values.push(column!(hots, |hot| hot.place));
        values.push(column!(hots, |hot| seconds(hot.check)));
        writes.push((if is_new { INSERT } else { UPDATE }, values));
    }
    Ok(())
}

/// Bodies of rollouts: new ones and changed ones.
pub(super) fn bodies(tx: &PostgresTx<'_>, writes: &mut Writes) {
    const INSERT: &str = "/* insert_bodies */ INSERT INTO rollout_bodies (rollout_id, input, metadata) \
                          SELECT * FROM unnest($1::text[], $2::text[], $3::text[])";
    const UPDATE: &str = "/* put_bodies */ UPDATE rollout_bodies b SET input = v.input, metadata = v.metadata \
                          FROM unnest($1::text[], $2::text[], $3::text[]) AS v (rollout_id, input, metadata) \
                          WHERE b.rollout_id = v.rollout_id";
    for is_new in [true, false] {
        let bodies: Vec<_> = tx.bodies.iter().filter(|(_, (_, new))| *new == is_new).collect();
        if !bodies.is_empty() {
            let values: Values = vec![
                column!(bodies, |body| packed(body.0.as_str())),
                column!(bodies, |body| body.1.0.input.as_str().to_owned()),
                column!(bodies, |body| json(body.1.0.metadata.as_ref())),
            ];
            writes.push((if is_new { INSERT } else { UPDATE }, values));
        }
    }
}

/// Attempts: new ones and changed ones.
pub(super) fn attempts(tx: &PostgresTx<'_>, writes: &mut Writes) {
    const INSERT: &str = "/* insert_attempts */ INSERT INTO attempts (rollout_id, attempt_id, end_time, status, worker_id, \
                          last_heartbeat_time, metadata, last_span, is_dirty, sequence_id, start_time) SELECT * FROM \
                          unnest($1::text[], $2::text[], $3::float8[], $4::text[], $5::text[], $6::float8[], $7::text[], \
                          $8::bigint[], $9::boolean[], $10::bigint[], $11::float8[])";
    const UPDATE: &str = "/* put_attempts */ UPDATE attempts a SET end_time = v.end_time, status = v.status, \
                          worker_id = v.worker_id, last_heartbeat_time = v.last_heartbeat_time, metadata = v.metadata, \
                          last_span = v.last_span, is_dirty = a.is_dirty OR v.has_spans FROM unnest($1::text[], \
                          $2::text[], $3::float8[], $4::text[], $5::text[], $6::float8[], $7::text[], $8::bigint[], \
                          $9::boolean[]) AS v (rollout_id, attempt_id, end_time, status, worker_id, \
                          last_heartbeat_time, metadata, last_span, has_spans) \
                          WHERE a.rollout_id = v.rollout_id AND a.attempt_id = v.attempt_id";
    let changed = tx.attempts.values().filter(|hot| hot.is_changed);
    let (new, old): (Vec<_>, Vec<_>) = changed.partition(|hot| hot.is_new);
    for (hots, is_new) in [(new, true), (old, false)] {
        if hots.is_empty() {
            continue;
        }
        let mut values: Values = vec![
            column!(hots, |hot| packed(hot.row.attempt.rollout_id.as_str())),
            column!(hots, |hot| packed(hot.row.attempt.attempt_id.as_str())),
            column!(hots, |hot| seconds(hot.row.attempt.end_time)),
            column!(hots, |hot| hot.row.attempt.status.as_str()),
            column!(hots, |hot| optional::<WorkerId>(hot.row.attempt.worker_id.as_ref())),
            column!(hots, |hot| seconds(hot.row.attempt.last_heartbeat_time)),
            column!(hots, |hot| json(hot.row.attempt.metadata.as_ref())),
            column!(hots, |hot| hot.last_span),
            column!(hots, |hot| hot.has_spans),
        ];
        if is_new {
            values.push(column!(hots, |hot| hot.row.attempt.sequence_id));
            values.push(column!(hots, |hot| hot.row.attempt.start_time.seconds()));
        }
        writes.push((if is_new { INSERT } else { UPDATE }, values));
    }
}

/// Workers. Two transactions may see a new one at the same time.
pub(super) fn workers(tx: &PostgresTx<'_>, writes: &mut Writes) {
    const SQL: &str = "/* put_workers */ INSERT INTO workers (worker_id, key, status, heartbeat_stats, last_heartbeat_time, \
                       last_dequeue_time, last_busy_time, last_idle_time, current_rollout_id, current_attempt_id) \
                       SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::float8[], \
                       $6::float8[], $7::float8[], $8::float8[], $9::text[], $10::text[]) ORDER BY 1 \
                       ON CONFLICT (worker_id) DO UPDATE SET status = excluded.status, \
                       heartbeat_stats = excluded.heartbeat_stats, \
                       last_heartbeat_time = excluded.last_heartbeat_time, \
                       last_dequeue_time = excluded.last_dequeue_time, last_busy_time = excluded.last_busy_time, \
                       last_idle_time = excluded.last_idle_time, current_rollout_id = excluded.current_rollout_id, \
                       current_attempt_id = excluded.current_attempt_id, heartbeat_interval = CASE \
                       WHEN excluded.last_heartbeat_time > workers.last_heartbeat_time \
                       THEN (2 * coalesce(workers.heartbeat_interval, \
                       excluded.last_heartbeat_time - workers.last_heartbeat_time) \
                       + excluded.last_heartbeat_time - workers.last_heartbeat_time) / 3 \
                       ELSE workers.heartbeat_interval END";
    let changed = tx.workers.values().filter(|hot| hot.is_changed);
    let workers: Vec<_> = changed.filter_map(|hot| hot.worker.as_ref()).collect();
    if workers.is_empty() {
        return;
    }
    let first = tx.shared.time.keys(tx.now, workers.len());
    let keys: Vec<i64> = (first..).take(workers.len()).collect();
    let values: Values = vec![
        column!(workers, |worker| packed(worker.worker_id.as_str())),
        Box::new(keys),
        column!(workers, |worker| worker.status.as_str()),
        column!(workers, |worker| json(worker.heartbeat_stats.as_ref())),
        column!(workers, |worker| seconds(worker.last_heartbeat_time)),
        column!(workers, |worker| seconds(worker.last_dequeue_time)),
        column!(workers, |worker| seconds(worker.last_busy_time)),
        column!(workers, |worker| seconds(worker.last_idle_time)),
        column!(workers, |worker| optional::<RolloutId>(worker.current_rollout_id.as_ref())),
        column!(workers, |worker| optional::<AttemptId>(worker.current_attempt_id.as_ref())),
    ];
    writes.push((SQL, values));
}

/// Numbers of spans. Of two transactions that see that there is no row, the slower runs again.
pub(super) fn counters(tx: &PostgresTx<'_>, writes: &mut Writes) {
    const INSERT: &str = "/* insert_sequences */ INSERT INTO sequences (rollout_id, sequence_id) \
                          SELECT * FROM unnest($1::text[], $2::bigint[]) ORDER BY 1";
    const UPDATE: &str = "/* put_sequences */ UPDATE sequences s SET sequence_id = v.sequence_id \
                          FROM unnest($1::text[], $2::bigint[]) AS v (rollout_id, sequence_id) \
                          WHERE s.rollout_id = v.rollout_id";
    let changed = tx.counters.iter().filter(|(_, counter)| counter.is_changed);
    let (new, old): (Vec<_>, Vec<_>) = changed.partition(|(_, counter)| counter.is_new);
    for (counters, sql) in [(new, INSERT), (old, UPDATE)] {
        if !counters.is_empty() {
            let ids = column!(counters, |counter| packed(counter.0.as_str()));
            writes.push((sql, vec![ids, column!(counters, |counter| counter.1.last)]));
        }
    }
}

/// Answers to calls. One with the same key whose time is over makes way; one whose time is not over was quicker.
pub(super) fn answers(tx: &PostgresTx<'_>, writes: &mut Writes) {
    const DROP: &str = "/* drop_answers */ DELETE FROM answers WHERE idempotency_key = ANY($1) AND time < $2";
    const SQL: &str = "/* put_answers */ INSERT INTO answers (idempotency_key, fingerprint, time, memo) \
                       SELECT v.idempotency_key, v.fingerprint, $4, v.memo FROM unnest($1::text[], $2::bytea[], $3::text[]) \
                       AS v (idempotency_key, fingerprint, memo) ORDER BY 1";
    let new = tx.answers.iter().filter(|(_, answer)| answer.is_new);
    let new: Vec<_> = new.filter_map(|(key, answer)| Some((packed(key), answer.row.as_ref()?))).collect();
    let over = tx.answers.iter().filter(|(_, answer)| answer.is_new && answer.is_over);
    let over: Vec<_> = over.map(|(key, _)| packed(key)).collect();
    if !over.is_empty() {
        writes.push((DROP, vec![Box::new(over), Box::new(forgotten_before(tx.now))]));
    }
    if !new.is_empty() {
        let values: Values = vec![
            column!(new, |answer| answer.0.clone()),
            column!(new, |answer| answer.1.fingerprint.to_vec()),
            column!(new, |answer| packed(&answer.1.memo)),
            Box::new(tx.now.seconds()),
        ];
        writes.push((SQL, values));
    }
}

/// Numbers of rows, in the shard of this connection.
pub(super) fn counts(tx: &PostgresTx<'_>, writes: &mut Writes) {
    const SQL: &str = "/* add_counts */ INSERT INTO counts (name, shard, amount) SELECT name, pg_backend_pid() % 64, amount \
                       FROM unnest($1::text[], $2::bigint[]) AS v (name, amount) ORDER BY name \
                       ON CONFLICT (name, shard) DO UPDATE SET amount = counts.amount + excluded.amount";
    let moved = tx.counts.changes(&Counts::default());
    if !moved.is_empty() {
        let names = column!(moved, |moved| moved.0.clone());
        writes.push((SQL, vec![names, column!(moved, |moved| moved.2)]));
    }
}
