//! Workers and what they did.

use serde::{Deserialize, Serialize};

use super::{AttemptRow, WorkerCounts};
use crate::wire::{Timestamp, Worker};

/// Answer of `GET /v1/agl/dashboard/workers`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkerRows {
    /// When this was true.
    pub time: Timestamp,
    /// The workers of this page.
    pub items: Vec<WorkerRow>,
    /// How many match in all.
    pub total: u64,
    /// The limit that was asked for.
    pub limit: i64,
    /// How many come before the first one of this page.
    pub offset: i64,
    /// All workers by what they do.
    pub counts: WorkerCounts,
}

/// A worker with what it did within the last hour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkerRow {
    /// The worker. Secrets in its `heartbeat_stats` are masked.
    pub worker: Worker,
    /// It is busy or idle by what it last said, but nothing was heard of it for 30 seconds, and 3 times its usual interval
    /// if that is known.
    pub silent: bool,
    /// When its current attempt began. Null: it has none.
    pub current_since: Option<Timestamp>,
    /// Attempts that ended within the last hour.
    pub finished: u64,
    /// Those of them that succeeded.
    pub succeeded: u64,
    /// The mean of their run times, in seconds. Null: there is none.
    pub mean_run_time: Option<f64>,
}

/// Answer of `GET /v1/agl/dashboard/workers/{worker_id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkerDetail {
    /// When this was true.
    pub time: Timestamp,
    /// The worker.
    pub worker: WorkerRow,
    /// Its attempts that began or ended within the last hour, oldest first; at most the newest 500.
    pub attempts: Vec<AttemptRow>,
}
