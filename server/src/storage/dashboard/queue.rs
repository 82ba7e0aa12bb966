//! The queue: who waits, and who was taken last.

use lightning_store_client::wire::dashboard::{
    FindWaiting, QueueDepth, QueueView, RolloutRow, WaitingRollout, WorkerCounts,
};
use lightning_store_client::wire::{Attempt, Timestamp};

use crate::domain::shown;
use crate::storage::history::Moves;
use crate::storage::rows::RowKey;

/// So many that were taken last are shown.
const MOST_TAKEN: usize = 20;

/// So many attempts are looked at for that: some rollouts may have been taken more than once lately.
pub(in crate::storage) const MOST_LOOKED_AT: i64 = 100;

/// Fewer than so many within a minute make no rate.
const FEWEST_FOR_RATE: u64 = 5;

/// What the database knows of the queue.
#[derive(Debug)]
pub(in crate::storage) struct Known {
    pub(in crate::storage) queue: QueueDepth,
    /// Places in it, also of rollouts that no longer wait.
    pub(in crate::storage) places: u64,
    /// Those of the part that is shown, each with its newest attempt.
    pub(in crate::storage) waiting: Vec<(RolloutRow, Option<Attempt>)>,
    /// Those that were taken last, the newest first.
    pub(in crate::storage) taken: Vec<RolloutRow>,
    pub(in crate::storage) workers: WorkerCounts,
}

/// A part of the queue. `moves` is what has happened within the last minute.
pub(in crate::storage) fn view(wanted: FindWaiting, known: Known, moves: Moves, now: Timestamp) -> QueueView {
    let first = u64::try_from(wanted.offset).unwrap_or(0) + 1;
    let items = (first..).zip(known.waiting).map(|(position, (row, newest))| WaitingRollout {
        position,
        since: shown::waiting_since(
            row.start_time,
            newest.as_ref(),
            row.timeout_seconds,
            row.unresponsive_seconds,
        ),
        reason: newest
            .map(|newest| shown::why_again(&newest, i64::try_from(row.max_attempts).unwrap_or(i64::MAX))),
        row,
    });
    let depth = known.queue.depth;
    #[expect(clippy::cast_precision_loss, reason = "counts, which are far below 2^53")]
    let eta = (moves.dequeued >= FEWEST_FOR_RATE).then(|| depth as f64 / moves.dequeued as f64 * 60.0);
    QueueView {
        time: now,
        queue: known.queue,
        enqueued_last_minute: moves.enqueued,
        dequeued_last_minute: moves.dequeued,
        eta,
        workers: known.workers,
        items: items.collect(),
        limit: wanted.limit,
        offset: wanted.offset,
        stale: known.places.saturating_sub(depth),
        taken: known.taken,
    }
}

/// Those that were taken last, each once, out of rollouts whose attempts began last.
pub(in crate::storage) fn taken(lately: impl IntoIterator<Item = RowKey>) -> Vec<RowKey> {
    let mut found: Vec<RowKey> = Vec::new();
    for key in lately {
        if found.len() == MOST_TAKEN {
            break;
        }
        if !found.contains(&key) {
            found.push(key);
        }
    }
    found
}
