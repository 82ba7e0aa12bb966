//! A transaction: beginning, what it knows, and writing all of it at once.
//!
//! Rows are fetched and locked at the [beginning](super::begin) or when they are asked for, kept here as operations change
//! them, and written in one go with the commit: each kind of rows by one statement, and all statements, the commit among
//! them, on their way before the first is answered. So a transaction waits for the database two or three times, whatever the
//! number of its operations and rows.
//!
//! An attempt belongs to the lock of its rollout: who has locked a rollout has its attempts and spans for itself.

use std::collections::{HashSet, VecDeque};
use std::sync::OnceLock;

use deadpool_postgres::Client;
use futures_util::future::{try_join, try_join_all};
use indexmap::IndexMap;
use lightning_store_client::wire::{
    AttemptId, AttemptStatus, ResourcesId, RolloutId, Timestamp, Worker, WorkerId,
};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};

use super::Shared;
use super::marks::Mark;
use super::spans::NewSpan;
use super::text::pack;
use crate::limits::DATABASE_ANSWER_TIME;
use crate::storage::counts::{Counts, Kind};
use crate::storage::error::{StorageFailure, TxResult};
use crate::storage::history::Moves;
use crate::storage::rows::{AnswerRow, AttemptRow, RolloutBody, RolloutRow};
use crate::storage::wakeup::{Signals, changes};

/// An attempt by the ids of its rollout and itself.
pub(super) type AttemptKey = (RolloutId, AttemptId);

/// What a statement takes.
pub(super) type Values = Vec<Box<dyn ToSql + Sync + Send>>;

/// A rollout that is locked, as the operations have made it.
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

/// The numbers of a rollout's spans.
#[derive(Debug)]
pub(super) struct Counter {
    pub(super) last: i64,
    /// It has no row.
    pub(super) is_new: bool,
    pub(super) is_changed: bool,
}

impl Default for Counter {
    fn default() -> Self {
        Self { last: 0, is_new: true, is_changed: false }
    }
}

/// What is remembered of a call.
#[derive(Debug, Default)]
pub(super) struct HotAnswer {
    pub(super) row: Option<AnswerRow>,
    /// Its row is there, and its time is over.
    pub(super) is_over: bool,
    pub(super) is_new: bool,
}

/// The resources that were written last.
#[derive(Debug)]
pub(super) enum Latest {
    Unknown,
    /// Null: there are none.
    Known(Option<ResourcesId>),
}

/// How a transaction goes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Spans are taken to be new, and written with the commit, which fails if they are not.
    Hopeful,
    /// Spans are written when they come, and the database says which ones are new.
    Careful,
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
    pub(super) client: &'a Client,
    pub(super) manner: Manner,
    pub(super) shared: &'a Shared,
    pub(super) now: Timestamp,
    pub(super) rollouts: IndexMap<RolloutId, Option<Hot>>,
    pub(super) attempts: IndexMap<AttemptKey, HotAttempt>,
    pub(super) bodies: IndexMap<RolloutId, (RolloutBody, bool)>,
    pub(super) workers: IndexMap<WorkerId, HotWorker>,
    pub(super) counters: IndexMap<RolloutId, Counter>,
    pub(super) answers: IndexMap<String, HotAnswer>,
    pub(super) latest_resources: Latest,
    /// Rollouts that were locked at the front of the queue and that no operation has taken yet.
    pub(super) queue: VecDeque<(RolloutId, RolloutBody)>,
    /// Those that were ever in there: the database finds them again.
    pub(super) passed: HashSet<RolloutId>,
    /// There are no more of them.
    pub(super) is_queue_read: bool,
    /// Those that operations have added, by attempt and id.
    pub(super) seen_spans: HashSet<(AttemptKey, String)>,
    /// Spans that are written with the commit.
    pub(super) spans: Vec<NewSpan>,
    /// Statements that come after all others.
    pub(super) writes: Vec<(&'static str, Values)>,
    /// What its operations have added to the numbers of rows.
    pub(super) counts: Counts,
    pub(super) busy: i64,
    pub(super) moves: Moves,
    pub(super) signals: Signals,
    /// Somebody listened when it began: how the queue stands will have to be told.
    pub(super) tells_queue: bool,
    /// The key of the last span that it has added; 0: it has added none.
    pub(super) last_span: i64,
    pub(super) looked: Looked,
    /// Something was written that has to survive a crash.
    pub(super) is_durable: bool,
    pub(super) arrivals: u64,
    pub(super) trace: &'a Trace<'a>,
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
    /// It was told how the queue stands.
    pub(super) tells_queue: bool,
    /// So many are remembered besides.
    pub(super) answers: i64,
    /// Of the queue, when it began.
    pub(super) arrivals: u64,
    /// The earliest moment at which one of the rollouts has to be looked at.
    pub(super) next_check: Option<Timestamp>,
}

/// By which it can be found out what became of a transaction.
#[derive(Debug)]
pub(super) struct Trace<'a> {
    /// What the database calls it.
    pub(super) number: OnceLock<i64>,
    /// The database was told to commit.
    pub(super) is_committing: OnceLock<()>,
    pub(super) mark: Mark<'a>,
}

impl<'a> Trace<'a> {
    pub(super) fn of(mark: Mark<'a>) -> Self {
        Self { number: OnceLock::new(), is_committing: OnceLock::new(), mark }
    }
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

impl PostgresTx<'_> {
    /// The rows that a statement finds.
    pub(super) async fn rows(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> TxResult<Vec<Row>> {
        let statement = in_time(self.client.prepare_cached(sql)).await?;
        in_time(self.client.query(&statement, values)).await
    }

    /// The row that a statement finds, if there is one.
    pub(super) async fn row(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> TxResult<Option<Row>> {
        Ok(self.rows(sql, values).await?.into_iter().next())
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
        let event = changes::rollout(&row.rollout_id, row.status, self.newest(&row.rollout_id));
        self.signals.changes.push(event);
    }

    /// Writes what is to be written and commits.
    ///
    /// # Errors
    /// Nothing was kept, unless the connection was lost after the commit was sent: see [`Trace`].
    pub(super) async fn commit(&mut self) -> TxResult<()> {
        self.count();
        let mut writes = self.pending()?;
        if self.is_durable {
            writes.push(self.trace.mark.written(self.now));
        }
        if self.tells_queue && self.moves != Moves::default() {
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
            tells_queue: self.tells_queue,
            answers: self.answers.values().map(|answer| i64::from(answer.is_new)).sum(),
        }
    }

    /// Sends statements, and the commit after them, before it waits for the first answer.
    async fn write_out(&self, writes: Vec<(&'static str, Values)>, commits: bool) -> TxResult<()> {
        let is_writing = !writes.is_empty() || self.is_durable;
        let mut statements: Vec<(Statement, Values)> = Vec::with_capacity(writes.len());
        for (sql, values) in writes {
            statements.push((in_time(self.client.prepare_cached(sql)).await?, values));
        }
        let is_soft = is_writing && !self.is_durable;
        let executed = statements.iter().map(|(statement, values)| async move {
            let values = values.iter().map(|value| &**value as &(dyn ToSql + Sync));
            self.client.execute_raw(statement, values).await.map(drop)
        });
        let commit = async {
            if commits {
                let _ = self.trace.is_committing.set(());
                let softly = "SET LOCAL synchronous_commit = off; COMMIT";
                self.client.batch_execute(if is_soft { softly } else { "COMMIT" }).await?;
            }
            Ok(())
        };
        // Each is sent when it is asked first, in this order; they are few enough for that.
        in_time(try_join(try_join_all(executed), commit)).await.map(drop)
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
        self.signals.changes.push(super::queue::event(self.client).await?);
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
