//! Operations that wait for a transaction, which they share: whoever is free takes all that wait and carries them out together,
//! so that under load many share one commit and the statements around it, and a server with nothing to do adds no delay.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::Shared;
use super::job::Job;
use crate::limits::{MAX_OPERATIONS_PER_TRANSACTION, MAX_ROWS_PER_TRANSACTION};

/// Whoever waits for so long sees to it that there is one more transaction, up to half of the connections: that which runs is held
/// up, by rows that others have locked or a disk that is slow.
pub(super) const HELD_UP_AFTER: Duration = Duration::from_millis(25);

/// Those who wait.
pub(super) struct Line(Mutex<Waiting>);

struct Waiting {
    jobs: VecDeque<Box<dyn Job>>,
    /// How many take from it.
    takers: usize,
    last_taken: Instant,
}

impl Line {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Waiting { jobs: VecDeque::new(), takers: 0, last_taken: Instant::now() }))
    }

    /// Takes what waits, as much as one transaction should do. None: there is nothing, and the taker is counted no more.
    fn take(&self) -> Option<Vec<Box<dyn Job>>> {
        let mut waiting = self.0.lock();
        let mut taken = Vec::new();
        let mut rows = 0;
        while taken.len() < MAX_OPERATIONS_PER_TRANSACTION
            && rows < MAX_ROWS_PER_TRANSACTION
            && let Some(job) = waiting.jobs.pop_front()
        {
            rows += job.needs().adds;
            taken.push(job);
        }
        if taken.is_empty() {
            waiting.takers -= 1;
            return None;
        }
        waiting.last_taken = Instant::now();
        Some(taken)
    }
}

/// Somebody who takes from the line. It is not counted any more when it is dropped in the middle of that.
struct Taker(Arc<Shared>);

impl Drop for Taker {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.line.0.lock().takers -= 1;
        }
    }
}

impl Shared {
    /// Puts an operation at the end of the line. One transaction at a time does it, and makes the most of it, unless more wait
    /// than go into one.
    pub(super) fn stand_in_line(self: &Arc<Self>, job: Box<dyn Job>) {
        let mut waiting = self.line.0.lock();
        waiting.jobs.push_back(job);
        let wanted = 1 + waiting.jobs.len() / MAX_OPERATIONS_PER_TRANSACTION;
        if waiting.takers < wanted.min(self.most_takers()) {
            self.add_taker(&mut waiting);
        }
    }

    fn most_takers(&self) -> usize {
        (self.pool.status().max_size / 2).max(1)
    }

    /// Somebody has waited for [`HELD_UP_AFTER`].
    pub(super) fn is_held_up(self: &Arc<Self>) {
        let mut waiting = self.line.0.lock();
        let is_held_up = !waiting.jobs.is_empty() && waiting.last_taken.elapsed() >= HELD_UP_AFTER;
        if is_held_up && waiting.takers < self.most_takers() {
            self.add_taker(&mut waiting);
        }
    }

    fn add_taker(self: &Arc<Self>, waiting: &mut Waiting) {
        waiting.takers += 1;
        waiting.last_taken = Instant::now();
        let taker = Taker(self.clone());
        self.tasks.spawn(async move {
            while let Some(jobs) = taker.0.line.take() {
                taker.0.together(jobs).await;
            }
        });
    }
}
