//! The writer's transaction: beginning, committing, undoing, and what is remembered so that hot verbs need no read.
//!
//! The verbs themselves are in `verbs.rs`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use lightning_store_client::wire::{
    Attempt, AttemptId, AttemptStatus, Event, QueueEvent, RawJson, ResourcesId, RolloutId, Timestamp,
    Word as _, Worker, WorkerId,
};
use parking_lot::RwLock;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::answers::Answers;
use super::counts;
use super::dashboard::queue::oldest;
use super::deadlines::Deadlines;
use super::rows::{self, seconds};
use super::sequences::{Reservation, Sequences};
use super::soft::{SoftChange, SoftState};
use crate::limits::MAX_KEYS_PER_SWEEP;
use crate::storage::Keep;
use crate::storage::counts::{Counts, Kind};
use crate::storage::error::{StorageFailure, TxResult};
use crate::storage::history::{Levels, Moves};
use crate::storage::rows::{AttemptRow, RolloutRow, RowKey, config_text};
use crate::storage::wakeup::feed::Feed;
use crate::storage::wakeup::{Queued, Signals, changes};

/// So many rollouts and workers are remembered before all are forgotten.
const MAX_REMEMBERED: usize = 50_000;

/// A rollout that was touched lately, as the transaction sees it.
#[derive(Debug)]
pub(super) struct Hot {
    pub(super) row: RolloutRow,
    pub(super) newest: Option<AttemptRow>,
    pub(super) newest_key: Option<RowKey>,
    pub(super) place: Option<i64>,
}

/// The next free numbers.
#[derive(Debug)]
pub(super) struct Next {
    pub(super) rollout: i64,
    pub(super) attempt: i64,
    pub(super) span: i64,
    pub(super) resources: i64,
    pub(super) written: i64,
    pub(super) worker: i64,
    pub(super) place: i64,
}

/// The writer's connection within a transaction, and its memory.
#[derive(Debug)]
pub(super) struct SqliteTx {
    pub(super) connection: Connection,
    pub(super) now: Timestamp,
    pub(super) open: bool,
    pub(super) wrote: bool,
    pub(super) next: Next,
    pub(super) counts: Counts,
    pub(super) counts_on_disk: Counts,
    pub(super) queued: i64,
    pub(super) hot: HashMap<RolloutId, Hot>,
    pub(super) workers: HashMap<WorkerId, (RowKey, Worker)>,
    pub(super) new_workers: u64,
    /// Workers that are busy.
    pub(super) busy: i64,
    busy_on_disk: i64,
    /// What came into the queue and was taken from it since the last commit.
    pub(super) moves: Moves,
    known_workers: Arc<AtomicU64>,
    /// The latest resources, once they were looked up.
    #[expect(clippy::option_option, reason = "not looked up and none are two things")]
    pub(super) latest_resources: Option<Option<ResourcesId>>,
    pub(super) silences: HashMap<RowKey, Timestamp>,
    pub(super) deadlines: Deadlines,
    /// Taken out of the deadlines by transactions that are not committed yet.
    pub(super) claimed_checks: Vec<(RolloutId, Timestamp)>,
    pub(super) sequences: Arc<Sequences>,
    pub(super) pending_sequences: HashMap<RolloutId, i64>,
    pub(super) answers: Answers,
    /// How many superseded versions of each set of resources are kept.
    pub(super) resource_versions: u32,
    pub(super) soft: Arc<RwLock<SoftState>>,
    pub(super) soft_changes: Vec<SoftChange>,
    pub(super) signals: Signals,
    feed: Feed,
    /// Whether changes are recorded for listeners.
    pub(super) is_recording: bool,
}

impl SqliteTx {
    /// Takes over an opened database. `known_workers` will be the number of workers that were ever seen.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn new(
        connection: Connection,
        sequences: Arc<Sequences>,
        soft: Arc<RwLock<SoftState>>,
        known_workers: Arc<AtomicU64>,
        feed: Feed,
        keep: Keep,
    ) -> rusqlite::Result<Self> {
        let answers = Answers::load(&connection, keep.idempotency_keys)?;
        let counts = counts::load(&connection)?;
        let workers = connection.query_row("SELECT count(*) FROM workers", [], |row| row.get::<_, u32>(0))?;
        known_workers.store(u64::from(workers), Ordering::Relaxed);
        let (next, queued) = load_next(&connection)?;
        let busy = connection.query_row("SELECT count(*) FROM workers WHERE status = 'busy'", [], |row| {
            row.get::<_, i64>(0)
        })?;
        Ok(Self {
            connection,
            now: Timestamp::EPOCH,
            open: false,
            wrote: false,
            next,
            counts,
            counts_on_disk: counts,
            queued,
            hot: HashMap::new(),
            workers: HashMap::new(),
            new_workers: 0,
            busy,
            busy_on_disk: busy,
            moves: Moves::default(),
            known_workers,
            latest_resources: None,
            silences: HashMap::new(),
            deadlines: Deadlines::default(),
            claimed_checks: Vec::new(),
            sequences,
            pending_sequences: HashMap::new(),
            answers,
            resource_versions: keep.resource_versions,
            soft,
            soft_changes: Vec::new(),
            signals: Signals::default(),
            feed,
            is_recording: false,
        })
    }

    /// Starts the work of one operation at `now`.
    pub(super) fn begin(&mut self, now: Timestamp) {
        self.now = now;
        self.is_recording = self.feed.is_recording();
        if self.hot.len() > MAX_REMEMBERED {
            self.hot.clear();
        }
        if self.workers.len() > MAX_REMEMBERED {
            self.workers.clear();
        }
    }

    /// Makes everything since the last commit durable and visible; what there is to tell.
    ///
    /// # Errors
    /// What SQLite says. Everything is undone then: call [`SqliteTx::rollback`].
    pub(super) fn commit(&mut self) -> TxResult<Signals> {
        if self.wrote {
            self.answers.make_room(&self.connection, self.now)?;
            if self.counts != self.counts_on_disk {
                counts::save(&self.counts, &self.counts_on_disk, &self.connection)?;
            }
            for (id, reserved) in &self.pending_sequences {
                const SQL: &str =
                    "-- reserve_sequence\nUPDATE rollouts SET sequence_id = ?2 WHERE rollout_id = ?1";
                self.connection.prepare_cached(SQL)?.execute(params![id.as_str(), reserved])?;
            }
            self.note_queue()?;
        }
        if self.open {
            self.connection.prepare_cached("COMMIT")?.execute([])?;
        }
        self.open = false;
        self.wrote = false;
        self.counts_on_disk = self.counts;
        self.busy_on_disk = self.busy;
        self.claimed_checks.clear();
        self.answers.committed();
        self.known_workers.fetch_add(std::mem::take(&mut self.new_workers), Ordering::Relaxed);
        for (id, reserved) in self.pending_sequences.drain() {
            self.sequences.reserved(&id, reserved);
        }
        if !self.soft_changes.is_empty() {
            let mut soft = self.soft.write();
            for change in self.soft_changes.drain(..) {
                soft.apply(change);
            }
        }
        let queued = usize::try_from(self.queued).unwrap_or(0);
        Ok(Signals { queued: Queued::Now(queued), ..std::mem::take(&mut self.signals) })
    }

    /// Undoes everything since the last commit, and forgets what may have come from it.
    pub(super) fn rollback(&mut self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a rollback failed");
        }
        self.open = false;
        self.wrote = false;
        self.counts = self.counts_on_disk;
        self.hot.clear();
        self.workers.clear();
        self.latest_resources = None;
        self.pending_sequences.clear();
        self.soft_changes.clear();
        self.new_workers = 0;
        self.busy = self.busy_on_disk;
        self.moves = Moves::default();
        for (rollout, time) in self.claimed_checks.drain(..) {
            self.deadlines.schedule(&rollout, Some(time));
        }
        self.signals = Signals::default();
        if let Err(error) = self.answers.reload(&self.connection) {
            tracing::error!(%error, "the idempotency keys could not be looked at after a rollback");
        }
        match load_next(&self.connection) {
            Ok((next, queued)) => {
                // Numbers only go up: one that was used and undone is not worth the risk.
                self.queued = queued;
                self.next.place = self.next.place.max(next.place);
            }
            Err(error) => tracing::error!(%error, "the queue could not be counted after a rollback"),
        }
    }

    /// The numbers that are watched over time.
    pub(super) fn levels(&self) -> Levels {
        Levels {
            spans: u64::try_from(self.counts.spans).unwrap_or(0),
            last_span: self.next.span - 1,
            waiting: self.counts.waiting(),
            busy: u64::try_from(self.busy).unwrap_or(0),
        }
    }

    /// The next moment at which a rollout has to be looked at.
    pub(super) fn next_check(&self) -> Option<Timestamp> {
        self.deadlines.next()
    }

    /// Writes the soft state, and forgets idempotency keys whose time is over. `closing` gives sequence counters back,
    /// too.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn write_soft_state(&mut self, now: Timestamp, closing: bool) -> TxResult<()> {
        self.begin(now);
        let (heartbeats, workers) = {
            let soft = self.soft.read();
            (soft.unwritten_heartbeats(), soft.unwritten_workers())
        };
        let reservations = self.sequences.release(closing);
        let is_key_over = self.answers.is_one_over(now);
        if heartbeats.is_empty() && workers.is_empty() && reservations.is_empty() && !is_key_over {
            return Ok(());
        }
        self.write()?;
        if is_key_over {
            self.answers.forget(&self.connection, now, MAX_KEYS_PER_SWEEP)?;
        }
        for (attempt, time) in heartbeats {
            const SQL: &str =
                "-- write_heartbeat\nUPDATE attempts SET last_heartbeat_time = ?2 WHERE key = ?1";
            self.connection.prepare_cached(SQL)?.execute(params![attempt.0, time.seconds()])?;
        }
        for (key, worker) in workers {
            self.write_worker(key, &worker)?;
        }
        for Reservation { rollout, reserved } in reservations {
            const SQL: &str = "-- release_sequence\nUPDATE rollouts SET sequence_id = ?2 WHERE key = ?1";
            self.connection.prepare_cached(SQL)?.execute(params![rollout.0, reserved])?;
        }
        self.commit()?;
        self.soft.write().rotate();
        Ok(())
    }

    /// The connection within a transaction. Reading within one spares SQLite a lock per statement.
    ///
    /// It is one that may write from the start. Going over from reading to writing later could fail at once: a reader
    /// that meets a half-written head of the log takes the lock of the writer for a moment, and SQLite does not wait
    /// for locks within a transaction.
    pub(super) fn read(&mut self) -> TxResult<&Connection> {
        if !self.open {
            self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
            self.open = true;
        }
        Ok(&self.connection)
    }

    /// The same for statements that write.
    pub(super) fn write(&mut self) -> TxResult<&Connection> {
        self.wrote = true;
        self.read()
    }

    /// Remembers a rollout, if it exists.
    pub(super) fn remember(&mut self, id: &RolloutId) -> TxResult<Option<&mut Hot>> {
        static SQL: LazyLock<String> = LazyLock::new(|| {
            format!("-- get_rollout\nSELECT {} FROM rollouts r WHERE r.rollout_id = ?1", rows::ROLLOUT)
        });
        if !self.hot.contains_key(id) {
            let found =
                self.read()?.prepare_cached(&SQL)?.query_row([id.as_str()], |row| Ok(rows::rollout(row)));
            let Some((row, newest_key, place)) = found.optional()?.transpose()? else { return Ok(None) };
            self.hot.insert(id.clone(), Hot { row, newest: None, newest_key, place });
        }
        Ok(self.hot.get_mut(id))
    }

    /// An attempt as it was read, brought up to date.
    pub(super) fn current(&self, key: RowKey, mut attempt: Attempt) -> AttemptRow {
        self.soft.read().cover(key, &mut attempt);
        // What this batch of transactions has heard is newer still.
        for change in &self.soft_changes {
            if let SoftChange::Heartbeat(other, time) = change
                && *other == key
            {
                attempt.last_heartbeat_time = Some(*time);
            }
        }
        AttemptRow { key, attempt, silent_since: self.silences.get(&key).copied() }
    }

    /// Writes a rollout's row. Those that wait get a place at the end of the queue, unless they have one.
    pub(super) fn write_rollout(&mut self, row: &RolloutRow) -> TxResult<()> {
        const SQL: &str = "-- put_rollout\nUPDATE rollouts SET status = ?2, end_time = ?3, mode = ?4, \
                           resources_id = ?5, config = ?6, attempts = ?7, newest_attempt = ?8, queue_place = ?9, \
                           first_start = ?10 WHERE key = ?1";
        let newest = self.newest_attempt(&row.rollout_id)?.map(|newest| newest.attempt.status);
        let Some(hot) = self.hot.get_mut(&row.rollout_id) else {
            return Err(StorageFailure::Unreadable(format!("rollout {} is gone", row.rollout_id)));
        };
        if row.status.is_queued() && hot.place.is_none() {
            hot.place = Some(self.next.place);
            self.next.place += 1;
            self.queued += 1;
            self.moves.enqueued += 1;
        }
        let kind = |row: &RolloutRow| Kind { status: row.status, newest, mode: row.mode };
        self.counts.rollout_moved(kind(&hot.row), kind(row));
        if row.status.is_finished() {
            self.signals.finished.push(row.rollout_id.clone());
        }
        self.deadlines.schedule(&row.rollout_id, row.check_time);
        hot.row = row.clone();
        let (newest, place) = (hot.newest_key.map(|key| key.0), hot.place);
        let config = config_text(&row.config)?;
        let written = self.write()?.prepare_cached(SQL)?.execute(params![
            row.key.0,
            row.status.as_str(),
            seconds(row.end_time),
            row.mode.map(|mode| mode.as_str()),
            row.resources_id.as_ref().map(ResourcesId::as_str),
            config,
            row.attempts,
            newest,
            place,
            seconds(row.first_start),
        ])?;
        expect_one(written)?;
        self.note_rollout(row)
    }

    /// Tells listeners how a rollout stands.
    fn note_rollout(&mut self, row: &RolloutRow) -> TxResult<()> {
        if !self.is_recording {
            return Ok(());
        }
        let newest = self.newest_attempt(&row.rollout_id)?;
        let newest = newest.as_ref().map(|newest| (&newest.attempt.attempt_id, newest.attempt.status));
        self.signals.changes.push(changes::rollout(&row.rollout_id, row.status, newest));
        Ok(())
    }

    /// The newest attempt of a rollout gets this status, or one with it becomes the newest: counts that, and must be called
    /// before it is done.
    pub(super) fn count_newest(&mut self, rollout: &RolloutId, status: AttemptStatus) -> TxResult<()> {
        let newest = self.newest_attempt(rollout)?.map(|newest| newest.attempt.status);
        let Some(hot) = self.hot.get(rollout) else { return Ok(()) };
        let kind = |newest| Kind { status: hot.row.status, newest, mode: hot.row.mode };
        self.counts.rollout_moved(kind(newest), kind(Some(status)));
        Ok(())
    }

    /// Tells listeners how the queue stands, if that has changed.
    fn note_queue(&mut self) -> TxResult<()> {
        let depth = self.counts.waiting();
        if !self.is_recording || (self.moves == Moves::default() && depth == self.counts_on_disk.waiting()) {
            return Ok(());
        }
        let oldest = oldest(&self.connection, &self.soft)?;
        self.signals.changes.push(Event::Queue(QueueEvent { depth, oldest, seq: 0 }));
        Ok(())
    }

    /// The newest attempt of a rollout, if both exist.
    pub(super) fn newest_attempt(&mut self, rollout: &RolloutId) -> TxResult<Option<AttemptRow>> {
        static SQL: LazyLock<String> = LazyLock::new(|| {
            format!("-- get_newest_attempt\nSELECT {} FROM attempts a WHERE a.key = ?1", rows::ATTEMPT)
        });
        let Some(hot) = self.remember(rollout)? else { return Ok(None) };
        if hot.newest.is_some() {
            return Ok(hot.newest.clone());
        }
        let Some(key) = hot.newest_key else { return Ok(None) };
        let (key, attempt) = self
            .read()?
            .prepare_cached(&SQL)?
            .query_row([key.0], |row| Ok(rows::attempt(row, 0, rollout)))??;
        let row = self.current(key, attempt);
        if let Some(hot) = self.hot.get_mut(rollout) {
            hot.newest = Some(row.clone());
        }
        Ok(Some(row))
    }

    /// Writes a worker's row.
    pub(super) fn write_worker(&mut self, key: RowKey, worker: &Worker) -> TxResult<()> {
        const SQL: &str = "-- put_worker\nINSERT INTO workers (key, worker_id, status, heartbeat_stats, \
                           last_heartbeat_time, last_dequeue_time, last_busy_time, last_idle_time, \
                           current_rollout_id, current_attempt_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
                           ON CONFLICT (key) DO UPDATE SET status = excluded.status, \
                           heartbeat_stats = excluded.heartbeat_stats, \
                           last_heartbeat_time = excluded.last_heartbeat_time, \
                           last_dequeue_time = excluded.last_dequeue_time, \
                           last_busy_time = excluded.last_busy_time, last_idle_time = excluded.last_idle_time, \
                           current_rollout_id = excluded.current_rollout_id, \
                           current_attempt_id = excluded.current_attempt_id";
        let written = self.write()?.prepare_cached(SQL)?.execute(params![
            key.0,
            worker.worker_id.as_str(),
            worker.status.as_str(),
            worker.heartbeat_stats.as_ref().map(RawJson::as_str),
            seconds(worker.last_heartbeat_time),
            seconds(worker.last_dequeue_time),
            seconds(worker.last_busy_time),
            seconds(worker.last_idle_time),
            worker.current_rollout_id.as_ref().map(RolloutId::as_str),
            worker.current_attempt_id.as_ref().map(AttemptId::as_str),
        ])?;
        expect_one(written)
    }
}

/// A write that touches another number of rows than one means that memory and database have come apart.
pub(super) fn expect_one(written: usize) -> TxResult<()> {
    if written == 1 {
        return Ok(());
    }
    Err(StorageFailure::Unreadable(format!("a write that must touch one row touched {written}")))
}

fn load_next(connection: &Connection) -> rusqlite::Result<(Next, i64)> {
    let next = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(|last| last + 1);
    let numbers = Next {
        rollout: next("SELECT coalesce(max(key), 0) FROM rollouts")?,
        attempt: next("SELECT coalesce(max(key), 0) FROM attempts")?,
        span: next("SELECT coalesce(max(key), 0) FROM spans")?,
        resources: next("SELECT coalesce(max(key), 0) FROM resources")?,
        written: next("SELECT coalesce(max(written), 0) FROM resources")?,
        worker: next("SELECT coalesce(max(key), 0) FROM workers")?,
        place: next("SELECT coalesce(max(queue_place), 0) FROM rollouts WHERE queue_place IS NOT NULL")?,
    };
    let queued = next("SELECT count(*) - 1 FROM rollouts WHERE queue_place IS NOT NULL")?;
    Ok((numbers, queued))
}
