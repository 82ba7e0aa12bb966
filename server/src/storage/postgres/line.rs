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

/// So many transactions of this kind run at a time: while one waits for the disk, the next one does its work. More of them would
/// only be smaller.
const AT_A_TIME: usize = 3;

/// Whoever waits for so long sees to it that there is one more, up to half of the connections: those that run are held up, by
/// rows that others have locked for instance.
pub(super) const HELD_UP_AFTER: Duration = Duration::from_millis(50);

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
    /// Puts an operation at the end of the line.
    pub(super) fn stand_in_line(self: &Arc<Self>, job: Box<dyn Job>) {
        let mut waiting = self.line.0.lock();
        waiting.jobs.push_back(job);
        if waiting.takers < AT_A_TIME {
            self.add_taker(&mut waiting);
        }
    }

    /// Somebody has waited for [`HELD_UP_AFTER`].
    pub(super) fn is_held_up(self: &Arc<Self>) {
        let mut waiting = self.line.0.lock();
        let is_held_up = !waiting.jobs.is_empty() && waiting.last_taken.elapsed() >= HELD_UP_AFTER;
        if is_held_up && waiting.takers < (self.pool.status().max_size / 2).max(AT_A_TIME) {
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
