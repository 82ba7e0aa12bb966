//! An operation on its way through transactions, whatever its kind.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use lightning_store_client::wire::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::transaction::PostgresTx;
use crate::storage::error::{StorageFailure, StoreError, TxResult};
use crate::storage::tx::{Needs, Operation};

/// An operation on its way.
pub(super) trait Job: Send {
    /// What it is called in logs.
    fn name(&self) -> &'static str;
    /// What it is about to look at.
    fn needs(&self) -> Needs<'_>;
    /// When it happened, if that was earlier.
    fn moment(&self) -> Option<Timestamp>;
    /// Since when somebody waits for it.
    fn since(&self) -> Instant;
    /// Whoever has asked has gone, and what it takes would be lost.
    fn is_abandoned(&self) -> bool;
    /// Runs it and keeps its outcome.
    fn run<'a>(&'a mut self, tx: &'a mut PostgresTx<'_>) -> BoxFuture<'a, TxResult<()>>;
    /// Answers the outcome: its transaction is committed.
    fn answer(self: Box<Self>);
    /// Answers that nothing was done.
    fn refuse(self: Box<Self>, failure: StorageFailure);
}

/// An [`Operation`] and the one who waits for its answer.
pub(super) struct Call<O: Operation> {
    operation: O,
    outcome: Option<Result<O::Output, StoreError>>,
    reply: oneshot::Sender<Result<O::Output, StoreError>>,
    since: Instant,
    gone: CancellationToken,
    _admitted: OwnedSemaphorePermit,
}

/// Whoever waits for an answer. Dropped, they have gone.
pub(super) struct Caller<T> {
    pub(super) reply: oneshot::Receiver<Result<T, StoreError>>,
    _here: DropGuard,
}

impl<O: Operation> Call<O> {
    pub(super) fn new(operation: O, admitted: OwnedSemaphorePermit) -> (Self, Caller<O::Output>) {
        let (reply, receiver) = oneshot::channel();
        let gone = CancellationToken::new();
        let caller = Caller { reply: receiver, _here: gone.clone().drop_guard() };
        let since = Instant::now();
        (Self { operation, outcome: None, reply, since, gone, _admitted: admitted }, caller)
    }
}

impl<O: Operation> Job for Call<O> {
    fn name(&self) -> &'static str {
        O::NAME
    }

    fn needs(&self) -> Needs<'_> {
        self.operation.needs()
    }

    fn moment(&self) -> Option<Timestamp> {
        self.operation.moment()
    }

    fn since(&self) -> Instant {
        self.since
    }

    fn is_abandoned(&self) -> bool {
        O::IS_TAKING && self.gone.is_cancelled()
    }

    fn run<'a>(&'a mut self, tx: &'a mut PostgresTx<'_>) -> BoxFuture<'a, TxResult<()>> {
        Box::pin(async move {
            match AssertUnwindSafe(self.operation.run(tx)).catch_unwind().await {
                Ok(Err(StoreError::Storage(failure))) => Err(failure),
                Ok(outcome) => {
                    self.outcome = Some(outcome);
                    Ok(())
                }
                Err(_) => {
                    tracing::error!(operation = O::NAME, "an operation panicked; its transaction is undone");
                    Err(StorageFailure::Panicked)
                }
            }
        })
    }

    fn answer(self: Box<Self>) {
        let outcome = self.outcome.unwrap_or(Err(StoreError::Closed));
        // Whoever asked may have gone; what was done stays done.
        let _ = self.reply.send(outcome);
    }

    fn refuse(self: Box<Self>, failure: StorageFailure) {
        if !matches!(failure, StorageFailure::Abandoned) {
            tracing::error!(operation = O::NAME, error = %failure, "an operation failed in the database; nothing of it was kept");
        }
        let _ = self.reply.send(Err(failure.into()));
    }
}
