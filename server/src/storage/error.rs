//! What can go wrong with a store.

use lightning_store_client::wire::{AttemptId, InvalidList, NullNotAllowed, ResourcesId, RolloutId};

/// Why an operation was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It names something that does not exist. Nothing was changed, but a sequence number may have been used up.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// It sets a mandatory field to null.
    #[error(transparent)]
    Null(#[from] NullNotAllowed),
    /// It asks for a list that makes no sense.
    #[error(transparent)]
    List(#[from] InvalidList),
    /// Its idempotency key was used for another request. Nothing was done.
    #[error(
        "this idempotency key was used for another request (method, path, query and body count); \
         make a new key for each call and send the same one only when the same call is repeated"
    )]
    KeyReused,
    /// More is waiting for the store than it holds ready. Nothing was done; try again soon.
    #[error(
        "the store has more to do than it can hold ready (limit: {limit} waiting operations); retry soon"
    )]
    Overloaded {
        /// The bound that was reached.
        limit: usize,
    },
    /// The store is closing. Nothing was done.
    #[error("the store is closing")]
    Closed,
    /// The storage refused, e.g. because its disk is full. Nothing was done.
    #[error("the storage failed: {0}")]
    Storage(#[from] StorageFailure),
}

/// The texts are matched on by programs (Compat).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// No such rollout.
    #[error("Rollout {0} not found")]
    Rollout(RolloutId),
    /// No such rollout, where an update names it.
    #[error("Item does not exist with primary key(s): rollout_id='{0}'")]
    RolloutToUpdate(RolloutId),
    /// No such attempt of that rollout.
    #[error("Attempt {0} not found for rollout {1}")]
    Attempt(AttemptId, RolloutId),
    /// No such span of that attempt.
    #[error("Span {0} not found for attempt {1} of rollout {2}")]
    Span(String, AttemptId, RolloutId),
    /// No such set of resources.
    #[error("Resources {0} not found")]
    Resources(ResourcesId),
    /// The rollout has no attempts yet.
    #[error("No attempts found for rollout {0}")]
    NoAttempts(RolloutId),
}

/// A failure below: the cause is for the log, not for callers.
#[derive(Debug, thiserror::Error)]
pub enum StorageFailure {
    /// SQLite refused.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL refused.
    #[error("PostgreSQL: {}", told(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// The database cannot be reached, does not answer, or takes nothing for now. Nothing was done.
    #[error("the database is away: {0}")]
    Away(String),
    /// The database went away while it was told to commit, and has not said since whether it did.
    #[error(
        "the database went away at the moment of the commit, so that nobody knows whether it was carried out: {0}"
    )]
    Doubt(String),
    /// A stored value is not what it must be.
    #[error("the database holds something that this version does not understand: {0}")]
    Unreadable(String),
    /// Whoever had asked for it has gone; its transaction was rolled back.
    #[error("whoever has asked for it has gone")]
    Abandoned,
    /// An operation panicked; its transaction was rolled back.
    #[error("an operation panicked")]
    Panicked,
}

/// What the server says, or what keeps it from saying anything.
pub(crate) fn told(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(refusal), _) => format!("{} (SQLSTATE {})", refusal.message(), refusal.code().code()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}

impl StorageFailure {
    /// The database is somewhere else and does not answer now.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Doubt(_))
    }

    /// The disk is full, as far as the storage can tell.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Sqlite(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull))
    }

    /// The disk does not take or give what it should. It may do so again later.
    pub fn is_disk_failure(&self) -> bool {
        matches!(self, Self::Sqlite(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::SystemIoFailure))
    }

    /// A fresh id turned out to be taken: the operation is worth another try.
    pub(crate) fn is_id_taken(&self) -> bool {
        matches!(self, Self::Sqlite(rusqlite::Error::SqliteFailure(error, _))
            if error.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE)
    }
}

/// What verbs of a transaction answer.
pub type TxResult<T> = Result<T, StorageFailure>;
