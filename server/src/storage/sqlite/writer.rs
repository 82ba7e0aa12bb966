//! The one thread that writes.
//!
//! It takes what is waiting, runs all of it in one transaction, commits once, and only then answers: under load many
//! operations share one flush to disk, and an idle server adds no delay. When something fails, the whole batch is
//! undone and each operation is run again by itself, so that only the one at fault is refused.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use lightning_store_client::wire::Timestamp;
use tokio::sync::{oneshot, watch};

use super::transaction::SqliteTx;
use crate::clock::Clock;
use crate::limits::{MAX_WRITES_PER_COMMIT, SOFT_STATE_INTERVAL};
use crate::storage::error::{StorageFailure, StoreError, TxResult};
use crate::storage::history::History;
use crate::storage::tx::Operation;
use crate::storage::wakeup::Wakeups;

/// How often a fresh id may turn out to be taken before that is an error.
const MAX_ID_DRAWS: usize = 4;

/// The write-ahead log is looked at after so many commits: waking a thread for each would cost more than they do.
const COMMITS_PER_LOOK: u64 = 32;

/// An operation on its way through the writer.
pub(super) trait Job: Send {
    /// When it happened, if that was earlier.
    fn moment(&self) -> Option<Timestamp>;
    /// Runs it and keeps its outcome.
    fn run(&mut self, tx: &mut SqliteTx) -> TxResult<()>;
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
}

impl<O: Operation> Call<O> {
    pub(super) fn new(operation: O) -> (Self, oneshot::Receiver<Result<O::Output, StoreError>>) {
        let (reply, receiver) = oneshot::channel();
        (Self { operation, outcome: None, reply }, receiver)
    }
}

impl<O: Operation> Job for Call<O> {
    fn moment(&self) -> Option<Timestamp> {
        self.operation.moment()
    }

    fn run(&mut self, tx: &mut SqliteTx) -> TxResult<()> {
        let outcome = catch_unwind(AssertUnwindSafe(|| at_once(self.operation.run(tx))));
        match outcome {
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
    }

    fn answer(self: Box<Self>) {
        let outcome = self.outcome.unwrap_or(Err(StoreError::Closed));
        // Whoever asked may have gone; what was done stays done.
        let _ = self.reply.send(outcome);
    }

    fn refuse(self: Box<Self>, failure: StorageFailure) {
        tracing::error!(operation = O::NAME, error = %failure, "an operation failed in the storage; nothing of it was kept");
        let _ = self.reply.send(Err(failure.into()));
    }
}

/// The result of a future that never waits.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("an operation waited for something that is no row verb"),
    }
}

/// What the thread needs.
pub(super) struct Writer {
    pub(super) tx: SqliteTx,
    pub(super) jobs: Receiver<Box<dyn Job>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) wakeups: Wakeups,
    pub(super) history: History,
    pub(super) next_check: watch::Sender<Option<Timestamp>>,
    pub(super) committed: crossbeam_channel::Sender<()>,
    pub(super) commits: u64,
}

impl Writer {
    /// Works until nobody can send jobs any more, then writes the soft state and ends.
    pub(super) fn run(mut self) {
        let interval = micros(SOFT_STATE_INTERVAL);
        let mut last_micros = 0;
        let mut soft_due = self.clock.now_micros() + interval;
        loop {
            let patience =
                Duration::from_micros(u64::try_from(soft_due - self.clock.now_micros()).unwrap_or(0));
            match self.jobs.recv_timeout(patience) {
                Ok(job) => self.batch(job, &mut last_micros),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.clock.now_micros() >= soft_due {
                self.write_soft_state(false);
                soft_due = self.clock.now_micros() + interval;
            }
        }
        self.write_soft_state(true);
    }

    fn write_soft_state(&mut self, closing: bool) {
        let now = Timestamp::from_micros(self.clock.now_micros());
        if let Err(error) = self.tx.write_soft_state(now, closing) {
            tracing::warn!(%error, "heartbeats could not be written; they are kept in memory and tried again");
            self.tx.rollback();
        }
    }

    fn batch(&mut self, first: Box<dyn Job>, last_micros: &mut i64) {
        let mut jobs = Vec::with_capacity(16);
        let mut next = Some(first);
        let mut failed = false;
        while let Some(mut job) = next {
            failed = self.run_job(&mut *job, last_micros).is_err();
            jobs.push(job);
            if failed || jobs.len() == MAX_WRITES_PER_COMMIT {
                break;
            }
            next = self.jobs.try_recv().ok();
        }
        if !failed && self.commit().is_ok() {
            for job in jobs {
                job.answer();
            }
            return;
        }
        self.tx.rollback();
        for job in jobs {
            self.alone(job, last_micros);
        }
    }

    /// Runs a job in a transaction of its own.
    fn alone(&mut self, mut job: Box<dyn Job>, last_micros: &mut i64) {
        let mut draws = 1;
        loop {
            match self.run_job(&mut *job, last_micros).and_then(|()| self.commit()) {
                Ok(()) => return job.answer(),
                Err(failure) if failure.is_id_taken() && draws < MAX_ID_DRAWS => {
                    self.tx.rollback();
                    draws += 1;
                }
                Err(failure) => {
                    self.tx.rollback();
                    return job.refuse(failure);
                }
            }
        }
    }

    fn run_job(&mut self, job: &mut dyn Job, last_micros: &mut i64) -> TxResult<()> {
        // Each operation has a moment of its own, later than all before it.
        let moment = job.moment().map_or_else(|| self.clock.now_micros(), Timestamp::micros);
        *last_micros = moment.max(*last_micros + 1);
        self.tx.begin(Timestamp::from_micros(*last_micros));
        job.run(&mut self.tx)
    }

    fn commit(&mut self) -> TxResult<()> {
        let signals = self.tx.commit()?;
        let (levels, moves) = (self.tx.levels(), std::mem::take(&mut self.tx.moves));
        self.history.committed(self.tx.now, levels, moves);
        self.wakeups.publish(signals, self.tx.now);
        self.wakeups.interest().spans_are(levels.last_span);
        let next_check = self.tx.next_check();
        self.next_check.send_if_modified(|known| std::mem::replace(known, next_check) != next_check);
        self.commits += 1;
        if self.commits.is_multiple_of(COMMITS_PER_LOOK) {
            // The checkpointer looks at the log; if it is still busy with that, it will look again anyway.
            let _ = self.committed.try_send(());
        }
        Ok(())
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
