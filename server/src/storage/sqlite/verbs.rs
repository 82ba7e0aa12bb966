//! The row verbs on SQLite.
//!
//! All of them run on the writer's thread and are done at once: none of their futures ever waits.

use std::sync::LazyLock;

use lightning_store_client::wire::{
    Attempt, AttemptId, Event, RawJson, ResourcesId, ResourcesUpdate, Rollout, RolloutId, SpanRecord,
    SummaryEvent, Timestamp, Word as _, Worker, WorkerId, WorkerStatus,
};
use rusqlite::{OptionalExtension as _, params};

use super::answers::Answers;
use super::dashboard::facts;
use super::dashboard::versions::keep_version;
use super::rows::{self, seconds};
use super::soft::SoftChange;
use super::transaction::{Hot, SqliteTx, expect_one};
use crate::storage::counts::Kind;
use crate::storage::error::TxResult;
use crate::storage::facts::FactsBatch;
use crate::storage::rows::{AnswerRow, AttemptRow, RolloutBody, RolloutRow, RowKey, config_text, to_json};
use crate::storage::tx::{ClaimedRollout, Durability, Tx};
use crate::storage::wakeup::changes;

impl Tx for SqliteTx {
    fn now(&self) -> Timestamp {
        self.now
    }

    async fn get_latest_resources_id(&mut self) -> TxResult<Option<ResourcesId>> {
        const SQL: &str =
            "-- get_latest_resources_id\nSELECT resources_id FROM resources ORDER BY written DESC LIMIT 1";
        if let Some(latest) = &self.latest_resources {
            return Ok(latest.clone());
        }
        let found: Option<String> =
            self.read()?.prepare_cached(SQL)?.query_row([], |row| row.get(0)).optional()?;
        let latest = found.map(ResourcesId::from);
        self.latest_resources = Some(latest.clone());
        Ok(latest)
    }

    async fn get_resources(&mut self, id: &ResourcesId) -> TxResult<Option<ResourcesUpdate>> {
        static SQL: LazyLock<String> = LazyLock::new(|| {
            format!("-- get_resources\nSELECT {} FROM resources WHERE resources_id = ?1", rows::RESOURCES)
        });
        let mut statement = self.read()?.prepare_cached(&SQL)?;
        statement.query_row([id.as_str()], |row| Ok(rows::resources(row))).optional()?.transpose()
    }

    async fn put_resources(&mut self, update: &ResourcesUpdate) -> TxResult<()> {
        const SQL: &str = "-- put_resources\nINSERT INTO resources (key, resources_id, create_time, update_time, \
                           version, resources, written) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
                           ON CONFLICT (resources_id) DO UPDATE SET create_time = excluded.create_time, \
                           update_time = excluded.update_time, version = excluded.version, \
                           resources = excluded.resources, written = excluded.written";
        let text = to_json(&update.resources)?;
        let (key, written) = (self.next.resources, self.next.written);
        self.next.written += 1;
        if update.version == 1 {
            self.next.resources += 1;
            self.counts.resources += 1;
        } else {
            let most = self.resource_versions;
            keep_version(self.write()?, &update.resources_id, update.version, most)?;
        }
        let touched = self.write()?.prepare_cached(SQL)?.execute(params![
            key,
            update.resources_id.as_str(),
            update.create_time.seconds(),
            update.update_time.seconds(),
            update.version,
            text,
            written,
        ])?;
        self.latest_resources = Some(Some(update.resources_id.clone()));
        if self.is_recording {
            self.signals.changes.push(changes::resources(update));
        }
        expect_one(touched)
    }

    async fn insert_rollouts(&mut self, rollouts: &[Rollout]) -> TxResult<Vec<RowKey>> {
        const ROW: &str = "-- insert_rollout\nINSERT INTO rollouts (key, rollout_id, status, start_time, end_time, \
                           mode, resources_id, config, attempts, newest_attempt, queue_place, sequence_id) \
                           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, NULL, ?9, 0)";
        const BODY: &str =
            "-- insert_body\nINSERT INTO rollout_bodies (rollout, input, metadata) VALUES (?1, ?2, ?3)";
        let mut keys = Vec::with_capacity(rollouts.len());
        for rollout in rollouts {
            let key = self.next.rollout;
            self.next.rollout += 1;
            let place = rollout.status.is_queued().then(|| {
                self.queued += 1;
                self.moves.enqueued += 1;
                self.next.place += 1;
                self.next.place - 1
            });
            let (status, mode) = (rollout.status, rollout.mode);
            self.counts.rollout_added(Kind { status, newest: None, mode });
            let config = config_text(&rollout.config)?;
            let connection = self.write()?;
            connection.prepare_cached(ROW)?.execute(params![
                key,
                rollout.rollout_id.as_str(),
                rollout.status.as_str(),
                rollout.start_time.seconds(),
                seconds(rollout.end_time),
                rollout.mode.map(|mode| mode.as_str()),
                rollout.resources_id.as_ref().map(ResourcesId::as_str),
                config,
                place,
            ])?;
            connection.prepare_cached(BODY)?.execute(params![
                key,
                rollout.input.as_str(),
                rollout.metadata.as_ref().map(RawJson::as_str),
            ])?;
            if self.is_recording {
                self.signals.changes.push(changes::rollout(&rollout.rollout_id, rollout.status, None));
            }
            keys.push(RowKey(key));
        }
        Ok(keys)
    }

    async fn claim_queued(&mut self, limit: usize) -> TxResult<Vec<ClaimedRollout>> {
        static SQL: LazyLock<String> = LazyLock::new(|| {
            format!(
                "-- claim_queued\nSELECT {}, {} FROM rollouts r JOIN rollout_bodies b ON b.rollout = r.key \
                 WHERE r.queue_place > ?1 ORDER BY r.queue_place LIMIT ?2",
                rows::ROLLOUT,
                rows::BODY
            )
        });
        const DROP: &str = "-- drop_place\nUPDATE rollouts SET queue_place = NULL WHERE key = ?1";
        const MOST_AT_A_TIME: usize = 1_000;
        let mut claimed = Vec::new();
        let mut last_place = 0;
        while claimed.len() < limit && self.queued > 0 {
            let count = (limit - claimed.len()).min(MOST_AT_A_TIME);
            let mut found = Vec::new();
            let mut statement = self.read()?.prepare_cached(&SQL)?;
            let mut cursor =
                statement.query(params![last_place, i64::try_from(count).unwrap_or(i64::MAX)])?;
            while let Some(row) = cursor.next()? {
                found.push((rows::rollout(row)?, rows::body(row, 12)?));
            }
            drop(cursor);
            drop(statement);
            let exhausted = found.len() < count;
            for ((row, newest_key, place), body) in found {
                self.queued -= 1;
                last_place = place.unwrap_or(last_place);
                if row.status.is_queued() {
                    // Its place is gone with the attempt that the operation is about to insert.
                    let hot = Hot { row: row.clone(), newest: None, newest_key, place: None };
                    self.hot.insert(row.rollout_id.clone(), hot);
                    self.moves.dequeued += 1;
                    claimed.push((row, body));
                } else {
                    if let Some(hot) = self.hot.get_mut(&row.rollout_id) {
                        hot.place = None;
                    }
                    self.write()?.prepare_cached(DROP)?.execute([row.key.0])?;
                }
            }
            if exhausted {
                break;
            }
        }
        Ok(claimed)
    }

    async fn get_rollout(&mut self, id: &RolloutId) -> TxResult<Option<RolloutRow>> {
        Ok(self.remember(id)?.map(|hot| hot.row.clone()))
    }

    async fn get_body(&mut self, rollout: &RolloutRow) -> TxResult<RolloutBody> {
        static SQL: LazyLock<String> = LazyLock::new(|| {
            format!("-- get_body\nSELECT {} FROM rollout_bodies b WHERE b.rollout = ?1", rows::BODY)
        });
        let mut statement = self.read()?.prepare_cached(&SQL)?;
        statement.query_row([rollout.key.0], |row| Ok(rows::body(row, 0)))?
    }

    async fn put_rollouts(&mut self, rollouts: &[RolloutRow]) -> TxResult<()> {
        rollouts.iter().try_for_each(|row| self.write_rollout(row))
    }

    async fn put_body(&mut self, rollout: &RolloutRow, body: &RolloutBody) -> TxResult<()> {
        const SQL: &str =
            "-- put_body\nUPDATE rollout_bodies SET input = ?2, metadata = ?3 WHERE rollout = ?1";
        let metadata = body.metadata.as_ref().map(RawJson::as_str);
        let written = self.write()?.prepare_cached(SQL)?.execute(params![
            rollout.key.0,
            body.input.as_str(),
            metadata
        ])?;
        expect_one(written)
    }

    async fn insert_attempts(&mut self, attempts: &[(RolloutRow, Attempt)]) -> TxResult<()> {
        const SQL: &str = "-- insert_attempt\nINSERT INTO attempts (key, rollout, attempt_id, sequence_id, start_time, \
                           end_time, status, worker_id, last_heartbeat_time, metadata) \
                           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        for (rollout, attempt) in attempts {
            let key = self.next.attempt;
            self.next.attempt += 1;
            self.counts.attempts += 1;
            self.write()?.prepare_cached(SQL)?.execute(params![
                key,
                rollout.key.0,
                attempt.attempt_id.as_str(),
                attempt.sequence_id,
                attempt.start_time.seconds(),
                seconds(attempt.end_time),
                attempt.status.as_str(),
                attempt.worker_id.as_ref().map(WorkerId::as_str),
                seconds(attempt.last_heartbeat_time),
                attempt.metadata.as_ref().map(RawJson::as_str),
            ])?;
            let key = RowKey(key);
            self.count_newest(&rollout.rollout_id, attempt.status)?;
            if let Some(hot) = self.remember(&rollout.rollout_id)? {
                hot.newest_key = Some(key);
                hot.newest = Some(AttemptRow { key, attempt: attempt.clone(), silent_since: None });
            }
            self.write_rollout(rollout)?;
        }
        Ok(())
    }

    async fn get_attempt(&mut self, rollout: &RolloutRow, id: &AttemptId) -> TxResult<Option<AttemptRow>> {
        static SQL: LazyLock<String> = LazyLock::new(|| {
            format!(
                "-- get_attempt\nSELECT {} FROM attempts a WHERE a.rollout = ?1 AND a.attempt_id = ?2",
                rows::ATTEMPT
            )
        });
        if let Some(newest) = self.hot.get(&rollout.rollout_id).and_then(|hot| hot.newest.as_ref())
            && newest.attempt.attempt_id == *id
        {
            return Ok(Some(newest.clone()));
        }
        let found = self
            .read()?
            .prepare_cached(&SQL)?
            .query_row(params![rollout.key.0, id.as_str()], |row| {
                Ok(rows::attempt(row, 0, &rollout.rollout_id))
            })
            .optional()?
            .transpose()?;
        Ok(found.map(|(key, attempt)| self.current(key, attempt)))
    }

    async fn get_newest_attempt(&mut self, rollout: &RolloutRow) -> TxResult<Option<AttemptRow>> {
        self.newest_attempt(&rollout.rollout_id)
    }

    async fn put_attempts(&mut self, attempts: &[AttemptRow]) -> TxResult<()> {
        const SQL: &str = "-- put_attempt\nUPDATE attempts SET end_time = ?2, status = ?3, worker_id = ?4, \
                           last_heartbeat_time = ?5, metadata = ?6 WHERE key = ?1";
        for row in attempts {
            let attempt = &row.attempt;
            if self.remember(&attempt.rollout_id)?.is_some_and(|hot| hot.newest_key == Some(row.key)) {
                self.count_newest(&attempt.rollout_id, attempt.status)?;
            }
            let written = self.write()?.prepare_cached(SQL)?.execute(params![
                row.key.0,
                seconds(attempt.end_time),
                attempt.status.as_str(),
                attempt.worker_id.as_ref().map(WorkerId::as_str),
                seconds(attempt.last_heartbeat_time),
                attempt.metadata.as_ref().map(RawJson::as_str),
            ])?;
            expect_one(written)?;
            self.soft_changes.push(SoftChange::AttemptWritten(row.key, attempt.last_heartbeat_time));
            self.note_attempt(row);
        }
        Ok(())
    }

    async fn put_heartbeat(&mut self, attempt: &AttemptRow) -> TxResult<()> {
        if let Some(time) = attempt.attempt.last_heartbeat_time {
            self.soft_changes.push(SoftChange::Heartbeat(attempt.key, time));
        }
        self.note_attempt(attempt);
        Ok(())
    }

    async fn claim_due(&mut self, limit: usize) -> TxResult<Vec<RolloutId>> {
        let claimed = self.deadlines.claim(self.now, limit);
        self.claimed_checks.extend(claimed.iter().cloned());
        Ok(claimed.into_iter().map(|(rollout, _)| rollout).collect())
    }

    async fn get_active(&mut self) -> TxResult<Vec<RolloutId>> {
        const SQL: &str = "-- get_active\nSELECT rollout_id FROM rollouts WHERE status IN ('preparing', 'running') ORDER BY key";
        let mut statement = self.read()?.prepare_cached(SQL)?;
        let ids = statement.query_map([], |row| row.get::<_, String>(0))?;
        ids.map(|id| id.map(RolloutId::from).map_err(Into::into)).collect()
    }

    async fn watch(&mut self, rollout: &RolloutRow, newest: &AttemptRow) -> TxResult<()> {
        self.deadlines.schedule(&rollout.rollout_id, rollout.check_time);
        if let Some(since) = newest.silent_since {
            self.silences.insert(newest.key, since);
        }
        if let Some(hot) = self.hot.get_mut(&rollout.rollout_id) {
            hot.row.check_time = rollout.check_time;
        }
        self.note_attempt(newest);
        Ok(())
    }

    async fn insert_spans(
        &mut self,
        _: &RolloutRow,
        attempt: &AttemptRow,
        spans: &[(i64, &SpanRecord)],
    ) -> TxResult<Vec<bool>> {
        const SQL: &str = "-- insert_span\nINSERT INTO spans (key, attempt, span_id, sequence_id, trace_id, parent_id, \
                           name, start_time, end_time, rest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
                           ON CONFLICT (attempt, span_id) DO NOTHING";
        let mut next = self.next.span;
        let mut added = Vec::with_capacity(spans.len());
        let mut statement = self.write()?.prepare_cached(SQL)?;
        for (number, span) in spans {
            let written = statement.execute(params![
                next,
                attempt.key.0,
                span.span_id,
                number,
                span.trace_id,
                span.parent_id,
                span.name,
                seconds(span.start_time),
                seconds(span.end_time),
                span.rest,
            ])?;
            next += i64::from(written == 1);
            added.push(written == 1);
        }
        drop(statement);
        if self.is_recording {
            self.signals.changes.extend(changes::spans(spans, &added));
        }
        self.counts.spans += next - self.next.span;
        self.next.span = next;
        Ok(added)
    }

    async fn next_sequence_ids(&mut self, rollout: &RolloutId, count: usize) -> TxResult<i64> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let known = self.know_sequence(rollout)?;
        let pending = self.pending_sequences.get(rollout).copied();
        let taken = if known { self.sequences.take(rollout, count, pending) } else { None };
        let Some((first, reservation)) = taken else {
            return Ok(self.sequences.take_unknown(rollout, count));
        };
        if let Some(reservation) = reservation {
            self.pending_sequences.insert(rollout.clone(), reservation.reserved);
            self.write()?;
        }
        Ok(first)
    }

    async fn raise_sequence_id(&mut self, rollout: &RolloutId, seen: i64) -> TxResult<()> {
        if !self.know_sequence(rollout)? {
            self.sequences.raise_unknown(rollout, seen);
            return Ok(());
        }
        let pending = self.pending_sequences.get(rollout).copied();
        if let Some(reservation) = self.sequences.raise(rollout, seen, pending) {
            self.pending_sequences.insert(rollout.clone(), reservation.reserved);
            self.write()?;
        }
        Ok(())
    }

    async fn get_answer(&mut self, key: &str) -> TxResult<Option<AnswerRow>> {
        let now = self.now;
        Answers::find(self.read()?, key, now)
    }

    async fn put_answer(&mut self, key: &str, answer: &AnswerRow) -> TxResult<()> {
        self.write()?;
        self.answers.add(&self.connection, key, answer, self.now)
    }

    async fn put_facts(&mut self, batch: &FactsBatch) -> TxResult<()> {
        facts::put(self.write()?, batch)?;
        if self.is_recording {
            self.signals.changes.push(Event::Summary(SummaryEvent { seq: 0 }));
        }
        Ok(())
    }

    async fn clear_facts(&mut self, version: i64) -> TxResult<()> {
        facts::clear(self.write()?, version)
    }

    async fn get_worker(&mut self, id: &WorkerId) -> TxResult<Option<Worker>> {
        static SQL: LazyLock<String> = LazyLock::new(|| {
            format!("-- get_worker\nSELECT {} FROM workers WHERE worker_id = ?1", rows::WORKER)
        });
        if let Some((_, worker)) = self.workers.get(id) {
            return Ok(Some(worker.clone()));
        }
        let soft = self.soft.read().worker(id).cloned();
        let found = if let Some(soft) = soft {
            Some(soft)
        } else {
            let mut statement = self.read()?.prepare_cached(&SQL)?;
            statement.query_row([id.as_str()], |row| Ok(rows::worker(row))).optional()?.transpose()?
        };
        let Some((key, worker)) = found else { return Ok(None) };
        self.workers.insert(id.clone(), (key, worker.clone()));
        Ok(Some(worker))
    }

    async fn put_worker(&mut self, worker: &Worker, durability: Durability) -> TxResult<()> {
        let known = self.get_worker(&worker.worker_id).await?;
        let is_busy = |status| i64::from(status == WorkerStatus::Busy);
        self.busy += is_busy(worker.status) - known.as_ref().map_or(0, |known| is_busy(known.status));
        let known = known.is_some();
        let key = match self.workers.get(&worker.worker_id) {
            Some((key, _)) if known => *key,
            _ => {
                self.next.worker += 1;
                self.new_workers += 1;
                RowKey(self.next.worker - 1)
            }
        };
        self.workers.insert(worker.worker_id.clone(), (key, worker.clone()));
        if self.is_recording {
            self.signals.changes.push(changes::worker(worker));
        }
        match durability {
            Durability::Durable => {
                self.write_worker(key, worker)?;
                self.soft_changes.push(SoftChange::WorkerWritten(key, worker.clone()));
            }
            Durability::Soft => self.soft_changes.push(SoftChange::Worker(key, worker.clone())),
        }
        Ok(())
    }
}

impl SqliteTx {
    /// Remembers an attempt as it is now.
    fn note_attempt(&mut self, row: &AttemptRow) {
        if row.silent_since.is_none() && !self.silences.is_empty() {
            self.silences.remove(&row.key);
        }
        if let Some(hot) = self.hot.get_mut(&row.attempt.rollout_id)
            && hot.newest_key == Some(row.key)
        {
            hot.newest = Some(row.clone());
        }
    }

    /// Loads the counter of a rollout. False if there is no such rollout.
    fn know_sequence(&mut self, rollout: &RolloutId) -> TxResult<bool> {
        const SQL: &str = "-- get_sequence\nSELECT key, sequence_id FROM rollouts WHERE rollout_id = ?1";
        if self.sequences.is_known(rollout) {
            return Ok(true);
        }
        let found = self
            .read()?
            .prepare_cached(SQL)?
            .query_row([rollout.as_str()], |row| Ok((RowKey(row.get(0)?), row.get(1)?)))
            .optional()?;
        let Some((key, reserved)) = found else { return Ok(false) };
        self.sequences.load(rollout.clone(), key, reserved);
        Ok(true)
    }
}
