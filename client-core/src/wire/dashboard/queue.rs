//! The queue.

use serde::{Deserialize, Serialize};

use super::{QueueDepth, RolloutRow, WorkerCounts};
use crate::wire::Timestamp;

/// Answer of `GET /v1/agl/dashboard/queue`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QueueView {
    /// When this was true.
    pub time: Timestamp,
    /// The queue in two numbers.
    pub queue: QueueDepth,
    /// Rollouts that came into the queue within the last minute.
    pub enqueued_last_minute: u64,
    /// Rollouts that were taken within the last minute.
    pub dequeued_last_minute: u64,
    /// Seconds until the queue is empty, at the rate of the last minute. Null: fewer than 5 were taken in it.
    pub eta: Option<f64>,
    /// Who could take them.
    pub workers: WorkerCounts,
    /// Those that wait, in the order in which they are taken.
    pub items: Vec<WaitingRollout>,
    /// The limit that was asked for.
    pub limit: i64,
    /// How many come before the first one of this page.
    pub offset: i64,
    /// Places in the queue whose rollouts wait no longer. They are skipped.
    pub stale: u64,
    /// Those that were taken last, the newest first; at most 20.
    pub taken: Vec<RolloutRow>,
}

/// A rollout that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WaitingRollout {
    /// Its place, from 1.
    pub position: u64,
    /// Since when it has been waiting: it was made then, or its last attempt ended.
    pub since: Timestamp,
    /// Why it is to be tried again, in words. Null: it waits for its first attempt.
    pub reason: Option<String>,
    /// The rollout.
    pub row: RolloutRow,
}
