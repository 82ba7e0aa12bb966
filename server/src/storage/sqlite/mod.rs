//! The store in one SQLite file.
//!
//! ```text
//!  Operation ──▶ channel ──▶ writer thread ── one commit per batch ──▶ answers, wake-ups
//!  query     ──▶ channel ──▶ reader threads, each with a connection of its own
//!                            checkpointer thread: moves the log into the database
//! ```
//!
//! - [`open`]: whose file it is, and its schema (`migrations/`).
//! - [`writer`], [`transaction`], [`verbs`]: the write side. [`counts`], [`deadlines`], [`sequences`] and [`soft`] are
//!   what the writer keeps in memory; [`answers`] forgets idempotency keys.
//! - [`queries`]: the read side. [`dashboard`]: what people look at.
//! - [`rows`]: columns ↔ types.

mod answers;
mod checkpoint;
mod counts;
mod dashboard;
mod deadlines;
mod open;
mod queries;
mod rows;
mod sequences;
mod soft;
mod transaction;
mod verbs;
mod writer;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use lightning_store_client::wire::{
    Attempt, AttemptField, Page, ResourcesField, ResourcesFilter, ResourcesId, ResourcesUpdate, Rollout,
    RolloutField, RolloutFilter, RolloutId, RolloutWithAttempt, Sort, SpanField, SpanFilter, SpanRecord,
    Timestamp, Window, Worker, WorkerField, WorkerFilter, WorkerId,
};
use parking_lot::{Mutex, RwLock};
use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

pub use self::open::OpenError;
use self::open::{Place, open_reader, open_writer};
use self::sequences::Sequences;
use self::soft::SoftState;
use self::transaction::SqliteTx;
use self::writer::{Call, Job, Writer};
use super::dashboard::summary::Steps;
use super::error::{StorageFailure, StoreError, TxResult};
use super::history::History;
use super::tx::Operation;
use super::wakeup::Wakeups;
use super::{Keep, Totals};
use crate::clock::Clock;
use crate::limits::{MAX_WAITING_READS, MAX_WAITING_WRITES};

type Query = Box<dyn FnOnce(&Connection, &RwLock<SoftState>) + Send>;

/// A store in an SQLite file. Clones share it.
#[derive(Debug, Clone)]
pub struct SqliteStore(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    name: &'static str,
    channels: RwLock<Option<Channels>>,
    threads: Mutex<Threads>,
    sequences: Arc<Sequences>,
    known_workers: Arc<AtomicU64>,
    history: History,
    steps: Steps,
    wakeups: Wakeups,
    next_check: watch::Receiver<Option<Timestamp>>,
    keep: Keep,
    place: Arc<Place>,
}

/// In the order in which they end: the last connection to close moves the log into the database for good, which one
/// that only reads cannot.
#[derive(Debug, Default)]
struct Threads {
    readers: Vec<JoinHandle<()>>,
    writers: Vec<JoinHandle<()>>,
}

#[derive(Clone)]
struct Channels {
    jobs: crossbeam_channel::Sender<Box<dyn Job>>,
    queries: crossbeam_channel::Sender<Query>,
}

impl std::fmt::Debug for Channels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Channels")
    }
}

impl SqliteStore {
    /// Opens the database at `path`, or makes it.
    ///
    /// # Errors
    /// [`OpenError`]; its text says what to do.
    pub fn open(path: &Path, clock: Arc<dyn Clock>, keep: Keep) -> Result<Self, OpenError> {
        Self::start("SQLite", Place::file(path)?, clock, keep)
    }

    /// Opens a store that is gone with the process.
    ///
    /// # Errors
    /// [`OpenError`]; its text says what to do.
    pub fn memory(clock: Arc<dyn Clock>, keep: Keep) -> Result<Self, OpenError> {
        Self::start("memory", Place::memory()?, clock, keep)
    }

    fn start(name: &'static str, place: Place, clock: Arc<dyn Clock>, keep: Keep) -> Result<Self, OpenError> {
        let place = Arc::new(place);
        let connection = open_writer(&place)?;
        let failed =
            |source: rusqlite::Error| OpenError::Sqlite { path: place.display(), source: source.into() };
        let sequences = Arc::new(Sequences::default());
        let soft = Arc::new(RwLock::new(SoftState::new()));
        let wakeups = Wakeups::default();
        let known_workers = Arc::new(AtomicU64::new(0));
        let history = History::default();
        let tx = SqliteTx::new(
            connection,
            sequences.clone(),
            soft.clone(),
            known_workers.clone(),
            wakeups.feed().clone(),
            keep,
        )
        .map_err(failed)?;
        history.begin(clock.now(), tx.levels());
        wakeups.interest().spans_are(tx.levels().last_span);
        let (jobs, waiting_jobs) = crossbeam_channel::bounded(MAX_WAITING_WRITES);
        let (queries, waiting_queries) = crossbeam_channel::bounded::<Query>(MAX_WAITING_READS);
        let (committed, commits) = crossbeam_channel::bounded(1);
        let (checks, next_check) = watch::channel(None);
        let mut threads = Threads::default();
        let spawn = |name: &str, work: Box<dyn FnOnce() + Send>| {
            let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
            thread.map_err(|source| OpenError::File { path: place.display(), source })
        };
        let writer = Writer {
            tx,
            jobs: waiting_jobs,
            clock,
            wakeups: wakeups.clone(),
            history: history.clone(),
            next_check: checks,
            committed,
            commits: 0,
        };
        threads.writers.push(spawn("sqlite-writer", Box::new(move || writer.run()))?);
        for _ in 0..readers() {
            let connection = open_reader(&place).map_err(failed)?;
            let (queries, soft) = (waiting_queries.clone(), soft.clone());
            threads
                .readers
                .push(spawn("sqlite-reader", Box::new(move || read(&connection, &soft, &queries)))?);
        }
        let checkpointed = place.clone();
        let moving = Box::new(move || checkpoint::run(&checkpointed, &commits));
        threads.writers.push(spawn("sqlite-checkpoint", moving)?);
        Ok(Self(Arc::new(Shared {
            name,
            channels: RwLock::new(Some(Channels { jobs, queries })),
            threads: Mutex::new(threads),
            sequences,
            known_workers,
            history,
            steps: Steps::default(),
            wakeups,
            next_check,
            keep,
            place,
        })))
    }

    /// What kind of store this is.
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// Who waits for what.
    pub fn wakeups(&self) -> &Wakeups {
        &self.0.wakeups
    }

    /// When the next rollout has to be looked at.
    pub fn next_check(&self) -> watch::Receiver<Option<Timestamp>> {
        self.0.next_check.clone()
    }

    /// The next number of a rollout, if one can be had without writing.
    pub fn next_reserved_sequence_id(&self, rollout: &RolloutId) -> Option<i64> {
        self.0.sequences.next_reserved(rollout)
    }

    /// How many superseded versions of each set of resources are kept.
    pub fn kept_versions(&self) -> u32 {
        self.0.keep.resource_versions
    }

    /// Carries out an operation.
    ///
    /// # Errors
    /// [`StoreError`].
    ///
    /// # Cancel safety
    /// Dropping the future does not stop the operation once it was polled.
    pub async fn transact<O: Operation>(&self, operation: O) -> Result<O::Output, StoreError> {
        let jobs = self.channels()?.jobs;
        let (call, reply) = Call::new(operation);
        jobs.try_send(Box::new(call)).map_err(|error| match error {
            crossbeam_channel::TrySendError::Full(_) => StoreError::Overloaded { limit: MAX_WAITING_WRITES },
            crossbeam_channel::TrySendError::Disconnected(_) => StoreError::Closed,
        })?;
        drop(jobs);
        reply.await.unwrap_or(Err(StoreError::Closed))
    }

    /// How many operations wait.
    pub fn running(&self) -> usize {
        self.channels().map_or(0, |channels| channels.jobs.len())
    }

    fn channels(&self) -> Result<Channels, StoreError> {
        self.0.channels.read().clone().ok_or(StoreError::Closed)
    }

    async fn query<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Connection, &RwLock<SoftState>) -> TxResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let query: Query = Box::new(move |connection, soft| {
            let outcome = catch_unwind(AssertUnwindSafe(|| consistently(connection, soft, run)));
            // Whoever asked may have gone.
            let _ = reply.send(outcome.unwrap_or(Err(StorageFailure::Panicked)));
        });
        self.channels()?.queries.try_send(query).map_err(|error| match error {
            crossbeam_channel::TrySendError::Full(_) => StoreError::Overloaded { limit: MAX_WAITING_READS },
            crossbeam_channel::TrySendError::Disconnected(_) => StoreError::Closed,
        })?;
        let outcome = answer.await.unwrap_or(Err(StorageFailure::Panicked));
        outcome.map_err(StoreError::Storage)
    }

    /// One rollout with its newest attempt.
    ///
    /// # Errors
    /// [`StoreError::Storage`] or [`StoreError::Closed`], as for all queries.
    pub async fn get_rollout(&self, id: RolloutId) -> Result<Option<RolloutWithAttempt>, StoreError> {
        self.query(move |connection, soft| queries::get_rollout(connection, soft, &id)).await
    }

    /// Those of the rollouts that exist, in the order asked for.
    ///
    /// # Errors
    /// As [`SqliteStore::get_rollout`].
    pub async fn get_rollouts(&self, ids: Vec<RolloutId>) -> Result<Vec<Rollout>, StoreError> {
        self.query(move |connection, _| queries::get_rollouts(connection, &ids)).await
    }

    /// A list of rollouts.
    ///
    /// # Errors
    /// As [`SqliteStore::get_rollout`].
    pub async fn query_rollouts(
        &self,
        filter: RolloutFilter,
        sort: Option<Sort<RolloutField>>,
        window: Window,
    ) -> Result<Page<RolloutWithAttempt>, StoreError> {
        self.query(move |connection, soft| queries::query_rollouts(connection, soft, &filter, sort, window))
            .await
    }

    /// A list of the attempts of a rollout.
    ///
    /// # Errors
    /// As [`SqliteStore::get_rollout`].
    pub async fn query_attempts(
        &self,
        id: RolloutId,
        sort: Option<Sort<AttemptField>>,
        window: Window,
    ) -> Result<Page<Attempt>, StoreError> {
        self.query(move |connection, soft| queries::query_attempts(connection, soft, &id, sort, window)).await
    }

    /// The newest attempt of a rollout.
    ///
    /// # Errors
    /// As [`SqliteStore::get_rollout`].
    pub async fn get_latest_attempt(&self, id: RolloutId) -> Result<Option<Attempt>, StoreError> {
        self.query(move |connection, soft| queries::get_latest_attempt(connection, soft, &id)).await
    }

    /// A list of the spans of a rollout.
    ///
    /// # Errors
    /// As [`SqliteStore::get_rollout`].
    pub async fn query_spans(
        &self,
        filter: SpanFilter,
        sort: Option<Sort<SpanField>>,
        window: Window,
    ) -> Result<Page<SpanRecord>, StoreError> {
        self.query(move |connection, soft| queries::query_spans(connection, soft, &filter, sort, window))
            .await
    }

    /// One set of resources.
    ///
    /// # Errors
    /// As [`SqliteStore::get_rollout`].
    pub async fn get_resources(&self, id: ResourcesId) -> Result<Option<ResourcesUpdate>, StoreError> {
        self.query(move |connection, _| queries::get_resources(connection, &id)).await
    }

    /// The resources that were written last.
    ///
    /// # Errors
    /// As [`SqliteStore::get_rollout`].
    pub async fn get_latest_resources(&self) -> Result<Option<ResourcesUpdate>, StoreError> {
        self.query(|connection, _| queries::get_latest_resources(connection)).await
    }

    /// A list of sets of resources.
    ///
    /// # Errors
    /// As [`SqliteStore::get_rollout`].
    pub async fn query_resources(
        &self,
        filter: ResourcesFilter,
        sort: Option<Sort<ResourcesField>>,
        window: Window,
    ) -> Result<Page<ResourcesUpdate>, StoreError> {
        self.query(move |connection, _| queries::query_resources(connection, &filter, sort, window)).await
    }

    /// One worker.
    ///
    /// # Errors
    /// As [`SqliteStore::get_rollout`].
    pub async fn get_worker(&self, id: WorkerId) -> Result<Option<Worker>, StoreError> {
        self.query(move |connection, soft| queries::get_worker(connection, soft, &id)).await
    }

    /// A list of workers.
    ///
    /// # Errors
    /// As [`SqliteStore::get_rollout`].
    pub async fn query_workers(
        &self,
        filter: WorkerFilter,
        sort: Option<Sort<WorkerField>>,
        window: Window,
    ) -> Result<Page<Worker>, StoreError> {
        self.query(move |connection, soft| queries::query_workers(connection, soft, &filter, sort, window))
            .await
    }

    /// How many there are of what.
    ///
    /// # Errors
    /// As [`SqliteStore::get_rollout`]. A success shows that the database can be read.
    pub async fn totals(&self) -> Result<Totals, StoreError> {
        let workers = self.0.known_workers.load(Ordering::Relaxed);
        self.query(move |connection, _| Ok(counts::load(connection)?.totals(workers))).await
    }

    /// Finishes what was accepted, writes what was kept in memory, and gives the file free. Everything after that is
    /// refused as [`StoreError::Closed`].
    pub async fn close(&self) {
        let shared = self.0.clone();
        let closed = tokio::task::spawn_blocking(move || {
            let Some(Channels { jobs, queries }) = shared.channels.write().take() else { return };
            let Threads { readers, writers } = std::mem::take(&mut *shared.threads.lock());
            drop(queries);
            join(readers);
            drop(jobs);
            join(writers);
            shared.place.release();
        });
        if closed.await.is_err() {
            tracing::error!("closing the store failed");
        }
    }
}

fn join(threads: Vec<JoinHandle<()>>) {
    for thread in threads {
        if thread.join().is_err() {
            tracing::error!("a thread of the store panicked");
        }
    }
}

/// Runs a query that may consist of several statements on one state of the database.
fn consistently<T>(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    run: impl FnOnce(&Connection, &RwLock<SoftState>) -> TxResult<T>,
) -> TxResult<T> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    let outcome = run(connection, soft);
    connection.prepare_cached("COMMIT")?.execute([])?;
    outcome
}

fn read(connection: &Connection, soft: &RwLock<SoftState>, queries: &crossbeam_channel::Receiver<Query>) {
    while let Ok(query) = queries.recv() {
        query(connection, soft);
        if !connection.is_autocommit() {
            // The query panicked half-way.
            let _ = connection.execute_batch("ROLLBACK");
        }
    }
}

/// As many as there are processors, within reason.
fn readers() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 8)
}
