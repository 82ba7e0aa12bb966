//! The row verbs on PostgreSQL.
//!
//! Those that take only note what is to be written ([`transaction`](super::transaction)); those that give ask the database, unless
//! the transaction knows already.

use std::sync::LazyLock;

use lightning_store_client::wire::{
    Attempt, AttemptId, Event, ResourcesId, ResourcesUpdate, Rollout, RolloutId, SpanRecord, SummaryEvent,
    Timestamp, Worker, WorkerId,
};
use tokio_postgres::Row;

use super::rows::{self, Columns};
use super::text::pack;
use super::transaction::{AttemptKey, Hot, HotAttempt, Latest, Looked, PostgresTx};
use super::{facts, spans};
use crate::limits::IDEMPOTENCY_KEY_TIME;
use crate::storage::error::TxResult;
use crate::storage::facts::FactsBatch;
use crate::storage::rows::{AnswerRow, AttemptRow, RolloutBody, RolloutRow, RowKey, to_json};
use crate::storage::tx::{ClaimedRollout, Durability, Tx};
use crate::storage::wakeup::changes;

/// Most rollouts that one statement takes from the queue.
pub(super) const MOST_AT_A_TIME: usize = 1_000;

impl Tx for PostgresTx<'_> {
    fn now(&self) -> Timestamp {
        self.now
    }

    async fn get_latest_resources_id(&mut self) -> TxResult<Option<ResourcesId>> {
        self.latest().await
    }

    async fn get_resources(&mut self, id: &ResourcesId) -> TxResult<Option<ResourcesUpdate>> {
        static SQL: LazyLock<String> = LazyLock::new(|| {
            format!(
                "/* lock_resources */ SELECT {} FROM resources WHERE resources_id = $1 FOR NO KEY UPDATE",
                rows::RESOURCES
            )
        });
        let found = self.row(&SQL, &[&pack(id.as_str())]).await?;
        found.map(|row| rows::resources(&mut Columns::of(&row))).transpose()
    }

    async fn put_resources(&mut self, update: &ResourcesUpdate) -> TxResult<()> {
        const INSERT: &str = "/* insert_resources */ INSERT INTO resources (resources_id, create_time, update_time, version, \
                              resources, written, key) VALUES ($1, $2, $3, $4, $5, $6, $6)";
        const UPDATE: &str = "/* put_resources */ UPDATE resources SET create_time = $2, update_time = $3, version = $4, \
                              resources = $5, written = $6 WHERE resources_id = $1";
        const KEEP: &str = "/* keep_version */ INSERT INTO resource_versions (resources_id, version, update_time, content) \
                            SELECT resources_id, version, update_time, resources FROM resources WHERE resources_id = $1";
        const DROP: &str =
            "/* drop_versions */ DELETE FROM resource_versions WHERE resources_id = $1 AND version < $2";
        let id = pack(update.resources_id.as_str()).into_owned();
        let is_new = update.version == 1;
        if is_new {
            self.counts.resources += 1;
        } else {
            let most = self.shared.keep.resource_versions;
            if most > 0 {
                self.writes.push((KEEP, vec![Box::new(id.clone())]));
            }
            let oldest = update.version.saturating_sub(i64::from(most));
            self.writes.push((DROP, vec![Box::new(id.clone()), Box::new(oldest)]));
        }
        self.writes.push((
            if is_new { INSERT } else { UPDATE },
            vec![
                Box::new(id),
                Box::new(update.create_time.seconds()),
                Box::new(update.update_time.seconds()),
                Box::new(update.version),
                Box::new(to_json(&update.resources)?),
                Box::new(self.shared.time.keys(self.now, 1)),
            ],
        ));
        self.latest_resources = Latest::Known(Some(update.resources_id.clone()));
        self.is_durable = true;
        self.signals.changes.push(changes::resources(update));
        Ok(())
    }

    async fn insert_rollouts(&mut self, rollouts: &[Rollout]) -> TxResult<Vec<RowKey>> {
        let first = self.shared.time.keys(self.now, rollouts.len());
        let mut keys = Vec::with_capacity(rollouts.len());
        for (key, rollout) in (first..).zip(rollouts) {
            let row = RolloutRow::new(RowKey(key), rollout);
            let place = rollout.status.is_queued().then_some(key);
            self.moves.enqueued += u64::from(place.is_some());
            self.note_rollout(&row);
            let body = RolloutBody { input: rollout.input.clone(), metadata: rollout.metadata.clone() };
            self.bodies.insert(rollout.rollout_id.clone(), (body, true));
            let hot = Hot { row, place, check: None, newest: None, kind: None, is_changed: true };
            self.rollouts.insert(rollout.rollout_id.clone(), Some(hot));
            keys.push(RowKey(key));
        }
        self.is_durable = true;
        Ok(keys)
    }

    async fn claim_queued(&mut self, limit: usize) -> TxResult<Vec<ClaimedRollout>> {
        let mut claimed = Vec::with_capacity(limit.min(MOST_AT_A_TIME));
        loop {
            while claimed.len() < limit
                && let Some((id, body)) = self.queue.pop_front()
            {
                let hot = self.hot(&id)?;
                let row = hot.row.clone();
                // An operation before this one may have taken it out.
                if hot.place.take().is_none() {
                    continue;
                }
                hot.is_changed = true;
                self.is_durable = true;
                if row.status.is_queued() {
                    self.moves.dequeued += 1;
                    let body = self.bodies.get(&id).map_or(body, |(body, _)| body.clone());
                    claimed.push((row, body));
                }
            }
            if claimed.len() >= limit || self.is_queue_read {
                break;
            }
            // Those that were found before still have their places in the database.
            let count = (limit - claimed.len()).min(MOST_AT_A_TIME) + self.passed.len();
            let found = self.rows(&claim(count), &[]).await?;
            self.queue_up(&found, count).await?;
        }
        if claimed.is_empty() {
            self.looked = Looked::InEmptyQueue;
        }
        Ok(claimed)
    }

    async fn get_rollout(&mut self, id: &RolloutId) -> TxResult<Option<RolloutRow>> {
        self.lock(&[id]).await?;
        Ok(self.rollouts.get(id).and_then(Option::as_ref).map(|hot| hot.row.clone()))
    }

    async fn get_body(&mut self, rollout: &RolloutRow) -> TxResult<RolloutBody> {
        const SQL: &str =
            "/* get_body */ SELECT b.input, b.metadata FROM rollout_bodies b WHERE b.rollout_id = $1";
        if let Some((body, _)) = self.bodies.get(&rollout.rollout_id) {
            return Ok(body.clone());
        }
        let found = self.row(SQL, &[&pack(rollout.rollout_id.as_str())]).await?;
        let row = found.ok_or_else(|| super::gone(&rollout.rollout_id))?;
        rows::body(&mut Columns::of(&row))
    }

    async fn put_rollouts(&mut self, rollouts: &[RolloutRow]) -> TxResult<()> {
        rollouts.iter().try_for_each(|row| self.write_rollout(row))
    }

    async fn put_body(&mut self, rollout: &RolloutRow, body: &RolloutBody) -> TxResult<()> {
        let is_new = self.bodies.get(&rollout.rollout_id).is_some_and(|(_, is_new)| *is_new);
        self.bodies.insert(rollout.rollout_id.clone(), (body.clone(), is_new));
        self.is_durable = true;
        Ok(())
    }

    async fn insert_attempts(&mut self, attempts: &[(RolloutRow, Attempt)]) -> TxResult<()> {
        for (rollout, attempt) in attempts {
            self.counts.attempts += 1;
            let row =
                AttemptRow { key: RowKey(attempt.sequence_id), attempt: attempt.clone(), silent_since: None };
            let hot = HotAttempt { row, last_span: 0, has_spans: false, is_new: true, is_changed: true };
            self.attempts.insert(key(attempt), hot);
            self.hot(&rollout.rollout_id)?.newest = Some(attempt.attempt_id.clone());
            self.write_rollout(rollout)?;
        }
        Ok(())
    }

    async fn get_attempt(&mut self, rollout: &RolloutRow, id: &AttemptId) -> TxResult<Option<AttemptRow>> {
        static SQL: LazyLock<String> = LazyLock::new(|| {
            format!(
                "/* get_attempt */ SELECT {}, a.last_span FROM attempts a WHERE a.rollout_id = $1 AND a.attempt_id = $2",
                rows::ATTEMPT
            )
        });
        if let Some(hot) = self.attempts.get(&(rollout.rollout_id.clone(), id.clone())) {
            return Ok(Some(hot.row.clone()));
        }
        let found = self.row(&SQL, &[&pack(rollout.rollout_id.as_str()), &pack(id.as_str())]).await?;
        let Some(row) = found else { return Ok(None) };
        let mut columns = Columns::of(&row);
        let attempt = rows::attempt(&mut columns)?;
        let last_span = columns.value()?;
        Ok(Some(self.keep_attempt(attempt, last_span)))
    }

    async fn get_newest_attempt(&mut self, rollout: &RolloutRow) -> TxResult<Option<AttemptRow>> {
        self.lock(&[&rollout.rollout_id]).await?;
        let newest = self.rollouts.get(&rollout.rollout_id).and_then(Option::as_ref);
        let Some(newest) = newest.and_then(|hot| hot.newest.clone()) else { return Ok(None) };
        Ok(self.attempts.get(&(rollout.rollout_id.clone(), newest)).map(|hot| hot.row.clone()))
    }

    async fn put_attempts(&mut self, attempts: &[AttemptRow]) -> TxResult<()> {
        for row in attempts {
            let hot = self
                .attempts
                .get_mut(&key(&row.attempt))
                .ok_or_else(|| super::gone(&row.attempt.attempt_id))?;
            hot.row = row.clone();
            hot.is_changed = true;
        }
        self.is_durable |= !attempts.is_empty();
        Ok(())
    }

    /// Written with the spans that are the sign of life: their attempt is written anyway.
    async fn put_heartbeat(&mut self, attempt: &AttemptRow) -> TxResult<()> {
        self.put_attempts(std::slice::from_ref(attempt)).await
    }

    async fn claim_due(&mut self, limit: usize) -> TxResult<Vec<RolloutId>> {
        static SQL: LazyLock<String> = LazyLock::new(|| {
            format!(
                "/* claim_due */ SELECT {} FROM rollouts r WHERE r.check_time < $1 ORDER BY r.check_time LIMIT $2 \
                 FOR NO KEY UPDATE SKIP LOCKED",
                rows::ROLLOUT
            )
        });
        self.looked = Looked::ForDue;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = self.rows(&SQL, &[&self.now.seconds(), &limit]).await?;
        let claimed = self.claim(found.iter()).await?;
        for id in &claimed {
            let hot = self.hot(id)?;
            hot.check = None;
            hot.is_changed = true;
        }
        Ok(claimed)
    }

    /// None while other servers have been there all the time: what is to be looked at when is kept in the database.
    async fn get_active(&mut self) -> TxResult<Vec<RolloutId>> {
        const SQL: &str = "/* get_active */ SELECT rollout_id FROM rollouts WHERE status IN ('preparing', 'running') ORDER BY key";
        const SILENCE: &str = "/* silence_from */ UPDATE store SET silence_from = $1";
        if !self.shared.time.was_alone() {
            return Ok(Vec::new());
        }
        self.shared.time.was_silent_until(self.now);
        self.writes.push((SILENCE, vec![Box::new(self.now.seconds())]));
        self.is_durable = true;
        let found = self.rows(SQL, &[]).await?;
        found.iter().map(|row| Columns::of(row).id()).collect()
    }

    async fn watch(&mut self, rollout: &RolloutRow, newest: &AttemptRow) -> TxResult<()> {
        let hot = self.hot(&rollout.rollout_id)?;
        if let Some(wanted) = rollout.check_time
            && hot.check.is_none_or(|known| wanted < known)
        {
            hot.check = Some(wanted);
            hot.is_changed = true;
        }
        hot.row.check_time = rollout.check_time;
        if let Some(hot) = self.attempts.get_mut(&key(&newest.attempt)) {
            hot.row = newest.clone();
        }
        Ok(())
    }

    async fn insert_spans(
        &mut self,
        rollout: &RolloutRow,
        attempt: &AttemptRow,
        spans: &[(i64, &SpanRecord)],
    ) -> TxResult<Vec<bool>> {
        let attempt_key = key(&attempt.attempt);
        let last = self.attempts.get(&attempt_key).map_or(0, |hot| hot.last_span);
        let first = self.shared.time.span_keys(self.now, last, spans.len());
        let added = spans::insert(self, rollout, &attempt.attempt, spans, first).await?;
        let new = added.iter().filter(|added| **added).count();
        if new > 0 {
            if let Some(hot) = self.attempts.get_mut(&attempt_key) {
                hot.last_span = first + i64::try_from(spans.len()).unwrap_or(0) - 1;
                hot.has_spans = true;
                hot.is_changed = true;
            }
            self.counts.spans += i64::try_from(new).unwrap_or(0);
            self.last_span = self.last_span.max(first + i64::try_from(spans.len()).unwrap_or(0) - 1);
            self.is_durable = true;
        }
        self.signals.changes.extend(changes::spans(spans, &added));
        Ok(added)
    }

    async fn next_sequence_ids(&mut self, rollout: &RolloutId, count: usize) -> TxResult<i64> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let counter = self.counter(rollout).await?;
        let first = counter.last.saturating_add(1);
        counter.last = counter.last.saturating_add(count);
        counter.is_changed = true;
        // At its end the counter stops.
        let first = if counter.last == i64::MAX { i64::MAX } else { first };
        self.is_durable = true;
        Ok(first)
    }

    async fn raise_sequence_id(&mut self, rollout: &RolloutId, seen: i64) -> TxResult<()> {
        let counter = self.counter(rollout).await?;
        if seen > counter.last {
            counter.last = seen;
            counter.is_changed = true;
            self.is_durable = true;
        }
        Ok(())
    }

    async fn get_answer(&mut self, key: &str) -> TxResult<Option<AnswerRow>> {
        self.answer(key).await
    }

    async fn put_answer(&mut self, key: &str, answer: &AnswerRow) -> TxResult<()> {
        let hot = self.answers.entry(key.to_owned()).or_default();
        hot.row = Some(answer.clone());
        hot.is_new = true;
        self.is_durable = true;
        Ok(())
    }

    async fn put_facts(&mut self, batch: &FactsBatch) -> TxResult<()> {
        facts::put(self, batch).await?;
        self.is_durable = true;
        self.signals.changes.push(Event::Summary(SummaryEvent { seq: 0 }));
        Ok(())
    }

    async fn clear_facts(&mut self, version: i64) -> TxResult<()> {
        facts::clear(self, version).await?;
        self.is_durable = true;
        Ok(())
    }

    async fn get_worker(&mut self, id: &WorkerId) -> TxResult<Option<Worker>> {
        self.lock_worker(id).await?;
        Ok(self.workers.get(id).and_then(|hot| hot.worker.clone()))
    }

    async fn put_worker(&mut self, worker: &Worker, durability: Durability) -> TxResult<()> {
        self.get_worker(&worker.worker_id).await?;
        if let Some(hot) = self.workers.get_mut(&worker.worker_id) {
            hot.worker = Some(worker.clone());
            hot.is_changed = true;
        }
        self.is_durable |= durability == Durability::Durable;
        self.signals.changes.push(changes::worker(worker));
        Ok(())
    }
}

/// The statement that takes so many from the front of the queue. The number is part of it, as the plan depends on it.
pub(super) fn claim(count: usize) -> String {
    format!(
        "/* claim_queued */ WITH claimed AS MATERIALIZED (SELECT * FROM rollouts WHERE queue_place IS NOT NULL \
         ORDER BY queue_place, rollout_id LIMIT {count} FOR NO KEY UPDATE SKIP LOCKED) \
         SELECT {}, b.input, b.metadata FROM claimed r JOIN rollout_bodies b ON b.rollout_id = r.rollout_id \
         ORDER BY r.queue_place, r.rollout_id",
        rows::ROLLOUT
    )
}

impl PostgresTx<'_> {
    /// Takes over what was found at the front of the queue, where so many were looked for.
    pub(super) async fn queue_up(&mut self, found: &[Row], count: usize) -> TxResult<()> {
        self.is_queue_read = found.len() < count;
        self.claim(found.iter()).await?;
        for row in found {
            let mut columns = Columns::of(row);
            let (rollout, _) = rows::rollout(&mut columns)?;
            let body = rows::body(&mut columns)?;
            if self.passed.insert(rollout.rollout_id.clone()) {
                self.queue.push_back((rollout.rollout_id, body));
            }
        }
        Ok(())
    }

    /// The statements that write what was noted, each kind of rows by one.
    pub(super) fn pending(&mut self) -> TxResult<Vec<(&'static str, super::transaction::Values)>> {
        let mut writes = Vec::new();
        super::writes::rollouts(self, &mut writes)?;
        super::writes::bodies(self, &mut writes);
        super::writes::attempts(self, &mut writes);
        super::writes::workers(self, &mut writes);
        super::writes::counters(self, &mut writes);
        super::spans::written(self, &mut writes);
        writes.append(&mut self.writes);
        super::writes::answers(self, &mut writes);
        super::writes::counts(self, &mut writes);
        Ok(writes)
    }
}

/// What is older than this is forgotten.
pub(super) fn forgotten_before(now: Timestamp) -> f64 {
    now.seconds() - IDEMPOTENCY_KEY_TIME.as_secs_f64()
}

pub(super) fn key(attempt: &Attempt) -> AttemptKey {
    (attempt.rollout_id.clone(), attempt.attempt_id.clone())
}
