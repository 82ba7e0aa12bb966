//! Carrying operations out: several in one transaction, each by itself when that fails, again when others were in the way, later
//! when the database is away.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt as _;
use lightning_store_client::wire::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::failure::{self, Fate, fate};
use super::job::Job;
use super::transaction::{Committed, Looked, Manner, PostgresTx, Trace, in_time};
use super::{Shared, discard, queue, undo, upkeep};
use crate::limits::{DATABASE_PATIENCE, MAX_TRANSACTION_RUNS};
use crate::storage::error::{StorageFailure, TxResult};
use crate::storage::history::Moves;
use crate::storage::tx::Needs;
use crate::storage::wakeup::{Queued, Signals};

/// How long somebody waits for the database to come back.
#[derive(Debug)]
pub(super) struct Patience {
    since: Instant,
    pause: Duration,
}

impl Patience {
    const FIRST_PAUSE: Duration = Duration::from_millis(20);
    const LONGEST_PAUSE: Duration = Duration::from_millis(500);

    pub(super) fn since(since: Instant) -> Self {
        Self { since, pause: Self::FIRST_PAUSE }
    }

    /// Waits a little. False: it has been long enough.
    pub(super) async fn wait(&mut self, closed: &CancellationToken) -> bool {
        if self.since.elapsed() + self.pause > DATABASE_PATIENCE || closed.is_cancelled() {
            return false;
        }
        // Not all at the same time.
        tokio::time::sleep(self.pause.mul_f64(0.5 + rand::random::<f64>() / 2.0)).await;
        self.pause = (self.pause * 2).min(Self::LONGEST_PAUSE);
        true
    }
}

impl Shared {
    /// Carries out operations in one transaction and answers them. If that fails, each is carried out by itself, so that only the
    /// one at fault is refused.
    pub(super) async fn together(self: &Arc<Self>, mut jobs: Vec<Box<dyn Job>>) {
        jobs.retain(|job| !job.is_abandoned());
        let since = jobs.iter().map(|job| job.since()).min().unwrap_or_else(Instant::now);
        let failure = match self.run(&mut jobs, Manner::Hopeful, &mut Patience::since(since)).await {
            Ok(()) => return jobs.into_iter().for_each(Job::answer),
            Err(failure) => failure,
        };
        if let StorageFailure::Doubt(reason) = &failure {
            return jobs.into_iter().for_each(|job| job.refuse(StorageFailure::Doubt(reason.clone())));
        }
        if let Fate::Again(reason) = fate(&failure) {
            for job in &jobs {
                self.meters.again(job.name(), reason);
            }
        }
        for job in jobs {
            let shared = self.clone();
            self.tasks.spawn(async move { shared.alone(job).await });
        }
    }

    /// Carries out an operation in a transaction of its own and answers it.
    pub(super) async fn alone(&self, job: Box<dyn Job>) {
        let mut patience = Patience::since(job.since());
        let mut runs = 1;
        let mut job = [job];
        let failure = loop {
            if job[0].is_abandoned() {
                break StorageFailure::Abandoned;
            }
            let failure = match self.run(&mut job, Manner::Careful, &mut patience).await {
                Ok(()) => {
                    let [job] = job;
                    return job.answer();
                }
                Err(failure) => failure,
            };
            match fate(&failure) {
                Fate::Again(reason) => {
                    self.meters.again(job[0].name(), reason);
                    if runs < MAX_TRANSACTION_RUNS {
                        // Later and later, and not all at the same time.
                        let most = 1_u64 << runs.min(8);
                        runs += 1;
                        tokio::time::sleep(Duration::from_millis(most).mul_f64(rand::random())).await;
                        continue;
                    }
                }
                Fate::Wait => {
                    self.meters.waited();
                    if patience.wait(&self.closed).await {
                        continue;
                    }
                    break StorageFailure::Away(failure.to_string());
                }
                Fate::Final => {}
            }
            break failure;
        };
        let [job] = job;
        job.refuse(failure);
    }

    /// Runs operations in one transaction. If it is committed, their outcomes are kept and everybody else is told.
    async fn run(&self, jobs: &mut [Box<dyn Job>], manner: Manner, patience: &mut Patience) -> TxResult<()> {
        let client = self.connection().await?;
        let trace = Trace::of(self.marks.lend());
        let run = async {
            let mut needs = Needs::default();
            for job in &*jobs {
                needs.and(job.needs());
            }
            let moment = jobs.first().and_then(|job| job.moment());
            let begin = PostgresTx::begin(&client, self, moment, &needs, (manner, &trace));
            let mut tx = Box::pin(begin).await?;
            drop(needs);
            for (place, job) in jobs.iter_mut().enumerate() {
                // Each operation has a moment of its own, later than all before it.
                if place > 0 {
                    tx.now = self.time.next_moment(tx.now);
                }
                if let Err(failure) = job.run(&mut tx).await {
                    self.time.give_back(tx.now);
                    return Err(failure);
                }
            }
            if jobs.iter().any(|job| job.is_abandoned()) {
                return Err(StorageFailure::Abandoned);
            }
            let outcome = tx.commit().await;
            Ok((tx, outcome))
        };
        let failure =
            match AssertUnwindSafe(run).catch_unwind().await.unwrap_or(Err(StorageFailure::Panicked)) {
                Ok((tx, Ok(()))) => {
                    let committed = tx.committed();
                    drop(client);
                    self.publish(committed).await;
                    return Ok(());
                }
                Ok((tx, Err(failure))) => {
                    if failure::is_silent(&failure) && trace.is_committing.get().is_some() {
                        let committed = tx.committed();
                        discard(client);
                        return if self.was_committed((&trace, &failure), patience).await? {
                            self.publish(committed).await;
                            Ok(())
                        } else {
                            Err(failure)
                        };
                    }
                    self.time.give_back(tx.now);
                    failure
                }
                Err(failure) => failure,
            };
        undo(client, &failure).await;
        Err(failure)
    }

    /// Whether a transaction was committed after which the connection was lost.
    async fn was_committed(
        &self,
        (trace, failure): (&Trace<'_>, &StorageFailure),
        patience: &mut Patience,
    ) -> TxResult<bool> {
        let doubt = || StorageFailure::Doubt(failure.to_string());
        let number = *trace.number.get().ok_or_else(doubt)?;
        loop {
            let asked = async { trace.mark.is_there(&self.connection().await?, number).await };
            match asked.await {
                Ok(Some(was_committed)) => return Ok(was_committed),
                // It is still at it, or the database is not back yet.
                Ok(None) => {}
                Err(failure) if fate(&failure) == Fate::Wait => {}
                Err(_) => return Err(doubt()),
            }
            if !patience.wait(&self.closed).await {
                return Err(doubt());
            }
        }
    }

    /// Tells everybody, here and elsewhere, what was committed.
    async fn publish(&self, committed: Committed) {
        let Committed { now, mut signals, moves, counts, busy, arrivals, .. } = committed;
        if moves != Moves::default() && !committed.tells_queue && self.is_heard() {
            // Somebody has begun to listen meanwhile.
            let event = async {
                let client = self.connection().await?;
                in_time(async { Ok(queue::event(&client).await) }).await?
            };
            signals.changes.extend(event.await.ok());
        }
        {
            let mut levels = self.levels.lock();
            let moved = |level: u64, by: i64| level.saturating_add_signed(by);
            levels.waiting = moved(levels.waiting, counts.waiting_change());
            levels.spans = moved(levels.spans, counts.spans);
            levels.busy = moved(levels.busy, busy);
            levels.last_span = levels.last_span.max(committed.last_span);
            self.history.committed(now, *levels, moves);
        }
        let size = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let (came, went) = (size(moves.enqueued), size(moves.dequeued));
        self.notes.tell(&signals, (came, committed.last_span > 0), now);
        let queued = if committed.looked == Looked::InEmptyQueue && came == 0 {
            Queued::Nothing(arrivals)
        } else {
            Queued::Moved(came, went)
        };
        self.wakeups.publish(Signals { queued, ..signals }, now);
        if committed.last_span > 0 {
            self.wakeups.interest().spans_are(committed.last_span);
        }
        if committed.looked == Looked::ForDue {
            upkeep::find_next_check(self, now).await;
        } else if let Some(check) = committed.next_check {
            self.check_at(check);
        }
        if committed.answers > 0 {
            let added = self.answers.fetch_add(committed.answers, Ordering::Relaxed) + committed.answers;
            upkeep::forget_answers(self, added).await;
        }
    }

    /// A rollout has to be looked at then.
    fn check_at(&self, check: Timestamp) {
        self.checks_noted.fetch_add(1, Ordering::SeqCst);
        self.next_check.send_if_modified(|known| {
            let earlier = known.is_none_or(|known| check < known);
            if earlier {
                *known = Some(check);
            }
            earlier
        });
    }
}
