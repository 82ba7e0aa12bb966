//! The store in a PostgreSQL database, which any number of servers share.
//!
//! ```text
//!  Operation ──▶ line ── several in one transaction ──▶ answers, wake-ups ──▶ notes to the other servers
//!  query     ──▶ a connection of the pool, on one state of the database
//!                upkeep: signs of life, what notes may have missed, what is to be forgotten
//! ```
//!
//! - [`connect`]: where the database is; [`migrate`]: its schema (`migrations/`).
//! - [`job`], [`mod@line`], [`carry`]: how operations come into transactions, and what happens when one fails ([`failure`], [`marks`]).
//! - [`transaction`], [`begin`], [`verbs`], [`writes`], [`spans`]: the write side. [`time`] says how late it is.
//! - [`queries`]: the read side. [`dashboard`]: what people look at. [`facts`]: what spans say, on its way in.
//! - [`notes`], [`upkeep`]: what servers tell each other, and what each of them does on its own.
//! - [`mod@rows`], [`text`]: columns ↔ types. [`meters`]: what is counted for those who run it.

mod begin;
mod carry;
mod connect;
mod dashboard;
mod facts;
mod failure;
mod job;
mod line;
mod marks;
mod meters;
mod migrate;
mod notes;
mod queries;
mod queue;
mod rows;
mod spans;
mod text;
mod time;
mod transaction;
mod upkeep;
mod verbs;
mod writes;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};

use deadpool_postgres::{Client, Object, Pool, PoolError, TimeoutType};
use lightning_store_client::wire::Timestamp;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::connect::Address;
use self::failure::Fate;
use self::job::Call;
use self::line::{HELD_UP_AFTER, Line};
use self::marks::Marks;
use self::meters::Meters;
use self::notes::Notes;
use self::spans::Days;
pub use self::time::Source;
use self::time::Time;
use self::transaction::in_time;
use super::Keep;
use super::dashboard::summary::Steps;
use super::error::{StorageFailure, StoreError, TxResult, told};
use super::history::{History, Levels};
use super::tx::Operation;
use super::wakeup::Wakeups;
use crate::clock::Clock;
use crate::ids;
use crate::limits::MAX_WAITING_WRITES;

/// Why the database could not be opened. The texts say what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It does not answer, or does not let us in.
    #[error(
        "{address} cannot be used: {reason}; check --store, and that the database exists and takes connections"
    )]
    Unusable {
        /// Where.
        address: Address,
        /// What it says.
        reason: String,
    },
    /// A later version of this program has used it.
    #[error(
        "the database has schema {version} and this program knows up to {latest}: a later version has used it; use that one, or restore a copy from before"
    )]
    Newer {
        /// The schema's version.
        version: i32,
        /// The latest one known.
        latest: i32,
    },
    /// Encryption cannot be set up.
    #[error("connections to PostgreSQL cannot be encrypted: {0}")]
    Tls(String),
    /// The schema could not be brought up to date.
    #[error("the database's schema could not be looked at or brought up to date: {}", told(.0))]
    Schema(#[from] tokio_postgres::Error),
}

/// A store in a PostgreSQL database. Clones share it.
#[derive(Clone)]
pub struct PostgresStore(Arc<Shared>);

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresStore").field(&self.0.address).finish()
    }
}

struct Shared {
    address: Address,
    pool: Pool,
    time: Arc<Time>,
    keep: Keep,
    wakeups: Wakeups,
    history: History,
    levels: Mutex<Levels>,
    /// What the overview remembers.
    steps: Steps,
    next_check: watch::Sender<Option<Timestamp>>,
    /// How often a commit has said when to look.
    checks_noted: AtomicU64,
    days: Days,
    notes: Notes,
    marks: Marks,
    meters: Meters,
    /// Idempotency keys that were remembered since some were last forgotten.
    answers: AtomicI64,
    admitted: Arc<Semaphore>,
    line: Line,
    tasks: TaskTracker,
    closed: CancellationToken,
}

impl PostgresStore {
    /// Opens the database and brings its schema up to date. So many connections are used at the most, and two more for
    /// notes.
    ///
    /// # Errors
    /// [`OpenError`]; its text says what to do.
    pub async fn open(
        address: Address,
        connections: usize,
        source: Source,
        keep: Keep,
    ) -> Result<Self, OpenError> {
        let pool = address.pool(connections)?;
        let unusable = |reason: String| OpenError::Unusable { address: address.clone(), reason };
        let client = pool.get().await.map_err(|error| unusable(away(error).to_string()))?;
        migrate::migrate(&client).await?;
        let time = Arc::new(Time::new(source));
        let (notes, mail) = Notes::new();
        let shared = Arc::new(Shared {
            address: address.clone(),
            pool,
            time,
            keep,
            wakeups: Wakeups::default(),
            history: History::default(),
            levels: Mutex::default(),
            steps: Steps::default(),
            next_check: watch::Sender::new(None),
            checks_noted: AtomicU64::new(0),
            days: Days::default(),
            notes,
            marks: Marks::of(ids::instance()),
            meters: Meters::default(),
            answers: AtomicI64::new(0),
            admitted: Arc::new(Semaphore::new(MAX_WAITING_WRITES)),
            line: Line::new(),
            tasks: TaskTracker::new(),
            closed: CancellationToken::new(),
        });
        upkeep::begin(&shared, &client).await.map_err(|failure| unusable(failure.to_string()))?;
        drop(client);
        tokio::spawn(notes::carry(shared.clone(), mail));
        tokio::spawn(upkeep::run(shared.clone()));
        Ok(Self(shared))
    }

    /// The database's time, as far as it is known without asking.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.0.time.clone()
    }

    /// What kind of store this is.
    pub fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    /// How many superseded versions of each set of resources are kept.
    pub fn kept_versions(&self) -> u32 {
        self.0.keep.resource_versions
    }

    /// Who waits for what.
    pub fn wakeups(&self) -> &Wakeups {
        &self.0.wakeups
    }

    /// What has happened lately.
    pub fn history(&self) -> &History {
        &self.0.history
    }

    /// When the next rollout has to be looked at; null while none has to.
    pub fn next_check(&self) -> watch::Receiver<Option<Timestamp>> {
        self.0.next_check.subscribe()
    }

    /// What was counted, as Prometheus reads it.
    pub fn metrics(&self) -> String {
        self.0.meters.render(&self.0.pool.status())
    }

    /// Carries out an operation.
    ///
    /// # Errors
    /// [`StoreError`].
    ///
    /// # Cancel safety
    /// Dropping the future does not stop the operation once it was polled, unless it takes something
    /// ([`Operation::IS_TAKING`]) and has not come to its commit.
    pub async fn transact<O: Operation>(&self, operation: O) -> Result<O::Output, StoreError> {
        if self.0.closed.is_cancelled() {
            return Err(StoreError::Closed);
        }
        let Ok(admitted) = self.0.admitted.clone().try_acquire_owned() else {
            return Err(StoreError::Overloaded { limit: MAX_WAITING_WRITES });
        };
        let (call, mut caller) = Call::new(operation, admitted);
        let lost = |_| Err(StoreError::Storage(StorageFailure::Panicked));
        if O::IS_ALONE {
            let shared = self.0.clone();
            self.0.tasks.spawn(async move { shared.alone(Box::new(call)).await });
            return caller.reply.await.unwrap_or_else(lost);
        }
        self.0.stand_in_line(Box::new(call));
        loop {
            match tokio::time::timeout(HELD_UP_AFTER, &mut caller.reply).await {
                Ok(outcome) => return outcome.unwrap_or_else(lost),
                Err(_) => self.0.is_held_up(),
            }
        }
    }

    /// How many operations are being carried out.
    pub fn running(&self) -> usize {
        MAX_WAITING_WRITES - self.0.admitted.available_permits()
    }

    /// Finishes what was accepted and gives the connections back. Everything after that is refused as
    /// [`StoreError::Closed`].
    pub async fn close(&self) {
        self.0.closed.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
        self.0.pool.close();
    }
}

impl Shared {
    /// A connection. It may have been lost meanwhile, which the first statement finds out.
    async fn connection(&self) -> TxResult<Object> {
        self.pool.get().await.map_err(away)
    }

    /// Whether somebody wants to hear of changes, here or elsewhere.
    fn is_heard(&self) -> bool {
        self.wakeups.feed().is_recording() || self.notes.is_heard_elsewhere(self.time.now_micros())
    }
}

/// Ends a transaction that failed.
async fn undo(client: Object, failure: &StorageFailure) {
    let is_lost = match failure {
        StorageFailure::Away(_) => true,
        StorageFailure::Postgres(error) => failure::is_lost(error),
        _ => false,
    };
    if is_lost || in_time(client.batch_execute("ROLLBACK")).await.is_err() {
        discard(client);
    }
}

/// Closes a connection instead of giving it back.
fn discard(client: Object) {
    drop(Object::take(client));
}

fn away(error: PoolError) -> StorageFailure {
    match error {
        PoolError::Backend(error) if failure::fate_of(&error) == Fate::Final => {
            StorageFailure::Postgres(error)
        }
        PoolError::Timeout(TimeoutType::Wait) => {
            StorageFailure::Away("all connections are in use (--postgres-connections)".to_owned())
        }
        PoolError::Timeout(_) => StorageFailure::Away("it does not take connections in time".to_owned()),
        PoolError::Backend(error) => StorageFailure::Away(told(&error)),
        other => StorageFailure::Away(other.to_string()),
    }
}

/// Something that must be there is not.
fn gone(what: &(impl fmt::Display + ?Sized)) -> StorageFailure {
    StorageFailure::Unreadable(format!("{what} is gone"))
}

/// Asks the database, on one state of it, and again while it is away. A question of a single statement is asked `at_once`, as
/// a statement sees one state anyway.
macro_rules! ask {
    ($store:expr, |$client:ident| $question:expr) => {
        $crate::storage::postgres::ask!($store, on_one_state, |$client| $question)
    };
    ($store:expr, $how:ident, |$client:ident| $question:expr) => {{
        let shared = &$store.0;
        let mut patience = $crate::storage::postgres::carry::Patience::since(tokio::time::Instant::now());
        loop {
            if shared.closed.is_cancelled() {
                break Err($crate::storage::error::StoreError::Closed);
            }
            let outcome = match shared.connection().await {
                Ok(object) => {
                    let $client: &deadpool_postgres::Client = &object;
                    let answer = $crate::storage::postgres::$how($client, async { $question.await }).await;
                    match answer {
                        Ok(answer) => Ok(answer),
                        Err(failure) => {
                            $crate::storage::postgres::undo(object, &failure).await;
                            Err(failure)
                        }
                    }
                }
                Err(failure) => Err(failure),
            };
            match outcome {
                Ok(answer) => break Ok(answer),
                Err(failure) => match $crate::storage::postgres::failure::fate(&failure) {
                    $crate::storage::postgres::failure::Fate::Final => {
                        break Err($crate::storage::error::StoreError::Storage(failure));
                    }
                    _ if patience.wait(&shared.closed).await => {}
                    _ => {
                        let failure = $crate::storage::error::StorageFailure::Away(failure.to_string());
                        break Err($crate::storage::error::StoreError::Storage(failure));
                    }
                },
            }
        }
    }};
}
use ask;

/// Runs a query of one statement.
async fn at_once<T>(_: &Client, question: impl Future<Output = TxResult<T>>) -> TxResult<T> {
    let answer = tokio::time::timeout(crate::limits::DATABASE_READ_TIME, question).await;
    answer.unwrap_or_else(|_| Err(silent()))
}

fn silent() -> StorageFailure {
    StorageFailure::Away("it did not answer a query in time".to_owned())
}

/// Runs a query that may consist of several statements on one state of the database.
async fn on_one_state<T>(client: &Client, question: impl Future<Output = TxResult<T>>) -> TxResult<T> {
    // The question is sent with the beginning.
    let begin = async {
        client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        Ok(())
    };
    let both = futures_util::future::try_join(begin, question);
    let ((), answer) =
        tokio::time::timeout(crate::limits::DATABASE_READ_TIME, both).await.map_err(|_| silent())??;
    in_time(client.batch_execute("COMMIT")).await?;
    Ok(answer)
}

/// The rows that a statement finds.
async fn rows(
    client: &Client,
    sql: &str,
    values: &[&(dyn tokio_postgres::types::ToSql + Sync)],
) -> TxResult<Vec<tokio_postgres::Row>> {
    let statement = client.prepare_cached(sql).await?;
    Ok(client.query(&statement, values).await?)
}

/// The row that a statement finds, if there is one.
async fn row(
    client: &Client,
    sql: &str,
    values: &[&(dyn tokio_postgres::types::ToSql + Sync)],
) -> TxResult<Option<tokio_postgres::Row>> {
    Ok(rows(client, sql, values).await?.into_iter().next())
}
