//! Where rollouts, attempts, spans, resources and workers are kept.
//!
//! - [`tx`]: the write side. A use case is an [`Operation`] over row verbs ([`tx::Tx`]).
//! - [`reads`]: the read side: what queries have in common.
//! - [`wakeup`]: signals from writes to those who wait or listen.
//! - [`rows`], [`facts`], [`error`]: what the verbs speak of; [`resources`]: what lists of resources tell.
//! - [`cursor`], [`history`]: what lists and charts of the dashboard need beside the rows.
//! - [`counts`]: numbers of rows that are kept. [`dashboard`]: what its queries are on every database.
//! - [`sqlite`]: the implementation on SQLite, on disk or in memory; [`postgres`]: that on PostgreSQL.
//!
//! To add another database: implement [`tx::Tx`] and the queries of [`Store`], add a variant to [`Store`], and run the
//! conformance suite (`tests/tests/conformance`) over it. Nothing above this folder changes.

pub mod counts;
pub mod cursor;
mod dashboard;
pub mod error;
pub mod facts;
pub mod history;
pub mod postgres;
pub mod reads;
pub mod resources;
pub mod rows;
pub mod sqlite;
pub mod tx;
pub mod wakeup;

use std::path::Path;
use std::sync::Arc;

use lightning_store_client::wire::dashboard::{
    FindRollouts, FindTrace, FindWaiting, FindWorkers, LightTrace, QueueView, RolloutDetail, RolloutRow,
    RolloutRows, StoreSummary, SummaryWindow, WorkerDetail, WorkerRows,
};
use lightning_store_client::wire::{
    Attempt, AttemptField, AttemptId, Page, ResourcesField, ResourcesFilter, ResourcesId, ResourcesUpdate,
    Rollout, RolloutField, RolloutFilter, RolloutId, RolloutWithAttempt, Sort, SpanField, SpanFilter,
    SpanRecord, Timestamp, Window, Worker, WorkerField, WorkerFilter, WorkerId,
};
use tokio::sync::watch;

use self::cursor::Cursor;
use self::error::{NotFound, StoreError};
use self::facts::FactsBatch;
use self::history::History;
use self::postgres::PostgresStore;
pub use self::resources::{Outcomes, ResourcesRecord, VersionRecord};
use self::rows::{RowKey, SpanKey};
use self::sqlite::{OpenError, SqliteStore};
use self::tx::Operation;
use self::wakeup::Wakeups;
use crate::clock::Clock;
use crate::limits::{IDEMPOTENCY_KEYS, RESOURCE_VERSIONS};

/// Numbers of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Rollouts of any status.
    pub rollouts: u64,
    /// Attempts of any status.
    pub attempts: u64,
    /// Spans.
    pub spans: u64,
    /// Sets of resources.
    pub resources: u64,
    /// Workers.
    pub workers: u64,
}

/// How much is kept of what is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Idempotency keys.
    pub idempotency_keys: u32,
    /// Superseded versions of each set of resources. 0: none.
    pub resource_versions: u32,
}

impl Default for Keep {
    fn default() -> Self {
        Self { idempotency_keys: IDEMPOTENCY_KEYS, resource_versions: RESOURCE_VERSIONS }
    }
}

/// A store. Clones share it.
#[derive(Debug, Clone)]
pub enum Store {
    /// In one SQLite file, or in memory.
    Sqlite(SqliteStore),
    /// In a PostgreSQL database, which other servers may use, too.
    Postgres(PostgresStore),
}

/// Sends a query to the store that is there.
macro_rules! queries {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) -> $output:ty;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// [`StoreError::Storage`] or [`StoreError::Closed`].
        pub async fn $name(&self, $($argument: $type),*) -> Result<$output, StoreError> {
            match self {
                Self::Sqlite(store) => store.$name($($argument),*).await,
                Self::Postgres(store) => store.$name($($argument),*).await,
            }
        }
    )*};
}

impl Store {
    /// Opens the SQLite database at `path`, or makes it.
    ///
    /// # Errors
    /// [`OpenError`]; its text says what to do.
    pub fn sqlite(path: &Path, clock: Arc<dyn Clock>, keep: Keep) -> Result<Self, OpenError> {
        SqliteStore::open(path, clock, keep).map(Self::Sqlite)
    }

    /// Opens a store that is gone with the process.
    ///
    /// # Errors
    /// [`OpenError`]; its text says what to do.
    pub fn memory(clock: Arc<dyn Clock>, keep: Keep) -> Result<Self, OpenError> {
        SqliteStore::memory(clock, keep).map(Self::Sqlite)
    }

    /// Opens a PostgreSQL database, and brings its schema up to date. Up to so many connections are used at a time, and one
    /// more for what servers tell each other.
    ///
    /// # Errors
    /// [`postgres::OpenError`]; its text says what to do.
    pub async fn postgres(
        address: postgres::Address,
        connections: usize,
        source: postgres::Source,
        keep: Keep,
    ) -> Result<Self, postgres::OpenError> {
        PostgresStore::open(address, connections, source, keep).await.map(Self::Postgres)
    }

    /// What kind of store this is.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(store) => store.name(),
            Self::Postgres(store) => store.name(),
        }
    }

    /// How many superseded versions of each set of resources are kept.
    pub fn kept_versions(&self) -> u32 {
        match self {
            Self::Sqlite(store) => store.kept_versions(),
            Self::Postgres(store) => store.kept_versions(),
        }
    }

    /// Carries out an operation in one transaction. When it has answered, its effects are durable.
    ///
    /// # Errors
    /// [`StoreError`].
    ///
    /// # Cancel safety
    /// Dropping the future does not stop the operation once it was polled.
    pub async fn transact<O: Operation>(&self, operation: O) -> Result<O::Output, StoreError> {
        match self {
            Self::Sqlite(store) => store.transact(operation).await,
            Self::Postgres(store) => store.transact(operation).await,
        }
    }

    /// What the storage itself counts, as Prometheus reads it.
    pub fn metrics(&self) -> String {
        match self {
            Self::Sqlite(_) => String::new(),
            Self::Postgres(store) => store.metrics(),
        }
    }

    /// How many operations wait or are being carried out.
    pub fn running(&self) -> usize {
        match self {
            Self::Sqlite(store) => store.running(),
            Self::Postgres(store) => store.running(),
        }
    }

    /// Who waits for what.
    pub fn wakeups(&self) -> &Wakeups {
        match self {
            Self::Sqlite(store) => store.wakeups(),
            Self::Postgres(store) => store.wakeups(),
        }
    }

    /// When the next rollout has to be looked at; null while none has to.
    pub fn next_check(&self) -> watch::Receiver<Option<Timestamp>> {
        match self {
            Self::Sqlite(store) => store.next_check(),
            Self::Postgres(store) => store.next_check(),
        }
    }

    /// The next number of a rollout, if one can be had without writing.
    pub fn next_reserved_sequence_id(&self, rollout: &RolloutId) -> Option<i64> {
        match self {
            Self::Sqlite(store) => store.next_reserved_sequence_id(rollout),
            Self::Postgres(_) => None,
        }
    }

    /// What has happened lately.
    pub fn history(&self) -> &History {
        match self {
            Self::Sqlite(store) => store.history(),
            Self::Postgres(store) => store.history(),
        }
    }

    queries! {
        /// One rollout with its newest attempt.
        get_rollout(id: RolloutId) -> Option<RolloutWithAttempt>;
        /// Those of the rollouts that exist, in the order asked for; repeated ones repeatedly.
        get_rollouts(ids: Vec<RolloutId>) -> Vec<Rollout>;
        /// A list of rollouts.
        query_rollouts(filter: RolloutFilter, sort: Option<Sort<RolloutField>>, window: Window)
            -> Page<RolloutWithAttempt>;
        /// A list of the attempts of a rollout; empty if there is no such rollout.
        query_attempts(id: RolloutId, sort: Option<Sort<AttemptField>>, window: Window) -> Page<Attempt>;
        /// The newest attempt of a rollout.
        get_latest_attempt(id: RolloutId) -> Option<Attempt>;
        /// A list of the spans of a rollout; empty if there is no such rollout.
        query_spans(filter: SpanFilter, sort: Option<Sort<SpanField>>, window: Window) -> Page<SpanRecord>;
        /// Spans of an attempt (or the one called latest) without their attributes, in the order in which they were
        /// stored.
        light_trace(rollout: RolloutId, attempt: AttemptId, wanted: FindTrace) -> Result<LightTrace, NotFound>;
        /// One span of an attempt (or the one called latest).
        get_span(rollout: RolloutId, attempt: AttemptId, span_id: String) -> Result<SpanRecord, NotFound>;
        /// The sets of resources with this text in their ids, and what came of them, in the order in which they were first
        /// stored.
        resources_records(contains: Option<String>) -> Vec<ResourcesRecord>;
        /// A set of resources with its versions that are kept, the current one first.
        resources_versions(id: ResourcesId) -> Option<(ResourcesUpdate, Vec<VersionRecord>)>;
        /// One set of resources.
        get_resources(id: ResourcesId) -> Option<ResourcesUpdate>;
        /// The resources that were written last.
        get_latest_resources() -> Option<ResourcesUpdate>;
        /// A list of sets of resources.
        query_resources(filter: ResourcesFilter, sort: Option<Sort<ResourcesField>>, window: Window)
            -> Page<ResourcesUpdate>;
        /// One worker.
        get_worker(id: WorkerId) -> Option<Worker>;
        /// A list of workers.
        query_workers(filter: WorkerFilter, sort: Option<Sort<WorkerField>>, window: Window) -> Page<Worker>;
        /// A page of rollouts with what their spans say. `after` is where the page before has ended, if it is asked for so.
        find_rollouts(wanted: FindRollouts, after: Option<Cursor>) -> RolloutRows;
        /// The keys of all rollouts that match, in order.
        find_rollout_keys(wanted: FindRollouts) -> Vec<RowKey>;
        /// What is shown of these rollouts, in this order.
        rollout_rows(keys: Vec<RowKey>) -> Vec<RolloutRow>;
        /// One rollout with all its attempts and what their spans say.
        rollout_detail(id: RolloutId) -> Option<RolloutDetail>;
        /// A part of the queue.
        view_queue(wanted: FindWaiting, now: Timestamp) -> QueueView;
        /// A page of workers with what they did lately.
        find_workers(wanted: FindWorkers, now: Timestamp) -> WorkerRows;
        /// One worker with its attempts of the last hour.
        worker_detail(id: WorkerId, now: Timestamp) -> Option<WorkerDetail>;
        /// The overview. `started` is when the server was.
        summary(window: SummaryWindow, started: Timestamp, now: Timestamp) -> StoreSummary;
        /// The keys of the spans of a rollout, or of one of its attempts, in the order in which they came. None: there is no
        /// such rollout or attempt.
        span_keys(rollout: RolloutId, attempt: Option<AttemptId>) -> Option<Vec<SpanKey>>;
        /// The first of these spans, at least one and until they have so many bytes together.
        spans_by_key(rollout: RolloutId, keys: Vec<SpanKey>, bytes: usize) -> Vec<SpanRecord>;
        /// By which rules facts were made; others make them anew.
        facts_version() -> i64;
        /// What the next spans change, up to so many of them.
        next_facts(most: usize) -> FactsBatch;
        /// How many there are of what. A success shows that the database can be read.
        totals() -> Totals;
    }

    /// Finishes what was accepted, writes what was kept in memory, and gives the database free. Everything after
    /// that is refused as [`StoreError::Closed`].
    pub async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Postgres(store) => store.close().await,
        }
    }
}
