//! The beginning of a transaction: what its operations are about to look at is fetched and locked at once, each kind of rows by
//! one statement, all of them on their way before the first is answered.
//!
//! Every transaction locks in the same order, so that no two wait for each other: rollouts by their ids, places of the queue
//! (without waiting), counters, workers. What an operation asks for besides is fetched when it asks.

use std::collections::{HashSet, VecDeque};

use deadpool_postgres::Client;
use futures_util::future::{try_join, try_join3, try_join4};
use indexmap::{IndexMap, IndexSet};
use lightning_store_client::wire::{Attempt, ResourcesId, RolloutId, Timestamp, Worker, WorkerId};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::Shared;
use super::rows::{self, Columns};
use super::text::{pack, unpack};
use super::transaction::{
    Counter, Hot, HotAnswer, HotAttempt, HotWorker, Latest, Looked, Manner, PostgresTx, Trace, ids, in_time,
    is_busy,
};
use super::verbs::{MOST_AT_A_TIME, claim, forgotten_before};
use crate::clock::Clock as _;
use crate::storage::counts::{Counts, Kind};
use crate::storage::error::TxResult;
use crate::storage::history::Moves;
use crate::storage::rows::{AnswerRow, AttemptRow, RowKey};
use crate::storage::tx::Needs;
use crate::storage::wakeup::Signals;

/// The time, and a number by which it can be found out later what became of the transaction.
const CLOCK: &str =
    "/* clock */ SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, txid_current()";

/// Those who share a transaction do not wait long for what only one of them needs.
const HOPEFUL: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '1s'";

const CAREFUL: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

const LOCK_NEWEST: &str = "/* newest_attempts */ SELECT a.rollout_id, a.attempt_id, a.sequence_id, a.start_time, a.end_time, \
                           a.status, a.worker_id, a.last_heartbeat_time, a.metadata, a.last_span \
                           FROM rollouts r JOIN attempts a ON a.rollout_id = r.rollout_id AND a.sequence_id = r.attempts \
                           WHERE r.rollout_id = ANY($1)";

const LOCK_COUNTERS: &str = "/* lock_sequences */ SELECT rollout_id, sequence_id FROM sequences \
                             WHERE rollout_id = ANY($1) ORDER BY rollout_id FOR NO KEY UPDATE";

const ANSWERS: &str = "/* get_answers */ SELECT idempotency_key, fingerprint, memo, time < $2 FROM answers \
                       WHERE idempotency_key = ANY($1)";

const LATEST_RESOURCES: &str =
    "/* get_latest_resources_id */ SELECT resources_id FROM resources ORDER BY written DESC LIMIT 1";

fn lock_rollouts() -> String {
    format!(
        "/* lock_rollouts */ SELECT {} FROM rollouts r WHERE r.rollout_id = ANY($1) \
         ORDER BY r.rollout_id FOR NO KEY UPDATE",
        rows::ROLLOUT
    )
}

fn lock_workers() -> String {
    format!(
        "/* lock_workers */ SELECT {} FROM workers WHERE worker_id = ANY($1) ORDER BY worker_id FOR NO KEY UPDATE",
        rows::WORKER
    )
}

/// The rows that a statement finds, if it is asked at all.
async fn found(
    client: &Client,
    is_asked: bool,
    sql: &str,
    values: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, Error> {
    if !is_asked {
        return Ok(Vec::new());
    }
    let statement = client.prepare_cached(sql).await?;
    client.query(&statement, values).await
}

/// What is asked for, each once.
fn once<'a, T: Eq + std::hash::Hash>(wanted: &[&'a T]) -> Vec<&'a T> {
    wanted.iter().copied().collect::<IndexSet<_>>().into_iter().collect()
}

impl<'a> PostgresTx<'a> {
    /// Begins at the moment that the database names, or at `moment`, and looks at what is needed.
    pub(super) async fn begin(
        client: &'a Client,
        shared: &'a Shared,
        moment: Option<Timestamp>,
        needs: &Needs<'_>,
        (manner, trace): (Manner, &'a Trace<'a>),
    ) -> TxResult<Self> {
        let mut tx = Self {
            client,
            shared,
            manner,
            now: Timestamp::EPOCH,
            rollouts: IndexMap::new(),
            attempts: IndexMap::new(),
            bodies: IndexMap::new(),
            workers: IndexMap::new(),
            counters: IndexMap::new(),
            answers: IndexMap::new(),
            latest_resources: Latest::Unknown,
            queue: VecDeque::new(),
            passed: HashSet::new(),
            is_queue_read: false,
            seen_spans: HashSet::new(),
            spans: Vec::new(),
            writes: Vec::new(),
            counts: Counts::default(),
            busy: 0,
            moves: Moves::default(),
            signals: Signals::default(),
            tells_queue: shared.is_heard(),
            last_span: 0,
            looked: Looked::default(),
            is_durable: false,
            arrivals: shared.wakeups.arrivals(),
            trace,
        };
        let rollouts = once(&needs.rollouts);
        let counters = once(&needs.counters);
        let answers: Vec<_> = needs.answers.iter().map(|key| pack(key)).collect();
        let packed = (ids(&rollouts), ids(&counters));
        let (has_rollouts, has_counters) = (!rollouts.is_empty(), !counters.is_empty());
        let rollout_values: [&(dyn ToSql + Sync); 1] = [&packed.0];
        let counter_values: [&(dyn ToSql + Sync); 1] = [&packed.1];
        let before = forgotten_before(shared.time.now());
        let answer_values: [&(dyn ToSql + Sync); 2] = [&answers, &before];
        let clock = in_time(client.prepare_cached(CLOCK)).await?;
        let places = needs.queued.min(MOST_AT_A_TIME);
        let claim = claim(places);
        let lock_rollouts = lock_rollouts();
        // Each is sent when it is asked first, in this order.
        let begin = client.batch_execute(match manner {
            Manner::Hopeful => HOPEFUL,
            Manner::Careful => CAREFUL,
        });
        let clock = client.query_one(&clock, &[]);
        let locked = try_join(
            found(client, has_rollouts, &lock_rollouts, &rollout_values),
            found(client, has_rollouts, LOCK_NEWEST, &rollout_values),
        );
        let queued = found(client, places > 0, &claim, &[]);
        let counted = found(client, has_counters, LOCK_COUNTERS, &counter_values);
        let answered = found(client, !answers.is_empty(), ANSWERS, &answer_values);
        let latest = found(client, needs.latest_resources, LATEST_RESOURCES, &[]);
        let rest = try_join3(counted, answered, latest);
        let all = try_join(try_join4(begin, clock, locked, queued), rest);
        let (((), clock, (locked, newest), queued), (counted, answered, latest)) =
            in_time(Box::pin(all)).await?;
        let _ = trace.number.set(clock.try_get(1)?);
        tx.now = shared.time.moment(clock.try_get(0)?, moment);
        tx.know(&rollouts, &locked, &newest)?;
        tx.know_counters(&counters, &counted)?;
        tx.know_answers(&needs.answers, &answered)?;
        if needs.latest_resources {
            let latest = latest.first().map(|row| Columns::of(row).id()).transpose()?;
            tx.latest_resources = Latest::Known(latest);
        }
        if places > 0 {
            tx.queue_up(&queued, places).await?;
        }
        tx.lock_workers(needs).await?;
        Ok(tx)
    }

    /// Locks the workers that are needed.
    async fn lock_workers(&mut self, needs: &Needs<'_>) -> TxResult<()> {
        let mut wanted: IndexSet<WorkerId> = needs.workers.iter().map(|id| (*id).clone()).collect();
        for id in &needs.workers_of {
            let newest = self.rollouts.get(*id).and_then(Option::as_ref).and_then(|hot| hot.newest.clone());
            let attempt = newest.and_then(|newest| self.attempts.get(&((*id).clone(), newest)));
            wanted.extend(attempt.and_then(|attempt| attempt.row.attempt.worker_id.clone()));
        }
        wanted.retain(|id| !id.as_str().is_empty());
        if wanted.is_empty() {
            return Ok(());
        }
        let packed = ids(&wanted.iter().collect::<Vec<_>>());
        let found = self.rows(&lock_workers(), &[&packed]).await?;
        for id in wanted {
            self.know_worker(id, None);
        }
        for row in found {
            let worker = rows::worker(&mut Columns::of(&row))?;
            self.know_worker(worker.worker_id.clone(), Some(worker));
        }
        Ok(())
    }

    /// Locks a worker that is not locked yet.
    pub(super) async fn lock_worker(&mut self, id: &WorkerId) -> TxResult<()> {
        if !self.workers.contains_key(id) {
            let found = self.row(&lock_workers(), &[&ids(&[id])]).await?;
            let worker = found.map(|row| rows::worker(&mut Columns::of(&row))).transpose()?;
            self.know_worker(id.clone(), worker);
        }
        Ok(())
    }

    fn know_worker(&mut self, id: WorkerId, worker: Option<Worker>) {
        let was_busy = worker.as_ref().is_some_and(is_busy);
        self.workers.insert(id, HotWorker { worker, was_busy, is_changed: false });
    }

    /// The numbers of a rollout's spans, locked, if they have a row.
    pub(super) async fn counter(&mut self, id: &RolloutId) -> TxResult<&mut Counter> {
        if !self.counters.contains_key(id) {
            let found = self.rows(LOCK_COUNTERS, &[&ids(&[id])]).await?;
            self.know_counters(&[id], &found)?;
        }
        self.counters.get_mut(id).ok_or_else(|| super::gone(id))
    }

    fn know_counters(&mut self, wanted: &[&RolloutId], found: &[Row]) -> TxResult<()> {
        for id in wanted {
            self.counters.insert((*id).clone(), Counter::default());
        }
        for row in found {
            let mut columns = Columns::of(row);
            let id: RolloutId = columns.id()?;
            let counter = Counter { last: columns.value()?, is_new: false, is_changed: false };
            self.counters.insert(id, counter);
        }
        Ok(())
    }

    /// What is remembered of a call.
    pub(super) async fn answer(&mut self, key: &str) -> TxResult<Option<AnswerRow>> {
        if !self.answers.contains_key(key) {
            let values: [&(dyn ToSql + Sync); 2] = [&vec![pack(key)], &forgotten_before(self.now)];
            let found = self.rows(ANSWERS, &values).await?;
            self.know_answers(&[key], &found)?;
        }
        Ok(self.answers.get(key).and_then(|answer| answer.row.clone()))
    }

    fn know_answers(&mut self, wanted: &[&str], found: &[Row]) -> TxResult<()> {
        for key in wanted {
            self.answers.insert((*key).to_owned(), HotAnswer::default());
        }
        for row in found {
            let key = unpack(row.try_get(0)?).into_owned();
            let fingerprint: &[u8] = row.try_get(1)?;
            let fingerprint = fingerprint.try_into().map_err(|_| super::gone(&key))?;
            let memo = unpack(row.try_get(2)?).into_owned();
            let is_over: bool = row.try_get(3)?;
            let row = (!is_over).then_some(AnswerRow { fingerprint, memo });
            self.answers.insert(key, HotAnswer { row, is_over, is_new: false });
        }
        Ok(())
    }

    /// The resources that were written last.
    pub(super) async fn latest(&mut self) -> TxResult<Option<ResourcesId>> {
        if let Latest::Known(latest) = &self.latest_resources {
            return Ok(latest.clone());
        }
        let found = self.row(LATEST_RESOURCES, &[]).await?;
        let latest: Option<ResourcesId> = found.map(|row| Columns::of(&row).id()).transpose()?;
        self.latest_resources = Latest::Known(latest.clone());
        Ok(latest)
    }

    /// Locks rollouts that are not locked yet.
    pub(super) async fn lock(&mut self, wanted: &[&RolloutId]) -> TxResult<()> {
        let wanted: Vec<&RolloutId> =
            wanted.iter().copied().filter(|id| !self.rollouts.contains_key(*id)).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let ids = ids(&wanted);
        let values: [&(dyn ToSql + Sync); 1] = [&ids];
        let lock_rollouts = lock_rollouts();
        // The second statement sees what whoever held the lock has written.
        let both = try_join(
            found(self.client, true, &lock_rollouts, &values),
            found(self.client, true, LOCK_NEWEST, &values),
        );
        let (rollouts, attempts) = in_time(both).await?;
        self.know(&wanted, &rollouts, &attempts)
    }

    /// Takes over what a statement has found and locked that answers the columns of rollouts, and their newest attempts.
    pub(super) async fn claim(
        &mut self,
        found: impl Iterator<Item = &Row> + Clone,
    ) -> TxResult<Vec<RolloutId>> {
        let (mut claimed, mut attempted) = (Vec::new(), Vec::new());
        for row in found.clone() {
            let (row, _) = rows::rollout(&mut Columns::of(row))?;
            if row.attempts > 0 && !self.rollouts.contains_key(&row.rollout_id) {
                attempted.push(pack(row.rollout_id.as_str()).into_owned());
            }
            claimed.push(row.rollout_id);
        }
        let attempts =
            if attempted.is_empty() { Vec::new() } else { self.rows(LOCK_NEWEST, &[&attempted]).await? };
        self.know(&[], found, &attempts)?;
        Ok(claimed)
    }

    /// Knows rollouts and their newest attempts as they were read, unless it knows them already.
    fn know<'r>(
        &mut self,
        wanted: &[&RolloutId],
        rollouts: impl IntoIterator<Item = &'r Row>,
        attempts: &[Row],
    ) -> TxResult<()> {
        for id in wanted {
            self.rollouts.entry((*id).clone()).or_insert(None);
        }
        for row in rollouts {
            let (row, place) = rows::rollout(&mut Columns::of(row))?;
            let kind = Kind { status: row.status, newest: None, mode: row.mode };
            let check = row.check_time;
            let known = self.rollouts.entry(row.rollout_id.clone()).or_insert(None);
            if known.is_none() {
                *known = Some(Hot { row, place, check, newest: None, kind: Some(kind), is_changed: false });
            }
        }
        for row in attempts {
            let mut columns = Columns::of(row);
            let attempt = rows::attempt(&mut columns)?;
            let last_span = columns.value()?;
            if let Some(Some(hot)) = self.rollouts.get_mut(&attempt.rollout_id)
                && hot.newest.is_none()
            {
                hot.newest = Some(attempt.attempt_id.clone());
                if let Some(kind) = &mut hot.kind {
                    kind.newest = Some(attempt.status);
                }
            }
            self.keep_attempt(attempt, last_span);
        }
        Ok(())
    }

    /// Knows an attempt as it was read, unless it knows it already.
    pub(super) fn keep_attempt(&mut self, attempt: Attempt, last_span: i64) -> AttemptRow {
        let key = (attempt.rollout_id.clone(), attempt.attempt_id.clone());
        let sign = attempt.last_heartbeat_time.unwrap_or(attempt.start_time);
        let silent_since = Some(self.shared.time.silence_from()).filter(|floor| sign < *floor);
        let row = AttemptRow { key: RowKey(attempt.sequence_id), attempt, silent_since };
        let hot = HotAttempt { row, last_span, has_spans: false, is_new: false, is_changed: false };
        self.attempts.entry(key).or_insert(hot).row.clone()
    }
}
