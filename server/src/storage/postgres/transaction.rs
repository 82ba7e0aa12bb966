//! A transaction: beginning, what it knows, and writing all of it at once.
//!
//! Rows are fetched and locked when they are asked for, kept here as the operation changes them, and written in one go with the
//! commit: each kind of rows by one statement, and all statements, the commit among them, on their way before the first is
//! answered. So an operation waits for the database two or three times, whatever the number of its rows.
//!
//! An attempt belongs to the lock of its rollout: who has locked a rollout has its attempts and spans for itself. Rollouts
//! are locked in the order of their ids where several are known beforehand, and before workers.

use std::sync::OnceLock;

use deadpool_postgres::Client;
use futures_util::future::{try_join, try_join_all, try_join4};
use indexmap::IndexMap;
use lightning_store_client::wire::{
    Attempt, AttemptId, AttemptStatus, Event, QueueEvent, RolloutId, Timestamp, Worker, WorkerId,
};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};

use super::Shared;
use super::rows::{self, Columns};
use super::text::pack;
use crate::limits::DATABASE_ANSWER_TIME;
use crate::storage::counts::{Counts, Kind};
use crate::storage::error::{StorageFailure, TxResult};
use crate::storage::history::Moves;
use crate::storage::rows::{AnswerRow, AttemptRow, RolloutBody, RolloutRow, RowKey};
use crate::storage::wakeup::{Signals, changes};

/// An attempt by the ids of its rollout and itself.
pub(super) type AttemptKey = (RolloutId, AttemptId);

/// What a statement takes.
pub(super) type Values = Vec<Box<dyn ToSql + Sync + Send>>;

/// A rollout that is locked, as the operation has made it.
#[derive(Debug)]
pub(super) struct Hot {
    pub(super) row: RolloutRow,
    pub(super) place: Option<i64>,
    /// When it is looked at next, by the database.
    pub(super) check: Option<Timestamp>,
    pub(super) newest: Option<AttemptId>,
    /// How it was counted before. Null: it is new.
    pub(super) kind: Option<Kind>,
    pub(super) is_changed: bool,
}

/// An attempt of such a rollout.
#[derive(Debug)]
pub(super) struct HotAttempt {
    pub(super) row: AttemptRow,
    pub(super) last_span: i64,
    pub(super) has_spans: bool,
    pub(super) is_new: bool,
    pub(super) is_changed: bool,
}

/// A worker that is locked, if it exists.
#[derive(Debug)]
pub(super) struct HotWorker {
    pub(super) worker: Option<Worker>,
    pub(super) was_busy: bool,
    pub(super) is_changed: bool,
}

/// What it was that the operation has looked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Looked {
    /// Nothing that others have to know of.
    #[default]
    Elsewhere,
    /// Rollouts in the queue, of which there were none.
    InEmptyQueue,
    /// Rollouts that are due.
    ForDue,
}

/// A transaction on one connection.
pub(super) struct PostgresTx<'a> {
    client: &'a Client,
    pub(super) shared: &'a Shared,
    pub(super) now: Timestamp,
    pub(super) rollouts: IndexMap<RolloutId, Option<Hot>>,
    pub(super) attempts: IndexMap<AttemptKey, HotAttempt>,
    pub(super) bodies: IndexMap<RolloutId, (RolloutBody, bool)>,
    pub(super) workers: IndexMap<WorkerId, HotWorker>,
    pub(super) raised: IndexMap<RolloutId, i64>,
    pub(super) answer: Option<(String, AnswerRow)>,
    /// Statements that come after all others.
    pub(super) writes: Vec<(&'static str, Values)>,
    /// What the operation has added to the numbers of rows.
    pub(super) counts: Counts,
    pub(super) busy: i64,
    pub(super) moves: Moves,
    pub(super) signals: Signals,
    pub(super) is_recording: bool,
    /// The key of the last span that it has added; 0: it has added none.
    pub(super) last_span: i64,
    pub(super) looked: Looked,
    /// Something was written that has to survive a crash.
    pub(super) is_durable: bool,
    arrivals: u64,
    trace: &'a Trace,
}

/// What was committed, for those who want to hear of it.
pub(super) struct Committed {
    pub(super) now: Timestamp,
    pub(super) signals: Signals,
    pub(super) moves: Moves,
    pub(super) counts: Counts,
    pub(super) busy: i64,
    /// See [`PostgresTx::last_span`].
    pub(super) last_span: i64,
    pub(super) looked: Looked,
    pub(super) has_answer: bool,
    /// Of the queue, when it began.
    pub(super) arrivals: u64,
    /// The earliest moment at which one of the rollouts has to be looked at.
    pub(super) next_check: Option<Timestamp>,
}

/// What the database says of a transaction's number, and whether it was told to commit.
#[derive(Debug, Default)]
pub(super) struct Trace {
    pub(super) number: OnceLock<i64>,
    pub(super) is_committing: OnceLock<()>,
}

/// A future that may take only so long.
pub(super) async fn in_time<T>(
    future: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> TxResult<T> {
    let Ok(outcome) = tokio::time::timeout(DATABASE_ANSWER_TIME, future).await else {
        let seconds = DATABASE_ANSWER_TIME.as_secs();
        return Err(StorageFailure::Away(format!("it did not answer within {seconds} s")));
    };
    Ok(outcome?)
}

const LOCK_NEWEST: &str = "/* newest_attempts */ SELECT a.rollout_id, a.attempt_id, a.sequence_id, a.start_time, a.end_time, \
                           a.status, a.worker_id, a.last_heartbeat_time, a.metadata, a.last_span \
                           FROM rollouts r JOIN attempts a ON a.rollout_id = r.rollout_id AND a.sequence_id = r.attempts \
                           WHERE r.rollout_id = ANY($1)";

/// By which it can be found out later what became of a transaction.
const NUMBER: &str = "/* number */ SELECT txid_current()";

fn lock_rollouts() -> String {
    format!(
        "/* lock_rollouts */ SELECT {} FROM rollouts r WHERE r.rollout_id = ANY($1) \
         ORDER BY r.rollout_id FOR NO KEY UPDATE",
        rows::ROLLOUT
    )
}

impl<'a> PostgresTx<'a> {
    /// Begins at the moment that the database names, or at `moment`, and locks some rollouts that exist.
    pub(super) async fn begin(
        client: &'a Client,
        shared: &'a Shared,
        moment: Option<Timestamp>,
        wanted: Vec<&RolloutId>,
        trace: &'a Trace,
    ) -> TxResult<Self> {
        const CLOCK: &str = "/* clock */ SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
        let arrivals = shared.wakeups.arrivals();
        let clock = client.prepare_cached(CLOCK);
        let clock = in_time(clock).await?;
        let begin = client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED");
        let (micros, found) = if wanted.is_empty() {
            let ((), row) = in_time(try_join(begin, client.query_one(&clock, &[]))).await?;
            (row.try_get(0)?, None)
        } else {
            let ids = ids(&wanted);
            let lock = in_time(client.prepare_cached(&lock_rollouts())).await?;
            let newest = in_time(client.prepare_cached(LOCK_NEWEST)).await?;
            let values: [&(dyn ToSql + Sync); 1] = [&ids];
            let number = in_time(client.prepare_cached(NUMBER)).await?;
            let locked = try_join(client.query(&lock, &values), client.query(&newest, &values));
            let asked = client.query_one(&number, &[]);
            let all = try_join4(begin, client.query_one(&clock, &[]), locked, asked);
            let ((), row, (rollouts, attempts), number) = in_time(all).await?;
            let _ = trace.number.set(number.try_get(0)?);
            (row.try_get(0)?, Some((rollouts, attempts)))
        };
        let mut tx = Self {
            client,
            shared,
            now: shared.time.moment(micros, moment),
            rollouts: IndexMap::new(),
            attempts: IndexMap::new(),
            bodies: IndexMap::new(),
            workers: IndexMap::new(),
            raised: IndexMap::new(),
            answer: None,
            writes: Vec::new(),
            counts: Counts::default(),
            busy: 0,
            moves: Moves::default(),
            signals: Signals::default(),
            is_recording: shared.is_recording(),
            last_span: 0,
            looked: Looked::default(),
            is_durable: false,
            arrivals,
            trace,
        };
        if let Some((rollouts, attempts)) = found {
            tx.know(&wanted, &rollouts, &attempts)?;
        }
        Ok(tx)
    }

    /// The rows that a statement finds.
    pub(super) async fn rows(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> TxResult<Vec<Row>> {
        let statement = in_time(self.client.prepare_cached(sql)).await?;
        let number = in_time(self.client.prepare_cached(NUMBER)).await?;
        let (rows, ()) =
            in_time(try_join(self.client.query(&statement, values), self.ask_number(&number))).await?;
        Ok(rows)
    }

    /// Asks for the number of the transaction, once, beside another statement.
    async fn ask_number(&self, number: &Statement) -> Result<(), tokio_postgres::Error> {
        if self.trace.number.get().is_none() {
            let row = self.client.query_one(number, &[]).await?;
            // Only the first one counts.
            let _ = self.trace.number.set(row.try_get(0)?);
        }
        Ok(())
    }

    /// The row that a statement finds, if there is one.
    pub(super) async fn row(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> TxResult<Option<Row>> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Locks rollouts that are not locked yet.
    pub(super) async fn lock(&mut self, wanted: &[&RolloutId]) -> TxResult<()> {
        let wanted: Vec<&RolloutId> =
            wanted.iter().copied().filter(|id| !self.rollouts.contains_key(*id)).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let ids = ids(&wanted);
        let lock = in_time(self.client.prepare_cached(&lock_rollouts())).await?;
        let newest = in_time(self.client.prepare_cached(LOCK_NEWEST)).await?;
        let values: [&(dyn ToSql + Sync); 1] = [&ids];
        // The second statement sees what whoever held the lock has written.
        let both = try_join(self.client.query(&lock, &values), self.client.query(&newest, &values));
        let (rollouts, attempts) = in_time(both).await?;
        self.know(&wanted, &rollouts, &attempts)
    }

    /// Locks what a statement finds that answers the columns of rollouts, and knows their newest attempts.
    pub(super) async fn claim(
        &mut self,
        found: impl Iterator<Item = &Row> + Clone,
    ) -> TxResult<Vec<RolloutId>> {
        let (mut claimed, mut attempted) = (Vec::new(), Vec::new());
        for row in found.clone() {
            let (row, _) = rows::rollout(&mut Columns::of(row))?;
            if row.attempts > 0 {
                attempted.push(pack(row.rollout_id.as_str()).into_owned());
            }
            claimed.push(row.rollout_id);
        }
        let attempts =
            if attempted.is_empty() { Vec::new() } else { self.rows(LOCK_NEWEST, &[&attempted]).await? };
        self.know(&claimed.iter().collect::<Vec<_>>(), found, &attempts)?;
        Ok(claimed)
    }

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
            let id = row.rollout_id.clone();
            let hot = Hot { row, place, check, newest: None, kind: Some(kind), is_changed: false };
            self.rollouts.insert(id, Some(hot));
        }
        for row in attempts {
            let mut columns = Columns::of(row);
            let attempt = rows::attempt(&mut columns)?;
            let last_span = columns.value()?;
            if let Some(Some(hot)) = self.rollouts.get_mut(&attempt.rollout_id) {
                hot.newest = Some(attempt.attempt_id.clone());
                if let Some(kind) = &mut hot.kind {
                    kind.newest = Some(attempt.status);
                }
            }
            self.keep_attempt(attempt, last_span);
        }
        Ok(())
    }

    /// Knows an attempt as it was read.
    pub(super) fn keep_attempt(&mut self, attempt: Attempt, last_span: i64) -> AttemptRow {
        let key = (attempt.rollout_id.clone(), attempt.attempt_id.clone());
        let sign = attempt.last_heartbeat_time.unwrap_or(attempt.start_time);
        let silent_since = Some(self.shared.time.silence_from()).filter(|floor| sign < *floor);
        let row = AttemptRow { key: RowKey(attempt.sequence_id), attempt, silent_since };
        let hot =
            HotAttempt { row: row.clone(), last_span, has_spans: false, is_new: false, is_changed: false };
        self.attempts.insert(key, hot);
        row
    }

    /// The rollout, which must have been locked.
    pub(super) fn hot(&mut self, id: &RolloutId) -> TxResult<&mut Hot> {
        let found = self.rollouts.get_mut(id).and_then(Option::as_mut);
        found.ok_or_else(|| StorageFailure::Unreadable(format!("rollout {id} is gone")))
    }

    /// The status of the newest attempt of a rollout that was locked.
    pub(super) fn newest(&self, id: &RolloutId) -> Option<(&AttemptId, AttemptStatus)> {
        let newest = self.rollouts.get(id)?.as_ref()?.newest.as_ref()?;
        let attempt = self.attempts.get(&(id.clone(), newest.clone()))?;
        Some((newest, attempt.row.attempt.status))
    }

    /// Writes a rollout's row, later. Those that wait get a place at the end of the queue, unless they have one.
    pub(super) fn write_rollout(&mut self, row: &RolloutRow) -> TxResult<()> {
        let needs_place = row.status.is_queued() && self.hot(&row.rollout_id)?.place.is_none();
        let place = needs_place.then(|| self.shared.time.keys(self.now, 1));
        let hot = self.hot(&row.rollout_id)?;
        if place.is_some() {
            hot.place = place;
        }
        hot.row = row.clone();
        hot.is_changed = true;
        hot.check = match (hot.check, row.check_time) {
            // An earlier look stays: it will find that there is time left.
            (Some(known), Some(wanted)) => Some(known.min(wanted)),
            (_, wanted) => wanted,
        };
        self.moves.enqueued += u64::from(place.is_some());
        self.is_durable = true;
        if row.status.is_finished() {
            self.signals.finished.push(row.rollout_id.clone());
        }
        self.note_rollout(row);
        Ok(())
    }

    /// Tells listeners how a rollout stands.
    pub(super) fn note_rollout(&mut self, row: &RolloutRow) {
        if !self.is_recording {
            return;
        }
        let event = changes::rollout(&row.rollout_id, row.status, self.newest(&row.rollout_id));
        self.signals.changes.push(event);
    }

    /// Writes what is to be written and commits.
    ///
    /// # Errors
    /// Nothing was kept, unless the connection was lost after the commit was sent: see [`Trace`].
    pub(super) async fn commit(&mut self) -> TxResult<()> {
        self.count();
        let writes = self.pending()?;
        if self.is_recording && self.moves != Moves::default() {
            // What is told of the queue has to be looked at with what this transaction has done to it.
            self.write_out(writes, false).await?;
            self.note_queue().await?;
            self.write_out(Vec::new(), true).await
        } else {
            self.write_out(writes, true).await
        }
    }

    /// What there is to tell of it once it is committed.
    pub(super) fn committed(self) -> Committed {
        let checks = self.rollouts.values().flatten().filter(|hot| hot.is_changed);
        Committed {
            arrivals: self.arrivals,
            now: self.now,
            next_check: checks.filter_map(|hot| hot.check).min(),
            signals: self.signals,
            moves: self.moves,
            counts: self.counts,
            busy: self.busy,
            last_span: self.last_span,
            looked: self.looked,
            has_answer: self.answer.is_some(),
        }
    }

    /// Sends statements, and the commit after them, before it waits for the first answer.
    async fn write_out(&self, writes: Vec<(&'static str, Values)>, commits: bool) -> TxResult<()> {
        let is_writing = !writes.is_empty() || self.is_durable;
        let mut statements: Vec<(Statement, Values)> = Vec::with_capacity(writes.len());
        for (sql, values) in writes {
            statements.push((in_time(self.client.prepare_cached(sql)).await?, values));
        }
        let number = in_time(self.client.prepare_cached(NUMBER)).await?;
        let is_soft = is_writing && !self.is_durable;
        let executed = statements.iter().map(|(statement, values)| async move {
            let values = values.iter().map(|value| &**value as &(dyn ToSql + Sync));
            self.client.execute_raw(statement, values).await.map(drop)
        });
        let number = async {
            if commits && is_writing {
                self.ask_number(&number).await?;
            }
            Ok(())
        };
        let softly = async {
            if commits && is_soft {
                self.client.batch_execute("SET LOCAL synchronous_commit = off").await?;
            }
            Ok(())
        };
        let commit = async {
            if commits {
                let _ = self.trace.is_committing.set(());
                self.client.batch_execute("COMMIT").await?;
            }
            Ok(())
        };
        // Each is sent when it is asked first, in this order; they are few enough for that.
        in_time(try_join4(try_join_all(executed), number, softly, commit)).await.map(drop)
    }

    /// Counts what has moved.
    fn count(&mut self) {
        let moved: Vec<(Option<Kind>, Kind)> = self
            .rollouts
            .iter()
            .filter_map(|(id, hot)| {
                let hot = hot.as_ref()?;
                let newest = self.newest(id).map(|(_, status)| status);
                Some((hot.kind, Kind { status: hot.row.status, newest, mode: hot.row.mode }))
            })
            .collect();
        for (before, after) in moved {
            match before {
                Some(before) => self.counts.rollout_moved(before, after),
                None => self.counts.rollout_added(after),
            }
        }
        self.busy = self
            .workers
            .values()
            .map(|hot| {
                let is_busy = hot.worker.as_ref().is_some_and(is_busy);
                i64::from(is_busy) - i64::from(hot.was_busy)
            })
            .sum();
    }

    /// Tells listeners how the queue stands.
    async fn note_queue(&mut self) -> TxResult<()> {
        let depth = super::queue::depth(self.client).await?;
        let event = QueueEvent { depth: depth.depth, oldest: depth.oldest, seq: 0 };
        self.signals.changes.push(Event::Queue(event));
        Ok(())
    }
}

/// Whether it works on something.
pub(super) fn is_busy(worker: &Worker) -> bool {
    worker.status == lightning_store_client::wire::WorkerStatus::Busy
}

/// Ids as they are kept.
pub(super) fn ids<T: AsRef<str>>(ids: &[&T]) -> Vec<String> {
    ids.iter().map(|id| pack(id.as_ref()).into_owned()).collect()
}
