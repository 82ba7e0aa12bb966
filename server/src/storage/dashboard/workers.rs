//! Workers and what they did within the last hour.

use std::collections::HashMap;

use lightning_store_client::wire::dashboard::{FindWorkers, WorkerCounts, WorkerRow, WorkerRows, WorkerSort};
use lightning_store_client::wire::{Timestamp, Word as _, Worker, WorkerId, WorkerStatus};

use crate::domain::shown;
use crate::storage::cursor::{SortPlace, SortValue};
use crate::storage::rows::RowKey;

/// How far back it is looked, in seconds.
pub(in crate::storage) const HOUR: f64 = 3_600.0;

/// Most attempts of one worker that are shown.
pub(in crate::storage) const MAX_ATTEMPTS: usize = 500;

/// The attempt that a worker is at.
#[derive(Debug, Clone, Copy)]
pub(in crate::storage) struct Current {
    /// When it began.
    pub(in crate::storage) start: Timestamp,
    /// Its last sign of life.
    pub(in crate::storage) sign: Option<Timestamp>,
}

/// A worker as it is seen now.
#[derive(Debug)]
pub(in crate::storage) struct Seen {
    pub(in crate::storage) worker: Worker,
    pub(in crate::storage) silent: bool,
    /// When something was last heard of it.
    pub(in crate::storage) heard: Option<Timestamp>,
    /// When its current attempt began.
    current_since: Option<Timestamp>,
}

impl Seen {
    /// A worker with the attempt that it is at, and how often it usually tells of itself.
    pub(in crate::storage) fn of(
        worker: Worker,
        current: Option<Current>,
        interval: Option<f64>,
        now: Timestamp,
    ) -> Self {
        let heard = shown::heard(&worker, current.and_then(|current| current.sign));
        let silent = shown::is_silent(worker.status, heard, interval, now);
        Self { silent, heard, current_since: current.map(|current| current.start), worker }
    }

    /// The worker as a table shows it.
    pub(in crate::storage) fn row(self, done: Done) -> WorkerRow {
        WorkerRow {
            worker: shown::masked(self.worker),
            silent: self.silent,
            current_since: self.current_since,
            finished: done.finished,
            succeeded: done.succeeded,
            mean_run_time: done.mean_run_time(),
        }
    }
}

/// How many do what.
pub(in crate::storage) fn counts(workers: &[Seen]) -> WorkerCounts {
    let number = |holds: fn(&Seen) -> bool| workers.iter().filter(|seen| holds(seen)).count() as u64;
    WorkerCounts {
        idle: number(|seen| seen.worker.status == WorkerStatus::Idle),
        busy: number(|seen| seen.worker.status == WorkerStatus::Busy),
        unknown: number(|seen| seen.worker.status == WorkerStatus::Unknown),
        silent: number(|seen| seen.silent),
    }
}

/// What a worker did within the last hour.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::storage) struct Done {
    pub(in crate::storage) finished: u64,
    pub(in crate::storage) succeeded: u64,
    /// How long all of it took.
    pub(in crate::storage) seconds: f64,
}

impl Done {
    #[expect(clippy::cast_precision_loss, reason = "counts, which are far below 2^53")]
    fn mean_run_time(self) -> Option<f64> {
        (self.finished > 0).then(|| self.seconds / self.finished as f64)
    }
}

/// A page of workers out of all, which are in the order in which they came.
pub(in crate::storage) fn page(
    wanted: &FindWorkers,
    all: Vec<Seen>,
    done: &HashMap<WorkerId, Done>,
    now: Timestamp,
) -> WorkerRows {
    let counts = counts(&all);
    let fits = |seen: &Seen| {
        wanted.status_in.as_ref().is_none_or(|statuses| statuses.contains(&seen.worker.status))
            && wanted
                .worker_id_contains
                .as_ref()
                .is_none_or(|part| seen.worker.worker_id.as_str().contains(part))
    };
    let mut found: Vec<(SortPlace, Seen, Done)> = Vec::new();
    for (key, seen) in (0..).zip(all).filter(|(_, seen)| fits(seen)) {
        let did = done.get(&seen.worker.worker_id).copied().unwrap_or_default();
        let place = SortPlace { value: sort_value(wanted.sort_by, &seen, did), key: RowKey(key) };
        found.push((place, seen, did));
    }
    found.sort_by(|(a, ..), (b, ..)| a.compare(b, wanted.sort_order));
    let total = found.len() as u64;
    let skip = usize::try_from(wanted.offset).unwrap_or(usize::MAX);
    let page = found.into_iter().skip(skip).take(usize::try_from(wanted.limit).unwrap_or(0));
    WorkerRows {
        time: now,
        items: page.map(|(_, seen, done)| seen.row(done)).collect(),
        total,
        limit: wanted.limit,
        offset: wanted.offset,
        counts,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts, which are far below 2^53")]
fn sort_value(by: WorkerSort, seen: &Seen, done: Done) -> SortValue {
    let worker = &seen.worker;
    match by {
        WorkerSort::WorkerId => SortValue::Text(worker.worker_id.to_string()),
        WorkerSort::Status => SortValue::Text(worker.status.as_str().to_owned()),
        WorkerSort::LastHeartbeatTime => {
            worker.last_heartbeat_time.map_or(SortValue::Missing, |time| SortValue::Number(time.seconds()))
        }
        WorkerSort::Finished => SortValue::Number(done.finished as f64),
        WorkerSort::MeanRunTime => done.mean_run_time().map_or(SortValue::Missing, SortValue::Number),
    }
}
